"""A file is read into a syntax tree: in any encoding, of any year, from a notebook or for one.

What had to be conceded is noted as remarks, "what: why".
"""

import ast
import codecs
import contextlib
import functools
import io
import re
import tokenize
import warnings
from dataclasses import dataclass

from assignment.checking.submission import python2
from assignment.checking.submission.needed import CLASSES, FUNCTIONS, needed, root_of
from assignment.checking.submission.once import GONE_FROM_NUMPY, GONE_FROM_SCIPY, as_once
from assignment.checking.submission.year import KNOWN

MARKS = {
    codecs.BOM_UTF32_LE: "utf-32",  # before UTF-16, whose mark it begins with
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
    codecs.BOM_UTF8: "utf-8-sig",
}
# The end of a file on CP/M, and marks that were glued into the middle.
STRAY = dict.fromkeys((0, 0x1A, 0xFEFF))

# %matplotlib inline, !pip install, ?np.sum, np.sum?, files = !ls
MAGIC = re.compile(r"\s*(?:[%!?].*|.*\?\s*|[\w., \t]+=\s*[%!].*)")
SURE_MAGIC = re.compile(r"\s*(?:%%?[A-Za-z_]\w*(?:\s.*)?|!\s*\w.*)")
CELL_MAGIC = re.compile(r"\s*%%(?P<name>\w+)[ \t]*(?P<rest>[^\n]*)\n?")
WRITES = ("writefile", "file")
KERNEL_2 = re.compile(rb'"name": *"python2"|"pygments_lexer": *"ipython2"')
ATTRIBUTE = re.compile(r"\.\s*(\w+)")
# These run their cell as Python; all others make something else of it.
RUNS_PYTHON = {"time", "timeit", "capture", "prun", "memit", "mprun", "lprun", "python3", "cython"}


@dataclass(frozen=True)
class Part:
    """Text that is parsed at once: a file, or a cell of a notebook, with the name for its lines."""

    file: str
    source: str


def read(path):
    """The syntax tree of a file, and remarks on what had to be conceded.

    Statements know which file they are of (`statement.file`), and the tree whether it is of
    Python 2 (`tree.python_2`), which names it uses that NumPy no longer has (`tree.gone`), and
    whether some of SciPy's (`tree.old_scipy`). Of a notebook only what defines something known is
    in the tree.

    Returns
    -------
    tree : ast.Module
    remarks : tuple of str

    Raises
    ------
    SyntaxError : if it is no Python, neither of this nor of the last century
    """
    tree, remarks, error = _read(path, raw(path))
    if error:
        raise error.with_traceback(None)
    return tree, remarks


def parts(path):
    """The parts of a file, as text: one, or the cells of a notebook that hold Python."""
    return _parts(path, raw(path))[0]


def raw(path):
    """The bytes of a file; for one that a cell of a notebook writes, those of the notebook.

    Raises
    ------
    OSError : it cannot be read, or need not have an end
    """
    path = _holder(path)
    if path in _opened:
        return _opened[path]
    if path.exists() and not path.is_file():
        raise OSError(f"{path.name} is a folder, a pipe or the like: hand in the file itself")
    data = path.read_bytes()
    if _keeps:
        _opened[path] = data
    return data


_opened, _keeps = {}, False  # what has been read of which file; whether it counts from then on


def keep(keeps=True):
    """From now on open each file once, whatever becomes of it, or anew each time."""
    global _keeps
    _opened.clear()
    _keeps = keeps


@contextlib.contextmanager
def opened_once():
    """Meanwhile each file is opened once."""
    keep()
    try:
        yield
    finally:
        keep(False)


def know(called):
    """From now on a function, or the class of a method, is one of those that notebooks define."""
    owner, _, method = called.partition(".")
    if owner not in CLASSES + FUNCTIONS:
        (CLASSES if method else FUNCTIONS).append(owner)
        _read.cache_clear()


def is_notebook(path):
    return path.suffix.casefold() == ".ipynb"


def _holder(path):
    """The file that is opened: for a file that a cell of a notebook writes, the notebook."""
    return path.parent if is_notebook(path.parent) and not path.exists() else path


