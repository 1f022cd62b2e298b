"""`python -m assignment COMMAND`: what make does, on any system."""

import argparse
import contextlib
import errno
import gc
import os
import signal
import subprocess
import sys
from importlib import import_module
from pathlib import Path

PARSER = argparse.ArgumentParser(prog="python -m assignment", description=__doc__)
COMMANDS = PARSER.add_subparsers(dest="command", required=True)
FLAG = {"action": "store_true"}
SMALL = ("progress", "check", "watch", "derivations")  # these compute with small arrays alone
ADVICE = {
    errno.ENOSPC: "Make room there, then say it again.",
    errno.EDQUOT: "Make room there, then say it again.",
    errno.EROFS: "Copy the suite to a place where you may write.",
}


def main():
    arguments = vars(PARSER.parse_args())
    sys.stdout.reconfigure(errors="replace")  # a console that has no ✓ shows a ? instead
    command = arguments.pop("command")
    if command in SMALL:
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # others would wait for work, and busily
        gc.set_threshold(50_000)  # what is imported is no garbage: a look at it takes long
    if command in ("progress", "check", "watch"):
        from assignment.checking.nursery import Lost, nursery

        with contextlib.suppress(Lost):
            nursery()  # it gets ready while this process does
    result = arguments.pop("run")(**arguments)
    return not result if isinstance(result, bool) else result


def command(name, help, run):
    """Add a command: what it calls, or where that stands. Returns what adds its arguments."""
    parser = COMMANDS.add_parser(name, help=help)
    parser.set_defaults(run=later(run) if isinstance(run, str) else run)
    return parser.add_argument


def later(place):
    """A function that is imported when it is called: none waits for the others' libraries."""
    module, _, name = place.rpartition(".")
    return lambda **arguments: getattr(import_module(f"assignment.{module}"), name)(**arguments)


@contextlib.contextmanager
def told(kind, by=PARSER.error):
    """Errors of a kind are told in one sentence, beside the usage or alone."""
    try:
        yield
    except kind as error:
        by(str(error))


def check(names, submission, json):
    from assignment.checking.exercises import find
    from assignment.checking.faces import report
    from assignment.checking.submission.unpack import NoHandIn

    with told(ValueError):
        exercises = [find(name) for name in names]
    with told(NoHandIn):
        return report(exercises, submission, json)


def hint(name, number):
    with told(ValueError):
        later("checking.faces.hint")(name=name, number=number)


def reset(name):
    from assignment.checking.exercises import find
    from assignment.checking.stubs import own_folder, reset

    with told(ValueError):
        path, kept = reset(find(name), own_folder())
    blank = f"{path.name} has its blank again; yours is kept as {kept.name}" if kept else ""
    print(blank or f"{name} is blank already")


def site(pyodide):
    with told((RuntimeError, ValueError), sys.exit):
        return later("site.build.build")(pyodide=pyodide)


def stubs():
    for written, kept in later("checking.stubs.write_stubs")():
        print(f"wrote {written.name}" + (f", kept yours as {kept.name}" if kept else ""))


def release(folder):
    with told((ValueError, OSError), sys.exit):
        later("edition.release.release")(folder=folder)


def clean():
    with told(RuntimeError, sys.exit):
        later("notebook.clean.clean_all")()


def address(where):
    with told(ValueError):
        changed = later("notebook.address.write")(address=where)
    print("\n".join(f"wrote {path.name}" for path in changed) or "all places agree already")


def with_files(folder, line):
    if not folder.is_dir():
        PARSER.error(f"{folder} is not a folder.")
    if not line:
        PARSER.error("name a command to run, e.g. pytest --nbval-lax notebooks")
    environment = later("checking.stubs.environment_with")(folder=folder)
    with subprocess.Popen(line, env=environment) as process:
        try:
            return process.wait()
        except BaseException:  # this one has been told to end
            process.terminate()
            process.wait()
            raise


command("progress", "right, wrong or to do: a table of all exercises", "checking.faces.progress")
add = command("check", "what is wrong with one's exercises, or with a hand-in", check)
add("names", nargs="*", metavar="NAME", help="exercises; all, if none is named")
add("--submission", metavar="PATH", help="a folder, .zip, .tar.gz, notebook or .py file")
add("--json", **FLAG, help="as data; see verdicts.schema.json")
command("watch", "check again whenever one of the five files is saved", "checking.watch.watch")
add = command("hint", "a hint for an exercise, one at a time", hint)
add("name", metavar="NAME")
add("number", nargs="?", type=int, default=1, metavar="NUMBER")
add = command("reset", "blank one exercise; your file is kept beside it", reset)
add("name", metavar="NAME")
every = "every line of the derivations, tried on random numbers"
add = command("derivations", every, "derivations.report.report")
add("--json", **FLAG, dest="as_json", help="as data")
command("data", "fetch the full CIFAR-10: 60,000 images, 180 MB on disk", "given.download.fetch")
add = command("site", "execute the notebooks and build pages of them; results/site", site)
add("--pyodide", type=Path, metavar="DIR", help="Python for its checks: a site without a network")
command("clean", "strip outputs, counts and metadata from the notebooks", clean)
add = command("address", "where the suite is published: written into every file", address)
add("where", nargs="?", metavar="URL", help="https://github.com/OWNER/NAME; else pyproject.toml's")
add = command("with", "run a command with five files laid over the stubs", with_files)
add("folder", type=Path, help="where the five files are")
add("line", nargs=argparse.REMAINDER, metavar="...", help="the command to run")
finished = "whether every exercise is right, so that the lessons can be executed"
command("finished", finished, "checking.faces.finished")
# full suite


