"""A hand-in: found under any name (find.py), read (read.py) and imported (load.py)."""

from assignment.checking.submission.find import HandIn, find_files
from assignment.checking.submission.load import Submission, prepare
from assignment.checking.submission.read import read
from assignment.checking.submission.unpack import NoHandIn

__all__ = ["HandIn", "NoHandIn", "Submission", "find_files", "prepare", "read"]
