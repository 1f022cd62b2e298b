"""Hyperparameter search: many settings side by side, on this machine or on a cluster."""

import pickle
import reprlib
import threading
import traceback
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from itertools import product
from numbers import Real

import numpy as np
from threadpoolctl import threadpool_limits

from assignment.given.progress import progress_bar
from assignment.search import parcel, workers

_turn = threading.RLock()  # the threads of a worker of Dask share np.random


@dataclass(frozen=True, repr=False)
class Trial:
    """One setting, and what came of it: a value, or its error in one line."""

    setting: dict
    value: object = None
    error: str | None = None

    @property
    def score(self):
        """What trials are compared by: the value, or its first entry; NaN if there is an error."""
        if self.error:
            return np.nan
        return self.value[0] if isinstance(self.value, tuple) and self.value else self.value

    def __repr__(self):
        setting = ", ".join(f"{name}={value!r}" for name, value in self.setting.items())
        score = f"{self.score:.4g}" if isinstance(self.score, Real) else reprlib.repr(self.value)
        return f"Trial({setting}: {self.error or score})"


def grid(**choices):
    """All combinations, the last name varying fastest: [{"rate": 0.1, "reg": 0}, ...].

    Raises
    ------
    ValueError : a choice is one word or one number, not a list
    """
    for name, values in choices.items():
        if isinstance(values, str | bytes) or np.ndim(values) == 0 and not np.iterable(values):
            raise ValueError(f"{name} has to be a list of choices: say grid({name}=[{values!r}]).")
    return [dict(zip(choices, values, strict=True)) for values in product(*choices.values())]


def best_trial(trials):
    """The trial with the largest score, the first of equals; NaN never wins.

    Raises
    ------
    RuntimeError : no trial has a score; the message says why
    ValueError : what a trial returned is neither a number nor a tuple that starts with one
    """
    for trial in trials:
        if not (
            isinstance(trial.score, Real | np.generic | np.ndarray) and np.ndim(trial.score) == 0
        ):
            got = "None" if trial.value is None else f"a {type(trial.value).__name__}"
            raise ValueError(
                f"{trial} has no score: evaluate has to return a number, or a tuple that starts "
                f"with one, and returned {got}."
            )
    scored = [trial for trial in trials if not np.isnan(trial.score)]
    if not scored:
        why = f"the first is {trials[0]}" if trials else "there are none"
        raise RuntimeError(f"None of {len(trials)} trials has a score: {why}.")
    return max(scored, key=lambda trial: trial.score)


def reached(trials, goal):
    """A sentence: whether the best of the trials reaches a goal, and else how far it is from it."""
    try:
        best = best_trial(trials)
    except RuntimeError as nothing:
        return f"… {nothing}"
    if best.score >= goal:
        return f"✓ right: the goal of {goal:g} is reached by {best}"
    return f"… {goal - best.score:.4g} short of the goal of {goal:g}; the best so far is {best}"


def search(evaluate, settings, n_jobs=-1, seed=0, client=None):
    """Trials of evaluate(**setting), in the order of the settings.

    Each setting gets a process, or on a cluster a copy of evaluate, of its own, np.random seeded
    anew, and one thread for its matrix products: results do not depend on how many run at a time,
    bit for bit.

    Parameters
    ----------
    evaluate : function that returns a score, or a tuple that starts with one, or anything else
    settings : list of dicts, the arguments of each call; grid() makes one
    n_jobs : int, processes at a time on this machine; -1 for one per core
    seed : int, of NumPy's global generator
    client : dask.distributed.Client, of a cluster to run on instead

    Raises
    ------
    NotImplementedError : evaluate needs an exercise that is still to be written
    RuntimeError : every setting failed, or a worker process died
    ValueError : evaluate is no function, or settings are no dicts
    """
    from joblib import effective_n_jobs  # here, since workers do without

    if not callable(evaluate):
        raise ValueError(f"evaluate must be a function of one setting, not {evaluate!r}.")
    settings, trials = list(settings), {}
    if not all(isinstance(setting, dict) for setting in settings):
        raise ValueError("settings must be a list of dicts: say grid(reg=[0.0, 1.0]).")
    trial = parcel.Parcel(partial(_trial, evaluate, settings, seed))
    if client is None:
        outcomes = workers.here(trial, len(settings), effective_n_jobs(n_jobs))
    else:
        outcomes = workers.there(trial, len(settings), client)
    with progress_bar(len(settings), "settings") as bar, closing(outcomes):
        for i, value, error in outcomes:
            if isinstance(error, NotImplementedError):
                raise error
            trials[i] = Trial(settings[i], value and pickle.loads(value), error)
            bar.update()
    if trials and all(trial.error for trial in trials.values()):
        raise RuntimeError(f"All {len(trials)} settings failed; the first: {trials[0]}.")
    return [trials[i] for i in range(len(settings))]


def _trial(evaluate, settings, seed, i):
    """(i, its value as a pickle, its error) of setting i, wherever this runs."""
    with _turn, threadpool_limits(1):
        state = np.random.get_state()
        try:
            np.random.seed(seed)
            return i, parcel.send_home(evaluate(**settings[i])), None
        except (Exception, SystemExit) as error:
            unsolved = isinstance(error, NotImplementedError) and str(error).startswith("to do: ")
            return i, None, NotImplementedError(str(error)) if unsolved else _told(error)
        finally:
            np.random.set_state(state)


def _told(error):
    """An error in one line, and the line that raised it: of the five files, or of the notebook."""
    said = f"{type(error).__name__}: {' '.join(str(error).split())}".removesuffix(": ")
    frames = list(traceback.walk_tb(error.__traceback__))[::-1]
    for frame, line in frames:
        if (name := frame.f_globals.get("__name__")) in parcel.MODULES:
            return f"{said} ({name.replace('.', '/')}.py, line {line})"
    for frame, line in frames:
        if frame.f_globals.get("__name__") == "__main__":
            return f"{said} ({frame.f_code.co_name}, line {line})"
    return said
