"""Files are written whole or not at all, and what two must not do at once is done in turn."""

import contextlib
import os
import shutil
import tempfile
import time
from functools import cache
from itertools import count
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows, or a browser tab, where nothing is written by two
    fcntl = None
    with contextlib.suppress(ImportError):
        import msvcrt


class Busy(OSError):
    """Somebody else is at it; the message says at what, in a sentence."""


def write(path, content, keep=False):
    """Write a file: whatever happens, the old one or the new stands whole under its name.

    Parameters
    ----------
    path : Path
    content : bytes
    keep : bool, whether the old file stays, under a name beside it that nobody has

    Returns
    -------
    Path of the old file as it is kept, or None

    Raises
    ------
    OSError : it cannot be written; the old file is as it was
    """
    partial = path.with_name(f"{path.name}.{os.urandom(4).hex()}.partial")
    kept = None
    try:
        with partial.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            shutil.copymode(path, partial)
            # Right before it goes, so that an editor's last save is kept too.
            kept = _kept(path) if keep else None
        partial.replace(path)
    except BaseException as error:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)
        if isinstance(error, OSError):
            error.filename, error.filename2 = str(path), None  # what the user knows
        raise
    return kept


FORGOTTEN = 3600  # seconds after which a folder of a process that is no more is nobody's


def temporary_folder():
    """A TemporaryDirectory of this process; first it removes what killed ones have left behind."""
    _remove_forgotten()
    return tempfile.TemporaryDirectory(
        prefix=f"classifiers-{os.getpid()}-", ignore_cleanup_errors=True
    )


@cache  # once in each process
def _remove_forgotten():
    if fcntl is None:  # where to ask for a process is to end it
        return
    for folder in Path(tempfile.gettempdir()).glob("classifiers-*-*"):
        with contextlib.suppress(OSError, ValueError):
            about, owner = folder.lstat(), int(folder.name.split("-")[1])
            if about.st_uid == os.getuid() and time.time() - about.st_mtime > FORGOTTEN:
                try:
                    os.kill(owner, 0)
                except ProcessLookupError:
                    shutil.rmtree(folder, ignore_errors=True)


def _kept(path):
    """The file under a second name: softmax.py.kept-1, or the first number that is not taken."""
    for number in count(1):
        kept = path.with_name(f"{path.name}.kept-{number}")
        with contextlib.suppress(FileExistsError):
            try:
                os.link(path, kept)
            except FileExistsError:
                raise
            except OSError:  # a file system without links
                _copy(path, kept)
            return kept


def _copy(path, kept):
    with kept.open("xb") as file:
        try:
            file.write(path.read_bytes())
            file.flush()
            os.fsync(file.fileno())
        except BaseException:
            kept.unlink()
            raise


@contextlib.contextmanager
def alone(path, busy=None):
    """Let one process at a time be within. The system lets go of what a killed one held.

    Parameters
    ----------
    path : Path of a file that is there meanwhile
    busy : str, what is told if somebody else is within; None to wait instead

    Raises
    ------
    Busy : somebody else is within
    """
    while True:
        file = _opened(path)
        locked = _lock(file, wait=busy is None)
        if locked and _is_at(file, path):  # or else whoever had it has just removed it
            break
        file.close()
        if not locked and busy is not None:
            raise Busy(busy)
    try:
        yield
    finally:
        steps = [path.unlink, file.close]
        for step in steps if fcntl else reversed(steps):
            with contextlib.suppress(OSError):  # on Windows somebody else may have it open
                step()


def _opened(path):
    try:
        return path.open("ab")
    except OSError as error:
        error.filename = str(path.parent)  # is what nothing can be written to
        raise


def _is_at(file, path):
    with contextlib.suppress(FileNotFoundError):
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    return False


def _lock(file, wait):
    """Lock a file; False if somebody else has it, True also where files cannot be locked."""
    try:
        if fcntl:
            fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        else:
            msvcrt.locking(file.fileno(), msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK, 1)
    except BlockingIOError:
        return False
    except OSError:
        return fcntl is not None
    return True
