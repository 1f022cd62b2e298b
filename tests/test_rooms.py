"""A room holds one thing, and imports go down only."""

import ast

import pytest

from assignment import FILES
from conftest import ROOT

# Rooms and modules from the ground up. Those of one floor do not know each other.
CHECKING = "assignment.checking."
FLOORS = [
    ["assignment"],
    ["assignment.given"],
    ["assignment.solutions", "assignment.derivations", "assignment.search"],
    ["assignment.further"],
    [CHECKING + name for name in ("stubs", "arrays", "calls", "printed")],
    [CHECKING + f"{room}.given" for room in ("knn", "net", "layers")],
    [CHECKING + name for name in ("submission", "training.calls", "knn.calls")],
    [CHECKING + name for name in ("linear.calls", "nursery", "answering")],
    [CHECKING + "net.calls", CHECKING + "run", CHECKING + "wire"],
    [CHECKING + "layers.calls"],
    [CHECKING + "mistake"],
    [CHECKING + "common"],
    [CHECKING + "diagnosis"],
    [CHECKING + "cost"],
    [CHECKING + "exercise"],
    [CHECKING + "training"],
    [CHECKING + "knn", CHECKING + "linear"],
    [CHECKING + "net"],
    [CHECKING + "layers"],
    ["assignment.checking"],
    ["assignment.notebook", "assignment.grading"],
    ["assignment.bench", "assignment.edition"],
    ["assignment.tab"],
    ["assignment.site"],
    ["assignment.__main__"],
]
YOURS = [file.removesuffix(".py") for file in FILES]
# The nursery forks processes that go on in run.py, which starts the nursery.
AROUND = {("assignment.checking.nursery", "assignment.checking.run")}
MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for path in (ROOT / "assignment").rglob("*.py")
    if path.stem not in YOURS or path.parent.name != "assignment"
}


def place(name):
    """(number of the floor, room) of a module."""
    rooms = [(len(room), i, room) for i, floor in enumerate(FLOORS) for room in floor]
    return max((r for r in rooms if f"{name}.".startswith(f"{r[2]}.")), default=(0, 0, ""))[1:]


def imports(path):
    """The modules of ours that a module imports, wherever in it that is."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in MODULES)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("assignment"):
            for alias in node.names:
                longer = f"{node.module}.{alias.name}"
                yield longer if longer in MODULES else node.module


def upward(name, imported):
    """Whether an import goes up, or to another room of the same floor."""
    (floor, room), (other, theirs) = place(name), place(imported)
    return room != theirs and other >= floor and (name, imported) not in AROUND


@pytest.mark.parametrize("name", MODULES)
def test_imports_go_down_only(name):
    assert [other for other in imports(MODULES[name]) if upward(name, other)] == []


def test_every_floor_is_there():
    for room in (room for floor in FLOORS for room in floor):
        assert room in MODULES, room


def test_an_import_that_goes_up_is_seen():
    assert upward("assignment.given.plots", "assignment.checking.faces")
    assert upward("assignment.checking.knn.diagnosis", "assignment.checking.linear.diagnosis")
    assert upward("assignment.checking.linear.calls", "assignment.checking.linear.diagnosis")
    assert not upward("assignment.checking.faces", "assignment.given.plots")
