"""Who writes like whom: a copy in disguise is seen, two who thought alike are not."""

import ast
import textwrap

import pytest

from assignment import FILES
from assignment.checking.exercises import EXERCISES
from assignment.checking.stubs import REGION, make_stub
from assignment.grading.likeness import COMMON, alike, fingerprints
from mutants import RIGHT, regions, solution


def trees(sources):
    return [ast.parse(source) for source in sources]


def written_differently(file):
    """A file in which each exercise that can be is solved in another way."""
    source = solution(file)
    for exercise in EXERCISES:
        if exercise.file == file and exercise.name in regions(file):
            region = regions(file)[exercise.name][0]
            body = textwrap.dedent(next(iter(RIGHT[exercise.name].values())))
            if "class " not in body:
                body = textwrap.indent(body.strip("\n") + "\n", " " * region.index("#"))
                source = source.replace(region, body)
    return source


class Disguise(ast.NodeTransformer):
    """Other names, other numbers, no docstrings."""

    def visit_Name(self, node):
        node.id = f"my_{node.id}"
        return node

    def visit_arg(self, node):
        node.arg = f"my_{node.arg}"
        return node

    def visit_Constant(self, node):
        return ast.Constant(7 if isinstance(node.value, int) else node.value)


def disguised(source):
    tree = Disguise().visit(ast.parse(source))
    tree.body.reverse()
    return ast.unparse(ast.fix_missing_locations(tree)) + "\n# mine\n"


@pytest.fixture(scope="module")
def prints():
    sources = {
        "a": [solution(file) for file in FILES],
        "copy": [disguised(solution(file)) for file in FILES],
        "other": [written_differently(file) for file in FILES],
        "blank": [make_stub(solution(file)) for file in FILES],
        "blank too": [make_stub(solution(file)) for file in FILES],
        "nothing": [],
    }
    return {name: fingerprints(trees(some)) for name, some in sources.items()}


def test_a_copy_in_disguise_is_seen_and_nothing_else_is(prints):
    assert REGION.search(solution("softmax.py"))
    ((part, *pair),) = alike(prints)
    assert pair == ["a", "copy"] and part > 0.95


def test_who_solved_the_same_in_another_way_shares_little(prints):
    own = [prints[name] - prints["blank"] for name in ("a", "other")]
    assert len(own[0] & own[1]) < 0.3 * min(map(len, own))


def test_what_a_whole_class_shares_does_not_count(prints):
    everybody = {f"student-{i}": prints["a"] for i in range(COMMON + 1)}
    assert alike(everybody) == []
    del everybody["student-0"]
    assert len(alike(everybody)) == COMMON * (COMMON - 1) // 2


def test_a_tree_of_any_depth_has_fingerprints():
    deep = ast.parse("def f(x): pass")
    node = ast.Name("x", ast.Load())
    for _ in range(5000):
        node = ast.UnaryOp(ast.USub(), node)
    deep.body[0].body = [ast.Return(node)]
    assert len(fingerprints([deep])) < 10