@functools.lru_cache(maxsize=64)
def _parts(path, data):
    if is_notebook(path):
        return cells_of(path, data)
    if _holder(path) != path:
        return written_by(path, data)
    text, remarks = decoded(data, path.name)
    return (Part(str(path), text),), remarks


@functools.lru_cache(maxsize=64)
def _read(path, data):
    """(tree, remarks, None), or the error last: to find that it is of no year takes longest."""
    try:
        return (*_tree(path, data), None)
    except SyntaxError as error:
        return None, (), error
    except TimeoutError:  # of whoever waits no longer
        return None, (), SyntaxError(f"{path.name} takes too long to be read")


def begins(error):
    """Called before anything is taken apart; a process that reads for another one tells it so.

    error : the exception by which it may be left out
    """


def _tree(path, data):
    begins(SyntaxError)
    some, remarks = _parts(path, data)
    remarks = list(remarks)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of escapes such as "\d" in what somebody else wrote
        parsed = _parsed_cells(path, some, remarks) if is_notebook(path) else [_parsed(some[0])]
    old = any(one.python_2 for one in parsed) or (
        is_notebook(_holder(path)) and KERNEL_2.search(data) is not None
    )
    remarks += _conceded(path.name, parsed, old)
    body = []
    for part, one in zip(some, parsed, strict=True):
        tree = python2.as_it_meant(one.tree, part.source) if old else one.tree
        for statement in tree.body:
            statement.file = part.file
        body += tree.body
    if is_notebook(path):
        body = needed(body, path.name, remarks)
    tree = ast.Module(body, [])
    # Most files are no matter here: a look at their text is much faster than one at their trees.
    text = "\n".join(part.source for part in some)
    gone = _gone_names(tree) if {*ATTRIBUTE.findall(text)} & GONE_FROM_NUMPY.keys() else []
    if gone:
        remarks.append(
            f"names gone from NumPy: {path.name} says {', '.join(f'np.{name}' for name in gone)}, "
            "which today's NumPy does not have"
        )
    old_scipy = "scipy" in text and any(name in text for name in GONE_FROM_SCIPY)
    old_scipy = old_scipy and _uses(tree, GONE_FROM_SCIPY)
    tree = as_once(tree)
    tree.python_2, tree.gone, tree.old_scipy = old, gone, old_scipy
    return tree, tuple(remarks)


def _uses(tree, names):
    """Whether one of these names is used or imported."""
    return any(
        getattr(node, kind, None) in names
        for node in ast.walk(tree)
        for kind in ("id", "attr", "name")
    )


def _conceded(name, parsed, old):
    """Remarks on lines that were left out or translated."""
    lines = [line for one in parsed for line in one.magics]
    if lines:
        told = "; ".join(lines[:3]) + (f"; and {len(lines) - 3} more" if len(lines) > 3 else "")
        yield f"notebook lines left out: {name}, {told}"
    if old:
        yield f"Python 2 syntax translated: {name} is written for Python 2"


# Encodings.


def decoded(data, name):
    """The text of a file, with lines that end in a line feed, and remarks."""
    mark = next((mark for mark in MARKS if data.startswith(mark)), None)
    if mark:
        encoding = MARKS[mark]
    elif data[1:2] == b"\0" and data.count(0) > len(data) // 3:
        encoding = "utf-16-le"
    elif data[:1] == b"\0" and data.count(0) > len(data) // 3:
        encoding = "utf-16-be"
    else:
        encoding = _declared(data)
    try:
        text = data.decode(encoding)
    except UnicodeError:
        wide = encoding.startswith(("utf-16", "utf-32"))  # with a byte too many
        text = data.decode(encoding, errors="ignore") if wide else data.decode("latin-1")
    remarks = []
    if encoding.startswith(("utf-16", "utf-32")):
        remarks.append(f"encoding: {name} is written in {encoding[:6].upper()}; UTF-8 is usual")
    elif "\0" in text:
        remarks.append(f"stray bytes: {name} has NUL bytes in it, which are left out")
    if any(chr(stray) in text for stray in STRAY):  # most have none, and a notebook may be large
        text = text.translate(STRAY)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text, tuple(remarks)


