"""Pairs of hand-ins whose syntax trees are alike, beyond what stubs and a whole class explain.

Fingerprints are hashes of short runs of a tree's nodes, from which winnowing takes some so that
two copies share them (S. Schleimer, D. Wilkerson, A. Aiken, Winnowing, 2003). Names, comments,
layout, numbers' values and the order of functions do not matter. What the stubs have does not
count, nor does what more than COMMON hand-ins share: there is one way to write it, or it was given.
It says where to look, and no more. (compare50, Dolos or MOSS look further; none is needed here.)
"""

import ast
import zlib
from collections import Counter
from functools import cache
from itertools import combinations

from assignment import FILES
from assignment.checking.stubs import make_stub, solution_of

RUN, WINDOW = 12, 6  # nodes of a hash, hashes of which one is kept
COMMON = 10  # hand-ins, as of MOSS
LEAST, ALIKE = 40, 0.6  # shared fingerprints, and their part of the smaller hand-in's


def fingerprints(trees):
    """The set of fingerprints, 32 bits each, of all functions in some syntax trees."""
    found = set()
    for tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef):
                found |= _winnowed(list(_kinds(node)))
    return found


def _kinds(function):
    """The nodes of a function in the order of the text, each as what it is."""
    waiting = [*reversed(function.body)]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.expr_context) or _is_text(node):
            continue
        kind = type(node).__name__
        yield f"{kind}.{node.attr}" if isinstance(node, ast.Attribute) else kind
        waiting += reversed(list(ast.iter_child_nodes(node)))


def _is_text(node):
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _winnowed(kinds):
    runs = [" ".join(kinds[i : i + RUN]) for i in range(len(kinds) - RUN + 1)]
    hashes = [zlib.crc32(run.encode()) for run in runs]
    return {min(hashes[i : i + WINDOW]) for i in range(max(len(hashes) - WINDOW + 1, 0))}


@cache
def _given():
    """The fingerprints of the stubs."""
    return fingerprints(
        ast.parse(make_stub(solution_of(file).read_text(encoding="utf-8"))) for file in FILES
    )


def alike(hand_ins):
    """Pairs that share most of what is their own, the most alike first.

    Parameters
    ----------
    hand_ins : dict from the key of a hand-in to its set of fingerprints

    Returns
    -------
    list of (part of the smaller one's own that is shared, key, key)
    """
    counts = Counter(one for some in hand_ins.values() for one in some)
    holders, sizes = {}, {}
    for key, some in hand_ins.items():
        own = [one for one in some - _given() if counts[one] <= COMMON]
        sizes[key] = len(own)
        for one in own:
            holders.setdefault(one, []).append(key)
    shared = Counter(pair for keys in holders.values() for pair in combinations(sorted(keys), 2))
    pairs = [(n / min(sizes[a], sizes[b]), a, b) for (a, b), n in shared.items() if n >= LEAST]
    return sorted((p for p in pairs if p[0] >= ALIKE), key=lambda p: (-p[0], p))
