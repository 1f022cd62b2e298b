"""Where somebody's files are: in a folder, an archive, a notebook or a single file.

Of several folders that hold some of the known files, one that is no blank and no backup by its
name wins, then the one with most of them, then the one nearest to the top; other folders give only
files that no folder before them has. What is passed over is told. Since 2021 layers.py and optim.py
lie one folder above the others: such a folder and the one below it count as one.
"""

import ast
import functools
import re
from collections import defaultdict
from pathlib import Path

from assignment.checking.stubs import SOLUTIONS, blanks, make_stub
from assignment.checking.submission import names, read
from assignment.checking.submission.collect import PYTHON, Collection, bytes_of, text_of
from assignment.checking.submission.names import ASIDE, NEAR
from assignment.checking.submission.needed import as_asked
from assignment.checking.submission.reference import has_marks, is_reference, is_suite, refusal
from assignment.checking.submission.unpack import NoHandIn
from assignment.checking.submission.year import KNOWN, LATER_FILES, year_of

OTHER_ASSIGNMENTS = re.compile(r"(?:assignment|homework|hw)[ _-]*[2-9]\b", re.IGNORECASE)
ABOVE = ("layers.py", "optim.py")
CAMEL = re.compile(r"\bdef [a-z]+[A-Z]")
NAMED = 5  # things that a sentence lists, before it says how many more there are


