"""What lies in folders of hand-ins: whose each is, by its name, and when it was handed in.

Names as bulk downloads have them:

- Canvas, lib/content_zipper.rb (2026): sortable name in small letters, LATE if it was, number of
  the student or anon_..., number of the file, its name: doejane_LATE_12345_678_softmax.zip
- Moodle 3.1 to 5.1, mod/assign/classes/downloader.php: a folder "Full Name_12345_assignsubmission_
  file", until 4.1 with one more _; or, without folders, files whose names begin like that. The
  number is the one of "Participant 12345" in the grading worksheet.
- Gradescope's export (2023 to 2026): folders submission_12345678; whose each is, and when it was
  handed in, says the file submission_metadata.yml beside them

The times of files tell when they were handed in only where no course system has packed them: in
Canvas and Moodle (files/classes/local/archive_writer/zip_writer.php) all have that of the download.
"""

import hashlib
import os
import re
import stat
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from assignment.checking.printed import visible
from assignment.checking.submission.collect import PYTHON
from assignment.checking.submission.unpack import COPIES, PACKED
from assignment.checking.submission.year import KNOWN

SYSTEMS = {
    "moodle": re.compile(r"(?P<name>.+?)_(?P<id>\d+)_assignsubmission_file(?:_(?P<file>.*))?"),
    "canvas": re.compile(
        r"(?:(?!LATE_)(?P<name>\w+?)_)?(?P<late>LATE_)?(?P<id>\d+|anon_[a-zA-Z0-9]+)_\d+_(?P<file>.+\..+)"
    ),
    "gradescope": re.compile(r"(?P<name>submission_(?P<id>\d+))"),
}
NO_FILES = re.compile(r".+_\d+_assignsubmission_onlinetext_?.*")  # of Moodle: a text beside them
MOST_FILES = 5_000  # of which the time is looked at
METADATA = "submission_metadata.yml"  # of Gradescope
LATEST = 253_402_300_799  # the last second that a date can tell, at the end of 9999


@dataclass(frozen=True)
class HandedIn:
    """One hand-in: a folder, an archive, a notebook, a file; or several files of one student.

    key : a name for its results that no other one has, of letters that any system takes
    paths : tuple of Path; place : the first of them, as it is told
    student : by the name of the file, or that name; number : the student's, in a course system
    system : canvas, moodle, gradescope or "" ; late : whether the system says so
    email, time : of the student, and in seconds since 1970, where the system says so
    """

    key: str
    paths: tuple
    student: str
    number: str = ""
    system: str = ""
    late: bool = False
    email: str = ""
    time: int | None = None

    @property
    def place(self):
        return visible(self.paths[0].as_posix())

    @property
    def is_dated(self):
        """Whether it is known when it was handed in: the course system or its files say so."""
        return self.time is not None or not self.system

    def absolute(self):
        """Its paths, for a process that has another working folder."""
        return [os.path.abspath(path) for path in self.paths]

    def looked_at(self):
        """(when it was handed in, a mark that any change of its files changes).

        That is in seconds since 1970, of its newest file where no course system says it.
        """
        seen = sorted(set(_seen(self.paths)))
        return self.time or newest(seen), hashlib.sha256(repr(seen).encode()).hexdigest()[:32]


def collect(folders, out):
    """Each hand-in below some folders, in the order of their names.

    Parameters
    ----------
    folders : list of Path
    out : Path of the results, which are no hand-in

    Returns
    -------
    list of HandedIn, list of the names of what is none

    Raises
    ------
    ValueError : a folder is none, or is a hand-in itself, or what tells whose each is is damaged
    """
    groups, passed = {}, []
    for folder in folders:
        if not folder.is_dir():
            raise ValueError(f"{folder} is not a folder. Please name one that holds hand-ins.")
        if own := [name for name in KNOWN if (folder / name).is_file()]:
            raise ValueError(
                f"{folder} is a hand-in itself, for {own[0]} lies in it: name the folder above it, "
                "or use check --submission."
            )
        submitters = _submitters(folder / METADATA)
        for path in sorted(folder.iterdir()):
            if path.name == METADATA and submitters:
                continue
            if COPIES.fullmatch(path.name) or path.resolve() in (out, *out.parents):
                continue
            if not _may_be_one(path) or NO_FILES.fullmatch(path.name):
                passed.append(visible(path.as_posix()))
                continue
            system, found = _owner(path)
            whose = (system, found["id"]) if system else ("", path)
            found |= {key: value for key, value in submitters.get(path.name, {}).items() if value}
            groups.setdefault(whose, (found, []))[1].append(path)
    return _named(groups), passed


def own_name(path):
    """The name that a student gave a file, before a course system wrote theirs before it."""
    _, found = _owner(path)
    return found.get("file") if path.is_file() and found.get("file") else path.name


