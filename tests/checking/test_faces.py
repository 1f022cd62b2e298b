"""The faces of the list: check cell and card, table, watch, hints and reset."""

import json
import os
import re
import signal
import subprocess
import sys
import textwrap
import threading
import time
from dataclasses import replace
from functools import partial
from html.parser import HTMLParser
from urllib.parse import quote, unquote

import numpy as np
import pytest

from assignment.checking import card as cards
from assignment.checking import case, check, faces, watch
from assignment.checking.exercises import COURSE, EXERCISES, find
from assignment.checking.faces import FIRST_SENTENCE, Card, Work, as_text, hint, progress, worth
from assignment.checking.judge import LAYOUT_OF_2015, STATUSES, Verdict
from assignment.checking.mistakes import MISTAKES
from assignment.checking.see import link
from assignment.checking.stubs import SOLUTIONS, make_stub, reset, write_stubs
from assignment.checking.submission.load import Submission
from assignment.checking.submission.year import OURS
from assignment.checking.trying import call_of
from assignment.notebook.clean import NOTEBOOKS
from conftest import ROOT
from mutants import WRONG, answered, solution, spoilt, verdict_on

EACH_EXERCISE = pytest.mark.parametrize("name", [exercise.name for exercise in EXERCISES])


@pytest.fixture
def at_work(hand_in, monkeypatch):
    """A function that puts files in the place of the student's five, and returns their folder."""

    def put(**sources):
        folder = hand_in("work", **sources)
        monkeypatch.setenv("ASSIGNMENT_FILES", str(folder))
        monkeypatch.setattr(faces, "_shown", {})
        return folder

    return put


# Text.


def test_check_says_one_line_about_a_stub(at_work, capsys):
    at_work(stubs=True)
    check("softmax_loss_naive")
    place = Work().place(find("softmax_loss_naive"))
    assert capsys.readouterr().out == f"… softmax_loss_naive: to do. Write it in {place}.\n"


def test_check_says_what_an_exercise_needs(at_work, capsys):
    solved = solution("neural_net.py")
    scores = "        H = np.matmul(X, W1, dtype=np.result_type(X, W1, b1))\n"
    assert scores in solved
    stub = '        raise NotImplementedError("to do: TwoLayerNet.scores")\n'
    folder = at_work(stubs=True, neural_net=solved.replace(scores, stub))
    place = Work().place(find("TwoLayerNet.scores"))
    for name in ("TwoLayerNet.loss", "TwoLayerNet.gradients"):
        check(name)
        told = f"It needs TwoLayerNet.scores, which is still to be written: {place}."
        assert " ".join(capsys.readouterr().out.split()) == f"… {name}: to do. {told}"
    own = (folder / "neural_net.py").read_text().replace("return self.loss(X)", "return loss(X)")
    own += f"\n\ndef loss(X):\n{stub[4:]}"
    (folder / "neural_net.py").write_text(own)
    check("TwoLayerNet.predict")
    assert "to do. It needs TwoLayerNet.scores" in " ".join(capsys.readouterr().out.split())


def test_check_says_right(at_work, capsys):
    at_work()
    check("nca_loss")
    assert capsys.readouterr().out == "✓ nca_loss: right.\n"


def test_check_names_the_mistake_and_what_settles_it(at_work, capsys):
    at_work(softmax=spoilt("softmax_loss_naive", "2 * reg * W", "reg * W"))
    check("softmax_loss_naive")
    first, *more, last = capsys.readouterr().out.splitlines()
    assert first.startswith(
        "✗ softmax_loss_naive: wrong. The penalty in the loss is reg * sum(W^2)"
    )
    assert last == "  See notebooks/softmax.ipynb, derivation, lines 19 to 21."
    assert more and all(line.startswith("  ") and len(line) <= 100 for line in more)


def test_a_crash_is_told_with_its_file_and_line(at_work, capsys):
    source = spoilt("softmax_loss_naive", "loss = 0.0", "loss = undefined_name")
    line = 1 + source[: source.index("undefined_name")].count("\n")
    at_work(softmax=source)
    check("softmax_loss_naive")
    assert " ".join(capsys.readouterr().out.split()).startswith(
        f"✗ softmax_loss_naive: crash. assignment/softmax.py, line {line}: NameError: "
        "name 'undefined_name' is not defined (with N = 7"
    )


