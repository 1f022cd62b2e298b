"""The judge's side: hand-ins are opened here, run within bubblewrap, and judged here.

What runs a hand-in (inside.py) has Python and NumPy to read, of the suite only what makes calls,
the files of this one hand-in, and for each call its arguments. It has no answers, no other hand-in,
no home, no environment and no network. What comes back is judged as everywhere else; whatever comes
back otherwise is a verdict on that one exercise.
"""

import contextlib
import json
import os
import pickle
import secrets
import select
import shutil
import socket
import stat
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field, replace
from importlib import import_module
from pathlib import Path

import numpy as np

from assignment.checking import calls, run, wire
from assignment.checking.answering import (
    Answers,
    Failure,
    failure_of,
    number,
    sentence,
)
from assignment.checking.exercise import Exercise
from assignment.checking.exercises import EXERCISES
from assignment.checking.judge import Verdict
from assignment.checking.nursery import POLL, SUITE
from assignment.checking.printed import KEPT, visible
from assignment.checking.run import PATIENCE, SECONDS, START, timeout
from assignment.checking.stubs import HAS_ANSWERS
from assignment.checking.submission.collect import DEEPEST, LARGEST, PYTHON, bytes_of
from assignment.checking.submission.unpack import COPIES, PACKED, NoHandIn
from assignment.checking.submission.year import KNOWN, OURS
from assignment.given.files import temporary_folder
from assignment.grading.reading import Reader

NOBODY = 65534
# A regular file and nothing else, without waiting; Windows knows no links that students make.
OPENED = os.O_RDONLY | sum(
    getattr(os, name, 0) for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_BINARY")
)
NOTES = 20  # on files that were not opened
MOST_FILES, MOST_BYTES = 5_000, 200 * 2**20  # of a hand-in
GRACE = 1.0  # seconds that a call has after its time, to say where it was

# Of the suite, what is to be seen within; a course's own exercises are called there, too.
INSIDE = (
    *wire.INSIDE,
    *sorted(wire.files_of_calls(EXERCISES) - {*wire.INSIDE}),
    "checking/nursery.py",
    *(f"grading/{name}.py" for name in ("__init__", "inside")),
)


class NoSandbox(RuntimeError):
    """There is no protection to be had; the message says why, and what to do."""


@dataclass(frozen=True)
class Looked:
    """What was found in a hand-in.

    year : Year, whose files they are
    files : dict from the names of known files to where they are, as it is told
    left_out, notes : as of a HandIn
    refused : why it cannot be looked at, in a sentence; empty else
    fingerprints : set of int, of the functions that can be read: see likeness.py
    """

    year: object = OURS
    files: dict = field(default_factory=dict)
    left_out: tuple = ()
    notes: tuple = ()
    refused: str = ""
    fingerprints: frozenset = frozenset()


