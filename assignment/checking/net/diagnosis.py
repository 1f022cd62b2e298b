"""Which mistakes fit the scores, loss and gradients of the two-layer net, and whose they are."""

from functools import partial

import numpy as np

from assignment.checking.arrays import TOLERANCE, agrees, is_right
from assignment.checking.calls import UNSTABLE
from assignment.checking.diagnosis import (
    NONE,
    SCALES,
    Explanation,
    fit,
    once_for_each_case,
    search,
    turned,
    unique,
    weighed,
)
from assignment.checking.linear import terms as linear
from assignment.checking.linear.diagnosis import explain_prediction
from assignment.checking.mistake import candidates
from assignment.checking.net.calls import DECAY, NET_START
from assignment.checking.net.mistakes import MISTAKES, Terms, cross_entropy
from assignment.checking.training import diagnosis as training
from assignment.given.gradient_check import eval_numerical_gradient

# Scores.


def forwards(t):
    """(names, H, scores) of the right forward pass, and of mistakes in it."""
    hidden = [((), t.H), *candidates(MISTAKES, "hidden", t)]
    added = [((), t.b2), *candidates(MISTAKES, "b2", t)]
    return [(unique(names + more), H, H @ t.W2 + b) for more, b in added for names, H in hidden]


def scores_of(seen):
    """Candidates for the scores: those of forward passes."""
    return [(names, S) for names, _, S in forwards(Terms(**seen.arguments))]


@once_for_each_case
def other_scores_of(seen):
    """Candidates for scores that are wrong: by a forward pass, or by what was done to them."""
    return scores_of(seen)[1:] + [*candidates(MISTAKES, "scores", Terms(**seen.arguments))]


def explain_scores(observed):
    """By the forward pass that it is, or by what was done to the right scores."""
    # exp(scores) overflows for large ones: there it says nothing of what was done.
    finite = [seen for seen in observed if np.isfinite(seen.arrays["scores"]).all()]
    found = search(finite, "scores", other_scores_of)
    return Explanation(found[0][0]) if found else NONE


# By what was made of the right scores, or of those of a forward pass of its own.
explain_net_prediction = partial(explain_prediction, scores_of)


def other_scores(seen):
    """The student's scores, where they are others than the right ones; or None."""
    own, right = seen.arrays.get("scores"), seen.expected["scores"]
    # Where only an overflow would matter, the scores themselves are still exact.
    tolerance = TOLERANCE if seen.case.failure in UNSTABLE else seen.tolerance
    if own is None or own.shape != right.shape or agrees(own, right, tolerance):
        return None
    return own.astype(float)


# What is right where one function has several exercises: a mistake is charged to its own part.


def expect_loss(seen):
    """The reference's loss; where the scores are others, the loss that belongs to those."""
    own, loss = other_scores(seen), seen.arrays.get("loss")
    if own is None or loss is None or np.size(loss) != 1 or is_made_up(seen, own):
        return seen.expected
    if seen.case.failure in UNSTABLE and not is_right(loss, seen.expected["loss"]):
        return None  # how large these other scores are, nobody has thought of
    right, y = seen.expected["scores"], seen.arguments["y"]
    difference = cross_entropy(own, y)[0] - cross_entropy(right, y)[0]
    losses = seen.expected["loss"], seen.expected["loss"] + difference.mean()
    return {**seen.expected, "loss": min(losses, key=lambda its: np.abs(its - loss).item())}


def is_made_up(seen, own):
    """Whether scores are those of no net: what belongs to such scores is no answer to anything."""
    if not np.isfinite(own).all():
        return True
    right = seen.expected["scores"]
    if any(_are_alike(own, axis) and not _are_alike(right, axis) for axis in (0, 1)):
        return True
    few, many = (len(np.unique(scores.round(5))) for scores in (own, right))
    return 4 * few < many or _are_sure(own) and not _are_sure(right)


