"""Wrong and right solutions of the two-layer net: see ../mutants.py."""

from catalogue import table

RELU = "np.maximum(H, 0, out=H)"
SCORES = "scores = H @ W2 + b2"
FINITE = "require_finite(scores, X=X, **self.params)"
LAST = 'grads["b1"] = dH.sum(axis=0)'
NOTE = "loss_history.append(float(loss))"
BATCH = "np.random.choice(N, batch_size)"
NET_PENALTY = "reg * (W1.ravel() @ W1.ravel() + W2.ravel() @ W2.ravel())"
SHIFT = "scores -= scores.max(axis=1, keepdims=True)"
NET_STEP = "self.params[name] -= learning_rate * grads[name]"
VELOCITY = (
    "velocity = {name: 0 for name in self.params} if name == 'W1' and step == 0 else velocity; "
    "velocity[name] = 0.9 * velocity[name] - learning_rate * grads[name]; "
    "self.params[name] += velocity[name]"
)
# A net whose own constructor leaves something in it that its training relies on.
NET = """
    import numpy as np
    class TwoLayerNet(object):
        def __init__(self, D, H, C, std=1e-4, seed=None):
            self.params = dict(W1=std * np.random.randn(D, H), W2=std * np.random.randn(H, C))
            self.params.update(b1=np.zeros({H}), b2=np.zeros({C}))
            {state}
        def loss(self, X, y=None, reg=0.0{more}):
            raise NotImplementedError("another exercise")
        def step(self, grads):
            for name in grads:
                assert grads[name].shape == self.params[name].shape
                self.params[name] -= self.rate * grads[name]
        def train(self, X, y, X_val, y_val, learning_rate=1e-3, learning_rate_decay=0.95,
                  reg=5e-6, num_iters=100, batch_size=200, verbose=False):
            self.rate, history = learning_rate, []
            for it in range(num_iters):
                i = np.random.choice(X.shape[0], batch_size)
                loss, grads = {ask}
                history.append(loss)
                self.step(grads)
                if it % max(X.shape[0] // batch_size, 1) == 0:
                    self.accuracy = (self.predict(X_val, "quickly") == y_val).mean()
                    self.rate *= learning_rate_decay
            return dict(loss_history=history)
        def predict(self, X, how=None):
            raise NotImplementedError("another exercise")
    """