@pytest.mark.parametrize(
    "name, told",
    [
        ("softmax", "no exercise 'softmax'; there are .*nca_loss"),
        ("nca_los", "no exercise 'nca_los'; did you mean nca_loss?"),
        ("train", "LinearClassifier.train or TwoLayerNet.train?"),
    ],
)
def test_a_name_that_is_no_exercise_lists_those_that_are_or_may_be_meant(name, told):
    for says in (check, case, find):
        with pytest.raises(ValueError, match=told):
            says(name)


@pytest.mark.parametrize("short", ["predict_labels", "compute_distances_no_loops", "scores"])
def test_the_last_part_of_a_name_will_do_where_it_is_one_exercises_alone(short):
    assert find(short).name.endswith(f".{short}")


@EACH_EXERCISE
def test_place_is_the_line_of_the_todo(name, at_work):
    folder = at_work(stubs=True)
    place = Work().place(find(name))
    file, line = re.fullmatch(r"assignment/(\w+\.py), line (\d+)", place).groups()
    lines = (folder / file).read_text(encoding="utf-8").splitlines()
    assert lines[int(line) - 1].strip().startswith(f"# TODO {name}:")


def points_of(exercises):
    return sum(exercise.points for exercise in exercises)


def test_the_table_has_a_line_for_each_exercise(hand_in, command):
    done = command("progress", files=hand_in(softmax=make_stub(solution("softmax.py"))))
    assert done.returncode == 0 and "assignment/softmax.py, line " in done.stdout
    *lines, last = done.stdout.splitlines()
    for exercise in EXERCISES:
        label = "to do" if exercise.file == "softmax.py" else "right"
        assert sum(f" {exercise.name} " in f"{line} " and label in line for line in lines) == 1
    right = [exercise for exercise in EXERCISES if exercise.file != "softmax.py"]
    to_do = len(EXERCISES) - len(right)
    assert last == f"{len(right)} right, 0 wrong, {to_do} to do; {points_of(right)} of 100 points"


def test_what_a_course_leaves_out_has_no_points():
    assert worth(replace(EXERCISES[0], points=None), OURS) == 0 < worth(EXERCISES[0], OURS)


@pytest.mark.parametrize("status", STATUSES)
def test_what_is_not_right_fails_progress(status, monkeypatch):
    verdicts = (Verdict(exercise.name, status) for exercise in EXERCISES)
    monkeypatch.setattr(Work, "examine_all", lambda self, exercises: verdicts)
    assert progress(Work()) == (status in ("right", "convention", "unsolved", "not asked"))


def test_a_file_that_is_missing_is_taken_from_the_stubs_unless_it_is_a_hand_in(at_work, hand_in):
    at_work(softmax=None)
    assert Work().files["softmax.py"].parent.name == "assignment"
    assert "softmax.py" not in Work(hand_in("other", softmax=None)).files


def test_the_table_counts_each_status_that_there_is(monkeypatch, capsys):
    statuses = ["wrong", "crash", "timeout", "missing", "unstable", "unsolved", "convention"]
    statuses += ["right"] * (len(EXERCISES) - len(statuses))
    verdicts = [Verdict(e.name, s) for e, s in zip(EXERCISES, statuses, strict=True)]
    monkeypatch.setattr(Work, "examine_all", lambda self, exercises: iter(verdicts))
    progress(Work())
    right = statuses.count("right") + 1  # by a convention
    told = f"{right} right, 3 wrong, 1 to do, 1 unstable, 1 missing; "
    assert told in capsys.readouterr().out


def test_the_table_keeps_to_the_first_sentence_and_fails(hand_in, command):
    done = command("progress", files=hand_in(softmax=spoilt("softmax_loss_naive", "dW / N", "dW")))
    assert done.returncode == 1 and "7.00 times" not in done.stdout
    assert "The sum over the examples is not divided by N.\n" in done.stdout
    assert f"\n{len(EXERCISES) - 1} right, 1 wrong, 0 to do" in done.stdout
    assert "`python -m assignment check NAME` says more." in done.stdout


