"""A range of commits as the mails that `git format-patch` makes of it, and the files as they were before. git is asked, nothing is written."""

import os
import re
import subprocess
from functools import partial

from tdxkit.c.lexing import MOST_TEXT
from tdxkit.errors import InputError, printable
from tdxkit.review.applied import Before

RANGE = re.compile(r"(?!-)([^\s.][^\s]{0,200}?)\.\.(?!\.)([^\s]{0,200})")
MOST_COMMITS = 200
SECONDS = 60


def is_range(name: str) -> bool:
    """Is it written like a range of commits, `A..B` or `A..`, and no file is called so?"""
    return bool(RANGE.fullmatch(name)) and not os.path.lexists(name)


def mails_of(name: str) -> bytes:
    """The patches of a range, oldest first. InputError where git does not know it, or it is too long."""
    count = _git(name, "rev-list", "--count", "--no-merges", "--end-of-options", name).strip()
    if not count.isdigit() or not 0 < int(count) <= MOST_COMMITS:
        said = f"it has {int(count):,} commits" if count.isdigit() else "git counts no commits in it"
        raise InputError(
            printable(name), f"{said}, and 1 to {MOST_COMMITS} are read", "give a range such as main..topic"
        )
    merges = _git(name, "rev-list", "--count", "--merges", "--end-of-options", name).strip()
    if merges != b"0":
        raise InputError(printable(name), f"there are {merges.decode()} merges in it, and what they change themselves is in no patch", "give a range of one side, or rebase it")  # fmt: skip
    mails = _git(name, "-c", "diff.noprefix=false", "-c", "diff.mnemonicPrefix=false", "format-patch", "--stdout", "--no-color", "--no-ext-diff", "--no-binary", "--end-of-options", name)  # fmt: skip
    return mails


def before_range(name: str) -> Before:
    """The files before the first commit of a range; None for one that was not there."""
    found = RANGE.fullmatch(name)
    assert found
    return partial(_shown, found[1])


def _shown(commit: str, path: str) -> str | None:
    try:
        data = _git(commit, "show", "--end-of-options", f"{commit}:{path}")
    except InputError:
        return None
    return data.decode("utf-8", "surrogateescape") if len(data) <= 10 * MOST_TEXT else None


def _git(name: str, *words: str) -> bytes:
    """What git says. InputError where it is not there or does not know."""
    try:
        done = subprocess.run(
            ["git", *words], capture_output=True, timeout=SECONDS, check=False, stdin=subprocess.DEVNULL
        )
    except FileNotFoundError:
        raise InputError(printable(name), "a range of commits is asked of git, which is not installed", "give the mails: git format-patch --stdout") from None  # fmt: skip
    except subprocess.TimeoutExpired:
        raise InputError(printable(name), f"git did not answer in {SECONDS} s", "give a shorter range") from None
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise InputError(printable(name), f"git says: {printable(said[0] if said else 'nothing', 200)}", "give a range that git log knows, or the mails in a file")  # fmt: skip
    return done.stdout