class HandIn:
    """What somebody hands in, and the known files in it.

    files : dict from the name of a file to the Path it is read from
    year : Year, whose files they are
    left_out : list of str, folders and files that hold some of them and were passed over
    notes : list of str, sentences on what was taken, and why

    Raises
    ------
    NoHandIn : there is nothing of that name, or it cannot be opened
    """

    def __init__(self, path):
        if not str(path).strip():
            raise NoHandIn("--submission needs a name: a folder, an archive, a notebook or a file.")
        path = Path(path)
        self.files, self.left_out = {}, []
        self._collection = Collection(path)
        self._known = self._collection.files
        self.notes = self._collection.notes
        self._shown = {str(found.path): str(found) for found in self._known}
        self._is_own_reference = path.is_dir() and path.resolve() == SOLUTIONS
        self._homes = self._find_homes()
        self._holders = self._rank()
        self._passed = self._take()
        self._others = self._by_content()
        self._tell_of_other_names()
        self.year = year_of({name: text_of(path) for name, path in self.files.items()})
        self._pass_over()

    def close(self):
        """Remove what has been unpacked."""
        if self._collection:
            self._collection.close()

    def __getstate__(self):
        return {**vars(self), "_collection": None}  # whoever reads it elsewhere removes nothing

    @property
    def found(self):
        """All files that were looked at, as a list of Found."""
        return self._known

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()

    # What is taken.

    def _find_homes(self):
        """The folder that each file counts to: for layers.py and optim.py the one below theirs."""
        below = {found.holder for found in self._known if found.means not in (None, *ABOVE)}
        homes = {}
        for found in self._known:
            inside = [folder for folder in below if folder.parent == found.holder != folder]
            inside = [folder for folder in inside if folder.name == "classifiers"] or inside
            is_above = found.means in ABOVE and len(inside) == 1 and found.holder not in below
            homes[found.path] = inside[0] if is_above else found.holder
        return homes

    def _rank(self):
        """(folder as it is told, dict from a name of the five to what it is there), best first."""
        near = defaultdict(lambda: defaultdict(list))
        for found in self._known:
            if found.means and found.level < ASIDE:
                near[self._homes[found.path]][found.means].append(found)
        holders = []
        for holder, kinds in near.items():
            files = {name: best for name, some in kinds.items() if (best := _best(name, some))}
            if files:
                holders.append((holder, files))
        return sorted(holders, key=lambda holder: [rank for rank, _ in self._ranks(*holder)])

    def _ranks(self, place, files):
        """(rank, why this is taken and not what is left) of a folder, the weightiest first."""
        found, text = files.values(), place.as_posix()
        return (
            (self._is_reference(files), "{left} is the reference"),
            (
                all(has_marks(text_of(each.path)) for each in found),
                "{left} is a copy of the reference solution by its marks",
            ),
            (_are_blank(files), "{left} holds no answers"),
            (
                not any(is_suite(each.path.parent) for each in found),
                "it is where the suite keeps the five files",
            ),
            (OTHER_ASSIGNMENTS.search(text) is not None, "{left} is of another assignment"),
            (names.is_aside(text), "{left} is a backup or a test by its name"),
            (-len(files), "it holds {taken} of the files and {left} {of_left}"),
            (sum(each.level for each in found), "its files have the very names"),
            (len(place.parts), "it is nearer to the top"),
            (text, "it comes first by its name"),
        )

    def _is_reference(self, files):
        """Whether a folder is that of the reference solution."""
        return not self._is_own_reference and any(
            is_reference(found.path.parent) for found in files.values()
        )

    def _take(self):
        """Fill `files`; returns the folders that were passed over."""
        passed = []
        for holder, files in self._holders:
            if self.files and not self._goes_on(holder, files):
                passed.append(holder)
            else:
                self.files = {name: found.path for name, found in files.items()} | self.files
        return passed

    def _goes_on(self, holder, files):
        """Whether a folder has more of the hand-in that has been found so far, and no other one."""
        shared = self.files.keys() & files.keys()
        if self._is_reference(files) or not shared:
            # The later files of another assignment do not complete an old net of this one.
            is_later = files.keys() <= LATER_FILES.keys() and "neural_net.py" in self.files
            return not self._is_reference(files) and not is_later
        if shared == files.keys() or names.is_aside(holder.as_posix()):
            return False
        alike = all(bytes_of(files[name].path) == bytes_of(self.files[name]) for name in shared)
        return alike or _are_blank(files)

    def _by_content(self):
        """Files of other names, and notebooks, that define what is asked for; with what they do.

        A file that such a one alone defines is taken from there.
        """
        others = {
            found.path: defined
            for found in self._known
            if self._may_hold(found) and (defined := self._definitions(found.path))
        }
        for name in KNOWN:
            if name in LATER_FILES and "neural_net.py" in self.files:
                continue
            holding = [path for path, defined in others.items() if _hold(name, path, defined)]
            holding = holding or [
                found.path
                for found in self._known
                if found.path.suffix == ".py"
                and found.path not in others
                and self._may_hold(found)
                and _says(found.path, _defined(name))
                and _is_broken(found.path)
            ]  # whose error is told
            if name not in self.files and (path := _first(holding)):
                self.files[name] = path
        if not self.files:
            self._take_aside()
        return others

    def _take_aside(self):
        """Where nothing else is there, a word in a name may be that of somebody called Old."""
        for name in KNOWN:
            some = [
                found.path
                for found in self._known
                if (found.means, found.level) == (name, ASIDE)
                and PYTHON.fullmatch(found.path.name)
                and not is_reference(found.path.parent)
                and _says(found.path, _defined(name))
            ]
            if path := _first(some):
                self.files[name] = path
                self.notes.append(
                    f"{self.shown(path)} is taken, though it is a backup or a test by its name: "
                    "nothing else is there."
                )

    def _may_hold(self, found):
        """Whether a file may hold an answer, whatever its name says."""
        if self._collection.is_single:
            return True
        return not (
            names.is_aside(str(found))
            or is_reference(found.path.parent)
            or self._homes[found.path] in self._passed
            or (found.means in self.files and self.files[found.means] != found.path)
            or not PYTHON.fullmatch(found.path.name)
        )

    def _tell_of_other_names(self):
        """In one sentence, what answers to names that are asked for, though it has others."""
        found = []
        for name, path in self.files.items():
            if CAMEL.search(text_of(path)):
                others = sorted(self._definitions(path))
                found += [(path, other) for other in others if _is_asked(name, other)]
        if found:
            (path, first), more = found[0], len(found) - 1
            asked = ".".join([*first.split(".")[:-1], as_asked(first.rpartition(".")[2])])
            told = f" So it is with {more} more." if more else ""
            self.notes.append(
                f"Names are written otherwise here: {first} in {self.shown(path)} is taken for "
                f"{asked}.{told}"
            )

    def _pass_over(self):
        """Tell what holds some of the five, and was not taken."""
        taken = set(self.files.values()) | self._others.keys()
        stray = [
            str(found)
            for found in self._known
            if found.path not in taken
            and self._homes[found.path] not in self._passed
            and _holds(found)
        ]
        self.left_out = [holder.as_posix() for holder in self._passed] + stray
        passed = [(holder, f) for holder, f in self._holders if holder in self._passed]
        hand_ins = [holder for holder, files in passed if not self._is_reference(files)]
        if hand_ins:
            told = ", nor ".join(_cut([_place(holder) for holder in hand_ins]))
            why = self._why(hand_ins[0])
            self.notes.append(f"There is more than one hand-in: this is not {told}. {why}")
        for holder, files in passed:
            if self._is_reference(files):
                told = f"{_place(holder)} is the reference solution, which is not graded."
                self.notes.append(told)
        if stray:
            self.notes.append(f"Passed over: {listed(stray)}.")

    def _why(self, passed):
        """Why the first folder was taken, and not this one."""
        (first, taken), files = self._holders[0], dict(self._holders)[passed]
        pairs = zip(self._ranks(first, taken), self._ranks(passed, files), strict=True)
        reason = next(why for (a, why), (b, _) in pairs if a != b)
        place, left = _place(first), _place(passed)
        reason = reason.format(left=left, taken=len(taken), of_left=len(files))
        newest = [max(_time(found.path) for found in some.values()) for some in (taken, files)]
        newer = f" ({left} has the newer files.)" if newest[1] > newest[0] + 60 else ""
        return f"{place[:1].upper()}{place[1:]} is taken, since {reason}.{newer}"

    def _definitions(self, path):
        """Which of the known functions and classes a file defines, with their methods."""
        if not _says(path):
            return set()
        try:
            return definitions(read.read(path)[0])
        except Exception:  # whatever it is, it is no Python
            return set()

    def has(self, exercise):
        """Whether the function of an exercise is defined in the file that it belongs into."""
        path = self.files.get(exercise.file)
        return path is not None and exercise.called.partition(".")[0] in {
            name.partition(".")[0] for name in self._definitions(path)
        }

    def sources(self, exercise):
        """Where an exercise may be written, the most likely place first."""
        first = [self.files[exercise.file]] if exercise.file in self.files else []
        others = [
            path
            for path, defined in self._others.items()
            if exercise.called in defined
            and path not in first
            and _hold(exercise.file, path, defined)
        ]
        for notebook in (False, True):
            some = [path for path in others if read.is_notebook(path) == notebook]
            first += [path for path in (_first(some),) if path]
        return first

    # What is told.

    def shown(self, path):
        """A file as it is told: its path in what was handed in."""
        return self._shown.get(str(path), path.name)

    def told(self, name):
        """The name of a file, or of a cell in it, as it is told."""
        if name in self.files:
            return self.shown(self.files[name])
        for path in [*self.files.values(), *self._others]:
            if name == path.name or name.startswith(f"{path.name}, cell "):
                return self.shown(path) + name.removeprefix(path.name)
        return name

    def remark(self, sources, number):
        """That one place of several was taken, and why; None where there is nothing to say."""
        first, taken = self.shown(sources[0]), self.shown(sources[number])
        if number:
            return f"taken from elsewhere: {taken} has it, and {first} only a blank or nothing"
        if len(sources) > 1:
            others = [self.shown(path) for path in sources[1:]]
            return f"written twice: {first} counts, and not {listed(others)}"
        return None

    def absence(self, file):
        """That there is no such file, and what there is instead."""
        holders = {found.holder for found in self._known if found.path in self.files.values()}
        likely, others = [], []
        for found in self._known:
            if found.path in self.files.values() or is_reference(found.path.parent):
                continue
            counts = not self.files or _says(found.path, _defined(file))
            if counts and read.is_notebook(found.path) and _is_broken(found.path):
                return f"{found} cannot be read as a notebook: download it again."
            if found.means == file:
                likely.append(str(found))
            elif not found.means and found.shown.name[0] not in "._":
                if not holders or found.holder in holders or found.path in self._others:
                    others.append(str(found))
        there = likely + others
        if not there:
            return f"There is no {file}."
        return f"There is no {file}; there {'is' if len(there) == 1 else 'are'} {listed(there)}."

    def refusal(self, exercise, path):
        """Why what a file says to an exercise is not graded, in a sentence, or None."""
        if self._is_own_reference:
            return None
        try:
            some, tree = read.parts(path), read.read(path)[0]
        except Exception:  # what is wrong with it is told when it is run
            some, tree = [read.Part(str(path), text_of(path))], ast.Module([], [])
        return refusal(some, tree, exercise, path.parent, self._told_part)

    def _told_part(self, file):
        """The name of a part of a file, as it is told."""
        name, cell = re.fullmatch(r"(.*?)((?:, cell \d+)?)", file, re.DOTALL).groups()
        return self.shown(Path(name)) + cell


