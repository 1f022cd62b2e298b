#!/usr/bin/env bash
# One would guess: PyTorch's gradcheck, which refuses an expanded tensor because it "only supports
# inputs that are non-overlapping", refuses sliding windows (Tensor.unfold, as_strided) as well.
# Seen: it looks for strides of 0 alone. Windows are moved in place, several entries with each step,
# and the right gradient of a sum of squares ends as "Jacobian mismatch"; a clone of them passes.
# (Pull request 38877 of pytorch left a TODO for it, in 2020.)
# What is installed: torch 2.13.0, in a temporary folder (a gigabyte or more, unless pip is set to
# take wheels for the CPU).
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check torch==2.13.0
cat > try.py <<'PYTHON'
import sys

import torch


def said(x):
    try:
        passed = torch.autograd.gradcheck(lambda x: (x**2).sum(), x.requires_grad_())
        return "passes" if passed else "fails"
    except RuntimeError as error:
        return str(error).splitlines()[0]


row = torch.arange(1.0, 6.0, dtype=torch.float64)
expanded = said(row[:1].expand(3))
windows = said(row.unfold(0, 3, 1))
cloned = said(row.unfold(0, 3, 1).clone())
print("Python", sys.version.split()[0], "torch", torch.__version__)
print("an expanded tensor:", expanded)
print("sliding windows:", windows)
print("their clone:", cloned)
seen = "non-overlapping" in expanded, "Jacobian mismatch" in windows, cloned == "passes"
sys.exit(seen != (True, True, True))
PYTHON
venv/bin/python -W ignore try.py
