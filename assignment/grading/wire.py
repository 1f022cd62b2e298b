"""What crosses between the judge's side and a student's code, over one socket.

Arguments go in pickled, for whoever sends them is trusted. What comes out is frames: a letter, JSON
and bytes, each of a length that is known, and bounded, before any of it is read.
"""

import json
import pickle
import struct
import threading

import numpy as np

from assignment.checking.answering import flat, laid, unlaid

SIZES = struct.Struct("<II")  # how many bytes of JSON and of numbers follow the letter
LENGTH = struct.Struct("<I")
TEXT = 2**18  # bytes of JSON at most
# A process is ready; the file is loaded; something was printed; a call has its answer; it is over.
READY, LOADED, PRINTED, ANSWER, ENDED = b"r", b"l", b"p", b"a", b"e"
DUMP = b"T"  # with "Timeout (" begins what faulthandler says of a call that does not end


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


class Inner:
    """The end of the socket that student code runs at."""

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
