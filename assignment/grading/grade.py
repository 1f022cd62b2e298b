"""`python -m assignment grade`: every hand-in of a class, none lost, none twice.

Each runs in a worker: a process on this machine, or of a Dask cluster. This process writes what
comes back as each ends, under its name at once or not at all; so a run can be interrupted, or
killed, at any moment, and goes on from there.
"""

import atexit
import contextlib
import json
import os
import secrets
import shutil
import signal
import stat
import sys
import threading
import time
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from assignment.checking.exercises import COURSE, EXERCISES
from assignment.checking.faces import as_data
from assignment.checking.judge import Verdict
from assignment.checking.submission.year import OURS
from assignment.given.files import Busy, alone, temporary_folder, write
from assignment.given.progress import progress_bar
from assignment.grading import formats, pages
from assignment.grading.hand_ins import collect, own_name, students_in
from assignment.grading.sandbox import OPENED, Looked, NoSandbox, Sandbox

NOTHING = (
    "None of the assignment's files is here, nor any function of it. Please hand in those files."
)
A_CLASS = (
    "It holds hand-ins of several: {names}. Please name this folder itself, not the one above it."
)
UNDATED = (
    "How late is not told of {count}: a course system gives their files the time of the download. "
    "LATE in a name counts."
)
DIED = (
    "It could not be graded: what graded it came to an end, again and again (by a lack of memory, "
    "perhaps). "
    "Please look at it by hand."
)


class CannotGrade(Exception):
    """Nothing can be graded like this; the message says why, and what to do."""


def grade(
    folders, out, jobs=0, seed=None, resume=False, trust=False, due=None, also=(), cluster=None
):
    """Grade what lies in some folders, and write the results.

    Parameters
    ----------
    folders : list of Path, of hand-ins
    out : Path, where the results go
    jobs : int, hand-ins at a time; 0 for one a core
    seed : str, by which inputs are drawn; a secret one if None
    resume : bool, whether to go on with what is in `out`
    trust : bool, whether to run hand-ins without a sandbox
    due : str, ISO 8601, local time if it does not say otherwise
    also : names of formats.FORMATS
    cluster : str, the address of a Dask scheduler

    Raises
    ------
    CannotGrade, NoSandbox : one sentence
    """
    out = Path(os.path.abspath(out))
    due = due and _time(due)
    try:
        hand_ins, passed = collect(folders, out)
    except ValueError as error:
        raise CannotGrade(str(error)) from None
    if not hand_ins:
        raise CannotGrade(f"There are no hand-ins in {', '.join(map(str, folders))}.")
    results = Results(out)
    results.folder.mkdir(parents=True, exist_ok=True)
    busy = f"Somebody is grading into {out} already: wait for that, or name another --out."
    with alone(out / ".lock", busy):
        with Sandbox(trust) as sandbox:
            print(sandbox.protection)
        plan = results.begin(seed, resume, trust)
        waiting = [one for one in hand_ins if not results.has(one)]
        outcomes = _there(waiting, plan, cluster) if cluster else _here(waiting, plan, jobs)
        try:
            with closing(outcomes), progress_bar(len(waiting), "hand-ins", left=True) as bar:
                for one, record in outcomes:
                    results.add(one, record)
                    bar.update()
        except KeyboardInterrupt:
            done = sum(map(results.has, hand_ins))
            told = f"Interrupted: {done} of {len(hand_ins)} hand-ins are graded"
            print(f"{told}; --resume goes on with the others.", file=sys.stderr)
            sys.exit(130)
        for one in hand_ins:
            results.settle(one, due)
        _report(results, hand_ins, passed, also)
        if due and (count := sum(not one.is_dated for one in hand_ins)):
            print(UNDATED.format(count=count))


def _time(text):
    try:
        return datetime.fromisoformat(text).astimezone()
    except ValueError:
        raise CannotGrade(f"--due takes a time such as 2026-10-31T23:59, not {text}.") from None


def _report(results, hand_ins, passed, also):
    records = Records(results, hand_ins)
    formats.grades(results.out, records)
    left = [formats.FORMATS[name](results.out, records) for name in also]
    for record in records:
        pages.feedback(results.out, record)
    pages.summary(results.out, records, passed)
    graded = [points for record in records if (points := record["points"]) is not None]
    mean = f", {sum(graded) / len(graded):.1f} points on average" if graded else ""
    print(f"{len(graded)} of {len(records)} hand-ins graded{mean}.")
    if others := len(records) - len(graded):
        print(f"{others} could not be: summary.html says why, and --resume tries them again.")
    for told in filter(None, left):
        print(told)
    if passed:
        more = f" and {len(passed) - 5} more; see summary.html" if len(passed) > 5 else ""
        print(f"Passed over, as no hand-ins: {', '.join(passed[:5])}{more}.")
    print(f"In {results.out}: grades.csv, summary.html, and a page for each student in feedback.")


