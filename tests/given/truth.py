"""What calls should return: in long double, with all differences and no tricks."""

import numpy as np

LONG = np.longdouble


def distances(X, T):
    differences = X[:, np.newaxis] - T
    scale = np.abs(differences).max(initial=0) or 1
    return scale * np.sqrt(((differences / scale) ** 2).sum(axis=2))


def nearest(dists, k):
    return np.argsort(dists, axis=1, kind="stable")[:, :k]


def votes(dists, y, k):
    return np.array([np.bincount(y[row]).argmax() for row in nearest(dists, k)])


def cross_validated(X, y, k, folds):
    parts = np.array_split(np.arange(len(X)), folds)
    shares = []
    for part in parts:
        rest = np.setdiff1d(np.arange(len(X)), part)
        called = votes(distances(X[part], X[rest]), y[rest], k)
        shares.append(np.mean(called == y[part]))
    return np.array(shares)


def log_softmax(S):
    shifted = S - S.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))


def cross_entropy(S, y):
    """Loss, and its derivative by the scores."""
    logs, rows = log_softmax(S), np.arange(len(S))
    dS = np.exp(logs)
    dS[rows, y] -= 1
    return -logs[rows, y].mean(), dS / len(S)


def hinge(S, y):
    rows = np.arange(len(S))
    margins = np.maximum(S - S[rows, y][:, np.newaxis] + 1, 0)
    margins[rows, y] = 0
    dS = (margins > 0).astype(LONG)
    dS[rows, y] = -dS.sum(axis=1)
    return margins.sum() / len(S), dS / len(S)


def linear(data_loss):
    def right(W, X, y, reg):
        loss, dS = data_loss(X @ W, y)
        return loss + reg * (W * W).sum(), X.T @ dS + 2 * reg * W

    return right


def net_scores(X, W1, b1, W2, b2):
    return np.maximum(X @ W1 + b1, 0) @ W2 + b2


def net_loss(X, y, reg, W1, b1, W2, b2, half=1):
    hidden = np.maximum(X @ W1 + b1, 0)
    loss, dS = cross_entropy(hidden @ W2 + b2, y)
    dH = dS @ W2.T * (hidden > 0)
    loss += half * reg * ((W1 * W1).sum() + (W2 * W2).sum())
    penalty = 2 * half * reg
    return loss, X.T @ dH + penalty * W1, dH.sum(0), hidden.T @ dS + penalty * W2, dS.sum(0)


def nca(A, X, y):
    differences = X[:, np.newaxis] - X
    mapped = differences @ A.T
    S = -(mapped**2).sum(axis=2)
    np.fill_diagonal(S, -np.inf)
    logs = log_softmax(S)
    same = np.where(y[:, np.newaxis] == y, logs, -np.inf)
    largest = same.max(axis=1, keepdims=True)
    log_p = largest + np.log(np.exp(same - largest).sum(axis=1, keepdims=True))
    M = (np.exp(logs) - np.exp(same - log_p)) / len(X)
    return -log_p.mean(), -2 * np.einsum("ij,ijd,ije->de", M, mapped, differences)


def affine(x, w, b):
    return x.reshape(len(x), -1) @ w + b


def affine_gradients(dout, x, w, b):
    return (dout @ w.T).reshape(x.shape), x.reshape(len(x), -1).T @ dout, dout.sum(axis=0)


def adam(w, dw, rate):
    m, v = (1 - 0.9) * dw, (1 - 0.999) * dw**2
    return w - rate * (m / (1 - 0.9)) / (np.sqrt(v / (1 - 0.999)) + 1e-8)


def rmsprop(w, dw, rate):
    return w - rate * dw / (np.sqrt((1 - 0.99) * dw**2) + 1e-8)


def trained(loss, params, X, y, rate, steps, batch, *more):
    """Plain gradient descent, with the same draws."""
    np.random.seed(0)
    params, losses = [p.copy() for p in params], []
    for _ in range(steps):
        rows = np.random.choice(len(X), batch)
        value, *gradients = loss(params, X[rows], y[rows], *more)
        losses.append(value)
        params = [p - rate * g for p, g in zip(params, gradients, strict=True)]
    return [np.array(losses), *params]
