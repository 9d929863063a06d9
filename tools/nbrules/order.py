"""The notebooks as one course: one order, told once in 00 and the same in the README, and every link leads somewhere.

These look at all files at once, so they are no rules of one notebook: `main` of nblint asks them.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path

from tdxkit.lessons.notebooks import MINUTES
from tools.nbrules import Finding, Notebook, cells, prose
from tools.nbrules.shape import NEXT, numbered

LINK = re.compile(r"\[[^\]]*\]\(([^)\s#]*)(?:#([^)\s]+))?[^)]*\)")
ROW = re.compile(r"(?m)^\| \[([^\]]+)\]\((?:notebooks/)?([\w.-]+\.ipynb)\) \| (\d+) \| (.*?) \|$")
MAP = "00-start-here.ipynb"


def dead_links(nb: Notebook, folder: Path) -> Iterator[Finding]:
    """The reader who follows "next: 05" and meets a 404, or a cell that has another id now."""
    for cell_id, text in prose(nb):
        for target, part in LINK.findall(text):
            if re.match(r"[a-z][a-z0-9+.-]*:", target):
                continue
            if target and not (folder / target).exists():
                yield cell_id, f"links to {target}, which is not there"
            elif part:
                wanted = part.removeprefix("cell-id=")
                there = json.loads((folder / target).read_text(encoding="utf-8")) if target else nb
                if part == wanted or wanted not in {one for one, _, _ in cells(there)}:
                    yield (
                        cell_id,
                        f"links to {target}#{part}; a part of a notebook is #cell-id= and the id of a cell that it has",
                    )


def one_order(notebooks: dict[str, Notebook], readme: str) -> Iterator[tuple[str, str]]:
    """The reader who follows the "Next" lines and comes in a circle, and the one who reads 60 in one place and 75 in another. Yields (file, what to mend)."""
    names = [name for name in sorted(notebooks) if numbered(notebooks[name])]
    rows = {name: _row(name, notebooks[name]) for name in names}
    told = "\n".join(text for _, text in prose(notebooks.get(MAP, {"cells": []})))
    for where, text in ((MAP, told), ("README.md", readme)):
        found = {file: (title, int(minutes)) for title, file, minutes, _ in ROW.findall(text)}
        if list(found) != names:
            yield where, "its table has not every notebook once, in the order of their numbers"
        for name in names:
            if name in found and found[name] != rows[name]:
                yield where, f"it says {found[name]} of {name}, which says {rows[name]}"
    before = {file: re.findall(r"\d\d", said) for _, file, _, said in ROW.findall(told)}
    for name, following in zip(names, [*names[1:], MAP]):
        text = "\n".join(text for _, text in prose(notebooks[name]))
        if NEXT.findall(text) != [following]:
            yield name, f"its **Next:** is not {following}"
        own = re.findall(r"\[(\d\d)\]", (re.findall(r"Before: (.*)", text) or [""])[0])
        if own != before.get(name):
            yield name, f"it is to be read after {own}, and {MAP} says {before.get(name)}"
        if late := [one for one in before.get(name, ()) if one >= name[:2]]:
            yield name, f"{late[0]} comes after it and is to be read before"


def _row(name: str, nb: Notebook) -> tuple[str, int]:
    first = "".join(nb["cells"][0]["source"])
    minutes = MINUTES.search(first)
    return first.partition("\n")[0].removeprefix("# "), int(minutes[1]) if minutes else 0
