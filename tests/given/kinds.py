"""Kinds of input, bad and unusual: each makes one of a good value, and says what may come of it."""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

import numpy as np
import scipy.sparse

from assignment.checking.calls import read_only, with_gaps

LONG = np.longdouble
C = 3  # classes

LIFT, EITHER, NEVER = "has to work", "works or is refused", "is refused"


@dataclass(frozen=True)
class Kind:
    make: object  # function of a good value
    may: str  # LIFT, EITHER or NEVER


def kinds(may, **makes):
    return {name.replace("_", " ").strip(): Kind(make, may) for name, make in makes.items()}


def without(table, *names):
    return {name: kind for name, kind in table.items() if name not in names}


def whole(dtype):
    """Numbers all over the range of a type of whole numbers, so that sums and products wrap."""

    def make(X):
        top = min(np.iinfo(dtype).max, 2**40)
        low = max(np.iinfo(dtype).min, -(2**40))
        scaled = np.round(X / np.abs(X).max() * top)
        return (np.abs(scaled) if low == 0 else np.clip(scaled, low, top)).astype(dtype)

    return make


def entry(value):
    def make(X):
        X = np.array(X)
        X.flat[-1] = value
        return X

    return make


def each(X, function):
    return np.array([function(x) for x in X.ravel()], dtype=object).reshape(X.shape)


def ragged(X):
    rows = X.tolist()
    rows[-1] = rows[-1][:-1] if isinstance(rows[-1], list) and len(rows[-1]) > 1 else [1.0, [2.0]]
    return rows


def structured(X):
    return np.zeros(X.shape, dtype=[("a", float), ("b", int)])


WHOLE = {
    np.dtype(t).name: Kind(whole(t), LIFT)
    for t in (np.int8, np.int16, np.int32, np.int64, np.uint8, np.uint16, np.uint32, np.uint64)
}
ARRAYS = (
    WHOLE
    | kinds(
        LIFT,
        float32=lambda X: X.astype(np.float32),
        float16=lambda X: X.astype(np.float16),
        bool=lambda X: X > 0,
        big_endian=lambda X: X.astype(">f8"),
        Fortran_order=np.asfortranarray,
        strided=with_gaps,
        backwards=lambda X: X[::-1].copy()[::-1],
        read_only=read_only,
        a_list=lambda X: X.tolist(),
        a_list_of_arrays=list,
        a_tuple=lambda X: tuple(map(tuple, X.tolist())) if X.ndim > 1 else tuple(X.tolist()),
        zeros=np.zeros_like,
        minus_zeros=lambda X: -np.zeros_like(X),
    )
    | kinds(
        EITHER,
        longdouble=lambda X: X.astype(LONG),
        long_double_digits=lambda X: X.astype(LONG) + LONG(2) ** -60,
        objects=lambda X: X.astype(object),
        fractions=lambda X: each(X, Fraction),
        decimals=lambda X: each(X, Decimal),
        matrix=np.matrix,
        beyond_2_to_53=lambda X: whole(np.int64)(X) * 2**20 + 1,
        huge=lambda X: X * 1e200,
        huge_single=lambda X: (X * 1e25).astype(np.float32),
        all_but_infinite=lambda X: X / np.abs(X).max() * 1.7e308,
        tiny=lambda X: X * 1e-170,
        tiny_single=lambda X: (X * 1e-26).astype(np.float32),
        denormal=lambda X: X * 1e-310,
        huge_and_tiny=lambda X: X * np.logspace(-160, 160, X.size).reshape(X.shape),
    )
    | kinds(
        NEVER,
        complex128=lambda X: X + 1j,
        complex64=lambda X: (X + 1j).astype(np.complex64),
        masked=lambda X: np.ma.masked_less(X, 0),
        masked_nowhere=np.ma.asarray,
        objects_with_complex_ones=lambda X: each(X, lambda x: complex(x, 1)),
        words=lambda X: X.astype(str),
        bytes=lambda X: X.astype("S8"),
        dates=lambda X: X.astype("datetime64[s]"),
        spans=lambda X: X.astype("timedelta64[s]"),
        records=structured,
        rows_of_two_lengths=ragged,
        objects_that_are_no_numbers=lambda X: each(X, lambda x: None),
        None_=lambda X: None,
        a_word=lambda X: "X",
        a_number=lambda X: 3.5,
        a_dict=lambda X: dict(enumerate(X)),
        a_set=lambda X: set(X.ravel()),
        a_generator=lambda X: (x for x in X),
        a_function=lambda X: X.sum,
        NaN=entry(np.nan),
        inf=entry(np.inf),
        minus_inf=entry(-np.inf),
        NaN_in_single=lambda X: entry(np.nan)(X.astype(np.float32)),
        nothing=lambda X: [],
        no_rows=lambda X: X[:0],
        one_dimension_more=lambda X: X[np.newaxis],
        flat=lambda X: X.ravel() if X.ndim > 1 else X[0],
    )
)
TABLES = ARRAYS | kinds(
    NEVER,
    no_columns=lambda X: X[:, :0],
    a_column_more=lambda X: np.hstack([X, X[:, :1]]),
    sparse=scipy.sparse.csr_array,
)
FREE = without(TABLES, "a column more")
# What leaves the shape as it is, for arguments of any shape.
VALUES = without(
    ARRAYS, "flat", "nothing", "no rows", "one dimension more", "a number", "rows of two lengths"
)


