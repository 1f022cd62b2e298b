#!/usr/bin/env bash
# One would guess: the fixers that turn Python 2 into Python 3 touch `list.sort(cmp)`, which is gone,
# and leave a call such as np.sort(x) alone; and what they write is at the line where it was.
# Seen: any call of a method `sort` with one argument, on whatever it is called, gets that argument as
# key=, so that np.sort(x) becomes np.sort(key=cmp_to_key(x)), which no NumPy takes. And fixers that
# need an import (reduce, sort) put it on top, so that all lines below move down by one.
# What is installed: fissix 24.4.24, in a temporary folder.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check fissix==24.4.24
cat > try.py <<'PYTHON'
import importlib.metadata
import sys
import warnings

warnings.simplefilter("ignore")
from fissix.refactor import RefactoringTool, get_fixers_from_package

tool = RefactoringTool(get_fixers_from_package("fissix.fixes"))
source = "import numpy as np\nlabels = np.sort(nearest)\ntotal = reduce(f, labels)\n"
lines = str(tool.refactor_string(source, "example")).splitlines()
print("fissix", importlib.metadata.version("fissix"))
print("\n".join(f"{number}  {line}" for number, line in enumerate(lines, start=1)))
changed = any("np.sort(key=" in line for line in lines)
moved = len(lines) - len(source.splitlines())
print("np.sort(x) is changed:", changed, "  lines moved down by:", moved)
sys.exit(not changed or moved < 1)
PYTHON
venv/bin/python try.py
