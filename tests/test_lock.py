"""One lock for every Python: each package has one pin, and nothing that is needed is left out."""

import re
import tomllib
from functools import cache
from importlib import metadata

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from conftest import ROOT

PYTHONS = ["3.11", "3.12", "3.13", "3.14", "3.15"]
# Each Python on each system; of the oldest the first release too, which gets less than the later.
PLACES = [
    {
        "python_version": release.rpartition(".")[0],
        "python_full_version": release,
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
        "extra": "",
        **system,
    }
    for release in ("3.11.0", *(f"{python}.9" for python in PYTHONS))
    for system in (
        {"sys_platform": "linux", "os_name": "posix", "platform_system": "Linux"},
        {"sys_platform": "darwin", "os_name": "posix", "platform_system": "Darwin"},
        {"sys_platform": "win32", "os_name": "nt", "platform_system": "Windows"},
    )
]
LOCK = (ROOT / "requirements.txt").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def holds(requirement, place):
    return requirement.marker is None or requirement.marker.evaluate(place)


def version(pin):
    return next(iter(pin.specifier)).version


@cache
def needs(name, pinned):
    """What an installed package says of itself: what it needs, and for which Pythons it is made."""
    try:
        about = metadata.distribution(name)
    except metadata.PackageNotFoundError:  # of another system
        return [], SpecifierSet()
    if about.version != pinned:  # of another Python
        return [], SpecifierSet()
    made_for = SpecifierSet(about.metadata.get("Requires-Python", ""))
    return [Requirement(line) for line in about.requires or []], made_for


def flaws(lock, wanted):
    """What is wrong with a lock, as sentences.

    Parameters
    ----------
    lock : text of requirements.txt
    wanted : list of str, the dependencies in pyproject.toml
    """
    lines = [line for line in lock.splitlines() if line and line[0] not in "#-"]
    pins = [Requirement(line) for line in lines]
    for pin, line in zip(pins, lines, strict=True):
        if not re.fullmatch(r"[\w.-]+==[\w.]+( ; .*)?", line):
            yield f"{line} is no exact pin"
        elif "python" in str(pin.marker) and all(holds(pin, place) for place in PLACES):
            yield f"{line} holds everywhere without its marker"
        elif not any(holds(pin, place) for place in PLACES):
            yield f"{line} holds nowhere"
    for place in PLACES:
        where = f"on {place['python_full_version']}, {place['sys_platform']}"
        chosen = {}
        for pin in (pin for pin in pins if holds(pin, place)):
            if canonicalize_name(pin.name) in chosen:
                yield f"two pins of {pin.name} {where}"
            chosen[canonicalize_name(pin.name)] = version(pin)
        asked = [("pyproject.toml", Requirement(line)) for line in wanted]
        for name, pinned in chosen.items():
            others, pythons = needs(name, pinned)
            asked += [(name, other) for other in others]
            if place["python_full_version"] not in pythons:
                yield f"{name}=={pinned} is not made for what it is pinned {where}"
        for who, other in asked:
            if holds(other, place):
                pinned = chosen.get(canonicalize_name(other.name))
                if pinned is None or not other.specifier.contains(pinned, prereleases=True):
                    yield f"{who} needs {other}, which the lock has as {pinned} {where}"


def test_every_python_gets_one_pin_of_each_package():
    assert list(flaws(LOCK, PROJECT["dependencies"])) == []


@pytest.mark.parametrize(
    ("old", "new", "flaw"),
    [
        ("tqdm==", "tqdm>=", "is no exact pin"),
        (r"\Z", "tqdm==4.0\n", "two pins of tqdm on 3.11.0, linux"),
        ("tqdm.*\n", "", "pyproject.toml needs tqdm"),
        ("iniconfig.*\n", "", "pytest needs iniconfig"),
        ("iniconfig==.*", "iniconfig==0.1", "pytest needs iniconfig"),
        ("(numpy==.*)>= '3.12'", r"\1>= '3.15'", "needs numpy==2.5.5.* as None on 3.14.9, win32"),
        ("(numpy==.*) ; .*< '3.12'", r"\1", "two pins of numpy on 3.12.9, darwin"),
        ("(tqdm.*)", r"\1 ; python_full_version >= '3.11'", "holds everywhere without its marker"),
        ("(tqdm.*)", r"\1\ntqdm==4.0 ; python_version < '3.9'", "holds nowhere"),
    ],
)
def test_a_lock_that_is_off_is_seen(old, new, flaw):
    spoilt = re.sub(old, new, LOCK, count=1)
    assert any(re.search(flaw, told) for told in flaws(spoilt, PROJECT["dependencies"]))


def test_a_package_that_is_not_made_for_a_python_is_seen(monkeypatch):
    monkeypatch.setitem(globals(), "needs", lambda name, pinned: ([], SpecifierSet(">=3.12")))
    told = list(flaws("tqdm==4.0\n", []))
    assert len(told) == 6 and all(" 3.11." in one for one in told)


def test_ci_runs_every_python():
    workflow = (ROOT / ".github" / "workflows" / "check.yml").read_text(encoding="utf-8")
    tried = re.search(r"python: \[(.*)\]", workflow)[1].split(", ")
    assert tried == [f'"{python}"' for python in PYTHONS]
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert f"on Python {PYTHONS[0]} to {PYTHONS[-1]}" in readme
    assert PROJECT["requires-python"] == f">={PYTHONS[0]}"
