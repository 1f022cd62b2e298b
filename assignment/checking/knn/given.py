"""Right neighbours for `cross_validate`."""

import types

import numpy as np


def neighbours(own, computed):
    """A KNearestNeighbor that is right: a mistake in the student's is not charged to the folds.

    own : the student's class, which may have more; computed : list to note each call in
    """

    def train(self, X, y):
        self.X_train, self.y_train = np.asarray(X), np.asarray(y, dtype=np.intp)

    def distances(self, X):
        computed.append(len(X))
        return np.sqrt(((X[:, np.newaxis] - self.X_train) ** 2).sum(axis=2))

    def predict_labels(self, dists, k=1):
        nearest = np.argsort(dists, axis=1, kind="stable")[:, :k]
        return np.array([np.bincount(labels).argmax() for labels in self.y_train[nearest]])

    def predict(self, X, k=1, num_loops=0):
        return self.predict_labels(distances(self, X), k)

    methods = {"train": train, "predict_labels": predict_labels, "predict": predict}
    for loops in ("two_loops", "one_loop", "no_loops"):
        methods[f"compute_distances_{loops}"] = distances
    return types.new_class("KNearestNeighbor", (own,), {}, lambda body: body.update(methods))