class Sandbox:
    """Verdicts on hand-ins that nobody has to trust.

    trust : whether to run them without protection, as `check` does
    seed : str or int, by which the inputs of this run are drawn; a new one if None
    jobs : exercises that run at the same time
    seconds, memory, processes : what an exercise has: for its calls, and of bytes and processes
        (with threads, twice as many) at one time
    protection : a sentence on what is in force

    Two of them with different seeds do not go together in one process.

    Raises
    ------
    NoSandbox : there is no protection here, and trust was not asked for
    """

    seconds, memory, processes = SECONDS, 2 * 2**30, 32

    def __init__(self, trust=False, seed=None, jobs=1):
        self.seed = secrets.token_hex(8) if seed is None else str(seed)
        self.jobs, self._trusts = jobs, trust
        self._zygote, self._reader = None if trust else _Zygote(), Reader()
        self.protection = self._zygote.protection if self._zygote else TRUSTED

    def __enter__(self):
        _draw_from(self.seed)
        return self

    def __exit__(self, *error):
        _draw_from(None)
        self._reader.end()
        if self._zygote:
            self._zygote.end()

    def verdicts(self, path):
        """What was found in a hand-in, and the verdicts on all exercises.

        Whatever the hand-in is, there are verdicts.

        Returns
        -------
        Looked, list of Verdict

        Raises
        ------
        NoSandbox, OSError : no fault of the hand-in; the machine gives no processes or no memory
        """
        path = Path(path)
        try:
            with temporary_folder() as folder:
                copy, notes = copied(path, Path(folder))
                work, prints = self._reader.read(copy, folder)
                return self._verdicts(work, prints, notes)
        except NoHandIn as error:
            told = visible(str(error).replace(f"{folder}{os.sep}", ""))
        except (NoSandbox, OSError):
            raise
        except Exception as error:  # whatever is wrong with it, others wait
            name = str(error) if type(error) is RuntimeError else type(error).__name__
            told = f"{visible(path.name)} cannot be looked at ({name})."
        return Looked(refused=told), [Verdict(e.name, "missing", told) for e in EXERCISES]

    def _verdicts(self, work, prints, notes):
        with self._running(work) as run_all:
            work.run_all = run_all
            verdicts = [_cleaned(verdict) for verdict in work.examine_all(seconds=self.seconds)]
            files = {name: work.shown(name) for name in KNOWN if name in work.files}
            notes = [*notes, *work.hand_in.notes]
            told = _clean((files, tuple(work.hand_in.left_out), tuple(notes)))
        return Looked(work.year, *told, fingerprints=prints), verdicts

    @contextlib.contextmanager
    def _running(self, work):
        """A function in the place of run.run_all, on one hand-in."""
        if self._trusts:
            yield run.run_all
            return
        session = _Session(self, work)
        try:
            yield session.run_all
        finally:
            session.end()

    def zygote(self):
        """The process that forks; a new one where it has ended."""
        if not self._zygote.is_alive():
            self._zygote.end()
            self._zygote = _Zygote()
        return self._zygote


TRUSTED = (
    "No protection: hand-ins run as you do, with all that you may do. Grade like this only what "
    "you would run yourself."
)


def _draw_from(seed):
    calls.draw_from(seed if HAS_ANSWERS else None)  # what is stored belongs to stored inputs
    Exercise.cases.cache_clear()
    Exercise.reference.cache_clear()


def _clean(value):
    """The same with nothing in its texts that moves a cursor or cannot be seen."""
    if isinstance(value, str):
        return visible(value)
    if isinstance(value, dict):
        return {_clean(key): _clean(entry) for key, entry in value.items()}
    return type(value)(map(_clean, value)) if isinstance(value, list | tuple) else value


def _cleaned(verdict):
    shown = ("message", "evidence", "remarks", "printed")
    return replace(verdict, **{name: _clean(getattr(verdict, name)) for name in shown})


# Opening a hand-in: regular files only, once.


def copied(path, folder):
    """A copy of a hand-in of what may matter, and sentences on what was not opened.

    Returns
    -------
    Path of the copy in the folder, list of str

    Raises
    ------
    NoHandIn : it cannot be looked at
    """
    path = Path(os.path.abspath(path))
    copy, opening = folder / path.name, _Opening()
    try:
        kind = os.lstat(path).st_mode
    except (OSError, ValueError):
        kind = 0
    if stat.S_ISREG(kind):
        opening.take(path, copy, path.name)
    elif not stat.S_ISDIR(kind):
        raise NoHandIn(
            f"{path} is not there, or is a link or the like. Please name a folder, a .zip or "
            ".tar.gz, a notebook or a .py file."
        )
    else:
        for place, folders, files in os.walk(path):
            folders[:] = sorted(name for name in folders if not COPIES.fullmatch(name))
            below = Path(place).relative_to(path)
            if len(below.parts) == DEEPEST:
                folders.clear()
            (copy / below).mkdir()
            for name in sorted(files):
                opening.take(Path(place, name), copy / below / name, below / name)
    return copy, opening.notes


