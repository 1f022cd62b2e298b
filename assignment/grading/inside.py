"""What runs within bubblewrap: processes that have Python, NumPy and the calls at hand, and fork.

The first one runs no student code. For each hand-in it forks one that reads the files and runs none
of them either; that one forks, for each exercise, the process that makes the calls. So Python is
started once, and a file is parsed once. Beside each forked process stands a guard, outside of what
that process can see: it ends it, and whatever it has started, when nobody waits for it any more, or
when all of them together take too much memory.

A process that runs student code is the first of a process name space of its own: with it all others
in there end. It sees no other process, an empty /proc, a small folder of its own, and one socket.
"""

import contextlib
import ctypes
import errno
import faulthandler
import gc
import json
import os
import pickle
import resource
import select
import signal
import socket
import struct
import sys
import time
import types
from importlib import import_module
from pathlib import Path

from assignment.checking import wire
from assignment.checking.answering import loaded
from assignment.checking.nursery import LIBRARIES, POLL, Delays, at_most, bury
from assignment.checking.submission.load import prepare
from assignment.given import blocks, distances, todo, validation  # noqa: F401  for the five files

HAND_IN = Path("/hand-in")
WORK = HAND_IN / "work"  # the files; one folder up there is nothing
OWN = os.environ["HOME"]  # an exercise's own folder
MESSAGE = 2**16
ADDRESSES = 4 * 2**30  # bytes of address space of each process
SMALL = 64 * 2**20  # bytes of that folder, and of a file in it
FILES = 64  # that a process has open
READING = 10  # seconds for each file, to be read

libc = ctypes.CDLL(None, use_errno=True)
NEW_MOUNTS, NEW_IPC, NEW_PIDS = 0x00020000, 0x08000000, 0x20000000
READ_ONLY, NO_SETUID, NO_DEVICES, REMOUNT, BIND = 1, 2, 4, 32, 4096
DIE_WITH_PARENT, NO_NEW_PRIVILEGES = 1, 38  # prctl


