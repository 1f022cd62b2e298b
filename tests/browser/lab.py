"""JupyterLab as a student has it: a checkout of their own, `make lab`, a browser."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from assignment.checking.stubs import write_stubs

ROOT = Path(__file__).resolve().parents[2]
TOKEN = "student"
MINUTES_OF_A_LESSON = 5  # a limit: it takes less than one
# What JupyterLab asks of the web at its first start has no place in a test.
SETTINGS = {
    "@jupyterlab/apputils-extension/notification": {
        "fetchNews": "false",
        "checkForUpdates": False,
        "doNotDisturbMode": True,
    }
}


def checkout(folder):
    """The project as it is now in a folder of its own, but nothing solved; .venv is shared."""
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listing, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for name in filter(None, names.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    write_stubs(folder / "assignment")
    (folder / ".venv").symlink_to(ROOT / ".venv")
    return folder


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@contextlib.contextmanager
def make_lab(project, home, theme="JupyterLab Light"):
    """The address of a JupyterLab that `make lab` has started in a project.

    project, home : folders; home holds all that Jupyter keeps of a user
    theme : "JupyterLab Light" or "JupyterLab Dark"
    """
    settings = SETTINGS | {"@jupyterlab/apputils-extension/themes": {"theme": theme}}
    for name, values in settings.items():
        file = home / "settings" / f"{name}.jupyterlab-settings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(values), encoding="utf-8")
    port = free_port()
    arguments = (
        f"--no-browser --port={port} --ServerApp.port_retries=0 --IdentityProvider.token={TOKEN} "
        "--expose-app-in-browser"
    )
    environment = {key: value for key, value in os.environ.items() if "MAKE" not in key} | {
        "HOME": str(home),
        "PYTHONPATH": str(project),  # and not the project that .venv was made for
        "LAB_ARGS": arguments,
        "IPYTHONDIR": str(home / "ipython"),
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "JUPYTERLAB_SETTINGS_DIR": str(home / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces"),
    }
    log = home / "lab.log"
    with log.open("w") as output:
        server = subprocess.Popen(
            # .venv belongs to ROOT: make is not to set it up anew for the checkout.
            ["make", "lab", "--assume-old=.venv/ready-{}.{}".format(*sys.version_info)],
            cwd=project,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        wait_until_answers(f"http://127.0.0.1:{port}/api", server, log)
        yield f"http://127.0.0.1:{port}/lab/tree/notebooks?reset&token={TOKEN}"
    finally:
        with contextlib.suppress(ProcessLookupError):  # it did not start
            os.killpg(server.pid, signal.SIGTERM)
            try:
                server.wait(timeout=20)
            except subprocess.TimeoutExpired:
                os.killpg(server.pid, signal.SIGKILL)


def wait_until_answers(url, server, log, seconds=60):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=5):
            return
        if server.poll() is not None:
            break
        time.sleep(0.2)
    raise RuntimeError(f"make lab did not start:\n{log.read_text()}")


class Notebook:
    """A notebook that is open in JupyterLab. Facts come from its model: the page may lag behind."""

    def __init__(self, page, name):
        """Open it from the file browser, as people do, and wait for its kernel."""
        self.page = page
        for item in f"{name}.ipynb".split("/"):
            page.locator(".jp-DirListing-item", has_text=item).dblclick()
        page.wait_for_function(
            """name => {
                const panel = jupyterapp.shell.currentWidget;
                return panel?.context?.path.endsWith(name + ".ipynb") && panel.context.isReady
                    && panel.sessionContext.kernelDisplayStatus === "idle";
            }""",
            arg=name,
        )

    def run_all(self):
        """Run, Run All Cells in the menu; returns when the kernel has done everything."""
        self.page.evaluate(
            """() => {
                window.ran = false;
                const done = () => window.ran = true;
                jupyterapp.commands.commandExecuted.connect((_, command) => {
                    if (command.id === "runmenu:run-all") command.result.then(done, done);
                });
            }"""
        )
        self.page.get_by_role("menuitem", name="Run", exact=True).click()
        self.page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
        self._wait_until_run(MINUTES_OF_A_LESSON)

    def run(self, index):
        """Run one cell."""
        self.page.evaluate(
            """index => {
                window.ran = false;
                const done = () => window.ran = true;
                const { content } = jupyterapp.shell.currentWidget;
                content.deselectAll();
                content.activeCellIndex = index;
                jupyterapp.commands.execute("notebook:run-cell").then(done, done);
            }""",
            index,
        )
        self._wait_until_run(1)

    def _wait_until_run(self, minutes):
        self.page.wait_for_function(
            """() => window.ran
                && jupyterapp.shell.currentWidget.sessionContext.kernelDisplayStatus === "idle"
            """,
            timeout=60_000 * minutes,
        )

    def cells(self):
        """All cells as nbformat has them: cell_type, source, execution_count, outputs."""
        return self.page.evaluate(
            "() => jupyterapp.shell.currentWidget.content.model.sharedModel.toJSON().cells"
        )

    def show(self, index):
        """Scroll to a cell; returns the locator of its element."""
        self.page.evaluate(
            """async index => {
                const { content } = jupyterapp.shell.currentWidget;
                content.activeCellIndex = index;
                await content.scrollToItem(index, "start");
            }""",
            index,
        )
        return self.page.locator(f'.jp-Notebook .jp-Cell[data-windowed-list-index="{index}"]')

    def photograph(self, folder, height=4000):
        """Pictures of the whole notebook, from top to bottom, in a window that is high."""
        shutil.rmtree(folder, ignore_errors=True)
        panel = self.page.locator(".jp-NotebookPanel:visible .jp-WindowedPanel-outer")
        small = self.page.viewport_size
        self.page.set_viewport_size({"width": small["width"], "height": height})
        for number in range(1, 100):
            panel.evaluate(f"panel => panel.scrollTop = {(number - 1)} * panel.clientHeight")
            self.page.wait_for_timeout(200)  # cells come into being as they come into view
            panel.screenshot(path=folder / f"{number:02d}.jpg", type="jpeg", quality=80)
            if panel.evaluate("it => it.scrollTop + it.clientHeight >= it.scrollHeight - 1"):
                break
        self.page.set_viewport_size(small)

    def close(self):
        """Save, shut the kernel down and close the tab."""
        self.page.evaluate(
            """async () => {
                const panel = jupyterapp.shell.currentWidget;
                await panel.context.save();
                await panel.sessionContext.shutdown();
                panel.close();
            }"""
        )


def edit(page, file, text):
    """Open a file in JupyterLab's editor, put a text in its place and save it; then go back."""
    page.evaluate(
        """async ({ file, text }) => {
            const { commands, shell } = jupyterapp;
            const notebook = shell.currentWidget;
            const editor = await commands.execute("docmanager:open", { path: file });
            await editor.context.ready;
            editor.context.model.sharedModel.setSource(text);
            shell.activateById(editor.id);
            await commands.execute("docmanager:save");
            shell.activateById(notebook.id);
        }""",
        {"file": file, "text": text},
    )
