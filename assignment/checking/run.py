"""Run an exercise's calls in a process of their own, and bring back the arrays.

Whatever the code under test does, it does there: it may print, leave, loop for ever or change
NumPy. What comes back is numbers and text, written with np.savez and JSON and read without pickle.
"""

import contextlib
import faulthandler
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import traceback
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np

from assignment.checking.calls import Returned
from assignment.checking.submission import Submission

MEMORY = 8 * 2**30  # bytes of address space, and of any file it writes
SECONDS = 10.0  # for the calls of one exercise, which take a few hundredths
START = 30.0  # for Python and NumPy to start, on a machine that is busy


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
    """

    cases: list = field(default_factory=list)
    changed: list = field(default_factory=list)
    failure: Failure | None = None
    remarks: tuple = ()


def run(exercise, files, seconds=SECONDS):
    """Answers of a hand-in to one exercise, called in another process.

    Parameters
    ----------
    exercise : Exercise
    files : dict from the name of a file to its path
    seconds : float, the limit for its calls
    """
    if exercise.file not in files:
        return Answers(failure=Failure("missing", f"There is no {exercise.file}.", exercise.file))
    environment = {
        **os.environ,
        "PYTHONPATH": str(Path(__file__).parents[2]),
        "PYTHONDONTWRITEBYTECODE": "1",
        "MPLBACKEND": "Agg",
        "OPENBLAS_NUM_THREADS": "1",
    }
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        task = {
            "exercise": exercise.name,
            "files": {name: os.path.abspath(path) for name, path in files.items()},
            "seconds": seconds,
        }
        answers, log, said = (Path(folder, name) for name in ("answers", "log", "said"))
        command = [sys.executable, "-P", "-m", __name__, json.dumps(task), str(answers), str(log)]
        with open(said, "wb") as errors:
            process = subprocess.Popen(
                command,
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                start_new_session=True,
            )
            try:
                code = process.wait(START + seconds)
            except subprocess.TimeoutExpired:
                code = None
            finally:
                _end(process)
        if answers.with_suffix(".json").exists():
            return _read(answers, exercise)
        where = log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
        if code is None or "Timeout (" in where:
            return Answers(failure=_timeout(exercise, where, seconds))
        last = said.read_bytes()[-300:].decode(errors="replace").strip().splitlines()[-1:]
        message = ": ".join([f"It ended the process (exit code {code})", *last])
        return Answers(failure=Failure("crash", message, exercise.file))


def _end(process):
    """End a process, and those that it has started and left behind."""
    if hasattr(os, "killpg"):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    process.wait()


def _timeout(exercise, where, seconds):
    """Which line of the exercise's file was running, by the dump of faulthandler."""
    own = re.search(rf'File ".*?{re.escape(exercise.file)}", line (\d+)', where)
    line = int(own[1]) if own else None
    message = f"It does not end within {seconds:g} seconds."
    return Failure("timeout", message, exercise.file, line)


# In the other process.


def answer(exercise, files):
    """Answers of a hand-in to one exercise, called in this process."""
    with Submission(files) as submission, np.errstate(all="ignore"):
        try:
            module = submission.load(exercise.file)
        except (Exception, SystemExit) as error:
            failure = _crash(error, submission)
            return Answers(failure=failure, remarks=submission.remarks_on(exercise.file))
        if not exercise.stands_in(module):
            if error := submission.broken.get(exercise.called.partition(".")[0]):
                failure = _crash(error, submission)
            else:
                told = f"{exercise.file} has no {exercise.called}."
                failure = Failure("missing", told, exercise.file)
            return Answers(failure=failure, remarks=submission.remarks_on(exercise.file))
        cases, changed = [], []
        for i in range(len(exercise.cases())):
            # Each call gets arrays of its own, so that one cannot spoil the next one's.
            case, before = exercise.cases()[i], exercise.cases()[i]
            try:
                arrays = _encoded(exercise.call(module, **case.arguments))
            except NotImplementedError as error:
                arrays = Failure("unsolved", str(error), exercise.file)
            except Returned as error:
                arrays = Failure("returned", str(error), exercise.file)
            except (Exception, SystemExit) as error:
                arrays = _crash(error, submission)
            cases.append(arrays)
            changed.append(_changed(before.arguments, case.arguments))
        return Answers(cases, changed, remarks=submission.remarks_on(exercise.file))


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
    file, line, what = "", None, " ".join(str(error).split())[:300]
    if isinstance(error, SyntaxError):
        file, line, what = Path(error.filename or "").name, error.lineno, error.msg
        if error.text:
            what += f" in: {error.text.strip()}"
    else:
        own = {str(path) for path in submission.files.values()}
        for frame in traceback.extract_tb(error.__traceback__):
            if frame.filename in own:
                file, line = Path(frame.filename).name, frame.lineno
    return Failure("crash", f"{type(error).__name__}: {what}".removesuffix(": "), file, line)


def _write(answers, path):
    """Arrays and text in two files; the second appears when all is there."""
    arrays = {}
    cases = []
    for i, case in enumerate(answers.cases):
        if isinstance(case, Failure):
            cases.append(asdict(case))
        else:
            cases.append(list(case))
            arrays |= {f"{i} {name}": array for name, array in case.items()}
    np.savez(path.with_suffix(".npz"), **arrays)
    text = {
        "cases": cases,
        "changed": answers.changed,
        "failure": answers.failure and asdict(answers.failure),
        "remarks": answers.remarks,
    }
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(text), encoding="utf-8")
    partial.replace(path.with_suffix(".json"))


def _read(path, exercise):
    """What _write wrote; nothing in it is trusted to be there."""
    try:
        text = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        with np.load(path.with_suffix(".npz"), allow_pickle=False) as arrays:
            cases = [
                Failure(**case)
                if isinstance(case, dict)
                else {name: arrays[f"{i} {name}"] for name in case}
                for i, case in enumerate(text["cases"])
            ]
        failure = text["failure"] and Failure(**text["failure"])
        return Answers(cases, text["changed"], failure, tuple(text["remarks"]))
    except (OSError, ValueError, KeyError, TypeError, EOFError) as error:
        told = f"Its answers cannot be read ({type(error).__name__})."
        return Answers(failure=Failure("crash", told, exercise.file))


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


def main():
    from assignment.checking.exercises import find

    task, answers, log = json.loads(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3])
    limit_memory()
    with open(log, "w") as file:
        faulthandler.dump_traceback_later(task["seconds"], exit=True, file=file)
        files = {name: Path(path) for name, path in task["files"].items()}
        _write(answer(find(task["exercise"]), files), answers)
        os._exit(0)  # whatever threads are still running


if __name__ == "__main__":
    main()
