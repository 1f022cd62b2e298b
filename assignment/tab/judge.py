"""The judge's worker: hand-ins are opened here, and answers judged; student code never runs here.

It has the edition without answers. What it asks of the student's worker, a conversation yields, and
is sent the Reply: `begin` and `go_on` are what JavaScript (judge.js) calls. What is sent is frames
as of checking/wire.py, of which nothing is believed that does not fit.
"""

import json
import re
import secrets
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple
from urllib.parse import unquote

from jinja2 import Environment, FileSystemLoader

from assignment.checking import faces, wire
from assignment.checking.answering import Answers, Failure, failure_of, number, sentence
from assignment.checking.exercises import find
from assignment.checking.faces import Card, Work, as_data, worth
from assignment.checking.printed import KEPT, shown, visible
from assignment.checking.run import SECONDS, timeout
from assignment.checking.see import link
from assignment.checking.submission.collect import PYTHON, bytes_of
from assignment.checking.submission.unpack import PACKED, NoHandIn
from assignment.checking.submission.year import KNOWN
from assignment.derivations import DERIVATIONS

LIBRARY = re.compile(rb"\b(?:import|from) +(scipy)\b")
LEAST = 0.01  # seconds that a call has in any case


class Reply(NamedTuple):
    """What came from the student's worker.

    frame : bytes; none, if there was no answer
    printed : list of frames that came before
    state : how it ended without an answer: "late" or "ended"; the worker is a new one then
    told : of one that has ended, how
    seconds : it took
    """

    frame: bytes = b""
    printed: list = ()
    state: str = ""
    told: str = ""
    seconds: float = 0.0


class _Late(Exception):
    """A call does not end; the message is where it was, if that is known."""


class _Ended(Exception):
    """The worker is no more; the message is how it ended."""


def asked(exercise, files, sent, seconds=SECONDS):
    """Have an exercise answered in the student's worker: yields messages, is sent a Reply for each.

    files : dict from the name of a file to its path
    sent : dict from a path to its place there, of all files that may be needed

    Returns
    -------
    Answers, as of run.run
    """
    file = exercise.file
    if file not in files:
        return Answers(failure=Failure("missing", f"There is no {file}.", file))
    talk = _Talk(exercise, files, sent, seconds)
    try:
        return (yield from talk.answers())
    except _Late as error:
        where = str(error) or (yield from _traced(exercise, files, sent, talk))
        failure = timeout(Path(files[file]), where, seconds)
    except _Ended as error:
        failure = Failure("crash", f"It ended the process ({error})", file)
    except Exception as error:  # it did not send what it has to
        told = f"Its answers cannot be read ({type(error).__name__})."
        failure = Failure("crash", told, file)
    return Answers(failure=failure, printed=talk.printed)


def _traced(exercise, files, sent, before):
    """Where the call is that did not end, and could not say so itself: it is made once more."""
    talk = _Talk(exercise, files, sent, before.seconds, traces=True)
    try:
        yield from talk.answers(len(before.printed))
    except _Late as error:
        return str(error)
    except Exception:
        return ""  # this time it went another way
    return ""