def students_in(folder):
    """Whose hand-ins lie in a folder, by the names that course systems give them."""
    found = [
        owner["name"] or owner["id"] for system, owner in map(_owner, _within(folder)) if system
    ]
    return sorted(set(found))


def _within(folder):
    return folder.iterdir() if folder.is_dir() and not folder.is_symlink() else ()


def _may_be_one(path):
    if path.is_symlink() or path.is_dir():  # a link is told to be one
        return True
    return path.is_file() and bool(PACKED.fullmatch(path.name) or PYTHON.fullmatch(path.name))


def _owner(path):
    """(course system, what the name tells), of a name that is none of theirs ("", its stem)."""
    for system, pattern in SYSTEMS.items():
        if found := pattern.fullmatch(path.name):
            return system, {"late": None, **found.groupdict()}
    packed = re.sub(r"(?i)\.(zip|tar|tar\.\w+|tgz|py|ipynb|txt)$", "", path.name)
    return "", {"name": packed if path.is_file() else path.name, "id": "", "late": None}


def _submitters(path):
    """Who handed in which folder, and when, by Gradescope's file; nobody, if it is not there.

    Ruby has written it, a key such as :sid for each symbol, at times with a line "..." between two
    submissions, which PyYAML takes no further document after. What students made their programs
    print stands in it as well: all is read as text, and nothing more.

    Returns
    -------
    dict from names of folders to dict with name, sid, email: those of a group together; and time
    """
    import yaml  # which takes a while

    if path.is_symlink() or not path.is_file():
        return {}
    try:
        data = re.sub(rb"(?m)^\.\.\.$", b"---", path.read_bytes())
        loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)  # ten times as fast
        told = [pair for some in yaml.load_all(data, loader) for pair in (some or {}).items()]
        return {folder: _of_group(about) for folder, about in told if ":submitters" in about}
    except (yaml.YAMLError, AttributeError, RecursionError, TypeError, ValueError) as error:
        told = f"{path} is not as Gradescope writes it: export the submissions anew, or remove it."
        raise ValueError(told) from error


def _of_group(about):
    """What is told of those who handed in together."""
    people = about[":submitters"] or []
    columns = {
        key: ", ".join(filter(None, (visible(one.get(f":{key}", "")) for one in people)))
        for key in ("name", "sid", "email")
    }
    return {**columns, "time": _seconds(about.get(":created_at", ""))}


def _seconds(text):
    """Since 1970, of a time as Ruby writes it: 2026-04-26 17:34:00.861687000 Z; None of no time."""
    try:
        time = datetime.fromisoformat(re.sub(" (?=[-+Z])", "", text))
    except ValueError:
        return None
    return int((time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp())


def _named(groups):
    """HandedIn, each with a key of its own: that of another hand-in does not change it."""
    keys = {}
    for whose, (found, _) in groups.items():
        name = (found["name"] or "").removesuffix(f"_{found['id']}")
        plain = re.sub(r"[^\w.-]+", "-", f"{name}-{found['id']}", flags=re.ASCII)
        keys[whose] = plain.strip("-.")[:80] or "hand-in"
    taken = [key.casefold() for key in keys.values()]
    named = []
    for whose, (found, paths) in groups.items():
        key = keys[whose]
        if taken.count(key.casefold()) > 1:
            key += "-" + hashlib.sha256(os.fsencode(paths[0].absolute())).hexdigest()[:8]
        student = visible(found["name"] or found["id"]) or key  # a name need not be UTF-8
        named.append(
            HandedIn(
                *(key, tuple(paths), student, found.get("sid") or found["id"], whose[0]),
                *(bool(found["late"]), found.get("email", ""), found.get("time")),
            )
        )
    return sorted(named, key=lambda one: one.key)


def newest(seen):
    """The time of the newest of some files, in whole seconds that a date can tell."""
    return min(max((0, *(time // 10**9 for _, time, _ in seen))), LATEST)


def _seen(paths):
    """(name, nanoseconds of the last change, size) of the files of a hand-in, wherever it lies."""
    for path in paths:
        yield _about(path, path.parent)
        count = 0
        for place, folders, files in os.walk(path):  # follows no links
            folders[:] = sorted(name for name in folders if not COPIES.fullmatch(name))
            count += len(files)
            if count > MOST_FILES:
                break
            yield from (_about(Path(place, name), path.parent) for name in sorted(files))


def _about(path, home):
    name = os.fspath(path.relative_to(home))
    try:
        about = path.lstat()
    except OSError:
        return name, 0, 0
    is_file = stat.S_ISREG(about.st_mode)  # a folder's own time changes when it is copied
    return name, about.st_mtime_ns if is_file else 0, about.st_size * is_file