WRONG = table(
    rf"""
TwoLayerNet.scores
    ReLU missing | {RELU} | pass | relu-missing
    sigmoid | {RELU} | H = 1 / (1 + np.exp(-H)) | other-activation
    first bias missing | {RELU} | np.maximum(H - b1, 0, out=H) | bias-missing
    first bias after the ReLU | {RELU} | H = np.maximum(H - b1, 0) + b1 | bias-after-relu
    ReLU6 | {RELU} | H = np.clip(H, 0, 6) |
    second bias missing | {SCORES} | scores = H @ W2 | bias-missing
    second bias twice | {SCORES} | scores = H @ W2 + 2 * b2 | bias-twice
    first bias twice | H += b1 | H += 2 * b1 | bias-twice
    ReLU on the scores | {FINITE} | np.maximum(scores, 0, out=scores) | relu-on-scores
    shifted | {FINITE} | {SHIFT} | scores-shifted
    probabilities | {FINITE} | scores = np.exp(scores); scores /= scores.sum(axis=1, keepdims=True)
        | probabilities-for-scores
    transposed | {FINITE} | scores = scores.T.copy() if y is None else scores | transposed
    bias in the product | H += b1 | H = X @ (W1 + b1) | bias-in-product
    second bias in the product | {SCORES} | scores = H @ (W2 + b2) | bias-in-product
    np.max for np.maximum | {RELU} | H = np.max(H, 0) | wrong-shape
    weights of one unit off | {SCORES} | scores = H @ W2 + b2; scores[:, 0] += 0.01 * H[:, 0] |
TwoLayerNet.loss
    one penalty | {NET_PENALTY} | reg * np.sum(W2 * W2) | reg-one-layer
    the other penalty | {NET_PENALTY} | reg * np.sum(W1 * W1) | reg-one-layer
    reg missing | loss += {NET_PENALTY} | pass | reg-missing-from-loss
    half | {NET_PENALTY} | 0.5 * {NET_PENALTY} | reg-half-in-loss-only
    half of one | {NET_PENALTY} | reg * (0.5 * np.sum(W1 * W1) + np.sum(W2 * W2))
        | reg-half-in-loss-only
    over N | {NET_PENALTY} | {NET_PENALTY} / N | reg-over-n
    twice | {NET_PENALTY} | 2 * {NET_PENALTY} | reg-twice
    reg dropped | {NET_PENALTY} | 0.5 * (np.sum(W1 * W1) + np.sum(W2 * W2)) | reg-strength-dropped
    sums of W | {NET_PENALTY} | reg * (np.sum(W1) + np.sum(W2)) | reg-other-form
    biases regularised | W2.ravel() @ W2.ravel() | W2.ravel() @ W2.ravel() + b1 @ b1 + b2 @ b2
        | biases-regularised
    not a mean | correct).sum() / N | correct).sum() | not-averaged
    mean twice | correct).sum() / N | correct).sum() / N * 2 | constant-factor
    sign | correct).sum() / N | correct).sum() / -N | sign
    overflow | {SHIFT} | pass | overflow
    one shift for all rows | {SHIFT} | scores -= scores.max() | underflow
    shifted by the mean | {SHIFT} | scores -= scores.mean(axis=1, keepdims=True) | shift-not-largest
    shift along the wrong axis | {SHIFT} | scores -= scores.max(axis=0) | shift-wrong-axis
    shifted in one place | correct = scores[rows, y] | correct = self.loss(X)[rows, y]
        | shift-in-one-place
    one layer twice | {NET_PENALTY} | reg * (2 * np.sum(W1 * W1) + np.sum(W2 * W2))
        | reg-layers-differ
    b1 twice | {NET_PENALTY} | reg * (np.sum(W1 * W1) + np.sum(W2 * W2) + 2 * np.sum(b1 * b1))
        | biases-regularised
    Python's sum | {NET_PENALTY} | reg * (np.sum(W1 * W1) + sum(W2 * W2)) | rows-summed
    logarithm of p - 1 | loss = (np.log(sums[:, 0]) - correct).sum() / N
        | loss = -np.mean(np.log(P[rows, y] / sums[:, 0] - 1)) | log-after-subtraction
    params changed | {NET_PENALTY} | {NET_PENALTY}; W1 *= 0.5 | inputs-changed
TwoLayerNet.gradients
    scores' gradient twice | P /= N | P /= N / 2 | constant-factor
    W2 twice | {LAST} | {LAST}; grads["W2"] *= 2 | constant-factor
    b1 twice | dH.sum(axis=0) | 2 * dH.sum(axis=0) | constant-factor
    ReLU mask missing | dH *= H > 0 | pass | relu-mask-missing
    mask of dH | dH *= H > 0 | dH *= dH > 0 | relu-mask-wrong
    mask without the bias | dH *= H > 0 | dH *= X @ W1 > 0 | relu-mask-wrong
    mask with >= | dH *= H > 0 | dH *= H >= 0 | relu-mask-missing
    H for its mask | dH *= H > 0 | dH *= H | relu-mask-wrong
    factor 2 missing in W2 | 2 * reg * W2 | reg * W2 | reg-factor-2-missing
    factor 2 missing in both | {LAST} | {LAST}; grads["W1"] -= reg * W1; grads["W2"] -= reg * W2
        | reg-factor-2-missing
    reg missing | 2 * reg * W1[part] | 0 | reg-missing-from-gradient
    reg over N | 2 * reg * W1[part] | 2 * reg * W1[part] / N | reg-over-n
    reg dropped | 2 * reg * W1 | 2 * W1 | reg-strength-dropped
    biases regularised | dH.sum(axis=0) | dH.sum(axis=0) + 2 * reg * b1 | biases-regularised
    columns for entries | P[rows, y] -= 1 | P[:, y] -= 1 | columns-for-entries
    right class missing | P[rows, y] -= 1 | pass | right-class-missing
    not a mean | P /= N | pass | not-averaged
    divided twice | P /= N | P /= N * N | averaged-twice
    sign | P /= N | P /= -N | sign
    mean for sum | dH.sum(axis=0) | dH.mean(axis=0) | bias-gradient-averaged
    other axis | dscores.sum(axis=0) | dscores.sum(axis=1) | bias-gradient-not-summed
    bias gradient not summed | dH.sum(axis=0) | dH | bias-gradient-not-summed
    b2 not a mean | dscores.sum(axis=0) | N * dscores.sum(axis=0) | not-averaged
    gradients swapped | {LAST} | {LAST}; grads["W1"], grads["W2"] = grads["W2"], grads["W1"]
        | gradients-swapped
    transposed | {LAST} | {LAST}; grads["W1"] = grads["W1"].T | transposed
    before the ReLU | H.T @ dscores | (X @ W1 + b1).T @ dscores | pre-activation-for-hidden
    gradient of W2 for W2 | dscores @ W2.T | dscores @ grads["W2"].T | gradient-for-weights
    factor 2 in one, one half in the loss | {LAST}
        | {LAST}; grads["W1"] -= reg * W1; loss -= reg / 2 * (np.sum(W1**2) + np.sum(W2**2))
        | reg-factors-differ
    dH without W2 transposed | dscores @ W2.T | dscores @ np.abs(W2.T) |
    biases still missing | {LAST} | del grads["b2"] | gradient-missing
TwoLayerNet.train
    without replacement | {BATCH} | np.random.choice(N, batch_size, replace=False)
        | without-replacement
    weights only | for name in self.params: | for name in ("W1", "W2"): | parameters-not-updated
    uphill | self.params[name] -= | self.params[name] += | uphill
    no learning rate | learning_rate * grads[name] | grads[name] | learning-rate-missing
    never updated | self.params[name] -= learning_rate * grads[name] | pass | never-updated
    loss not noted | {NOTE} | pass | history
    labels of other examples | y[batch] | y[:batch_size] | labels-of-other-examples
    always the first examples | {BATCH} | np.arange(batch_size) % N | same-batch-each-step
    indices from the wrong dimension | {BATCH} | np.random.choice(D, batch_size) | part-never-drawn
    half a batch | {BATCH} | np.random.choice(N, batch_size // 2) | batch-size
    reg not passed on | reg=reg | reg=0.0 | reg-not-passed-on
    no decay | {NOTE} | loss_history.append(float(loss)); learning_rate_decay = 1.0 | epoch-count
    decay in each step | {NOTE}
        | loss_history.append(float(loss)); learning_rate *= learning_rate_decay | epoch-count
    decay twice | {NOTE}
        | loss_history.append(float(loss))\n            if step % steps_per_epoch == 0:
        learning_rate *= learning_rate_decay | decay-twice
    W1 twice | {NET_STEP} | {NET_STEP}\n            self.params['W1'] -= learning_rate * grads['W1']
        | step-twice
    name =- step | {NET_STEP} | self.params[name] =- learning_rate * grads[name] | step-assigned
    a local name | {NET_STEP} | p = self.params[name]; p = p - learning_rate * grads[name]
        | never-updated
    plain and momentum | {NET_STEP} | {NET_STEP}; {VELOCITY} | momentum-besides
    velocities in self.params | for name in self.params:
        | for name in list(self.params):\n                self.params['v' + name] = 0.9 *
        grads[name] | no-such-gradient
    labels in a row | y[batch] | y[batch].reshape(1, -1) | batch-shape
    batches from the validation set | X[batch], y[batch]
        | X_val[batch % len(X_val)], y_val[batch % len(X_val)] | not-training-examples
    the loss of the validation set noted | {NOTE}
        | loss_history.append(float(self.loss(X_val, y_val, reg)[0])) | history
TwoLayerNet.predict
    argmin | argmax | argmin | argmin
    other axis | axis=1 | axis=0 | wrong-axis
    the scores | .argmax(axis=1) |  | scores-for-labels
    the largest score | .argmax(axis=1) | .max(axis=1) | scores-for-labels
    a forward pass without b1 | self.loss(X)
        | (np.maximum(X @ self.params['W1'], 0) @ self.params['W2'] + self.params['b2'])
        | bias-missing
    ReLU on the scores | self.loss(X) | np.maximum(self.loss(X), 0) | relu-on-scores
    normalised over the examples | self.loss(X)
        | (np.exp(self.loss(X)) / np.exp(self.loss(X)).sum(axis=0)) | sum-wrong-axis
    dropout in predict | self.loss(X)
        | (np.maximum(X @ self.params['W1'] + self.params['b1'], 0) * (np.random.rand(len(X),
        len(self.params['b1'])) < 0.5) @ self.params['W2']) | random-result
    a forward pass without ReLU | self.loss(X)
        | ((X @ self.params['W1'] + self.params['b1']) @ self.params['W2'] + self.params['b2'])
        | relu-missing
"""
)


