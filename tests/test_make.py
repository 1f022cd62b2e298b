"""`make` lists its targets, README.md says how to do without it, an old Python gets a sentence."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from assignment.__main__ import PARSER
from assignment.notebook.clean import LESSONS, START

ROOT = Path(__file__).resolve().parents[1]
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
TARGETS = re.findall(r"^([a-z-]+):.*  ## ", MAKEFILE, flags=re.MULTILINE)

needs_make = pytest.mark.skipif(not shutil.which("make"), reason="make is not installed")


def make(*arguments, **variables):
    """make as a person calls it, although `PYTHON=... make check` runs this test."""
    its_own = re.compile(r"MAKE|MFLAGS|PYTHON$")
    environment = {k: v for k, v in os.environ.items() if not its_own.match(k)}
    environment |= variables
    command = ["make", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)


def complaint(*arguments, **variables):
    """The one sentence that make gives for what it cannot do."""
    done = make(*arguments, **variables)
    assert done.returncode != 0
    (said,) = (line for line in done.stderr.splitlines() if not line.startswith("make"))
    return said


@needs_make
def test_make_alone_lists_every_target_with_a_line():
    listed = [line.split()[0] for line in make().stdout.splitlines() if len(line.split()) > 2]
    assert listed == TARGETS and len(TARGETS) > 8


def test_make_executes_all_lessons():
    named = re.search(r"^LESSONS := .*,(.*)\)$", MAKEFILE, flags=re.MULTILINE)[1].split()
    assert sorted(named) == sorted((*LESSONS, START))


def test_every_target_is_phony():
    phony = re.search(r"^\.PHONY: (.*)", MAKEFILE, flags=re.MULTILINE)[1].split()
    assert sorted(phony) == sorted(TARGETS)


@needs_make
@pytest.mark.parametrize("said", ["grade SUBMISSIONS", "release DIR"])
def test_a_folder_may_have_any_name_and_lie_in_the_home_folder(said):
    command, name = said.split()
    (line,) = re.findall(
        rf"assignment ({command} .*)", make("-n", command, f"{name}=~/a (1)").stdout
    )
    folders = vars(PARSER.parse_args(shlex.split(line))).values()
    home = Path.home() / "a (1)"
    assert home in folders or [home] in folders


def test_the_readme_says_how_to_do_without_make():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    own = {"help", "check", "check-colab", "lock"}  # a list, sums, and for maintainers alone
    missing = [
        target for target in TARGETS if target not in own and f"| `make {target}` |" not in readme
    ]
    assert not missing, f"README.md has no row for {missing}"


@needs_make
def test_an_old_python_gets_one_sentence(tmp_path):
    old = tmp_path / "python3.10"
    pretend = "import sys; sys.version_info = (3, 10, 1); exec(sys.argv[1])"
    old.write_text(f'#!/bin/sh\nexec "{sys.executable}" -c "{pretend}" "$2"\n')
    old.chmod(0o755)
    said = complaint("progress", f"PYTHON={old}")
    assert "needs Python 3.11 or newer" in said and "3.10" in said


@needs_make
def test_a_python_that_is_not_there_gets_one_sentence():
    said = complaint("progress", "PYTHON=no-such-python")
    assert said.startswith("no-such-python cannot be run: install Python 3.11 or newer")


def set_up(folder, *names):
    """A folder in which make finds everything set up that the names say, and nothing else."""
    for name in ("requirements.txt", "pyproject.toml", *(f"requirements-{n}.txt" for n in names)):
        (folder / name).touch()
    (folder / ".venv" / "bin").mkdir(parents=True)
    python = folder / ".venv" / "bin" / "python"
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    for name in ("{}.{}".format(*sys.version_info), *names):
        (folder / ".venv" / f"ready-{name}").touch()
    (folder / "Makefile").write_text(MAKEFILE, encoding="utf-8")


@needs_make
@pytest.mark.parametrize(
    "fails, by", [("none", "-m uv pip"), ("-m uv", "-m pip"), ("--only-binary uv", "-m pip")]
)
def test_what_uv_cannot_install_pip_does(fails, by, tmp_path):
    set_up(tmp_path)
    (tmp_path / ".venv" / "ready-{}.{}".format(*sys.version_info)).unlink()
    (tmp_path / ".venv" / "bin" / "python").write_text(
        f"""#!/bin/sh
        case "$*" in
        *"{fails}"*) echo "no uv" >&2; exit 1 ;;
        "-m "*) echo "$*" >> calls ;;
        *) exec "{sys.executable}" "$@" ;;
        esac"""
    )
    done = make("-C", tmp_path, "setup")
    assert done.returncode == 0 and not done.stderr
    called = (tmp_path / "calls").read_text().splitlines()[-1]
    assert called.startswith(f"{by} install") and called.endswith("-r requirements.txt")


@needs_make
def test_a_release_needs_a_folder(tmp_path):
    set_up(tmp_path)
    assert complaint("-C", tmp_path, "release") == "Say where: make release DIR=folder"


@needs_make
@pytest.mark.parametrize(
    "target, name", [("progress", "random"), ("lab", "types"), ("test", "numpy")]
)
def test_a_file_that_hides_a_module_gets_one_sentence(target, name, tmp_path):
    set_up(tmp_path)
    (tmp_path / "assignment").symlink_to(ROOT / "assignment")
    (tmp_path / f"{name}.py").touch()
    done = make("-C", tmp_path, target)
    assert done.returncode != 0 and f"{name}.py hides the module {name}" in done.stderr
    assert "Traceback" not in done.stderr and done.stdout.count("\n") <= 2


@needs_make
def test_a_file_that_hides_nothing_is_let_be(tmp_path):
    set_up(tmp_path)
    (tmp_path / "assignment").symlink_to(ROOT / "assignment")
    (tmp_path / "mine.py").touch()
    assert make("-C", tmp_path, "setup").returncode == 0


@needs_make
def test_a_computer_without_a_browser_gets_one_sentence(tmp_path):
    for tool in ("make", "sh"):  # and no apt-get that could install one
        (tmp_path / tool).symlink_to(shutil.which(tool))
    set_up(tmp_path, "site")
    said = complaint("-C", tmp_path, "check-browser", PATH=str(tmp_path), CHROMIUM="")
    assert said.startswith("There is no Chromium: install the package chromium, or name")


@needs_make
def test_a_browser_that_is_not_there_gets_one_sentence():
    said = complaint("check-browser", "--assume-old=.venv/ready-site", CHROMIUM="no-such-browser")
    assert said == "CHROMIUM=no-such-browser is no program."


@needs_make
def test_a_python_that_colab_does_not_have_gets_one_sentence(tmp_path):
    set_up(tmp_path)
    (tmp_path / "requirements-colab.txt").touch()
    said = complaint("-C", tmp_path, "check-colab", COLAB_PYTHON="none")
    assert said.startswith("Colab has Python 3.12, which none is not: say COLAB_PYTHON=")


@needs_make
def test_ci_calls_make_and_nothing_else():
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    commands = [line for line in script if line and not line.startswith("#")]
    assert len(commands) == 1 and commands[0].endswith("exec make check")
    workflow = (ROOT / ".github" / "workflows" / "check.yml").read_text(encoding="utf-8")
    checks = ["make check", "make check-colab", "make check-browser"]
    assert re.findall(r"- run: (.*)", workflow) == checks
    publish = (ROOT / ".github" / "workflows" / "site.yml").read_text(encoding="utf-8")
    assert re.findall(r"- run: (.*)", publish) == ["make site"]
