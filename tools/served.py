"""A folder of pages on loopback, as a plain static server gives them: ``python tools/served.py [--port N] FOLDER``. `make site-serve` calls it.

    with Served(Path("dist/site")) as site:
        site.address("00-start-here.ipynb")
        site.log            # what was asked for: path, status, bytes of the answer's body

It sends no headers of its own. Above all not COOP and COEP: behind them the page is isolated, the kernel takes another kind of worker, and three cells of 00 never end.
"""

import argparse
import contextlib
import os
import sys
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote


class Asked(NamedTuple):
    """A request that was answered."""

    path: str
    status: int
    size: int


class Served:
    """The folder, served while the context lasts. port: 0 for one that is free."""

    def __init__(self, folder: Path, port: int = 0):
        self.log: list[Asked] = []
        handler = partial(_Handler, self.log, directory=str(folder))
        self.server = ThreadingHTTPServer(("127.0.0.1", port), handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]

    def __enter__(self) -> "Served":
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_) -> None:
        self.server.shutdown()
        self.server.server_close()

    def url(self, path: str) -> str:
        """An address on this server."""
        return f"http://127.0.0.1:{self.port}/{path}"

    def address(self, notebook: str) -> str:
        """Where a notebook opens in the site's lab."""
        return self.url(f"lab/index.html?path={quote(notebook)}")

    def size(self, since: int = 0) -> float:
        """The megabytes of all answers from the one of that number on."""
        return sum(one.size for one in self.log[since:]) / 1e6


class _Handler(SimpleHTTPRequestHandler):
    def __init__(self, log: list[Asked], *args, **more):
        self.asked, self.status = log, 0
        super().__init__(*args, **more)

    def log_message(self, *_) -> None:
        """Nothing on the terminal."""

    def log_request(self, code="-", size="-") -> None:
        """Remember what the answer is; an answer without a body is told here."""
        self.status = int(code)
        if self.status != 200 or self.command == "HEAD":
            self.asked.append(Asked(self.path, self.status, 0))

    def copyfile(self, source, outputfile) -> None:
        """Send the body."""
        size = os.fstat(source.fileno()).st_size if hasattr(source, "fileno") else 0
        self.asked.append(Asked(self.path, self.status, size))
        super().copyfile(source, outputfile)

    def handle(self) -> None:
        """A browser that goes away is no fault."""
        with contextlib.suppress(ConnectionError):
            super().handle()


def main(arguments: list[str]) -> int:
    """Serve until Ctrl-C; 1 and one line where that cannot be."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])  # type: ignore[union-attr]
    parser.add_argument("folder", type=Path)
    parser.add_argument("--port", type=int, default=8765, help="the port on 127.0.0.1 (8765); 0 for one that is free")
    args = parser.parse_args(arguments)
    if not (args.folder / "index.html").is_file():
        print(f"{args.folder}: no page is there; make site first", file=sys.stderr)
        return 1
    try:
        served = Served(args.folder, args.port)
    except (OSError, OverflowError) as error:
        why = getattr(error, "strerror", None) or error
        print(f"port {args.port}: {why}; name another: make site-serve PORT=8766", file=sys.stderr)
        return 1
    print(f"{served.url('')} (Ctrl-C ends it)", flush=True)
    with contextlib.suppress(KeyboardInterrupt):
        served.server.serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