def _declared(data):
    """The encoding that the first two lines declare; UTF-8 else."""
    try:
        encoding = tokenize.detect_encoding(io.BytesIO(data).readline)[0]
        b" ".decode(encoding)
        return encoding
    except (SyntaxError, LookupError, UnicodeError):  # none, or one that is not of text
        return "utf-8"


# Parsing.


@dataclass
class Parsed:
    tree: ast.Module
    python_2: bool
    magics: list


def _parsed(part):
    """A part as a tree. If it is of no year, the first error stands."""
    # Before Python 3 a tab reached to the next multiple of eight, and could be mixed with spaces.
    source, magics = part.source.expandtabs(8) + "\n", []
    try:
        tree = ast.parse(source, part.file)
    except SyntaxError as error:
        tree, source, magics, first = _without_magics(source, part.file, error)
    old = tree is None or python2.is_python_2(tree, source)
    if old:
        try:
            tree = python2.translated(source, part.file)
        except SyntaxError:
            if tree is None:
                raise first from None
    kernel_calls = _kernel_calls(tree) if "get_ipython" in source else []
    return Parsed(tree, old, magics + kernel_calls)


def _without_magics(source, file, error):
    """Lines that only a notebook understands, blanked one by one where Python stumbles.

    Returns
    -------
    tree : ast.Module, or None where something else is not understood either
    source : str, the same with `pass` for these lines
    told : list of str
    error : SyntaxError of that, or None
    """
    lines = source.split("\n")
    found = {}
    while error is not None:
        number = (error.lineno or 0) - 1
        if not 0 <= number < len(lines) or not MAGIC.fullmatch(lines[number]):
            break
        found[number] = lines[number].strip()
        lines[number] = _blank(lines[number])
        try:
            return ast.parse("\n".join(lines), file), "\n".join(lines), _told(found), None
        except SyntaxError as another:
            error = another
    for number, line in enumerate(lines):  # of Python 2, which is translated as a whole
        if SURE_MAGIC.fullmatch(line):
            found[number] = line.strip()
            lines[number] = _blank(line)
    return None, "\n".join(lines), _told(found), error


def _blank(line):
    return line[: len(line) - len(line.lstrip())] + "pass"


def _told(found):
    return [f"line {number + 1}, {text[:40]}" for number, text in sorted(found.items())]


def _kernel_calls(tree):
    """Blank what calls the kernel of a notebook, get_ipython(), and say which lines these are."""
    told = []
    for node in ast.walk(tree):
        for field in ("body", "orelse", "finalbody"):
            statements = getattr(node, field, None)  # of a lambda, an expression
            for i, child in enumerate(statements if isinstance(statements, list) else []):
                if isinstance(child, ast.Expr) and root_of(child.value) == "get_ipython":
                    statements[i] = ast.copy_location(ast.Pass(), child)
                    told.append(f"line {child.lineno}, {ast.unparse(child)[:40]}")
    return told


def _gone_names(tree):
    """Names that NumPy no longer has, and that a tree uses."""
    numpy = {"np", "numpy"} | {
        alias.asname
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
        if alias.name == "numpy" and alias.asname
    }
    used = {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and getattr(node.value, "id", None) in numpy
    }
    return sorted(used & GONE_FROM_NUMPY.keys())


# Notebooks.


def _code_cells(path, data):
    """(number among all cells, source) of the code cells. Any format since 2013 is understood."""
    import nbformat  # which takes a while, and few hand-ins need it

    begins(SyntaxError)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of identifiers that a cell should have
            notebook = nbformat.reads(decoded(data, path.name)[0], as_version=4)
        return [
            (number, _as_text(cell.source))
            for number, cell in enumerate(notebook.cells, start=1)
            if cell.cell_type == "code"
        ]
    except Exception as error:  # whatever its schema, or the lack of one, makes of it
        raise SyntaxError(f"{path.name} cannot be read as a notebook") from error


def _as_text(source):
    return source if isinstance(source, str) else "".join(source)


