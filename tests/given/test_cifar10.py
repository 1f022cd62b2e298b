"""The images are the published ones in their order, or a sentence says which file is not."""

import hashlib
import shutil
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from assignment.given import cifar10
from assignment.given.cifar10 import (
    CLASSES,
    DATASETS,
    FULL,
    TEST_BATCH,
    TRAIN_BATCHES,
    load_cifar10,
    published_sha256,
)


@pytest.fixture(autouse=True, scope="module")
def _read_once():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cifar10, "_read_shipped", cache(cifar10._read_shipped))
        yield


@pytest.fixture(scope="module")
def data():
    return load_cifar10()


# What ships.


@pytest.mark.parametrize("name, count", [("train", 4500), ("val", 500), ("test", 1000)])
def test_images_are_float32_from_0_to_255_and_all_ten_classes_occur(name, count, data):
    X, y = getattr(data, f"X_{name}"), getattr(data, f"y_{name}")
    assert X.shape == (count, 3072) and y.shape == (count,)
    assert (X.dtype, X.min(), X.max(), y.dtype) == (np.float32, 0, 255, np.intp)
    np.testing.assert_array_equal(np.unique(y), np.arange(10))


def test_another_dtype_can_be_asked_for():
    data = load_cifar10(num_train=2, num_val=1, num_test=1, dtype=np.float64)
    assert data.X_train.dtype == data.X_val.dtype == data.X_test.dtype == np.float64


def test_the_first_labels_and_pixels_are_the_published_ones(data):
    assert [CLASSES[y] for y in data.y_train[:4]] == ["frog", "truck", "truck", "deer"]
    assert [CLASSES[y] for y in data.y_test[:4]] == ["cat", "ship", "ship", "airplane"]
    # Red, green and blue at the top left of the first frog and the first cat.
    np.testing.assert_array_equal(data.X_train[0].reshape(32, 32, 3)[0, 0], [59, 62, 63])
    np.testing.assert_array_equal(data.X_test[0].reshape(32, 32, 3)[0, 0], [158, 112, 49])


def test_the_splits_stand_in_order_and_do_not_overlap(data, shipped):
    np.testing.assert_array_equal(np.vstack([data.X_train, data.X_val]), shipped.X_train)
    np.testing.assert_array_equal(np.hstack([data.y_train, data.y_val]), shipped.y_train)


def test_a_subsample_is_the_first_images_of_each_set(data):
    small = load_cifar10(num_train=30, num_val=20, num_test=10)
    np.testing.assert_array_equal(small.X_train, data.X_train[:30])
    np.testing.assert_array_equal(small.X_val, data.X_train[30:50])
    np.testing.assert_array_equal(small.y_val, data.y_train[30:50])
    np.testing.assert_array_equal(small.X_test, data.X_test[:10])


def test_no_image_of_the_test_set_is_in_the_training_set(shipped):
    known = {image.tobytes() for image in shipped.X_train}
    assert not [i for i, image in enumerate(shipped.X_test) if image.tobytes() in known]


@pytest.mark.parametrize(
    "asked, sentence",
    [
        ({"num_train": 5001, "num_val": 0}, "num_train.* is 5,001, but there are 5,000 images"),
        ({"num_train": 4501}, "num_train.* is 5,001, but there are 5,000 images.*full=True"),
        ({"num_test": 1001}, "num_test is 1,001, but there are 1,000 images"),
        ({"num_val": 5001}, "num_val"),
        ({"num_train": -1}, "num_train"),
        ({"num_val": -1}, "num_val"),
        ({"num_test": -1}, "num_test"),
    ],
    ids=str,
)
def test_as_many_images_as_there_are_not_is_a_sentence(asked, sentence):
    with pytest.raises(ValueError, match=sentence):
        load_cifar10(**asked)


def test_the_shipped_data_is_16_MB_at_most():
    size = sum(path.stat().st_size for path in DATASETS.iterdir() if path.is_file())
    assert size <= 16e6, f"datasets/ has {size / 1e6:.1f} MB"


def test_every_shipped_file_has_its_checksum():
    there = {path.name for path in DATASETS.iterdir() if path.suffix in (".png", ".txt")}
    assert there - {"checksums.txt"} == set(published_sha256()) - {*TRAIN_BATCHES, TEST_BATCH}


@pytest.mark.skipif(not (FULL / TEST_BATCH).is_file(), reason="needs the full set: `make data`")
@pytest.mark.parametrize(
    "kind, file, count", [("train", "data_batch_1.bin", 5000), ("test", TEST_BATCH, 1000)]
)
def test_the_shipped_images_are_the_first_of_the_full_set(kind, file, count):
    records = np.fromfile(FULL / file, dtype=np.uint8, count=count * 3073).reshape(count, 3073)
    full = records[:, 1:].reshape(count, 3, 1024).transpose(0, 2, 1).reshape(count, 3072)
    data = load_cifar10(num_val=0)
    np.testing.assert_array_equal(getattr(data, f"X_{kind}"), full)
    np.testing.assert_array_equal(getattr(data, f"y_{kind}"), records[:, 0])


# The mean image and the bias trick.


@pytest.fixture
def few():
    return load_cifar10(num_train=90, num_val=40, num_test=20)


