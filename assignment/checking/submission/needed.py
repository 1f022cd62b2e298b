"""Of all that a notebook does: what defines the known functions and classes, and what they need."""

import ast
import re
import symtable

from assignment.checking.submission.year import LATER_FILES

# What is asked for; those that a course adds are known once they are called: see read.know.
CLASSES = [
    *("KNearestNeighbor", "LinearClassifier", "LinearSVM", "Softmax"),
    *LATER_FILES["fc_net.py"],
]
FUNCTIONS = [
    *("svm_loss_naive", "svm_loss_vectorized", "softmax_loss_naive", "softmax_loss_vectorized"),
    *("cross_validate", "nca_loss", *LATER_FILES["layers.py"], *LATER_FILES["optim.py"]),
]


def as_asked(name):
    """compute_distances_no_loops for computeDistancesNoLoops; any other name as it is."""
    return re.sub(r"(?<=[a-z0-9])[A-Z]", lambda capital: "_" + capital[0], name).lower()


def needed(statements, name, remarks):
    """What defines the known functions and classes, and what these need; not what runs them."""
    known = set(CLASSES + FUNCTIONS)
    defined = {}
    for statement in statements:
        if isinstance(statement, ast.FunctionDef | ast.ClassDef) and statement.name in known:
            defined.setdefault(statement.name, []).append(statement)
    methods = {
        s.name for s in statements if isinstance(s, ast.FunctionDef) and s.args.args[:1]
        and s.args.args[0].arg == "self"
    }  # fmt: skip
    for thing, some in defined.items():
        if len(some) > 1:
            remarks.append(_twice(thing, some, name))
    wanted, kept = {*defined, *methods}, set()
    while True:
        new = [s for s in statements if s not in kept and _binds(s) & wanted]
        if not new:
            return [s for s in statements if s in kept]
        kept.update(new)
        for statement in new:
            wanted |= _needs(statement)


def _twice(thing, some, name):
    """A remark on several definitions; of a class, the later one goes on with the earlier."""
    cells = " and ".join(dict.fromkeys(s.file.rpartition(", ")[2] for s in some))
    if isinstance(some[-1], ast.FunctionDef):
        return f"defined again: {thing} stands in {cells} of {name}; the last one counts"
    for later in some[1:]:
        bases = [base for base in later.bases if getattr(base, "id", "") not in (thing, "object")]
        if not bases:
            later.bases = [ast.copy_location(ast.Name(thing, ast.Load()), later)]
    return f"defined again: {thing} stands in {cells} of {name}; of each method the last one counts"


def defines(statement):
    """Whether a statement says what something is, and does not run it."""
    if isinstance(statement, ast.Expr):
        call = statement.value
        return isinstance(call, ast.Call) and getattr(call.func, "id", "") == "setattr"
    return not isinstance(statement, ast.For | ast.While | ast.With)


def _binds(statement):
    """Names that a statement at the top of a notebook gives a meaning to, or adds to."""
    if not defines(statement):
        return set()
    if isinstance(statement, ast.Expr):
        return {root_of(statement.value.args[0])} - {None}
    if isinstance(statement, ast.FunctionDef | ast.ClassDef):
        return {statement.name}
    bound = set()
    loops = [node.target for node in ast.walk(statement) if isinstance(node, ast.comprehension)]
    inside = {node for target in loops for node in ast.walk(target)}
    for node in ast.walk(statement):
        if isinstance(node, ast.alias):
            bound.add((node.asname or node.name).partition(".")[0])
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            bound.add(node.name)
        elif isinstance(getattr(node, "ctx", None), ast.Store) and node not in inside:
            bound.add(root_of(node))
    return bound - {None}


class _Generators(ast.NodeTransformer):
    """All comprehensions as generators: since Python 3.12 symtable gives no others a scope."""

    def visit_ListComp(self, node):
        self.generic_visit(node)
        return ast.GeneratorExp(node.elt, node.generators)

    visit_SetComp = visit_ListComp

    def visit_DictComp(self, node):
        self.generic_visit(node)
        # Python 3.15 has {**d for d in ds}, without a value.
        both = [part for part in (node.key, node.value) if part]
        return ast.GeneratorExp(ast.Tuple(both, ast.Load()), node.generators)


def _needs(statement):
    """Names that a statement takes from around it."""

    def free(table, top):
        names = {
            s.get_name()
            for s in table.get_symbols()
            if s.is_referenced() and (top or s.is_global())
        }
        return names.union(*(free(child, False) for child in table.get_children()))

    try:
        copy = _Generators().visit(ast.parse(ast.unparse(statement)))
        return free(symtable.symtable(ast.unparse(copy), "cell", "exec"), True)
    except SyntaxError:  # such as a return outside of a function
        return set()


def root_of(node):
    """The name that a chain of attributes, indices and calls begins with."""
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Call):
        node = node.func if isinstance(node, ast.Call) else node.value
    return getattr(node, "id", None)