def cells_of(path, data):
    """The cells of a notebook that hold Python, each a Part, and remarks."""
    found, told = [], []
    for number, source in _code_cells(path, data):
        magic = CELL_MAGIC.match(source)
        writes = magic is not None and magic["name"] in WRITES
        if magic is None or magic["name"] in RUNS_PYTHON or (writes and _is_helper(magic)):
            found.append(Part(f"{path}, cell {number}", _undented(_after(magic, source))))
        elif not writes:
            told.append(f"cell {number} (%%{magic['name']})")
    remarks = [f"cells left out: {path.name}, {', '.join(told)}"] if told else []
    return tuple(found), tuple(remarks)


def written_by(path, data):
    """What cells of a notebook write into a file with %%writefile, as one Part.

    Only the last of several counts, unless it adds to it.
    """
    part, remarks = None, []
    for number, source in _code_cells(path.parent, data):
        magic = CELL_MAGIC.match(source)
        if not magic or magic["name"] not in WRITES or _target(magic) != path.name:
            continue
        text = _after(magic, source)
        if part and re.search(r"(?:^|\s)(?:-a|--append)\b", magic["rest"]):
            part = Part(part.file, f"{part.source}\n{text}")
            continue
        if part:
            remarks = [
                f"written twice: the last cell of {path.parent.name} that writes {path.name}"
            ]
        part = Part(f"{path.parent}, cell {number}", text)
    if part is None:
        raise FileNotFoundError(path)
    return (part,), tuple(remarks)


def files_written(path):
    """The names of the files that cells of a notebook write."""
    magics = (CELL_MAGIC.match(source) for _, source in _code_cells(path, raw(path)))
    return sorted({_target(magic) for magic in magics if magic and magic["name"] in WRITES})


def _target(magic):
    """softmax.py of "%%writefile -a cs231n/classifiers/softmax.py"."""
    words = [word for word in magic["rest"].split() if not word.startswith("-")]
    return re.split(r"[/\\]", words[0].strip("\"'"))[-1] if words else ""


def _is_helper(magic):
    """Whether a cell writes a Python file that is none of the known: it counts as a cell."""
    target = _target(magic)
    return target.endswith(".py") and target not in KNOWN


def _after(magic, source):
    """The source without its cell magic, its lines where they were."""
    return source if magic is None else "\n" * magic[0].count("\n") + source[magic.end() :]


def _undented(source):
    """A cell that begins with an indented line, as IPython takes it."""
    first = re.search(r"^([ \t]+)\S", source.lstrip("\n"))
    if first is None:
        return source
    return "\n".join(line.removeprefix(first[1]) for line in source.split("\n"))


def _parsed_cells(path, some, remarks):
    """The cells as trees; of one that is no Python, blanks for what only it would define."""
    parsed, broken = [], {}
    for part in some:
        cell = part.file.removeprefix(f"{path}, ")
        try:
            one = _parsed(part)
        except SyntaxError as error:
            remarks.append(f"cell left out: {path.name}, {cell}, line {error.lineno}: {error.msg}")
            one = Parsed(ast.Module([], []), False, [])
            broken[part] = one.tree, error
        one.magics = [f"{cell}, {line}" for line in one.magics]
        parsed.append(one)
    defined = {getattr(node, "name", None) for one in parsed for node in one.tree.body}
    for part, (tree, error) in broken.items():
        tree.body = [s for s in _broken(part.source, error) if s.name not in defined]
    return parsed


def _broken(source, error):
    """Blanks for what a cell that is no Python would define; each knows the `error`."""
    for kind, name in re.findall(r"^(def|class)[ \t]+(\w+)", source, re.MULTILINE):
        if name in CLASSES + FUNCTIONS:
            methods = re.findall(r"^[ \t]+def[ \t]+(\w+)", source, re.MULTILINE)
            inside = "".join(f"\n    def {method}(): pass" for method in methods)
            blank = (
                f"class {name}:{inside or ' pass'}" if kind == "class" else f"def {name}(): pass"
            )
            (statement,) = ast.parse(blank).body
            statement.error = error
            yield statement