def test_the_mean_of_the_training_images_alone_is_subtracted_from_all_three_sets(few):
    before = few.X_val.copy()
    centred = few.centred()
    assert np.abs(centred.X_train.mean(axis=0, dtype=np.float64)).max() < 1e-4
    for name in ("X_train", "X_val", "X_test"):
        difference = getattr(few, name) - getattr(centred, name)
        np.testing.assert_allclose(difference[[0, -1]], [few.mean_image] * 2, atol=1e-4)
    others = replace(few, X_val=few.X_val + 50, X_test=few.X_test + 50)
    message = "a mean over the validation or test images lets them into the training"
    np.testing.assert_array_equal(others.mean_image, few.mean_image, message)
    few.centred(bias=True)
    np.testing.assert_array_equal(few.X_val, before, "the images themselves stay")


def test_the_bias_column_is_the_last_and_is_1(few):
    with_bias, without = few.centred(bias=True), few.centred()
    for name in ("X_train", "X_val", "X_test"):
        X = getattr(with_bias, name)
        assert X.shape[1] == 3073 and X.dtype == np.float32
        np.testing.assert_array_equal(X[:, -1], np.ones(len(X)))
        np.testing.assert_array_equal(X[:, :-1], getattr(without, name))


# Files that are not what they should be.


def tamper(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def truncate(path):
    path.write_bytes(path.read_bytes()[:-1])


def remove(path):
    path.unlink()


def assert_told(name, damage, place, mends, **options):
    """A damaged file is named in one line, with what mends it."""
    damage(place / name)
    error = FileNotFoundError if damage is remove else ValueError
    with pytest.raises(error) as caught:
        load_cifar10(**options)
    message = str(caught.value)
    assert f"{place / name} is {'missing' if damage is remove else 'damaged'}" in message
    assert all(mend in message for mend in mends) and "\n" not in message


@pytest.fixture
def copied(tmp_path):
    """A folder with all that ships."""
    for path in filter(Path.is_file, DATASETS.iterdir()):
        shutil.copy(path, tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    "name, damage",
    [
        ("train_03.png", remove),
        ("train_03.png", tamper),
        ("train_labels.txt", truncate),
        ("test_01.png", truncate),
        ("test_labels.txt", tamper),
        ("test_labels.txt", remove),
    ],
)
def test_a_bad_shipped_file_is_named_with_its_mend(name, damage, copied):
    assert_told(name, damage, copied, [f"git checkout -- datasets/{name}"], folder=copied)


@pytest.mark.parametrize("name", ["train_05.png", "test_02.png", "train_labels.txt"])
def test_a_checksum_that_is_gone_does_not_shift_the_labels(name, copied):
    checksums = copied / "checksums.txt"
    lines = checksums.read_text().splitlines(keepends=True)
    checksums.write_text("".join(line for line in lines if name not in line))
    with pytest.raises(ValueError, match=r"checksums\.txt is damaged"):
        load_cifar10(folder=copied)


# The full set, in small: 20 records a file.


@pytest.fixture
def fake_full(tmp_path, rng):
    """(folder, records by file name) of six files in the layout of the binary version."""
    (tmp_path / FULL.name).mkdir()
    records, lines = {}, []
    for name in (*TRAIN_BATCHES, TEST_BATCH):
        records[name] = rng.integers(0, 256, size=(20, 3073), dtype=np.uint8)
        records[name][:, 0] %= 10
        (tmp_path / FULL.name / name).write_bytes(records[name].tobytes())
        lines.append(f"{hashlib.sha256(records[name].tobytes()).hexdigest()}  {name}\n")
    (tmp_path / "checksums.txt").write_text("# a comment\n\n" + "".join(lines))
    return tmp_path, records


def test_the_full_set_is_read_batch_after_batch(fake_full):
    folder, records = fake_full
    data = load_cifar10(full=True, num_val=30, folder=folder)
    labels = np.concatenate([records[name][:, 0] for name in TRAIN_BATCHES])
    np.testing.assert_array_equal(np.append(data.y_train, data.y_val), labels)
    np.testing.assert_array_equal(data.y_test, records[TEST_BATCH][:, 0])
    assert len(data.y_val) == 30
    # A record is a label, then all red, all green, all blue.
    planes = records["data_batch_2.bin"][3, 1:].reshape(3, 32, 32)
    picture = data.X_train[23].reshape(32, 32, 3)
    np.testing.assert_array_equal(picture.transpose(2, 0, 1), planes)
    # By default 1,000 images are for validation.
    with pytest.raises(ValueError, match="is 1,000, but there are 100 images"):
        load_cifar10(full=True, num_train=0, folder=folder)


@pytest.mark.parametrize("damage", [remove, tamper, truncate])
@pytest.mark.parametrize("name", ["data_batch_4.bin", TEST_BATCH])
def test_a_bad_file_of_the_full_set_is_named_with_its_mend(name, damage, fake_full):
    folder, _ = fake_full
    mends = "make data", "python -m assignment data"
    options = {"full": True, "num_val": 10, "folder": folder}
    assert_told(name, damage, folder / FULL.name, mends, **options)


def test_a_full_set_that_was_never_fetched_says_make_data(tmp_path):
    shutil.copy(DATASETS / "checksums.txt", tmp_path)
    with pytest.raises(FileNotFoundError, match="data_batch_1.bin is missing: run `make data`"):
        load_cifar10(full=True, folder=tmp_path)
