"""All files of what was handed in, with archives as if they were folders."""

import os
import re
from dataclasses import dataclass
from pathlib import Path

from assignment.checking.submission import read
from assignment.checking.submission.names import likeness
from assignment.checking.submission.reference import is_ours
from assignment.checking.submission.unpack import (
    COPIES,
    MOST_ENTRIES,
    NoHandIn,
    Unpacker,
    inside,
    is_packed,
)
from assignment.checking.submission.year import KNOWN

PYTHON = re.compile(r".*\.(?:pyw?|py\.txt|txt|ipynb)", re.IGNORECASE)
LARGEST = 50 * 2**20  # bytes of a file that is looked at
DEPTH = 3  # of archives in archives
DEEPEST = 20  # folders in folders; whoever nests them deeper has no names for their files


@dataclass(frozen=True)
class Found:
    """One file: where it can be read, and how it is told, as its path in what was handed in."""

    path: Path
    shown: Path

    @property
    def holder(self):
        """The folder it stands in, as it is told."""
        return self.shown.parent

    @property
    def means(self):
        """Which of the known files it is by its name, or None."""
        return (likeness(self.shown.name) or (None, None))[0]

    @property
    def level(self):
        """How far its name is from that: see names.py."""
        return (likeness(self.shown.name) or (None, None))[1]

    def __str__(self):
        return self.shown.as_posix()


class Collection:
    """The files below a path, as a list of Found, and sentences on what could not be opened.

    Raises
    ------
    NoHandIn : there is nothing of that name, or it cannot be opened
    """

    def __init__(self, path):
        self.files, self.notes = [], []
        self.is_single = path.is_file() and not is_packed(path)
        self._unpacker = Unpacker(self.notes)
        self._backslashed = None  # where files go whose names are paths of Windows
        if path.is_dir():
            self._walk(path, Path())
        elif is_packed(path):
            self._walk(self._unpacker.unpack(path, path.name), Path())
        elif self.is_single and PYTHON.fullmatch(path.name):
            self._add(path, Path(path.name))
        else:
            none = "no folder" if self.is_single else "not a folder"
            raise NoHandIn(
                f"{path} is {none}. Please name a folder, a .zip or .tar.gz, a notebook or a .py "
                "file that is there."
            )

    def close(self):
        """Remove what has been unpacked."""
        self._unpacker.close()

    def _walk(self, folder, shown, depth=1):
        """All files below a folder, through links, each folder once."""
        seen = set()
        for place, folders, files in os.walk(folder, followlinks=True):
            if (real := os.path.realpath(place)) in seen:
                folders.clear()
                continue
            seen.add(real)
            folders[:] = sorted(
                name for name in folders if not COPIES.fullmatch(name) and not is_ours(place, name)
            )
            if len(self.files) + len(files) > MOST_ENTRIES:
                raise NoHandIn(
                    f"There are more than {MOST_ENTRIES:,} files in {folder}, or in what it links "
                    "to. Please name the folder that holds the five."
                )
            below = shown / Path(place).relative_to(folder)
            if len(below.parts) >= DEEPEST:
                folders.clear()
            for name in sorted(files):
                if name.startswith("._"):  # what macOS notes beside a file
                    continue
                self._meet(Path(place, name), below / name, depth)

    def _meet(self, path, shown, depth):
        if is_packed(path):
            self._open(path, shown, depth)
        elif "\\" in path.name and (real := inside(path.name)) and path.is_file():
            # Windows packed it; what took it apart did not know the backslash.
            self._backslashed = self._backslashed or self._unpacker.new_folder()
            copied = self._backslashed / shown.parent / real
            copied.parent.mkdir(parents=True, exist_ok=True)
            copied.write_bytes(path.read_bytes())
            self._add(copied, shown.parent / real)
        else:
            self._add(path, shown)

    def _open(self, path, shown, depth):
        """An archive among the files: if it cannot be opened, that is told, and no more."""
        if depth > DEPTH:
            self.notes.append(f"{shown.as_posix()} is not opened: it is packed too often.")
            return
        try:
            folder = self._unpacker.unpack(path, shown.as_posix())
        except NoHandIn as error:
            self.notes.append(str(error))
        else:
            self._walk(folder, shown, depth + 1)

    def _add(self, path, shown):
        self.files.append(Found(path, shown))
        if read.is_notebook(path) and "%%" in text_of(path):
            self.files += [Found(path / name, shown / name) for name in _written(path)]


def _written(path):
    """The known files that a notebook writes."""
    try:
        return [name for name in read.files_written(path) if name in KNOWN]
    except SyntaxError:
        return []


def bytes_of(path):
    """What a file holds; nothing, if it cannot be read or is too large for a hand-in."""
    try:
        holder = path if path.exists() else path.parent  # of a file that a notebook writes
        fit = holder.is_file() and holder.stat().st_size <= LARGEST
        return read.raw(path) if fit else b""
    except OSError:
        return b""


def text_of(path):
    return read.decoded(bytes_of(path), path.name)[0]
