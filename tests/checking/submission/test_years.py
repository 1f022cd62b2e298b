"""Hand-ins of every year: what they are made of, what was asked for, and what is wrong in them."""

import io
import json
import os
import re
import shutil
import subprocess
import sys
import textwrap
import zipfile
from contextlib import redirect_stdout
from pathlib import Path

import pytest

from assignment.checking.exercises import COURSE, EXERCISES, find
from assignment.checking.faces import Work, report
from assignment.checking.judge import Verdict
from assignment.checking.stubs import SOLUTIONS
from assignment.checking.submission.needed import CLASSES, FUNCTIONS
from assignment.checking.submission.year import (
    FIRST,
    KNOWN,
    LAST,
    LATER_FILES,
    OURS,
    OURS_ALONE,
    SECOND,
    THIRD,
    YEARS,
    year_of,
)
from conftest import ROOT
from layers.starters import starter, write

ASKED = {2020: 15, 2021: 21, 2023: 20, 2026: 24}
NAMES = {2020: FIRST.name, 2021: SECOND.name, 2023: THIRD.name, 2026: LAST.name}


def checked(folder, as_json=True):
    """What `check --submission` prints, or its data."""
    out = io.StringIO()
    with redirect_stdout(out):
        report(folder=folder, as_json=as_json)
    return json.loads(out.getvalue()) if as_json else out.getvalue()


def verdicts(folder):
    return {entry["name"]: entry for entry in checked(folder)["exercises"]}


# Whole hand-ins.


@pytest.mark.parametrize("solved, status", [(True, "right"), (False, "unsolved")])
@pytest.mark.parametrize("year", ASKED)
def test_a_hand_in_of_a_year_is_right_as_a_whole_and_its_starter_unsolved(
    year, solved, status, tmp_path, schema
):
    data = checked(write(tmp_path, year, solved))
    schema(data)
    assert data["year"] == NAMES[year]
    found = {entry["name"]: entry["status"] for entry in data["exercises"]}
    asked = {name for name, its in found.items() if its != "not asked"}
    points = {name: sum(entry[name] for entry in data["exercises"]) for name in ("points", "of")}
    assert (data["points"], data["of"]) == (100 if solved else 0, 100)
    assert points == pytest.approx({"points": data["points"], "of": 100}, abs=0.1)
    assert asked == {e.name for e in EXERCISES + COURSE if year_of_name(data["year"]).asks(e)}
    assert len(asked) == ASKED[year]
    assert {found[name] for name in asked} == {status}


def year_of_name(name):
    return next(year for year in YEARS if year.name == name)


@pytest.mark.parametrize("year", ASKED)
def test_the_table_says_which_year_it_is_and_gives_100_points(year, tmp_path, monkeypatch):
    def all_right(work, exercises, **_):
        for exercise in exercises:
            yield Verdict(exercise.name, "right" if work.year.asks(exercise) else "not asked")

    monkeypatch.setattr(Work, "examine_all", all_right)
    told = checked(write(tmp_path, year, solved=True), as_json=False)
    assert f"\nThe course's files of {NAMES[year]}.\n" in told
    assert f"\nNot asked for in {NAMES[year]}: " in told
    assert told.endswith(f"{ASKED[year]} right, 0 wrong, 0 to do; 100 of 100 points\n")


@pytest.mark.parametrize("year", ASKED)
def test_a_blank_is_told_with_the_line_where_it_is(year, tmp_path):
    with Work(write(tmp_path, year)) as work:
        for exercise in EXERCISES + COURSE:
            if not work.year.asks(exercise):
                continue
            file, line = re.fullmatch(r"(.*), line (\d+)", work.place(exercise)).groups()
            lines = Path(tmp_path, file).read_text(encoding="utf-8").splitlines()
            around = "\n".join(lines[max(0, int(line) - 4) : int(line) + 2])
            assert "TODO" in around or "START OF YOUR CODE" in around, exercise.name


