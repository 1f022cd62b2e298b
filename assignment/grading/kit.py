"""What Gradescope takes as an autograder: a zip with two scripts, and the suite."""

import io
import re
import zipfile
from pathlib import Path

from assignment.given.files import write
from assignment.grading import classroom50

ROOT = Path(__file__).resolve().parents[2]
PARTS = "points.toml", "assignment/**/*", "notebooks/**/*.ipynb"
KIT = Path(__file__).with_name("gradescope")
# Of the locked packages, what grading takes.
NEEDED = (*classroom50.NEEDED, "cloudpickle", "threadpoolctl", "psutil")
LEFT_OUT = re.compile(r"(?:^|/)(?:__pycache__|\..*|results|[^/]*\.kept-\d+)(?:/|$)")


def autograder(path):
    """Write the zip of an autograder for Gradescope (specifications of 2026).

    `setup.sh` and `run_autograder` lie at its root and are executable; grading is seeded anew for
    each hand-in. It holds the answers: no student gets it.

    Parameters
    ----------
    path : Path of the zip
    """
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as kit:
        for script in sorted(KIT.iterdir()):
            about = zipfile.ZipInfo(script.name)
            about.external_attr = 0o100755 << 16
            kit.writestr(about, script.read_bytes())
        kit.writestr("requirements.txt", "\n".join(classroom50.requirements(ROOT, NEEDED)) + "\n")
        for file in sorted(file for pattern in PARTS for file in ROOT.glob(pattern)):
            name = file.relative_to(ROOT).as_posix()
            if file.is_file() and not LEFT_OUT.search(name):
                kit.writestr(zipfile.ZipInfo(name), file.read_bytes())
    write(path, data.getvalue())
    print(f"wrote {path}, for Gradescope: it holds the answers, so it is for nobody else")
