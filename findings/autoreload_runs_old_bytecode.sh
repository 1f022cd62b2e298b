#!/usr/bin/env bash
# One would guess: `%autoreload 2 --full` sees every edit of an imported file, or says that it failed.
# Seen: where Python keeps compiled files, two versions of one length that are saved within one
# second give the old code, in silence. autoreload notices that the file is newer and reloads it, but
# Python's loader takes the compiled file, which goes by the time in whole seconds and by the size.
# (Without --full, IPython 9 reads the file itself and sees it; 7.34 and 8.37 are as with it.)
# What is installed: ipython 9.18.1, in a temporary folder. The time of the file is set, so that the
# two saves lie in one second for sure.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check ipython==9.18.1
cat > try.py <<'PYTHON'
import importlib.metadata
import os
import sys
import time

from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.io import capture_output

sys.path.insert(0, os.getcwd())
second = int(time.time()) - 10


def save(answer, moment):
    with open("lesson.py", "w") as file:
        file.write(f"def answer():\n    return {answer}\n")
    os.utime("lesson.py", (moment, moment))


def seen(first, second_moment, second_answer):
    """What a cell sees after a second save."""
    sys.modules.pop("lesson", None)
    save(1, first)
    with capture_output():
        shell.run_cell("import lesson").raise_error()
        shell.run_cell("lesson.answer()").raise_error()
        save(second_answer, second_moment)
        return shell.run_cell("lesson.answer()").result


shell = InteractiveShell.instance()
shell.run_line_magic("load_ext", "autoreload")
shell.run_line_magic("autoreload", "2 --full")
same_second = seen(second, second + 0.5, 2)
longer_file = seen(second, second + 0.7, 22)
later = seen(second, second + 3, 2)
print("Python", sys.version.split()[0], "IPython", importlib.metadata.version("ipython"))
print("the file says 2, saved half a second later, same length:", same_second)
print("the file says 22, saved half a second later, longer:", longer_file)
print("the file says 2, saved three seconds later:", later)
sys.exit((same_second, longer_file, later) != (1, 22, 2))
PYTHON
env -u PYTHONDONTWRITEBYTECODE IPYTHONDIR="$folder/ipython" venv/bin/python try.py
