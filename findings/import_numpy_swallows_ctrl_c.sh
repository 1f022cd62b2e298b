#!/usr/bin/env bash
# One would guess: Ctrl-C while a program imports NumPy raises KeyboardInterrupt, as anywhere, so
# that `except KeyboardInterrupt` around it ends the program without a traceback.
# Seen: where it comes while NumPy's extension imports datetime, PyCapsule_Import puts an ImportError
# in its place, whatever was raised (so with SystemExit of a handler of SIGTERM, too), and NumPy makes
# of that a page on broken installations. A handler that notes the signal knows better.
# What is installed: NumPy 2.4.6, in a temporary folder.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check numpy==2.4.6
cat > try.py <<'PYTHON'
import signal
import sys


class Interrupting:
    """Ctrl-C comes at the moment when datetime is imported."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        if name == "datetime":
            sys.meta_path.remove(Interrupting)
            signal.raise_signal(signal.SIGINT)


sys.meta_path.insert(0, Interrupting)
try:
    import numpy
except BaseException as error:
    print("Python", sys.version.split()[0])
    print("raised:", type(error).__name__)
    print("its last line:", str(error).strip().splitlines()[-1])
    sys.exit(type(error) is not ImportError)
sys.exit("nothing was raised")
PYTHON
venv/bin/python try.py
