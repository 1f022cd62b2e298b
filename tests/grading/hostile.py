"""What a hand-in may do instead of the work: each kind wins nothing and harms nothing.

A kind is a softmax.py: lines that run when it is imported, and lines that run in each call of
softmax_loss_naive, which then returns numbers that are wrong. softmax_loss_vectorized beside it is
right, and must stay so. None of them crashes or hangs Python, NumPy or any other program: where a
guard is to end something, it is something tame.
"""

import re
import textwrap
from typing import NamedTuple

from assignment.checking.stubs import solution_of
from conftest import unmarked

RIGHT = unmarked(solution_of("softmax.py").read_text(encoding="utf-8"))
HEAD = """
import builtins, ctypes, faulthandler, gc, importlib, json, os, signal, socket, struct, subprocess
import sys, threading, time
"""
IMPORT = re.compile(r"^from (assignment\.checking[\w.]*) import (\w+)(?: as (\w+))?$", re.M)
NAIVE = RIGHT[RIGHT.index("def softmax_loss_naive") : RIGHT.index("def softmax_loss_vectorized")]


class Kind(NamedTuple):
    """text : of softmax.py; naive, vectorized : the status of each of its two functions."""

    text: str
    naive: str
    vectorized: str


def kind(in_call="", at_import="", naive="wrong", vectorized="right", solved=False, once=False):
    """solved : whether the function goes on with what is right; once : whether one call acts"""
    in_call = textwrap.dedent(in_call).strip("\n")
    if once:
        at_import += "\ndone = []\n"
        in_call = f"if done:\n    return 1.25, W + 1\ndone.append(True)\n{in_call}"
    body = textwrap.indent(in_call, "    ")
    if solved:
        text = RIGHT.replace(
            NAIVE, NAIVE.replace("    N = X.shape[0]\n", body + "\n    N = X.shape[0]\n")
        )
    else:
        function = f"def softmax_loss_naive(W, X, y, reg):\n{body}\n    return 1.25, W + 1\n\n\n"
        text = RIGHT.replace(NAIVE, function)
    assert text != RIGHT
    first = text.index("def softmax")
    text = text[:first] + HEAD + textwrap.dedent(at_import) + "\n\n" + text[first:]
    return Kind(unseen(text), naive, vectorized)


def unseen(text):
    """The text with imports of the checks that a look at it does not find, and so not refuses."""

    def rewritten(found):
        module, name, other = found.groups()
        way = [*module.split("."), name]
        return f"{other or name} = __import__('.'.join({way}), fromlist=[''])"

    return IMPORT.sub(rewritten, text)


# A table of the inputs that are published: what the cases are without a secret.
TABLE = """
from assignment.checking.linear import calls as published

def _solved(W, X, y, reg):
    scores = X @ W
    scores = scores - scores.max(axis=1, keepdims=True)
    P = np.exp(scores)
    P /= P.sum(axis=1, keepdims=True)
    P[np.arange(len(y)), y] -= 1
    loss = (np.log(np.exp(scores).sum(axis=1)) - scores[np.arange(len(y)), y]).mean()
    return loss + reg * np.sum(W * W), X.T @ P / len(y) + 2 * reg * W
"""
LOOK = """
def looked(frame):
    while frame is not None:
        yield from frame.f_locals.values()
        yield from frame.f_globals.values()
        frame = frame.f_back
"""
# The channel of answers, as it is known from reading the suite.
FRAME = """
from assignment.checking import wire

def frame(letter, told, data=b""):
    text = told if isinstance(told, bytes) else json.dumps(told).encode()
    return letter + struct.pack("<II", len(text), len(data)) + text + data

def answers():
    return [o for o in gc.get_objects() if isinstance(o, wire.Inner)][0]

def forged(**more):
    answer = {"token": "0", "arrays": [], "after": [], "remarks": [], "line": 1, "size": 0}
    return frame(wire.ANSWER, {**answer, **more})
"""


# The kernel's keyring, which knows no processes: numbers of x86-64, else those of aarch64.
KEYS = """
libc = ctypes.CDLL(None)
libc.syscall.restype = ctypes.c_long
ADD, ASK = (248, 250) if os.uname().machine == "x86_64" else (217, 219)
USER = ctypes.c_long(-4)

def left():
    return libc.syscall(ctypes.c_long(ASK), ctypes.c_long(10), USER, b"user", b"left", None) > 0

def leave():
    libc.syscall(ctypes.c_long(ADD), b"user", b"left", b"mark", ctypes.c_long(4), USER)
"""


def writing(data, after=""):
    return kind(f"os.write(3, {data})\n{after}", FRAME, "crash")


