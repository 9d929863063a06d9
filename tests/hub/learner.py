"""A learner of the room's hub without a browser: the login form, a server, a kernel, cells."""

import json
import ssl
import time
import urllib.error
import urllib.parse
import urllib.request
from http.cookiejar import CookieJar
from pathlib import Path
from uuid import uuid4

import websocket


class Learner:
    """One who logs in at `base` and works there; every call is bounded. trusts: the certificate that the server has to have, beside those of the system."""

    def __init__(self, base: str, name: str, password: str, trusts: Path | None = None):
        self.base, self.name, self.password = base, name, password
        self.jar = CookieJar()
        self.tls = ssl.create_default_context(cafile=trusts)
        handlers = urllib.request.HTTPCookieProcessor(self.jar), urllib.request.HTTPSHandler(context=self.tls)
        self.opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), *handlers)

    def ask(self, path: str, data: bytes | None = None, method: str | None = None, timeout: float = 60, **headers):
        """(status, address in the end, body) of a request with this learner's cookies."""
        request = urllib.request.Request(self.base + path, data=data, method=method, headers=headers)
        try:
            with self.opener.open(request, timeout=timeout) as answer:
                return answer.status, answer.url, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.url, error.read()

    def xsrf(self, path: str = "/hub/") -> str:
        """The token of the cookie that belongs to a path."""
        found = [one for one in self.jar if one.name == "_xsrf" and path.startswith(one.path)]
        return max(found, key=lambda one: len(one.path)).value if found else ""

    def login(self, **given: str | None) -> int:
        """The status after the form was sent; given: other fields, None for one left out."""
        self.ask("/hub/login")
        fields = {"username": self.name, "password": self.password, "_xsrf": self.xsrf()} | given
        form = {name: value for name, value in fields.items() if value is not None}
        status, url, _ = self.ask("/hub/login", urllib.parse.urlencode(form).encode(), timeout=120)
        return status if "/login" not in url or status != 200 else 403

    def start(self, patience: float = 180) -> float:
        """Ask for the server, wait until it answers as this learner's; the seconds that took."""
        begin = time.monotonic()
        while time.monotonic() - begin < patience:
            self.ask(f"/hub/spawn/{self.name}", timeout=patience)  # one that is there already is led to
            self.ask(f"/user/{self.name}/lab", timeout=patience)  # by way of the hub, which says who this is
            status, url, body = self.ask(f"/user/{self.name}/api/status", timeout=patience)
            if status == 200 and url.endswith("/api/status") and body.startswith(b"{"):
                return time.monotonic() - begin
            time.sleep(0.5)
        raise TimeoutError(f"{self.name}: no server after {patience:.0f} s")

    def api(self, method: str, path: str, body: object = None) -> tuple[int, object]:
        """A call of the learner's own server."""
        data = json.dumps(body).encode() if body is not None else None
        token = self.xsrf(f"/user/{self.name}/")
        status, _, answer = self.ask(f"/user/{self.name}/api/{path}", data, method, **{"X-XSRFToken": token})
        try:
            return status, json.loads(answer or b"null")
        except ValueError:
            return status, None

    def kernel(self) -> "Kernel":
        """A kernel of one's own."""
        status, made = self.api("POST", "kernels", {"name": "python3"})
        if status != 201:
            raise ConnectionError(f"{self.name}: a kernel was refused with {status}")
        return Kernel(self, made["id"])


class Kernel:
    """A kernel that was started, or one by its id."""

    def __init__(self, learner: Learner, name: str):
        self.name, self.learner = name, learner
        cookies = "; ".join(
            f"{one.name}={one.value}" for one in learner.jar if f"/user/{learner.name}/".startswith(one.path)
        )
        address = f"{learner.base}/user/{learner.name}/api/kernels/{name}/channels".replace("http", "ws", 1)
        self.line = websocket.create_connection(
            address, cookie=cookies, timeout=120, http_no_proxy=["127.0.0.1"], sslopt={"context": learner.tls}
        )

    def run(self, code: str, patience: float = 120) -> tuple[str, str]:
        """(ok, error or aborted; what was printed, or the error's name and words)."""
        mine, begin, said, status = uuid4().hex, time.monotonic(), [], ""
        head = {"msg_id": mine, "msg_type": "execute_request", "username": "", "session": mine, "version": "5.3"}
        content = {"code": code, "silent": False, "store_history": False, "user_expressions": {}, "allow_stdin": False}
        self.line.send(
            json.dumps({"header": head, "parent_header": {}, "metadata": {}, "channel": "shell", "content": content})
        )
        idle = False
        while not (status and idle):
            if time.monotonic() - begin > patience:
                raise TimeoutError(f"{self.learner.name}: a cell went on for {patience:.0f} s")
            raw = self.line.recv()
            if isinstance(raw, bytes):
                continue
            message = json.loads(raw)
            if message["parent_header"].get("msg_id") != mine:
                continue
            kind, content = message["msg_type"], message["content"]
            if kind == "stream":
                said.append(content["text"])
            elif kind == "error":
                said.append(f"{content['ename']}: {content['evalue']}")
            elif kind == "execute_reply":
                status = content["status"]
            elif kind == "status":
                idle = content["execution_state"] == "idle"
        return status, "".join(said)
