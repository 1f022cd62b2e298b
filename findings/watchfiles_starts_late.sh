#!/usr/bin/env bash
# One would guess: from the call of watch(folder) on, the folder is watched, so that
# `changes = watch(folder); build(); for change in changes: build()` misses nothing.
# Seen: watch is a generator and sets up its watcher when it is first asked for changes. What is
# saved between the call and that moment is never told, then or later. (issue 358 of watchfiles asks
# for an option.) A first next() that ends by rust_timeout, with yield_on_timeout, is a way round.
# What is installed: watchfiles 1.3.0, in a temporary folder.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check watchfiles==1.3.0
cat > try.py <<'PYTHON'
import importlib.metadata
import sys
from pathlib import Path

from watchfiles import watch


def told(name, asked_before):
    """The names that watch tells of, where one file is saved after its call."""
    folder = Path(name)
    folder.mkdir()
    changes = watch(folder, rust_timeout=1000, yield_on_timeout=True, debounce=100)
    if asked_before:
        next(changes)  # nothing yet: the time is over
    (folder / "saved.txt").write_text("text")
    return [Path(path).name for _, path in next(changes) | next(changes)]


called, asked = told("called", False), told("asked", True)
print("Python", sys.version.split()[0], "watchfiles", importlib.metadata.version("watchfiles"))
print("saved after watch() was called:", called)
print("saved after watch() was called and asked once:", asked)
sys.exit((called, asked) != ([], ["saved.txt"]))
PYTHON
venv/bin/python try.py