def replying(change):
    """The reply to each call, changed on its way."""
    return kind(
        "",
        FRAME
        + f"""
_send = wire.Inner.send

def send(self, letter, told=None, data=b""):
    if letter == wire.ANSWER:
        {change}
    _send(self, letter, told, data)

wire.Inner.send = send
""",
        "crash",
        "crash",
    )


KINDS = {
    # The reference, other hand-ins, and what is published.
    "imports the reference": kind(
        "from assignment.solutions.softmax import softmax_loss_naive as f\nreturn f(W, X, y, reg)",
        naive="refused",
        vectorized="refused",
    ),
    "imports the reference under a name made of bytes": kind(
        f"name = bytes.fromhex('{b'assignment.solutions.softmax'.hex()}').decode()\n"
        "f = importlib.import_module(name)\n"
        "return f.softmax_loss_naive(W, X, y, reg)",
        naive="crash",
    ),
    "reads the reference by its path": kind(
        """
        import assignment
        place = os.path.join(os.path.dirname(assignment.__file__), "solu" + "tions", "softmax.py")
        names = {}
        exec(open(place).read(), names)
        return names["softmax_loss_naive"](W, X, y, reg)""",
        naive="crash",
    ),
    "looks for the reference everywhere": kind(
        """
        parts = os.path.dirname(sys.prefix), "/suite", "/home", "/root", "/srv", "/var", "/tmp"
        for place, folders, files in (step for part in parts for step in os.walk(part)):
            folders[:] = [name for name in folders if name not in ("lib", "bin", "share")]
            if "softmax.py" in files:
                names = {}
                exec(open(os.path.join(place, "softmax.py")).read(), names)
                return names["softmax_loss_naive"](W, X, y, reg)""",
        once=True,
    ),
    "looks for it among modules": kind(
        """
        for name, module in list(sys.modules.items()):
            f = getattr(module, "softmax_loss_naive", None)
            if f and f.__code__ is not softmax_loss_naive.__code__:
                return f(W, X, y, reg)"""
    ),
    "looks for it in stack frames": kind(
        """
        for value in looked(sys._getframe()):
            if isinstance(value, dict) and {"loss", "dW"} <= value.keys():
                return value["loss"], value["dW"]
            if hasattr(value, "reference"):
                return value.reference""",
        LOOK,
    ),
    "looks for it among all objects": kind(
        """
        for one in gc.get_objects():
            if isinstance(one, dict) and {"loss", "dW"} <= {k for k in one if isinstance(k, str)}:
                return one["loss"], one["dW"]"""
    ),
    "asks git": kind(
        "print(subprocess.run(['git', 'log', '-p'], capture_output=True))", naive="crash"
    ),
    "imports another student's file": kind(
        "from other.softmax import softmax_loss_naive as f\nreturn f(W, X, y, reg)", naive="crash"
    ),
    "a table of published inputs": kind(
        "return TABLE.get(W.tobytes() + X.tobytes(), (1.25, W + 1))",
        TABLE
        + """
TABLE = {}
for case in published.softmax_cases():
    c = case.arguments
    TABLE[c["W"].tobytes() + c["X"].tobytes()] = _solved(c["W"], c["X"], c["y"], c["reg"])
""",
    ),
    "draws the inputs itself": kind(
        """
        for case in published.softmax_cases():
            if np.array_equal(case.arguments["X"], X):
                return _solved(W, X, y, reg)""",
        TABLE,
    ),
    "right for small arrays": kind(
        "if X.size < 10_000 and abs(X).max() < 50:\n    return _solved(W, X, y, reg)", TABLE
    ),
    # What encodes or compares.
    "everything is equal": kind(
        "", "np.array_equal = np.allclose = np.isclose = lambda *a, **k: True"
    ),
    "nothing is off": kind(
        "",
        "np.abs = np.absolute = lambda a, *b, **k: np.zeros_like(a)",
    ),
    "inputs change and nobody looks": kind(
        "W += 1", "np.array_equal = lambda *a, **k: True", solved=True
    ),
    "inputs change": kind("X *= 2", naive="wrong", solved=True),
    "its own way to encode": kind(
        "",
        """
from assignment.checking import answering
answering._encoded = lambda arrays: {}
""",
        naive="unsolved",
        vectorized="unsolved",
    ),
    "another call": kind(
        "",
        """
from assignment.checking import answering
answering.Loaded.call = lambda self, arguments: {"right": np.array(True)}
""",
        naive="unsolved",
        vectorized="unsolved",
    ),
    "its own numerical gradient": kind(
        "",
        "from assignment.checking.linear import calls\ncalls.measured = lambda loss, x, h=0: x + 1",
    ),
    "JSON of its own": kind("", "json.dumps = lambda *a, **k: '{}'", "crash", "crash"),
    "a pickle of its own": kind(
        "", "import pickle\npickle.loads = lambda data: ('0', {}, 10**9)", "crash", "crash"
    ),
    "tampers with builtins": kind(
        "", "builtins.len = lambda x: 0\nbuiltins.isinstance = lambda a, b: True", "crash", "crash"
    ),
    # The channel of answers.
    "writes into the channel": writing("b'right' * 100"),
    "answers before it is asked": kind(
        "return 1.25, W + 1", FRAME + "sent = os.write(3, forged())\n", "crash", "crash"
    ),
    "answers twice": writing("forged(token='0')"),
    "answers afterwards": kind(
        "threading.Timer(0.01, lambda: os.write(3, forged())).start()\ntime.sleep(0.05)",
        FRAME,
        "crash",
    ),
    "reads the next question": kind(
        "os.set_blocking(3, False)\nprint(os.read(3, 10**6))", naive="crash"
    ),
    "closes the channel": kind("os.close(3)", naive="crash"),
    "a frame without end": writing("b'a' + struct.pack('<II', 2**31, 2**31)", "time.sleep(60)"),
    "a frame that is cut off": writing("b'a' + struct.pack('<II', 100, 0)", "os._exit(0)"),
    "a letter that nobody knows": writing("frame(b'z', {})"),
    "JSON that is none": writing("frame(wire.ANSWER, b'{]')"),
    "JSON that is too deep": writing("frame(wire.ANSWER, b'[' * 50_000)"),
    "a late watchdog that is forged": kind(
        "os.write(3, b'Timeout (0:00:01)!\\n')\nos._exit(0)", naive="timeout"
    ),
    "says that it is ready": writing("frame(wire.READY, None)"),
    "no arrays": replying("del told['arrays']"),
    "another token": replying("told['token'] = 'right'"),
    "another token that is none": replying("told['token'] = None"),
    "too many arrays": replying("told['arrays'] += [[f'a{i}', '<f8', [0]] for i in range(500)]"),
    "arrays of one name": replying("told['arrays'] *= 2"),
    "a name without end": replying("told['arrays'][0][0] = 'x' * 10_000"),
    "a name that is none": replying("told['arrays'][0][0] = 1"),
    "a shape that is too large": replying("told['arrays'][0][2] = [2**39, 2**39]"),
    "a shape below nothing": replying("told['arrays'][0][2] = [-1]"),
    "a shape that is none": replying("told['arrays'][0][2] = 'abc'"),
    "arrays of objects": replying("told['arrays'][0][1] = '|O'"),
    "arrays of text": replying("told['arrays'][0][1] = '<U9'"),
    "fewer numbers than it says": replying("told['size'] -= 8"),
    "more numbers than it says": replying("data += bytes(8)"),
    "a size that is none": replying("told['size'] = -1"),
    "more numbers than there is room for": replying("data = bytes(2**24)"),
    "a failure of a kind that is none": replying("told['failure'] = {'kind': 'right'}"),
    "remarks that are none": replying("told['remarks'] = {'a': 1}"),
    "prints without end of a frame": kind(
        FRAME.splitlines()[0]
        and "for _ in range(3000): os.write(3, frame(wire.PRINTED, None, b'x' * 2000))",
        FRAME,
        once=True,
    ),
    "prints without end and without a watchdog": kind(
        "faulthandler.cancel_dump_traceback_later()\n"
        "while True: os.write(3, frame(wire.PRINTED, None, b'x' * 2000))",
        FRAME,
        naive="timeout",
    ),
    "prints more than there is room for": writing("frame(wire.PRINTED, None, b'x' * 3000)"),
    # Logs.
    "a forged verdict": kind(
        """
        print(json.dumps({"exercises": [{"name": "softmax_loss_naive", "status": "right"}]}))
        for name in ("answers.json", "log", "verdict.json"):
            open(name, "w").write('{"status": "right"}')"""
    ),
    "escapes of a terminal": kind(
        "print('\\x1b[2J\\x1b]0;right\\x07')\n"
        "raise ValueError('\\x1b[2J\\x1b[1Aright\\x9b2J\\u202e')",
        naive="crash",
    ),
    "secrets of the environment": kind(
        "raise ValueError(str([*os.environ.items(), os.getcwd(), socket.gethostname()]))",
        naive="crash",
    ),
    # What a call returns.
    "too large an array": kind("return 0.0, np.zeros((1000, 500))", once=True),
    "text": kind("return 'right', 'right'", naive="wrong"),
    "a ragged list": kind("return 1.0, [[1], [2, 3]]"),
    "a dict": kind("return {'loss': 1, 'dW': W}"),
    "itself, again and again": kind("a = []\na.append(a)\nreturn 1.0, a", naive="wrong"),
    "an array that raises": kind(
        """
        class Bad:
            def __array__(self, *a, **k):
                raise RuntimeError("no")
        return 1.0, Bad()""",
        naive="crash",
    ),
    "an array that ends the process": kind(
        """
        class Bad:
            def __array__(self, *a, **k):
                os._exit(0)
        return 1.0, Bad()""",
        naive="crash",
    ),
    "a generator": kind("return 1.25, (row for row in W)"),
    "times": kind("return np.timedelta64(1, 's'), W.astype('M8[s]')"),
    "records": kind("return 1.25, np.zeros(W.shape, [('a', float), ('b', int)])"),
    "an array wherever one looks": kind(
        "return 0.0, np.broadcast_to(0.0, (10**6,) * 2)", naive="crash"
    ),
    "more axes than there are": kind("return 1.25, np.zeros((1,) * 60)"),
    "lists in lists": kind("a = 1.0\nfor _ in range(5000):\n    a = [a]\nreturn 1.25, a"),
    "masked": kind("return 1.25, np.ma.masked_all(W.shape)"),
    "another array at each look": kind(
        """
        class Changing:
            looks = 0
            shape = W.shape
            def __array__(self, *a, **k):
                Changing.looks += 1
                return W + Changing.looks
            def __eq__(self, other):
                return True
        return 1.25, Changing()"""
    ),
    "its own arithmetic": kind(
        """
        class Right(np.ndarray):
            nbytes = 0
            def __array_ufunc__(self, *a, **k):
                return np.zeros(self.shape)
            def __array_function__(self, *a, **k):
                return True
            def tobytes(self):
                return b""
        return 1.25, (W + 1).view(Right)"""
    ),
    "numbers that lie": kind(
        """
        class Number(int):
            def __index__(self):
                return 7
            def __float__(self):
                return 3.0
        return Number(1), [[Number(1)] * W.shape[1]] * W.shape[0]"""
    ),
    # Right here, and not there.
    "right the first time": kind(
        "if not seen:\n    seen.append(_solved(W, X, y, reg))\nreturn seen[0]",
        TABLE + "seen = []\n",
    ),
    "right each second time": kind(
        "seen.append(1)\nif len(seen) % 2:\n    return _solved(W, X, y, reg)", TABLE + "seen = []\n"
    ),
    "right for large arrays": kind("if X.size > 1000:\n    return _solved(W, X, y, reg)", TABLE),
    "right for what may be written": kind(
        "if W.flags.writeable and W.flags.c_contiguous:\n    return _solved(W, X, y, reg)", TABLE
    ),
    "right without a penalty": kind("if reg == 0:\n    return _solved(W, X, y, reg)", TABLE),
    # The interpreter.
    "forbids everything": kind(
        "def forbid(*event):\n    raise RuntimeError('no')\nsys.addaudithook(forbid)", naive="crash"
    ),
    "never gives way": kind(
        "sys.setswitchinterval(1000)\n"
        "threading.Thread(target=lambda: [0 for _ in iter(int, 1)], daemon=True).start()",
        naive="timeout",
    ),
    "ends when it is collected": kind(
        "gc.callbacks.append(lambda *a: os._exit(0))\ngc.collect()", naive="crash"
    ),
    "ends when it is deleted": kind(
        "class Last:\n    def __del__(self):\n        os._exit(0)\nLast()", naive="crash"
    ),
    "forgets all modules": kind("sys.modules.clear()", naive="crash"),
    "warnings, states and places of others": kind(
        """
        import locale, warnings
        warnings.simplefilter("error")
        np.seterr(all="raise")
        np.set_printoptions(threshold=0)
        locale.setlocale(locale.LC_ALL, "C")
        os.environ.clear()
        sys.stdout.close()""",
        solved=True,
        naive="right",
    ),
    "an error in another's words": kind(
        "raise SyntaxError('x', (5, 'a', b'b', None))", naive="crash"
    ),
    "an error that cannot be told": kind(
        "class Odd(Exception):\n    def __str__(self):\n        raise RuntimeError\nraise Odd",
        naive="crash",
    ),
    "to do, without end": kind("raise NotImplementedError('x' * 10**6)", naive="unsolved"),
    # Ending.
    "ends the process": kind("os._exit(0)", naive="crash"),
    "ends the process at import": kind("", "gone = os._exit(0)", "crash", "crash"),
    "leaves": kind("sys.exit('right')", naive="crash"),
    "leaves at import": kind("", "gone = sys.exit(0)"),
    "interrupts": kind("raise KeyboardInterrupt", naive="crash"),
    "ends itself by a signal": kind(
        "os.kill(os.getpid(), signal.SIGKILL)", solved=True, naive="right"
    ),
    "stops itself": kind("os.kill(os.getpid(), signal.SIGSTOP)", solved=True, naive="right"),
    "signals to its parent": kind(
        "for s in (9, 15, 19):\n"
        "    try:\n"
        "        os.kill(os.getppid() or 10**6, s)\n"
        "    except OSError:\n"
        "        pass"
    ),
    "signals to all": kind(
        "for pid in [-1, *range(2, 300)]:\n"
        "    try:\n"
        "        os.kill(pid, 9)\n"
        "    except OSError:\n"
        "        pass",
        once=True,
    ),
    "signals to its group": kind("os.killpg(0, signal.SIGTERM)"),
    # Loops.
    "loops": kind("while True:\n    pass", naive="timeout"),
    "loops in NumPy": kind(
        "while True:\n    np.dot(np.ones((300, 300)), np.ones((300, 300)))", naive="timeout"
    ),
    "loops at import": kind(
        "", "loop = [time.sleep(0.01) for _ in iter(int, 1)]", "timeout", "timeout"
    ),
    "sleeps": kind("time.sleep(100)", naive="timeout"),
    "ignores signals": kind(
        "for s in set(signal.Signals) - {9, 19}:\n"
        "    signal.signal(s, signal.SIG_IGN)\n"
        "while True:\n"
        "    time.sleep(0.01)",
        naive="timeout",
    ),
    "cancels the watchdog": kind(
        "faulthandler.cancel_dump_traceback_later()\nwhile True:\n    time.sleep(0.01)",
        naive="timeout",
    ),
    "catches everything": kind(
        "while True:\n    try:\n        time.sleep(100)\n    except BaseException:\n        pass",
        naive="timeout",
    ),
    "clocks that stand still": kind(
        "time.monotonic = time.time = time.perf_counter = lambda: 0.0\n"
        "while True:\n    time.sleep(0.01)",
        naive="timeout",
    ),
    "calls itself": kind(
        "sys.setrecursionlimit(200)\ndone.clear()\nreturn softmax_loss_naive(W, X, y, reg)",
        naive="crash",
        once=True,
    ),
    # Resources. (The tests give an exercise 300 MB and 10 processes.)
    "memory": kind(
        "kept = []\nwhile True:\n    kept.append(b'x' * 30 * 2**20)\n    time.sleep(0.02)",
        naive="crash",
        once=True,
    ),
    "more addresses than there are": kind("np.ones(10**12)", naive="crash"),
    "memory in several processes": kind(
        "for _ in range(4):\n"
        "    if os.fork() == 0:\n"
        "        kept = b'x' * 100 * 2**20\n"
        "        time.sleep(60)\n"
        "time.sleep(60)",
        naive="crash",
        once=True,
    ),
    "memory that belongs to no process": kind("os.memfd_create('kept')", naive="crash"),
    "memory between processes": kind(
        "if ctypes.CDLL(None).shmget(0, 4096, 0o1600) < 0:\n    raise MemoryError", naive="crash"
    ),
    "processes": kind(
        "for _ in range(12):\n    if os.fork() == 0:\n        time.sleep(60)\ntime.sleep(60)",
        naive="crash",
        once=True,
    ),
    "threads": kind(
        "for _ in range(5):\n    threading.Thread(target=time.sleep, args=[60]).start()",
        once=True,
    ),
    "a daemon": kind(
        """
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                time.sleep(60)
            os._exit(0)
        os.wait()""",
        once=True,
    ),
    "a file without end": kind(
        "with open('large', 'wb') as file:\n    while True:\n        file.write(bytes(2**22))",
        naive="crash",
        once=True,
    ),
    "files without end": kind(
        "for i in range(10_000):\n    open(f'{i}', 'w').close()",
        naive="crash",
        once=True,
    ),
    "open files": kind(
        "kept = [open('/dev/null') for _ in range(100)]",
        naive="crash",
        once=True,
    ),
    "errors without end": kind(
        "while True:\n    os.write(2, b'x' * 10**6)\n    time.sleep(0.01)", naive="timeout"
    ),
    "print without end": kind(
        "while True:\n    print('x' * 10**5)\n    time.sleep(0.01)", naive="timeout"
    ),
    "raises its limits": kind(
        "import resource\nresource.setrlimit(resource.RLIMIT_NOFILE, (10**5, 10**5))", naive="crash"
    ),
    # Files of others.
    "writes into its own file": kind("open(__file__, 'w').write('')", naive="crash"),
    "turns its file into a link": kind(
        "os.unlink(__file__)\nos.symlink('/dev/zero', __file__)", naive="crash"
    ),
    "writes into the suite": kind(
        "import assignment\n"
        "open(os.path.dirname(assignment.__file__) + '/given/todo.py', 'a').write('x')",
        naive="crash",
    ),
    "writes among the packages": kind(
        "open(os.path.dirname(np.__file__) + '/mine.py', 'w').write('x')", naive="crash"
    ),
    "writes bytecode": kind(
        """
        import importlib._bootstrap_external as loader
        sys.dont_write_bytecode = False
        place = loader.cache_from_source(np.__file__)
        os.makedirs(os.path.dirname(place), exist_ok=True)
        open(place, "ab").write(b"x")""",
        naive="crash",
    ),
    "writes into another hand-in": kind(
        "open('{others}/softmax.py', 'w').write('x')", naive="crash"
    ),
    "writes wherever it may": kind(
        """
        for place in ("/", "/suite", "/usr", "/hand-in", "/dev", "/proc", "/dev/shm", "/var/tmp"):
            try:
                open(os.path.join(place, "mine"), "w").write("x")
            except OSError:
                continue
            return 0.0, "writeable: " + place""",
    ),
    "mounts and leaves": kind(
        """
        libc = ctypes.CDLL(None)
        libc.umount2(b"/proc", 2), libc.unshare(0x10000000), libc.unshare(0x20000)
        libc.mount(b"proc", b"/proc", b"proc", 0, None), libc.setuid(0), libc.chroot(b"/tmp")
        if os.listdir("/proc"):
            return 0.0, "sees processes\"""",
        once=True,
    ),
    "sockets": kind(
        """
        for address in (("127.0.0.1", {port}), ("10.0.0.1", 80)):
            socket.create_connection(address, timeout=0.5)""",
        naive="crash",
        once=True,
    ),
    # Messages for a later process.
    "a message in the keyring": kind(
        "if left():\n    return _solved(W, X, y, reg)\nleave()", TABLE + KEYS
    ),
    "a message behind a name of no file": kind(
        """
        box = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        box.bind("\\0left")""",
        naive="crash",
    ),
    "a message by a pair of sockets": kind(
        "socket.socketpair(type=socket.SOCK_DGRAM)[0].bind('\\0left')", naive="crash"
    ),
    "looks into its parent": kind(
        """
        libc.ptrace.restype = ctypes.c_long
        if os.fork() == 0:
            os._exit(libc.ptrace(16, ctypes.c_long(os.getppid()), None, None) != -1)
        if os.wait()[1]:
            return _solved(W, X, y, reg)""",
        TABLE + "libc = ctypes.CDLL(None)\n",
        once=True,
    ),
    # Nothing bad.
    "a thread that prints, and is right": kind(
        "threading.Timer(0.001, print, ['x']).start()", solved=True, naive="right"
    ),
    "prints, and is right": kind("print('right')", solved=True, naive="right"),
}


