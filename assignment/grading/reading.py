"""Reads hand-ins in a process of its own: what a file does to a parser, it does to no grader.

Whatever takes text or an archive of a student apart is done here: unpacking, notebooks, syntax
trees. A file that takes too long or too much memory is told to be no Python; one that ends this
process, or hangs it, is left out when another process reads the hand-in once more.
"""

import contextlib
import pickle
import signal
import subprocess
import sys
import tempfile
import threading
from itertools import count

try:
    import resource
except ImportError:  # Windows has no limits of this kind
    resource = None

import psutil

from assignment.checking.faces import Work
from assignment.checking.nursery import at_most, environment
from assignment.checking.run import START
from assignment.checking.submission import read
from assignment.checking.submission.unpack import NoHandIn
from assignment.grading.likeness import fingerprints

READING, AGAIN = 10.0, 1.0  # seconds of work for all files, and for each further that takes long
MOST, LONGEST = 30.0, 60.0  # seconds of work for a hand-in, and by the clock
MEMORY = 2**30  # bytes to read it
TRIES = 3  # of a hand-in that ends what reads it
# What a message is: it has started; a file is begun; the outcome of all follows.
READY, BEGUN, TOLD = b"r", b"b", b"t"


class Reader:
    """The process that reads, which is started when it is first asked, and again when it ended."""

    program = ("-m", "assignment.grading.reading")

    def __init__(self):
        self._process = None

    def read(self, path, folder):
        """(Work, fingerprints of its functions) of a hand-in; what is unpacked is in the folder.

        Raises
        ------
        NoHandIn : it cannot be looked at
        OSError : no process can be started
        """
        skipped = set()
        for _ in range(TRIES):
            begun, outcome = self._asked((path, folder, skipped))
            if isinstance(outcome, Exception):
                raise outcome
            if outcome:
                return outcome
            skipped.add(begun)
        if begun is None:
            raise OSError("the process that reads hand-ins does not start")
        raise NoHandIn(f"{path.name} ends whatever reads it, or takes too long.")

    def _asked(self, question):
        """(how many files were begun, outcome): None for either where it does not get so far."""
        begun = None
        try:
            process = self._running()
            with _killed_after(LONGEST, process):
                pickle.dump(question, process.stdin)
                process.stdin.flush()
                begun = 0
                while process.stdout.read(1) == BEGUN:
                    begun += 1
                return begun, pickle.load(process.stdout)
        except (OSError, EOFError, pickle.UnpicklingError):
            self.end()
            return begun, None

    def _running(self):
        """The process; a new one where there is none.

        Raises
        ------
        OSError : none can be started, or not soon
        """
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, "-P", *self.program],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={**environment(), "PYTHONHASHSEED": "0"},  # files are begun in one order
                start_new_session=True,  # Ctrl-C is for the process that grades
            )
            with _killed_after(START, self._process):
                if self._process.stdout.read(1) != READY:
                    raise OSError("it does not start")
        return self._process

    def end(self):
        """End the process; once more does nothing."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None


@contextlib.contextmanager
def _killed_after(seconds, process):
    """Kill a process that has not answered by then; in any thread, where no signal is heard."""
    late = threading.Timer(seconds, process.kill)
    late.start()
    try:
        yield
    finally:
        late.cancel()


# In that process.


def main():
    """Answer one question after the other."""
    asked, told = sys.stdin.buffer, sys.stdout.buffer
    sys.stdout = sys.stderr
    told.write(READY)
    told.flush()
    if resource:
        most = psutil.Process().memory_info().vms + MEMORY
        with contextlib.suppress(ValueError, OSError):  # some systems have no such limit
            resource.setrlimit(resource.RLIMIT_AS, (most, most))
    while True:
        try:
            path, folder, skipped = pickle.load(asked)
        except EOFError:
            return
        tempfile.tempdir = str(folder)  # whose owner removes it
        outcome = _outcome(path, _telling(told, skipped))
        told.write(TOLD)
        pickle.dump(outcome, told)
        told.flush()


def _telling(channel, skipped):
    """A function that is called whenever something is about to be taken apart.

    skipped : the numbers of such things that have ended an earlier process
    """
    numbers = count(1)

    def tell(error):
        channel.write(BEGUN)
        channel.flush()
        if next(numbers) in skipped:
            raise error("what reads it came to an end, or took too long")

    return tell


def _outcome(path, tell):
    """(Work, fingerprints), or the exception that is told instead."""
    read.begins = tell
    try:
        with _in_time():
            work = Work(path)
        trees = []
        for file in work.files.values():
            with contextlib.suppress(Exception):  # what is wrong with it, its verdicts tell
                trees.append(read.read(file)[0])
        return work, fingerprints(trees)
    except NoHandIn as error:
        return NoHandIn(str(error))
    except Exception as error:  # whatever is wrong with it, others wait
        return RuntimeError(type(error).__name__)


@contextlib.contextmanager
def _in_time():
    """Whatever takes more time than there is fails; where not even that helps, the process ends."""
    if resource is None:
        yield
        return
    signal.setitimer(signal.ITIMER_VIRTUAL, MOST)  # which nobody hears: it kills
    try:
        with at_most(READING, TimeoutError, AGAIN, of_work=True):
            yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)


if __name__ == "__main__":
    main()
