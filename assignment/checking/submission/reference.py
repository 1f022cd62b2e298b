"""What is never graded: the reference solution, copied or imported, and what checks have of it."""

import ast
import functools
import re
from pathlib import Path

from assignment import FILES
from assignment.checking.stubs import ASSIGNMENT, blanks
from assignment.checking.submission import read
from assignment.checking.submission.needed import CLASSES
from assignment.checking.submission.year import KNOWN

FOLDER = "solutions"  # of the suite, where an edition without answers has none
MARKER = re.compile(r"[ \t]*#+ *(?P<kind>BEGIN|END) SOLUTION\b *(?P<name>\S*)")
OPENING = re.compile(r"^(?P<indent>[ \t]*)(?:class|(?:async\s+)?def)\s+(?P<name>\w+)")
# In text that is imported, executed or opened.
SPELT = re.compile(
    r"\bassignment[./\\]+solutions\b|\bassignment +import\b.*\bsolutions\b|^\.+solutions\b"
)
# Where an exercise uses another one, the checks have that one in place of the student's.
CHECKS = re.compile(
    r"\bassignment[./\\]+(grading\b|checking(?=(?:[./\\]+| +import +)\w)"
    r"(?!(?:[./\\]+| +import +)(?:case|check|overview)\b))"
)
# These import or run what a text says, which may be put together from pieces.
RUNNING = {"import_module", "__import__", "exec", "eval", "run_module", "run_path"}


def is_reference(folder):
    """Whether a folder is assignment/solutions of a suite, this one or a copy of it."""
    folder = folder.resolve()
    return any(
        place.name == FOLDER and is_suite(place.parent)
        for place in (folder, *folder.parents[:2])  # the course's later files lie deeper
    )


def is_suite(folder):
    """Whether a folder is assignment/ of a suite, at whose top the student's five files are."""
    return Path(folder, "checking", "stubs.py").is_file()


def is_ours(place, name):
    """Whether a folder in a copy of the suite is neither the student's nor the reference."""
    if is_suite(place):
        return name != FOLDER
    return name == "tests" and is_suite(Path(place, ASSIGNMENT.name))


def refusal(parts, tree, exercise, folder, told):
    """Why an exercise of a file is not graded, in a sentence, or None.

    Whoever copies an answer copies its marks: what stands between them is the reference's, and the
    rest of the file is judged. A file that imports the reference, itself or through a helper, is
    refused as a whole.

    Parameters
    ----------
    parts : list of read.Part, the file
    tree : ast.Module of it
    exercise : Exercise
    folder : Path it stands in, where `from .solutions import ...` may mean a file of one's own
    told : function from the name of a part to how it is told
    """
    if place := _way_to_reference(tree, folder):
        file, line, where = place
        return (
            f"{told(file)}, line {line}, leads to assignment.{where}, which is not graded: hand in "
            "an answer of your own."
        )
    for part in parts:
        for line, name, function in _marked(part.source):
            if _is_answer_to(exercise, name, function, tree):
                return (
                    f"{told(part.file)}, line {line}, has the mark of the reference solution, "
                    "which is not graded: hand in an answer of your own."
                )
    return None


def _is_answer_to(exercise, name, function, tree):
    """Whether what is marked answers an exercise, of whatever file.

    It is named behind the mark, or by the function that it stands in; of any other function it
    counts if the exercise's own one uses it.
    """
    functions = {name: function for file in FILES for name, function in blanks(file).items()}
    if name in functions:
        return name == exercise.name
    owner, _, method = function.partition(".")
    if owner in CLASSES and method:
        own, _, called = exercise.called.partition(".")
        inherited = own != owner and owner in _bases(own, tree) and called == method
        return inherited or f"{function}.".startswith(f"{exercise.called}.")
    method = exercise.called.rpartition(".")[2]
    if known := set(function.split(".")) & {f.rpartition(".")[2] for f in functions.values()}:
        return method in known
    return function.rpartition(".")[2] in _used_by(method, tree)


def _bases(name, tree):
    """Names of the classes that a class is made from."""
    classes = (n for n in tree.body if isinstance(n, ast.ClassDef) and n.name == name)
    return {base for one in classes for base in map(ast.unparse, one.bases)}


def _used_by(name, tree):
    """Names that a function uses, itself or through others."""
    uses = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            uses.setdefault(node.name, set()).update(_names(node))
        elif isinstance(node, ast.Assign) and len(node.targets) == 1:
            for target in _names(node.targets[0]):
                uses.setdefault(target, set()).update(_names(node.value))
    used, new = set(), {name}
    while new:
        used |= new
        new = set().union(*(uses.get(one, ()) for one in new)) - used
    return used


def _names(tree):
    nodes = list(ast.walk(tree))
    return {n.id for n in nodes if isinstance(n, ast.Name)} | {
        n.attr for n in nodes if isinstance(n, ast.Attribute)
    }