def find_files(folder):
    """The dict from the names of the known files to their paths; what is not there is left out.

    For a folder in which nothing is packed: what has been unpacked is there as long as a HandIn.
    """
    return HandIn(folder).files


def listed(things):
    """ "a, b and c"; of many only some."""
    *some, last = _cut(things)
    return f"{', '.join(some)} and {last}" if some else last


def _cut(things):
    more = len(things) - NAMED
    return [*things[:NAMED], *([f"{more} more"] if more > 0 else [])]


def _place(holder):
    return "the top folder" if holder == Path() else holder.as_posix()


def _time(path):
    try:
        return (path if path.exists() else path.parent).stat().st_mtime
    except OSError:
        return 0.0


def definitions(tree):
    """Names of functions, classes and methods that the top of a tree defines."""
    found = set()
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        if isinstance(node, ast.ClassDef):
            found |= {f"{node.name}.{m.name}" for m in node.body if isinstance(m, ast.FunctionDef)}
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Attribute):
            found.add(ast.unparse(node.targets[0]))
    return found


def _best(name, some):
    """The nearest of the candidates for one file; a name that is only near has to hold it, too."""
    nearest = min(found.level for found in some)
    best = [found for found in some if found.level == nearest]
    if nearest == NEAR:
        best = [found for found in best if _says(found.path, _defined(name))]
    path = _first([found.path for found in best])
    return next((found for found in best if found.path == path), None)