def _are_alike(scores, axis):
    """Whether all examples (axis 0), or all classes, have the same scores, to what a loss shows."""
    return bool(np.ptp(scores, axis=axis).max() <= 1e-5)


def _are_sure(scores):
    """Whether all examples have a class of probability 1, to what a loss shows: it takes no exp."""
    *_, second, first = np.sort(scores, axis=1).T
    return bool(np.min(first - second) > 15)


def expect_gradients(seen):
    """The reference's gradients; where the scores are others in a known way, those of these scores.

    Nobody measures the student's own loss for it, which may be made up. A bias that those scores do
    not depend on is not judged. A ReLU that is missing forward is no reason to leave its mask out
    backward.
    """
    if seen.case.failure != "wrong" and not np.isfinite(seen.arrays.get("loss", np.nan)).all():
        return None  # the overflow is the loss's own
    own = other_scores(seen)
    if own is None:
        return seen.expected
    t, expected = Terms(**seen.arguments), dict(seen.expected)
    passes = [(place, H, S) for place, (_, H, S) in enumerate(forwards(t)) if agrees(S, own)]
    for block in NET_START if passes else ():
        name = f"grads['{block}']"
        got = seen.arrays.get(name, np.array(np.nan))
        belonging = [expected[name], *(_backward(t, H, S)[block] for _, H, S in passes)]
        fits = [grads for grads in belonging if is_right(got, grads)]
        place = passes[0][0]
        if fits:
            expected[name] = fits[0]
        elif block.startswith("b") and _does_without(seen, block, place):
            del expected[name]
        elif seen.arguments["params"][block].size > 20:
            return None  # to measure takes too long; there are smaller calls
        else:
            expected[name] = _slopes(seen, block, place)
    return expected


def _slopes(seen, block, place):
    """The gradient of a parameter where a forward pass has such scores, by central differences."""
    params = {**seen.arguments["params"], block: seen.arguments["params"][block].astype(float)}

    def loss(_):
        t = Terms(**{**seen.arguments, "params": params})
        return cross_entropy(forwards(t)[place][2], t.y)[0].mean() + t.of_W

    return eval_numerical_gradient(loss, params[block], verbose=False)


def _does_without(seen, bias, place):
    """Whether the scores of a forward pass stay as they are when a bias changes."""
    params = seen.arguments["params"]
    moved = {**params, bias: params[bias] + 1}
    before, after = (
        forwards(Terms(**{**seen.arguments, "params": some}))[place][2] for some in (params, moved)
    )
    return bool(np.array_equal(before, after))


def _backward(t, H, scores):
    """The gradients that belong to hidden values and scores, with the ReLU's mask."""
    G = cross_entropy(scores, t.y)[1] / t.N
    dH = (G @ t.W2.T) * (H > 0)
    grads = {"W1": t.X.T @ dH, "b1": dH.sum(axis=0), "W2": H.T @ G, "b2": G.sum(axis=0)}
    grads["W1"] += 2 * t.reg * t.W1
    grads["W2"] += 2 * t.reg * t.W2
    return grads


# The loss.


def explain_net_loss(observed):
    """A penalty of one half is a convention, unless the gradients contradict it."""
    fits = _fit_loss(observed)
    if not fits:
        is_taken = linear.is_log_of_p_minus_1(observed)
        return Explanation(("log-after-subtraction",)) if is_taken else NONE
    (loss, penalty), remarks, of_gradients = fits[0], (), []
    if loss == ("epsilon-in-log",):
        loss, remarks = (), (linear.EPSILON,)
    if penalty in (("half",), ("reg-half-in-loss-only",)):
        blocks = [_fit_block(observed, block) for block in ("W1", "W2")]
        of_gradients = [found[1] for found in blocks if found and found[1] is not None]
    is_whole = bool(of_gradients) and set(of_gradients) == {()}  # wherever it is understood
    if penalty == ("reg-half-in-loss-only",) and not is_whole:
        penalty = ("reg-layers-differ",)
    elif penalty == ("half",) and is_whole:
        penalty = ("reg-half-in-loss-only",)
    names, half = unique((*loss, *_mistakes(penalty))), "half" in (penalty or ())
    if names or not half:
        return Explanation(names, half=half, remarks=remarks)
    told = _in_the_other(of_gradients, "gradients", 2)
    return Explanation((), told, convention="half-convention", half=True, remarks=remarks)