def _called(name, *arguments):
    """Call a function of the C library.

    Raises
    ------
    OSError : it fails
    """
    if getattr(libc, name)(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")


def _mount(place, size, flags=0):
    """An empty folder in memory, of so many bytes at most, over a folder."""
    options = f"size={size},nr_inodes=4096,mode=0700".encode()
    where, flags = os.fsencode(place), NO_SETUID | NO_DEVICES | flags
    _called("mount", b"tmpfs", where, b"tmpfs", flags, options)


# System calls.

# By which a process could leave a message for a later one, look into another one, or reach far into
# the kernel: name -> its number on x86-64 and on aarch64.
FORBIDDEN = {
    **{"socket": (41, 198), "socketpair": (53, 199)},
    **{"add_key": (248, 217), "request_key": (249, 218), "keyctl": (250, 219)},
    **{"ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271)},
    **{"process_madvise": (440, 440), "kcmp": (312, 272), "pidfd_getfd": (438, 438)},
    **{"unshare": (272, 97), "setns": (308, 268), "mount": (165, 40), "umount2": (166, 39)},
    **{"bpf": (321, 280), "perf_event_open": (298, 241), "userfaultfd": (323, 282)},
    # Memory that belongs to no process, and would not be counted.
    **{"memfd_create": (319, 279), "memfd_secret": (447, 447), "shmget": (29, 194)},
    **{"msgget": (68, 186), "semget": (64, 190), "mq_open": (240, 180)},
    **{"io_uring_setup": (425, 425), "io_uring_enter": (426, 426), "io_uring_register": (427, 427)},
    **{"name_to_handle_at": (303, 264), "open_by_handle_at": (304, 265)},
}
MACHINES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}  # as linux/audit.h has them
LOAD, IS, FROM, RETURN = 0x20, 0x15, 0x35, 0x06  # of a BPF program
ALLOW, REFUSE, KILL = 0x7FFF0000, 0x00050000 | errno.EPERM, 0x80000000
SECCOMP, FILTER = 22, 2  # prctl
X32 = 0x40000000  # from here on the numbers of another set of calls on x86-64


def _forbid_calls():
    """Refuse these system calls to this process from now on, and to all that it starts.

    Raises
    ------
    OSError : the kernel has no filters, or the machine is another one
    """
    machine = os.uname().machine
    if machine not in MACHINES:
        raise OSError(errno.ENOSYS, f"no filter of system calls is known for {machine}")
    numbers = [pair[[*MACHINES].index(machine)] for pair in FORBIDDEN.values()]
    # Each instruction: what it does, how many to skip if it is so and if not, and a number.
    lines = [(LOAD, 0, 0, 4), (IS, 1, 0, MACHINES[machine]), (RETURN, 0, 0, KILL), (LOAD, 0, 0, 0)]
    lines.append((FROM, len(numbers) + 1, 0, X32))
    lines += [(IS, len(numbers) - i, 0, number) for i, number in enumerate(numbers)]
    lines += [(RETURN, 0, 0, ALLOW), (RETURN, 0, 0, REFUSE)]
    program = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *line) for line in lines))
    told = struct.pack("HP", len(lines), ctypes.addressof(program))
    _called("prctl", NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    _called("prctl", SECCOMP, FILTER, told)


# Processes that fork.


def serve(channel):
    """Fork a guard and a child for each task that comes, until the channel closes.

    Returns
    -------
    (task, channel), in a child alone
    """
    signal.signal(signal.SIGCHLD, lambda *_: bury(os.WNOHANG))
    while True:
        message, given, *_ = socket.recv_fds(channel, MESSAGE, 3)
        if not message:
            bury(0)  # each ends at once, for nobody listens
            os._exit(0)
        task = json.loads(message)
        if "import" in task:
            _import(task["import"])
            continue
        gc.freeze()  # what is here is no garbage: a child need not look
        if os.fork() == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            channel.close()
            its_end, notice, *files = given
            if "exercise" in task:
                _called("unshare", NEW_PIDS)
            child = os.fork()
            if child == 0:
                os.close(notice)
                return {**task, "files": files}, socket.socket(fileno=its_end)
            os.close(its_end)
            _guard(child, notice, task)
        for number in given:
            os.close(number)


def _guard(child, notice, task):
    """Watch a child; tell how it ended: a number, or what it took too much of.

    Before that, and as soon as that is known, that it was kept from work.
    """
    how = "unheard"
    try:
        ended = os.pidfd_open(child)
        poll = select.poll()
        poll.register(ended, select.POLLIN)
        poll.register(notice, 0)  # it is told when nobody reads any more
        own = _processes()[os.getpid()][1]
        pause = 1000 * POLL if "exercise" in task else None
        delays = Delays(child, task.get("seconds", 0.0))
        while not (happened := dict(poll.poll(pause))) and how == "unheard":
            _tell_of(delays, notice)
            how = _excess(child, own, task) or how
        _tell_of(delays, notice)
        os.kill(child, signal.SIGKILL)  # and with it all that are in its name space
        _, status = os.waitpid(child, 0)
        if ended in happened:
            how = str(os.waitstatus_to_exitcode(status))
        os.write(notice, how.encode())
    finally:
        os._exit(0)


def _tell_of(delays, notice):
    known = delays.are_long
    delays.look()
    if delays.are_long and not known:
        with contextlib.suppress(OSError):  # nobody reads any more
            os.write(notice, b"kept ")


def _excess(root, shared, task):
    """What a process and those below it take too much of, or None.

    shared : bytes that each of them has in common with its guard
    """
    some, found = _processes(), {root}
    while more := {pid for pid, (parent, _) in some.items() if parent in found} - found:
        found |= more
    taken = [max(some[pid][1] - shared, 0) for pid in found if pid in some]
    if sum(taken) > task["memory"]:
        return "memory"
    return "processes" if len(taken) > task["processes"] else None


def _processes():
    """(parent, bytes in memory) of each process by its number."""
    found = {}
    for name in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError, ValueError, IndexError):  # it may have ended
            told = Path("/proc", name, "stat").read_text(errors="replace")
            fields = told.rpartition(")")[2].split()
            found[int(name)] = int(fields[1]), int(fields[21]) * resource.getpagesize()
    return found


# A hand-in.


def take_in(task, channel):
    """Have the files of a hand-in where its children will see them, and read those that count.

    No code of theirs runs. What cannot be read, or not in time, is left to the children, each of
    which fails by itself.
    """
    _called("unshare", NEW_MOUNTS)
    with open(task["files"][0], "rb") as file:
        files = pickle.load(file)
    _mount(HAND_IN, 2**20 + 2 * sum(map(len, files.values())) + 2**12 * 4 * len(files))
    WORK.mkdir()
    for place, data in files.items():
        path = WORK / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    flags = REMOUNT | BIND | READ_ONLY | NO_SETUID | NO_DEVICES
    _called("mount", None, os.fsencode(HAND_IN), None, flags, None)
    _limit(resource.RLIMIT_AS, ADDRESSES)
    _limit(resource.RLIMIT_CPU, 5 * READING)
    wanted = set()
    for place in task["read"]:
        with contextlib.suppress(Exception), at_most(READING, TimeoutError):
            wanted |= {n for n in prepare(WORK / place) if n.partition(".")[0] in LIBRARIES}
    _import(wanted)
    channel.send(wire.READY + json.dumps(sorted(wanted)).encode())


