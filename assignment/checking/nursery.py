"""A process that has Python, NumPy and the calls at hand, and forks one process for each exercise.

To start Python and NumPy takes longer than the calls of an exercise. Here it is done once: the
nursery imports what every exercise needs, reads the files, runs no student code, and knows no
answers. For each task it forks a guard, and the guard a child, in which the calls are made. The
guard ends the child, and whatever that has started, when its calls are done, when its time is over,
or when nobody waits for it any more. A child that ends its parent ends its own guard alone.

On Linux only: on macOS the system's libraries start threads that do not survive a fork, and Windows
has none. There, and wherever the nursery fails, run.py starts Python anew for each exercise.
"""

import contextlib
import gc
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import time
import weakref
from importlib import import_module
from pathlib import Path

SUITE = Path(__file__).resolve().parents[1]
MESSAGE = 2**17  # bytes, more than any task has
FAREWELL = b"farewell"  # the last message, which is no task
POLL = 0.1  # seconds between two looks at a child
ERRORS = os.O_WRONLY | os.O_CREAT
LIBRARIES = ("matplotlib", "scipy")  # that many hand-ins import, and that take long


class Lost(Exception):
    """There is no nursery, or it has ended before the child did."""


# In the process that checks. Nothing is imported for it that takes time: starting a nursery is the
# first thing that a command does.


def environment():
    """The environment of processes that run student code."""
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(
            filter(None, (str(SUITE.parent), os.environ.get("PYTHONPATH")))
        ),
        "PYTHONDONTWRITEBYTECODE": "1",
        "MPLBACKEND": "Agg",
        "OPENBLAS_NUM_THREADS": "1",  # and no thread is there that a fork could lose
    }


class Nursery:
    """One nursery; it ends with this object, and with the process that has it."""

    def __init__(self):
        self.version = _version()
        self.channel, its_end = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with its_end:
            self.process = subprocess.Popen(
                [sys.executable, "-P", "-m", __name__],
                stdin=its_end,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd="/",
                env=environment(),
                start_new_session=True,  # Ctrl-C is for the process that checks
            )
        self.end = weakref.finalize(self, _end, self.channel, self.process)

    def is_fresh(self):
        """Whether it is alive, and what it has imported is still what is on disk."""
        return self.end.alive and self.process.poll() is None and self.version == _version()

    def child(self, task):
        """The Child that a task is given to.

        Parameters
        ----------
        task : dict with the files to read, the limits in seconds, and what run.work needs
        """
        ours, its_end = os.pipe()
        try:
            socket.send_fds(self.channel, [json.dumps(task).encode()], [its_end])
        except OSError:
            os.close(ours)
            raise Lost from None
        finally:
            os.close(its_end)
        return Child(ours, task["limit"])


class Child:
    """A child of a nursery, and the pipe by which its guard tells how it ends.

    was_kept : whether that was for other reasons than its own, see Delays
    """

    was_kept = False

    def __init__(self, pipe, limit):
        self.pipe, self.limit, self.said = pipe, limit, b""

    def wait(self):
        """The exit code, or None if its time was over.

        Raises
        ------
        Lost : it was never born, or nothing was heard of it
        """
        # The guard keeps the time; a nursery that hangs is waited for no longer than two children.
        while select.select([self.pipe], [], [], 2 * self.limit)[0]:
            if not (heard := os.read(self.pipe, 100)):
                break
            self.said += heard
        else:  # nothing more was heard
            if self.said.count(b"\n") < 2:
                raise Lost
        if not self.said:
            raise Lost
        _, *how = self.said.decode().split()
        if not how:
            return "unknown, since it ended its guard"
        self.was_kept = how[1] == "kept"
        return None if how[0] == "late" else int(how[0])

    def end(self):
        """End it and what it has started; once more does nothing."""
        if self.pipe is None:
            return
        pipe, self.pipe = self.pipe, None
        os.close(pipe)  # the guard notices
        if self.said.count(b"\n") == 1:  # but there is none any more
            _end_group(int(self.said))


_nursery = None


def nursery():
    """The nursery of this process, started if there is none.

    Raises
    ------
    Lost : where there can be none
    """
    global _nursery
    if not is_possible():
        raise Lost
    if _nursery is None or not _nursery.is_fresh():
        _nursery = Nursery()
    return _nursery


def is_possible():
    """Whether this is a Linux that can tell when a process ends."""
    if sys.platform != "linux" or not hasattr(os, "pidfd_open"):
        return False
    try:
        os.close(os.pidfd_open(os.getpid()))  # Linux has it since 5.3
    except OSError:
        return False
    return True


def _version():
    """When the files of the suite that a nursery may have imported were changed last."""
    return {
        file: file.stat().st_mtime_ns
        for pattern in ("given/*.py", "checking/**/*.py")
        for file in SUITE.glob(pattern)
    }


def _end(channel, process):
    with contextlib.suppress(OSError):
        channel.send(FAREWELL, socket.MSG_DONTWAIT)  # who is killed says none
    channel.close()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _end_group(pid):
    """End a process and those of its group."""
    for kill in (os.killpg, os.kill):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            kill(pid, signal.SIGKILL)


# In the nursery.