class _Opening:
    """What may still be taken of a hand-in."""

    def __init__(self):
        self.notes, self._files, self._bytes = [], MOST_FILES, MOST_BYTES

    def take(self, path, to, shown):
        """Write what a regular file holds; of one that is no matter, only that it is there."""
        try:
            file = open(os.open(path, OPENED), "rb")
        except OSError:  # such as a link
            self._note(shown)
            return
        with file:
            state = os.fstat(file.fileno())
            if not stat.S_ISREG(state.st_mode):
                self._note(shown)
                return
            matters = PYTHON.fullmatch(to.name) and state.st_size <= LARGEST
            matters = matters or PACKED.fullmatch(to.name)
            data = file.read(self._bytes + 1) if matters else b""
        self._files -= 1
        self._bytes -= len(data)
        if self._files < 0 or self._bytes < 0:
            raise NoHandIn(
                f"There are more than {MOST_FILES:,} files, or {MOST_BYTES >> 20} MB, where "
                f"{shown} is. Please hand in the files of the assignment alone."
            )
        to.write_bytes(data)
        os.utime(to, (state.st_mtime, state.st_mtime))

    def _note(self, shown):
        if len(self.notes) < NOTES:
            self.notes.append(
                f"{shown} is not opened: it is a link, a pipe or the like. Hand in the file itself."
            )


# The process that forks.


def _folders_of_python():
    """What Python, and the packages in use, are made of."""
    prefixes = {sys.prefix, sys.exec_prefix, sys.base_prefix, sys.base_exec_prefix}
    packages = Path(np.__file__).parents[1]
    places = [Path("/usr"), *sorted({Path(each).resolve() for each in prefixes}), packages]
    for place in dict.fromkeys(places):
        if place in SYSTEM:  # where much else is
            yield from sorted(place.glob("lib*"))
        else:
            yield place
    for program in (_python(), _python().resolve()):
        if program.parents[1] in SYSTEM:
            yield program


def _python():
    """The Python in use by a path that exists within too: without "..", still within its venv."""
    return Path(sys.executable).parent.resolve() / Path(sys.executable).name


SYSTEM = (Path("/"), Path("/usr"), Path("/usr/local"))


def _mounts():
    """The arguments of bubblewrap that say what is to be seen: Python, and parts of the suite."""
    shown = list(_folders_of_python())
    told = []
    for place in (Path("/lib"), Path("/lib64")):
        if place.is_symlink():
            told += ["--symlink", os.readlink(place), place]
        elif place.is_dir():
            told += ["--ro-bind", place, place]
    # Where the suite lies within what is shown, a mount hides it.
    root = SUITE if (SUITE.parent / "numpy").is_dir() else SUITE.parent
    around = [place for place in shown if root.is_relative_to(place)]
    for place in around:
        told += ["--ro-bind", place, place]
    if around:
        told += ["--tmpfs", root]
    for place in shown:
        if place not in around:
            told += ["--ro-bind", place, place]
    for place in ("/etc/ld.so.cache", "/etc/alternatives"):
        told += ["--ro-bind-try", place, place]
    for device in ("null", "zero", "random", "urandom"):
        told += ["--dev-bind", f"/dev/{device}", f"/dev/{device}"]
    for file in INSIDE:
        told += ["--ro-bind", SUITE / file, f"/suite/assignment/{file}"]
    return [*map(str, told), "--proc", "/proc", "--dir", "/hand-in"]


ENVIRONMENT = {
    "PYTHONPATH": "/suite",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONHASHSEED": "0",
    "MPLBACKEND": "Agg",
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "LANG": "C.UTF-8",
}


def _own_folder():
    """Where a student's code may write: /tmp, or another place if that would hide Python."""
    hides = any(place.is_relative_to("/tmp") for place in _folders_of_python())
    return "/own" if hides else "/tmp"


ALONE = (
    *("--unshare-user", "--unshare-all", "--disable-userns", "--die-with-parent", "--new-session"),
    *("--clearenv", "--uid", "1000", "--gid", "1000", "--hostname", "sandbox"),
    *("--cap-drop", "ALL", "--cap-add", "CAP_SYS_ADMIN"),  # which a student's code never has
)


# Since 24.04 Ubuntu lets nobody but root make name spaces within a user's own.
RESTRICTED = Path("/proc/sys/kernel/apparmor_restrict_unprivileged_userns")
ALLOWING = "sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0"


