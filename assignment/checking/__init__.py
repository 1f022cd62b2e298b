"""What the exercises are, whether they are solved, and what is wrong where they are not."""


def check(name):
    """Show whether an exercise is right, and what is wrong where it is not: see faces.check."""
    from assignment.checking import faces  # here, so that the process that is checked starts fast

    faces.check(name)


def case(name):
    """The arguments of the call that the verdict on an exercise speaks of: see faces.case."""
    from assignment.checking import faces

    return faces.case(name)


def overview():
    """All exercises with their verdicts, points, and links to where they are: see overview.py."""
    from assignment.checking.overview import Overview

    return Overview()


__all__ = ["case", "check", "overview"]