def has_marks(text):
    """Whether a text has the marks between which the reference's answers stand."""
    return next(_marked(text), None) is not None


def _marked(text):
    """(line, the name behind it, the function it stands in, or stands around) of each mark."""
    lines = text.splitlines()
    name, begun = "", None
    for number, line in enumerate(lines, start=1):
        if mark := MARKER.match(line):
            begun = number if mark["kind"] == "BEGIN" else None
            name = mark["name"] if begun else name
            yield number, name, _function_around(lines[:number])
        elif begun and (opening := OPENING.match(line)):
            yield begun, name, _function_around([*lines[:number], f"{opening['indent']} body"])


def _function_around(lines):
    """The qualified name of the function whose body the last line stands in, by indentation."""
    names = []
    width = len(lines[-1]) - len(lines[-1].lstrip())
    for line in reversed(lines):
        if (opening := OPENING.match(line)) and len(opening["indent"]) < width:
            names.insert(0, opening["name"])
            width = len(opening["indent"])
    return ".".join(names)


def _way_to_reference(tree, folder):
    """(file, line, what it leads to) of a file, or of a helper that it imports, or None."""
    trees, seen = [(tree, folder)], set()
    while trees:
        tree, folder = trees.pop(0)
        if place := _import_of_reference(tree, folder):
            return place
        new = _helpers(tree, folder) - seen
        seen |= new
        for path in sorted(new):
            try:
                trees.append((read.read(path)[0], path.parent))
            except Exception:  # it cannot be imported either
                continue
    return None


@functools.lru_cache(maxsize=32)
def _helpers(tree, folder):
    """Files that a file imports, from beside it or one folder up, and that are not known ones."""
    modules = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            modules |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            module = f"{node.module}." if node.module else ""
            modules |= {node.module or ""} | {module + alias.name for alias in node.names}
    paths = set()
    for *packages, stem in (m.split(".") for m in modules if not m.startswith("assignment.")):
        for place in (folder, folder.parent):
            paths |= {place.joinpath(*packages, f"{stem}.py"), place / f"{stem}.py"}
    return {path for path in paths if path.name not in KNOWN and path.is_file()}


@functools.lru_cache(maxsize=32)  # a file is asked about for each of its exercises
def _import_of_reference(tree, folder):
    """(file, line, what) that imports, runs or opens the reference or the checks, or None."""
    for statement in tree.body:
        for node in ast.walk(statement):
            if _leads_to_reference(node, folder):
                return statement.file, node.lineno, "solutions, the reference"
            if part := _part_of_the_checks(node):
                return statement.file, node.lineno, f"{part}, the checks themselves"
    return None


def _part_of_the_checks(node):
    """The folder of the checks, checking or grading, that a node leads to, or None."""
    match node:
        case ast.Import():
            told = [alias.name for alias in node.names]
        case ast.ImportFrom(module=str(module), level=0):
            told = [module, *(f"{module}.{alias.name}" for alias in node.names)]
        case ast.Attribute(value=ast.Attribute()):
            told = [ast.unparse(node)]
        case ast.Call() | ast.Subscript():
            told = [n.value for n in ast.walk(node) if isinstance(n, ast.Constant)]
        case _:
            return None
    found = next(filter(None, (CHECKS.search(t) for t in told if isinstance(t, str))), None)
    return found and found[1]


def _leads_to_reference(node, folder):
    match node:
        case ast.Import():
            return any(is_reference_module(alias.name) for alias in node.names)
        case ast.ImportFrom():
            module = "." * node.level + (node.module or "")
            joint = "" if module.endswith(".") else "."
            names = [module, *(f"{module}{joint}{alias.name}" for alias in node.names)]
            own = node.level and (folder / "solutions.py").is_file()
            relative = re.compile(r"\.+solutions(?:\.\w+)?")
            return any(
                is_reference_module(name) or (relative.fullmatch(name) and not own)
                for name in names
            )
        case ast.Attribute(value=ast.Name(id="assignment"), attr="solutions"):
            return True
        case ast.BinOp(op=ast.Div(), right=ast.Constant(value="solutions")):  # of paths
            own = folder / "solutions"
            return not own.is_dir() or is_reference(own)
        case ast.Call(func=called):
            nodes = [n for n in ast.walk(node) if isinstance(n, ast.Constant)]
            nodes.sort(key=lambda n: (n.lineno, n.col_offset))
            texts = [n.value for n in nodes if isinstance(n.value, str)]
            name = getattr(called, "attr", getattr(called, "id", ""))
            pieces = re.sub(r"\W", "", "".join(texts)) if name in RUNNING else ""
            return "assignmentsolutions" in pieces or any(map(SPELT.search, texts))
    return False


def is_reference_module(name):
    """Whether a module is the reference: assignment.solutions, or one in it."""
    return name == "assignment.solutions" or name.startswith("assignment.solutions.")
