"""Whatever happens while a file is replaced, its old text is somewhere, and it is there whole."""

import contextlib
import errno
import io
import os
import shutil
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import combinations_with_replacement, count
from pathlib import Path

import pytest

from assignment.checking import stubs
from assignment.checking.exercises import find
from assignment.checking.stubs import SOLUTIONS, make_stub, reset, write_stubs
from assignment.given import files
from assignment.given.files import Busy, alone, write

FILE = "softmax.py"
SOLUTION = (SOLUTIONS / FILE).read_text(encoding="utf-8")
WORK = b"# hours of work\n" + SOLUTION.encode()
CALLS = ("chmod", "fsync", "link", "rename", "replace", "unlink")


@pytest.fixture(autouse=True)
def _one_file(monkeypatch):
    monkeypatch.setattr(stubs, "FILES", (FILE,))
    monkeypatch.setattr(stubs, "_stub_in_git", lambda name: None)


class Disk:
    """Files on which something happens in one operation: it fails, or the process is cut off.

    kind : "fails", once; "full", which it stays; or "cut"
    """

    def __init__(self, number, kind):
        self.left, self.kind = number, kind

    def step(self):
        self.left -= 1
        if self.left == 0 and self.kind == "cut":
            os._exit(1)
        if self.left == 0 or (self.left < 0 and self.kind == "full"):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def mount(self, links=True):
        """For this process; it ends soon."""
        opened = io.open
        io.open = lambda *a, **k: File(opened(*a, **k), self)
        for name in CALLS:
            setattr(os, name, self.before(getattr(os, name)))
        if not links:
            os.link = self.before(self.refuse)

    def before(self, call):
        def with_step(*arguments, **options):
            if call is not os_unlink or self.kind != "full":  # room can always be made
                self.step()
            return call(*arguments, **options)

        return with_step

    def refuse(self, *_):
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))


os_unlink = os.unlink


