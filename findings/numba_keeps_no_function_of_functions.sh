#!/usr/bin/env bash
# One would guess: with `cache=True` numba compiles a function once, in the first process that calls
# it, and it says that functions which take compiled functions as arguments can be kept, too (since
# 0.52); each later process loads what is there.
# Seen: what takes a function is kept and never found again. Every process compiles it anew, and
# leaves one file more beside the source, without end and without a word. The same loop is found
# where its function is chosen by the type of an argument (`numba.extending.overload`).
# What is installed: numba 0.68.1 and numpy 2.4.6, in a temporary folder.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check numba==0.68.1 numpy==2.4.6
cat > loops.py <<'PYTHON'
import numpy as np
from numba import njit
from numba.extending import overload


@njit(cache=True)
def square(x):
    return x * x


@njit(cache=True)
def sum_by_argument(X, of_each):
    total = 0.0
    for x in X:
        total += of_each(x)
    return total


def of_each(x):
    return x * x


@overload(of_each)
def chosen(x):
    return lambda x: square(x)


@njit(cache=True)
def sum_by_type(X):
    total = 0.0
    for x in X:
        total += of_each(x)
    return total


X = np.arange(4.0)
assert sum_by_argument(X, square) == sum_by_type(X) == 14
for function in (sum_by_argument, sum_by_type):
    stats = function.stats
    print(function.__name__, "found", sum(stats.cache_hits.values()), end="; ")
PYTHON
seen=""
for process in 1 2 3; do
    told=$(NUMBA_CACHE_DIR="$folder/kept" venv/bin/python loops.py)
    files=$(find kept -name '*sum_by_argument*.nbc' | wc -l)
    others=$(find kept -name '*sum_by_type*.nbc' | wc -l)
    line="${told}files of the first $files, of the second $others"
    echo "process $process: $line"
    seen="$seen$line|"
done
wanted="sum_by_argument found 0; sum_by_type found 0; files of the first 1, of the second 1|"
wanted="${wanted}sum_by_argument found 0; sum_by_type found 1; files of the first 2, of the second 1|"
wanted="${wanted}sum_by_argument found 0; sum_by_type found 1; files of the first 3, of the second 1|"
[ "$seen" = "$wanted" ]
