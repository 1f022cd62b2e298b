"""`python -m assignment COMMAND`: what make does, on any system."""

import argparse
import contextlib
import subprocess
import sys
from pathlib import Path


def main():
    parser = argparse.ArgumentParser(prog="python -m assignment", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("progress", help="right, wrong or to do: a table of all exercises")
    check = commands.add_parser(
        "check", help="what is wrong with one's exercises, or with a hand-in"
    )
    check.add_argument("names", nargs="*", metavar="NAME", help="exercises; all, if none is named")
    check.add_argument(
        "--submission", metavar="PATH", help="a folder, .zip, .tar.gz, notebook or .py file"
    )
    check.add_argument("--json", action="store_true", help="as data; see verdicts.schema.json")
    commands.add_parser("watch", help="check again whenever one of the five files is saved")
    hint = commands.add_parser("hint", help="a hint for an exercise, one at a time")
    hint.add_argument("name", metavar="NAME")
    hint.add_argument("number", nargs="?", type=int, default=1, metavar="NUMBER")
    reset = commands.add_parser("reset", help="blank one exercise; your file is kept beside it")
    reset.add_argument("name", metavar="NAME")
    derivations = commands.add_parser(
        "derivations", help="every line of the derivations, tried on random numbers"
    )
    derivations.add_argument("--json", action="store_true", help="as data")
    commands.add_parser("data", help="fetch the full CIFAR-10: 60,000 images, 180 MB on disk")
    net = commands.add_parser("net", help="train the best two-layer net, or go on with it")
    net.add_argument("--seed", type=int, default=0, help="of all random numbers")
    net.add_argument("--quick", action="store_true", help="the images that ship, in seconds")
    net.add_argument("--restart", action="store_true", help="forget an earlier training")
    bench = commands.add_parser("bench", help="how fast the reference is, beside other libraries")
    bench.add_argument("--quick", action="store_true", help="on the images that ship: a minute")
    commands.add_parser("site", help="execute the notebooks with the reference; results/site")
    commands.add_parser("stubs", help="write the five stubs anew; an edited file is kept beside it")
    commands.add_parser("clean", help="strip outputs, counts and metadata from the notebooks")
    run = commands.add_parser("with", help="run a command with five files laid over the stubs")
    run.add_argument("folder", type=Path, help="the five files, e.g. assignment/solutions")
    run.add_argument("run", nargs=argparse.REMAINDER, metavar="...", help="the command to run")
    arguments = parser.parse_args()
    sys.stdout.reconfigure(errors="replace")  # a console that has no ✓ shows a ? instead

    # Each command imports what it needs, so that none waits for the others' libraries.
    if arguments.command in ("progress", "check", "watch"):
        from assignment.checking.nursery import Lost, nursery

        with contextlib.suppress(Lost):
            nursery()  # it gets ready while this process does
    if arguments.command == "progress":
        from assignment.checking.faces import progress

        return 0 if progress() else 1
    if arguments.command == "check":
        from assignment.checking.exercises import find
        from assignment.checking.faces import report
        from assignment.checking.submission import NoHandIn

        try:
            exercises = [find(name) for name in arguments.names]
        except ValueError as error:
            parser.error(str(error))
        try:
            return 0 if report(exercises, arguments.submission, arguments.json) else 1
        except NoHandIn as error:
            parser.error(str(error))
    if arguments.command == "watch":
        from assignment.checking.watch import watch

        watch()
        return 0
    if arguments.command == "hint":
        from assignment.checking.faces import hint

        try:
            hint(arguments.name, arguments.number)
        except ValueError as error:
            parser.error(str(error))
        return 0
    if arguments.command == "reset":
        from assignment.checking.exercises import find
        from assignment.checking.stubs import own_folder, reset

        try:
            path, kept = reset(find(arguments.name), own_folder())
        except ValueError as error:
            parser.error(str(error))
        print(
            f"{path.name} has its blank again; yours is kept as {kept.name}"
            if kept
            else f"{arguments.name} is blank already"
        )
        return 0
    if arguments.command == "derivations":
        from assignment.derivations.report import report

        return 0 if report(as_json=arguments.json) else 1
    if arguments.command == "data":
        from assignment.given.download import fetch

        return fetch()
    if arguments.command == "net":
        from assignment.further.best_net import command

        return command(arguments.seed, arguments.quick, arguments.restart)
    if arguments.command == "bench":
        from assignment.bench.run import bench

        return bench(arguments.quick)
    if arguments.command == "site":
        from assignment.site.build import build

        try:
            return build()
        except RuntimeError as error:
            sys.exit(str(error))
    if arguments.command == "stubs":
        from assignment.checking.stubs import write_stubs

        for written, kept in write_stubs():
            print(f"wrote {written.name}" + (f", kept yours as {kept.name}" if kept else ""))
        return 0
    if arguments.command == "clean":
        from assignment.notebook.clean import clean_all

        clean_all()
        return 0
    if not arguments.folder.is_dir():
        parser.error(f"{arguments.folder} is not a folder.")
    if not arguments.run:
        parser.error("name a command to run, e.g. pytest --nbval-lax notebooks")
    from assignment.checking.stubs import environment_with

    return subprocess.run(arguments.run, env=environment_with(arguments.folder)).returncode


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:  # what was running for it has been ended
        sys.exit(130)
    except ModuleNotFoundError as error:
        python = Path(__file__).parents[1] / ".venv" / "bin" / "python"
        sys.exit(f"{sys.executable} has no {error.name}: use {python}, which `make` sets up.")
