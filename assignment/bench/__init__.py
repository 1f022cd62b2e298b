"""`make bench`: how fast the reference is, beside the bare matrix products and beside others.

work.py says what is timed, measure.py times it, run.py chooses the sizes and reports.
checkers.py compares gradient checkers, not by time but by what they say.
"""
