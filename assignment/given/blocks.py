"""Many rows, a block at a time: memory stays bounded, and every core is busy."""

import contextlib
import os
import sys
import threading
from contextvars import Context, copy_context
from itertools import repeat

import numpy as np

BUDGET = 400e6  # bytes, for all blocks that are worked on at the same time
SMALL = 4e6  # bytes; with fewer, all is done before threads would have started
ROWS = 512  # more of them make a matrix product no faster
FEW = 128  # of which two products take longer than one of all: each takes the other factor apart
CACHE = 2**18  # numbers that stay in the cache of a core while they are worked on
LIMITING = threading.Lock()  # held by who limits the threads of BLAS


def in_blocks(function, X, bytes_per_row, rows=ROWS):
    """The results of function(X[start:stop]) for consecutive blocks of rows, one after the other.

    As many blocks are worked on at a time as BLAS has threads, and each keeps to one of them:
    what stands between the matrix products then uses every core too.

    Parameters
    ----------
    function : takes (n, D) rows, returns an array of n results, or a tuple of such arrays
    X : (N, D) rows, N >= 1
    bytes_per_row : memory that function needs for each row; blocks become so small that all of
        them together stay below BUDGET, but hold at least one row
    rows : the most in a block, where there are several

    Returns
    -------
    array of N results, or a tuple of them
    """
    if len(X) == 0:
        raise ValueError("X has no rows: there is nothing to work on.")
    if len(X) * bytes_per_row < min(SMALL, BUDGET):
        return function(X)
    threads, blas = _threads()
    most = min(BUDGET / threads / bytes_per_row, max(FEW, -(-len(X) // threads)))
    rows = int(np.clip(most, 1, max(1, rows)))
    blocks = [X[start : start + rows] for start in range(0, len(X), rows)]
    if threads == 1 or len(blocks) == 1:  # one thread, as within a block of another call
        parts = [function(block) for block in blocks]
    else:
        from concurrent.futures import ThreadPoolExecutor

        contexts = [copy_context() for _ in blocks]  # of the caller, with its np.errstate
        with blas_alone(blas), ThreadPoolExecutor(threads) as pool:
            parts = list(pool.map(Context.run, contexts, repeat(function), blocks))
    if isinstance(parts[0], tuple):
        return tuple(np.concatenate(part) for part in zip(*parts, strict=True))
    return np.concatenate(parts)


def _blas():
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController().select(user_api="blas")


def _threads():
    """How many threads BLAS has, and what limits them for a time."""
    if sys.platform == "emscripten":  # a browser tab has one
        return 1, None
    blas = _blas()
    return max((library["num_threads"] for library in blas.info()), default=os.cpu_count()), blas


@contextlib.contextmanager
def blas_alone(blas=None):
    """Meanwhile BLAS has one thread; nothing is done where another thread of Python has seen to it.

    It is one limit for all: of two, the last to leave would set it back to what it found, which is
    one thread for good.
    """
    if not LIMITING.acquire(blocking=False):
        yield
        return
    try:
        with (blas or _blas()).limit(limits=1):
            yield
    finally:
        LIMITING.release()


def by_chunks(function, pairs, D):
    """function(slice) for all pairs, a few at a time: rows of D numbers that stay in the cache."""
    parts = [function(part) for part in chunks(pairs, D)]
    return np.concatenate(parts) if parts else np.empty(0)


def chunks(rows, D):
    """Slices of so many rows, a few at a time: rows of D numbers that stay in the cache."""
    step = max(1, CACHE // D)
    return [slice(start, start + step) for start in range(0, rows, step)]