def stepped(X):
    return X + 1e-20j * np.arange(X.size).reshape(X.shape)


# Parameters may be complex, for the complex step.
STEP = {"complex step": Kind(stepped, LIFT)}
WEIGHTS = without(FREE, "complex128", "complex64") | STEP
VECTORS = without(ARRAYS, "complex128", "complex64") | STEP


ANY_NUMBERS = without(VECTORS, "NaN", "inf", "minus inf", "NaN in single", "complex step")
ANY_NUMBERS |= {name: ARRAYS[name] for name in ("complex128", "complex64")}


MAPS = without(TABLES, "NaN", "inf", "minus inf", "NaN in single", "a column more")
IMAGES = without(
    TABLES, "NaN", "inf", "minus inf", "NaN in single", "a column more", "read only", "a generator"
)
PICTURES = without(ARRAYS, "one dimension more", "all but infinite", "denormal")


def two_heaps(X, far):
    return X + far * np.where(np.arange(len(X)) % 2, 1, -1)[:, np.newaxis]


# Where the data lie: everything has to move together, and rounds to what it is before the truth.
FAR = kinds(
    LIFT,
    three_thousand_away_in_single=lambda X: (X + 3e3).astype(np.float32),
    ten_thousand_away_in_single=lambda X: (X + 1e4).astype(np.float32),
    a_million_away_in_single=lambda X: (X - 1e6).astype(np.float32),
    a_hundred_million_away=lambda X: X + 1e8,
    a_trillion_away=lambda X: X - 1e12,
    one_number_far_away=lambda X: X + 1e8 * np.eye(1, X.shape[1]),
    two_heaps=lambda X: two_heaps(X, 1e8),
    two_heaps_in_single=lambda X: two_heaps(X, 1e4).astype(np.float32),
    one_far_away=lambda X: np.vstack([X[:-1], X[-1:] * 1e9]),
    all_but_equal=lambda X: 1 + 1e-9 * X,
)
LABELS = (
    {
        np.dtype(t).name: Kind(lambda y, t=t: y.astype(t), LIFT)
        for t in (np.int8, np.int16, np.int32, np.int64, np.uint8, np.uint16, np.uint32, np.uint64)
    }
    | kinds(
        LIFT,
        big_endian=lambda y: y.astype(">i8"),
        strided=with_gaps,
        read_only=read_only,
        a_list=lambda y: y.tolist(),
        a_tuple=lambda y: tuple(y.tolist()),
    )
    | kinds(
        EITHER,
        floats=lambda y: y.astype(float),
        objects=lambda y: y.astype(object),
        whole_complex=lambda y: y.astype(complex),
    )
    | kinds(
        NEVER,
        halves=lambda y: y + 0.5,
        bool=lambda y: y > 0,
        masked=lambda y: np.ma.masked_equal(y, 1),
        words=lambda y: y.astype(str),
        dates=lambda y: y.astype("datetime64[s]"),
        NaN=lambda y: entry(np.nan)(y.astype(float)),
        a_column=lambda y: y[:, np.newaxis],
        a_matrix=np.matrix,
        one_hot=lambda y: np.eye(C, dtype=int)[y],
        one_too_few=lambda y: y[:-1],
        one_too_many=lambda y: np.append(y, 0),
        one_alone=lambda y: y[:1],
        negative=lambda y: y - 1,
        a_huge_label=entry(10**12),
        a_huge_label_of_no_sign=lambda y: entry(2**64 - 1)(y.astype(np.uint64)),
        nothing=lambda y: [],
        None_=lambda y: None,
        a_number=lambda y: 1,
        a_word=lambda y: "y",
        a_dict=lambda y: dict(enumerate(y)),
        rows_of_two_lengths=lambda y: [[0, 1], [2], 0, 1, 2, 0],
    )
)
BELOW_C = LABELS | kinds(NEVER, too_large=lambda y: y + 1)
NUMBERS = (
    kinds(
        LIFT,
        whole=lambda r: 1,
        zero=lambda r: 0,
        float32=np.float32,
        float64=np.float64,
        int8=lambda r: np.int8(1),
        uint64=lambda r: np.uint64(2),
        an_array_of_no_dimension=np.array,
    )
    | kinds(
        EITHER,
        float16=np.float16,
        longdouble=LONG,
        fraction=Fraction,
        decimal=Decimal,
        bool=lambda r: True,
        negative=lambda r: -r,
        huge=lambda r: 1e300,
        tiny=lambda r: 1e-320,
        an_array_of_one=lambda r: np.array([r]),
    )
    | kinds(
        NEVER,
        complex=lambda r: r + 1j,
        word=str,
        None_=lambda r: None,
        NaN=lambda r: np.nan,
        inf=lambda r: np.inf,
        minus_inf=lambda r: -np.inf,
        longdouble_NaN=lambda r: LONG("nan"),
        longdouble_huge=lambda r: LONG("1e4000") if np.finfo(LONG).max > 1e308 else LONG("inf"),
        too_large_for_a_float=lambda r: 10**400,
        masked=lambda r: np.ma.masked,
        a_list=lambda r: [r],
        a_pair=lambda r: np.array([r, r]),
        a_dict=lambda r: {},
        a_date=lambda r: np.datetime64("2020-01-01"),
    )
)
SHARES = {name: Kind(k.make, EITHER if k.may == LIFT else k.may) for name, k in NUMBERS.items()}
COUNTS = (
    kinds(
        LIFT,
        int8=np.int8,
        int64=np.int64,
        uint8=np.uint8,
        uint64=np.uint64,
        one=lambda k: 1,
        an_array_of_no_dimension=np.array,
    )
    | kinds(
        EITHER,
        bool=lambda k: True,
        numpys_bool=lambda k: np.True_,
        whole_float=float,
        whole_float32=np.float32,
        whole_fraction=Fraction,
        an_array_of_one=lambda k: np.array([k]),
    )
    | kinds(
        NEVER,
        negative=lambda k: -1,
        lowest_of_int64=lambda k: np.int64(-(2**63)),
        a_half=lambda k: k + 0.5,
        NaN=lambda k: np.nan,
        inf=lambda k: np.inf,
        word=str,
        None_=lambda k: None,
        complex=lambda k: complex(k),
        a_list=lambda k: [k],
        a_set=lambda k: {k},
        a_pair=lambda k: np.array([k, k]),
        masked=lambda k: np.ma.masked,
    )
)
STEPS = without(COUNTS, "negative") | kinds(LIFT, back=lambda k: -k)
BOUNDED = COUNTS | kinds(
    NEVER, zero=lambda k: 0, too_many=lambda k: 10**6, too_many_by_far=lambda k: 2**70
)
POSITIVE = COUNTS | kinds(NEVER, zero=lambda k: 0)
