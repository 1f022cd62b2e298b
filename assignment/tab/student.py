"""The student's worker: of the suite, only what makes calls is here.

JavaScript (student.js) lays the files of a hand-in below HAND_IN and a request in REQUEST, calls
`begin` or `call`, and hands on what is written to CHANNEL, a device of its own. Before each
exercise it puts the whole memory back as it was before the first one: as where a process is forked.
"""

import json
import os
import signal
import sys
import traceback
from importlib import import_module
from pathlib import Path

from assignment.checking import wire
from assignment.checking.answering import loaded
from assignment.given import blocks, distances, todo, validation  # noqa: F401  for the five files

HAND_IN = Path("/hand-in")
WORK = HAND_IN / "work"  # the files; one folder up there is nothing
REQUEST, CHANNEL = Path("/request"), "/dev/judge"


class Channel:
    """Files in the place of a socket; they are opened anew for each exercise."""

    def __init__(self):
        self._out, self._in = os.open(CHANNEL, os.O_WRONLY), None

    def asked(self):
        """A request has come."""
        self._in = open(REQUEST, "rb")

    def sendall(self, data):
        os.write(self._out, data)

    def recv(self, count):
        return self._in.read(count)


def begin():
    """Load the file of an exercise."""
    global _channel, _inner, _session
    _channel = Channel()
    _inner, task = wire.Inner(_channel), json.loads(REQUEST.read_bytes())
    signal.signal(signal.SIGINT, _tell_where)  # JavaScript says when the time is over
    _session = _answering(task)
    _go_on()


def call():
    """Answer the call that is asked for."""
    _channel.asked()
    _go_on()


def _go_on():
    try:
        next(_session, None)
    except BaseException as error:
        _inner.send(wire.ENDED, f"{type(error).__name__}: {error}"[:300])


def _answering(task):
    calls = import_module(task["calls"]).CALLS[task["exercise"]]
    places = {name: WORK / place for name, place in task["places"].items()}
    if task["traces"]:
        sys.settrace(_traced)
    with loaded(calls, places, wire.Telling(_inner)) as work:
        _inner.send(wire.LOADED, wire.told_of(work))
        while not work.failure:
            yield
            _inner.send(wire.ANSWER, *wire.answer_to(work, *_inner.asked()))


# Where a call is when its time is over.


def _tell_where(number, frame):
    _inner.send(wire.DUMP, _dump(frame))


def _traced(frame, event, argument):
    """Tell each line of the hand-in as it is reached: the last one does not end."""
    if not frame.f_code.co_filename.startswith(str(HAND_IN)):
        return None
    _inner.send(wire.WHERE, _dump(frame.f_back if event == "return" else frame))
    return _traced


def _dump(frame):
    """The lines that are running, the innermost first, as faulthandler tells them."""
    lines = [f'File "{f.f_code.co_filename}", line {n}' for f, n in traceback.walk_stack(frame)]
    return "\n".join(["Timeout (", *lines])[: wire.TEXT // 8]