class _Talk:
    """The calls of one exercise, one after the other.

    printed : what was printed in each call so far
    """

    def __init__(self, exercise, files, sent, seconds, traces=False):
        self.exercise, self.seconds, self.left = exercise, seconds, seconds
        self.printed, self._traces = [], traces
        self._task = {
            "exercise": exercise.name,
            "calls": exercise.calls.module,
            "places": {name: sent[path] for name, path in files.items()},
            "traces": traces,
        }
        self._files = {place: bytes_of(path) for path, place in sent.items()}
        self._own = [self._files[sent[path]] for path in files.values()]

    def answers(self, most=None):
        """The Answers of all calls, or of the first ones."""
        task = json.dumps(self._task).encode()
        library = next(filter(None, map(_library_in, self._own)), "")
        told, _ = yield from self._frame(("begin", task, self._files, library), wire.LOADED)
        if failure := failure_of(told["failure"]):
            return Answers(failure=failure, remarks=_remarks(told))
        cases, changed = [], []
        for case in self.exercise.cases()[:most]:
            token = secrets.token_hex(8)
            room = wire.room_for(case, self.exercise.reference(case))
            self.printed.append("")
            request = wire.request(token, case.arguments, room)
            told, data = yield from self._frame(("call", request), wire.ANSWER, 2 * room)
            arrays, its = wire.answer_in(told, data, token, case, room)
            cases.append(arrays)
            changed.append(its)
        return Answers(cases, changed, None, _remarks(told), self.printed, number(told.get("line")))

    def _frame(self, message, awaited, room=0):
        """(JSON, bytes) of the frame that answers a message."""
        reply = yield (*message, max(self.left, LEAST), self._traces)
        self.left -= reply.seconds
        for frame in reply.printed:
            _, data = wire.parsed(frame, wire.PRINTED, KEPT)
            if self.printed:
                heard = self.printed[-1] + data.decode(errors="replace")
                self.printed[-1] = heard[:KEPT]
        if reply.state == "ended":
            raise _Ended(sentence(reply.told, 300))
        if reply.state == "late":
            where = reply.frame and wire.parsed(reply.frame, wire.WHERE)[0]
            raise _Late(where or "")
        if reply.frame[:1] == wire.DUMP:
            raise _Late(wire.parsed(reply.frame, wire.DUMP)[0])
        if reply.frame[:1] == wire.ENDED:
            raise _Ended(sentence(wire.parsed(reply.frame, wire.ENDED)[0], 300))
        return wire.parsed(reply.frame, awaited, room)


def _library_in(source):
    """What a file imports that has to be fetched, or ""."""
    found = LIBRARY.search(source)
    return found[1].decode() if found else ""


def _remarks(told):
    return tuple(sentence(remark) for remark in told["remarks"][:20])


# From a Work to verdicts. Work asks for answers and waits; here nobody can wait, so that it is
# asked again as soon as what it wanted is known.


class _Wanted(Exception):
    """Answers that are not there yet: (exercise, files)."""


def _examined(work, exercise):
    """(Verdict, Answers it goes by) on one exercise, by way of the student's worker."""
    sent, known = _sent(work), {}

    def run_all(pairs, seconds=SECONDS):
        for pair in pairs:
            place = pair[1].get(exercise.file)
            if place not in known:
                raise _Wanted(*pair, place)
            yield known[place]

    work.run_all = run_all
    while True:
        try:
            return work.examine(exercise), next(reversed(known.values()), Answers())
        except _Wanted as wanted:
            *pair, place = wanted.args
            known[place] = yield from asked(*pair, sent)


def _sent(work):
    """All files that a student's code may need, with their places; of archives, what matters."""
    if work.hand_in is None:
        return {path: name for name, path in work.files.items()}
    found = [one for one in work.hand_in.found if PYTHON.fullmatch(one.path.name)]
    return {one.path: one.shown.as_posix() for one in found}


# What the page asks for. Each is a generator, and returns what can be written as JSON.


def check(name, files):
    """The verdict on one exercise, as JSON has it, with its card, and what was printed.

    files : dict from names of files to their text; of the five, stubs stand where one is missing
    """
    exercise = find(name)
    with TemporaryDirectory() as folder, Work() as work:
        for file, text in files.items():
            if file not in KNOWN:
                raise ValueError(f"There is no {file} in the assignment.")
            work.files[file] = Path(folder, file)
            work.files[file].write_text(text, encoding="utf-8")
        verdict, answers = yield from _examined(work, exercise)
        data = as_data([(exercise, verdict)], work.year)["exercises"][0]
    said = next((heard for heard in answers.printed if heard.strip()), "")
    return {**data, "html": InTab(verdict, exercise)._repr_html_(), "said": shown(said)}


def hand_ins(folder):
    """Verdicts on what has been laid into a folder; each is yielded as soon as it is known."""
    found = []
    for name, place in grouped(Path(folder)):
        try:
            with Work(place) as work:
                found.append({"name": name, "error": "", **(yield from _looked_at(work, name))})
        except (NoHandIn, OSError) as error:
            told = visible(str(error).replace(f"{folder}/", ""))
            found.append({"name": name, "error": told, "json": None, "html": ""})
        yield "found", json.dumps(found[-1])
    return found