# Wrong hand-ins: what is changed, and what is said of it. Third table of what people get wrong.
MASK = "dx = dout * (x > 0)"
SHIFTED = "shifted = x - np.max(x, axis=1, keepdims=True)"
HIDDEN = 'hidden, first = affine_relu_forward(X, self.params["W1"], self.params["b1"])'
SCORES = 'scores, second = affine_forward(hidden, self.params["W2"], self.params["b2"])'
OF_LOSS = "loss += 0.5 * self.reg * np.sum(self.params[name] ** 2)"
OF_GRADIENT = "grads[name] += self.reg * self.params[name]"
MOMENTUM = 'v = config["momentum"] * v - config["learning_rate"] * dw\n    next_w = w + v'
NET = "fc_net.TwoLayerNet"
WRONG = [
    (2021, "layers", SHIFTED, "shifted = x", "softmax_loss", "overflow"),
    (2023, "layers", SHIFTED, "shifted = x - np.max(x)", "softmax_loss", "underflow"),
    (2026, "layers", SHIFTED, f"x -= np.max(x, axis=1, keepdims=True); {SHIFTED}", "softmax_loss",
     "inputs-changed"),
    (2021, "layers", "margins[np.arange(N), y] = 0\n    loss", "loss", "svm_loss",
     "right-class-counted"),
    (2021, "layers", "    db = dout.sum(axis=0)\n", "", "affine_backward", None),
    (2023, "layers", "db = dout.sum(axis=0)", "db = dout.sum(axis=0).reshape(1, -1)",
     "affine_backward", "bias-gradient-row"),
    (2026, "layers", "out = np.maximum(0, x)", "x[x < 0] = 0; out = x", "relu_forward",
     "inputs-changed"),
    (2023, "fc_net", SCORES, SCORES.replace("affine_", "affine_relu_"), f"{NET}.scores",
     "relu-on-scores"),
    (2023, "fc_net", OF_GRADIENT, "pass", f"{NET}.gradients", "reg-missing-from-gradient"),
    (2021, "fc_net", OF_LOSS, OF_LOSS.replace("0.5 * ", ""), f"{NET}.loss",
     "penalty-half-missing"),
    (2021, "fc_net", "def loss(self, X, y=None):", "def loss(self, X, y=None, reg=0.0):\n"
     "        self.reg = reg", f"{NET}.loss", "reg-argument-unread"),
    (2023, "fc_net", 'np.zeros(hidden_dim)', "0.0", f"{NET}.init", "bias-a-number"),
    (2026, "fc_net", "loss += 0.5 * self.reg * np.sum(W * W)",
     "loss += 0.5 * self.reg * np.sum(W * W) * (i < self.num_layers)",
     "fc_net.FullyConnectedNet.loss", "layer-not-penalised"),
    (2026, "optim", MOMENTUM, 'v = config["momentum"] * v + dw\n'
     '    next_w = w - config["learning_rate"] * v', "sgd_momentum", "velocity-without-rate"),
    (2026, "optim", 'config["t"] += 1', "pass", "adam", "t-not-raised"),
    (2026, "optim", 'm = config["m"] / (1 - config["beta1"] ** config["t"])\n'
     '    v = config["v"] / (1 - config["beta2"] ** config["t"])',
     'm, v = config["m"], config["v"]', "adam", "bias-correction-missing"),
]  # fmt: skip


def together(wrong):
    """The mistakes by hand-ins: each holds at most one in a function or a class."""
    hand_ins = []
    for year, *mistake in wrong:
        owner = mistake[3].rpartition(".")[0] or mistake[3]
        place = next((h for h in hand_ins if h[0] == year and owner not in h[1]), None)
        if place is None:
            hand_ins.append(place := (year, {}))
        place[1][owner] = mistake
    return hand_ins


@pytest.mark.parametrize("year, mistakes", together(WRONG))
def test_mistakes_are_named_and_charged_to_their_own_functions(year, mistakes, tmp_path):
    changed = {}
    for stem, old, new, *_ in mistakes.values():
        changed.setdefault(stem, []).append((old, new))
    found = verdicts(write(tmp_path, year, solved=True, **changed))
    for *_, name, diagnosis in mistakes.values():
        assert found[name]["status"] not in ("right", "not asked")
        assert found[name]["diagnosis"] == diagnosis, found[name]
    others = {
        its["status"] for n, its in found.items() if not n.startswith(tuple(mistakes))
    }  # what belongs to the same class may be wrong with it
    assert others == {"right", "not asked"}


