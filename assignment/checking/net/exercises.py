"""The exercises on the two-layer net, and how their answers are judged."""

from assignment.checking.exercise import Exercise
from assignment.checking.net import diagnosis
from assignment.checking.net.calls import CALLS
from assignment.checking.training import diagnosis as training

# In the order in which the notebooks come to them.
EXERCISES = (
    Exercise(
        CALLS["TwoLayerNet.scores"],
        "two_layer_net",
        "2. Forward: the scores",
        4,
        (
            "Two affine layers, and a ReLU between them: what are the shapes?",
            "np.maximum(0, ...) is the ReLU; it comes after the first bias.",
            "H = np.maximum(0, X @ W1 + b1), scores = H @ W2 + b2.",
        ),
        ("scores",),
        diagnosis.explain_scores,
    ),
    Exercise(
        CALLS["TwoLayerNet.loss"],
        "two_layer_net",
        "3. Forward: the loss",
        6,
        (
            "It is the softmax loss of the scores, which you have written before.",
            "Both weight matrices are regularised, the biases are not.",
            "loss = mean of log(sum(exp(s))) - s[y], plus reg * (np.sum(W1 * W1) + "
            "np.sum(W2 * W2)).",
        ),
        ("loss",),
        diagnosis.explain_net_loss,
        expect=diagnosis.expect_loss,
    ),
    Exercise(
        CALLS["TwoLayerNet.gradients"],
        "two_layer_net",
        "5. Backward, in code",
        12,
        (
            "Go backwards: dscores first, then what it means for W2, b2 and H, then for W1 and b1.",
            "Shapes leave few ways: dscores is (N, C), H is (N, H), and the gradient of W2 has to "
            "be (H, C). A bias is added to every row, so every row counts in its gradient. And "
            "where H is 0, a small change before the ReLU changes nothing.",
            "dscores = (P - Y) / N; dW2 = H.T @ dscores + 2 * reg * W2, db2 the sum of the rows of "
            "dscores; dH = (dscores @ W2.T) * (H > 0). After that, W1 and b1 are as W2 and b2, "
            "with X for H.",
        ),
        tuple(f"grads['{name}']" for name in ("W1", "b1", "W2", "b2")),
        diagnosis.explain_net_gradients,
        expect=diagnosis.expect_gradients,
    ),
    Exercise(
        CALLS["TwoLayerNet.train"],
        "two_layer_net",
        "6. Training, on the toy first",
        8,
        (
            "It is the loop of the linear classifier, with four parameters instead of one.",
            "np.random.choice(N, batch_size) draws with replacement: a batch may exceed N.",
            "for name in self.params: self.params[name] -= learning_rate * grads[name]",
        ),
        None,
        diagnosis.explain_training,
        facts=training.facts,
        expect=training.expect,
        complain=training.complain,
    ),
    Exercise(
        CALLS["TwoLayerNet.predict"],
        "two_layer_net",
        "6. Training, on the toy first",
        2,
        (
            "self.loss(X) without labels returns the scores.",
            "The class with the largest score, for each row.",
            "self.loss(X).argmax(axis=1)",
        ),
        ("y_pred",),
        diagnosis.explain_net_prediction,
    ),
)