def _mistakes(penalty):
    """Names of the mistakes in a penalty, whose convention is none; () where it is not known."""
    return tuple(name for name in penalty or () if name != "half")


def _in_the_other(penalties, other, number):
    """Whether the other part has a penalty of one half too: a sentence on what was compared.

    penalties : names of those of the other part that are understood; number : how many it has
    """
    if penalties == [("half",)] * number:
        return linear.AGREE
    missing = [names for names in penalties if linear.MISSING.intersection(names)]
    if len(missing) == number:
        return f"There is no penalty in your {other}, though."
    if missing:
        return f"In one of your {other} there is no penalty, though."
    if ("half",) in penalties:
        return f"In one of your {other} it is not so, or not understood."
    form = "has another form" if penalties else "is there not, or not understood"
    return f"The penalty in your {other} {form}, so that the two could not be compared."


def _fit_loss(observed):
    """Fits of the loss that belongs to the right scores, or else to the student's own."""

    def of_own(seen):
        own = other_scores(seen)
        return _losses(seen) if own is None else linear.softmax_losses(own, seen.arguments["y"])

    return fit(observed, "loss", _losses, _penalties, SCALES) or search(
        observed, "loss", of_own, _penalties, SCALES
    )


@once_for_each_case
def _losses(seen):
    """Candidates for the loss that belongs to the right scores."""
    return linear.softmax_losses(seen.expected["scores"], seen.arguments["y"])


@once_for_each_case
def _penalties(seen):
    t = Terms(**seen.arguments)
    return [*linear.penalties([t.W1, t.W2], t.reg, t.N), *candidates(MISTAKES, "penalty", t)]


# The gradients, a block for each parameter.


SCORES_FIRST = "scores first: yours are others than they should be, and gradients belong to scores"


def explain_net_gradients(observed):
    """Block by block; a factor of one half in the penalty is held against the loss."""
    if any(other_scores(seen) is not None for seen in observed):
        # Other scores, other gradients: the numbers have to speak.
        told = ((n, s.arrays.get(n), s.expected[n]) for s in observed for n in s.judged)
        off = next(name for name, got, right in told if not is_right(got, right))
        return Explanation(array=off, remarks=(SCORES_FIRST,))
    blocks, found = _fit_blocks(observed)
    of_loss = next((penalty for _, penalty in _fit_loss(observed)[:1]), None)
    of_weights = {block: blocks[block][1] for block in ("W1", "W2") if blocks.get(block)}
    halves = [block for block, penalty in of_weights.items() if penalty == ("half",)]
    half = len(halves) == len(of_weights) > 0 and of_loss != ()
    if halves and of_loss == ():
        found[halves[0]].append("reg-factor-2-missing")
    elif halves and () in of_weights.values():
        found[halves[0]].append("reg-factors-differ")
    names = unique(name for names in found.values() for name in names)
    unknown = [block for block in blocks if not (blocks[block] or found[block])]
    if not names and unknown:
        return Explanation(array=f"grads['{unknown[0]}']", half=half)
    if not names and half:
        told = _in_the_other([] if of_loss is None else [of_loss], "loss", 1)
        return Explanation((), told, convention="half-convention", half=True)
    if not names:
        return NONE
    shows, evidence = next(block for block in found if found[block]), ""
    if found[shows] == ["gradient-missing"]:
        evidence = f"grads['{shows}'] is 0 in every call."
    elif names[0].startswith(("reg", "constant")):
        half = half or of_loss == ("half",)
        those = [block for block in ("W1", "W2") if names[0] in found.get(block, ())]
        evidence = next(filter(None, (_weighed(observed, block, half) for block in those)), "")
    return Explanation(names, evidence, array=f"grads['{shows}']", half=half)