def test_what_works_in_the_course_is_a_remark(tmp_path):
    folder = write(
        tmp_path,
        2021,
        solved=True,
        layers=[(MASK, "dout[x <= 0] = 0; dx = dout")],
        fc_net=[("np.zeros(hidden_dim)", "np.zeros((1, hidden_dim))")],
    )
    found = verdicts(folder)
    assert {entry["status"] for entry in found.values()} == {"right", "not asked"}
    assert found["relu_backward"]["remarks"][0].startswith("in place: it writes into dout")
    assert found[f"{NET}.init"]["remarks"][0].startswith("bias of shape (1, H)")


def test_caches_may_be_packed_as_the_student_likes(tmp_path):
    packed = [
        ("cache = (x, w, b)", "cache = (x.reshape(x.shape[0], -1), w, x.shape)"),
        ("x, w, b = cache", "x, w, shape = cache"),
        ("dx = dout.dot(w.T).reshape(x.shape)", "dx = dout.dot(w.T).reshape(shape)"),
        ("cache = x\n", "cache = x > 0\n"),
        (MASK, "dx = dout * x"),
    ]
    found = verdicts(write(tmp_path, 2021, solved=True, layers=packed))
    assert {entry["status"] for entry in found.values()} == {"right", "not asked"}


def test_a_wrong_shape_is_told_in_plain_numbers(tmp_path):
    turned = ("np.random.randn(input_dim, hidden_dim)", "np.random.randn(hidden_dim, input_dim)")
    told = verdicts(write(tmp_path, 2021, solved=True, fc_net=[turned]))[f"{NET}.init"]["message"]
    assert "W1 must have shape (120, 70), but yours has (70, 120)." in told


def test_a_network_without_its_layers_is_judged_with_given_ones(tmp_path):
    write(tmp_path, 2023, solved=True)
    for name in ("layers", "layer_utils"):
        (tmp_path / "assignment1" / "cs231n" / f"{name}.py").unlink()
    found = verdicts(tmp_path)
    assert found["affine_forward"]["status"] == "missing"
    assert {
        found[f"{NET}.{part}"]["status"] for part in ("init", "scores", "loss", "gradients")
    } == {"right"}


# Which files are taken.


def test_of_three_assignments_the_first_is_taken(tmp_path):
    write(tmp_path, 2023, solved=True)
    for number in (2, 3):
        place = tmp_path / f"assignment{number}" / "cs231n"
        for path, text in starter(2026).items():
            if path in ("layers.py", "optim.py", "classifiers/fc_net.py"):
                (place / path).parent.mkdir(parents=True, exist_ok=True)
                (place / path).write_text(text, encoding="utf-8")
    data = checked(tmp_path)
    assert all(path.startswith("assignment1/") for path in data["files"].values())
    assert data["year"] == THIRD.name
    assert (
        "There is more than one hand-in: this is not assignment2/cs231n/classifiers"
        in (data["notes"][0])
    )


def test_a_later_assignment_does_not_complete_an_old_net(tmp_path):
    write(tmp_path, 2020, solved=True)
    place = tmp_path / "part2" / "cs231n"
    place.mkdir(parents=True)
    (place / "layers.py").write_text(starter(2021)["layers.py"], encoding="utf-8")
    data = checked(tmp_path)
    assert data["year"] == FIRST.name
    assert "layers.py" not in data["files"]


def test_a_zip_as_the_course_collects_it(tmp_path):
    write(tmp_path / "work", 2026, solved=True)
    with zipfile.ZipFile(tmp_path / "a1_code_submission.zip", "w") as packed:
        for path in (tmp_path / "work").rglob("*.py"):
            packed.write(path, path.relative_to(tmp_path / "work" / "assignment1"))
    data = checked(tmp_path / "a1_code_submission.zip")
    assert data["year"] == LAST.name
    assert {entry["status"] for entry in data["exercises"]} == {"right", "not asked"}


def test_all_in_one_folder(tmp_path):
    for path, text in starter(2021, solved=True).items():
        (tmp_path / Path(path).name).write_text(text, encoding="utf-8")
    data = checked(tmp_path)
    assert data["year"] == SECOND.name
    assert {entry["status"] for entry in data["exercises"]} == {"right", "not asked"}


