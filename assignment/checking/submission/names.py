"""Names that the known files come under: as browsers, course systems and people write them."""

import re
import unicodedata

from assignment.checking.submission.year import KNOWN

# How far a name is from softmax.py. What is ASIDE is told, but never taken.
EXACT, RENAMED, NEAR, ASIDE = range(4)

# softmax.py.txt, SOFTMAX.PY, softmax.txt
ENDINGS = re.compile(r"(?:\.(?:pyw?|py3|txt|text))+$")
# softmax.py.kept-1, softmax.py.bak, softmax.py~, softmax.orig, .softmax.py.swp
KEPT = re.compile(r"(?:\.pyw?)?(?:[._-](?:kept|bak|backup|old|orig|save|sav|swp|tmp)[-._]?\d*|~)$")
STEMS = {
    "k_nearest_neighbor.py": r"k[\s_.-]*nearest[\s_.-]*neighbou?rs?",
    "linear_svm.py": r"linear[\s_.-]*svm",
    "softmax.py": r"softmax",
    "linear_classifier.py": r"linear[\s_.-]*classifiers?",
    "neural_net.py": r"neural[\s_.-]*net(?:work)?s?",
    "layers.py": r"layers",
    "optim.py": r"optim",
    "fc_net.py": r"fc[\s_.-]*net",
}
STEMS = {file: re.compile(rf"(?<![a-z]){stem}(?![a-z])") for file, stem in STEMS.items()}

# "Copy of softmax.py", "softmax - Kopie (2).py"
COPY_WORDS = {"copy", "copie", "copia", "kopie", "of", "von", "de", "late"}
ASIDE_WORDS = {
    *("old", "bak", "backup", "backups", "orig", "original", "kept", "previous", "prev", "tmp"),
    *("temp", "stub", "stubs", "starter", "skeleton", "template", "blank", "deprecated", "unused"),
    *("archive", "archived", "trash", "wrong", "broken", "test", "tests", "check", "checks"),
}


def likeness(name):
    """Which of the known files a name means, and how near it is.

    Returns
    -------
    (file, EXACT, RENAMED, NEAR or ASIDE), or None if it means none of them, or two
    """
    if name in KNOWN:
        return name, EXACT
    text = unicodedata.normalize("NFKC", name).casefold().strip()
    kept = KEPT.search(text)
    ending = kept or ENDINGS.search(text)
    if ending is None:
        return None
    text = text[: ending.start()]
    means = [(file, found) for file, stem in STEMS.items() if (found := stem.search(text))]
    if len(means) != 1:
        return None
    (file, found), *_ = means
    before, after = text[: found.start()], text[found.end() :]
    if kept or is_aside(f"{before} {after}"):
        return file, ASIDE
    by_system = re.search(r"\d\d", before)  # of Canvas, Moodle, Blackboard: name_12345_678_
    others = words(after if by_system else f"{before} {after}") - COPY_WORDS
    same = found[0] == file.removesuffix(".py")
    return file, NEAR if others or not same else RENAMED


def words(text):
    """The words of a name: of "Old-stuff_2", old and stuff."""
    return set(re.findall(r"[^\W\d_]+", text.casefold()))


def is_aside(text):
    """Whether a name says that this is no hand-in, but a backup or a test of one."""
    return bool(words(text) & ASIDE_WORDS)
