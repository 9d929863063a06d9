"""A JupyterLab of our own on loopback, and a page of it in Chromium: what the browser tests and the screenshots drive.

    with Lab(notebooks) as lab, Chromium() as chromium:
        page = chromium.open(lab, "04-refcount-races.ipynb")
        page.run_all()
        page.outside, page.complaints, page.cell_errors()

The server works on a copy of the folder, with configuration, data and settings folders of its own, so that neither the notebooks
nor the user's Lab are touched. Lab is started with its application object exposed to the page: commands are called by their
names (`notebook:run-all-cells`) and waited for, which no menu or label can break.
"""

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import sync_playwright

from tdxkit.commands.doctor import find_chromium
from tdxkit.commands.lab import QUIET
from tools.served import Served

# Every name but loopback is mapped to nothing, so that a request that wants to leave cannot. Its URL is recorded all the same.
CHROMIUM_ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]
SETTINGS = {
    # Every cell stays in the page, so that a test can look at all of them.
    "@jupyterlab/notebook-extension/tracker": {"windowingMode": "none"},
}
START_SECONDS, RUN_SECONDS = 90, 180


class Lab:
    """A Lab server over a copy of `folder`; a context manager. `settings` are Lab's user settings, by plugin."""

    def __init__(self, folder: Path, settings: dict | None = None):
        self.folder, self.settings = Path(folder), SETTINGS | (settings or {})
        self.token = secrets.token_hex(16)

    def __enter__(self) -> "Lab":
        self.home = Path(tempfile.mkdtemp(prefix="tdxkit-lab-"))
        self.root = self.home / "notebooks"
        shutil.copytree(self.folder, self.root, ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
        for plugin, values in self.settings.items():
            file = self.home / "settings" / f"{plugin}.jupyterlab-settings"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(json.dumps(values), encoding="utf-8")
        self.port = free_port()
        self.log = self.home / "lab.log"
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                self._command(), stdout=log, stderr=subprocess.STDOUT, env=self._environment(), cwd=self.home
            )
        try:
            self._wait()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_) -> None:
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.home, ignore_errors=True)

    def _command(self) -> list[str]:
        options = {
            "ServerApp.ip": "127.0.0.1",
            "ServerApp.port": self.port,
            "ServerApp.port_retries": 0,
            "ServerApp.root_dir": self.root,
            "IdentityProvider.token": self.token,
            "LabApp.expose_app_in_browser": True,
            **QUIET,
            "LabApp.user_settings_dir": self.home / "settings",
            "LabApp.workspaces_dir": self.home / "workspaces",
        }
        flags = [f"--{name}={value}" for name, value in options.items()]
        return [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", *flags]

    def _environment(self) -> dict[str, str]:
        folders = {
            f"{name}_DIR": str(self.home / name.lower())
            for name in ("JUPYTER_CONFIG", "JUPYTER_DATA", "JUPYTER_RUNTIME")
        }
        # A server or kernel that wants to go outside meets a closed door, at once.
        walls = dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), "http://127.0.0.1:9")
        return {
            **os.environ,
            **folders,
            **walls,
            "no_proxy": "127.0.0.1,localhost",
            "IPYTHONDIR": str(self.home / "ipython"),
        }

    def _wait(self) -> None:
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end and self.process.poll() is None:
            try:
                self.ask("api/status", seconds=2)
                return
            except OSError:
                time.sleep(0.1)
        raise RuntimeError("JupyterLab did not start:\n" + self.log.read_text(errors="replace")[-4000:])

    def url(self, path: str) -> str:
        """An address on this server, with its token."""
        return f"http://127.0.0.1:{self.port}/{path}{'&' if '?' in path else '?'}token={self.token}"

    def address(self, notebook: str) -> str:
        """Where a notebook opens, in a fresh workspace."""
        return self.url(f"lab/tree/{notebook}?reset")

    def ask(self, path: str, seconds: float = 30):
        """The JSON that the server answers."""
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with direct.open(self.url(path), timeout=seconds) as answer:
            return json.load(answer)


class Chromium:
    """A headless Chromium; a context manager that opens `LabPage`s."""

    def __enter__(self) -> "Chromium":
        path = find_chromium()
        if not path:
            raise RuntimeError("no Chromium: run the tests with make test, or set CHROMIUM=/path/to/it")
        self.playwright = sync_playwright().start()
        try:
            self.browser = self.playwright.chromium.launch(executable_path=path, args=CHROMIUM_ARGS)
        except BaseException:
            self.playwright.stop()
            raise
        return self

    def __exit__(self, *_) -> None:
        self.browser.close()
        self.playwright.stop()

    def open(self, lab: "Lab | Served", notebook: str, **context) -> "LabPage":
        """A fresh browser profile with one notebook open and its kernel ready; `context` goes to Playwright."""
        made = self.browser.new_context(**{"viewport": {"width": 1400, "height": 1000}, **context})
        try:
            return LabPage(made.new_page(), lab, notebook)
        except BaseException:
            made.close()
            raise