class _Zygote:
    """The process within bubblewrap that forks all others; all of them end with it."""

    def __init__(self):
        program = shutil.which("bwrap")
        if program is None or not hasattr(os, "pidfd_open"):
            raise NoSandbox(NONE.format(why="there is no bubblewrap here (apt install bubblewrap)"))
        # Who is root lets another user do it, where that one can read Python.
        users = [{"user": NOBODY, "group": NOBODY, "extra_groups": []}] * (os.geteuid() == 0)
        for user in (*users, {}):
            if failed := self._start(program, user):
                continue
            version = subprocess.run([program, "--version"], capture_output=True, text=True).stdout
            self.protection = PROTECTION.format(version=version.split()[-1])
            return
        restricted = RESTRICTED.exists() and RESTRICTED.read_text().strip() == "1"
        failed += f" (Ubuntu allows it after {ALLOWING})" if restricted else ""
        raise NoSandbox(NONE.format(why=f"bubblewrap does not start: {failed}"))

    def _start(self, program, user):
        """Why it does not start, or None."""
        self.known = set()
        self.channel, its_end = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        own = _own_folder()
        places = {"HOME": own, "TMPDIR": own, "MPLCONFIGDIR": f"{own}/matplotlib"}
        settings = [word for pair in (ENVIRONMENT | places).items() for word in ("--setenv", *pair)]
        with its_end, tempfile.TemporaryFile() as errors:
            try:
                self.process = subprocess.Popen(
                    [
                        *(program, *ALONE, *settings, *_mounts()),
                        *("--size", str(2**28), "--tmpfs", own, "--remount-ro", "/"),
                        *("--chdir", "/", _python(), "-P", "-m", "assignment.grading.inside"),
                    ],
                    stdin=its_end,
                    stdout=subprocess.DEVNULL,
                    stderr=errors,
                    cwd="/",
                    env={},
                    start_new_session=True,  # Ctrl-C is for the process that grades
                    **user,
                )
            except OSError as error:
                self.channel.close()
                return str(error)
            its_end.close()
            if _heard(self.channel, START):
                return None
            self.end()
            errors.seek(0)
            last = errors.read(10_000).decode(errors="replace").strip().splitlines()[-1:]
            return visible(" ".join(last)) or "nothing is heard of it"

    def is_alive(self):
        return self.process.poll() is None

    def end(self):
        """End it, and all that it has forked."""
        self.channel.close()  # it notices
        try:
            self.process.wait(START / 10)
        except subprocess.TimeoutExpired:
            self.process.kill()  # all within die with it
            self.process.wait()


NONE = (
    "There is no sandbox for hand-ins: {why}. With --trust they run without one, as code that you "
    "would run yourself."
)
PROTECTION = (
    "Hand-ins run within bubblewrap {version}: each exercise in a process and mount name space of "
    "its own, without network, home and answers, and with limits on time, memory and files."
)


def _heard(channel, seconds):
    """What comes over a channel; nothing, if that is late or it closes."""
    try:
        return channel.recv(2**16) if select.select([channel], [], [], seconds)[0] else b""
    except OSError:
        return b""


# One hand-in, and one exercise of it.


class _Session:
    """The process that has read the files of one hand-in and forks one for each exercise."""

    def __init__(self, sandbox, work):
        self.sandbox = sandbox
        found = [one for one in work.hand_in.found if PYTHON.fullmatch(one.path.name)]
        self.places = {one.path: one.shown.as_posix() for one in found}
        self.files = {
            one.shown.as_posix(): bytes_of(one.path) for one in found if one.path.is_file()
        }
        self.read = [self.places[path] for path in work.files.values() if path in self.places]
        self.channel = self.notice = None
        self._begin(self.read)

    def _begin(self, read):
        """Start it anew: what it cannot read, its children try themselves."""
        self.end()
        zygote = self.sandbox.zygote()
        with tempfile.TemporaryFile() as file:
            pickle.dump(self.files, file)
            file.flush()
            file.seek(0)
            self.channel, self.notice = _born(
                zygote.channel, {"read": read}, socket.SOCK_SEQPACKET, file
            )
            told = _heard(self.channel, 2 * START)
        if not told:
            if read:
                self._begin([])
            return
        if new := set(json.loads(told[1:])) - zygote.known:  # later hand-ins may want it, too
            zygote.known |= new
            zygote.channel.send(json.dumps({"import": sorted(new)}).encode())

    def run_all(self, pairs, seconds=SECONDS):
        """As run.run_all."""
        asked = (_Asked(self, *pair, seconds) for pair in pairs)
        return run.side_by_side(asked, self.sandbox.jobs)

    def child(self, task, *files):
        """(socket, notice) of a process for one exercise, which alone reads these files."""
        try:
            return _born(self.channel, task, socket.SOCK_STREAM, *files)
        except OSError:
            self._begin([])
            return _born(self.channel, task, socket.SOCK_STREAM, *files)

    def end(self):
        if self.channel:
            self.channel.close()
            os.close(self.notice)
            self.channel = None