def test_what_a_year_did_not_ask_for_is_judged_where_it_is_solved_and_gives_no_points(tmp_path):
    write(tmp_path, 2021, solved=True)
    (tmp_path / "assignment1" / "cs231n" / "optim.py").write_text(
        starter(2026, solved=True)["optim.py"], encoding="utf-8"
    )
    found = verdicts(tmp_path)
    assert found["adam"]["status"] == "right"
    assert found["adam"]["remarks"][0].startswith("not asked for: ")
    told = checked(tmp_path, as_json=False)
    assert "21 right, 0 wrong, 0 to do; 100 of 100 points" in told


@pytest.mark.parametrize("year", ASKED)
def test_a_function_that_only_has_the_name_of_an_exercise_of_ours_costs_nothing(year, tmp_path):
    """Whoever cross-validates in an old hand-in may call that as we do."""
    helper = "def cross_validate(k):\n    return 1 / 0\n\nclass KNearestNeighbor(object):"
    own = [("class KNearestNeighbor(object):", helper)]
    folder = write(tmp_path, year, solved=True, k_nearest_neighbor=own)
    data = checked(folder)
    assert data["year"] == NAMES[year]
    assert {entry["status"] for entry in data["exercises"]} == {"right", "not asked"}
    told = checked(folder, as_json=False)
    assert told.endswith(f"{ASKED[year]} right, 0 wrong, 0 to do; 100 of 100 points\n")
    assert re.search(r"\nNot asked for in .*: .*\bcross_validate\b", told)


def test_the_functional_net_of_2015_is_told_in_one_sentence(tmp_path):
    write(tmp_path, 2020, solved=True)
    (tmp_path / "assignment1" / "cs231n" / "classifiers" / "neural_net.py").write_text(
        textwrap.dedent(
            """
            import numpy as np
            def init_two_layer_model(input_size, hidden_size, output_size):
                return {}
            def two_layer_net(X, model, y=None, reg=0.0):
                return None
            """
        ),
        encoding="utf-8",
    )
    told = checked(tmp_path, as_json=False)
    assert "The course's files of 2015, whose net is the function two_layer_net." in told
    assert "TwoLayerNet" not in re.sub("Not asked.*", "", told)
    assert "10 right, 0 wrong, 0 to do; 100 of 100 points" in told


def test_names_in_camel_case_are_taken_and_told_in_one_sentence(tmp_path):
    names = {
        "k_nearest_neighbor": ["compute_distances_two_loops", "compute_distances_one_loop",
                               "compute_distances_no_loops", "predict_labels"],
        "softmax": ["softmax_loss_naive", "softmax_loss_vectorized"],
    }  # fmt: skip
    write(tmp_path, 2020, solved=True)
    for stem, its in names.items():
        path = tmp_path / "assignment1" / "cs231n" / "classifiers" / f"{stem}.py"
        text = path.read_text(encoding="utf-8")
        for name in its:
            first, *others = name.split("_")
            text = text.replace(name, first + "".join(map(str.capitalize, others)))
        path.write_text(text, encoding="utf-8")
    data = checked(tmp_path)
    found = {entry["name"]: entry["status"] for entry in data["exercises"]}
    for name in (
        "KNearestNeighbor.predict_labels",
        "softmax_loss_naive",
        "softmax_loss_vectorized",
    ):
        assert found[name] == "right"
    (told,) = [note for note in data["notes"] if note.startswith("Names are written otherwise")]
    assert "is taken for KNearestNeighbor.compute_distances_no_loops" in told
    assert told.endswith("So it is with 5 more.")


# The other way: the reference in the place of the course's files.