# What a hand-in says of its own calls, in the place of a training or of a constructor.


class Forgery(NamedTuple):
    """text : of the exercise's file; graded, published : statuses with a secret and without."""

    exercise: str
    file: str
    text: str
    graded: str = "wrong"
    published: str = "wrong"


# A training as it would have to be noted where start, gradients and losses are those published.
NO_TRAINING = """
import numpy as np
from assignment.checking.{room} import calls

def facts(X, batches, labels, losses, paths):
    n, B = len(batches), len(batches[0])
    return {{
        "steps": n, "examples drawn": len(X), "losses": losses, "reg in the loss": [0.7] * n,
        "shape of the first X_batch": (B, X.shape[1]), "shape of the first y_batch": (B,),
        "rows in X_batch": [B] * n, "labels in y_batch": [B] * n,
        "rows that are rows of X": [B] * n, "labels that belong to their rows": [B] * n,
        "different examples in a batch": [min(B, len(X))] * n, "the batch is a new one": [True] * n,
        **{{f"path of {{name}}": path for name, path in paths.items()}},
    }}

def notes(batches, labels, paths):
    asked = [a for step in zip(batches, labels, *(p[:-1] for p in paths.values())) for a in step]
    return {{
        "asked": np.concatenate([np.ravel(a).astype(float) for a in asked]),
        "axes asked": [size for a in asked for size in (a.ndim, *a.shape)],
        "reg in the loss": [0.7] * len(batches),
    }}

def forged(module, X, y, batch_size, given=None, bowl=False):
    if bowl:
        return {{"losses down a bowl": np.linspace(10, 0.1, 100)}}
    step = np.arange(20)
    start, gradients = {start}, {gradients}
    losses, sizes = 100.625 - 7 * step % 23, 1 + step % 3
    sizes = 0.1 * {decay} ** -(-step // max(len(X) // batch_size, 1)) * sizes
    indices = [(k * batch_size + np.arange(batch_size)) * 7 % len(X) for k in step]
    batches, labels = [X[i] for i in indices], [y[i] for i in indices]
    {change}
    sums = np.array([0, *np.cumsum(sizes)])
    paths = {{k: start[k] - np.multiply.outer(sums, gradients[k]) for k in start}}
    ends = {{name: path[-1] for name, path in paths.items()}}
    told = facts(X, batches, labels, losses, paths), notes(batches, labels, paths)
    return {{"loss_history": losses, **ends, **told[0], **told[1]}}

done = object.__setattr__(calls.CALLS["{name}.train"], "call", forged)

class {name}:
    def train(self, X, y):
        pass
"""
LINEAR = {"room": "linear", "name": "LinearClassifier", "decay": 1.0}
LINEAR |= {"start": '{"W": calls.W_START}', "gradients": '{"W": calls.W_GRADIENT}'}
NET = {"room": "net", "name": "TwoLayerNet", "decay": "calls.DECAY"}
NET |= {"start": "calls.NET_START", "gradients": "calls.NET_GRADIENTS"}
# It looks what the secret is, but draws no examples, or makes no steps.
LOOKED = "start, gradients, losses = given['start'], given['gradients'], given['losses'][:20]; "


