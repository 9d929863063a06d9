"""Where each statement comes from: every row of `data/`, every model and every paragraph of a notebook, with its tag.

A tag is the id of a source in `data/sources.toml`; or MODEL, where a cell or a test shows it; or OWN, our own judgement or wording,
where there is nothing to look up. It stands beside what it is about:

    a row of data   source = "tdx-v6" in the row; or, for all rows of a file or by section, `source` at the file's top
    a text in C     source: linux-recipes, a line of the comment at its head
    a model         SOURCES = ("tdx-v6",) in its module, several where it draws on several
    a paragraph     <!-- source: tdx-v6 --> as the last line of its Markdown

A source says in `checked` how it was checked (read, run, inferred) and in `read_in` which module or kernel that was; a row that differs
says so itself, in the same words.
"""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tdxkit.facts import data_path, load_json, load_toml, notebooks_path

OWN, MODEL = "own", "model"
TAGS = ("source", "checked", "read_in")  # what a row, or a file for its rows, says of where it comes from
CHECKED = ("read", "run", "inferred")
TAG = re.compile(r"<!-- source: (\S+) -->")
AT_ITS_HEAD = re.compile(r"^ \* source: (\S+)$", re.MULTILINE)  # of a text in C
# Files of data/ that have no rows: what stands in them is somebody's, or made up by us as a whole.
WHOLE = {
    "practice.mbox": OWN,
    "practice-pairs.mbox": OWN,
    "practice-pairs-v2.mbox": OWN,
    "practice-pairs-v3.mbox": OWN,
    "review-mail.eml": OWN,
    "write-your-own.c": OWN,
    "traces/kvm_msr.trace": "kvm-msr-trace",
    "traces/second.trace": OWN,
    "traces/layout-variants.trace": "trace-layouts",
}
WRITTEN_FROM = {  # C beside a design: what the step-by-step program that it was written from rests on
    "tdx-rfc-v1": "v1", "tdx-v2-00": "v2 lazy", "tdx-v3": "v3 v3-unoptimised inc-first per-region", "tdx-v4": "v4 v4-unoptimised", "tdx-v5": "v5 v5-unoptimised",
    "tdx-v6": "v6 v6-unoptimised", "tdx-after-v6": "after-v6", "tdx-rfc-v1-review": "minus-one minus-one-repaired", "x86-tso": "two-flags two-flags-fenced",
    "linux-memattr": "memattr-before", "snp-lockup-v2": "memattr-after",
}  # fmt: skip
WHOLE |= {f"designs/{name}.c": source for source, names in WRITTEN_FROM.items() for name in names.split()}
# What a row of a list goes by, the first that it has; its number where it has none.
NAMES = ("name", "id", "domain", "n")
# What says something to nobody who looks a thing up: headings, the wrappers of a fold, the way to the next notebook.
SILENT = re.compile(
    r"#{1,6} .*|</?(?:details|div)[^>]*>(?:<summary>.*</summary>)?|<summary>.*</summary>|\*\*Next:\*\* .*"
)


class Place(NamedTuple):
    """Something that is said, where it is said, and what it rests on. `source`: a tag, "" where there is none."""

    place: str
    source: str
    checked: str = ""
    read_in: str = ""


class Paragraph(NamedTuple):
    """A block of Markdown between blank lines, with the tags that stand in it; `silent`: it needs none."""

    text: str
    tags: tuple[str, ...]
    silent: bool


def tags() -> set[str]:
    """Every tag there is."""
    return {OWN, MODEL, *load_toml("sources.toml")}


def places() -> Iterator[Place]:
    """All of them: data, models, notebooks."""
    yield from _data()
    yield from _models()
    for path in notebooks():
        yield from _notebook(path)


def notebooks() -> list[Path]:
    """The notebooks, in order; none where somebody took them out."""
    return sorted(notebooks_path().glob("*.ipynb"))


def paragraphs(text: str) -> list[Paragraph]:
    """A Markdown cell as blocks. A list, a table and a fenced text are one block each, whatever is in them."""
    blocks: list[list[str]] = [[]]
    fence = ""
    for line in text.splitlines():
        mark = line.lstrip()[:3]
        if mark in ("```", "~~~"):
            fence = "" if mark == fence else fence or mark
        if line.strip() or fence:
            blocks[-1].append(line)
        else:
            blocks.append([])
    return [_paragraph(lines) for lines in blocks if lines]


def _paragraph(lines: list[str]) -> Paragraph:
    end = len(lines)
    while end and TAG.fullmatch(lines[end - 1]):
        end -= 1
    found = tuple(TAG.sub(r"\1", line) for line in lines[end:])
    return Paragraph("\n".join(lines[:end]), found, all(SILENT.fullmatch(line) for line in lines[:end]))


def _place(where: str, source: object, checked: str | None = None, read_in: str | None = None) -> Place:
    """A place with what its source says of itself, unless the row says otherwise."""
    known = source if isinstance(source, str) else ""
    entry = {"checked": "run"} if known == MODEL else load_toml("sources.toml").get(known, {})
    return Place(where, known, checked or entry.get("checked", ""), read_in or entry.get("read_in", ""))


def _data() -> Iterator[Place]:
    folder = data_path("sources.toml").parent
    for path in sorted(p for p in folder.rglob("*") if p.is_file() and p.suffix != ".txt" and p.name != "sources.toml"):
        name = path.relative_to(folder).as_posix()
        if path.suffix in (".toml", ".json"):
            yield from rows(f"data/{name}", load_toml(name) if path.suffix == ".toml" else load_json(name))
        else:
            yield _place(f"data/{name}", WHOLE.get(name) or _at_its_head(path))


def _at_its_head(path: Path) -> str:
    """What a text in C says that it rests on; "" where it says nothing."""
    found = AT_ITS_HEAD.search(path.read_text(encoding="utf-8").partition("*/")[0]) if path.suffix == ".c" else None
    return found[1] if found else ""


def rows(name: str, file: dict) -> Iterator[Place]:
    """The rows of a data file: each entry of a list of tables, and everything else at its top."""
    for section, value in file.items():
        if section in (*TAGS, "about"):
            continue
        above = {key: given.get(section) if isinstance(given := file.get(key), dict) else given for key in TAGS}
        listed = isinstance(value, list) and bool(value) and all(isinstance(row, dict) for row in value)
        for number, row in enumerate(value if listed else [value], 1):
            called = next((row[key] for key in NAMES if key in row), number) if listed else ""
            own = {key: row[key] for key in TAGS if isinstance(row, dict) and key in row}
            yield _place(f"{name} {section} {called}".rstrip(), **above | own)


def _models() -> Iterator[Place]:
    package = _package()
    for path in sorted(package.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        if "\nSOURCES = " in text or "\nFidelity card\n" in text:
            where = f"tdxkit/{path.relative_to(package).as_posix()}"
            yield from (_place(where, source) for source in sources_of(text) or [""])


def sources_of(text: str) -> tuple[str, ...]:
    """SOURCES of a module, read off its text: nothing is imported."""
    for node in ast.parse(text).body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "SOURCES":
            return tuple(ast.literal_eval(node.value))
    return ()


def _notebook(path: Path) -> Iterator[Place]:
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] == "markdown":
            said = [part for part in paragraphs("".join(cell["source"])) if not part.silent]
            for number, part in enumerate(said, 1):
                yield _place(f"notebooks/{path.stem} {cell['id']} {number}", " ".join(part.tags))


def _package() -> Path:
    return Path(__file__).resolve().parent
