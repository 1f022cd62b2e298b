"""Hyperparameter search: many settings side by side, on this machine or on a cluster."""

from assignment.search.trials import Trial, best_trial, grid, reached, search

__all__ = ["Trial", "best_trial", "grid", "reached", "search"]