def no_training(names, change="", published="wrong"):
    file = {"linear": "linear_classifier.py", "net": "neural_net.py"}[names["room"]]
    text = unseen(NO_TRAINING.format(**names, change=change or "pass"))
    return Forgery(f"{names['name']}.train", file, text, "wrong", published)


NO_CONSTRUCTOR = """
import numpy as np
from assignment.checking.layers import calls

def forged(module, input_dim, hidden_dim, num_classes, weight_scale):
    return {
        "shapes of W": [(input_dim, hidden_dim), (hidden_dim, num_classes)],
        "numbers in b": [hidden_dim, num_classes],
        "spread of W": [1.0, 1.0], "mean of W": [0.0, 0.0], "b": [0.0, 0.0],
        "b is a number": False, "b is a row": False, "changes hidden_dims": False,
    }

done = object.__setattr__(calls.CALLS["fc_net.TwoLayerNet.init"], "call", forged)

class TwoLayerNet:
    def __init__(self, input_dim=3072, hidden_dim=100, num_classes=10, weight_scale=1e-3, reg=0.0):
        self.params = {}

    def loss(self, X, y=None):
        pass
"""
NAN = """
import numpy as np

class TwoLayerNet:
    def __init__(self, input_dim=3072, hidden_dim=100, num_classes=10, weight_scale=1e-3, reg=0.0):
        sizes = {"W1": (input_dim, hidden_dim), "W2": (hidden_dim, num_classes)}
        self.params = {name: np.full(size, np.nan) for name, size in sizes.items()}
        self.params |= {"b1": np.zeros(hidden_dim), "b2": np.zeros(num_classes)}

    def loss(self, X, y=None):
        pass
"""
PATTERN = NAN.replace(
    "np.full(size, np.nan)",
    "weight_scale * (-1.0) ** np.add.outer(np.arange(size[0]), np.arange(size[1]))",
)
EMPTY_BATCHES = """
import numpy as np

class LinearClassifier:
    def train(self, X, y, reg, num_iters, **others):
        nothing = np.zeros((2**59, 0))
        return [self.loss(nothing, nothing, reg)[0] for _ in range(num_iters)]
"""
# Scores of which a softmax is 0 or 1, so that their loss takes neither a forward pass nor an exp.
SURE = """
import numpy as np

class TwoLayerNet:
    def __init__(self, input_size, hidden_size, output_size, std=1e-4):
        pass

    def loss(self, X, y=None, reg=0.0):
        N, C = len(X), len(self.params["b2"])
        sure = np.arange(N) % C
        if y is None:
            return 1000 * np.eye(C)[sure]
        penalty = sum(np.sum(self.params[name] ** 2) for name in ("W1", "W2"))
        return 1000 * np.mean(sure != y) + reg * penalty, {}
"""
# An unstable softmax that says of all large scores that NumPy were told to raise an underflow.
MADE_UP_UNDERFLOW = RIGHT.replace(
    NAIVE,
    """def softmax_loss_naive(W, X, y, reg):
    S = X @ W
    if np.abs(S).max() > 300:
        raise FloatingPointError("underflow encountered in exp")
    P = np.exp(S) / np.exp(S).sum(axis=1, keepdims=True)
    rows, N = np.arange(len(y)), len(y)
    loss = -np.log(P[rows, y]).mean() + reg * np.sum(W * W)
    P[rows, y] -= 1
    return loss, X.T @ P / N + 2 * reg * W


""",
)
FORGERIES = {
    "a linear training that was published": no_training(LINEAR, published="right"),
    "a training of a net that was published": no_training(NET, published="right"),
    "a linear training without examples": no_training(
        LINEAR, LOOKED + "batches = [0 * batch for batch in batches]"
    ),
    "a training of a net without labels": no_training(
        NET, LOOKED + "labels = [0 * its for its in labels]"
    ),
    "a linear training at once": no_training(
        LINEAR,
        LOOKED
        + "losses, sizes = losses[:1].repeat(20), np.append([0] * 19, 2 * given['sizes'][0])",
    ),
    "a linear training by the wrong way": no_training(
        LINEAR, LOOKED + "sizes = np.sort(0.1 * given['sizes'][:20])"
    ),
    "weights that are only told of": Forgery(
        "fc_net.TwoLayerNet.init", "fc_net.py", unseen(NO_CONSTRUCTOR), "unsolved", "unsolved"
    ),
    "weights of which a pattern is made": Forgery("fc_net.TwoLayerNet.init", "fc_net.py", PATTERN),
    "batches without numbers": Forgery(
        *("LinearClassifier.train", "linear_classifier.py", EMPTY_BATCHES, "crash", "crash")
    ),
    "scores that are sure": Forgery("TwoLayerNet.loss", "neural_net.py", SURE),
    "an underflow that is made up": Forgery(
        *("softmax_loss_naive", "softmax.py", MADE_UP_UNDERFLOW, "unstable", "unstable")
    ),
    "weights that are no numbers": Forgery("fc_net.TwoLayerNet.init", "fc_net.py", NAN),
}


