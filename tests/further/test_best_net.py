"""`make net`: its gradient, its whitening, its checkpoints, its sentences, and that it learns."""

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from assignment.further import best_net
from assignment.further.best_net import (
    QUICK,
    DropoutNet,
    Training,
    Whitening,
    contrast,
    fold,
    pieces_of_images,
    run,
    shift,
    unfold,
)
from assignment.given import cifar10
from assignment.given.cifar10 import Cifar10
from assignment.given.files import Busy, alone
from assignment.given.gradient_check import check_gradient
from assignment.solutions.neural_net import TwoLayerNet
from conftest import ROOT, pooled

TINY = replace(QUICK, components=20, hidden=10, rounds=3, batch=50)


@pytest.fixture
def small(monkeypatch):
    """Images of 8 x 8 pixels: what takes half a second with 32 x 32 takes a hundredth of it."""
    monkeypatch.setattr(best_net, "SIDE", 8)


@pytest.fixture
def data(shipped, small):
    """200 training, 50 validation and 50 test images, free to be changed."""
    X, y = pooled(shipped.X_train[:300], 4), shipped.y_train
    return Cifar10(
        *(part for a, b in ((0, 200), (200, 250), (250, 300)) for part in (X[a:b].copy(), y[a:b]))
    )


def data_copy(data):
    return Cifar10(*(part.copy() for part in vars(data).values()))


@pytest.fixture
def tiny(monkeypatch, data):
    """The command on a few images, in a folder of the test's own."""
    monkeypatch.setattr(best_net, "load_cifar10", lambda full: data_copy(data))


def mirrored(images):
    return images.reshape(-1, 8, 8, 3)[:, :, ::-1].reshape(images.shape)


def small_net(rng, dtype=np.float64):
    net = DropoutNet(rng.normal(size=(5, 7)).astype(dtype), 3, np.ones(5, dtype), 0.4, 0.2)
    for name, p in net.params.items():
        net.params[name] = rng.normal(size=p.shape).astype(dtype)
    X = rng.normal(size=(6, 5)).astype(dtype)
    return net, X, rng.integers(3, size=6), rng.random((6, 7)) < 0.6


@pytest.mark.parametrize("name", ["W1", "b1", "W2", "b2"])
def test_the_gradient_is_that_of_the_loss_with_the_same_units_kept(rng, name):
    net, X, y, kept = small_net(rng)
    grad = net.loss(X, y, 0.1, kept)[1][name]
    check_gradient(lambda _: net.loss(X, y, 0.1, kept)[0], net.params[name], grad)
    with pytest.raises(AssertionError):
        check_gradient(lambda _: net.loss(X, y, 0.1)[0], net.params[name], grad)


def test_without_dropout_and_smoothing_it_is_the_net_of_the_lecture(rng):
    net, X, y, _ = small_net(rng)
    net.smoothing = 0.0
    loss, grads = net.loss(X, y, 0.1)
    lecture_loss, lecture_grads = TwoLayerNet.loss(net, X, y, 0.1)
    np.testing.assert_allclose(loss, lecture_loss)
    for name, grad in lecture_grads.items():
        np.testing.assert_allclose(grads[name], grad, atol=1e-14, err_msg=name)


def test_a_prediction_is_without_dropout_and_sums_over_the_mirror_image(rng):
    net, X, _, _ = small_net(rng)
    net.mirror = -np.ones(5)
    W1, b1, W2, b2 = net.params.values()
    scores = sum(np.maximum(0, Z @ W1 + b1) @ W2 + b2 for Z in (X, -X))
    np.testing.assert_array_equal(net.predict(X), scores.argmax(axis=1))
    assert (net.predict(X) != net.loss(X).argmax(axis=1)).any()


def test_the_units_that_are_kept_stand_in_for_those_that_sit_out(rng):
    net, X, y, _ = small_net(rng)
    loss = net.loss(X, y, kept=np.ones((6, 7)))[0]
    net.params["W2"] /= 1 - net.dropout
    np.testing.assert_allclose(loss, net.loss(X, y)[0])


