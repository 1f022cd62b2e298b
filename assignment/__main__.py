"""`python -m assignment COMMAND`: what make does, on any system."""

import argparse
import contextlib
import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path

PARSER = argparse.ArgumentParser(prog="python -m assignment", description=__doc__)
COMMANDS = PARSER.add_subparsers(dest="command", required=True)
FLAG = {"action": "store_true"}


def main():
    arguments = vars(PARSER.parse_args())
    sys.stdout.reconfigure(errors="replace")  # a console that has no ✓ shows a ? instead
    if arguments.pop("command") in ("progress", "check", "watch"):
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


def site():
    with told(RuntimeError, sys.exit):
        return later("site.build.build")()


def stubs():
    for written, kept in later("checking.stubs.write_stubs")():
        print(f"wrote {written.name}" + (f", kept yours as {kept.name}" if kept else ""))


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
    return subprocess.run(line, env=environment).returncode


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
add = command("net", "train the best two-layer net, or go on with it", "further.best_net.command")
add("--seed", type=int, default=0, help="of all random numbers")
add("--quick", **FLAG, help="the images that ship, in seconds")
add("--restart", **FLAG, help="forget an earlier training")
add = command("bench", "how fast the reference is, beside other libraries", "bench.run.bench")
add("--quick", **FLAG, help="on the images that ship: a minute")
command("site", "execute the notebooks with the reference; results/site", site)
command("stubs", "write the five stubs anew; an edited file is kept beside it", stubs)
command("clean", "strip outputs, counts and metadata from the notebooks", clean)
add = command("address", "where the suite is published: written into every file", address)
add("where", nargs="?", metavar="URL", help="https://github.com/OWNER/NAME; else pyproject.toml's")
add = command("with", "run a command with five files laid over the stubs", with_files)
add("folder", type=Path, help="the five files, e.g. assignment/solutions")
add("line", nargs=argparse.REMAINDER, metavar="...", help="the command to run")

if __name__ == "__main__":
    try:
        code = main()
        sys.stdout.flush()
        sys.exit(code)
    except BrokenPipeError:  # as in `check | head`: nobody reads on
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141)  # as what ends by SIGPIPE
    except KeyboardInterrupt:  # what was running for it has been ended
        sys.exit(130)
    except ModuleNotFoundError as error:
        python = Path(__file__).parents[1] / ".venv" / "bin" / "python"
        sys.exit(f"{sys.executable} has no {error.name}: use {python}, which `make` sets up.")
