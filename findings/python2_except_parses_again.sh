#!/usr/bin/env bash
# One would guess: a file of Python 2 that says `except ValueError, error:` is a SyntaxError in Python
# 3, as it was from 3.0 to 3.13, so that what does not need translating can be told by parsing it.
# Seen: from CPython 3.14 on it compiles again, without a warning, and means another thing: catch
# ValueError or error (PEP 758). It runs as long as nothing is raised. Then it is a NameError, or where
# something is called `error` a TypeError, and not what stands below. ast.parse still refuses it with
# feature_version=(3, 13).
# What is installed: nothing. It is run by $PYTHON, or python3.14 without it.
set -eu
python=${PYTHON:-python3.14}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat > try.py <<'PYTHON'
import ast
import sys
import warnings

warnings.simplefilter("error")
source = """\
def number(text):
    try:
        return int(text)
    except ValueError, error:
        return 0
"""


def outcome(call):
    try:
        return call()
    except Exception as raised:
        return type(raised).__name__


names = {}
compiled = outcome(lambda: exec(compile(source, "old.py", "exec"), names))
called = [outcome(lambda text=text: names["number"](text)) for text in ("7", "seven")]
names["error"] = "a message"
called.append(outcome(lambda: names["number"]("seven")))
as_before = outcome(lambda: ast.parse(source, feature_version=(3, 13)))
print("Python", sys.version.split()[0])
print("compiled, with warnings as errors:", compiled or "yes")
print("number('7'):", called[0])
print("number('seven'), which gives 0 in Python 2:", called[1])
print("the same where something is called error:", called[2])
print("ast.parse with feature_version=(3, 13):", as_before)
sys.exit((compiled, called, as_before) != (None, [7, "NameError", "TypeError"], "SyntaxError"))
PYTHON
"$python" try.py
