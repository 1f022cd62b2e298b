"""Chromium for the tests that look at pages as people do."""

import os
import shutil

import pytest

BROWSERS = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="session")
def browser_type_launch_args():
    """The browser of the system, or the one that CHROMIUM names, instead of a download."""
    path = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        pytest.exit(
            "There is no Chromium: install the package chromium, or name a browser with CHROMIUM.",
            returncode=1,
        )
    return {"executable_path": path}
