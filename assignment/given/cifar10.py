"""CIFAR-10 as arrays: the 6,000 images that ship with the suite, or all 60,000.

A. Krizhevsky, "Learning Multiple Layers of Features from Tiny Images", 2009.
"""

import hashlib
import io
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from assignment.given.validation import (
    as_floats,
    require_count,
    require_finite,
    require_float_type,
    require_inputs,
)

DATASETS = Path(__file__).resolve().parents[2] / "datasets"
FULL = DATASETS / "cifar-10-batches-bin"
TRAIN_BATCHES = tuple(f"data_batch_{i}.bin" for i in range(1, 6))
TEST_BATCH = "test_batch.bin"
SHEETS = {
    "train": tuple(f"train_{i:02d}.png" for i in range(1, 11)),
    "test": ("test_01.png", "test_02.png"),
}
CLASSES = (
    "airplane",
    "automobile",
    "bird",
    "cat",
    "deer",
    "dog",
    "frog",
    "horse",
    "ship",
    "truck",
)


@dataclass(frozen=True)
class Cifar10:
    """Training, validation and test images with their labels.

    X_train, X_val, X_test : (N, 3072) images, one per row, as numbers from 0 to 255; a row
        reshaped to (32, 32, 3) is the picture
    y_train, y_val, y_test : (N,) integer labels, indices into CLASSES
    """

    X_train: np.ndarray
    y_train: np.ndarray
    X_val: np.ndarray
    y_val: np.ndarray
    X_test: np.ndarray
    y_test: np.ndarray

    @property
    def mean_image(self):
        """(3072,) mean of the training images; nothing of it comes from the other two sets."""
        X_train = require_inputs(self.X_train, "X_train")
        mean = X_train.mean(axis=0, dtype=np.float64)
        require_finite(mean, X_train=X_train)
        return mean.astype(X_train.dtype)

    def centred(self, bias=False):
        """The same data with the mean image subtracted, and a last column of ones if `bias`.

        With that column, the last row of a weight matrix is the bias vector: the bias trick.
        """

        def transform(name):
            X = as_floats(getattr(self, name), name) - mean
            return np.hstack([X, np.ones((len(X), 1), dtype=X.dtype)]) if bias else X

        mean = self.mean_image
        return replace(self, **{name: transform(name) for name in ("X_train", "X_val", "X_test")})


def load_cifar10(
    full=False, num_train=None, num_val=None, num_test=None, dtype=np.float32, folder=DATASETS
):
    """CIFAR-10, always in its original order: nothing here is random.

    The training images are the first `num_train` of the published training set, the validation
    images the `num_val` that follow them, the test images the first `num_test` of the test set.

    Parameters
    ----------
    full : bool, all 50,000 + 10,000 images (after `make data`), or the 5,000 + 1,000 that ship
    num_train : int; None for all but the validation images
    num_val : int; None for a tenth of the shipped images, or 1,000 of the full set
    num_test : int; None for all
    dtype : np.float32 or np.float64, type of the images
    folder : path of the datasets folder

    Returns
    -------
    Cifar10

    Raises
    ------
    FileNotFoundError : a file is missing; the message says which and how to get it
    ValueError : a file is not the published one, there are not as many images as asked for, or
        dtype is another: whole numbers would wrap round in a difference, and half precision rounds
    """
    if not isinstance(full, bool | np.bool_):
        raise ValueError(f"full must be True or False, but it is {full!r}.")
    if not isinstance(folder, str | Path):
        raise ValueError(f"folder must be a path, but it is {folder!r}.")
    require_float_type(dtype)
    train, test = (_read_full if full else _read_shipped)(Path(folder))
    if num_val is None:
        num_val = 1000 if full else 500
    num_val = require_count(num_val, "num_val", 0)
    if num_train is None:
        num_train = max(len(train[1]) - num_val, 0)
    num_train = require_count(num_train, "num_train", 0)
    num_test = len(test[1]) if num_test is None else require_count(num_test, "num_test", 0)
    for name, wanted, there in (
        ("num_train + num_val", num_train + num_val, len(train[1])),
        ("num_test", num_test, len(test[1])),
    ):
        if wanted > there:
            hint = "" if full else "; full=True has more, after `make data`"
            raise ValueError(f"{name} is {wanted:,}, but there are {there:,} images{hint}.")

    def part(images, start, stop):
        return images[0][start:stop].astype(dtype), images[1][start:stop].astype(np.intp)

    return Cifar10(
        *part(train, 0, num_train),
        *part(train, num_train, num_train + num_val),
        *part(test, 0, num_test),
    )


def published_sha256(folder=DATASETS):
    """dict from file name to SHA-256, as published in datasets/checksums.txt."""
    try:
        lines = (folder / "checksums.txt").read_text(encoding="utf-8").splitlines()
        return dict(reversed(line.split()) for line in lines if line and not line.startswith("#"))
    except (OSError, ValueError):
        raise ValueError(
            f"{folder / 'checksums.txt'} is missing or damaged: restore it with "
            "`git checkout -- datasets/checksums.txt`."
        ) from None


def is_intact(path, sha256):
    """Whether a file is there with that SHA-256."""
    return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == sha256


def _verified(path, checksums, mend):
    """The bytes of a file, if they are the published ones."""
    if path.name not in checksums:
        raise ValueError(
            f"checksums.txt is damaged, it has no line for {path.name}: restore it with "
            "`git checkout -- datasets/checksums.txt`."
        )
    sha256 = checksums[path.name]
    if not path.is_file():
        raise FileNotFoundError(f"{path} is missing: {mend}.")
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != sha256:
        raise ValueError(
            f"{path} is damaged: its {len(content):,} bytes do not have the published SHA-256; "
            f"{mend}."
        )
    return content


def _read_full(folder):
    """(images (N, 3072), labels (N,)) of the training and of the test set, as bytes."""
    checksums = published_sha256(folder)

    def read(names):
        mend = "run `make data` (python -m assignment data) to fetch it"
        records = np.concatenate(
            [
                np.frombuffer(_verified(folder / FULL.name / n, checksums, mend), np.uint8)
                for n in names
            ]
        ).reshape(-1, 3073)
        # A record holds a label, then all red, all green, all blue: colours go last here.
        images = records[:, 1:].reshape(-1, 3, 1024).transpose(0, 2, 1).reshape(-1, 3072)
        return images, records[:, 0]

    return read(TRAIN_BATCHES), read([TEST_BATCH])


def _read_shipped(folder):
    """The same for the images that ship: sheets of 25 x 20 tiles, row by row, labels as text."""
    from PIL import Image

    checksums = published_sha256(folder)

    def read(kind):
        def content(name):
            mend = f"restore it with `git checkout -- datasets/{name}`"
            return _verified(folder / name, checksums, mend)

        images = []
        for name in SHEETS[kind]:
            with Image.open(io.BytesIO(content(name))) as sheet:
                tiles = np.asarray(sheet).reshape(20, 32, 25, 32, 3)
            images.append(tiles.transpose(0, 2, 1, 3, 4).reshape(500, 3072))
        words = content(f"{kind}_labels.txt").decode().split()
        return np.concatenate(images), np.array([CLASSES.index(word) for word in words])

    return read("train"), read("test")