@pytest.mark.parametrize(
    "message, first",
    [
        ("softmax.py, line 1: SyntaxError: invalid syntax. More.", None),
        ("hw (1).ipynb, cell 3, line 12: It does not end. Within 10 s.", None),
        ("KeyError: 'W1'. More.", None),
        ("TypeError: An index. More.", None),
        ("The loss is wrong: It is 3. More.", "The loss is wrong:"),
        ("It is so. See softmax.py, line 3: More.", "It is so."),
        ("There is no softmax.py; there is a.py.", "There is no softmax.py; there is a.py."),
        ("", ""),
    ],
)
def test_a_sentence_is_not_cut_behind_a_line_or_an_error(message, first):
    expected = message.removesuffix(message.split(". ")[-1]).strip() if first is None else first
    assert FIRST_SENTENCE.match(message)[0] == expected


# The card.

OFF = Verdict(
    "softmax_loss_naive",
    "wrong",
    'A <b> sentence & "more".',
    "reg-factor-2-missing",
    remarks=("float labels: they are",),
    see="notebooks/softmax.ipynb, derivation, line 21",
    evidence={"case": "N = 7"},
    printed=("<i>0</i>", "1"),
    error=("dW", np.eye(3), np.zeros((3, 3))),
)


class Outline(HTMLParser):
    """The tags of a page, its texts and attributes; every tag has to be closed in its turn."""

    def __init__(self, html):
        super().__init__()
        self.open, self.tags, self.text, self.attributes = [], [], "", {}
        self.feed(html)
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes.setdefault(tag, dict(attrs))
        if tag != "img":
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


@pytest.fixture(scope="module")
def card():
    return Outline(Card(OFF, find("softmax_loss_naive"))._repr_html_())


def test_the_card_says_what_the_text_says(card):
    assert 'A <b> sentence & "more".' in card.text and "b" not in card.tags
    call = 'from assignment.checking import case; case("softmax_loss_naive")'
    for part in ("✗ softmax_loss_naive: wrong", OFF.see, OFF.remarks[0], call, *OFF.printed):
        assert part in card.text
    assert repr(Card(OFF, None)) == as_text(OFF)


def test_the_card_has_a_name_leads_on_and_takes_its_colours_from_the_page(card):
    section, image = card.attributes["section"], card.attributes["img"]
    assert section["aria-label"] == "Check of softmax_loss_naive: wrong"
    assert "var(--jp-ui-font-color0" in section["style"] and "background" not in section["style"]
    assert card.attributes["a"]["href"] == "softmax.ipynb#From-one-example-to-a-batch"
    assert image["src"].startswith("data:image/png;base64,iVBOR")
    assert image["alt"] == (
        "Map of the error of dW: 3 of 9 entries are off, in rows 0, 1, 2 and columns 0, 1, 2."
    )


def test_hints_open_one_inside_the_other(card):
    assert card.tags.count("details") == len(find("softmax_loss_naive").hints)
    html = Card(OFF, find("softmax_loss_naive"))._repr_html_()
    assert html.index("Hint 3 of 3") < html.index("</details>")


def test_a_card_shows_all_that_is_told_as_text():
    told = '"><i>&amp;'
    verdict = Verdict(told, "wrong", told, remarks=(told,), see=told, printed=(told,))
    html = cards.card(verdict, told, told, told, told, [told], "picture", told)
    assert "<i>" not in html and html.count("&quot;&gt;&lt;i&gt;&amp;amp;") == 13


def test_a_card_that_says_right_has_neither_hints_nor_a_picture():
    card = Outline(Card(Verdict("nca_loss", "right"), find("nca_loss"))._repr_html_())
    assert "details" not in card.tags and "img" not in card.tags


@pytest.mark.parametrize("status", STATUSES)
def test_every_status_is_a_word_not_only_a_colour(status):
    text = Outline(Card(Verdict("nca_loss", status), find("nca_loss"))._repr_html_()).text
    assert faces.LABELS.get(status, status) in text


# Where to write.

