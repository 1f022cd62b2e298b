"""The pruned search finds what a search through everything finds, whatever the data are."""

import sys
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from assignment.further import compiled, exact_neighbors
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


BY_BOUNDS = "by bounds", "by bounds, compiled"
TOO_MANY = [f"{way}, which leave too many" for way in BY_BOUNDS]


@pytest.fixture(params=["through all", *BY_BOUNDS, *TOO_MANY])
def way(request, monkeypatch):
    """How neighbours are searched, whether it pays or not; without numba, its loops as Python."""

    def by_bounds(self, X, k):
        if self._in_range():
            self._learn()
            self.index = self._levels()
        return bool(self.index)

    if request.param != "through all":
        monkeypatch.setattr(ExactNeighbors, "_pays", by_bounds)
        many = np.inf if "too many" in request.param else 0
        monkeypatch.setattr(exact_neighbors, "MANY", many)
    if "compiled" in request.param:
        monkeypatch.setattr(exact_neighbors, "compiled_loops", lambda asked: compiled)
    return request.param


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
    "squares below double precision": lambda rng: whole(rng, 80, 40).astype(np.float64) * 1e-150,
    "huge": lambda rng: whole(rng, 80, 40) * np.float32(2.0**50),
    "squares beyond single precision": lambda rng: whole(rng, 80, 40) * np.float32(2.0**100),
    "beyond single precision": lambda rng: whole(rng, 80, 40).astype(np.float64) * 2.0**140,
    "far from the origin": lambda rng: whole(rng, 80, 40) + 2.0**22,
    "on a line": lambda rng: whole(rng, 80, 1) * np.arange(40, dtype=np.float32),
}


@pytest.mark.parametrize("name", ADVERSARIAL)
@pytest.mark.parametrize("k", [1, 3, 80])
def test_neighbours_are_those_of_the_search_through_everything(name, k, way, rng):
    X = ADVERSARIAL[name](rng)
    between = (X[:7] + X[-7:]) / 2
    assert_exact(X, np.vstack([X[:9], between]), min(k, len(X)))


@pytest.mark.parametrize("seed", range(30))
def test_neighbours_are_exact_for_data_of_any_shape_and_spectrum(seed, way):
    rng = np.random.default_rng(seed)
    N, D, k = rng.integers(1, 400), rng.integers(1, 60), rng.integers(1, 12)
    decay = (1 + np.arange(D)) ** -rng.uniform(0, 2)
    mixing = np.linalg.qr(rng.normal(size=(D, D)))[0]
    X = np.rint(50 * rng.normal(size=(N + 20, D)) * decay @ mixing).astype(np.float32)
    coarse = rng.integers(1, D + 1)
    coefficients = (coarse, rng.integers(coarse, D + 5))
    assert_exact(X[:N], X[N:] + rng.integers(0, 2), min(k, N), coefficients)


def test_neighbours_of_photographs_are_exact(way, shipped):
    X, queries = pooled(shipped.X_train[:800], 4), pooled(shipped.X_test[:30], 4)
    _, nearest = ExactNeighbors(X, (16, 32)).nearest(queries, k=10)
    np.testing.assert_array_equal(nearest, brute_force(X, queries, 10)[1])


@pytest.mark.parametrize("size, times", [(1, 1e30), (2.0**50, 1000)])  # of the last, products are
def test_neighbours_of_queries_beyond_single_precision_are_exact(size, times, way, rng):
    queries = whole(rng, 40, 40).astype(np.float64) * size
    queries[::2] *= times
    assert_exact(whole(rng, 80, 40) * np.float32(size), queries, k=3)


@pytest.mark.parametrize("of", [0, 0.5, -1, 1, 2.0**40])
def test_pixels_and_other_numbers_are_compared_alike(of, way, rng):
    X = whole(rng, 80, 40)
    X[0], X[1], queries = 0, 255, X[:9].copy()
    X[2, 3] = queries[4, 1] = 255 + of if of > 0 else of
    assert_exact(X, whole(rng, 9, 40), k=3)
    assert_exact(whole(rng, 80, 40), queries, k=3)