def test_float32_stays_float32(data):
    training = Training(data, TINY, seed=0)
    training.round(lambda: None)
    arrays = [*training.net.params.values(), *training.velocity.values(), training.images]
    arrays += [training.whiten(training.images), training.moved_images()]
    loss, grads = training.net.loss(training.whiten(training.images[:9]), training.y[:9], 0.1)
    assert {a.dtype for a in (*arrays, *grads.values(), loss)} == {np.dtype(np.float32)}


def test_whitened_images_are_uncorrelated_and_a_mirror_image_costs_a_sign(data):
    images = contrast(data.X_train)
    np.testing.assert_allclose(unfold(*fold(images)), images, atol=1e-5)
    whiten = Whitening(images, components=30, floor=0.0)
    Z = whiten(images)
    np.testing.assert_allclose(whiten(mirrored(images)), Z * whiten.mirror, atol=1e-4)
    both = np.concatenate([Z, Z * whiten.mirror])
    np.testing.assert_allclose(both.T @ both / len(both), np.eye(30), atol=1e-3)


def test_the_components_are_the_largest_of_the_images_and_their_mirror_images(data):
    images = contrast(data.X_train)
    both = np.concatenate([images, mirrored(images)])
    largest = np.linalg.svd(both - both.mean(axis=0), compute_uv=False)[:20] ** 2 / len(both)
    whiten = Whitening(images, components=20, floor=0.5)
    variances = (whiten(both) / whiten.scale).var(axis=0)
    np.testing.assert_allclose(np.sort(variances), np.sort(largest), rtol=1e-3, atol=1e-3)


def test_each_weight_of_the_first_layer_looks_at_one_place(data, rng):
    images = contrast(data.X_train)
    whiten = Whitening(images, components=190, floor=0.5)
    W = pieces_of_images(whiten, images, 50, 2.0, rng)
    np.testing.assert_allclose(np.linalg.norm(W, axis=0), 1, rtol=1e-5)

    def part_in_one_place(W):
        """Of the squares of each picture, those in the best 4 x 4 of its 8 x 8 pixels."""
        squares = np.sum(whiten.pictures(W.T).reshape(-1, 8, 8, 3) ** 2, axis=3)
        windows = np.lib.stride_tricks.sliding_window_view(squares, (4, 4), axis=(1, 2))
        return windows.sum(axis=(3, 4)).max(axis=(1, 2)) / squares.sum(axis=(1, 2))

    assert part_in_one_place(W).min() > 0.5
    assert part_in_one_place(rng.normal(size=W.shape).astype(W.dtype)).max() < 0.5


def test_an_image_moves_by_pixels_and_repeats_its_edge():
    image = np.arange(3072.0).reshape(1, 32, 32, 3)
    moved = shift(image.reshape(1, -1), 2, -1).reshape(1, 32, 32, 3)
    np.testing.assert_array_equal(moved[:, 2:, :-1], image[:, :-2, 1:])
    np.testing.assert_array_equal(moved[:, 0], moved[:, 2])
    np.testing.assert_array_equal(moved[:, :, -1], moved[:, :, -2])


def test_each_image_is_shown_once_as_it_is_and_once_mirrored(data):
    training = Training(data, replace(TINY, shift=0, batch=200), seed=0)
    seen = []
    training.step = lambda X, y, rate: seen.append(X[np.argsort(X[:, 0])]) or 0.0
    training.round(lambda: None)
    first, second = seen  # the first component is even, so the order is that of the images
    np.testing.assert_array_equal(second, first * training.whiten.mirror)


def test_the_learning_rate_rises_and_falls_to_zero(data):
    training = Training(data, replace(TINY, warm_up=0.25), seed=0)
    rates = []
    for _ in range(TINY.rounds):
        rates += [training.learning_rate(step) for step in range(2 * training.steps_per_pass)]
        training.history.append({})
    assert rates[0] == 0 and training.learning_rate(0) == pytest.approx(0)
    assert np.argmax(rates) == len(rates) // 4 and 0.8 < max(rates) / TINY.learning_rate < 1