HASHES = "#" * 20
BLANKS = {
    "pass between marks": f"""
        def softmax_loss_naive(W, X, y, reg):
          loss = 0.0
          {HASHES}
          # TODO: both of them.
          {HASHES}
          # *****START OF YOUR CODE (DO NOT DELETE/MODIFY THIS LINE)*****

          pass  # here

          # *****END OF YOUR CODE (DO NOT DELETE/MODIFY THIS LINE)*****
          return loss, 0 * W
        """,
    "nothing between marks": """
        def softmax_loss_naive(W, X, y, reg):
          # TODO: both of them,
          # with loops.
          # *****START OF YOUR CODE*****
          # here
          # *****END OF YOUR CODE*****
          return 0.0, 0 * W
        """,
    "the second blank of two": """
        def softmax_loss_naive(W, X, y, reg):
          # TODO: the loss
          loss = W.sum()
          # END OF YOUR CODE
          # TODO: the gradient
          pass  # here
          # END OF YOUR CODE
          return loss, None
        """,
    "marks without a todo": """
        def softmax_loss_naive(W, X, y, reg):
            # START OF YOUR CODE
            pass  # here
            # END OF YOUR CODE
        """,
    "a todo that is all there is": """
        def softmax_loss_naive(W, X, y, reg):
            # TODO: loss and gradient
            return 0.0, 0 * W  # here
        """,
    "only pass": "\n\ndef softmax_loss_naive(W, X, y, reg):\n    pass  # here\n",
    "only dots": 'def softmax_loss_naive(W, X, y, reg):\n    """Loss."""\n    ...  # here\n',
    "only None": "def f():\n  pass\ndef softmax_loss_naive(W, X, y, reg):\n  return None  # here",
    "raises": "def softmax_loss_naive(W, X, y, reg):\n  a = 1\n  raise NotImplementedError  # here",
    "Python 2": "def softmax_loss_naive(W, X, y, reg):\n    print 'to do'\n    pass  # here\n",
    "Windows": "def f():\r\n  pass\r\ndef softmax_loss_naive(W, X, y, reg):\r\n  pass  # here\r\n",
    "LinearClassifier.train": """
        class Other:
            def train(self, X, y):
                pass
        class LinearClassifier:
            def train(self, X, y):
                for it in range(10):
                    # TODO: sample
                    pass  # here
                    # END OF YOUR CODE
                    loss, grad = self.loss(1, 2, 3)
                    # TODO: update
                    pass
        """,
    **{
        f"TwoLayerNet.{name}": "class TwoLayerNet:\n    def loss(self, X, y=None, reg=0):\n"
        + "".join(
            f"        # TODO: {part}\n        pass{'  # here' if part == name else ''}\n"
            for part in ("scores", "loss", "gradients")
        )
        for name in ("scores", "loss", "gradients")
    },
}


@pytest.mark.parametrize("blank", BLANKS)
def test_place_of_a_stub_of_any_year_is_the_line_to_write_in(blank, hand_in):
    source = textwrap.dedent(BLANKS[blank])
    lines = source.replace("\r\n", "\n").split("\n")
    [here] = [number for number, line in enumerate(lines, 1) if "# here" in line]
    exercise = find(blank if "." in blank else "softmax_loss_naive")
    work = Work(hand_in(**{exercise.file[:-3]: source.encode()}))
    assert work.place(exercise) == f"{exercise.file}, line {here}"


@pytest.mark.parametrize("source", ["def softmax_loss_naive(:\n", "x = 1\n", "(" * 1500, "\0"])
def test_place_in_a_file_that_has_no_such_function_is_the_file(source, hand_in):
    work = Work(hand_in(softmax=source))
    assert work.place(find("softmax_loss_naive")) == "softmax.py"


# Where it is settled.

SEES = sorted(
    {
        (mistake.see_in(exercise.notebook))
        for mistake in MISTAKES.values()
        for exercise in EXERCISES + COURSE
    }
    - {""}
)


@pytest.mark.parametrize("see", SEES)
def test_what_a_verdict_refers_to_has_an_address(see):
    address, _, anchor = unquote(link(see)).partition("#")
    assert address, f"{see} leads nowhere"
    if "://" in address:
        return  # a page of others, by its title in see.PAGES
    cells = json.loads((NOTEBOOKS / address).read_text(encoding="utf-8"))["cells"]
    text = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    headings = re.findall("^#+ (.+)", text, re.MULTILINE)
    assert [heading.replace(" ", "-") for heading in headings].count(anchor) == 1


@pytest.mark.parametrize(
    "see",
    [
        "",
        "notes",
        'notes, "No such title"',
        "notebooks/knn.ipynb, section 99",
        "notebooks/none.ipynb, section 1",
        "notebooks/svm.ipynb, derivation, line 99",
    ],
)
def test_what_is_not_there_has_no_address(see):
    assert link(see) == ""


