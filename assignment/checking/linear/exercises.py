"""The exercises on linear classifiers, of the lessons svm and softmax."""

from assignment.checking.exercise import Exercise
from assignment.checking.linear import diagnosis
from assignment.checking.linear.calls import CALLS
from assignment.checking.training import diagnosis as training

# In the order in which the notebooks come to them.
EXERCISES = (
    Exercise(
        CALLS["svm_loss_naive"],
        "svm",
        "6. The loss with loops",
        8,
        (
            "Each positive margin changes two columns of dW. Which two, and by what?",
            "margin = scores[c] - scores[y[i]] + 1, and scores[c] is X[i] @ W[:, c]: what is the "
            "derivative by column c, and by column y[i]?",
            "Where margin > 0: dW[:, c] += X[i] and dW[:, y[i]] -= X[i]. In the end divide loss "
            "and dW by N, and add reg * np.sum(W * W) and 2 * reg * W.",
        ),
        ("loss", "dW"),
        diagnosis.explain_svm,
    ),
    Exercise(
        CALLS["svm_loss_vectorized"],
        "svm",
        "9. The loss without loops",
        8,
        (
            "scores[np.arange(N), y] picks the score of the right class in each row.",
            "Set the margins of the right classes to 0. Then the sum of np.maximum(margins, 0) "
            "is N times the loss without its penalty.",
            "M is 1 where a margin is positive, and in column y[i] minus the number of these: "
            "dW = X.T @ M / N + 2 * reg * W.",
        ),
        ("loss", "dW"),
        diagnosis.explain_svm,
    ),
    Exercise(
        CALLS["LinearClassifier.train"],
        "svm",
        "10. Stochastic gradient descent",
        6,
        (
            "What does one step need? A batch, its loss and gradient, and a move downhill.",
            "np.random.choice(N, batch_size) draws indices; X and y take the same ones.",
            "self.loss(X_batch, y_batch, reg) returns loss and dW; self.W -= learning_rate * dW.",
        ),
        None,
        diagnosis.explain_training,
        facts=training.facts,
        expect=training.expect,
        complain=training.complain,
    ),
    Exercise(
        CALLS["LinearClassifier.predict"],
        "svm",
        "10. Stochastic gradient descent",
        2,
        (
            "Which class does an example belong to, when you know the score of each?",
            "np.argmax gives the position of the largest entry: along which axis?",
            "(X @ self.W).argmax(axis=1)",
        ),
        ("y_pred",),
        diagnosis.explain_linear_prediction,
    ),
    Exercise(
        CALLS["softmax_loss_naive"],
        "softmax",
        "4. The loss with loops",
        8,
        (
            "Take one example. Its loss is -log p[y], and p[y] is a quotient: what is the loss as "
            "a difference?",
            "Subtract the largest score first, and exp cannot overflow. Each example adds X[i], "
            "times a number, to column c of dW: line 15 of the derivation has a number per class.",
            "The loss gets log(sum(exp(s))) - s[y[i]], and column c of dW (p[c] - (c == y[i])) * "
            "X[i]; in the end the mean, reg * np.sum(W * W), and 2 * reg * W.",
        ),
        ("loss", "dW"),
        diagnosis.explain_softmax,
    ),
    Exercise(
        CALLS["softmax_loss_vectorized"],
        "softmax",
        "7. The loss without loops",
        8,
        (
            "All scores are X @ W: a row for each example. Shift, exp and sum work row by row.",
            "keepdims=True keeps a column a column, and broadcasting does the rest.",
            "P[np.arange(N), y] -= 1 turns probabilities into P - Y; dW = X.T @ P / N + 2 * reg * "
            "W.",
        ),
        ("loss", "dW"),
        diagnosis.explain_softmax,
    ),
)