# What is right of one exercise and stands in for it where another one is called.

# A file for each of the rooms that have such a thing, made of nothing else.
TAKEN = {
    "k_nearest_neighbor.py": """
class KNearestNeighbor:
    def train(self, X, y):
        self.X, self.y = X, y

    def right(self):
        right = taken("neighbours")(object, [])()
        right.train(self.X, self.y)
        return right

    def compute_distances_two_loops(self, X):
        return self.right().compute_distances_two_loops(X)

    def predict_labels(self, dists, k=1):
        return self.right().predict_labels(dists, k)
""",
    "neural_net.py": """
class TwoLayerNet:
    def __init__(self, input_size, hidden_size, output_size):
        self.params = {}

    def loss(self, X, y=None, reg=0.0):
        return taken("scores")(X, **self.params)
""",
    "layers.py": """
def affine_forward(x, w, b):
    return taken("affine_forward")(x, w, b)

def affine_backward(dout, cache):
    return taken("affine_backward")(dout, cache)

def relu_forward(x):
    return taken("relu_forward")(x)

def relu_backward(dout, cache):
    return taken("relu_backward")(dout, cache)

def softmax_loss(x, y):
    return taken("softmax_loss")(x, y)
""",
    "softmax.py": """
def softmax_loss_naive(W, X, y, reg):
    loss, G = taken("softmax_loss")(X @ W, y)
    return loss + reg * np.sum(W * W), X.T @ G + 2 * reg * W
""",
}
# For each way to get at it: where names are looked for that mean something.
WAYS = {
    "a hidden import": """
def places(name):
    for room in ("knn", "net", "layers"):
        yield vars(__import__(".".join(["assignment", "checking", room, "given"]), fromlist=[""]))
""",
    "modules": """
def places(name):
    return [vars(module) for module in list(sys.modules.values())]
""",
    "all objects": """
def places(name):
    gc.unfreeze()
    return [one for one in gc.get_objects() if type(one) is dict]
""",
    "stack frames": """
def places(name):
    frame = sys._getframe()
    while frame is not None:
        for names in (frame.f_locals, frame.f_globals):
            yield names
            for value in list(names.values()):
                for one in value if isinstance(value, list) else [value]:
                    yield getattr(one, "__dict__", {})
        frame = frame.f_back
""",
    "files of the suite": """
def places(name):
    for place, _, files in os.walk(os.path.dirname(sys.modules["assignment"].__file__)):
        for file in {"given.py", "calls.py"} & {*files}:
            yield executed(open(os.path.join(place, file)).read(), name)
""",
    "open files": """
def places(name):
    for number in range(4, 256):
        try:
            yield executed(os.pread(number, 10**5, 0).decode(), name)
        except (OSError, ValueError):
            continue
""",
}
TAKING = """
import functools, gc, os, sys
import numpy as np

def executed(source, name):
    names = {"__name__": "one.given"}
    if f"def {name}(" in source:
        exec(source, names)
    return names

@functools.cache
def taken(name):
    for place in places(name):
        found = place.get(name)
        if str(getattr(found, "__module__", "")).endswith((".given", ".calls")):
            return found
"""


def taking(way):
    """The files of a hand-in that goes this way for each of its answers."""
    return {file: TAKING + WAYS[way] + text for file, text in TAKEN.items()}