class Results:
    """What is known of each hand-in, one file each, in a folder."""

    def __init__(self, out):
        self.out, self.folder, self.plan = out, out / "hand-ins", out / "run.json"

    def begin(self, seed, resume, trust):
        """How this run grades: as the one that it goes on with.

        Returns
        -------
        dict, seed and trust, as they stand in run.json
        """
        there = json.loads(self.plan.read_bytes()) if self.plan.exists() else None
        if there and not resume:
            raise CannotGrade(
                f"{self.out} holds grades already: --resume goes on with them, and --out names "
                "another folder."
            )
        if there:
            given = {"seed": seed or there["seed"], "trust": trust}
            if off := [name for name in given if given[name] != there[name]]:
                raise CannotGrade(
                    f"{self.out} was begun with {off[0]} {there[off[0]]}, so that --resume has to "
                    "go on with it; --out names another folder."
                )
            return there
        plan = {"seed": seed or secrets.token_hex(16), "trust": trust}
        _write_json(self.plan, plan)
        return plan

    def path(self, hand_in):
        return self.folder / f"{hand_in.key}.json"

    def has(self, hand_in):
        """Whether it has been graded, as it is now."""
        try:
            record = self.read(hand_in)
        except (OSError, ValueError):
            return False
        return record.get("mark") == hand_in.looked_at()[1] and record["points"] is not None

    def read(self, hand_in):
        return json.loads(self.path(hand_in).read_bytes())

    def add(self, hand_in, record):
        newest, mark = hand_in.looked_at()
        about = {
            "key": hand_in.key,
            "student": hand_in.student,
            "number": hand_in.number,
            "email": hand_in.email,
            "system": hand_in.system,
            "hand_in": hand_in.place,
            "handed_in": _iso(newest) if hand_in.is_dated and newest else None,
            "late_seconds": None,
            "late": hand_in.late,
            "mark": mark,
        }
        _write_json(self.path(hand_in), about | record)

    def settle(self, hand_in, due):
        """Note how late it is; by when it was due may be another time than when it was graded."""
        record, late = self.read(hand_in), None
        if due and record["handed_in"]:
            handed_in = datetime.fromisoformat(record["handed_in"])
            late = max(0, round((handed_in - due).total_seconds()))
        settled = record | {"late_seconds": late, "late": hand_in.late or bool(late)}
        if settled != record:
            _write_json(self.path(hand_in), settled)


def _iso(seconds):
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")


class Records:
    """Results of hand-ins, each read when it is needed: of a large class one at a time."""

    def __init__(self, results, hand_ins):
        self.results, self.hand_ins = results, hand_ins

    def __len__(self):
        return len(self.hand_ins)

    def __iter__(self):
        return map(self.results.read, self.hand_ins)


def _write_json(path, data):
    write(path, json.dumps(data, indent=1, ensure_ascii=False).encode())


# Who runs them.


def _here(waiting, plan, jobs):
    """(HandedIn, record) of each as it ends, from processes of this machine.

    Where a worker dies, what had begun is tried alone, and whatever dies alone once more.
    """
    from joblib.externals.loky.process_executor import TerminatedWorkerError

    begun, done = {}, set()
    try:
        for key, record in _workers(jobs)(_begun(waiting, plan, begun)):
            done.add(key)
            yield begun[key], record
        return
    except TerminatedWorkerError as error:
        told = str(error)
    suspects = [one for key, one in begun.items() if key not in done]
    if not suspects:
        raise CannotGrade(f"The workers do not start: {told.splitlines()[0][:200]}")
    for one in suspects:
        record = None
        for _ in range(2):
            with contextlib.suppress(TerminatedWorkerError):
                ((_, record),) = _workers(2)(_begun([one], plan, {}))
                break
        yield one, record or _record(Looked(refused=DIED), ())
    yield from _here([one for one in waiting if one.key not in begun], plan, jobs)


def _begun(waiting, plan, begun):
    """A task for each, and a note of it, when a worker asks for one."""
    from joblib import delayed

    for one in waiting:
        begun[one.key] = one
        yield delayed(graded)(one.key, one.absolute(), **plan)


