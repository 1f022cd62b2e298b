from assignment.checking.mistake import Mistake

DESCENT = {
    "svm": "notebooks/svm.ipynb, section 10",
    "two_layer_net": "notebooks/two_layer_net.ipynb, section 6",
}

MISTAKES = (
    # Training and prediction.
    Mistake("never-updated", "The weights are never changed.", DESCENT),
    Mistake(
        "uphill", "The step goes uphill: it is W -= learning_rate * dW, with a minus.", DESCENT
    ),
    Mistake(
        "learning-rate-missing",
        "The step is the gradient itself: it is not multiplied by the learning rate.",
        DESCENT,
    ),
    Mistake(
        "learning-rate-other",
        "The size of the steps is not the learning rate that was given.",
        DESCENT,
    ),
    Mistake(
        "step-twice",
        "Each step is twice learning_rate * dW: it is made twice, or there is a 2 in it.",
        DESCENT,
    ),
    Mistake(
        "step-averaged",
        "The step is divided by the number of examples, but the gradient is their mean already.",
        DESCENT,
    ),
    Mistake(
        "step-assigned",
        "The step takes the place of the weights, where it has to be added to them: W =- step "
        "and W =+ step assign; it is W -= learning_rate * dW.",
        DESCENT,
    ),
    Mistake(
        "steps-not-added",
        "Each step starts from the first weights again: it has to start from where the last one "
        "led.",
        DESCENT,
    ),
    Mistake(
        "step-after-loop",
        "The weights stay the same until the loss has been asked for the last time: the step "
        "belongs into the loop.",
        DESCENT,
    ),
    Mistake(
        "weights-averaged",
        "In the end the weights are the mean of all steps' weights: they stay where the last step "
        "leads.",
        DESCENT,
    ),
    Mistake(
        "gradients-accumulated",
        "Each step takes the sum of all gradients so far: it takes that of its own batch alone.",
        DESCENT,
    ),
    Mistake(
        "gradient-normalised",
        "Only the direction or the sign of the gradient counts in the step: it is "
        "learning_rate * dW, with dW as it is.",
        DESCENT,
    ),
    Mistake(
        "penalty-in-step",
        "The step takes the derivative of the penalty besides the gradient, which holds it "
        "already.",
        DESCENT,
    ),
    Mistake(
        "momentum-besides",
        "A plain step and a step with momentum are both made: one of them is enough, in this "
        "course the plain one.",
        DESCENT,
    ),
    Mistake(
        "parameters-not-updated",
        "Some parameters are never changed: W1, b1, W2 and b2 all take the step.",
        DESCENT,
    ),
    Mistake(
        "epoch-count",
        "The learning rate does not decay as it must, once an epoch, which is every "
        "N / batch_size steps.",
        DESCENT,
    ),
    Mistake(
        "learning-rate-decays",
        "The learning rate falls during the training: in this function it stays what was given.",
        DESCENT,
    ),
    Mistake(
        "decay-twice",
        "The learning rate decays twice in an epoch: the lines below the blank do it already.",
        DESCENT,
    ),
    Mistake(
        "no-such-gradient",
        "There are gradients for W1, b1, W2 and b2 alone: what else you keep, such as velocities, "
        "belongs into a dict of its own and not into self.params.",
        DESCENT,
        raises="there is no gradient of",
    ),
    Mistake("step-count", "The number of steps is not num_iters.", DESCENT),
    Mistake(
        "loss-not-asked",
        "The batch's loss and gradient do not come from self.loss(...), which every classifier "
        "brings along.",
        DESCENT,
    ),
    Mistake(
        "history",
        "The list loss_history must hold the loss of each batch, one number a step.",
        DESCENT,
    ),
    Mistake(
        "batch-shape",
        "A batch has the wrong shape: X_batch is (batch_size, D), and y_batch is (batch_size,), "
        "as X[indices] and y[indices] are for a list of indices.",
        DESCENT,
    ),
    Mistake("batch-size", "A batch does not have batch_size examples.", DESCENT),
    Mistake(
        "labels-of-other-examples",
        "The labels of a batch are not those of its examples: X and y take the same indices.",
        DESCENT,
    ),
    Mistake(
        "same-batch-each-step",
        "A step sees the same batch as the step before: draw a new one in each.",
        DESCENT,
    ),
    Mistake(
        "one-example-batch",
        "A batch holds one example again and again: draw batch_size indices, not one.",
        DESCENT,
    ),
    Mistake(
        "part-never-drawn",
        "Some of the examples never come into a batch: indices are drawn from 0 to N - 1.",
        DESCENT,
    ),
    Mistake(
        "not-training-examples",
        "A batch has rows that are not rows of X: X_batch is X[indices].",
        DESCENT,
    ),
    Mistake(
        "reg-not-passed-on",
        "The loss does not get the reg that train was given: self.loss(X_batch, y_batch, reg).",
        DESCENT,
    ),
    Mistake("loss-not-lowered", "Training does not lower the loss by half.", DESCENT),
    Mistake(
        "without-replacement",
        "The batch is drawn without replacement, which cannot be done where batch_size exceeds N "
        "(as in the toy example): leave out replace=False.",
        DESCENT,
        raises="larger (sample )?than population",
    ),
    Mistake(
        "decay-after-epoch",
        "The learning rate decays after the last step of an epoch, in this course after its first.",
        DESCENT,
    ),
    Mistake(
        "momentum",
        "The step has a momentum: that is another optimiser than the plain gradient descent of "
        "this course, W -= learning_rate * dW.",
        DESCENT,
    ),
)