def test_whole_numbers_of_0_to_255_fit_8_bits(rng):
    X = whole(rng, 200, 3)
    pixels = exact_neighbors.as_bytes(X)
    assert pixels.dtype == np.uint8 and np.array_equal(pixels, X)
    for odd in -1, 256, 0.5, 1e30:
        X[7, 1] = odd
        assert exact_neighbors.as_bytes(X) is None


def test_neighbours_are_exact_among_more_examples_than_groups(way, rng):
    assert_exact(whole(rng, 2300, 30), whole(rng, 7, 30), k=150)


def test_queries_and_examples_may_differ_in_precision(way, rng):
    X = rng.normal(size=(60, 9))
    assert_exact(X, X[:5].astype(np.float32), k=3)
    assert_exact(X.astype(np.float32), X[:5], k=3)


def test_blocks_and_chunks_change_nothing(way, rng, monkeypatch):
    X, queries = whole(rng, 300, 40), whole(rng, 50, 40)
    monkeypatch.setattr(blocks, "BUDGET", 7 * 2 * 40 * 300)
    monkeypatch.setattr(blocks, "CACHE", 100)
    assert_exact(X, queries, k=5)


@pytest.fixture
def eager(monkeypatch):
    """As if an index paid for any number of queries and examples."""
    monkeypatch.setattr(exact_neighbors, "QUERIES", 1)
    monkeypatch.setattr(exact_neighbors, "PAIRS", 1)


def test_most_photographs_are_never_looked_at(shipped, eager, monkeypatch):
    X, queries = pooled(shipped.X_train, 2), pooled(shipped.X_test[:320], 2)
    index = ExactNeighbors(X, (32, 64))
    counts, bounds = [], exact_neighbors.Level.bounds

    def counting(level, some, j):
        counts.append(len(j) * (level is index.whole))
        return bounds(level, some, j)

    monkeypatch.setattr(exact_neighbors.Level, "bounds", counting)
    index.nearest(queries, 10)
    looked_at = sum(counts) / len(queries)
    assert 10 < looked_at < 0.01 * len(X), f"{looked_at:.0f} of {len(X)}"


def test_an_index_is_made_where_it_pays(shipped, monkeypatch):
    X, queries = shipped.X_train[:1000], shipped.X_test[:100]
    index = ExactNeighbors(X)
    index.nearest(queries, 10)
    assert index.index is None, "for few queries"
    monkeypatch.setattr(exact_neighbors, "QUERIES", 100)
    monkeypatch.setattr(exact_neighbors, "PAIRS", 100_000)
    index.nearest(queries[:99], 10)
    assert index.index is None
    index.nearest(queries, 10)
    assert len(index.index) == 2
    narrow = ExactNeighbors(X[:, :511])
    narrow.nearest(queries[:, :511], 10)
    assert narrow.index is None, "four numbers for each coefficient are the least"


def test_of_two_threads_one_finds_the_basis(rng, eager, monkeypatch):
    X = whole(rng, 300, 160)
    X[:, 8:] /= 100
    index = ExactNeighbors(X, (10, 40))
    learned, learn = [], ExactNeighbors._learn

    def slowly(self):
        learned.append(self)
        time.sleep(0.1)
        learn(self)

    monkeypatch.setattr(ExactNeighbors, "_learn", slowly)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda k: index.nearest(X[:9], k), (1, 1)))
    assert learned == [index]


def test_of_white_noise_no_bounds_are_computed(rng, eager):
    X, queries = rng.normal(size=(300, 1000)), rng.normal(size=(20, 1000))
    index = ExactNeighbors(X)
    index.nearest(queries, 10)
    assert index.index == ()