def state(folder):
    """The arrays of a checkpoint, and what else must not depend on an interruption."""
    with np.load(folder / "net-quick.npz") as file:
        arrays = dict(file)
    words = json.loads(str(arrays.pop("state")))
    return arrays, {key: words[key] for key in ("rng", "history", "identity")}


def test_a_training_that_is_interrupted_ends_as_one_that_is_not(tiny, tmp_path, monkeypatch):
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    result = run(quick=True, folder=whole, settings=TINY)
    step, calls = Training.step, iter(range(1000))

    def interrupted_step(*arguments):
        if next(calls) in (3, 12, 25):
            raise KeyboardInterrupt
        return step(*arguments)

    monkeypatch.setattr(Training, "step", interrupted_step)
    interruptions = 0
    while True:
        try:
            continued = run(quick=True, folder=parts, settings=TINY)
            break
        except KeyboardInterrupt:
            interruptions += 1
    assert interruptions == 3
    (arrays, words), (continued_arrays, continued_words) = state(whole), state(parts)
    assert words == continued_words and continued["test_accuracy"] == result["test_accuracy"]
    for name, array in arrays.items():
        np.testing.assert_array_equal(continued_arrays[name], array, err_msg=name)


def test_another_seed_gives_another_net(tiny, tmp_path):
    nets = []
    for seed in (0, 1):
        run(seed, quick=True, folder=tmp_path / str(seed), settings=TINY)
        nets.append(state(tmp_path / str(seed))[0]["W2"])
    assert not np.array_equal(*nets)


def test_a_checkpoint_that_was_cut_off_while_it_was_written_does_not_count(data, tmp_path):
    training = Training(data_copy(data), TINY, seed=0)
    training.save(tmp_path / "net.npz")
    before = (tmp_path / "net.npz").read_bytes()
    training.history = [object()]  # JSON has no word for it: writing fails half way
    with pytest.raises(TypeError):
        training.save(tmp_path / "net.npz")
    assert (tmp_path / "net.npz").read_bytes() == before


@pytest.mark.parametrize("part", [0.0, 0.3, 0.99])
def test_a_torn_checkpoint_is_noticed(data, tmp_path, part):
    path = tmp_path / "net.npz"
    training = Training(data, TINY, seed=0)
    training.save(path)
    training.load(path)
    content = path.read_bytes()
    path.write_bytes(content[: int(part * len(content))])
    with pytest.raises(ValueError, match=r"net.npz is damaged: --restart trains anew\.$"):
        training.load(path)
    flipped = bytearray(content)
    flipped[content.index(training.net.params["W1"].tobytes()) + 100] ^= 1
    path.write_bytes(flipped)
    with pytest.raises(ValueError, match="damaged"):
        training.load(path)


def test_the_whitening_travels_with_the_checkpoint(data, tmp_path):
    first = Training(data_copy(data), TINY, seed=0)
    first.save(tmp_path / "net.npz")
    other = Training(data_copy(data), TINY, seed=0)
    other.whiten.odd_axes *= -1  # as another library may find them
    other.load(tmp_path / "net.npz")
    np.testing.assert_array_equal(other.whiten(data.X_val), first.whiten(data.X_val))
    assert other.net.mirror is other.whiten.mirror


def test_a_checkpoint_of_another_training_is_refused(data, tmp_path):
    path = tmp_path / "net.npz"
    Training(data_copy(data), TINY, seed=0).save(path)
    data.X_train[0, 0] += 1
    with pytest.raises(ValueError) as refusal:
        Training(data, replace(TINY, hidden=11), seed=1).load(path)
    assert str(refusal.value) == (
        "net.npz is of a training with other seed, images, hidden: --restart trains anew."
    )


