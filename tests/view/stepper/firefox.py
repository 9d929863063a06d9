"""Debian's Firefox, headless, driven over WebDriver BiDi: the protocol that it speaks by itself, without a driver beside it."""

import json
import re
import shutil
import subprocess
import tempfile

import websocket

PATH = shutil.which("firefox-esr") or shutil.which("firefox")
KEYS = {"Home": "\ue011", "End": "\ue010", "ArrowRight": "\ue014", "ArrowLeft": "\ue012"}


class Firefox:
    """A context manager; `open` a page, then ask it by `js` and press keys."""

    def __enter__(self) -> "Firefox":
        self.profile = tempfile.TemporaryDirectory(prefix="tdxkit-firefox-")
        options = ["--headless", "--no-remote", "--profile", self.profile.name, "--remote-debugging-port", "0"]
        self.process = subprocess.Popen([PATH, *options], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        address = next(found[0] for line in self.process.stderr if (found := re.search(r"ws://\S+", line)))
        self.socket = websocket.create_connection(f"{address}/session", suppress_origin=True, timeout=60)
        self.number = 0
        self.ask("session.new", capabilities={})
        self.context = self.ask("browsingContext.create", type="tab")["context"]
        return self

    def __exit__(self, *_) -> None:
        self.socket.close()
        self.process.terminate()
        self.process.wait(20)
        self.process.stderr.close()
        self.profile.cleanup()

    def ask(self, method: str, **parameters) -> dict:
        """What the browser answers; RuntimeError where it refuses."""
        self.number += 1
        self.socket.send(json.dumps({"id": self.number, "method": method, "params": parameters}))
        while (answer := json.loads(self.socket.recv())).get("id") != self.number:
            pass  # an event
        if answer["type"] == "error":
            raise RuntimeError(f"{method}: {answer['message']}")
        return answer["result"]

    def open(self, url: str, width: int = 1180, height: int = 760) -> None:
        """Show a page, and wait until a stepper is mounted on it."""
        size = {"width": width, "height": height}
        self.ask("browsingContext.setViewport", context=self.context, viewport=size)
        self.ask("browsingContext.navigate", context=self.context, url=url, wait="complete")
        self.js("""new Promise(done => {
            const look = () => document.querySelector('.tdx-controls') ? done(true) : setTimeout(look, 20);
            look(); })""")

    def js(self, expression: str):
        """The value of an expression; of a promise what it comes to."""
        target = {"context": self.context}
        result = self.ask("script.evaluate", expression=expression, target=target, awaitPromise=True)
        if result["type"] == "exception":
            raise RuntimeError(result["exceptionDetails"]["text"])
        return result["result"].get("value")

    def press(self, *keys: str) -> None:
        """Press keys, one after the other."""
        strokes = [{"type": kind, "value": KEYS.get(key, key)} for key in keys for kind in ("keyDown", "keyUp")]
        keyboard = {"type": "key", "id": "keyboard", "actions": strokes}
        self.ask("input.performActions", context=self.context, actions=[keyboard])