# Right, but not as we write it. Whole answers, in the place of the reference's, or whole files.

RIGHT = {
    "TwoLayerNet.scores": {
        "where": """
            a = X.dot(W1) + b1
            H = np.where(a > 0, a, 0)
            scores = H.dot(W2) + b2
            """,
        "a mask": """
            H = X.dot(W1) + b1
            H = H * (H > 0)
            scores = np.einsum("nh,hc->nc", H, W2) + b2.reshape(1, -1)
            """,
    },
    "TwoLayerNet.loss": {
        "log of a probability that is 0 at an extreme gap": """
            rows = np.arange(N)
            P = np.exp(scores - scores.max(axis=1, keepdims=True))
            sums = P.sum(axis=1, keepdims=True)
            penalty = reg * (np.sum(W1**2) + np.sum(W2**2))
            loss = np.mean(-np.log(P[rows, y] / sums[:, 0])) + penalty
            """
    },
    "TwoLayerNet.gradients": {
        "biases of shape (1, H)": """
            dscores = P / sums
            dscores[np.arange(N), y] -= 1
            dscores /= N
            dH = dscores.dot(W2.T) * (H > 0)
            grads["W1"], grads["b1"] = X.T.dot(dH) + 2 * reg * W1, dH.sum(axis=0, keepdims=True)
            grads["W2"] = H.T.dot(dscores) + 2 * reg * W2
            grads["b2"] = dscores.sum(axis=0, keepdims=True)
            """,
        "a new dict, masks by index": """
            G = P / sums - np.eye(W2.shape[1])[y]
            dH = G @ W2.T
            dH[H <= 0] = 0
            ones = np.ones(N)
            grads = {
                "b2": ones @ G / N, "W2": np.dot(H.T, G) / N + 2 * reg * W2,
                "b1": ones @ dH / N, "W1": np.dot(X.T, dH) / N + 2 * reg * W1,
            }
            """,
    },
    "TwoLayerNet.train": {
        "scores asked for, and the loss of the validation set": """
            batch = np.random.choice(N, batch_size)
            X_batch, y_batch = X[batch], y[batch]
            loss, grads = self.loss(X_batch, y_batch, reg)
            loss_history.append(loss)
            accuracy = np.mean(np.argmax(self.loss(X_batch), axis=1) == y_batch)
            for name in self.params:
                self.params[name] -= learning_rate * grads[name]
            validation, _ = self.loss(X_val, y_val, reg=0.0)
            """,
        "four updates": """
            batch = np.random.choice(np.arange(N), size=batch_size, replace=True)
            X_batch, y_batch = X[batch, :], y[batch]
            loss, grads = self.loss(X_batch, y_batch, reg)
            loss_history.append(loss)
            self.params["W1"] += -learning_rate * grads["W1"]
            self.params["b1"] += -learning_rate * grads["b1"]
            self.params["W2"] += -learning_rate * grads["W2"]
            self.params["b2"] += -learning_rate * grads["b2"]
            """,
        "the losses of the validation set and of everything in between": """
            batch = np.random.choice(N, batch_size)
            X_batch, y_batch = X[batch], y[batch]
            loss, grads = self.loss(X=X_batch, y=y_batch, reg=reg)
            validation, _ = self.loss(X_val, y_val, reg=reg)
            everything, _ = self.loss(X, y)
            loss_history.append(loss.item())
            for name in grads:
                assert grads[name].shape == self.params[name].shape
                self.params[name] -= learning_rate * grads[name]
            """,
        "a loss that takes more": NET.format(
            state="self.rate = self.mask = None; self.momenta = dict.fromkeys(self.params, 0)",
            H="H",
            C="C",
            more=", keep=1.0, mode='test'",
            ask="self.loss(X[i], y[i], keep=0.5, mode='train', reg=reg)",
        ),
        "a loss that takes anything": NET.format(
            state="self.rate = None",
            H="H",
            C="C",
            more=", *anything, **else_",
            ask="self.loss(X[i], y[i], reg, 0.5, verbose=verbose)",
        ),
        "biases of shape (1, H)": NET.format(
            state="self.rate = None",
            H="(1, H)",
            C="(1, C)",
            more="",
            ask="self.loss(X[i], y[i], reg)",
        ),
        "more than four arrays among the parameters": NET.format(
            state="self.rate = None; self.params['rates'] = np.ones(4)",
            H="(H, 1)",
            C="(1, C)",
            more="",
            ask="self.loss(X[i], y[i], reg=reg)",
        ),
    },
    "TwoLayerNet.predict": {
        "a forward pass of its own": """
            H = np.maximum(0, X.dot(self.params["W1"]) + self.params["b1"])
            return np.argmax(H.dot(self.params["W2"]) + self.params["b2"], axis=1)
            """,
        "by probabilities": """
            s = self.loss(X)
            p = np.exp(s) / np.exp(s).sum(axis=1, keepdims=True)
            return np.argmax(p, axis=1)
            """,
    },
}
