"""What crosses between the judge's side and a student's code, over one channel.

Arguments go in pickled, for whoever sends them is trusted. What comes out is frames: a letter, JSON
and bytes, each of a length that is known, and bounded, before any of it is read. The channel is a
socket in a sandbox of processes, and messages between two workers in a browser.
"""

import contextlib
import json
import pickle
import struct
import threading

import numpy as np

from assignment.checking.answering import Failure, failure_of, flat, laid, unflat, unlaid
from assignment.checking.printed import Heard
from assignment.checking.stubs import ASSIGNMENT

# Of the suite, what runs student code; it knows no answers.
ROOMS = ("knn", "linear", "net", "layers", "training")
INSIDE = (
    "__init__.py",
    *(path.relative_to(ASSIGNMENT).as_posix() for path in sorted(ASSIGNMENT.glob("given/*.py"))),
    *(f"checking/{name}.py" for name in ("__init__", "answering", "calls", "printed", "stubs")),
    "checking/wire.py",
    *(f"checking/{room}/{name}.py" for room in ROOMS for name in ("__init__", "calls")),
    *(
        f"checking/submission/{name}.py"
        for name in ("__init__", "load", "needed", "once", "python2", "read", "reference", "year")
    ),
)


def files_of_calls(exercises):
    """The files below assignment/ that make the calls: those of rooms, and a course's own."""
    return {_file(exercise.calls.module) for exercise in exercises}


def files_given(exercises):
    """Those that hold what is right of others, which no exercise may see but the one it is for."""
    return {_file(exercise.calls.given) for exercise in exercises if exercise.calls.given}


def _file(module):
    return f"{'/'.join(module.split('.')[1:])}.py"


SIZES = struct.Struct("<II")  # how many bytes of JSON and of numbers follow the letter
LENGTH = struct.Struct("<I")
TEXT = 2**18  # bytes of JSON at most
ROOM = 2**20  # bytes of numbers that any call may return, besides eight times what is right
# A process is ready; the file is loaded; something was printed; a call has its answer; it is over.
READY, LOADED, PRINTED, ANSWER, ENDED = b"r", b"l", b"p", b"a", b"e"
DUMP = b"T"  # with "Timeout (" begins what faulthandler says of a call that does not end
WHERE = b"w"  # a line is reached


def arrays_in(arguments, before=""):
    """All arrays among arguments by name: params/W1 for W1 in the dict params."""
    found = {}
    for name, value in arguments.items():
        if isinstance(value, dict):
            found |= arrays_in(value, f"{before}{name}/")
        elif isinstance(value, np.ndarray):
            found[f"{before}{name}"] = value
    return found


def request(token, arguments, room):
    """The bytes that ask for a call.

    token : str, which the answer repeats
    room : bytes that the numbers of the answer may take
    """
    data = pickle.dumps((token, laid(arguments), room))
    return LENGTH.pack(len(data)) + data


# The judge's side.


def room_for(case, right):
    """Bytes that the numbers of an answer may take.

    right : dict of arrays, what the reference returns
    """
    before = arrays_in(case.arguments).values()
    sizes = [np.asarray(array).nbytes for array in (*right.values(), *before)]
    return ROOM + 8 * sum(sizes)


def parsed(frame, letter, room=0):
    """(JSON, bytes) of a whole frame of one kind.

    Raises
    ------
    ValueError : it is none, or has more bytes than there is room for
    """
    text, data = SIZES.unpack_from(frame, 1) if len(frame) > SIZES.size else (0, 0)
    start = 1 + SIZES.size + text
    if frame[:1] != letter or text > TEXT or data > room or len(frame) != start + data:
        raise ValueError("not what is awaited")
    return json.loads(frame[1 + SIZES.size : start]), frame[start:]


def answer_in(told, data, token, case, room):
    """What a frame answers to a request: the dict of arrays or the Failure, and what was changed.

    Returns
    -------
    (arrays or Failure, names of the arguments that the call has changed)

    Raises
    ------
    ValueError, TypeError, KeyError : it is no answer to this request
    """
    if told["token"] != token:
        raise ValueError("an answer to another question")
    size = told["size"]
    if type(size) is not int or not 0 <= size <= min(room, len(data)):
        raise ValueError("more numbers than there is room for")
    before, after = arrays_in(case.arguments), unflat(told["after"], data[size:])
    changed = [n for n, array in before.items() if not np.array_equal(after.get(n), array)]
    changed = sorted({name.partition("/")[0] for name in changed})
    failure = failure_of(told.get("failure"))
    return failure or unflat(told["arrays"], data[:size]), changed


# The student's side.


class Inner:
    """The end of the channel that student code runs at.

    channel : has sendall and recv, as a socket
    """

    def __init__(self, channel):
        self.channel, self._lock = channel, threading.Lock()

    def send(self, letter, told=None, data=b""):
        text = json.dumps(told).encode()
        with self._lock:
            self.channel.sendall(letter + SIZES.pack(len(text), len(data)) + text + data)

    def asked(self):
        """(token, arguments, room) of the next call.

        Raises
        ------
        EOFError : there is none
        """
        (length,) = LENGTH.unpack(self._exactly(LENGTH.size))
        token, arguments, room = pickle.loads(self._exactly(length))
        return token, unlaid(arguments), room

    def _exactly(self, count):
        data = bytearray()
        while len(data) < count:
            more = self.channel.recv(count - len(data))
            if not more:
                raise EOFError
            data += more
        return bytes(data)


def fitting(arrays, room):
    """(entries, bytes) as of `flat`; what is too large for the room is described."""
    kept = {}
    for name, array in arrays.items():
        if array.nbytes > room and array.dtype.kind != "U":
            array = np.array(f"an array of shape {array.shape}")
        room -= array.nbytes
        kept[name] = array
    return flat(kept)


class Telling(Heard):
    """What is printed is told at once, for the case that a call never comes back."""

    def __init__(self, inner):
        super().__init__()
        self._inner = inner

    def write(self, data):
        data = bytes(data)
        if self.calls and self._room > 0:
            with contextlib.suppress(OSError):  # it may have closed all files
                self._inner.send(PRINTED, data=data[: self._room])
        return super().write(data)


def told_of(work):
    """What is told of a Loaded once its file is read."""
    return {"failure": work.failure and _failure(work.failure), **_beside(work)}


def answer_to(work, token, arguments, room):
    """Make a call; the JSON and the bytes of its answer."""
    arrays = work.call(arguments)
    told, data = {"token": token, "after": [], **_beside(work)}, [b"", b""]
    if isinstance(arrays, Failure):
        told["failure"] = _failure(arrays)
    else:
        told["arrays"], data[0] = fitting(arrays, room)
    told["after"], data[1] = fitting(arrays_in(arguments), room)
    return {**told, "size": len(data[0])}, b"".join(data)


def _failure(failure):
    return {**vars(failure), "message": failure.message[:1000], "file": failure.file[:200]}


def _beside(work):
    """What was conceded so far, and the line of the function."""
    return {"remarks": [remark[:1000] for remark in work.remarks[:20]], "line": work.line}
