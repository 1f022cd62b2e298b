"""`python -m assignment checkers`: what other gradient checkers say to twelve inputs.

Every checker gets a function of a NumPy array, the array, and the gradient that is claimed, as its
manual says and with its own settings. Where one computes an error or a derivative and leaves the
judgement to its user, every entry has to be right to 1e-5 of the largest.
"""

import importlib.metadata
import platform
import re
import warnings
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from assignment.further.best_net import write_json
from assignment.given.gradient_check import check_gradient

TABLE = Path(__file__).with_name("checkers.json")
OURS = "check_gradient"
CLOSE = 1e-5


@dataclass(frozen=True)
class Input:
    """What a checker is given, and what it should say.

    make : function -> (f, x, gradient), new ones each time
    due : what is to be said, unless
    fault : regular expression, a message names what is the matter
    """

    name: str
    make: Callable
    due: str = ""
    fault: str = "$^"


@dataclass(frozen=True)
class Cell:
    """What a checker said: right, wrong, NaN, error or names it; was that due; its words."""

    says: str
    due: bool
    words: str


def squares(x):
    return float(np.sum(x**2))


def of_squares(factor=1.0, dtype=np.float64):
    x = np.array([0.5, 1.0, -2.0], dtype)
    return squares, x, factor * 2 * x


def logarithm():
    x = np.array([1e-6, 1.0])
    return lambda x: float(np.sum(np.log(x))), x, 1 / x


def hinge():
    x = np.array([1.0, 1e-9, -1.0])
    return lambda x: float(np.sum(np.maximum(x, 0))), x, np.array([1.0, 1.0, 0.0])


def single():
    _, x, gradient = of_squares(dtype=np.float32)
    return lambda x: np.sum(x**2), x, gradient


def integers():
    x = np.array([500, 7])
    return squares, x, 2.0 * x


def large():
    _, x, gradient = of_squares()
    return lambda x: 1e30 + squares(x), x, gradient


def nan():
    _, x, gradient = of_squares()
    return lambda x: float(np.log(-squares(x))), x, gradient


def dropout():
    rng = np.random.default_rng(0)
    _, x, gradient = of_squares()
    return lambda x: squares((rng.random(x.shape) < 0.5) * x), x, gradient


def shared():
    x = np.lib.stride_tricks.as_strided(np.array([1.5]), (3,), (0,))
    return squares, x, 2 * x


def read_in_place():
    _, x, gradient = of_squares()
    return lambda _: squares(x), x, gradient


def in_place():
    def f(x):
        x -= 1
        return squares(x)

    x = np.array([0.5, 1.0, -2.0])
    return f, x, 2 * (x - 1)


INPUTS = (
    Input("sum of squares, right", of_squares, "right"),
    Input("its double", lambda: of_squares(2), "wrong"),
    Input("one part in a thousand off", lambda: of_squares(1.001), "wrong"),
    Input("log near 0, right", logarithm, "right"),
    Input("a kink 1e-9 beside x, right", hinge, "right"),
    Input("float32, right", single, "right", r"single|double precision"),
    Input("whole numbers, right", integers, "right", r"\bint|float"),
    Input("1e30 + squares, right", large, "right", r"round-?off|precision"),
    Input("f is NaN at x", nan, "NaN", r"\bf is nan\b"),
    Input("dropout", dropout, fault=r"random|determinis|reentrant"),
    Input("x shares its memory, right", shared, "right", r"overlap|memory"),
    Input("f reads x itself, right", read_in_place, "right"),
)


def check_scipy(f, x, gradient):
    from scipy.optimize import check_grad

    return judged(check_grad(f, lambda x: gradient, x), gradient)


def check_torch(f, x, gradient):
    import torch

    class Function(torch.autograd.Function):
        @staticmethod
        def forward(context, x):
            return torch.tensor(f(x.detach().numpy()), dtype=x.dtype)

        @staticmethod
        def backward(context, above):
            return above * torch.from_numpy(gradient)

    torch.autograd.gradcheck(Function.apply, torch.from_numpy(x).requires_grad_())


def check_jax(f, x, gradient):
    import jax
    from jax.test_util import check_grads

    jax.config.update("jax_enable_x64", True)
    result = jax.ShapeDtypeStruct((), np.result_type(x, np.float32))

    @jax.custom_vjp
    def function(x):
        return jax.pure_callback(lambda x: result.dtype.type(f(np.array(x))), result, x)

    function.defvjp(lambda x: (function(x), None), lambda _, above: (above * gradient,))
    check_grads(function, (x,), order=1, modes=["rev"])


