"""Processes that work side by side: joblib's, tidied up after."""

import signal
import threading
import warnings
from concurrent.futures import BrokenExecutor, CancelledError
from contextlib import closing, contextmanager

import joblib
from joblib.externals.loky import get_reusable_executor
from joblib.parallel import get_active_backend


@contextmanager
def outcomes_of(tasks, n_jobs):
    """What the tasks return, as it comes. At the end nothing runs, and nothing is left on disk."""
    backend, _ = get_active_backend()
    on = type(backend).__name__
    workers = max(1, min(joblib.effective_n_jobs(n_jobs), len(tasks)))
    parallel = joblib.Parallel(workers, return_as="generator_unordered", batch_size=1)
    if on == "DaskDistributedBackend":
        backend.submit = _submit_and_tell(backend.submit)
    try:
        with _deaf_to_interrupts():
            started = parallel(tasks)
        with warnings.catch_warnings(), closing(started) as outcomes:
            warnings.filterwarnings("ignore", module="joblib")  # of tasks that are given up
            yield outcomes
    except Exception as error:
        lost = isinstance(error, BrokenExecutor | CancelledError)
        if not lost and type(error).__name__ != "KilledWorker":  # Dask's name for it
            raise
        raise RuntimeError(
            "A worker process died: memory ran out (fewer n_jobs need less), or evaluate ended it."
        ) from None
    finally:
        vars(backend).pop("submit", None)
        if on == "LokyBackend" and workers > 1:
            executor = get_reusable_executor(reuse=True)
            # terminate() also deletes the shared arrays; an executor that is broken has none.
            getattr(executor, "terminate", executor.shutdown)()


@contextmanager
def _deaf_to_interrupts():
    """What is started here does not hear Ctrl-C, so that it ends without a word when this does."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _submit_and_tell(submit):
    """joblib 1.6 waits for ever for a task of Dask that took its workers with it: let it know."""

    def submit_and_tell(task, callback):
        future = submit(task, callback)
        future.add_done_callback(lambda done: done.exception() and callback(done.exception()))
        return future

    return submit_and_tell
