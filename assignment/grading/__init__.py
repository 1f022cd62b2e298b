"""A class: hand-ins are run where they can do no harm, and judged where they cannot reach."""