def test_strange_queries_are_compared_with_everything(rng, shipped, eager, monkeypatch):
    X, queries = pooled(shipped.X_train[:1000], 2), whole(rng, 40, 768)
    index = ExactNeighbors(X, (32, 64))
    index.nearest(X[:40], 1)
    levels, nearest = [], ExactNeighbors._nearest

    def counting(self, X, some_levels, i, k, room):
        levels.append((len(some_levels), len(i)))
        return nearest(self, X, some_levels, i, k, room)

    monkeypatch.setattr(ExactNeighbors, "_nearest", counting)
    found = index.nearest(queries, 10)[1]
    assert levels == [(3, 40), (1, 40)]
    np.testing.assert_array_equal(found, brute_force(X, queries, 10)[1])


@pytest.mark.parametrize("loops", [None, compiled])
def test_a_bound_that_is_too_large_would_be_noticed(loops, rng, eager, monkeypatch):
    monkeypatch.setattr(exact_neighbors, "compiled_loops", lambda asked: loops)
    X = whole(rng, 300, 160)
    X[:, 8:] /= 100  # what the coefficients leave is little
    index = ExactNeighbors(X, (10, 40))
    assert np.array_equal(index.nearest(X[:9], k=1)[1].ravel(), np.arange(9))
    assert index.index
    coarse = index.index[0]  # with the squared norms of every third, bounds exceed distances
    for offsets in (coarse.offsets, coarse.wide[:, -2]):
        offsets[:9:3] *= 9
    _, nearest = index.nearest(X[:9], k=1)
    assert set(np.flatnonzero(nearest.ravel() != np.arange(9))) == {0, 3, 6}


@pytest.mark.parametrize("name", [*ADVERSARIAL, "photographs"])
def test_no_bound_exceeds_the_squared_distance(name, rng, shipped):
    X = shipped.X_train[:200] if name == "photographs" else ADVERSARIAL[name](rng)
    index = ExactNeighbors(X, (3, 6))
    assert index._in_range() != ("beyond" in name)
    if not index._in_range():
        return
    index._learn()
    index.index = index._levels()
    squares = cdist(X.astype(np.float64), X.astype(np.float64), "sqeuclidean")
    for level, rows in index._levels_for(X):
        bounds = level.bounds(rows, np.arange(len(X))) + level.away(rows)[:, np.newaxis]
        assert np.all(bounds <= squares)


@pytest.mark.parametrize("name", ["pixels", "one far away", "far from the origin", "photographs"])
def test_coefficients_are_off_by_less_than_is_allowed_for(name, rng, shipped):
    X = shipped.X_train[:200] if name == "photographs" else ADVERSARIAL[name](rng)
    index = ExactNeighbors(X, (3, 6))
    index._learn()
    coefficients = index._coordinates(X)[1][:, :-1]
    centred = X.astype(np.float64) - index.mean
    count = -(-X.shape[1] // len(index.first))
    stretches = np.pad(centred, ((0, 0), (0, count * len(index.first) - X.shape[1])))
    rows = stretches.reshape(-1, len(index.first)) @ orthonormal(index.first)
    true = rows.reshape(len(X), -1) @ orthonormal(index.rotation)
    off = np.linalg.norm(coefficients - true, axis=1)
    norms = np.linalg.norm(centred, axis=1)
    assert 0 < off.max() and np.all(off <= index.error * norms)


def orthonormal(basis):
    """The orthonormal basis next to this one."""
    left, _, right = np.linalg.svd(basis.astype(np.float64), full_matrices=False)
    return left @ right


def test_bounds_are_sharp_and_the_fine_ones_sharper(shipped):
    index = ExactNeighbors(shipped.X_train[:400])
    index._learn()
    dists = [cdist(rows[:100], rows) for rows in (*index._coordinates(index.X), index.X)]
    far = dists[-1] > 0
    coarse, fine = (np.mean(bounds[far] / dists[-1][far]) for bounds in dists[:-1])
    assert 0.9 < coarse < fine < 1


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


def test_compiling_needs_numba(monkeypatch):
    monkeypatch.setitem(sys.modules, "numba", None)
    with pytest.raises(ModuleNotFoundError, match="compiled=True needs numba: `pip install numba`"):
        ExactNeighbors(np.ones((30, 4)), compiled=True)
    assert ExactNeighbors(np.ones((30, 4))).nearest(np.ones((1, 4)), 1)[1] == [[0]]