def test_an_address_begins_where_the_lesson_stands():
    own = "notebooks/further/metric_learning.ipynb, section 1"
    heading = "metric_learning.ipynb#1.-A-soft-nearest-neighbour"
    assert link(own) == f"further/{heading}"
    assert link(own, "further/metric_learning") == heading
    other = link("notebooks/knn.ipynb, section 4", "further/metric_learning")
    assert other == "../knn.ipynb#4.-A-vote"
    wrong = Verdict("nca_loss", "wrong", see=own)
    html = Outline(Card(wrong, find("nca_loss"))._repr_html_())
    assert html.attributes["a"]["href"] == heading


def test_every_exercise_stands_in_a_section_that_exists():
    for exercise in EXERCISES:
        section = exercise.section.partition(".")[0]
        see = f"notebooks/{exercise.notebook}.ipynb, section {section}"
        anchor = quote(exercise.section.replace(" ", "-"))
        assert link(see) == f"{exercise.notebook}.ipynb#{anchor}"


# The call that is off.

NUMBER = re.compile(r"\b(?:is|you predict) (\S+), but should (?:be|predict)")


def tried(call, module):
    """What the lines that a call shows return, run with the definitions of a module."""
    names = {**vars(module), "case": lambda name: call, "np": np}
    *lines, last = call.code.splitlines()
    exec("\n".join(lines), names)
    return eval(last.rpartition(" = ")[2] if last.startswith("loss,") else last, names)


def numbers_in(value):
    values = value.values() if isinstance(value, dict) else value
    if isinstance(values, np.ndarray) or np.isscalar(values):
        return {f"{number:.6g}" for number in np.ravel(values)}
    return set().union(*map(numbers_in, values))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", [e.name for e in EXERCISES if not e.name.endswith("train")])
def test_the_call_that_is_off_returns_the_number_that_is_told(name, tmp_path):
    exercise, count = find(name), 0
    for old, new, _ in WRONG[name].values():
        source = spoilt(name, old, new)
        found = verdict_on(name, source)
        if not (told := NUMBER.search(found.evidence.get("says", ""))):
            continue
        call = call_of(found, exercise)
        (tmp_path / exercise.file).write_text(source, encoding="utf-8")
        with Submission({exercise.file: tmp_path / exercise.file}) as submission:
            got = tried(call, submission.load(exercise.file))
        assert told[1] in numbers_in(got), (old, new)
        if (count := count + 1) == 3:
            break
    assert count >= 2


def test_the_call_of_a_crash_crashes(at_work, capsys):
    folder = at_work(softmax=spoilt("softmax_loss_naive", "loss = 0.0", "loss = 0.0 / (N - 4)"))
    check("softmax_loss_naive")
    assert 'To try that call: from assignment.checking import case; case("softmax_loss_naive")' in (
        " ".join(capsys.readouterr().out.split())
    )
    call = case("softmax_loss_naive")
    assert call.case.startswith("N = 4") and list(call) == ["W", "X", "y", "reg"]
    with Submission({"softmax.py": folder / "softmax.py"}) as submission:
        module = submission.load("softmax.py")
        with pytest.raises(ZeroDivisionError):
            tried(call, module)


@pytest.mark.parametrize("name", ["LinearClassifier.train", "TwoLayerNet.train"])
def test_the_call_of_a_training_has_what_it_was_given(name, at_work):
    folder = at_work(
        **{find(name).file[:-3]: answered(name, "SEEN.append(dict(locals()))\nraise ValueError")}
    )
    exercise, seen = find(name), []
    with Submission({exercise.file: folder / exercise.file}) as submission:
        module = submission.load(exercise.file)
        module.SEEN = seen
        first = exercise.cases()[0]
        with pytest.raises(ValueError):
            exercise.call(module, **first.arguments)
    before = np.random.get_state()[1].copy()
    call = case(name)
    np.testing.assert_array_equal(np.random.get_state()[1], before)
    assert call.case == first.name
    for argument in {*call} - {"W", "params"}:
        np.testing.assert_array_equal(call[argument], seen[0][argument])
    mine = vars(seen[0]["self"])
    np.testing.assert_equal(
        {key: mine[key] for key in call if key in mine},
        {key: call[key] for key in call if key in mine},
    )
    assert "W" in call or "params" in call


