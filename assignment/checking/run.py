"""Run an exercise's calls in a process of their own, and bring back the arrays.

Whatever the code under test does, it does there: it may print, leave, loop for ever or change
NumPy. What comes back is numbers and text, written as bytes and JSON.
"""

import contextlib
import faulthandler
import io
import json
import os
import re
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from collections import deque
from dataclasses import asdict
from importlib import import_module
from pathlib import Path

from assignment.checking.answering import (
    Answers,
    Failure,
    answer,
    failure_of,
    flat,
    number,
    sentence,
    unflat,
)
from assignment.checking.calls import draw_from, drawn_from
from assignment.checking.nursery import Lost, environment, nursery
from assignment.checking.printed import KEPT, Heard, last_heard, visible
from assignment.given.files import temporary_folder

MEMORY = 8 * 2**30  # bytes of address space, and of any file it writes
SECONDS = 10.0  # for the calls of one exercise, which take a few hundredths
PATIENCE = 4  # times that, for calls that were kept from work the first time
TEXT, NUMBERS = 2**24, 2**28  # bytes of its answers
ROOM = 2**20  # bytes of a temporary file; answers take a tenth of it
ENDING = 1.0  # at most, after its process has been killed
START = 30.0  # for its process to start, on a machine that is busy


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
    """Answers for each (exercise, files), in their order, on all cores."""
    run = secrets.token_hex(4)
    return side_by_side((_Run(*pair, seconds, run) for pair in pairs), os.cpu_count())


def side_by_side(started, most):
    """The answers() of each, in their order; `most` run at a time, and one more while it is judged.

    started : iterable of what has answers() and end(), each started when it is asked for
    """
    running = deque()
    try:
        for run in started:
            running.append(run)
            if len(running) > most:
                yield running[0].answers()
                running.popleft()
        while running:
            yield running[0].answers()
            running.popleft()
    finally:  # also of one whose end was interrupted
        for run in running:
            run.end()


class _Run:
    """The calls of one exercise, in a process of their own and a folder that is theirs.

    run : str, a name for all that are made of the same files at a time
    """

    def __init__(self, exercise, files, seconds, run):
        self.exercise, self.files, self.seconds, self.run = exercise, files, seconds, run
        self.process = self.folder = None
        if exercise.file in files:
            self._begin(seconds)

    def _begin(self, seconds):
        with _needing_room():
            self.folder = temporary_folder()
        self.task = {
            "exercise": self.exercise.name,
            "calls": self.exercise.calls.module,
            "file": self.exercise.file,
            "files": {name: os.path.abspath(path) for name, path in self.files.items()},
            "folder": self.folder.name,
            "seconds": seconds,
            "limit": START + seconds,
            "seed": drawn_from(),
            "run": self.run,  # whose files are opened once
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
            if answers.failure and answers.failure.kind == "timeout" and self.process.was_kept:
                self.end()
                self._begin(PATIENCE * self.seconds)
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
            failure = timeout(Path(self.task["files"][file]), log, self.seconds)
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

    was_kept = False  # not known

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


def timeout(path, where, seconds):
    """Which line of a file, or of a cell in it, was running, by the dump of faulthandler."""
    holder = path.parent if path.parent.suffix == ".ipynb" else path  # whose cell writes a file
    name = holder.name.encode("ascii", "backslashreplace").decode()  # as it writes names
    own = re.search(rf'File ".*?{re.escape(name)}(?P<cell>, cell \d+)?", line (?P<line>\d+)', where)
    file, line = (holder.name + (own["cell"] or ""), int(own["line"])) if own else (path.name, None)
    return Failure("timeout", f"It does not end within {seconds:g} seconds.", file, line)


# In the other process.


def _write(answers, path):
    """Text and numbers in two files."""
    cases, numbers = [], []
    for case in answers.cases:
        if isinstance(case, Failure):
            cases.append(asdict(case))
            continue
        entries, data = flat(case)
        cases.append([entries, len(data)])
        numbers.append(data)
    path.with_suffix(".numbers").write_bytes(b"".join(numbers))
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
        text = json.loads(_bytes(path.with_suffix(".json"), TEXT))
        numbers = io.BytesIO(_bytes(path.with_suffix(".numbers"), NUMBERS))
        failure = failure_of(text["failure"])
        cases = [
            failure_of(case) if isinstance(case, dict) else unflat(case[0], numbers.read(case[1]))
            for case in text["cases"]
        ]
        if len(cases) != (0 if failure else len(exercise.cases())):
            raise ValueError("each call has one answer")
        changed = [[sentence(name) for name in names] for names in text["changed"]]
        remarks = tuple(sentence(remark) for remark in text["remarks"])
        printed = [str(heard)[:KEPT] for heard in text["printed"]]
        return Answers(cases, changed, failure, remarks, printed, number(text["line"]))
    except Exception as error:
        told = f"Its answers cannot be read ({type(error).__name__})."
        return Answers(failure=Failure("crash", told, exercise.file))


def _bytes(path, most):
    """The bytes of a plain file.

    Raises
    ------
    ValueError : it is none, or has too many of them
    """
    if not path.is_file() or path.stat().st_size > most:
        raise ValueError("no answers")
    return path.read_bytes()


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
    draw_from(task["seed"])
    folder = Path(task["folder"])
    with open(folder / "log", "w") as log, open(folder / "printed", "wb", buffering=0) as printed:
        faulthandler.dump_traceback_later(task["seconds"], exit=True, file=log)
        files = {name: Path(path) for name, path in task["files"].items()}
        calls = import_module(task["calls"]).CALLS[task["exercise"]]
        _write(answer(calls, files, Heard(printed)), folder / "answers")
        os._exit(0)  # whatever threads are still running


if __name__ == "__main__":
    work(json.loads(sys.argv[1]))