def _fit_blocks(observed):
    """block -> what fits it, or None; and block -> names of the mistakes in it."""
    blocks, found = {}, {}
    for block in ("W2", "b2", "W1", "b1"):
        if f"grads['{block}']" in observed[0].arrays:
            others = [fitted[0] for fitted in blocks.values() if fitted]
            blocks[block] = _fit_block(observed, block, others)
    for block, fitted in blocks.items():
        if _is_still_zero(observed, block):
            found[block], blocks[block] = ["gradient-missing"], None
        elif fitted:
            found[block] = [*fitted[0], *_mistakes(fitted[1])]
        else:
            found[block] = ["gradients-swapped"] if _swapped(observed, block) else []
    return blocks, found


def _fit_block(observed, block, others=()):
    """(names of the data term, names of the penalty) of the gradient of a parameter, or None.

    Of several that fit, one that has been found in other blocks is taken: one cause is likelier.
    """
    name = f"grads['{block}']"
    parts = partial(_gradients, block), partial(_penalties_of, block), SCALES
    if fits := fit(observed, name, *parts):
        return next((found for found in fits if found[0] and found[0] in others), fits[0])
    if fits := search(turned(observed, name), name, *parts):
        return (*fits[0][0], "transposed"), fits[0][1]
    return None


@once_for_each_case
def _gradients(block, seen):
    """Candidates for a gradient: each coefficient of the softmax, through each backward pass."""
    t, S = Terms(**seen.arguments), seen.expected["scores"].astype(float)
    return [
        (names + more, array)
        for names, G in linear.softmax_coefficients(S, t.y)
        for more, array in _passes(t, block, G)
    ]


@once_for_each_case
def _penalties_of(block, seen):
    """Candidates for what a gradient has of a penalty."""
    value, t = seen.arguments["params"][block].astype(float), Terms(**seen.arguments)
    if block.startswith("W"):
        return linear.penalty_gradients(value, t.reg, t.N)
    return [((), 0.0), *candidates(MISTAKES, "db_penalty", t, value)]


def _passes(t, block, G):
    """(names, gradient) of a parameter, by the right way back from G and by mistakes in it."""
    if block == "W2":
        return [((), t.H.T @ G), *candidates(MISTAKES, "dW2", t, G)]
    ways = [((), G)]
    if block != "b2":
        dH = G @ t.W2.T
        ways = [((), dH * (t.H > 0)), *candidates(MISTAKES, "da", t, G, dH)]
    if block == "W1":
        return [(names, partial(np.matmul, t.X.T, da)) for names, da in ways]
    return [
        (names + more, array)
        for names, dS in ways
        for more, array in [((), partial(dS.sum, axis=0)), *candidates(MISTAKES, "db", dS)]
    ]


def _weighed(observed, block, half):
    name = f"grads['{block}']"
    return weighed(observed, name, lambda seen: seen.arguments["params"][block], block, half)


def _is_still_zero(observed, block):
    """Whether a gradient is 0 in all calls, where something is due."""
    name = f"grads['{block}']"
    there = any(np.any(seen.arrays.get(name, 1)) for seen in observed)
    return not there and any(np.any(seen.expected.get(name, 0)) for seen in observed)


def _swapped(observed, block):
    """Whether the gradient of a block is the right one of another block."""

    def is_that_of(other, seen):
        got, right = seen.arrays.get(f"grads['{block}']"), seen.expected[f"grads['{other}']"]
        return is_right(got, right, seen.tolerance)

    others = NET_START.keys() - {block}
    return any(all(is_that_of(other, seen) for seen in observed) for other in others)


explain_training = partial(training.explain, DECAY)
