"""Run an exercise's calls in a process of their own, and bring back the arrays.

Whatever the code under test does, it does there: it may print, leave, loop for ever or change
NumPy. What comes back is numbers and text, written with np.savez and JSON and read without pickle.
"""

import contextlib
import faulthandler
import inspect
import json
import math
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections import deque
from dataclasses import asdict, dataclass, field
from importlib import import_module
from pathlib import Path

import numpy as np

from assignment.checking.calls import Returned
from assignment.checking.nursery import Lost, environment, nursery
from assignment.checking.printed import Heard, last_heard, visible
from assignment.checking.submission import Submission

MEMORY = 8 * 2**30  # bytes of address space, and of any file it writes
SECONDS = 10.0  # for the calls of one exercise, which take a few hundredths
ROOM = 2**20  # bytes of a temporary file; answers take a tenth of it
ENDING = 1.0  # at most, after its process has been killed
START = 30.0  # for its process to start, on a machine that is busy


# What Python says before the name of a function that is defined in another one.
LOCAL = re.compile(r"(?:[\w.]+\.)?<locals>\.(?:\w+\.)*(?=\w|<lambda>)")


@dataclass(frozen=True)
class Failure:
    """Why there are no arrays: kind is missing, unsolved, returned, crash or timeout."""

    kind: str
    message: str
    file: str = ""
    line: int | None = None


@dataclass(frozen=True)
class Answers:
    """What came back from the calls of an exercise.

    cases : for each case the dict of arrays, or the Failure of that case
    changed : for each case the names of the arguments that the call changed
    failure : why there are no cases at all, or None
    remarks : what had to be conceded to read the file
    printed : for each call what it printed, or the beginning of that; where the process never came
        back, the last one is of the call that it was in
    line : of the function, in its file
    """

    cases: list = field(default_factory=list)
    changed: list = field(default_factory=list)
    failure: Failure | None = None
    remarks: tuple = ()
    printed: list = field(default_factory=list)
    line: int | None = None


def run(exercise, files, seconds=SECONDS):
    """Answers of a hand-in to one exercise, called in another process.

    Parameters
    ----------
    exercise : Exercise
    files : dict from the name of a file to its path
    seconds : float, the limit for its calls

    Raises
    ------
    OSError : temporary files cannot be written
    """
    return next(run_all([(exercise, files)], seconds))


def run_all(pairs, seconds=SECONDS):
    """Answers for each (exercise, files), in their order.

    As many run at a time as there are cores, and one more while another is judged.
    """
    running = deque()
    try:
        for exercise, files in pairs:
            running.append(_Run(exercise, files, seconds))
            if len(running) > os.cpu_count():
                yield running[0].answers()
                running.popleft()
        while running:
            yield running[0].answers()
            running.popleft()
    finally:  # also of one whose end was interrupted
        for run in running:
            run.end()


class _Run:
    """The calls of one exercise, in a process of their own and a folder that is theirs."""

    def __init__(self, exercise, files, seconds):
        self.exercise, self.seconds = exercise, seconds
        self.process = self.folder = None
        if exercise.file not in files:
            return
        with _needing_room():
            self.folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self.task = {
            "exercise": exercise.name,
            "calls": exercise.calls.module,
            "files": {name: os.path.abspath(path) for name, path in files.items()},
            "folder": self.folder.name,
            "seconds": seconds,
            "limit": START + seconds,
        }
        try:
            self.process = nursery().child(self.task)
        except Lost:
            self.process = _Alone(self.task)

    def answers(self):
        """The Answers, when they are there.

        Raises
        ------
        OSError : there was no room for them
        """
        file = self.exercise.file
        if self.folder is None:
            return Answers(failure=Failure("missing", f"There is no {file}.", file))
        try:
            answers = self._read(self._wait())
        finally:
            self.end()
        if answers.failure and answers.failure.kind == "crash":
            with _needing_room(), tempfile.TemporaryFile() as file:
                file.write(bytes(ROOM))
        return answers

    def _wait(self):
        try:
            return self.process.wait()
        except Lost:
            lost, self.process = self.process, _Alone(self.task)
            lost.end()
            return self.process.wait()

    def _read(self, code):
        folder, file = Path(self.folder.name), self.exercise.file
        log = _text(folder / "log")
        is_late = code is None or "Timeout (" in log
        if not is_late and (folder / "answers.json").is_file():
            return _read(folder / "answers", self.exercise)
        if is_late:
            failure = _timeout(Path(self.task["files"][file]), log, self.seconds)
        else:
            last = visible(" ".join(_text(folder / "errors", end=300).strip().splitlines()[-1:]))
            message = f"It ended the process (exit code {code})" + f": {last}" * bool(last)
            failure = Failure("crash", message, file)
        return Answers(failure=failure, printed=last_heard(_text(folder / "printed")))

    def end(self):
        """End the process, whatever it does, and remove its folder."""
        if self.process is not None:
            self.process.end()
        end = time.monotonic() + ENDING
        while self.folder is not None and os.path.exists(self.folder.name):
            self.folder.cleanup()  # until nobody writes into it any more
            if time.monotonic() > end:
                break