def test_the_call_stays_that_of_the_verdict_that_was_shown(at_work, capsys):
    folder = at_work(softmax=spoilt("softmax_loss_naive", "loss = 0.0", "loss = 1.0 * (N == 4)"))
    assert case("softmax_loss_naive").case.startswith("N = 4")  # without a check before
    check("softmax_loss_naive")
    (folder / "softmax.py").write_text(solution("softmax.py"), encoding="utf-8")
    assert case("softmax_loss_naive").case.startswith("N = 4")
    check("softmax_loss_naive")
    assert case("softmax_loss_naive").case == find("softmax_loss_naive").cases()[0].name


def test_each_call_has_arrays_of_its_own(at_work):
    at_work(stubs=True)
    case("softmax_loss_naive")["W"][:] = 0
    assert case("softmax_loss_naive")["W"].any()


def test_the_call_is_turned_for_the_layout_of_2015(tmp_path):
    found = Verdict("svm_loss_naive", "wrong", remarks=(LAYOUT_OF_2015,))
    call = call_of(found, find("svm_loss_naive"))
    assert call["W"].shape == (4, 5) and call["X"].shape == (5, 7)


def test_a_call_shows_how_it_is_made():
    told = repr(call_of(Verdict("softmax_loss_naive", "right"), find("softmax_loss_naive")))
    assert told.splitlines() == [
        "softmax_loss_naive, with N = 7, D = 5, C = 4, reg = 0.3: "
        "W (5, 4), X (7, 5), y (7,), reg = 0.3",
        'c = case("softmax_loss_naive")',
        "softmax_loss_naive(**c)",
    ]


# Hints.


def test_a_hint_from_the_command_line(run_assignment):
    done = run_assignment("hint", "nca_loss")
    assert done.returncode == 0 and done.stdout.startswith("Hint 1 of 3 for nca_loss:\n")


def test_hints_open_one_at_a_time(capsys):
    hints = find("nca_loss").hints
    for number in range(1, len(hints) + 1):
        hint("nca_loss", number)
        out = " ".join(capsys.readouterr().out.split())
        assert [other in out for other in hints] == [h == hints[number - 1] for h in hints]
        assert (f"hint nca_loss {number + 1}" in out) == (number < len(hints))


@pytest.mark.parametrize(
    "part, name",
    [
        ("soft", "softmax_loss_naive"),
        ("SVM", "svm_loss_naive"),
        ("two_loops", "KNearestNeighbor.compute_distances_two_loops"),
        ("scores", "TwoLayerNet.scores"),
        ("affine", "affine_forward"),
    ],
)
def test_a_hint_is_found_by_any_part_of_a_name(part, name, capsys):
    hint(part)
    assert capsys.readouterr().out.startswith(f"Hint 1 of 3 for {name}:")
    with pytest.raises(ValueError, match="There is no exercise 'sofa'"):
        hint("sofa")


@pytest.mark.parametrize("number", [0, -1, 4])
def test_a_hint_that_is_not_there_is_a_sentence(number):
    with pytest.raises(ValueError, match=f"nca_loss has hints 1 to 3, but not {number}."):
        hint("nca_loss", number)


# Reset.


@EACH_EXERCISE
def test_reset_blanks_one_exercise_and_leaves_the_rest(name, hand_in):
    folder = hand_in()
    exercise = find(name)
    before = (folder / exercise.file).read_bytes()
    path, kept = reset(exercise, folder)
    assert kept.read_bytes() == before
    assert re.findall("# TODO (.+?):", path.read_text(encoding="utf-8")) == [name]
    found = Work(folder).examine(exercise)
    assert found.status == "unsolved", found


def test_reset_keeps_helpers_and_notes_outside_the_blank(hand_in):
    stub = make_stub(solution("softmax.py"))
    mine = stub.replace("import numpy as np\n", "import numpy as np\n\nMINE = 1\n", 1).replace(
        '    raise NotImplementedError("to do: softmax_loss_naive")\n', "    return 1\n"
    )
    folder = hand_in(softmax=mine)
    path, _ = reset(find("softmax_loss_naive"), folder)
    assert "MINE = 1" in path.read_text(encoding="utf-8") and "return 1" not in path.read_text()