def _import(names):
    for name in names:
        with contextlib.suppress(Exception):
            import_module(name)


# An exercise.


def receive(task):
    """Have the module that an exercise is given. Nobody else reads the file that was sent with it.

    task : with its name as `given`, empty where there is none
    """
    if task["given"]:
        module = sys.modules[task["given"]] = types.ModuleType(task["given"])
        with open(task["files"][0], "rb") as file:
            exec(file.read(), vars(module))


def shut_in(task, channel):
    """Leave this process nothing but what an exercise needs; it is the first of its name space.

    task : with the number of `processes` that it and those below it may be, threads among them

    Returns
    -------
    socket : the channel, its only open file
    """
    _called("prctl", DIE_WITH_PARENT, signal.SIGKILL, 0, 0, 0)
    os.setsid()
    _called("unshare", NEW_MOUNTS | NEW_IPC)
    _mount(OWN, SMALL)
    os.chdir(OWN)
    nothing = os.open(os.devnull, os.O_RDWR)
    _mount("/proc", 2**12, READ_ONLY)
    channel = os.dup(channel.detach())
    for number in (0, 1, 2):
        os.dup2(nothing, number)
    os.dup2(channel, 3)
    os.closerange(4, os.sysconf("SC_OPEN_MAX"))
    for kind, most in (
        (resource.RLIMIT_AS, ADDRESSES),
        (resource.RLIMIT_FSIZE, SMALL),
        (resource.RLIMIT_NOFILE, FILES),
        (resource.RLIMIT_NPROC, 2 * task["processes"]),
        (resource.RLIMIT_CORE, 0),
    ):
        _limit(kind, most)
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    _called("capset", header, (ctypes.c_uint32 * 6)())
    _forbid_calls()
    return socket.socket(fileno=3)


def _limit(kind, most):
    _, hard = resource.getrlimit(kind)
    most = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(kind, (most, most))


class Watch:
    """Says where a call was when its time was over, and ends the process."""

    def __init__(self, seconds, file):
        self.left, self.file = seconds, file

    def __enter__(self):
        self._begun = time.monotonic()
        left = max(self.left, 0.001)
        faulthandler.dump_traceback_later(left, exit=True, file=self.file)

    def __exit__(self, *error):
        faulthandler.cancel_dump_traceback_later()
        self.left -= time.monotonic() - self._begun


def answer(task, channel):
    """Load the file of an exercise, and answer one call after the other."""
    inner = wire.Inner(channel)
    calls = import_module(task["calls"]).CALLS[task["exercise"]]
    places = {name: WORK / place for name, place in task["places"].items()}
    watch = Watch(task["seconds"], channel)
    _limit(resource.RLIMIT_CPU, 2 * int(task["seconds"] + 1))
    inner.send(wire.READY)
    heard = wire.Telling(inner)
    with contextlib.ExitStack() as stack:
        with watch:
            work = stack.enter_context(loaded(calls, places, heard))
        inner.send(wire.LOADED, wire.told_of(work))
        while not work.failure:
            asked = inner.asked()
            with watch:
                told, data = wire.answer_to(work, *asked)
            inner.send(wire.ANSWER, told, data)


def _try_out():
    """Make name spaces and a filter once, in a process that does nothing else.

    Raises
    ------
    OSError : they cannot be made here
    """
    child = os.fork()
    if child == 0:
        try:
            _called("unshare", NEW_MOUNTS | NEW_IPC | NEW_PIDS)
            _mount(OWN, 2**12)
            _forbid_calls()
        except OSError as error:
            os._exit(error.errno)
        os._exit(0)
    if number := os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]):
        raise OSError(number, f"no name spaces or filters within it, {os.strerror(number)}")


def main():
    _try_out()
    channel = socket.socket(fileno=os.dup(0))
    for room in ("knn", "linear", "net", "layers"):
        import_module(f"assignment.checking.{room}.calls")
    sys.path_importer_cache.clear()
    channel.send(wire.READY)
    while True:
        task, channel = serve(channel)
        if "exercise" in task:
            break
        take_in(task, channel)
    receive(task)
    channel = shut_in(task, channel)
    try:
        answer(task, channel)
    except EOFError:
        os._exit(0)  # whatever threads are still running
    except BaseException as error:
        with contextlib.suppress(BaseException):
            wire.Inner(channel).send(wire.ENDED, f"{type(error).__name__}: {error}"[:300])
    os._exit(1)


if __name__ == "__main__":
    main()
