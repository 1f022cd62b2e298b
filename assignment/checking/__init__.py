"""What the exercises are, whether they are solved, and what is wrong where they are not."""

from assignment.checking.verdict import check

__all__ = ["check"]
