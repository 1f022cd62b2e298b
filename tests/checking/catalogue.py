"""How the wrong solutions are written down: a table for each room."""

import re


def table(text):
    r"""Exercise -> mistake -> (old, new, diagnosis), of rows "mistake | old | new | diagnosis".

    Rows stand below the name of their exercise; a line that is indented further goes on with the
    row above. \n is the end of a line of code, and where no known mistake fits, the last cell is
    empty.
    """
    found = {}
    for line in re.sub(r"\n {8,}", " ", text).strip().splitlines():
        if not line.startswith(" "):
            rows = found[line] = {}
            continue
        cells = (cell.strip().replace(r"\n", "\n") for cell in line.split("|"))
        mistake, old, new, diagnosis = cells
        rows[mistake] = old, new, diagnosis or None
    return found