def test_reset_loses_no_byte_of_a_file_with_a_syntax_error_and_bytes_of_another_encoding(hand_in):
    source = spoilt("softmax_loss_naive", "loss = 0.0", "loss = = 0").encode()
    folder = hand_in(softmax=source + "# déjà vu\n".encode("latin-1"))
    path, kept = reset(find("softmax_loss_naive"), folder)
    assert path.read_bytes().endswith(b"d\xe9j\xe0 vu\n") and kept.exists()
    compile(path.read_text(encoding="latin-1"), "softmax.py", "exec")


def test_reset_writes_a_file_that_is_not_there_and_changes_no_blank(tmp_path):
    path, kept = reset(find("nca_loss"), tmp_path)
    assert path.read_text(encoding="utf-8") == make_stub(solution(path.name)) and kept is None
    write_stubs(tmp_path)
    assert reset(find("nca_loss"), tmp_path)[1] is None
    assert len(list(tmp_path.iterdir())) == 5


def test_reset_keeps_every_earlier_copy(hand_in):
    folder = hand_in()
    for name in ("softmax_loss_naive", "softmax_loss_vectorized"):
        reset(find(name), folder)
    kept = sorted(path.name for path in folder.glob("softmax*"))
    assert kept == ["softmax.py", "softmax.py.kept-1", "softmax.py.kept-2"]


def test_reset_from_the_command_line_says_what_it_kept(hand_in, run_assignment, command):
    folder = hand_in()
    done = run_assignment("reset", "nca_loss", files=folder)
    assert done.returncode == 0, done.stderr
    assert done.stdout == (
        "k_nearest_neighbor.py has its blank again; yours is kept as k_nearest_neighbor.py.kept-1\n"
    )
    assert command("reset", "nca_loss", files=folder).stdout == "nca_loss is blank already\n"


# Watching.


@pytest.fixture
def watching(hand_in):
    """`python -m assignment watch`: its folder, its lines as they come, and how to wait for one."""
    folder = hand_in("work", stubs=True)
    environment = {"ASSIGNMENT_FILES": folder, "PYTHONIOENCODING": "utf-8", "PYTHONPATH": ROOT}
    process = subprocess.Popen(
        [sys.executable, "-m", "assignment", "watch"],
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        encoding="utf-8",
    )
    lines = []
    reader = threading.Thread(target=lambda: lines.extend(iter(process.stdout.readline, "")))
    reader.start()

    def wait_for(pattern, since=0, seconds=30):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for i, line in enumerate(lines[since:], since):
                if re.search(pattern, line):
                    return i
            time.sleep(0.02)
        raise AssertionError(f"no line {pattern!r} in {lines}")

    yield folder, lines, wait_for, process
    process.kill()
    reader.join()
    process.stdout.close()


def save(path, text):
    """As editors do: a new file that takes the old one's place."""
    new = path.with_suffix(".new")
    new.write_text(text, encoding="utf-8")
    new.replace(path)


def test_watch_checks_what_is_saved_and_says_what_comes_next(watching):
    folder, lines, wait_for, process = watching
    first = wait_for(r"^Next: KNearestNeighbor.compute_distances_two_loops in assignment/")
    save(folder / "softmax.py", spoilt("softmax_loss_naive", "dW / N", "dW"))
    wrong = wait_for(r"^✗ softmax_loss_naive: wrong. The sum over the examples", first + 1)
    right = wait_for(r"^✓ softmax_loss_vectorized: right\.", first + 1)
    then = max(wrong, right)
    save(folder / "softmax.py", spoilt("softmax_loss_vectorized", "P /= N", "pass"))
    wait_for(r"^✓ softmax_loss_naive: right\.", then)
    then = wait_for(r"^✗ softmax_loss_vectorized: wrong", then)
    save(folder / "softmax.py", make_stub(solution("softmax.py")))
    wait_for(r"^… softmax_loss_naive: to do", then)
    then = wait_for(r"^Next: softmax_loss_naive in assignment/softmax.py", then)
    save(folder / "softmax.py", solution("softmax.py"))
    right = wait_for(r"^✓ softmax_loss_naive: right\.", then)
    wait_for(r"^Next: KNearestNeighbor.compute_distances_two_loops", right)
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 0
    assert "Traceback" not in "".join(lines)