def _are_blank(files):
    """Whether all files of a folder are stubs in which nothing is solved, or hold no answers."""
    return all(_is_blank(name, found.path) for name, found in files.items())


def _is_blank(name, path):
    text, lines = text_of(path), _todo_lines(name)
    stub = bool(lines) and all(line in text for line in lines)
    return stub or not _says(path, _defined(name))


@functools.cache
def _todo_lines(name):
    """The lines that stand in the stub of a file, and in no solution; of ours alone."""
    if name in LATER_FILES:
        return []
    stub = make_stub((SOLUTIONS / name).read_text(encoding="utf-8"))
    return re.findall(r"# TODO .*|raise NotImplementedError\(.*", stub)


def _is_broken(path):
    """Whether a file is no Python, or a notebook cannot be read as one."""
    try:
        read.read(path)
    except SyntaxError:
        return True
    except Exception:  # such as one that is not there
        return False
    return False


def _first(paths):
    """The one path, or the first of several that are equal to the byte; else None."""
    return paths[0] if len({bytes_of(path) for path in paths}) == 1 else None


def _holds(found):
    """Whether a file is a known one by its name, or holds one though its name is odd."""
    if not found.means:
        return False
    return found.level < NEAR or _says(found.path, _defined(found.means))


def _functions_of(file):
    """The functions and methods that are asked for in a file."""
    return set(LATER_FILES[file]) if file in LATER_FILES else set(blanks(file).values())


def _defined(file):
    """The functions and classes that belong into a file."""
    return {function.partition(".")[0] for function in _functions_of(file)}


def _is_asked(file, name):
    """Whether a function of a file is one that is asked for, by a name in camelCase."""
    *owner, last = name.split(".")
    asked = ".".join([*owner, as_asked(last)])
    return asked != name and asked in _functions_of(file)


def _hold(name, path, defined):
    """Whether what a file of another name defines belongs into the known file of that name."""
    if "net" in name and "TwoLayerNet" in defined:  # in both years' files, and made otherwise
        return (name == "fc_net.py") == ("weight_scale" in text_of(path))
    return bool(defined & _defined(name))


def _says(path, defined=None):
    """Whether a file defines one of these, or of all, as far as a look at its text can tell."""
    if defined is None:
        defined = set().union(*map(_defined, KNOWN))
    # In a notebook the lines of a cell may be one string, with "\\n" between them.
    # In camelCase it is said as well.
    names = sorted(re.sub("_", "_?", name) for name in defined)
    pattern = rf"(?:\b|\\[nt])(?:def|class)\s+(?i:{'|'.join(names)})\b"
    return re.search(pattern, text_of(path)) is not None