class File:
    """An open file, half of whose writes have come through when something happens."""

    def __init__(self, file, disk):
        self.file, self.disk = file, disk

    def write(self, data):
        self.file.write(data[: len(data) // 2])
        self.file.flush()
        self.disk.step()
        self.file.write(data[len(data) // 2 :])

    def __getattr__(self, name):
        if name in ("flush", "read"):
            self.disk.step()
        return getattr(self.file, name)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        with self.file:
            self.disk.step()


def accidents(command, folder, links=True):
    """Let something happen in each operation of command(path) in turn; yields how, and the path."""
    for kind in ("fails", "full", "cut"):
        for number in count(1):
            path = folder / kind / str(number) / FILE
            path.parent.mkdir(parents=True)
            path.write_bytes(WORK)
            child = os.fork()
            if child == 0:
                disk = Disk(number, kind)
                with contextlib.suppress(BaseException):
                    disk.mount(links)
                    command(path)
                os._exit(disk.left <= 0)
            _, status = os.waitpid(child, 0)
            yield f"{kind} at {number}", path
            if status == 0:  # there were no more operations
                assert path.read_bytes() != WORK and number > 3, f"{number} operations did nothing"
                break


def lost(path, new):
    """What is wrong after an accident: a sentence, or None."""
    if not path.exists() or path.read_bytes() not in (WORK, new):
        return "under its name stands neither the old file nor the new one"
    if all(other.read_bytes() != WORK for other in path.parent.iterdir()):
        return "the work is nowhere"
    return None


STUB = make_stub(SOLUTION).encode()
COMMANDS = {
    "write": lambda path: write(path, STUB, keep=True),
    "stubs": lambda path: write_stubs(path.parent),
    "reset": lambda path: reset(find("softmax_loss_naive"), path.parent),
}
needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="a process is forked and cut off")


@pytest.fixture
def after(tmp_path):
    """What each command makes of WORK."""
    left = {}
    for name, command in COMMANDS.items():
        path = tmp_path / name / FILE
        path.parent.mkdir()
        path.write_bytes(WORK)
        command(path)
        left[name] = path.read_bytes()
    return left


@needs_fork
@pytest.mark.parametrize("links", [True, False], ids=["links", "no links"])
@pytest.mark.parametrize("name", COMMANDS)
def test_nothing_is_lost_whatever_operation_fails_or_is_the_last(name, links, after, tmp_path):
    command, new = COMMANDS[name], after[name]
    for accident, path in accidents(command, tmp_path, links):
        assert lost(path, new) is None, accident
        command(path)  # as one does then
        assert lost(path, new) is None, f"{accident}, and once more"
        assert path.read_bytes() == new


@needs_fork
def test_what_moves_a_file_away_first_is_caught(tmp_path):
    def careless(path):
        path.replace(path.with_name("kept"))
        path.write_bytes(b"")
        path.write_bytes(STUB)

    found = {lost(path, STUB) for _, path in accidents(careless, tmp_path)}
    assert "under its name stands neither the old file nor the new one" in found


@needs_fork
def test_what_writes_over_a_file_is_caught(tmp_path):
    def careless(path):
        with path.open("r+b") as file:
            for _ in range(3):
                file.seek(0)
                file.write(STUB)
            file.truncate()

    assert "the work is nowhere" in {lost(path, STUB) for _, path in accidents(careless, tmp_path)}


def at_once(*commands):
    """Let commands begin at the same moment, in threads, and hear how each ends."""
    barrier = threading.Barrier(len(commands))

    def run(command):
        barrier.wait()
        command()

    with ThreadPoolExecutor(len(commands)) as threads:
        for done in [threads.submit(run, command) for command in commands]:
            done.result()


@pytest.fixture
def _switching():
    """Threads take turns as often as they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("_switching")
@pytest.mark.parametrize("pair", [*combinations_with_replacement(COMMANDS, 2)], ids="-".join)
def test_two_at_once_lose_nothing(pair, after, tmp_path):
    for trial in range(20):
        path = tmp_path / str(trial) / FILE
        path.parent.mkdir()
        path.write_bytes(WORK)
        at_once(*(partial(COMMANDS[name], path) for name in pair))
        there = {other.name: other.read_bytes() for other in path.parent.iterdir()}
        assert WORK in there.values(), f"trial {trial}: the work is nowhere"
        assert there.pop(FILE) in (after[pair[0]], after[pair[1]])
        assert all(name.startswith(f"{FILE}.kept-") for name in there), "something is left behind"


@pytest.mark.usefixtures("_switching")
def test_two_resets_at_once_blank_both(tmp_path):
    names = ["softmax_loss_naive", "softmax_loss_vectorized"]
    for trial in range(30):
        path = tmp_path / str(trial) / FILE
        path.parent.mkdir()
        path.write_bytes(WORK)
        at_once(*(partial(reset, find(name), path.parent) for name in names))
        text = path.read_text(encoding="utf-8")
        assert all(f"# TODO {name}:" in text for name in names)
        kept = sorted(path.parent.glob("*.kept-*"))
        assert [p.name for p in kept] == [f"{FILE}.kept-1", f"{FILE}.kept-2"]
        assert kept[0].read_bytes() == WORK


def test_what_is_saved_while_a_file_is_replaced_is_kept(tmp_path, monkeypatch):
    path = tmp_path / FILE
    path.write_bytes(WORK)
    monkeypatch.setattr(shutil, "copymode", lambda *_: path.write_bytes(b"saved now"))
    kept = write(path, STUB, keep=True)
    assert kept.read_bytes() == b"saved now" and path.read_bytes() == STUB


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
@pytest.mark.parametrize("mode", [0o600, 0o664])
def test_a_file_keeps_who_may_read_it(mode, tmp_path):
    path = tmp_path / FILE
    path.write_bytes(WORK)
    path.chmod(mode)
    write(path, STUB)
    assert path.stat().st_mode & 0o777 == mode


def test_a_file_that_cannot_be_written_is_as_it_was(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    path = tmp_path / FILE
    path.write_bytes(WORK)
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError):
        write(path, STUB, keep=True)
    assert [(p.name, p.read_bytes()) for p in tmp_path.iterdir()] == [(FILE, WORK)]


# One at a time.


def test_who_comes_second_is_told_or_waits(tmp_path):
    lock, seen = tmp_path / "lock", []

    def wait():
        with alone(lock):
            seen.append("second")

    with alone(lock, "Somebody is at it."):
        second = threading.Thread(target=wait)
        second.start()
        with pytest.raises(Busy, match="^Somebody is at it.$"), alone(lock, "Somebody is at it."):
            pytest.fail("two were within")
        seen.append("first")
    second.join()
    assert seen == ["first", "second"] and not lock.exists()


@needs_fork
def test_what_a_killed_process_held_is_free(tmp_path):
    lock = tmp_path / "lock"
    child = os.fork()
    if child == 0:
        with alone(lock, "taken"):
            os._exit(0)
    os.waitpid(child, 0)
    assert lock.exists()
    with alone(lock, "taken"):
        pass
    assert not lock.exists()


@pytest.mark.skipif(files.fcntl is None, reason="Windows locks in another way")
def test_where_files_cannot_be_locked_work_goes_on(tmp_path, monkeypatch):
    def cannot(*_):
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(files.fcntl, "flock", cannot)
    with alone(tmp_path / "lock", "taken"):
        assert Path(tmp_path / "lock").exists()


@needs_fork
def test_what_a_killed_process_has_left_is_removed_later_and_nothing_else(tmp_path, monkeypatch):
    monkeypatch.setattr(files.tempfile, "tempdir", str(tmp_path))
    files._remove_forgotten.cache_clear()
    child = os.fork()
    if child == 0:
        folder = files.temporary_folder()
        Path(folder.name, "much").write_text("x")
        os._exit(0)
    os.waitpid(child, 0)
    (left,) = tmp_path.iterdir()
    others = [tmp_path / name for name in (f"classifiers-{os.getpid()}-x", "classifiers-x-y")]
    for other in others:
        other.mkdir()
    for old, there in ((False, True), (True, False)):
        for folder in [*others, left] if old else ():
            os.utime(folder, (0, 0))
        files._remove_forgotten.cache_clear()
        with files.temporary_folder() as own:
            assert {*tmp_path.iterdir()} == {*others, Path(own), *[left] * there}
