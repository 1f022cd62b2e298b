"""Wrong and right solutions of linear classifiers: see ../mutants.py."""

from catalogue import table

# Pieces of the solutions.
PENALTY, OF_DW = "reg * np.sum(W * W)", "2 * reg * W"
AS_DOT = 'reg * (W.ravel("K") @ W.ravel("K"))'  # the same without loops
BATCH = "np.random.choice(N, batch_size)"
SHIFT = "scores -= scores.max(axis=1, keepdims=True)"
STEP = "self.W -= learning_rate * dW"
RETURN = "return loss, dW"
LOOP = "for i in range(N):"
G_ROW = "(p - (c == y[i]))"
LOSS_OF_ROW = "loss += log_sum - shifted[y[i]]"
MEAN = "loss = (np.log(sums[:, 0]) - correct).sum() / N"
NOTE = "loss_history.append(float(loss))"
PREDICTION = "scores.argmax(axis=1)"
RIGHT_LEFT_OUT = "margins[rows, y] = 0"


def penalty(name):
    """The penalty in a loss, as the solution writes it."""
    return AS_DOT if name.endswith("_vectorized") else PENALTY


WRONG = table(
    rf"""
every loss
    factor 2 missing | {OF_DW} | reg * W | reg-factor-2-missing
    half in the loss only | {PENALTY} | 0.5 * reg * np.sum(W * W) | reg-half-in-loss-only
    reg missing from the gradient | {OF_DW} | 0 * W | reg-missing-from-gradient
    reg missing from the loss | {PENALTY} | 0 | reg-missing-from-loss
    reg divided by N in the loss | {PENALTY} | reg * np.sum(W * W) / N | reg-over-n
    reg divided by N in the gradient | {OF_DW} | 2 * reg * W / N | reg-over-n
    reg for each example | {PENALTY} | N * reg * np.sum(W * W) | reg-times-n
    reg twice | {PENALTY} | 2 * reg * np.sum(W * W) | reg-twice
    reg twice in the gradient | {OF_DW} | 4 * reg * W | reg-twice
    reg subtracted | {OF_DW} | -2 * reg * W | reg-sign
    reg dropped from the gradient | {OF_DW} | 2 * W | reg-strength-dropped
    reg dropped from the loss | {PENALTY} | 0.5 * np.sum(W * W) | reg-strength-dropped
    sum of W | {PENALTY} | reg * np.sum(W) | reg-other-form
    only reg | {PENALTY} | 0.5 * reg | reg-other-form
    norm | {PENALTY} | reg * np.linalg.norm(W) | reg-other-form
    a twentieth | {PENALTY} | 0.05 * reg * np.sum(W * W) | reg-other-form
    sum of W in the gradient | {OF_DW} | reg * np.sum(W) | reg-other-form
    sign of W | {OF_DW} | reg * np.sign(W) | reg-other-form
    penalty before and after the division | {PENALTY}
        | reg * np.sum(W * W) / N + reg * np.sum(W * W) | reg-before-and-after
    last row left out | {PENALTY} | reg * np.sum(W[:-1] ** 2) | reg-last-row-missing
    last row left out of the gradient | {OF_DW} | 2 * reg * np.vstack([W[:-1], 0 * W[-1:]])
        | reg-last-row-missing
    Python's sum | {PENALTY} | reg * sum(W * W) | rows-summed
    a number for the gradient | {OF_DW} | (reg + np.sum(W * W)) | reg-other-form
svm_loss_naive
    reg missing from both | loss / N + reg * np.sum(W * W)\n    dW = dW / N + 2 * reg * W
        | loss / N\n    dW = dW / N | reg-missing
    loss not a mean | loss / N | loss | not-averaged
    gradient not a mean | dW / N | dW | not-averaged
    divided twice | dW / N | dW / N / N | averaged-twice
    mean over the classes too | loss / N | loss / N / W.shape[1] | averaged-over-classes
    right class missing | dW[:, y[i]] -= X[i] | pass | right-class-missing
    right class added | dW[:, y[i]] -= X[i] | dW[:, y[i]] += X[i] | right-class-sign
    other classes missing | dW[:, c] += X[i] | pass | other-classes-missing
    margin of 1 missing | - scores[y[i]] + 1 | - scores[y[i]] | margin-missing
    margin turned round | scores[c] - scores[y[i]] + 1 | scores[y[i]] - scores[c] + 1
        | margin-reversed
    max(0) missing | margin > 0 | True | max-missing
    right class counted | continue | loss += 1; dW[:, c] -= X[i]; continue | right-class-counted
    margins for the indicator | dW[:, c] += X[i]\n                dW[:, y[i]] -= X[i]
        | dW[:, c] += margin * X[i]\n                dW[:, y[i]] -= margin * X[i]
        | margins-for-indicator
    last example only | {LOOP} | for i in [N - 1]: | one-example-only
    first example left out | {LOOP} | for i in range(1, N): | example-left-out
    swapped | {RETURN} | return dW, loss | wrong-return
    sign of everything | {RETURN} | return loss, -dW | sign
    transposed | {RETURN} | return loss, dW.T.copy() | transposed
    squared | loss += margin | loss += margin**2 | squared-hinge
    gradient not written yet | {RETURN} | return loss, np.zeros_like(W) | gradient-missing
    nothing returned | {RETURN} | pass | wrong-return
    only the loss returned | {RETURN} | return loss | wrong-return
    X changed | {RETURN} | X *= 2; return loss, dW | inputs-changed
    W changed | {RETURN} | W -= 1e-3 * dW; return loss, dW | inputs-changed
    gradient one part in a hundred off | {RETURN} | return loss, 1.01 * dW | constant-factor
    loss twice | {RETURN} | return 2 * loss, dW | constant-factor
    half of both | {RETURN} | return loss / 2, dW / 2 | constant-factor
    examples twice | dW / N | 2 * dW / N | constant-factor
    divided by N and the penalty | dW / N + 2 * reg * W | dW / (N + 2 * reg * W)
        | divided-by-penalty
    loss divided by N and the penalty | loss / N + reg * np.sum(W * W)
        | loss / (N + reg * np.sum(W * W)) | divided-by-penalty
    1 for the example | dW[:, y[i]] -= X[i] | dW[:, y[i]] -= 1 | one-for-example
    a row for a column | dW[:, y[i]] -= X[i] | dW[y[i]] -= X[i] | row-for-column
    other lengths meet | dW[:, y[i]] -= X[i] | dW[:, y[i]] -= X[i][1:] |
    loss times the label | loss += margin | loss += margin * y[i] | label-as-factor
    divided in the loop | dW = np.zeros_like(W)\n    for i in range(N):
        | dW = np.zeros_like(W)\n    for i in range(N):\n        loss /= N if i else 1; dW /= N if
        i else 1 | divided-in-loop
    label of the class | margin = scores[c] - scores[y[i]] + 1
        | margin = scores[c] - scores[y[c]] + 1 | label-of-class
    a hundred examples at most | range(N) | range(min(N, 100)) |
    ten classes at most | range(W.shape[1]) | range(min(W.shape[1], 10)) |
svm_loss_vectorized
    violations counted once | -M.sum(axis=1) | -1 | violations-counted-once
    right class missing | M[rows, y] = -M.sum(axis=1) | pass | right-class-missing
    right class counted | {RIGHT_LEFT_OUT} | pass | right-class-counted
    columns for entries | {RIGHT_LEFT_OUT} | margins[:, y] = 0 | columns-for-entries
    gradient not a mean | M /= N | pass | not-averaged
    loss not a mean | margins.sum() / N | margins.sum() | not-averaged
    mean of everything | margins.sum() / N | margins.mean() | averaged-over-classes
    max(0) missing | np.maximum(margins, 0, out=margins) | pass | max-missing
    a row for a column | [:, np.newaxis] - 1 | - 1 | broadcast-wrong-axis
    mask with >= | (margins > 0) | (margins >= 0) | mask-of-all
    margins for the indicator | (margins > 0).astype(margins.dtype) | margins.copy()
        | margins-for-indicator
    margin of 1 missing | [:, np.newaxis] - 1 | [:, np.newaxis] | margin-missing
    sign | M /= N | M /= -N | sign
    data term missing | dW = (M.T @ X).T | dW = np.zeros_like(W) | data-term-missing
    minus twice the count | M[rows, y] = -M.sum(axis=1) | M[rows, y] = -2 * M.sum(axis=1)
        | wrong-coefficients
    largest margin only | {RIGHT_LEFT_OUT}
        | margins[rows, y] = 0; margins *= margins == margins.max(axis=1, keepdims=True)
        | largest-margin-only
    transposed | {RETURN} | return loss, dW.T.copy() | transposed
    ragged | {RETURN} | return loss, [[1.0], [1.0, 2.0]] | wrong-return
    one class off | {RETURN} | dW[:, -1] *= 1.001; return loss, dW |
    rows for entries | margins -= scores[rows, y][:, np.newaxis] - 1 | margins -= scores[y] - 1
        | rows-for-entries
softmax_loss_naive
    gradient twice | {RETURN} | return loss, 2 * dW | constant-factor
    gradient half | {RETURN} | return loss, dW / 2 | constant-factor
    both twice | {RETURN} | return 2 * loss, 2 * dW | constant-factor
    examples twice | dW / N | 2 * dW / N | constant-factor
    examples half | dW / N | dW / (2 * N) | constant-factor
    loss of the examples twice | loss / N | 2 * loss / N | constant-factor
    gradient not a mean | dW / N | dW | not-averaged
    loss not a mean | loss / N | loss | not-averaged
    right class missing | {G_ROW} | p | right-class-missing
    right class only | {G_ROW} | (p - 1) * (c == y[i]) | other-classes-missing
    indicator added | {G_ROW} | (p + (c == y[i])) | right-class-sign
    indicator only | {G_ROW} | -1.0 * (c == y[i]) | probabilities-missing
    ones for probabilities | {G_ROW} | (1.0 - (c == y[i])) | wrong-coefficients
    p squared | {G_ROW} | (p**2 - (c == y[i])) | wrong-coefficients
    not normalised | np.exp(shifted[c] - log_sum) | np.exp(shifted[c]) | not-normalised
    overflow | scores - scores.max() | scores | overflow
    shifted by the smallest score | scores.max() | scores.min() | shift-not-largest
    sign | {LOSS_OF_ROW} | loss -= log_sum - shifted[y[i]] | sign
    sign of the gradient | {G_ROW} | ((c == y[i]) - p) | sign
    log missing | {LOSS_OF_ROW} | loss -= np.exp(shifted[y[i]] - log_sum) | log-missing
    log of the sum missing | {LOSS_OF_ROW} | loss -= scores[y[i]] | log-sum-missing
    logarithm to base 10 | {LOSS_OF_ROW} | loss -= np.log10(np.exp(shifted[y[i]] - log_sum))
        | wrong-logarithm
    shifted in one place | {LOSS_OF_ROW} | loss += log_sum - scores[y[i]] | shift-in-one-place
    all classes | {LOSS_OF_ROW} | loss += np.sum(log_sum - shifted) | all-classes-summed
    last example only | {LOOP} | for i in [N - 1]: | one-example-only
    overwritten | dW[:, c] += (p | dW[:, c] = (p | one-example-only
    last example left out | {LOOP} | for i in range(N - 1): | example-left-out
    NaN | {RETURN} | return np.nan, np.nan * W |
    NaN in the loss | {RETURN} | return np.nan, dW |
    y changed | {RETURN} | y += 1; return loss, dW | inputs-changed
    divided by N and the penalty | dW / N + 2 * reg * W | dW / (N + reg * W) | divided-by-penalty
    divided by the number of pixels | dW / N | dW / X.shape[1] | other-divisor
    1 for the example | dW[:, c] += (p - (c == y[i])) * X[i] | dW[:, c] += p * X[i] - (c == y[i])
        | one-for-example
    loss times the label | {LOSS_OF_ROW} | loss += y[i] * (log_sum - shifted[y[i]])
        | label-as-factor
    divided in the loop | for i in range(N):
        | for i in range(N):\n        loss /= N if i else 1; dW /= N if i else 1 | divided-in-loop
    label of the class | (c == y[i]) | (c == y[c]) | label-of-class
    a sum that grows | log_sum = np.log(np.exp(shifted).sum())
        | log_sum = np.log(np.exp(shifted).sum() + (np.exp(log_sum) if i else 0)) | sum-not-reset
    p of the right class for all | p = np.exp(shifted[c] - log_sum)
        | p = np.exp(shifted[y[i]] - log_sum) | right-probability-for-all
    exponential missing | p = np.exp(shifted[c] - log_sum) | p = scores[c] / scores.sum()
        | exp-missing
    nothing but zeros, in another shape | {RETURN} | return 0.0, np.zeros(W.shape[1]) | loss-missing
softmax_loss_vectorized
    columns for entries | P[rows, y] -= 1 | P[:, y] -= 1 | columns-for-entries
    right class missing | P[rows, y] -= 1 | pass | right-class-missing
    right class added | P[rows, y] -= 1 | P[rows, y] += 1 | right-class-sign
    right class set | P[rows, y] -= 1 | P[rows, y] = -1 | right-class-overwritten
    not a mean | P /= N | pass | not-averaged
    divided twice | P /= N | P /= N * N | averaged-twice
    sum for mean | (np.log(sums[:, 0]) - correct).sum() / N | (np.log(sums[:, 0]) - correct).sum()
        | not-averaged
    overflow | {SHIFT} | pass | overflow
    a row for a column | {SHIFT} | scores -= scores.max(axis=1) | broadcast-wrong-axis
    transpose missing | (P.T @ X).T | X @ P | factors-do-not-fit
    transpose missing, with dot | (P.T @ X).T | np.dot(X, P) | factors-do-not-fit
    transpose missing in a sum | (P.T @ X).T | (P.T @ X) + 2 * reg * W |
    one shift for all rows | {SHIFT} | scores -= scores.max() | underflow
    shifted by the mean | {SHIFT} | scores -= scores.mean(axis=1, keepdims=True) | shift-not-largest
    shift along the wrong axis | {SHIFT} | scores -= scores.max(axis=0) | shift-wrong-axis
    normalised over everything | P.sum(axis=1, keepdims=True) | np.full((N, 1), P.sum())
        | sum-wrong-axis
    gradient normalised over the examples | P /= sums | P /= P.sum(axis=0) | sum-wrong-axis
    not normalised | P /= sums | pass | not-normalised
    sign | P /= N | P /= -N | sign
    one percent off | {RETURN} | return loss, 1.01 * dW | constant-factor
    one entry one percent off | {RETURN} | dW[0, 0] *= 1.01; return loss, dW |
    transposed | {RETURN} | return loss, dW.T | transposed
    loss of each example | {MEAN} | loss = (np.log(sums[:, 0]) - correct) | wrong-shape
    loss missing | {RETURN} | return 0.0, dW | loss-missing
    loss missing, and the gradient off | {RETURN} | return 0.0, dW + 0.1 | loss-missing
    rows for entries | P[rows, y] -= 1 | P[y] -= 1 | rows-for-entries
    loss of rows | {MEAN} | loss = -np.sum(np.log((P / sums)[y])) / N | rows-for-entries
    logarithm of p - 1 | {MEAN} | loss = -np.mean(np.log(P[rows, y] / sums[:, 0] - 1))
        | log-after-subtraction
LinearClassifier.train
    uphill | self.W -= | self.W += | uphill
    no learning rate | learning_rate * dW | dW | learning-rate-missing
    a thousandth of the rate | learning_rate * dW | 0.001 * learning_rate * dW | learning-rate-other
    never updated | {STEP} | pass | never-updated
    loss not noted | {NOTE} | pass | history
    batch size noted | append(float(loss)) | append(batch_size) | history
    labels of other examples | y[batch] | y[:batch_size] | labels-of-other-examples
    other numbers than X | X[batch] | (X[batch] - X.mean()) | not-training-examples
    labels not drawn | y[batch] | y | labels-of-other-examples
    always the first examples | {BATCH} | np.arange(batch_size) % N | same-batch-each-step
    one batch for all steps | {BATCH} | np.random.RandomState(0).choice(N, batch_size)
        | same-batch-each-step
    one example, repeated | {BATCH} | np.full(batch_size, np.random.randint(N)) | one-example-batch
    indices from the wrong dimension | {BATCH} | np.random.choice(D, batch_size) | part-never-drawn
    the last example never | {BATCH} | np.random.randint(N - 1, size=batch_size) | part-never-drawn
    a new batch every second step | {BATCH}
        | np.random.choice(N, batch_size) if step % 2 == 0 else batch | same-batch-each-step
    all examples | X[batch], y[batch] | X, y | batch-size
    half a batch | {BATCH} | np.random.choice(N, batch_size // 2) | batch-size
    reg not passed on | y[batch], reg) | y[batch], 0.0) | reg-not-passed-on
    two steps in one | {STEP} | self.W -= 2 * learning_rate * dW | step-twice
    the step made twice | {STEP} | {STEP}; {STEP} | step-twice
    W =- step | {STEP} | self.W =- learning_rate * dW | step-assigned
    W =+ step | {STEP} | self.W =+ learning_rate * dW | step-assigned
    a copy is moved | {STEP} | W = self.W.copy(); W -= learning_rate * dW | never-updated
    from the first weights | {STEP}
        | W = self.W if step == 0 else W; self.W = W - learning_rate * dW | steps-not-added
    a step in the end | {STEP} | self.W = self.W - learning_rate * dW * (step == num_iters - 1)
        | step-after-loop
    mean of all weights | {STEP}
        | total = self.W + (total if step else 0); self.W = self.W - learning_rate *
        dW\n            if step == num_iters - 1: self.W = total / num_iters | weights-averaged
    over the batch | {STEP} | self.W -= learning_rate * dW / batch_size | step-averaged
    over all examples | {STEP} | self.W -= learning_rate * dW / N | step-averaged
    times the batch | {STEP} | self.W -= learning_rate * dW * batch_size | learning-rate-other
    all gradients so far | {STEP}
        | total = dW + (total if step else 0); self.W -= learning_rate * total
        | gradients-accumulated
    sign of the gradient | {STEP} | self.W -= learning_rate * np.sign(dW) | gradient-normalised
    penalty in the step | {STEP} | self.W -= learning_rate * (dW + 2 * reg * self.W)
        | penalty-in-step
    a rate that decays | {STEP} | {STEP}; learning_rate *= 0.95 | learning-rate-decays
    plain and momentum | {STEP}
        | {STEP}; v = (0.9 * v if step else 0) - learning_rate * dW; self.W += v | momentum-besides
    two rounds in one | {STEP} | {STEP}; loss, dW = self.loss(X[batch], y[batch], reg); {STEP}
        | step-count
    a step each fourth time | {STEP} | if step % 4 == 0: {STEP} | step-count
    AdaGrad | {STEP}
        | c = (c if step else 0) + dW**2; self.W -= learning_rate * dW / np.sqrt(c + 1e-8) |
    a loss of its own | loss, dW = self.loss(X[batch], y[batch], reg)
        | dW = X[batch].T @ X[batch] @ self.W; loss = np.sum(dW) | loss-not-asked
    labels in a row | y[batch] | y[batch][np.newaxis] | batch-shape
    labels in a column | y[batch] | y[batch][:, np.newaxis] | batch-shape
    one-hot labels | y[batch] | np.eye(y.max() + 1)[y[batch]] | batch-shape
    indices in a row | {BATCH} | np.random.choice(N, (1, batch_size)) | batch-shape
    one index | {BATCH} | np.random.choice(N) | batch-shape
    whole numbers | X[batch] | X[batch].astype(int) | not-training-examples
    labels in another order | y[batch] | np.random.permutation(y[batch]) | labels-of-other-examples
    slices past the end | {BATCH} | np.arange(N)[step * batch_size : (step + 1) * batch_size]
        | batch-size
    mean of the losses | {NOTE} | loss_history.append((sum(loss_history) + loss) / (step + 1))
        | history
    the last loss only | {NOTE} | loss_history = [float(loss)] | history
    a step only where the loss fell | {STEP}
        | self.W -= learning_rate * dW * (loss <= min(loss_history[-2:])) | step-count
    the best loss so far noted | append(float(loss)) | append(min([float(loss), *loss_history]))
        | history
    a loss of two decimals | append(float(loss)) | append(round(float(loss), 2)) | history
    an end after twenty steps | {STEP}
        | self.W -= learning_rate * dW\n            if step == 20: break | history
    a step by another gradient than that of the batch | self.W -=
        | _, dW = self.loss(X, y, 0.0); self.W -= |
    a keyword that no loss knows | y[batch], reg) | y[batch], reg, verbose=verbose) |
LinearClassifier.predict
    argmin | argmax | argmin | argmin
    other axis | axis=1 | axis=0 | wrong-axis
    no axis | argmax(axis=1) | argmax() | wrong-axis
    the largest score | {PREDICTION} | scores.max(axis=1) | scores-for-labels
    the scores | {PREDICTION} | scores | scores-for-labels
    nothing returned | return scores | scores |
    ReLU on the scores | scores.arg | np.maximum(scores, 0).arg | relu-on-scores
    largest in size | scores.arg | np.abs(scores).arg | absolute-scores
    whole numbers | scores.arg | scores.astype(int).arg | scores-cut
    from 1 | argmax(axis=1) | argmax(axis=1) + 1 | labels-from-1
    the second largest | {PREDICTION} | scores.argsort(axis=1)[:, -2] | second-largest
    ones and zeros | {PREDICTION} | scores == scores.max(axis=1, keepdims=True) | one-hot-for-labels
    the first for all | {PREDICTION} | np.full(len(X), scores[0].argmax()) | one-example-for-all
    column | {PREDICTION} | scores.argmax(axis=1)[:, np.newaxis] | wrong-shape
"""
)
# What is wrong with a penalty is the same in every loss of a linear classifier.
PENALTIES = WRONG.pop("every loss")
for name in WRONG:
    if "_loss_" in name:
        WRONG[name] |= {
            mistake: (old.replace(PENALTY, penalty(name)), *new_and_diagnosis)
            for mistake, (old, *new_and_diagnosis) in PENALTIES.items()
        }

