"""An edited file is seen at the next cell, by all that holds something of it."""

import os
import re
import subprocess
import sys
from types import ModuleType

import pytest

import assignment
from assignment.notebook.edits import Edits
from conftest import ROOT

WRAPPED = """
from functools import wraps
def twice(f):
    @wraps(f)
    def inner():
        return 2 * f()
    return inner
"""
BARE = WRAPPED.replace("@wraps(f)", "")


class Student:
    """Saves files in a folder that is laid over the five, all at the same time, and runs cells."""

    def __init__(self, folder):
        self.folder = folder
        self.names = {}
        self.edits = Edits(self.names)

    def save(self, source, file="mine.py"):
        (self.folder / file).write_text(source)
        os.utime(self.folder / file, (1, 1))

    def run(self, cell):
        self.edits.take_in()
        exec(cell, self.names)

    def see(self, expression):
        self.edits.take_in()
        return eval(expression, self.names)


@pytest.fixture
def student(tmp_path, monkeypatch):
    monkeypatch.setattr(assignment, "__path__", [str(tmp_path)])
    yield Student(tmp_path)
    for name in "mine", "also":
        sys.modules.pop(f"assignment.{name}", None)
        vars(assignment).pop(name, None)
    sys.modules.pop("yours", None)


FUNCTION = "def f(): return <1|2>"
METHOD = "class A:\n    def f(self): return <1|2>"

# What it is: the file with its <old|new> places, a cell, and what is true in a later cell.
SEEN = {
    "a function": (FUNCTION, "from assignment.mine import f", "f() == 2"),
    "a function by another name": (FUNCTION, "from assignment.mine import f as g", "g() == 2"),
    "a function by its module": (FUNCTION, "import assignment.mine as m", "m.f() == 2"),
    "a function in a list": (
        FUNCTION,
        "from assignment.mine import f\nall_of_them = [f]",
        "all_of_them[0]() == 2",
    ),
    "a default": (
        "def f(x=<1|2>, *, y=<1|2>): return x + y",
        "from assignment.mine import f",
        "f() == 4",
    ),
    "a docstring": ("def f(): '<old|new>'", "from assignment.mine import f", "f.__doc__ == 'new'"),
    "a constant that a function uses": (
        "K = <1|2>\ndef f(): return K",
        "from assignment.mine import f",
        "f() == 2",
    ),
    "a new helper": (
        "def f(): return <1|g()\ndef g(): return 2>",
        "from assignment.mine import f",
        "f() == 2",
    ),
    "a function with a decorator": (
        WRAPPED + "@twice\n" + FUNCTION,
        "from assignment.mine import f\nheld = [f]",
        "(f(), held[0]()) == (4, 4)",
    ),
    "a function that gets a decorator": (
        WRAPPED + "<|@twice\n>def f(): return 1",
        "from assignment.mine import f as g",
        "g() == 2",
    ),
    "a function with a decorator of another name": (
        BARE + "@twice\n" + FUNCTION,
        "from assignment.mine import f as g",
        "g() == 4",
    ),
    "a function with a cache": (
        "from functools import cache\n@cache\ndef f(): return <1|2>",
        "from assignment.mine import f\nf()",
        "f() == 2",
    ),
    "a lambda": ("f = lambda: <1|2>", "from assignment.mine import f as g", "g() == 2"),
    "two names that change places": (
        "def f(): return 1\ndef g(): return 2\nbest = <f|g>",
        "from assignment.mine import best, f, g",
        "(f(), g(), best()) == (1, 2, 2)",
    ),
    "what is imported from elsewhere": (
        "from math import <exp|log> as f",
        "from math import exp\nfrom assignment import mine",
        "(exp(0), mine.f(1)) == (1, 0)",
    ),
    "a method of an object": (
        METHOD,
        "from assignment.mine import A\na = A()",
        "(a.f(), A().f(), type(a) is A) == (2, 2, True)",
    ),
    "a method that somebody holds": (
        METHOD,
        "from assignment.mine import A\nf = A().f",
        "f() == 2",
    ),
    "a method that is new, one that is gone": (
        "class A:\n    def <f|g>(self): return <1|2>",
        "from assignment.mine import A\na = A()",
        "(a.g(), hasattr(a, 'f')) == (2, False)",
    ),
    "properties and their like": (
        "class A:\n    x = property(lambda self: <1|2>)\n"
        "    y = staticmethod(lambda: <1|2>)\n    z = <1|2>",
        "from assignment.mine import A\na = A()",
        "(a.x, a.y(), a.z) == (2, 2, 2)",
    ),
    "a method that calls that of its base": (
        "class A:\n    def f(self): return <1|5>\nclass B(A):\n"
        "    def f(self): return super().f()<| + 1\n    def g(self): return super().f()>",
        "from assignment.mine import A, B\nb = B()",
        "(b.f(), b.g(), B().f(), isinstance(b, A)) == (6, 5, 6, True)",
    ),
    "a class that is new and has a base in the file": (
        "<class A:\n    def f(self): return 1|class O:\n    def f(self): return 2\n"
        "class A(O):\n    def f(self): return super().f()\n"
        "class B(A):\n    def f(self): return super().f()>",
        "from assignment import mine\nfrom assignment.mine import A",
        "(mine.B().f(), isinstance(mine.B(), mine.A), isinstance(mine.B(), A)) == (2, True, True)",
    ),
    "a class that is new and has an old base": (
        "class A:\n    def __init__(self): super().__init__()<|; self.x = 2\nclass B(A): pass>",
        "from assignment import mine\nfrom assignment.mine import A",
        "(mine.B().x, isinstance(mine.B(), A), mine.B.__mro__[1] is A) == (2, True, True)",
    ),
    "an object that the file has made": (
        "class A:\n    def f(self): return <1|2>\na = A()",
        "from assignment.mine import A, a",
        "(a.f(), type(a) is A) == (2, True)",
    ),
    "a class that was made to another in the notebook": (
        METHOD,
        "from assignment.mine import A\nclass Mine(A): pass\nmine = Mine()",
        "(mine.f(), isinstance(mine, A)) == (2, True)",
    ),
    "a class with another base": (
        "class A<|(list)>:\n    def f(self): return <1|2>",
        "from assignment.mine import A",
        "(A().f(), len(A())) == (2, 0)",
    ),
    "a class with slots": (
        "class A:\n    __slots__ = ['x'<|, 'y'>]\n"
        "    def f(self): <|self.y = 2; >return <1|self.y>",
        "from assignment.mine import A",
        "A().f() == 2",
    ),
    "a dataclass": (
        "from dataclasses import dataclass\n"
        "@dataclass\nclass A:\n    x: int = <1|2\n    y: int = 3>",
        "from assignment.mine import A",
        "repr(A()) == 'A(x=2, y=3)'",
    ),
}