def place(text):
    """A Path; ~ is the home folder where make has quoted it."""
    return Path(text).expanduser()


add = command("net", "train the best two-layer net, or go on with it", "further.best_net.command")
add("--seed", type=int, default=0, help="of all random numbers")
add("--quick", **FLAG, help="the images that ship, in seconds")
add("--restart", **FLAG, help="forget an earlier training")
add = command("bench", "how fast the reference is, beside other libraries", "bench.run.bench")
add("--quick", **FLAG, help="on the images that ship: a minute")
command("figures", "the README's figures of speed, from the last bench", "bench.publish.publish")
checkers = "what other gradient checkers say to twelve inputs: a page of the site"
command("checkers", checkers, "bench.checkers.table")
command("stubs", "write the five stubs anew; an edited file is kept beside it", stubs)
add = command("release", "write an edition without answers, for students", release)
add("folder", type=place, metavar="DIR", help="a folder that is empty, or not there yet")
add = command("grade", "the hand-ins of a class: grades, and feedback", "grading.grade.command")
add("folders", nargs="+", type=place, metavar="DIR", help="each folder or file in it is one")
add("--out", type=Path, default=Path("results/grades"), help="where grades go: results/grades")
add("--jobs", type=int, default=0, help="hand-ins at a time; one a core, if not given")
add("--seed", help="of the inputs, for the same ones again; a secret one, if not given")
add("--resume", **FLAG, help="go on with what was interrupted, or with new hand-ins")
add("--trust", **FLAG, help="without a sandbox: only code that you would run yourself")
add("--due", metavar="TIME", help="such as 2026-10-31T23:59: how late is each?")
formats = ("canvas", "moodle", "gradescope", "junit")
add("--format", nargs="+", default=(), dest="also", choices=formats, help="besides grades.csv")
add("--dask", dest="cluster", metavar="ADDRESS", help="of the scheduler of a cluster to run on")
kit = "grading.kit.autograder"
add = command("autograder", "the suite as Gradescope takes it, answers and all", kit)
add("path", type=Path, metavar="ZIP", help="the file to write")
# end of full suite


def guarded():
    """What main returns; whatever ends it is told in a line, when all it began is cleaned up."""
    open_what_is_closed()
    for number in (getattr(signal, name, None) for name in ("SIGINT", "SIGTERM", "SIGHUP")):
        if number and signal.getsignal(number) != signal.SIG_IGN:  # as nohup has it
            signal.signal(number, leave)
    try:
        code = main()
        sys.stdout.flush()
        return code
    except (Exception, KeyboardInterrupt) as error:
        if not heard:
            return told_of(error)
        # Whatever became of it on its way through a library.
        print("Interrupted." if heard[0] == signal.SIGINT else "Ended.", file=sys.stderr)
        return 128 + heard[0]
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # what is left to do takes no time
        try:
            sys.stdout.flush()
        except OSError:  # or Python would try once more
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        gc.freeze()  # all goes with the process: Python need not look for garbage in it


def open_what_is_closed():
    """What was closed, as by >&-, leads nowhere: or the next file opened would be in its place."""
    for name, mode in ("stdin", "r"), ("stdout", "w"), ("stderr", "w"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode))


heard = []  # the signals that have come


def leave(number, frame):
    """End as by a signal, but clean up before."""
    heard.append(number)
    if number == signal.SIGINT:
        raise KeyboardInterrupt
    signal.signal(number, signal.SIG_IGN)
    sys.exit(128 + number)


def told_of(error):
    """What sys.exit takes for an error: one line, where it is not a fault of ours."""
    if isinstance(error, BrokenPipeError):  # as in `check | head`: nobody reads on
        return 141  # as what ends by SIGPIPE
    if isinstance(error, ModuleNotFoundError):
        python = Path(__file__).parents[1] / ".venv" / "bin" / "python"
        return f"{sys.executable} has no {error.name}: use {python}, which `make` sets up."
    if isinstance(error, ValueError) and str(error).startswith("points.toml: "):
        return str(error)  # a course has its own
    if isinstance(error, OSError):
        told = f"{error.filename}: {error.strerror}" if error.filename else error.strerror
        return f"{(told or str(error)).rstrip('.')}. {ADVICE.get(error.errno, '')}".rstrip()
    raise error


if __name__ == "__main__":
    sys.exit(guarded())