def serve(channel):
    """Fork a guard for each task that comes, until the channel closes. Returns in a child alone.

    Returns
    -------
    dict : the task of the child
    """
    signal.signal(signal.SIGCHLD, lambda *_: bury(os.WNOHANG))
    folders = []
    while True:
        message, pipes, *_ = socket.recv_fds(channel, MESSAGE, 1)
        if message in (b"", FAREWELL):
            bury(0)  # each ends at once, for nobody listens
            if not message:  # whoever gave the tasks was killed, and tidies up no more
                for folder in folders:
                    shutil.rmtree(folder, ignore_errors=True)
            os._exit(0)
        task, pipe = json.loads(message), pipes[0]
        folders.append(task["folder"])
        get_ready(task)
        gc.freeze()  # what is here is no garbage: a child need not look
        if os.fork() == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            channel.close()
            child = os.fork()
            if child == 0:
                os.close(pipe)
                _leave_home(task["folder"])
                return task
            _guard(child, pipe, task)
        os.close(pipe)


def bury(options):
    """Take note of the processes below this one that have ended; options as of os.waitpid."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, options)[0]:
            pass


def _guard(child, pipe, task):
    """Wait for a child, end it and its group, and tell how: a number or late, and kept or free."""
    try:
        os.write(pipe, f"{child}\n".encode())
        ended = os.pidfd_open(child)
        poll = select.poll()
        poll.register(ended, select.POLLIN)
        poll.register(pipe, 0)  # it is told when nobody reads any more
        delays = Delays(child, task["seconds"])
        while not (happened := dict(poll.poll(1000 * POLL))) and delays.seen < task["limit"]:
            delays.look()
        delays.look()
        _end_group(child)
        _, status = os.waitpid(child, 0)
        how = os.waitstatus_to_exitcode(status) if ended in happened else "late"
        kept = "kept" if delays.are_long and how != "late" else "free"
        os.write(pipe, f"{how} {kept}\n".encode())
    finally:
        os._exit(0)


class Delays:
    """What kept a process from work: it was stopped, or all was, or others had the processors.

    Who sleeps is not kept from work, nor who waits for what it has started, or competes with that.

    seconds : that its calls may take
    seen : seconds that went by while this was looking, every POLL seconds
    """

    def __init__(self, pid, seconds):
        self.seen = self._kept = 0.0
        self._most, self._place = seconds / 2, Path("/proc", str(pid))
        self._last = self._look()

    @property
    def are_long(self):
        """Whether they took half of its time, and more: that it was over is no fault of its own."""
        return self._kept > self._most

    def look(self):
        (before, worked_before, _), self._last = self._last, self._look()
        now, worked, state = self._last
        passed = now - before
        self.seen += min(passed, 2 * POLL)
        if state in "SZ" or self._has_children():  # it sleeps, or has ended
            self._kept += max(passed - 2 * POLL, 0.0)
        else:
            self._kept += max(passed - (worked - worked_before), 0.0)

    def _look(self):
        """(now, seconds of processor time so far, state of the main thread)."""
        try:
            told = Path(self._place, "stat").read_text(errors="replace")
        except OSError:  # /proc is not there
            return time.monotonic(), 0.0, "S"
        fields = told.rpartition(")")[2].split()
        worked = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        return time.monotonic(), worked, fields[0]

    def _has_children(self):
        lists = self._place.glob("task/*/children")
        with contextlib.suppress(OSError):  # it has ended
            return any(children.read_bytes() for children in lists)
        return False


def _leave_home(folder):
    """A child gets a session and a folder of its own, no input, and nothing to hold on to."""
    os.setsid()
    os.chdir(folder)
    for name, flags, standard in ((os.devnull, os.O_RDWR, (0, 1)), ("errors", ERRORS, (2,))):
        opened = os.open(name, flags)
        for number in standard:
            os.dup2(opened, number)
        if opened not in standard:
            os.close(opened)


_ready, _run = set(), None  # the files that have been prepared for a run


def get_ready(task):
    """Import a task's calls, prepare its file, and import what it asks for: children inherit it.

    No code of theirs runs. What cannot be read, or not in time, is left to the children, each of
    which fails by itself. Of a run each file is opened once, before any code of it runs; what takes
    time is done for the one that the calls are made to.
    """
    global _run
    from assignment.checking.submission import read
    from assignment.checking.submission.load import prepare

    if task["run"] != _run:
        _run = task["run"]
        _ready.clear()
        read.keep()
    with contextlib.suppress(Exception):
        import_module(task["calls"])
    for file in map(Path, task["files"].values()):
        with contextlib.suppress(Exception), at_most(task["seconds"]):
            read.raw(file)
    file = task["files"][task["file"]]
    if file in _ready:
        return
    _ready.add(file)
    with contextlib.suppress(Exception), at_most(task["seconds"]):
        for name in prepare(Path(file)):
            if name.partition(".")[0] in LIBRARIES:
                with contextlib.suppress(ImportError):
                    import_module(name)


@contextlib.contextmanager
def at_most(seconds, error=InterruptedError, again=0, of_work=False):
    """Raise an error in what takes longer; in the main thread alone.

    again : seconds after which it is raised once more where somebody has caught it; 0 for never
    of_work : whether only time counts in which the process works
    """

    def give_up(*_):
        raise error

    timer, sent = signal.ITIMER_REAL, signal.SIGALRM
    if of_work:
        timer, sent = signal.ITIMER_PROF, signal.SIGPROF
    before = signal.signal(sent, give_up)
    signal.setitimer(timer, seconds, again)
    try:
        yield
    finally:
        signal.setitimer(timer, 0)
        signal.signal(sent, before)


if __name__ == "__main__":
    gc.disable()  # what is imported is no garbage: a look at it takes long
    import resource  # noqa: F401  for the limits of a child

    import numpy.random  # noqa: F401  which NumPy imports only when it is asked for

    from assignment.checking.run import work
    from assignment.given import blocks, distances, todo, validation  # noqa: F401  for the five files

    gc.enable()
    work(serve(socket.socket(fileno=0)))
