"""A route of docs/teaching.md, or the reviewer's of 00, walked through: does it add up, and how long do its cells run?

    python tools/dry_run.py                  # every route, and what each of its sections runs
    python tools/dry_run.py --sections       # every section of every notebook, each in a kernel of its own
    python tools/dry_run.py --reviewer       # the five cells that 00 sends a reviewer to, each after its notebook's first cell

Each section is run in a fresh kernel after the notebook's first cell, as somebody runs it who goes there directly. Reading, steps, questions and tasks take
what tdxkit.lessons.minutes says; the run time that is measured comes on top. Exit code 1 where a section fails or a route does not add up.
"""

import argparse
import json
import re
import sys
import time
from collections.abc import Container, Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tdxkit.lessons.minutes import sections  # noqa: E402
from tdxkit.lessons.notebooks import Lesson, lesson_of, lessons  # noqa: E402

GUIDE = ROOT / "docs" / "teaching.md"
HEAD = re.compile(r"(?m)^## (.*)$")
ROW = re.compile(
    r"(?m)^\| (\d+):(\d\d) \| (\d+) \| (?:\[(\d\d) · (.+?)\]\(\.\./notebooks/([\w.-]+)#cell-id=([\w-]+)\))? *\| (.*) \|$"
)
LENGTH = re.compile(r"^(?:(\d+) minutes|Half a day|A day)")
WHOLE = {"Half a day": 240, "A day": 480}  # minutes
CELL = re.compile(r"(?m)^\| (\d+) \| \[(\d\d), (.+?)\]\([\w.-]+#cell-id=([\w-]+)\) \|")
REVIEWER = 20  # minutes
WAITS = "raises-exception"  # the tag of a cell whose exercise is not done


class Stop(NamedTuple):
    """A row of a route. clock, minutes; number, title, cell: of a section, "" for a break or the like."""

    clock: int
    minutes: int
    number: str
    title: str
    cell: str


def routes(text: str) -> Iterator[tuple[str, int, list[Stop]]]:
    """The routes of a guide: their heading, how long the room has, their rows."""
    parts = HEAD.split(text)[1:]
    for title, body in zip(parts[::2], parts[1::2]):
        rows = [
            Stop(int(h) * 60 + int(m), int(took), number, name, cell)
            for h, m, took, number, name, _, cell, _ in ROW.findall(body)
        ]
        if rows and (found := LENGTH.match(title)):
            yield title, int(found[1] or 0) or WHOLE[found[0]], rows


def faults(text: str) -> Iterator[str]:
    """What does not add up in a guide, a line each."""
    for title, whole, rows in routes(text):
        at = 0
        for row in rows:
            if row.clock != at:
                yield f"{title}: {row.title or 'a row'} begins at {row.clock} minutes, and what is before it ends at {at}"
            at = row.clock + row.minutes
            if row.number:
                found = {one.at: one for one in sections(lesson_of(row.number).read())}.get(row.cell)
                if found is None or (found.title, found.stated) != (row.title, row.minutes):
                    yield f"{title}: {row.number} · {row.title}, {row.minutes} minutes, is no section of {row.number} that says so"
        if whole - at < 10:
            yield f"{title}: it takes {at} of {whole} minutes; at least ten are to spare"


def reviewers() -> list[tuple[int, str, str, str]]:
    """The cells that 00 sends a reviewer to: minutes, number of the notebook, what it is, id."""
    text = "\n".join("".join(cell["source"]) for cell in lesson_of("00").read()["cells"])
    return [(int(minutes), number, what, cell) for minutes, number, what, cell in CELL.findall(text)]


def ran(lesson: Lesson, ids: Container[str]) -> tuple[float, str]:
    """The seconds that cells run in a fresh kernel after the notebook's first cell, and the first error ("": none)."""
    import nbformat
    from nbclient import NotebookClient

    notebook = nbformat.reads(json.dumps(lesson.read()), 4)
    notebook.cells = [one for one in notebook.cells if one.cell_type == "code" and (one.id == "tools" or one.id in ids)]
    begin = time.perf_counter()
    NotebookClient(notebook, timeout=120, allow_errors=True, resources={"metadata": {"path": str(ROOT)}}).execute()
    took = time.perf_counter() - begin
    for cell in notebook.cells:
        for one in cell.outputs:
            if one.output_type == "error" and WAITS not in cell.metadata.get("tags", ()):
                return took, f"{cell.id}: {one.ename}: {one.evalue}"
    return took, ""


def main(arguments: list[str]) -> int:
    """Walk through the routes, or through every section; 1 where something is wrong."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])  # type: ignore[union-attr]
    parser.add_argument("--sections", action="store_true", help="every section of every notebook instead")
    parser.add_argument("--reviewer", action="store_true", help="the five cells that 00 sends a reviewer to, instead")
    args = parser.parse_args(arguments)
    wrong = list(faults(GUIDE.read_text(encoding="utf-8")))
    if args.reviewer:
        whole = 0.0
        for minutes, number, what, cell in reviewers():
            took, error = ran(lesson_of(number), {cell})
            wrong += [f"{number}, {what}: {error}"] if error else []
            whole += minutes
            print(f"  {minutes:3} min, runs {took:4.1f} s  {number}, {what}", flush=True)
        wrong += [f"the reviewer's cells have {whole:.0f} minutes, and not {REVIEWER}"] if whole != REVIEWER else []
    elif args.sections:
        for lesson in lessons():
            for section in sections(lesson.read()):
                took, error = ran(lesson, section.cells)
                wrong += [f"{lesson.name}, {section.title}: {error}"] if error else []
                print(f"{lesson.number}  {took:5.1f} s  {section.title}  {error}", flush=True)
    else:
        for title, whole, rows in routes(GUIDE.read_text(encoding="utf-8")):
            print(f"{title} ({whole} minutes)")
            run, reads = 0.0, 0.0
            for row in rows:
                if not row.number:
                    reads += row.minutes
                    continue
                lesson = lesson_of(row.number)
                section = next(one for one in sections(lesson.read()) if one.at == row.cell)
                took, error = ran(lesson, section.cells)
                run, reads = run + took, reads + section.adds_up
                wrong += [f"{title}: {row.number} · {row.title}: {error}"] if error else []
                print(
                    f"  {row.minutes:3} min, adds up to {section.adds_up:4.1f}, runs {took:4.1f} s  {row.number} · {row.title}",
                    flush=True,
                )
            print(
                f"  all: {reads:.1f} min by words, steps, questions and tasks, and {run / 60:.1f} min of running: {whole - reads - run / 60:.1f} to spare"
            )
    print("\n".join(wrong) or "it adds up")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