def test_the_reference_runs_where_the_course_has_no_linear_svm_and_saves_as_its_notebooks_ask(
    tmp_path,
):
    place = tmp_path / "cs231n"
    (place / "saved").mkdir(parents=True)
    for path in (SOLUTIONS / "cs231n").rglob("*.py"):
        (place / path.relative_to(SOLUTIONS / "cs231n")).parent.mkdir(exist_ok=True)
        shutil.copy(path, place / path.relative_to(SOLUTIONS / "cs231n"))
    for name in ("softmax", "linear_classifier"):
        shutil.copy(SOLUTIONS / f"{name}.py", place / "classifiers")
    program = """
        import numpy as np
        from cs231n.classifiers.fc_net import FullyConnectedNet, TwoLayerNet
        from cs231n.classifiers.linear_classifier import Softmax
        X, y = np.random.randn(30, 4), np.arange(30) % 3
        model, again = Softmax(), Softmax()
        model.train(X, y, num_iters=3)
        model.save("softmax.npy")
        again.load("softmax.npy")
        assert np.array_equal(model.W, again.W)
        for net, other in [[TwoLayerNet(4, 5, 3) for _ in "ab"],
                           [FullyConnectedNet([5, 6], 4, 3) for _ in "ab"]]:
            net.save("net.npy")
            other.load("net.npy")
            assert np.array_equal(net.loss(X), other.loss(X))
        """
    paths = os.pathsep.join(map(str, (tmp_path, ROOT)))
    subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)],
        env={**os.environ, "PYTHONPATH": paths},
        check=True,
        timeout=60,
    )


# What is told of the years.


def test_what_stands_in_the_later_files_is_what_there_are_exercises_for():
    for file, names in LATER_FILES.items():
        assert {e.called.partition(".")[0] for e in COURSE if e.file == file} == {*names}


def test_each_exercise_is_known_and_asked_for_in_some_year_or_ours_alone():
    for exercise in EXERCISES + COURSE:
        assert exercise.called.partition(".")[0] in CLASSES + FUNCTIONS
        asks = any(year.asks(exercise) for year in YEARS if year is not OURS)
        assert asks != (exercise.called in OURS_ALONE)


def test_the_table_of_the_readme_is_that_of_the_years():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for year in (FIRST, SECOND, THIRD, LAST):
        asked = [exercise for exercise in EXERCISES + COURSE if year.asks(exercise)]
        files = ", ".join(f"`{f}`" for f in KNOWN if any(e.file == f for e in asked))
        assert f"\n| {year.name} | {year.sign} | {len(asked)} | {files} |\n" in text


# Signs of a year.


@pytest.mark.parametrize(
    "texts, year",
    [
        ({"softmax.py": "from assignment.given import todo"}, OURS),
        ({"softmax.py": "def softmax_loss_naive(): pass"}, FIRST),
        ({"linear_svm.py": "", "softmax.py": "", "layers.py": ""}, SECOND),
        ({"layers.py": "def affine_forward(): pass"}, SECOND),
        ({"layers.py": "def batchnorm_forward(): pass"}, THIRD),
        ({"softmax.py": "", "layers.py": "def batchnorm_forward(): pass"}, LAST),
        ({"layers.py": "", "fc_net.py": "class TwoLayerNet:\n    def save(self): pass"}, LAST),
        ({"layers.py": "", "linear_classifier.py": "    def save(self): pass"}, LAST),
        # who has copied the network of the second assignment over it
        ({"linear_svm.py": "", "softmax.py": "", "fc_net.py": "class FullyConnectedNet: pass",
          "layers.py": "def batchnorm_forward(): pass"}, THIRD),
        ({"neural_net.py": "class TwoLayerNet: pass", "layers.py": ""}, FIRST),
    ],
)  # fmt: skip
def test_the_signs_of_a_year(texts, year):
    assert year_of(texts) is year


def test_a_variable_called_mode_is_no_old_scipy(tmp_path):
    from assignment.checking.submission.read import read

    (tmp_path / "a.py").write_text("def f(x):\n    mode = 1\n    return mode\n")
    (tmp_path / "b.py").write_text("from scipy.stats import mode\ndef f(x):\n    return mode(x)\n")
    assert not read(tmp_path / "a.py")[0].old_scipy
    assert read(tmp_path / "b.py")[0].old_scipy


def test_the_hints_of_all_exercises_lead_somewhere():
    for exercise in COURSE:
        assert len(exercise.hints) == 3
        assert find(exercise.name) is exercise
        lesson = (ROOT / "notebooks" / f"{exercise.notebook}.ipynb").read_text(encoding="utf-8")
        assert f"## {exercise.section}" in lesson, exercise.name


def test_what_only_hand_ins_have_has_no_blank_to_put_back(command):
    done = command("reset", "adam")
    assert done.returncode == 2
    assert "adam is of the course's own files: it has no blank here." in done.stderr
    assert "There is no optim.py." in command("check", "adam").stdout