def _looked_at(work, name):
    pairs = []
    for exercise in work.exercises():
        verdict, _ = yield from _examined(work, exercise)
        pairs.append((exercise, verdict))
    data = faces.data_of(work, pairs) | {"submission": name}
    rows = [
        {
            "verdict": verdict,
            "mark": faces.MARKS.get(verdict.status, "✗"),
            "label": faces.LABELS.get(verdict.status, verdict.status),
            "points": worth(exercise, work.year),
            "card": InTab(verdict, exercise)._repr_html_(),
        }
        for exercise, verdict in pairs
        if verdict.status != "not asked"
    ]
    environment = Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=True)
    table = environment.get_template("table.html").render(name=name, rows=rows, data=data)
    return {"json": data, "html": table}


def grouped(folder):
    """(name, path) of each hand-in that was dropped into a folder.

    An archive is one, and so is a folder; one that holds nothing but archives and folders with
    Python files is a class. Files that lie about are one together.
    """
    loose, hand_in = [], []
    for path in sorted(folder.iterdir()):
        packed = path.is_file() and PACKED.fullmatch(path.name)
        if path.is_dir() and _is_class(path):
            hand_in += [(f"{path.name}/{one.name}", one) for one in sorted(path.iterdir())]
        elif path.is_dir() or packed:
            hand_in.append((path.name, path))
        else:
            loose.append(path)
    if len(loose) == 1 and not hand_in:
        return [(loose[0].name, loose[0])]
    if loose:
        together = folder / "your files"
        together.mkdir()
        for path in loose:
            path.rename(together / path.name)
        hand_in.insert(0, (together.name, together))
    return hand_in


def _is_class(folder):
    some = [path for path in folder.iterdir() if not path.name.startswith(".")]
    packed = [path for path in some if path.is_file() and PACKED.fullmatch(path.name)]
    return len(packed) > 1 and len(packed) == len(some)


def line(derivation, label, text):
    """What numbers say of a line of a derivation that somebody has edited.

    label : of the line, or its number
    text : its equations; of the blank line, its right side
    """
    known = DERIVATIONS[derivation]
    by_label = (one for one in known.lines if one.label and one.label == label)
    its = next(by_label, None) or known.line(label)
    if its.number == known.blank:
        with redirect_stdout(StringIO()) as said:
            known.solve(text)
        return {"text": said.getvalue().strip()}
    verdict = known.verdict(text)
    return {"status": verdict.status, "text": str(verdict)}
    yield  # it asks nothing of anybody


class InTab(Card):
    """The card of a notebook on a page: no cell to try a call in, and no Matplotlib for a map."""

    def _link(self):
        """The address of what settles it, as seen from a page one folder down."""
        page, _, heading = link(self.verdict.see, "start").partition("#")
        if not page.endswith(".ipynb"):
            return link(self.verdict.see)
        anchor = re.sub(r"[^\w-]", "", unquote(heading)).lower()
        return f"../notebooks/{page.removesuffix('.ipynb')}.html#{anchor}"

    def _trying(self):
        return ""

    def _picture(self):
        return "", ""


# What JavaScript calls.

WISHES = {"check": check, "hand_ins": hand_ins, "line": line}


def begin(wish, *arguments):
    """Begin a conversation: what it asks first, or ("done", JSON)."""
    global _conversation
    _conversation = WISHES[wish](*arguments)
    return go_on()


def go_on(*reply):
    """Go on with what a Reply is made of, or with nothing after what was only told."""
    try:
        return _conversation.send(_reply(*reply) if reply else None)
    except StopIteration as end:
        return "done", json.dumps(end.value)


def _reply(frame, printed, *more):
    return Reply(bytes(frame), list(map(bytes, printed)), *more)


def give_up():
    """Nobody waits for it any more."""
    _conversation.close()