@contextlib.contextmanager
def _needing_room():
    """A full temporary folder is no fault of what is checked."""
    try:
        yield
    except OSError as error:
        told = f"{error.strerror}; TMPDIR may name another folder for temporary files"
        raise OSError(error.errno, told, tempfile.tempdir) from None


class _Alone:
    """A process that is started for one exercise, where there is no nursery."""

    def __init__(self, task):
        self.limit = task["limit"]
        with open(Path(task["folder"], "errors"), "wb") as errors:
            self.process = subprocess.Popen(
                [sys.executable, "-P", "-m", __name__, json.dumps(task)],
                cwd=task["folder"],
                env=environment(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                start_new_session=True,
            )

    def wait(self):
        """The exit code, or None if its time was over."""
        try:
            return self.process.wait(self.limit)
        except subprocess.TimeoutExpired:
            return None

    def end(self):
        """End it, and the processes that it has started and left behind."""
        if hasattr(os, "killpg"):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)
        self.process.kill()
        self.process.wait()


def _text(path, end=100_000):
    """The end of a text file, of so many bytes; of one that is not there it is empty."""
    if not path.is_file():  # or no plain one, which may never end
        return ""
    with open(path, "rb") as file:
        file.seek(max(0, path.stat().st_size - end))
        return file.read(end).decode(errors="replace")


def _timeout(path, where, seconds):
    """Which line of a file, or of a cell in it, was running, by the dump of faulthandler."""
    holder = path.parent if path.parent.suffix == ".ipynb" else path  # whose cell writes a file
    name = holder.name.encode("ascii", "backslashreplace").decode()  # as it writes names
    own = re.search(rf'File ".*?{re.escape(name)}(?P<cell>, cell \d+)?", line (?P<line>\d+)', where)
    file, line = (holder.name + (own["cell"] or ""), int(own["line"])) if own else (path.name, None)
    return Failure("timeout", f"It does not end within {seconds:g} seconds.", file, line)


# In the other process.


def answer(exercise, files, heard=None):
    """Answers of a hand-in to one exercise, called in this process.

    exercise : Exercise, or its Calls
    """
    heard = heard or Heard()
    with Submission(files) as submission, np.errstate(all="ignore"), heard.listening():
        try:
            module = submission.load(exercise.file)
        except (Exception, SystemExit) as error:
            failure = _crash(error, submission)
            return Answers(failure=failure, remarks=submission.remarks_on(exercise.file))
        if _found(module, exercise.called) is None:
            if error := submission.broken.get(exercise.called.partition(".")[0]):
                failure = _crash(error, submission)
            else:
                told = submission.lacks(exercise.file, exercise.called)
                failure = Failure("missing", told, exercise.file)
            return Answers(failure=failure, remarks=submission.remarks_on(exercise.file))
        cases, changed = [], []
        for case in exercise.cases():
            # Each call gets arrays of its own, so that one cannot spoil the next one's.
            arguments = copied(case.arguments)
            heard.begin()
            try:
                arrays = _encoded(exercise.call(module, **arguments))
            except NotImplementedError as error:
                arrays = Failure("unsolved", str(error), exercise.file)
            except Returned as error:
                arrays = Failure("returned", str(error), exercise.file)
            except (Exception, SystemExit) as error:
                arrays = _crash(error, submission)
            cases.append(arrays)
            changed.append(_changed(case.arguments, arguments))
        remarks, line = submission.remarks_on(exercise.file), _line_of(module, exercise.called)
        return Answers(cases, changed, None, remarks, heard.calls, line)


def copied(value):
    """A copy of an argument, with its gaps in memory, and read-only if it is."""
    if isinstance(value, dict):
        return {name: copied(entry) for name, entry in value.items()}
    if not isinstance(value, np.ndarray):
        return value
    if value.base is None:
        copy = value.copy(order="K")
    else:  # a part of a larger array: so is its copy
        whole = value.base.copy(order="K")
        offset = value.ctypes.data - value.base.ctypes.data
        copy = np.ndarray(value.shape, value.dtype, whole, offset, value.strides)
    copy.flags.writeable = value.flags.writeable
    return copy


def _found(module, name):
    """The function of that name in a module, or the method of a class, or None."""
    for part in name.split("."):
        module = getattr(module, part, None)
    return module


def _line_of(module, name):
    """The line of the def of a function, or None."""
    with contextlib.suppress(Exception):  # it need not be a function
        code = inspect.unwrap(_found(module, name)).__code__
        return code.co_firstlineno if code.co_filename == module.__file__ else None


