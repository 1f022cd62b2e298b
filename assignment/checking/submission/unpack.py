"""What is packed is unpacked into a temporary folder, within limits, and never outside of it."""

import calendar
import contextlib
import errno
import os
import re
import stat
import tarfile
import tempfile
import zipfile
import zlib
from functools import partial
from pathlib import Path, PurePosixPath, PureWindowsPath

from assignment.checking.submission import read
from assignment.checking.submission.names import likeness
from assignment.given.files import temporary_folder

PACKED = re.compile(r".*\.(?:zip|tar|tar\.gz|tgz|tar\.bz2|tar\.xz)", re.IGNORECASE)
# Of an archive these are unpacked; images and data are nobody's hand-in.
WANTED = re.compile(r".*(?:\.(?:py|pyw|txt|ipynb)\b.*|~)", re.IGNORECASE)
# Folders that hold copies which nobody hands in.
COPIES = re.compile(r"\..*|__MACOSX|__pycache__|site-packages|node_modules")

MOST_ENTRIES = 50_000
MOST_BYTES = 2**30

BROKEN = (
    *(zipfile.BadZipFile, zipfile.LargeZipFile, tarfile.TarError, zlib.error, EOFError, OSError),
    *(RuntimeError, NotImplementedError, ValueError, MemoryError),
)


class NoHandIn(ValueError):
    """What was named cannot be looked at; the message says why, in a sentence."""


def is_packed(path):
    """Whether a file is an archive, by its name."""
    return PACKED.fullmatch(path.name) is not None and path.is_file()


class Unpacker:
    """A temporary folder, and how much may still be unpacked into it.

    notes : list of str, which grows by sentences on what was not unpacked
    """

    def __init__(self, notes):
        self.notes = notes
        self._folder = None
        self._entries = MOST_ENTRIES
        self._bytes = MOST_BYTES

    def new_folder(self):
        """An empty folder, which is there as long as this object is."""
        self._folder = self._folder or temporary_folder()
        return Path(tempfile.mkdtemp(dir=self._folder.name))

    def close(self):
        if self._folder:
            self._folder.cleanup()

    def unpack(self, path, shown):
        """The folder into which an archive has been unpacked.

        Raises
        ------
        NoHandIn : it cannot be read, an entry leads out of it, or it is too large
        """
        folder = self.new_folder()
        read.begins(partial(_ended, shown))
        try:
            if zipfile.is_zipfile(path):
                with zipfile.ZipFile(path) as archive:
                    self._unpack(_entries_of_zip(archive), folder, shown)
            else:
                with tarfile.open(path) as archive:
                    self._unpack(_entries_of_tar(archive), folder, shown)
        except NoHandIn:
            raise
        except BROKEN as error:
            if getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT):
                error.filename = tempfile.gettempdir()  # which is no fault of the archive
                raise
            locked = "password" in str(error) or "encrypted" in str(error)
            why = "it needs a password" if locked else "it is damaged, or no archive"
            raise NoHandIn(f"{shown} cannot be unpacked: {why}. Please pack it anew.") from error
        return folder

    def _unpack(self, entries, folder, shown):
        """Look at every name and size first; only then write."""
        wanted = []
        for name, size, time, is_link, opened in entries:
            place = inside(name)
            if place is None:
                raise NoHandIn(f"{shown} has an entry that leads out of it, {name[:80]!r}.")
            self._entries -= 1
            self._bytes -= size
            if self._entries < 0 or self._bytes < 0:
                raise NoHandIn(
                    f"{shown} is too large: it has more than {MOST_ENTRIES:,} files, or "
                    f"{MOST_BYTES >> 20:,} MB. Please pack your own files alone, without data."
                )
            if any(COPIES.fullmatch(part) for part in place.parts[:-1]):
                continue
            if is_link:  # such as those of a virtual environment: none is followed
                if likeness(place.name):
                    told = (
                        f"{shown} has only a link in place of {name[:80]!r}: pack the file itself."
                    )
                    self.notes.append(told)
                continue
            if WANTED.fullmatch(place.name) or PACKED.fullmatch(place.name):
                wanted.append((folder / place, size, time, opened))
        for path, size, time, opened in wanted:
            _write(path, size, opened, shown)
            with contextlib.suppress(OSError, OverflowError, ValueError):  # one that is none
                os.utime(path, (time, time))


def _ended(shown, why):
    return NoHandIn(f"{shown} cannot be unpacked: {why}.")


def _entries_of_zip(archive):
    """(name, size, time, whether it is a link, function that opens it) of each file."""
    for entry in archive.infolist():
        is_link = stat.S_ISLNK(entry.external_attr >> 16)
        time = 0  # some write the 0th of a month
        with contextlib.suppress(ValueError):
            time = calendar.timegm(entry.date_time)
        if not entry.is_dir() and not entry.filename.endswith("\\"):
            yield entry.filename, entry.file_size, time, is_link, lambda e=entry: archive.open(e)


def _entries_of_tar(archive):
    for entry in archive:
        is_link = entry.issym() or entry.islnk()
        if entry.isfile() or is_link:
            opened = partial(archive.extractfile, entry)
            yield entry.name, entry.size, max(entry.mtime, 0), is_link, opened


def _write(path, size, opened, shown):
    """Write an entry, of which no more is read than the archive has promised."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with opened() as source, open(path, "wb") as file:
        while data := source.read(2**20):
            size -= len(data)
            if size < 0:
                raise NoHandIn(f"{shown} is damaged: {path.name} is larger than it says.")
            file.write(data)


def inside(name):
    """The path of an entry below its folder, or None if it leads elsewhere.

    Windows packs with backslashes.
    """
    path = PureWindowsPath(name)
    if path.drive or path.root or ".." in path.parts or "\0" in name:
        return None
    return PurePosixPath(*path.parts)