def check_autograd(f, x, gradient):
    from autograd.extend import defvjp, primitive
    from autograd.test_util import check_grads

    function = primitive(f)
    defvjp(function, lambda answer, x: lambda above: above * gradient)
    check_grads(function, modes=["rev"], order=1)(x)


def check_openmdao(f, x, gradient):
    import openmdao.api as om
    from openmdao.utils.assert_utils import assert_check_partials

    class Component(om.ExplicitComponent):
        def setup(self):
            self.add_input("x", x)
            self.add_output("f")
            self.declare_partials("f", "x")

        def compute(self, inputs, outputs):
            outputs["f"] = f(inputs["x"])

        def compute_partials(self, inputs, partials):
            partials["f", "x"] = gradient

    problem = om.Problem(reports=None)
    problem.model.add_subsystem("component", Component())
    problem.setup()
    problem.run_model()
    assert_check_partials(problem.check_partials(out_stream=None))


def check_numdifftools(f, x, gradient):
    import numdifftools

    return judged(numdifftools.Gradient(f)(x) - gradient, gradient)


def check_statsmodels(f, x, gradient):
    from statsmodels.tools.numdiff import approx_fprime

    return judged(approx_fprime(x, f) - gradient, gradient)


def check_jacobi(f, x, gradient):
    from jacobi import jacobi

    return judged(jacobi(f, x)[0] - gradient, gradient)


def judged(error, gradient):
    """Raise AssertionError unless no error is above 1e-5 of the largest entry."""
    error = float(np.max(np.abs(error)))
    if not error <= CLOSE * np.max(np.abs(gradient)):
        raise AssertionError(f"an error of {error:.1e}")


CHECKERS = {
    "SciPy check_grad": ("scipy", check_scipy),
    "PyTorch gradcheck": ("torch", check_torch),
    "JAX check_grads": ("jax", check_jax),
    "autograd check_grads": ("autograd", check_autograd),
    "OpenMDAO check_partials": ("openmdao", check_openmdao),
    "numdifftools Gradient": ("numdifftools", check_numdifftools),
    "statsmodels approx_fprime": ("statsmodels", check_statsmodels),
    "jacobi": ("jacobi", check_jacobi),
    OURS: (None, check_gradient),
}
# How a checker says that the gradient disagrees; what else it raises, it has not compared.
DISAGREES = re.compile(
    r"an error of|gradient wrong|Jacobian mismatch|Not equal to tolerance|check of .* failed"
    r"|assert_check_partials failed",
    re.DOTALL,
)


def ask(check, given):
    """The Cell of a checker and an Input."""
    try:
        with warnings.catch_warnings(record=True) as warned, np.errstate(all="ignore"):
            np.random.seed(0)
            check(*given.make())
        raised = ""
    except ModuleNotFoundError:
        raise
    except Exception as error:
        raised = f"{type(error).__name__}: {error}"
    words = " ".join(" ".join([raised, *(f"Warning: {w.message}" for w in warned)]).split())
    if not raised:
        says = "right"
    elif re.search(given.fault, words, re.I):
        says = "names it"
    elif not DISAGREES.search(raised):
        says = "error"
    else:
        says = "NaN" if re.search(r"\bnan\b", raised) else "wrong"
    return Cell(says, says in (given.due, "names it"), words[:200])


def table():
    """Ask all, print what they say and write it to checkers.json.

    Returns
    -------
    int : 0; 1 where a checker is missing
    """
    try:
        versions = {p: importlib.metadata.version(p) for p, _ in CHECKERS.values() if p}
    except importlib.metadata.PackageNotFoundError as error:
        print(f"{error.name} is missing: pip install -r requirements-bench.txt")
        return 1
    versions |= {"numpy": np.__version__, "Python": platform.python_version()}
    rows = {
        given.name: {name: ask(check, given) for name, (_, check) in CHECKERS.items()}
        for given in INPUTS
    }
    for given, cells in rows.items():
        print(
            given,
            *(f"  {n}: {c.says}{'' if c.due else ' (!)'}" for n, c in cells.items()),
            sep="\n",
        )
    cells = {given: {n: asdict(c) for n, c in row.items()} for given, row in rows.items()}
    write_json(TABLE, {"versions": versions, "rows": cells})
    return 0
