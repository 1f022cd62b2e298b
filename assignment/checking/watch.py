"""`make watch`: check what has been saved, and say what comes next."""

from contextlib import suppress
from pathlib import Path

from watchfiles import watch as changes_in

from assignment import FILES
from assignment.checking.exercises import EXERCISES
from assignment.checking.faces import Work, as_text, table

TICK = 20  # milliseconds
PATIENCE = 50  # ticks


def watch():
    """Print the table, then check the exercises of each file again as it is saved, until Ctrl-C."""
    work = Work()
    saved = changes_in(
        *{path.parent for path in work.files.values()},
        watch_filter=lambda change, path: Path(path).name in FILES,
        debounce=100,
        step=TICK // 2,
        recursive=False,
        raise_interrupt=False,
        rust_timeout=TICK,
        yield_on_timeout=True,
    )
    next(saved, None)  # it watches from here on: what is saved during the first check is not missed
    states = {verdict.name: verdict.status for verdict in table(work)}
    print("\nWatching the five files; Ctrl-C ends it.")
    _say_next(work, states)
    for files in _whole(saved):
        work = Work()
        print(f"\nChecking {', '.join(sorted(files))} ...", flush=True)
        touched = [exercise for exercise in EXERCISES if exercise.file in files]
        news = set()
        for verdict in work.examine_all(touched):
            # What was to do before and still is needs no word.
            if not verdict.status == states[verdict.name] == "unsolved":
                print(as_text(verdict), flush=True)
                news.add(verdict.name)
            states[verdict.name] = verdict.status
        _say_next(work, states, touched, news)


def _whole(saved):
    """The names of files that have been saved, when nothing is written to them any more.

    An editor may empty a file before it writes it, or move it away: what is not there, or empty, is
    waited for, but no longer than a second.

    saved : iterator of sets of (change, path); an empty one after each TICK without changes
    """
    paths, ticks = set(), 0
    for changes in saved:
        ticks = 0 if changes else ticks + 1
        paths |= {Path(path) for _, path in changes}
        if paths and ticks >= (1 if all(map(_has_content, paths)) else PATIENCE):
            yield {path.name for path in paths}
            paths = set()


def _has_content(path):
    with suppress(OSError):
        return path.stat().st_size > 0
    return False


def _say_next(work, states, touched=(), news=()):
    """What to do next: something wrong before something not begun, in the same file before others.

    What has just been told to be wrong is not told again.
    """

    def order(exercise):
        return states[exercise.name] == "unsolved", exercise not in touched

    for exercise in sorted(EXERCISES, key=order):
        if states[exercise.name] in ("right", "convention"):
            continue
        if exercise.name not in news or states[exercise.name] == "unsolved":
            lesson = f"notebooks/{exercise.notebook}.ipynb, section {exercise.section}"
            print(f"Next: {exercise.name} in {work.place(exercise)} ({lesson}).", flush=True)
        return
    print("All exercises are right.", flush=True)