def test_watch_sees_what_is_saved_during_its_first_check(at_work, monkeypatch, capsys):
    folder, end, looked = at_work(stubs=True), threading.Event(), []

    def table_and_save(work):
        verdicts = faces.table(work)
        save(folder / "softmax.py", solution("softmax.py"))
        return verdicts

    def say_next(*_):
        looked.append(1)
        if len(looked) == 2:
            end.set()

    monkeypatch.setattr(watch, "table", table_and_save)
    monkeypatch.setattr(watch, "_say_next", say_next)
    monkeypatch.setattr(watch, "changes_in", partial(watch.changes_in, stop_event=end))
    late = threading.Timer(20, end.set)
    late.start()
    watch.watch()
    late.cancel()
    assert "✓ softmax_loss_naive: right." in capsys.readouterr().out


@pytest.fixture
def checked(at_work, monkeypatch):
    """What watch checks: a function of steps, each of which does something and names what changed.

    A step is a function of the folder that returns the names of files, or None for a quiet tick.
    """
    folder, seen = at_work(), []

    class Watched(faces.Work):
        def examine_all(self, exercises=None, seconds=0):
            states = {e.file: (folder / e.file).exists() for e in exercises or ()}
            seen.extend(states.items())
            return iter(())

    def checked(*steps):
        def changes(*folders, watch_filter, **options):
            yield set()
            for step in steps:
                names = step(folder) or ()
                made = {(1, str(folder / name)) for name in names}
                yield {change for change in made if watch_filter(*change)}

        monkeypatch.setattr(watch, "changes_in", changes)
        monkeypatch.setattr(watch, "Work", Watched)
        monkeypatch.setattr(watch, "table", lambda work: [])
        monkeypatch.setattr(watch, "_say_next", lambda *_: None)
        watch.watch()
        return seen

    return checked


def writes(content, name="softmax.py"):
    def step(folder):
        (folder / name).write_text(content)
        return [name]

    return step


def quiet(folder):
    """Nothing happens."""


def goes(folder):
    (folder / "softmax.py").unlink()
    return ["softmax.py"]


WHOLE = [("softmax.py", True)]


@pytest.mark.parametrize(
    "steps, seen",
    [
        ([writes("x = 1"), quiet], WHOLE),
        # Emptied, then written; in two parts; moved away, then written anew.
        ([writes(""), quiet, quiet, writes("x = 1"), quiet, quiet], WHOLE),
        ([writes("x ="), writes("x = 1"), quiet], WHOLE),
        ([goes, quiet, quiet, writes("x = 1"), quiet], WHOLE),
        # Or it is gone for good.
        ([goes, *[quiet] * (watch.PATIENCE - 1)], []),
        ([goes, *[quiet] * watch.PATIENCE], [("softmax.py", False)]),
        ([writes("x = 1"), quiet, writes("x = 2"), quiet], WHOLE * 2),
    ],
)
def test_watch_waits_until_a_file_is_whole(steps, seen, checked):
    assert checked(*steps) == seen


BESIDE = """.#softmax.py #softmax.py# softmax.py~ .softmax.py.swp .softmax.py.swx 4913 my_softmax.py
    .softmax.py.kate-swp softmax.py.kept-1 softmax.py.0a1b2c3d.partial ..softmax.py.un~ softmax.pyc
    .~softmax.py softmax.py___jb_tmp___ softmax.py.bak softmax.orig.py .goutputstream-softmax.py"""


def test_watch_takes_no_other_file_for_an_exercise(checked, capsys):
    checked(*(writes("x = 1", name) for name in BESIDE.split()), quiet, quiet)
    assert "Checking" not in capsys.readouterr().out


# The whole way: five files in a folder, laid over the stubs in another process.


def test_progress_on_the_solutions_is_all_right(run_assignment):
    done = run_assignment("with", SOLUTIONS, sys.executable, "-m", "assignment", "progress")
    assert done.returncode == 0, done.stderr
    assert f"\n{len(EXERCISES)} right, 0 wrong, 0 to do; 100 of 100 points\n" in done.stdout


def test_the_exit_code_of_the_command_comes_through(tmp_path, run_assignment):
    assert run_assignment("with", tmp_path, sys.executable, "-c", "exit(3)").returncode == 3


def test_a_check_leaves_the_random_numbers_of_the_notebook_alone(at_work, capsys):
    at_work()
    np.random.seed(7)
    expected = np.random.rand(3)
    np.random.seed(7)
    check("LinearClassifier.train")
    np.testing.assert_array_equal(np.random.rand(3), expected)
