"""The pruned search finds what a search through everything finds, whatever the data are."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from assignment.further import exact_neighbors
from assignment.further.exact_neighbors import ExactNeighbors, principal_components
from assignment.given import blocks
from conftest import pooled

# Nothing may overflow or become NaN on the way.
pytestmark = pytest.mark.filterwarnings("error")


def brute_force(X, queries, k):
    """Distances and rows of the k nearest, by all distances in double precision."""
    dists = cdist(queries.astype(np.float64), X.astype(np.float64))
    nearest = np.argsort(dists, axis=1, kind="stable")[:, :k]
    return np.take_along_axis(dists, nearest, axis=1), nearest


def assert_exact(X, queries, k, coefficients=(3, 6)):
    distances, nearest = ExactNeighbors(X, coefficients).nearest(queries, k)
    right_distances, right = brute_force(X, queries, k)
    np.testing.assert_allclose(distances, right_distances, rtol=1e-12, atol=1e-300)
    if np.array_equal(X, np.rint(X)):
        np.testing.assert_array_equal(nearest, right, "sums of whole numbers have no rounding")
    else:  # equal distances may differ in the last digit: any of those examples will do
        theirs = cdist(queries, X)[np.arange(len(queries))[:, np.newaxis], nearest]
        np.testing.assert_allclose(theirs, right_distances, rtol=1e-12, atol=1e-300)
        assert all(len(set(row)) == k for row in nearest.tolist())


def whole(rng, *shape, high=256):
    """Whole numbers, as pixels are: their squared distances have no rounding, and many ties."""
    return rng.integers(0, high, size=shape).astype(np.float32)


def constant_images(rng):
    """Images of one grey level each: all but the first coefficient, and the rest, are 0."""
    return np.repeat(whole(rng, 80, 1), 40, axis=1)


def one_far_away(rng):
    """One example so far from all others that rounding, next to it, is as large as they are."""
    X = whole(rng, 80, 40)
    X[17] = 3e6
    return X


ADVERSARIAL = {
    "pixels": lambda rng: whole(rng, 80, 40),
    "every example twice": lambda rng: np.repeat(whole(rng, 40, 40), 2, axis=0),
    "all examples equal": lambda rng: np.full((80, 40), 7, dtype=np.float32),
    "all at the same distance": lambda rng: (
        np.eye(80, 40, dtype=np.float32) + np.eye(80, 40, -40, dtype=np.float32)
    ),
    "few distances": lambda rng: whole(rng, 80, 40, high=2),
    "constant images": constant_images,
    "one far away": one_far_away,
    "one dimension": lambda rng: whole(rng, 80, 1),
    "one example": lambda rng: whole(rng, 1, 40),
    "white noise": lambda rng: rng.normal(size=(80, 40)),
    "whole numbers as integers": lambda rng: whole(rng, 80, 40).astype(np.int64),
    "in double precision": lambda rng: whole(rng, 80, 40).astype(np.float64),
    "tiny": lambda rng: whole(rng, 80, 40) * np.float32(2.0**-140),
    "huge": lambda rng: whole(rng, 80, 40) * np.float32(2.0**50),
    "on a line": lambda rng: whole(rng, 80, 1) * np.arange(40, dtype=np.float32),
}


@pytest.mark.parametrize("name", ADVERSARIAL)
@pytest.mark.parametrize("k", [1, 3, 80])
def test_neighbours_are_those_of_the_search_through_everything(name, k, rng):
    X = ADVERSARIAL[name](rng)
    between = (X[:7] + X[-7:]) / 2
    assert_exact(X, np.vstack([X[:9], between]), min(k, len(X)))


@pytest.mark.parametrize("seed", range(30))
def test_neighbours_are_exact_for_data_of_any_shape_and_spectrum(seed):
    rng = np.random.default_rng(seed)
    N, D, k = rng.integers(1, 400), rng.integers(1, 60), rng.integers(1, 12)
    decay = (1 + np.arange(D)) ** -rng.uniform(0, 2)
    mixing = np.linalg.qr(rng.normal(size=(D, D)))[0]
    X = np.rint(50 * rng.normal(size=(N + 20, D)) * decay @ mixing).astype(np.float32)
    coarse = rng.integers(1, D + 1)
    coefficients = (coarse, rng.integers(coarse, D + 5))
    assert_exact(X[:N], X[N:] + rng.integers(0, 2), min(k, N), coefficients)


def test_neighbours_of_photographs_are_exact(shipped):
    X, queries = shipped.X_train[:800], shipped.X_test[:30]
    _, nearest = ExactNeighbors(X, (32, 64)).nearest(queries, k=10)
    np.testing.assert_array_equal(nearest, brute_force(X, queries, 10)[1])


def test_neighbours_are_exact_among_more_examples_than_groups(rng):
    assert_exact(whole(rng, 2300, 30), whole(rng, 20, 30), k=150)


def test_queries_and_examples_may_differ_in_precision(rng):
    X = rng.normal(size=(60, 9))
    assert_exact(X, X[:5].astype(np.float32), k=3)
    assert_exact(X.astype(np.float32), X[:5], k=3)


def test_blocks_and_chunks_change_nothing(rng, monkeypatch):
    X, queries = whole(rng, 300, 40), whole(rng, 50, 40)
    monkeypatch.setattr(blocks, "BUDGET", 7 * 2 * 40 * 300)
    monkeypatch.setattr(blocks, "CACHE", 100)
    assert_exact(X, queries, k=5)


def computed_distances(X, queries, k, monkeypatch):
    """How many exact distances the search computes for each query."""
    counts = []
    squared_distances = exact_neighbors.squared_distances

    def counting(A, i, B, j):
        counts.append(len(i))
        return squared_distances(A, i, B, j)

    monkeypatch.setattr(exact_neighbors, "squared_distances", counting)
    ExactNeighbors(X).nearest(queries, k)
    return sum(counts) / len(queries)


def test_most_distances_between_photographs_are_never_computed(shipped, monkeypatch):
    X, queries = pooled(shipped.X_train, 2), pooled(shipped.X_test[:30], 2)
    computed = computed_distances(X, queries, 10, monkeypatch)
    assert computed < 0.01 * len(X), f"{computed:.0f} of {len(X)}"


def test_of_white_noise_nearly_all_distances_are_computed(rng, monkeypatch):
    X, queries = rng.normal(size=(300, 1000)), rng.normal(size=(20, 1000))
    computed = computed_distances(X, queries, 10, monkeypatch)
    assert computed > 270


def test_a_bound_that_is_too_large_would_be_noticed(rng, monkeypatch):
    X = whole(rng, 300, 40)
    index = ExactNeighbors(X, (30, 40))
    assert np.array_equal(index.nearest(X[:9], k=1)[1].ravel(), np.arange(9))
    index.coarse_X[::3, -1] *= 9  # the squared norms of every third: bounds exceed distances
    _, nearest = index.nearest(X[:9], k=1)
    assert set(np.flatnonzero(nearest.ravel() != np.arange(9))) == {0, 3, 6}


@pytest.mark.parametrize("name", [*ADVERSARIAL, "photographs"])
def test_coordinates_are_off_by_less_than_their_error_bound(name, rng, shipped):
    X = shipped.X_train[:200] if name == "photographs" else ADVERSARIAL[name](rng)
    index = ExactNeighbors(X, (3, 6))
    a, rest, finer_rest, _, error = index._coordinates(X)
    basis = np.linalg.qr(index.basis.astype(np.float64))[0]
    basis *= np.sign(np.sum(basis * index.basis, axis=0))
    centred = X.astype(np.float64) - index.mean
    true = centred @ basis
    for coordinates, norm, m in ((a[:, :3], rest, 3), (a, finer_rest, 6)):
        true_rest = np.linalg.norm(centred - true[:, :m] @ basis[:, :m].T, axis=1)
        off = np.linalg.norm(coordinates - true[:, :m], axis=1)
        assert np.all(np.hypot(off, norm - true_rest) <= error)


@pytest.mark.parametrize("N, D, m", [(100, 20, 5), (100, 20, 20), (3, 20, 20), (1, 5, 2)])
def test_the_basis_is_orthonormal(N, D, m, rng):
    X = rng.normal(size=(N, D))
    basis = principal_components(X, X.mean(axis=0), m)
    assert basis.shape == (D, m)
    basis = basis.astype(np.float64)
    np.testing.assert_allclose(basis.T @ basis, np.eye(m), atol=1e-7)


def test_the_basis_gathers_nearly_what_principal_components_gather(shipped):
    X = pooled(shipped.X_train[:1000], 2).astype(np.float64)
    centred = X - X.mean(axis=0)
    best = np.sum(np.linalg.svd(centred, compute_uv=False)[:32] ** 2)
    gathered = np.sum((centred @ principal_components(X, X.mean(axis=0), 32)) ** 2)
    assert 0.99 * best < gathered <= best * (1 + 1e-6)


@pytest.mark.parametrize(
    "change, message",
    [
        ({"k": 0}, "k must be 1 to 30, but it is 0"),
        ({"k": 31}, "k must be 1 to 30, but it is 31"),
        ({"queries": np.zeros((2, 3))}, r"X must have shape \(N, 4\)"),
        ({"queries": np.full((2, 4), np.nan)}, "X holds NaN or infinity"),
        ({"X": np.full((30, 4), np.inf)}, "X holds NaN or infinity"),
        (
            {"X": np.arange(120.0).reshape(30, 4) * 1e18},
            "X is finite, but what is computed of it overflows: divide it",
        ),
        ({"X": np.ones((30, 4), dtype=complex)}, "X must hold real numbers"),
        ({"coefficients": (0, 2)}, "coefficients must be 1 or more, but it is 0"),
        ({"coefficients": (3, 2)}, "coefficients must be 1 <= m1 <= m2"),
    ],
)
def test_bad_input_is_named(change, message):
    call = {"X": np.ones((30, 4)), "queries": np.ones((2, 4)), "k": 1, "coefficients": (1, 2)}
    call |= change
    with pytest.raises(ValueError, match=message):
        ExactNeighbors(call["X"], call["coefficients"]).nearest(call["queries"], call["k"])