def _born(channel, task, kind, *files):
    """(socket, notice) of a process that is forked for a task; it ends when notice is closed."""
    ours, its_end = socket.socketpair(socket.AF_UNIX, kind)
    notice, its_notice = os.pipe()
    try:
        given = [its_end.fileno(), its_notice, *(file.fileno() for file in files)]
        socket.send_fds(channel, [json.dumps(task).encode()], given)
    except OSError:
        ours.close()
        os.close(notice)
        raise
    finally:
        its_end.close()
        os.close(its_notice)
    return ours, notice


class _Late(Exception):
    """A call does not end; the message is where it was."""


class _Ended(Exception):
    """The process is no more; the message is what it said."""


class _Asked:
    """The calls of one exercise, in a process of their own, one after the other.

    patience : times the seconds that they may take
    """

    def __init__(self, session, exercise, files, seconds, patience=1):
        self.session, self.exercise = session, exercise
        self.files, self.seconds, self.patience = files, seconds, patience
        self.left = self.seen = 0.0  # seconds for what is waited for, and when it was looked at
        self.printed, self.channel = [], None
        if exercise.file in files:
            self._begin()

    def _begin(self):
        session, exercise = self.session, self.exercise
        task = {
            "exercise": exercise.name,
            "calls": exercise.calls.module,
            "given": exercise.calls.given,
            "places": {name: session.places[path] for name, path in self.files.items()},
            "seconds": self.seconds * self.patience,
            "memory": session.sandbox.memory,
            "processes": session.sandbox.processes,
        }
        with _opened(exercise.calls.given) as files:
            self.channel, self.notice = session.child(task, *files)

    def answers(self):
        """The Answers; whatever the process does, this returns."""
        file = self.exercise.file
        if self.channel is None:
            return Answers(failure=Failure("missing", f"There is no {file}.", file))
        try:
            self._is_ready()
            return self._answers()
        except NoSandbox:
            raise
        except _Late as error:
            if self.patience == 1 and self._was_kept(str(error)):
                self.end()
                return _Asked(
                    self.session, self.exercise, self.files, self.seconds, PATIENCE
                ).answers()
            return self._failed(timeout(Path(self.files[file]), str(error), self.seconds))
        except _Ended as error:
            return self._failed(Failure("crash", self._how_it_ended(str(error)), file))
        except Exception as error:  # it did not send what it has to
            told = f"Its answers cannot be read ({type(error).__name__})."
            return self._failed(Failure("crash", told, file))
        finally:
            self.end()

    def _failed(self, failure):
        return Answers(failure=failure, printed=self.printed)

    def _is_ready(self):
        """Wait for the process; one that ends before it runs student code is started once more."""
        seconds = self.seconds * self.patience + GRACE
        for _ in range(2):
            self.left = START + seconds
            with contextlib.suppress(_Ended, _Late):
                self._frame(wire.READY)
                self.left = min(self.left, seconds)
                return
            self.end()
            self._begin()
        raise NoSandbox("The sandbox gives no process for an exercise: is there memory left?")

    def _answers(self):
        told, _ = self._frame(wire.LOADED)
        if failure := failure_of(told["failure"]):
            return Answers(failure=failure, remarks=_remarks(told))
        cases, changed = [], []
        for case in self.exercise.cases():
            told, arrays, its = self._call(case)
            cases.append(arrays)
            changed.append(its)
        return Answers(cases, changed, None, _remarks(told), self.printed, number(told.get("line")))

    def _call(self, case):
        """(what was told, arrays or Failure, names of changed arguments) of one call."""
        token = secrets.token_hex(8)
        room = wire.room_for(case, self.exercise.reference(case))
        self.printed.append("")
        self._send(wire.request(token, case.arguments, room))
        told, data = self._frame(wire.ANSWER, room=2 * room)
        return told, *wire.answer_in(told, data, token, case, room)

    def _send(self, data):
        data, self.seen = memoryview(data), time.monotonic()
        while data:
            self._wait(writing=True)
            try:
                data = data[self.channel.send(data, socket.MSG_DONTWAIT) :]
            except BlockingIOError:
                continue
            except OSError:
                raise _Ended from None

    def _frame(self, awaited, room=0):
        """(JSON, bytes) of the next frame, which has to be of a certain kind.

        room : bytes that may come with it
        """
        self.seen = time.monotonic()
        while True:
            letter = self._exactly(1)
            if letter == wire.DUMP:
                raise _Late((letter + self._rest()).decode(errors="replace"))
            text, data = wire.SIZES.unpack(self._exactly(wire.SIZES.size))
            if text > wire.TEXT or data > (KEPT if letter == wire.PRINTED else room):
                raise ValueError("more than there is room for")
            told = json.loads(self._exactly(text))
            data = self._exactly(data)
            if letter == wire.PRINTED and self.printed:
                self.printed[-1] = (self.printed[-1] + data.decode(errors="replace"))[:KEPT]
                continue
            if letter == wire.ENDED:
                raise _Ended(sentence(told, 300))
            if letter != awaited:
                raise ValueError("not what is awaited")
            return told, data

    def _exactly(self, count):
        """So many bytes; no more are allocated than have come."""
        data = bytearray()
        while len(data) < count:
            self._wait()
            try:
                more = self.channel.recv(min(count - len(data), 2**20))
            except OSError:
                more = b""
            if not more:
                raise _Ended
            data += more
        return bytes(data)

    def _wait(self, writing=False):
        """Wait until something comes, or can be sent; not in the time in which all stands still."""
        read, write = ([], [self.channel]) if writing else ([self.channel], [])
        while self.left > -GRACE:  # who never stops to send has no more time than others
            ready = select.select(read, write, [], max(min(self.left, POLL), 0.001))
            before, self.seen = self.seen, time.monotonic()
            self.left -= min(self.seen - before, 2 * POLL)
            if any(ready):
                return
            if self.left <= 0:
                break
        raise _Late

    def _rest(self):
        """What comes until it closes, or the beginning of that."""
        data = b""
        with contextlib.suppress(_Late, _Ended):
            while len(data) < wire.TEXT:
                data += self._exactly(1)
        return data

    def _was_kept(self, dump):
        """Whether it was kept from work; with a dump of where it was, it ends by itself."""
        return "kept" in _said(self.notice, GRACE if dump else 0.0)

    def _how_it_ended(self, said):
        """In a sentence."""
        self.channel.close()
        *_, how = "unknown", *filter("kept".__ne__, _said(self.notice, GRACE))
        if how == "memory":
            return "All its processes together take more memory than there is for an exercise."
        if how == "processes":
            return "It starts more processes than an exercise may have."
        told = f"It ended the process (exit code {how})"
        return told + f": {said}" * bool(said)

    def end(self):
        """End the process, and whatever it has started."""
        if self.channel is not None:
            self.channel.close()
            os.close(self.notice)
            self.channel = None


@contextlib.contextmanager
def _opened(module):
    """The source of a module, as a list of one open file; of none, an empty one."""
    if not module:
        yield []
        return
    with open(import_module(module).__file__, "rb") as file:
        yield [file]


def _said(notice, seconds):
    """The words that the guard says within some seconds, or until it ends."""
    said, end = b"", time.monotonic() + seconds
    while select.select([notice], [], [], max(end - time.monotonic(), 0.0))[0]:
        if not (more := os.read(notice, 100)):
            break
        said += more
    return said.decode().split()


def _remarks(told):
    return tuple(sentence(remark) for remark in told["remarks"][:20])
