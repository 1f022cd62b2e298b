"""Where the suite is published: it stands in pyproject.toml, and is written from there elsewhere.

Until it is known, README.md shows no badge that would lead nowhere.
"""

import re
import tomllib
from pathlib import Path

from assignment.given import files

ROOT = Path(__file__).resolve().parents[2]
NOBODY = "_owner_"  # a name that nobody can have
ADDRESS = re.compile(r"https://github\.com/(?P<owner>[\w-]+)/(?P<suite>[\w.-]+?)/?")
IN_PYPROJECT = re.compile(r'(?<=^Repository = ")[^"]*', re.MULTILINE)
IN_NOTEBOOK = re.compile(r'OWNER, SUITE = \\"[^"]*\\", \\"[^"]*\\"')
IN_README = re.compile(r"(?<=<!-- badges -->\n).*?(?=<!-- end of badges -->)", re.DOTALL)
ON_COLAB = re.compile(r"(?<=your files are in `)[^`/]+(?=/assignment`)")
UNKNOWN = (
    "(Badges stand here once it is published: `python -m assignment address URL` writes them.)\n"
)


def known(root=ROOT):
    """(owner, name) of the repository, by pyproject.toml."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    found = ADDRESS.fullmatch(project["urls"]["Repository"])
    return found["owner"], found["suite"]


def write(address=None, root=ROOT):
    """Write the address of the suite into every file that has it.

    Parameters
    ----------
    address : str, https://github.com/OWNER/NAME; without one, what pyproject.toml says

    Returns
    -------
    list of Path, the files that were changed

    Raises
    ------
    ValueError : it is no such address
    """
    pyproject = root / "pyproject.toml"
    text = pyproject.read_text(encoding="utf-8")
    address = address or tomllib.loads(text)["project"]["urls"]["Repository"]
    found = ADDRESS.fullmatch(address)
    if found is None:
        raise ValueError(f"{address} is no address such as https://github.com/OWNER/NAME.")
    owner, suite = found["owner"], found["suite"]
    cell = rf'OWNER, SUITE = \\"https://github.com/{owner}\\", \\"{suite}\\"'
    texts = {pyproject: IN_PYPROJECT.sub(f"https://github.com/{owner}/{suite}", text)}
    notebooks = sorted((root / "notebooks").rglob("*.ipynb"))
    for path in notebooks:
        texts[path] = IN_NOTEBOOK.sub(cell, path.read_text(encoding="utf-8"))
    readme = root / "README.md"
    badges = UNKNOWN if owner == NOBODY else "".join(_badges(owner, suite, notebooks))
    text = IN_README.sub(badges, readme.read_text(encoding="utf-8"))
    texts[readme] = ON_COLAB.sub(suite, text)
    changed = [path for path, new in texts.items() if path.read_text(encoding="utf-8") != new]
    for path in changed:
        files.write(path, texts[path].encode())
    return changed


def _badges(owner, suite, notebooks):
    """Lines of README.md: each lesson in Colab, and all in Binder."""
    to = f"https://colab.research.google.com/github/{owner}/{suite}/blob/main"
    for path in notebooks:
        there = path.as_posix()[path.as_posix().rindex("/notebooks/") :]
        yield f"[![open {path.stem} in Colab](.github/colab.svg)]({to}{there}) {path.stem}\n"
    to = f"https://mybinder.org/v2/gh/{owner}/{suite}/HEAD?urlpath=lab/tree/notebooks"
    yield f"[![open on Binder](.github/binder.svg)]({to}) all\n"
