"""Print the path of a Chromium that runs, for the browser tests; install one where there is none.

$CHROMIUM; else one on PATH; else Playwright's own build, downloaded when need be; else, as root on Debian, its package.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tdxkit.commands.doctor import find_chromium

HOW = "install Chromium, or set CHROMIUM=/path/to/it, or leave the browser tests out with BROWSER=0"


def runs(path: str) -> bool:
    """True when this browser starts; a downloaded one may lack the system's libraries."""
    try:
        return subprocess.run([path, "--version"], capture_output=True, timeout=60).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def playwrights_own() -> str:
    """Where Playwright keeps its build, installed or not."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        return playwright.chromium.executable_path


def attempt(*command: str, seconds: int = 600) -> bool:
    """Run an installer, its words to stderr; False when it fails or takes too long."""
    say(" ".join(Path(word).name for word in command))
    try:
        return subprocess.run(command, stdout=sys.stderr, timeout=seconds).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def install() -> str:
    """A browser where there was none; empty when no way led to one."""
    own = playwrights_own()
    if runs(own) or (attempt(sys.executable, "-m", "playwright", "install", "chromium") and runs(own)):
        return own
    if getattr(os, "geteuid", lambda: 1)() == 0 and shutil.which("apt-get"):
        attempt("apt-get", "-qq", "update")
        if attempt("apt-get", "-qq", "install", "-y", "--no-install-recommends", "chromium", "fonts-dejavu-core"):
            return find_chromium()
    return ""


def say(what: str) -> None:
    """To stderr: stdout is for the path alone."""
    print(f"browser: {what}", file=sys.stderr, flush=True)


def main() -> int:
    """Print the path, or the one line that says how to get one."""
    if named := os.environ.get("CHROMIUM"):
        path = find_chromium()
        if not path or not runs(path):
            say(f"CHROMIUM={named} does not run; {HOW}")
            return 1
    else:
        path = find_chromium() or install()
        if not path or not runs(path):
            say(f"none found and none could be installed; {HOW}")
            return 1
    print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
