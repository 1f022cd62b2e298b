"""`make watch`: check what has been saved, and say what comes next."""

from pathlib import Path

from watchfiles import watch as changes_in

from assignment import FILES
from assignment.checking.exercises import EXERCISES
from assignment.checking.faces import Work, as_text, table


def watch():
    """Print the table, then check the exercises of each file again as it is saved, until Ctrl-C."""
    work = Work()
    saved = changes_in(
        *{path.parent for path in work.files.values()},
        watch_filter=lambda change, path: path.endswith(FILES),
        debounce=100,
        step=20,
        recursive=False,
        raise_interrupt=False,
        rust_timeout=200,
        yield_on_timeout=True,
    )
    next(saved, None)  # it watches from here on: what is saved during the first check is not missed
    states = {verdict.name: verdict.status for verdict in table(work)}
    print("\nWatching the five files; Ctrl-C ends it.")
    _say_next(work, states)
    for changes in filter(None, saved):
        work = Work()
        files = {Path(path).name for _, path in changes}
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