@pytest.mark.parametrize("kind", SEEN)
def test_an_edit_is_seen_and_so_is_a_later_one(kind, student):
    source, cell, holds = SEEN[kind]
    before, after = (re.sub(r"<(.*?)\|(.*?)>", new, source, flags=re.S) for new in (r"\1", r"\2"))
    student.save(before)
    student.run(cell)
    for _ in range(2):
        student.save(after)
        assert student.see(holds), holds
        student.save(before)
        student.run("")


def test_an_edit_is_seen_however_the_folder_is_written(student, monkeypatch):
    monkeypatch.setattr(assignment, "__path__", [f"{student.folder}/."])  # as of sys.path, "./"
    student.save("def f(): return 1")
    student.run("from assignment.mine import f")
    student.save("def f(): return 2")
    assert student.see("f()") == 2


def test_two_files_that_are_saved_together_find_what_is_new_in_each_other(student):
    student.save("def f(): return 1")
    student.save("from assignment.mine import f\ndef g(): return f()", "also.py")
    student.run("from assignment.also import g")
    student.save("from assignment.mine import new\ndef g(): return new()", "also.py")
    student.save("def new(): return 2")
    assert student.see("g()") == 2


def test_a_file_that_needs_what_another_has_not_yet_is_tried_again(student, capsys):
    student.save("def f(): return 1")
    student.save("from assignment.mine import f\ndef g(): return f()", "also.py")
    student.run("from assignment.also import g")
    student.save("from assignment.mine import new\ndef g(): return new()", "also.py")
    assert student.see("g()") == 1
    assert "assignment/also.py, line 1: ImportError: " in capsys.readouterr().err
    student.save("def new(): return 2")
    assert student.see("g()") == 2
    assert capsys.readouterr().err == ""


def test_a_file_of_ones_own_beside_the_notebook_is_seen(student, tmp_path, monkeypatch):
    beside = tmp_path / "beside"
    beside.mkdir()
    monkeypatch.chdir(beside)
    monkeypatch.syspath_prepend(str(beside))
    student.save("def f(): return 1", "beside/yours.py")
    student.run("from yours import f")
    student.save("def f(): return 2", "beside/yours.py")
    assert student.see("f()") == 2


# Bytecode that Python keeps goes by time and length: it must not be run for another text.

BYTECODE = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}


def in_a_new_python(code, folder):
    """What code prints in a Python of its own that keeps bytecode, as it does by default."""
    environment = {**BYTECODE, "PYTHONPATH": str(ROOT), "ASSIGNMENT_FILES": str(folder)}
    command = [sys.executable, "-c", code]
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=True
    ).stdout


EXTENSION = "from assignment.notebook.edits import Edits; Edits({}); "


@pytest.mark.parametrize(
    "code, name",
    [
        ("from assignment.softmax import x; print(x)", "softmax"),
        # A helper that a file of one's own needs, and one beside the notebook.
        ("from assignment.mine import x; print(x)", "mine"),
        (EXTENSION + "from mine import x; print(x)", "mine"),
        (EXTENSION + "from assignment.mine import x; print(x)", "mine"),
    ],
)
def test_a_new_python_runs_the_text_that_stands_there(code, name, tmp_path):
    student = Student(tmp_path)
    for x in "12":
        student.save(f"x = {x}", f"{name}.py")
        assert in_a_new_python(code, tmp_path) == f"{x}\n"