def _encoded(arrays):
    """Plain arrays of numbers; None is left out, and what is no number becomes a description."""
    plain = {}
    for name, value in arrays.items():
        if value is None:
            continue
        try:
            array = np.array(value, dtype=None)
            if array.dtype == object:
                array = np.array(value, dtype=float)
        except (TypeError, ValueError):
            array = np.array(f"a {type(value).__name__}")
        if array.dtype.kind == "f" and array.dtype != np.float32:
            array = array.astype(float)  # whatever precision was used inside
        if array.dtype.kind not in "biufc":
            array = np.array(f"a {type(value).__name__}")
        plain[name] = array
    return plain


def _changed(before, after):
    """Names of the arguments that a call has changed."""
    return sorted(
        name
        for name, value in after.items()
        if (
            _changed(before[name], value)
            if isinstance(value, dict)
            else isinstance(value, np.ndarray) and not np.array_equal(value, before[name])
        )
    )


def _crash(error, submission):
    """An exception in one sentence, with the line of the hand-in that it came from."""
    file, line, what = "", None, visible(" ".join(str(error)[:10_000].split()))[:300]
    if isinstance(error, SyntaxError):
        file, line, what = Path(error.filename or "").name, error.lineno, error.msg
        if error.text:
            what += f" in: {error.text.strip()}"
    else:
        for frame in traceback.extract_tb(error.__traceback__):
            if frame.filename in submission.sources:
                file, line = Path(frame.filename).name, frame.lineno
    what = LOCAL.sub("", what)
    return Failure("crash", f"{type(error).__name__}: {what}".removesuffix(": "), file, line)


def _write(answers, path):
    """Numbers and text in two files. All numbers of a kind lie in one array, which is quickest."""
    cases, numbers = [], {}
    for case in answers.cases:
        if isinstance(case, Failure):
            cases.append(asdict(case))
            continue
        cases.append({name: [array.dtype.str, array.shape] for name, array in case.items()})
        for array in case.values():
            numbers.setdefault(array.dtype.str, []).append(array.ravel())
    arrays = {kind: np.concatenate(some) for kind, some in numbers.items()}
    np.savez(path.with_suffix(".npz"), **arrays)
    text = {
        "cases": cases,
        "changed": answers.changed,
        "failure": answers.failure and asdict(answers.failure),
        "remarks": answers.remarks,
        "printed": answers.printed,
        "line": answers.line,
    }
    path.with_suffix(".json").write_text(json.dumps(text), encoding="utf-8")


def _read(path, exercise):
    """What _write wrote; nothing in it is trusted to be there."""
    try:
        text = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        with np.load(path.with_suffix(".npz"), allow_pickle=False) as arrays:
            numbers = {kind: np.asarray(arrays[kind]) for kind in arrays.files}
        cases = [
            Failure(**case)
            if "kind" in case
            else {name: _taken(numbers, *which) for name, which in case.items()}
            for case in text["cases"]
        ]
        failure = text["failure"] and Failure(**text["failure"])
        remarks, printed = tuple(text["remarks"]), text["printed"]
        return Answers(cases, text["changed"], failure, remarks, printed, text["line"])
    except Exception as error:
        told = f"Its answers cannot be read ({type(error).__name__})."
        return Answers(failure=Failure("crash", told, exercise.file))


def _taken(numbers, kind, shape):
    """The next array of that kind and shape."""
    size = math.prod(shape)
    array, numbers[kind] = numbers[kind][:size], numbers[kind][size:]
    return array.reshape(shape).copy()


def limit_memory():
    """Let this process have MEMORY at most, or less where less is allowed already."""
    if sys.platform == "win32":
        return
    import resource

    for kind in (resource.RLIMIT_AS, resource.RLIMIT_FSIZE):
        _, hard = resource.getrlimit(kind)
        most = MEMORY if hard == resource.RLIM_INFINITY else min(MEMORY, hard)
        with contextlib.suppress(ValueError, OSError):  # some systems have no such limit
            resource.setrlimit(kind, (most, most))


def work(task):
    """Make the calls of a task in this process, leave the answers in its folder, and end."""
    limit_memory()
    folder = Path(task["folder"])
    with open(folder / "log", "w") as log, open(folder / "printed", "wb", buffering=0) as printed:
        faulthandler.dump_traceback_later(task["seconds"], exit=True, file=log)
        files = {name: Path(path) for name, path in task["files"].items()}
        calls = import_module(task["calls"]).CALLS[task["exercise"]]
        _write(answer(calls, files, Heard(printed)), folder / "answers")
        os._exit(0)  # whatever threads are still running


if __name__ == "__main__":
    work(json.loads(sys.argv[1]))