def _workers(jobs):
    """A function that runs tasks and gives what they return, in any order."""
    from joblib import Parallel

    return Parallel(
        n_jobs=max(2, jobs or os.cpu_count()),  # one would be this very process
        pre_dispatch=1 if jobs == 1 else "2 * n_jobs",
        batch_size=1,
        return_as="generator_unordered",
        backend="loky",
        initializer=_ends_with_the_grader,
        initargs=(os.getpid(),),
    )


def _there(waiting, plan, cluster):
    """The same from a Dask cluster, which tries again by itself what a worker dies of."""
    with _client(cluster) as client:
        from distributed import KilledWorker, as_completed

        tasks = {
            client.submit(graded, one.key, one.absolute(), **plan, pure=False): one
            for one in waiting
        }
        try:
            for task in as_completed(list(tasks)):
                try:
                    _, record = task.result()
                except KilledWorker:
                    record = _record(Looked(refused=DIED), ())
                yield tasks.pop(task), record
        finally:
            client.cancel(list(tasks))


def _client(cluster):
    try:
        from distributed import Client
    except ImportError:
        raise CannotGrade("--dask needs Dask: pip install -r requirements-bench.txt.") from None
    try:
        return Client(cluster, timeout="10s")
    except (OSError, ValueError) as error:
        told = f"There is no Dask scheduler at {cluster}: start one with `dask scheduler`."
        raise CannotGrade(told) from error


# In a worker.

_turn = threading.Lock()  # a worker of Dask may have several threads, and the judge is for one


def graded(key, paths, seed, trust):
    """(key, record) of one hand-in."""
    with _turn, temporary_folder() as folder:
        sandbox, students = _sandbox(seed, trust), students_in(Path(paths[0]))
        try:
            if len(students) < 2:
                return key, _record(*sandbox.verdicts(_together(paths, folder)))
            told = A_CLASS.format(names=", ".join(students[:3]))
        except (NoSandbox, OSError) as error:  # this machine's, and no fault of the hand-in
            told = f"It could not be graded: {error}"
        except Exception as error:  # whatever is wrong with it, others wait
            told = f"It could not be graded ({type(error).__name__}). Please look at it by hand."
        return key, _record(Looked(refused=told), ())


def _ends_with_the_grader(grader):
    """A worker of this machine hears no Ctrl-C, and ends when the grader has, however it did.

    grader : the number of its process, which may have ended already
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    def watch():
        while os.getppid() == grader:
            time.sleep(1)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


@cache
def _sandbox(seed, trust):
    """The one of this process, which ends with it."""
    stack = contextlib.ExitStack()
    atexit.register(stack.close)
    return stack.enter_context(Sandbox(trust, seed))


def _together(paths, folder):
    """The path of a hand-in; of several files, or one that a course system has renamed, copies."""
    first, copy = Path(paths[0]), Path(folder, own_name(Path(paths[0])))
    if len(paths) == 1 and copy.name == first.name:
        return first
    for path in map(Path, paths):
        to = Path(folder, own_name(path))
        _copy(path, Path(folder, path.name) if to.exists() else to)
    return Path(folder) if len(paths) > 1 else copy if copy.is_file() else first


def _copy(path, to):
    """Copy a regular file; nothing else."""
    with contextlib.suppress(OSError), open(os.open(path, OPENED), "rb") as file:
        if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            with to.open("wb") as copy:
                shutil.copyfileobj(file, copy)


def _record(looked, verdicts):
    """What is kept of a hand-in, as plain data.

    Points are None where it could not be looked at: that is told, and somebody has to look.
    """
    if not looked.refused and not looked.files:
        looked = replace(looked, year=OURS, refused=NOTHING)
        verdicts = [Verdict(exercise.name, "missing", NOTHING) for exercise in EXERCISES]
    known = {exercise.name: exercise for exercise in EXERCISES + COURSE}
    pairs = [(known[verdict.name], verdict) for verdict in verdicts]
    data = as_data(pairs, looked.year)
    return {
        "year": looked.year.name,
        "files": looked.files or {},
        "left_out": looked.left_out,
        "notes": [*looked.notes, *[looked.refused] * bool(looked.refused)],
        "refused": looked.refused,
        **data,
        "points": None if looked.refused else data["points"],
        "fingerprints": sorted(looked.fingerprints),
    }


def command(**options):
    """What `python -m assignment grade` calls."""
    try:
        grade(**options)
    except (CannotGrade, NoSandbox, Busy) as error:
        sys.exit(str(error))
