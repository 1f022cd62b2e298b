"""Where trials run: each in a process of its own on this machine, or on a cluster."""

import operator
import os
import signal
import sys
from concurrent.futures import CancelledError
from contextlib import contextmanager
from itertools import islice
from multiprocessing import get_context, parent_process
from multiprocessing.connection import wait
from threading import Thread, current_thread, main_thread

METHOD = "fork" if sys.platform == "linux" else "spawn"  # elsewhere BLAS may not outlive a fork
DIED = "A worker process died: memory ran out (fewer n_jobs need less), or evaluate ended it."


def here(trial, number, jobs):
    """trial(i) for each i below the number, as it comes, from so many processes at a time.

    At the end, whatever it is, none of them is left.
    """
    context, waiting, running = get_context(METHOD), iter(range(number)), {}
    try:
        while True:
            for i in islice(waiting, jobs - len(running)):
                ours, theirs = context.Pipe(duplex=False)
                running[ours] = context.Process(target=_send, args=(theirs, trial, i), daemon=True)
                with _interrupts_wait():
                    running[ours].start()
                theirs.close()
            if not running:
                return
            for pipe in wait(running):
                yield pipe.recv()
                running.pop(pipe).join()
    except (EOFError, OSError):
        raise RuntimeError(DIED) from None
    finally:
        with _interrupts_wait():
            for process in running.values():
                if process.pid:
                    process.kill()
                    process.join()


def _send(pipe, trial, i):
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # where it could not be blocked
    end_with_parent()
    sys.stdout, sys.stderr = sys.__stdout__, sys.__stderr__  # a kernel's takes ages from here
    pipe.send(trial(i))


def end_with_parent():
    """Let this process end when the one that started it does; if that is killed, nobody else would.

    It was started by multiprocessing.
    """
    Thread(target=_end_with, args=(parent_process(),), daemon=True).start()


def _end_with(parent):
    while os.getppid() == parent.pid and not wait([parent.sentinel], timeout=1):
        pass
    os._exit(1)


@contextmanager
def _interrupts_wait():
    """Ctrl-C waits until the end; what is started here never hears it, and ends without a word.

    A mask alone holds back too little: the signal goes to any thread that does not block it, such
    as those of BLAS, and Python then interrupts the main thread all the same. So its handler waits
    as well.
    """
    told = []
    handler = signal.getsignal(signal.SIGINT)
    ours = handler and current_thread() is main_thread()  # in no other can it be set
    if ours:
        signal.signal(signal.SIGINT, lambda *what: told.append(what))
    masks = hasattr(signal, "pthread_sigmask")  # not on Windows
    before = masks and signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        yield
    finally:
        if masks:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        if ours:
            signal.signal(signal.SIGINT, handler)
        if told:
            signal.raise_signal(signal.SIGINT)


def there(trial, number, client):
    """trial(i) for each i below the number, as it comes, from a Dask cluster."""
    from distributed import KilledWorker, as_completed

    futures = [client.scatter(trial, hash=False)]
    try:
        futures += client.map(operator.call, futures * number, range(number), pure=False)
        for future in as_completed(futures[1:]):
            yield future.result()
    except (KilledWorker, CancelledError):
        raise RuntimeError(DIED) from None
    finally:
        client.cancel(futures)
