"""Hostile and careless hand-ins, each a kind of its own: they win nothing and harm nothing."""

import os
import shutil
import socket
from contextlib import ExitStack
from importlib import import_module

import pytest

from assignment.checking.answering import answer
from assignment.checking.exercises import COURSE, EXERCISES, find
from assignment.checking.faces import Work
from assignment.checking.judge import judge
from assignment.checking.run import run
from assignment.grading import sandbox as sandboxes
from assignment.grading.sandbox import NoSandbox, Sandbox
from hostile import FORGERIES, KINDS, RIGHT, TAKEN, WAYS, taking

SECRET = "a-secret-of-the-environment"


@pytest.fixture(scope="module")
def sandbox():
    """One for all kinds, one after the other, with little of everything."""
    os.environ["SECRET_TOKEN"] = SECRET
    try:
        with Sandbox(seed="kinds") as made:
            made.memory, made.processes = 300 * 2**20, 10
            yield made
    except NoSandbox as error:
        pytest.skip(str(error))
    finally:
        del os.environ["SECRET_TOKEN"]


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """Files and a server that nobody has to touch."""
    folder = tmp_path_factory.mktemp("world")
    (folder / "other").mkdir()
    (folder / "other" / "softmax.py").write_text(RIGHT)
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        yield folder, server


def seen(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def statuses(sandbox, path):
    """The verdicts on the two softmax losses."""
    looked, verdicts = sandbox.verdicts(path)
    by_name = {verdict.name: verdict for verdict in verdicts}
    return looked, by_name["softmax_loss_naive"], by_name["softmax_loss_vectorized"]


@pytest.mark.parametrize("name", KINDS)
def test_a_kind_wins_nothing_and_harms_nothing(name, sandbox, world, undiagnosed):
    (folder, server), kind = world, KINDS[name]
    text = kind.text.replace("{others}", str(folder / "other"))
    mine = folder / "mine" / "hand-in"
    mine.mkdir(parents=True)
    (mine / "softmax.py").write_text(text.replace("{port}", str(server.getsockname()[1])))
    sandbox.seconds = 1.0 if kind.naive == "timeout" else 10.0
    before, zygote = seen(folder), sandbox.zygote().process.pid
    try:
        _, naive, vectorized = statuses(sandbox, mine)
        assert naive.status == kind.naive, naive
        assert vectorized.status == kind.vectorized, vectorized
        told = repr((naive, vectorized))
        assert SECRET not in told and "\x1b" not in told and "\\x1b" not in told
        assert seen(folder) == before
        assert sandbox.zygote().process.pid == zygote
        with pytest.raises(BlockingIOError):
            server.accept()
    finally:
        shutil.rmtree(folder / "mine")


def test_no_hand_in_leaves_a_message_for_the_next(sandbox, tmp_path, undiagnosed):
    (tmp_path / "softmax.py").write_text(KINDS["a message in the keyring"].text)
    found = [statuses(sandbox, tmp_path)[1].status for _ in range(2)]
    assert found == ["wrong", "wrong"]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", FORGERIES)
def test_what_a_hand_in_says_of_its_calls_is_not_believed(name, sandbox, tmp_path, undiagnosed):
    exercise, file, text, graded, published = FORGERIES[name]
    (tmp_path / file).write_text(text)
    _, verdicts = sandbox.verdicts(tmp_path)
    assert [v.status for v in verdicts if v.name == exercise] == [graded]
    # As a forgery it is sound: what has been published is no secret.
    sandboxes._draw_from(None)
    try:
        found = judge(find(exercise), run(find(exercise), {file: tmp_path / file}))
    finally:
        sandboxes._draw_from("kinds")
    assert found.status == published, found


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("way", WAYS)
def test_what_stands_in_for_an_exercise_is_not_there_for_itself(
    way, sandbox, tmp_path, undiagnosed
):
    for file, text in taking(way).items():
        (tmp_path / file).write_text(text)
    files = {file: tmp_path / file for file in TAKEN}
    names = [
        *("KNearestNeighbor.compute_distances_two_loops", "KNearestNeighbor.predict_labels"),
        *("TwoLayerNet.scores", "affine_forward", "affine_backward", "relu_forward"),
        *("relu_backward", "softmax_loss", "softmax_loss_naive"),
    ]
    pairs = [(find(name), files) for name in names]
    with Work(tmp_path) as work, sandbox._running(work) as run_all:
        answers = list(run_all(pairs))
    found = [judge(*each).status for each in zip(map(find, names), answers, strict=True)]
    assert found == ["crash"] * len(names)
    # The way is one: it leads there where nothing is kept away, as from here.
    here = [import_module(name) for e in EXERCISES + COURSE if (name := e.calls.given)]
    with ExitStack() as stack:
        for module in here:
            stack.enter_context(open(module.__file__, "rb"))
        found = [judge(exercise, answer(exercise, files)).status for exercise, files in pairs]
    assert found == ["right"] * len(names)


def test_there_are_sixty_kinds():
    assert len(KINDS) >= 60


def test_afterwards_a_right_hand_in_is_right(sandbox, tmp_path):
    (tmp_path / "softmax.py").write_text(RIGHT)
    _, naive, vectorized = statuses(sandbox, tmp_path)
    assert naive.status == vectorized.status == "right"