class LabPage:
    """One notebook in a Lab page.

    `page` is Playwright's; `outside` the addresses asked for that are not this server's; `complaints` what the console got as errors,
    and uncaught exceptions.
    """

    def __init__(self, page, lab: "Lab | Served", notebook: str):
        self.page, self.lab, self.notebook = page, lab, notebook
        self.outside: list[str] = []
        self.complaints: list[str] = []
        page.on("request", lambda request: self._asked(request.url))
        page.on("websocket", lambda channel: self._asked(channel.url))
        page.on("console", lambda line: self.complaints.append(line.text) if line.type == "error" else None)
        page.on("pageerror", self._failed)
        page.goto(lab.address(notebook))
        page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=START_SECONDS * 1000)
        # The toolbar says "idle" before there is a kernel, and Run All then asks which one to take: wait for the session itself.
        self._panel("await panel.sessionContext.ready; await panel.sessionContext.session.kernel.info;")
        self.until("panel.sessionContext.session?.kernel?.status === 'idle'", START_SECONDS)

    def _failed(self, error) -> None:
        # Lab's list of cells may take a cell's node away twice, where a cell is run that is out of sight; nothing is lost by it.
        if not ("not a child of this node" in str(error) and "/static/lab/jlab_core" in (error.stack or "")):
            self.complaints.append(str(error))

    def _asked(self, url: str) -> None:
        ours = (f"http://127.0.0.1:{self.lab.port}/", f"ws://127.0.0.1:{self.lab.port}/", "data:", "blob:", "about:")
        if not url.startswith(ours):
            self.outside.append(url)

    def _panel(self, script: str):
        """Run JavaScript that knows `app` and `panel`, the notebook's panel, and may await."""
        return self.page.evaluate(
            f"async () => {{ const app = window.jupyterapp, panel = app.shell.currentWidget; {script} }}"
        )

    def until(self, condition: str, seconds: float = 30) -> None:
        """Wait until a JavaScript condition over `app` and `panel` holds."""
        self.page.wait_for_function(
            f"() => {{ const app = window.jupyterapp, panel = app.shell.currentWidget; return {condition}; }}",
            timeout=seconds * 1000,
        )

    def command(self, name: str, **args):
        """Call one of Lab's commands by its id and wait for it."""
        return self._panel(f"await app.commands.execute({json.dumps(name)}, {json.dumps(args)});")

    def run_all(self, seconds: float = RUN_SECONDS) -> float:
        """Run every cell and wait until all is drawn; the seconds that took. Cells that fail are in `cell_errors()`."""
        begin = time.monotonic()
        self.page.set_default_timeout(seconds * 1000)
        self.command("notebook:run-all-cells")
        # The command is over at the first cell that fails, though it may fail; the kernel goes on with the others, and is idle for a moment between two.
        self._panel("await panel.sessionContext.session.kernel.requestExecute({code: '', silent: true}).done;")
        self.until("panel.sessionContext.session.kernel.status === 'idle'", seconds)
        self.until(
            "panel.content.widgets.every(c => c.model.type !== 'code' || c.model.executionState !== 'running')", seconds
        )
        self.until(
            "![...document.querySelectorAll('.jp-OutputArea-output')].some(o => o.innerText.trim() === 'Loading widget...')"
        )
        self.page.set_default_timeout(30_000)
        return time.monotonic() - begin

    def cell_errors(self) -> list[str]:
        """What went wrong in cells: exceptions but an exercise that waits, words on stderr, widgets that did not draw; cell id first."""
        return self._panel("""
            const bad = [];
            for (const cell of panel.content.widgets) {
                if (cell.model.type !== 'code') continue;
                const id = cell.model.id;
                for (const output of cell.model.outputs.toJSON()) {
                    if (output.output_type === 'error' && !output.ename.includes('Unanswered')) bad.push(`${id}: ${output.ename}: ${output.evalue}`);
                    if (output.name === 'stderr') bad.push(`${id}: stderr: ${output.text}`);
                }
                if (cell.model.sharedModel.getSource().trim() && cell.model.executionCount === null) bad.push(`${id}: did not run`);
                if (/Error displaying widget|Click to show javascript error/.test(cell.node.innerText))
                    bad.push(`${id}: a widget did not draw`);
            }
            return bad;
        """)

    def cell(self, cell_id: str):
        """The cell with this id, as a Playwright locator."""
        index = self._panel(f"return panel.content.widgets.findIndex(c => c.model.id === {json.dumps(cell_id)});")
        if index < 0:
            raise KeyError(f"{self.notebook} has no cell {cell_id}")
        return self.page.locator(".jp-Notebook .jp-Cell").nth(index)

    def source(self, cell_id: str) -> str:
        """What stands in a cell, in sight or not."""
        return self._panel(
            f"return panel.content.widgets.find(c => c.model.id === {json.dumps(cell_id)}).model.sharedModel.getSource();"
        )

    def write(self, cell_id: str, source: str) -> None:
        """Put other text into a cell, as a reader would by typing."""
        self._panel(
            f"panel.content.widgets.find(c => c.model.id === {json.dumps(cell_id)})"
            f".model.sharedModel.setSource({json.dumps(source)});"
        )

    def run(self, cell_id: str) -> None:
        """Run one cell and wait for it."""
        self._panel(
            f"panel.content.activeCellIndex = panel.content.widgets.findIndex(c => c.model.id === {json.dumps(cell_id)});"
            "panel.content.deselectAll(); await app.commands.execute('notebook:run-cell');"
        )

    def theme(self, name: str) -> None:
        """Change Lab's theme: `JupyterLab Light` or `JupyterLab Dark`."""
        self.command("apputils:change-theme", theme=name)
        light = "true" if name.endswith("Light") else "false"
        self.until(f"document.body.dataset.jpThemeLight === '{light}'")

    def close(self) -> None:
        """Shut the notebook's kernel down and close the browser profile."""
        try:
            self._panel("await panel.sessionContext.shutdown();")
        except PlaywrightError:
            pass  # the page is gone already; the server ends its kernels with itself
        finally:
            self.page.context.close()


def free_port() -> int:
    """A port of loopback that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
