"""A reader's copies of the notebooks: brought once, never written over, and a fresh one beside a reader's own.

    bring(folder)               # every notebook that is not there yet; what is there stays as it is
    fresh("04", folder)         # the one that came with this tdxkit, under a name that is free

A notebook says in its first code cell which edition it is, `opened("04", edition=3)`; a copy keeps saying so, whatever its reader writes into it. data/editions.toml
has of each notebook its edition and a digest of what that consists of, so that nobody changes a notebook and forgets to say so (`tools/editions.py`).
"""

import ast
import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from tdxkit.browser import DRIVE, IN_A_BROWSER
from tdxkit.errors import InputError
from tdxkit.facts import load_toml
from tdxkit.lessons.notebooks import FOLDER, lesson_of, lessons

OPENS = "opened"


class Copy(NamedTuple):
    """A notebook in a reader's folder. new: it was brought just now; edition: of the copy, 0 where it says none or cannot be read; newest: of the kit's own."""

    path: Path
    new: bool
    edition: int
    newest: int


def bring(folder: Path) -> Iterator[Copy]:
    """Every notebook into a folder that is made where it is not there, one after the other. InputError where it cannot be written to."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for one in lessons():
            path, newest = folder / f"{one.name}.ipynb", edition_of(one.read())[1]
            new = _written(path, (FOLDER / path.name).read_bytes())
            yield Copy(path, new, newest if new else _edition(path), newest)
    except OSError as error:
        raise _refused(folder, error) from error


def fresh(number: str, folder: Path) -> Path:
    """Where the kit's own copy of a notebook ("04") lies now, beside the reader's. InputError for a notebook that is not there, or a folder that takes none."""
    one = lesson_of(number)
    if IN_A_BROWSER and not DRIVE.is_dir():
        raise InputError("this page", "it has no drive to put a copy on", "open it from https:// or 127.0.0.1")
    text = (FOLDER / f"{one.name}.ipynb").read_bytes()
    edition = edition_of(json.loads(text))[1]
    try:
        for more in ("", *(f"-{k}" for k in range(2, 101))):
            path = folder / f"{one.name}-edition-{edition}{more}.ipynb"
            if _written(path, text) or path.read_bytes() == text:
                return path
    except OSError as error:
        raise _refused(folder, error) from error
    raise InputError(f"folder {folder}", f"it has a hundred copies of notebook {number}", "take some of them away")


def edition_of(notebook: Mapping) -> tuple[str, int]:
    """The number and the edition that a notebook says it is, ("04", 3); ("", 0) where it says none."""
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code" and OPENS in (text := "".join(cell["source"])):
            for call in _calls(text):
                given = [*call.args, *(word.value for word in call.keywords if word.arg == "edition")]
                if len(given) == 2 and all(isinstance(one, ast.Constant) for one in given):
                    number, edition = (one.value for one in given)
                    if isinstance(number, str) and isinstance(edition, int):
                        return number, edition
    return "", 0


def digest_of(notebook: Mapping) -> str:
    """A digest of all that a reader of a notebook meets, but for its edition."""
    number, edition = edition_of(notebook)
    said = f'{OPENS}("{number}", edition={edition})'
    rows = [[cell["id"], cell["cell_type"], "".join(cell["source"]).replace(said, "")] for cell in notebook["cells"]]
    return hashlib.sha256(json.dumps(rows).encode()).hexdigest()[:12]


def recorded(number: str) -> tuple[int, str]:
    """Edition and digest of a notebook as data/editions.toml has them; (0, "") where it has none."""
    row = load_toml("editions.toml").get(number, {})
    return row.get("edition", 0), row.get("digest", "")


def _calls(text: str) -> Iterator[ast.Call]:
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):  # the last two of what nests without end
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == OPENS:
            yield node


def _edition(path: Path) -> int:
    try:
        return edition_of(json.loads(path.read_text(encoding="utf-8")))[1]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return 0


def _written(path: Path, text: bytes) -> bool:
    """Write a file that is not there yet, whole or not at all; False where something of that name is there."""
    try:
        with open(path, "xb") as file:
            try:
                file.write(text)
            except OSError:
                path.unlink()
                raise
    except FileExistsError:
        return False
    return True


def _refused(folder: Path, error: OSError) -> InputError:
    return InputError(
        f"folder {folder}", f"no notebook can be written there ({error.strerror})", "make room, or name another"
    )
