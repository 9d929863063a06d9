"""The clinic's own evidence: the three series of `data/series.toml`, and a digest written from them in our words.

The digest has the form of a real one, so that the same reader reads both: same heads, tables, subjects, shortlogs, changelogs and
diffstats, with a line of ours where the mail had its prose.
"""

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass

from tdxkit.errors import InputError, printable
from tdxkit.facts import data_path, load_toml
from tdxkit.review.digest import RULE
from tdxkit.review.digest_tables import LIST_TITLE, MESSAGES_TITLE
from tdxkit.text import plural


@dataclass(frozen=True, slots=True)
class Model:
    """Where the workbook runs what a series is about: a notebook, and the command that is its twin."""

    notebook: str
    what: str
    command: str


@dataclass(frozen=True, slots=True)
class Case:
    """One series of the clinic: what it is about, what else its mails state, what to ask of it, and the models that answer.

    changes: what its version changed, where there was one before; found: where it lies, on what it is based, where the version before is.
    """

    id: str
    title: str
    source: str
    about: str
    ask: str
    facts: tuple[str, ...]
    changes: tuple[str, ...]
    found: tuple[str, ...]
    models: tuple[Model, ...]

    def __str__(self) -> str:
        rows = [self.title, textwrap.fill(self.about, 90)]
        rows += [textwrap.fill(fact, 90, initial_indent="  - ", subsequent_indent="    ") for fact in self.facts]
        if self.changes:
            said = "New in this version: " + "; ".join(self.changes) + "."
            rows.append(textwrap.fill(said, 90, initial_indent="  - ", subsequent_indent="    "))
        rows += [f"  {line}" for line in self.found]
        rows.append(f"Ask: {self.ask}")
        rows += [f"  {m.notebook[:2]} · {m.what}: python -m tdxkit {m.command} --help" for m in self.models]
        return "\n".join(rows)


def cases() -> tuple[Case, ...]:
    """The series of the clinic, in the order of the digest."""
    fields = ("id", "title", "source", "about", "ask")
    return tuple(
        Case(
            *(s[f] for f in fields),
            tuple(s["facts"]),
            tuple(s.get("changelog", ())),
            tuple(_found(s)),
            tuple(Model(**m) for m in s["models"]),
        )
        for s in load_toml("series.toml")["series"]
    )


def _found(series: dict) -> Iterator[str]:
    if "branch" in series:
        yield "branch: " + " ".join(series["branch"])
    if "base" in series:
        yield f"based on {series['base']}"
    if "previous" in series:
        yield f"version {series['version'] - 1}: {series['previous']}"


def case(name: str) -> Case:
    """The case with this id; InputError for an id that is not there."""
    found = {one.id: one for one in cases()}
    if name not in found:
        raise InputError(f"case {printable(name)}", "there is no such case", f"take one of {', '.join(found)}")
    return found[name]


def practice_mbox() -> bytes:
    """A small mbox to practise on: two versions of a made-up series, with what goes wrong on a list."""
    return data_path("practice.mbox").read_bytes()


def practice_pairs(version: int = 1) -> str:
    """A made-up series that brings a get and a put of page pairs step by step, to be judged patch by patch. Version 2 has another last patch;
    version 3 has two patches in one, and a change that its cover does not name."""
    name = {1: "practice-pairs.mbox", 2: "practice-pairs-v2.mbox", 3: "practice-pairs-v3.mbox"}.get(version)
    if name is None:
        raise InputError(f"version {printable(str(version))}", "the practice series has three", "take 1, 2 or 3")
    return data_path(name).read_text(encoding="utf-8")


def clinic_digest() -> str:
    """The digest of `data/series.toml`, in the form that the list's own has."""
    data = load_toml("series.toml")
    ends = f"from {data['from']} to {data['to']}"
    rows = [f"From {data['from']} to {data['to']}", f"{data['list']} mailing list update {ends}", ""]
    rows += ["Top 15 contributor Email domains (Based on Email Body)", ""]
    rows += [f"{row['count']:7} {row['domain']}" for row in data["domains"]]
    rows += ["", "Top 15 contributors (Based on Email Body)", ""]
    rows += [f"{row['count']:7}  {_quoted(row['name'])} <{row['email']}>" for row in data["contributors"]]
    rows += ["", LIST_TITLE, "", "", MESSAGES_TITLE, ""]
    for series in data["series"]:
        for post in series["post"]:
            rows += [*_entry(series, post), "", RULE, ""]
    return "\n".join(rows)


def _quoted(name: str) -> str:
    """As a From header has it: a name with a dot is quoted."""
    return f'"{name}"' if "." in name else name


def _entry(series: dict, post: dict) -> list[str]:
    n, titles = post.get("n"), series.get("titles", [])
    title = titles[n - 1] if n else series["title"]
    number = "" if n is None else f" {n:0{series.get('digits', 1)}}/{len(titles)}"
    rows = [f"New:  {title}", f"[{series['prefix']}{number}] {title}"]
    rows += [f"Author: {series['author']} <{series['email']}>", ""]
    if n == 0:
        rows += [*textwrap.wrap(series["about"], 76), "", *_cover(series)]
    else:
        rows += ["(The mail says here why, in its author's words.)", "", *post["trailers"], "---"]
    width = max(len(row[0]) for row in post["rows"])
    digits = max(len(str(row[1])) for row in post["rows"])
    rows += [f" {path:{width}} | {count:{digits}} {bar}" for path, count, bar in post["rows"]]
    return [*rows, _total(len(post["rows"]), post["insertions"], post["deletions"])]


def _cover(series: dict) -> list[str]:
    rows = [f"{' '.join(series['branch'])}", ""] if "branch" in series else []
    rows += [f"Based on tag: {series['base']}", ""] if "base" in series else []
    rows += [f"v{series['version']}:"]
    for item in series["changelog"]:
        rows += textwrap.wrap(item, 76, initial_indent=" - ", subsequent_indent="   ")
    rows += ["", f"v{series['version'] - 1}: {series['previous']}", ""] if "previous" in series else []
    rows.append(f"{series['author']} ({len(series['titles'])}):")
    for title in series["titles"]:
        rows += textwrap.wrap(title, 72, initial_indent="  ", subsequent_indent="    ")
    return [*rows, ""]


def _total(files: int, insertions: int, deletions: int) -> str:
    """The line that closes a diffstat, with git's plurals."""
    parts = [f" {files} {plural(files, 'file')} changed"]
    for count, what, sign in ((insertions, "insertion", "+"), (deletions, "deletion", "-")):
        parts += [f"{count} {plural(count, what)}({sign})"] if count else []
    return ", ".join(parts)