def test_that_test_can_fail(tmp_path):
    student = Student(tmp_path)
    for x in "12":
        student.save(f"x = {x}")
        assert in_a_new_python("from mine import x; print(x)", tmp_path) == "1\n"


def test_what_was_imported_before_the_extension_is_brought_up_to_date(student):
    student.save("def f(): return 1")
    exec("from assignment.mine import f", student.names)
    student.save("def f(): return 2")
    student.edits = Edits(student.names)
    assert student.see("f()") == 2


# What fails: the file, and what is told of it.
BROKEN = {
    "no Python": ("x = = 0", ", line 1: SyntaxError: invalid syntax"),
    "no text": ("x = 0\n\0", ": "),
    "an exception": ("def f(): return 2\ny = nothing", ", line 2: NameError: name 'nothing' is"),
    "no words": ("def f(): return 2\nassert f() == 3", ", line 2: AssertionError."),
    "it leaves": ("def f(): return 2\nexit(1)", ", line 2: SystemExit: 1"),
    "it is interrupted": ("raise KeyboardInterrupt", ", line 1: KeyboardInterrupt."),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_a_file_that_fails_keeps_its_version_and_is_told_at_each_cell(kind, student, capsys):
    source, told = BROKEN[kind]
    student.save("k = 1\ndef f(): return k")
    student.run("from assignment import mine\nfrom assignment.mine import f")
    student.save(source)
    for _ in range(2):
        assert student.see("f(), mine.f(), mine.k") == (1, 1, 1)
        said = capsys.readouterr().err
        assert said.startswith(f"assignment/mine.py{told}") and said.count("\n") == 1
        assert said.endswith("Until you fix it, the cells use the last version that worked.\n")
    student.save("def f(): return 3")
    assert student.see("f()") == 3
    assert capsys.readouterr().err == ""


def test_the_line_of_another_file_is_not_said_to_be_of_this(student, capsys):
    student.save("x = 1")
    student.run("from assignment import mine")
    student.save("\n\n\n\nx = = 1", "also.py")
    student.save("\nimport assignment.also")
    student.run("")
    assert "assignment/mine.py, line 2: SyntaxError: " in capsys.readouterr().err


def test_what_is_gone_from_a_file_is_gone_from_its_module(student):
    student.save("def f(): pass\ndef g(): pass")
    student.run("from assignment import mine")
    student.save("def f(): pass")
    assert student.see("hasattr(mine, 'f'), hasattr(mine, 'g')") == (True, False)


def test_a_file_is_run_once_for_each_edit(student, capsys):
    student.save("print('run')")
    student.run("from assignment import mine")
    student.run("")
    student.save("print('again')")
    student.run("")
    student.run("")
    assert capsys.readouterr().out.split() == ["run", "again"]


def test_an_edit_while_the_cell_runs_that_imported_it_is_seen(student):
    student.save("def f(): return 1")
    student.names["save"] = student.save
    student.run("from assignment.mine import f\nsave('def f(): return 2')")
    assert student.see("f()") == 2


def test_a_traceback_shows_the_lines_as_they_are(student):
    student.save("def f():\n    first_ = nothing")
    student.run("from assignment.mine import f\nimport linecache\nfrom assignment import mine")
    student.see("linecache.getlines(mine.__file__)")
    student.save("def f():\n    second = nothing")
    student.run("")
    assert student.see("linecache.getline(mine.__file__, 2)") == "    second = nothing\n"


def test_what_cannot_be_read_and_what_is_deleted_changes_nothing(student, tmp_path, capsys):
    student.save("def f(): return 1")
    student.run("from assignment.mine import f")
    (tmp_path / "folder.py").mkdir()
    (tmp_path / "mine.py").unlink()
    assert student.see("f()") == 1
    student.save("def f(): return 2")
    assert student.see("f()") == 2
    assert capsys.readouterr().err == ""


def test_names_of_the_notebook_stay_its_own(student):
    student.save("k = 1\ndef f(): return k")
    student.run("from assignment.mine import f\nk = 1\ndef g(): return f()")
    student.save("k = 2\ndef f(): return k")
    assert student.see("k, f(), g()") == (1, 2, 2)


def test_modules_that_make_up_their_names_are_left_alone(student, monkeypatch):
    lazy = ModuleType("lazy")
    lazy.__getattr__ = lambda name: pytest.fail(f"it was asked for {name}")
    monkeypatch.setitem(sys.modules, "lazy", lazy)
    monkeypatch.setitem(sys.modules, "odd", object())
    student.save("def f(): return 1")
    student.run("from assignment.mine import f")
    student.save("def f(): return 2")
    assert student.see("f()") == 2