def test_the_command_says_what_is_wrong_and_what_came_out(tiny, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(best_net, "RESULTS", tmp_path)
    monkeypatch.setattr(best_net, "QUICK", TINY)
    (tmp_path / "net-quick.npz").write_bytes(b"torn")
    assert best_net.command(seed=0, quick=True, restart=False) == 1
    assert capsys.readouterr().out == "net-quick.npz is damaged: --restart trains anew.\n"
    assert best_net.command(seed=0, quick=True, restart=True) == 0
    said = capsys.readouterr().out
    result = json.loads((tmp_path / "net-quick.json").read_text())
    for key in ("validation_accuracy", "test_accuracy"):
        assert f"{result[key]:.1%}" in said
    assert result["seed"] == 0 and result["settings"]["hidden"] == TINY.hidden
    assert (tmp_path / "net-quick.png").stat().st_size > 1000
    assert best_net.command(seed=0, quick=True, restart=False) == 0
    again = capsys.readouterr().out
    assert again == "net-quick.npz is a finished training: --restart trains anew.\n" + said


def test_without_the_full_set_one_sentence_names_make_data(tmp_path, monkeypatch, capsys):
    (tmp_path / "checksums.txt").write_text((cifar10.DATASETS / "checksums.txt").read_text())
    monkeypatch.setattr(
        best_net, "load_cifar10", lambda full: cifar10.load_cifar10(full, folder=tmp_path)
    )
    assert best_net.command(seed=0, quick=False, restart=False) == 1
    said = capsys.readouterr().out
    assert said.count("\n") == 1 and "is missing: run `make data`" in said


def test_of_two_trainings_the_second_gets_a_sentence(tmp_path):
    (tmp_path / "net.npz").write_bytes(b"eight minutes of work")
    with alone(tmp_path / "net.lock"), pytest.raises(Busy, match="^Another process is training"):
        run(restart=True, folder=tmp_path)
    assert (tmp_path / "net.npz").read_bytes() == b"eight minutes of work"


KILLED = """
import os, signal, sys
import numpy as np
from assignment.further import best_net
from assignment.given.cifar10 import Cifar10

folder, place, call = sys.argv[1], sys.argv[2], int(sys.argv[3])
best_net.SIDE = 8
best_net.load_cifar10 = lambda full: Cifar10(*np.load(folder + "/images.npz").values())
owner = np if place == "savez" else best_net.Training
function, calls = getattr(owner, place), iter(range(call))

def killed(*arguments, **named):
    if next(calls, None) is None:
        if place == "savez":
            arguments[0].write(b"half of it")
            arguments[0].flush()
        os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))
    return function(*arguments, **named)

setattr(owner, place, killed)
best_net.run(quick=True, folder=folder, settings=best_net.Settings(**eval(sys.argv[4])))
"""


def test_killed_at_any_moment_it_goes_on_and_learns(shipped, small, tmp_path, monkeypatch):
    settings = replace(QUICK, components=100, hidden=200, shift=0, patch=3.0)
    X, X_test, y = pooled(shipped.X_train, 4), pooled(shipped.X_test, 4), shipped.y_train
    data = Cifar10(X[:4500], y[:4500], X[4500:], y[4500:], X_test, shipped.y_test)
    np.savez(tmp_path / "images.npz", **vars(data))
    for place, call, rounds in ("step", 100, 1), ("savez", 1, 2):
        command = [sys.executable, "-c", KILLED, tmp_path, place, call, vars(settings)]
        done = subprocess.run([*map(str, command)], cwd=ROOT, stderr=subprocess.DEVNULL)
        assert done.returncode == -getattr(signal, "SIGKILL", 9) or os.name == "nt"
        assert len(state(tmp_path)[1]["history"]) == rounds
    monkeypatch.setattr(best_net, "load_cifar10", lambda full: data)
    result = run(quick=True, folder=tmp_path, settings=settings)
    assert len(result["history"]) == QUICK.rounds
    # Without the mirror, with momentum or rates that are wrong, at most 0.465.
    assert (result["validation_accuracy"] + result["test_accuracy"]) / 2 > 0.47