# Right, but not as we write it. Whole answers, in the place of the reference's, or whole files.

RIGHT = {
    "svm_loss_naive": {
        "the right class last": """
            N, C = X.shape[0], W.shape[1]
            loss, dW = 0.0, np.zeros(W.shape)
            for i in range(N):
                s = W.T.dot(X[i])
                violated = 0
                for c in range(C):
                    margin = s[c] - s[y[i]] + 1
                    if c != y[i] and margin > 0:
                        loss += margin
                        violated += 1
                        dW[:, c] += X[i].T
                dW[:, y[i]] -= violated * X[i].T
            return loss / N + reg * np.sum(W**2), dW / N + 2 * reg * W
            """,
        "the right class not left out": """
            N = X.shape[0]
            loss, dW = -float(N), np.zeros(W.shape)
            for i in range(N):
                s = X[i].dot(W)
                for c in range(W.shape[1]):
                    if s[c] - s[y[i]] + 1 > 0:
                        loss += s[c] - s[y[i]] + 1
                        dW[:, c] += X[i]
                        dW[:, y[i]] -= X[i]
            loss /= N
            dW /= N
            loss += reg * np.sum(W * W)
            dW += reg * 2 * W
            return np.float32(loss), dW
            """,
        "classes outside": """
            N, C = X.shape[0], W.shape[1]
            loss, dW = 0, 0 * W
            for c in range(C):
                for i in range(N):
                    margin = X[i] @ W[:, c] - X[i] @ W[:, y[i]] + 1
                    if margin > 0 and c != y[i]:
                        loss += margin / N
                        dW[:, c] += X[i] / N
                        dW[:, y[i]] -= X[i] / N
            return loss + reg * np.linalg.norm(W) ** 2, dW + (reg + reg) * W
            """,
    },
    "svm_loss_vectorized": {
        "np.choose": """
            scores = X @ W
            margins = np.maximum(0, scores.T - np.choose(y, scores.T) + 1).T
            margins[range(len(y)), y] = 0
            mask = (margins > 0).astype(float)
            mask[range(len(y)), y] = -mask.sum(axis=1)
            N = len(y)
            return margins.sum() / N + reg * np.sum(W * W), X.T @ mask / N + 2 * reg * W
            """,
        "a mask": """
            scores = X.dot(W)
            right = scores[np.arange(len(y)), y].reshape(-1, 1)
            margins = np.maximum(0, scores - right + 1)
            margins[np.arange(len(y)), y] = 0
            loss = margins.sum() / len(y) + reg * np.sum(W**2)
            mask = (margins > 0).astype(float)
            mask[np.arange(len(y)), y] -= mask.sum(axis=1)
            return loss, X.T.dot(mask) / len(y) + 2 * reg * W
            """,
        "one-hot, transposed": """
            Y = np.eye(W.shape[1])[y].T
            S = (X @ W).T
            margins = np.maximum(S - np.sum(S * Y, axis=0) + 1, 0) * (1 - Y)
            V = np.where(margins > 0, 1, 0)
            G = V - Y * V.sum(axis=0)
            loss = np.sum(margins) / X.shape[0] + reg * np.sum(np.square(W))
            return loss, (G @ X).T / X.shape[0] + 2 * reg * W
            """,
        "scatter-add": """
            N = len(X)
            S = X @ W
            margins = S - S[range(N), y][:, None] + 1
            margins[range(N), y] = 0
            i, c = np.nonzero(margins > 0)
            dW = np.zeros(W.shape)
            np.add.at(dW.T, c, X[i] / N)
            np.subtract.at(dW.T, y[i], X[i] / N)
            return np.sum(margins[i, c]) / N + reg * np.vdot(W, W), dW + 2 * reg * W
            """,
        "float32 inside": """
            N = len(X)
            S = np.float32(X) @ np.float32(W)
            margins = np.maximum(S - S[range(N), y][:, None] + 1, 0)
            margins[range(N), y] = 0
            M = np.float32(margins > 0)
            M[range(N), y] = -M.sum(axis=1)
            loss = np.sum(margins) / N + reg * np.sum(W * W)
            return loss, np.float32(X).T @ M / N + 2 * reg * W
            """,
    },
    "softmax_loss_naive": {
        "probabilities": """
            N = X.shape[0]
            loss, dW = 0.0, np.zeros_like(W)
            for i in range(N):
                f = X[i].dot(W)
                f -= np.max(f)
                p = np.exp(f) / np.sum(np.exp(f))
                loss += -np.log(p[y[i]])
                for j in range(W.shape[1]):
                    dW[:, j] += X[i] * p[j]
                dW[:, y[i]] -= X[i]
            return loss / N + reg * np.sum(W * W), dW / N + 2 * reg * W
            """,
        "every number in a loop": """
            import math
            (N, D), C = X.shape, W.shape[1]
            loss, dW = 0.0, np.zeros((D, C))
            for i in range(N):
                s = [sum(X[i, d] * W[d, c] for d in range(D)) for c in range(C)]
                s = [v - max(s) for v in s]
                total = sum(math.exp(v) for v in s)
                loss += (math.log(total) - s[y[i]]) / N
                for c in range(C):
                    for d in range(D):
                        dW[d, c] += X[i, d] * (math.exp(s[c]) / total - (1 if c == y[i] else 0)) / N
            return loss + reg * float(np.sum(W**2)), dW + 2 * reg * W
            """,
        "a small number in the logarithm": """
            N = X.shape[0]
            loss, dW = 0.0, np.zeros_like(W)
            for i in range(N):
                p = np.exp(X[i] @ W - np.max(X[i] @ W))
                p /= p.sum()
                loss -= np.log(p[y[i]] + 1e-6)
                p[y[i]] -= 1
                dW += np.outer(X[i], p)
            return loss / N + reg * np.sum(W * W), dW / N + 2 * reg * W
            """,
    },
    "softmax_loss_vectorized": {
        "one-hot labels": """
            scores = X.dot(W)
            scores = scores - np.max(scores, axis=1, keepdims=True)
            log_P = scores - np.log(np.sum(np.exp(scores), axis=1, keepdims=True))
            Y = np.eye(W.shape[1])[y]
            loss = -np.sum(Y * log_P) / len(y) + reg * np.sum(W**2)
            return loss, X.T.dot(np.exp(log_P) - Y) / len(y) + 2 * reg * W
            """,
        "a loss of shape (1,)": """
            scores = X.dot(W)
            scores = scores - np.max(scores, axis=1, keepdims=True)
            log_P = scores - np.log(np.sum(np.exp(scores), axis=1, keepdims=True))
            Y = np.eye(W.shape[1])[y]
            loss = -np.sum(Y * log_P).reshape(1) / len(y) + reg * np.sum(W**2)
            return loss, X.T.dot(np.exp(log_P) - Y) / len(y) + 2 * reg * W
            """,
        "log of a probability that is 0 at an extreme gap": """
            scores = X.dot(W)
            P = np.exp(scores - np.max(scores, axis=1, keepdims=True))
            P /= P.sum(axis=1, keepdims=True)
            loss = np.mean(-np.log(P[np.arange(len(y)), y])) + reg * np.sum(W * W)
            P[np.arange(len(y)), y] -= 1
            return loss, X.T.dot(P) / len(y) + 2 * reg * W
            """,
        "scipy": """
            from scipy.special import log_softmax, logsumexp
            S = X @ W
            loss = np.mean(logsumexp(S, axis=1) - S[np.arange(len(y)), y]) + reg * np.sum(W * W)
            G = np.exp(log_softmax(S, axis=1))
            G[np.arange(len(y)), y] -= 1
            return loss, np.einsum("nd,nc->dc", X, G) / len(y) + 2 * reg * W
            """,
        "classes in rows": """
            S = (X @ W).T
            S = S - S.max(axis=0)
            P = np.exp(S) / np.exp(S).sum(axis=0)
            loss = -np.log(P[y, range(len(y))]).mean() + reg * (W**2).sum()
            P[y, range(len(y))] -= 1
            return loss, np.asfortranarray((P / len(y) @ X).T) + 2 * reg * W
            """,
        "extended precision": """
            S = (X @ W).astype(np.longdouble)
            S -= S.max(axis=1, keepdims=True)
            P = np.exp(S) / np.exp(S).sum(axis=1, keepdims=True)
            Y = (np.arange(W.shape[1]) == y[:, None]).astype(int)
            loss = -np.sum(np.log(np.sum(P * Y, axis=1))) / len(y) + reg * np.sum(W * W)
            return float(loss), (X.T @ (P - Y) / len(y) + 2 * reg * W).astype(float)
            """,
    },
    "LinearClassifier.train": {
        "all examples where a batch holds them": """
            batch = np.random.choice(N, batch_size) if batch_size < N else np.arange(N)
            loss, dW = self.loss(X[batch], y[batch], reg)
            loss_history.append(loss)
            self.W -= learning_rate * dW
            """,
        "the loss of everything, now and then": """
            batch = np.random.choice(N, batch_size)
            loss, dW = self.loss(X[batch], y[batch], reg)
            loss_history.append(loss)
            self.W -= learning_rate * dW
            if step % 5 == 0:
                total, _ = self.loss(X, y, 0.0)
            """,
        "randint": """
            batch = np.random.randint(0, N, size=batch_size)
            loss, dW = self.loss(X[batch], y[batch], reg)
            loss_history.append(loss)
            self.W = self.W - learning_rate * dW
            """,
        "without replacement": """
            batch = np.random.choice(N, batch_size, replace=False)
            loss, dW = self.loss(X[batch, :], y[batch], reg)
            loss_history.append(loss)
            self.W += -learning_rate * dW
            """,
        "a permutation": """
            batch = np.random.permutation(N)[:batch_size]
            loss, dW = self.loss(X[batch], y[batch], reg)
            loss_history.append(loss)
            self.W -= learning_rate * dW
            """,
        "by keyword, and how well it does meanwhile": """
            batch = np.random.choice(N, batch_size)
            loss, dW = self.loss(reg=reg, y_batch=y[batch], X_batch=X[batch])
            loss_history.append(loss.item())
            self.W -= learning_rate * dW
            self.accuracy = np.mean(self.predict(X) == y)
            """,
        "a loss of a subclass that takes more": """
            import numpy as np
            class LinearClassifier(object):
                def __init__(self):
                    self.W, self.history = None, []
                def train(self, X, y, learning_rate=1e-3, reg=1e-5, num_iters=100, batch_size=200):
                    if self.W is None:
                        self.W = 0.001 * np.random.randn(X.shape[1], np.max(y) + 1)
                    for it in range(num_iters):
                        batch = np.random.choice(len(X), batch_size)
                        loss, grad = self.loss(X[batch], y[batch], reg, vectorized=True)
                        self.history.append(loss)
                        self.W -= learning_rate * grad
                    return self.history
                def loss(self, X_batch, y_batch, reg):
                    pass
            class Softmax(LinearClassifier):
                def loss(self, X_batch, y_batch, reg, vectorized=False):
                    return softmax_loss_vectorized(self.W, X_batch, y_batch, reg)
            """,
    },
    "LinearClassifier.predict": {
        "a class that cannot be made itself": """
            import abc
            import numpy as np
            class LinearClassifier(abc.ABC):
                W = None
                def predict(self, X):
                    return np.argmax(X.dot(self.W), axis=1)
                @abc.abstractmethod
                def loss(self, X_batch, y_batch, reg):
                    pass
            """,
        "a loop": """
            y_pred = np.zeros(X.shape[0])
            for i in range(X.shape[0]):
                y_pred[i] = np.argmax(X[i].dot(self.W))
            return y_pred
            """,
        "a list": "return [int(np.argmax(x @ self.W)) for x in X]",
    },
}
