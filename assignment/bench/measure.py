"""Contestants, each library in a process of its own, timed in turns.

In one process libraries would share threads and memory, and disturb each other. Taking turns
spreads the noise of the machine over all, so that ratios are steadier than seconds.
"""

import signal
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from statistics import median
from time import perf_counter, sleep

import psutil
from tqdm import tqdm

from assignment.search.workers import end_with_parent


@dataclass(frozen=True)
class Contestant:
    """prepare(argument) returns a function without arguments, and that is timed.

    process : name of the process it runs in; contestants may share one
    prepare : a function of a module, so that the process can import it
    """

    process: str
    prepare: Callable
    argument: object


@dataclass(frozen=True)
class Turn:
    """Median seconds of a call, peak memory in bytes above what stood before, the last answer."""

    seconds: float
    memory: int
    answer: object = None


def compare(contestants, rounds, at_least=0.0):
    """Time the contestants in turns.

    Parameters
    ----------
    contestants : dict from name to Contestant
    rounds : int, turns of each
    at_least : float, seconds: a turn calls the function again until so many have passed

    Returns
    -------
    turns : dict from name to its list of Turns
    failures : dict from the name of each that could not run to what it said
    """
    spawn = get_context("spawn")
    processes = {
        name: ProcessPoolExecutor(1, spawn, initializer=_begin)
        for name in {contestant.process for contestant in contestants.values()}
    }
    turns, failures = {name: [] for name in contestants}, {}

    def attempt(name, function, *arguments):
        try:
            return function(*arguments)
        except Exception as error:  # a library may raise anything, and its process may die
            failures[name] = f"{type(error).__name__}: {error}".splitlines()[0]
            turns.pop(name, None)

    def submit(name, function, *arguments):
        process = processes[contestants[name].process]
        return attempt(name, process.submit, function, name, *arguments)

    try:
        with tqdm(total=(1 + rounds) * len(contestants), leave=False, disable=None) as bar:
            bar.set_postfix_str("preparing")
            prepared = {
                name: submit(name, _prepare, contestant.prepare, contestant.argument)
                for name, contestant in contestants.items()
            }
            for name, future in prepared.items():
                if future:
                    attempt(name, future.result)
                bar.update()
            for name in [*contestants] * rounds:
                bar.set_postfix_str(name)
                if name in turns and (future := submit(name, _turn, at_least)):
                    if turn := attempt(name, future.result):
                        turns[name].append(turn)
                bar.update()
    finally:
        for process in processes.values():
            process.shutdown(cancel_futures=True)
    return turns, failures


def seconds(turns):
    return median(turn.seconds for turn in turns)


def memory(turns):
    return max(turn.memory for turn in turns)


def ratio(turns, to):
    """Median, over the rounds, of the seconds over those of another contestant in that round."""
    return median(a.seconds / b.seconds for a, b in zip(turns, to, strict=True))


# In the processes.

_work = {}


def _begin():
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the one that started this
    end_with_parent()


def _prepare(name, prepare, argument):
    _work[name] = prepare(argument)


def _turn(name, at_least):
    sleep(0.05)  # threads of the contestant before may still be spinning
    times = []
    with _PeakMemory() as peak:
        while not times or sum(times) < at_least:
            start = perf_counter()
            answer = _work[name]()
            times.append(perf_counter() - start)
    return Turn(median(times), peak.bytes, answer)


class _PeakMemory:
    """The most memory that this process holds at a time, above what it held before."""

    def __enter__(self):
        self.process = psutil.Process()
        self.before = self.most = self.process.memory_info().rss
        self.done = threading.Event()
        self.watch = threading.Thread(target=self._watch)
        self.watch.start()
        return self

    def _watch(self):
        while not self.done.wait(0.01):
            self.most = max(self.most, self.process.memory_info().rss)

    def __exit__(self, *error):
        self.done.set()
        self.watch.join()
        self.bytes = self.most - self.before
