"""A run or a graph as plain JSON data: what the stepper's script reads, what timeline.py and still.py draw.

Everything a view shows is said by the run itself; here it is only put in order: values as words, tracks as one value a position
(lock: the holder's place among the actors, -1 for none, a list where it is shared; fact and rule: true or false; value: its words).
"""

import json
import textwrap
from collections.abc import Callable, Iterable, Mapping
from dataclasses import astuple
from typing import NamedTuple

from tdxkit.card import KINDS
from tdxkit.errors import InputError
from tdxkit.rules import as_rule, defect, known, of_text
from tdxkit.run import ABSENT, Line, Run, State, Step, Text, Track
from tdxkit.text import words
from tdxkit.view.kit.svg import visible
from tdxkit.view.kit.theme import actor_roles
from tdxkit.view.stepper.pictures import Picture, Pictures, Waits


class StepRow(NamedTuple):
    """A step as it travels. The script is told the names of the slots, see SLOTS: each is named here and nowhere else."""

    actor: int  # its place among the actors
    label: str
    sentence: str
    changes: list  # [place among the keys, value in words] for each that changed
    line: "LineRow | None"  # where the actor was
    next: "LineRow | None"  # where it stands now
    waits: "list[WaitRow]"
    broken: list[str]  # rules by name
    wrong: list[str]  # for each of them what is the case, and why
    kind: str  # what the step is, "" where nothing says so
    reads: list  # [place among the keys, step that wrote it, 1 where that store was missed else 0] for what others had written


class LineRow(NamedTuple):
    """A line of one of the texts."""

    text: str
    index: int


class WaitRow(NamedTuple):
    """Who waits, for whom (-1: for nobody), and why."""

    actor: int
    holder: int
    why: str


SLOTS = {"step": StepRow._fields, "line": LineRow._fields, "wait": WaitRow._fields}
LIMIT = 2_000_000  # bytes of JSON in one message; a longer run is sent as a window around the position
LONG, MOST_CHAPTERS = 40, 24  # from so many steps on a run has chapters, up to so many
FACT_ROLES = ("pair", "used", "exclusive")  # the colours of fact rows, in their order
OURS = "The C was written for this workbook, in its own words; its steps are the model's."


def run_data(run: Run, picture: Picture | None = None, start: int = 0, stop: int | None = None) -> dict:
    """A run from position `start` to `stop` (default: its end) as plain data."""
    stop = len(run) if stop is None else stop
    actors = {name: i for i, name in enumerate(run.actors)}
    tracks = with_rules(run.tracks, (rule for step in run.steps for rule in step.broken))
    keys = {name: i for i, name in enumerate(_names(run))}
    pictures, waiting = Pictures(picture), Waits(run.actors)
    state, broken = dict(run.first), set()
    data = frame(run.title, run.subtitle, run.actors, keys, run.texts, tracks, run.card, run.code)
    data |= {"offset": start, "total": len(run), "steps": [], "start": [line(run.start.get(a)) for a in run.actors]}
    data["waitPictures"], data["waiting"] = [], []
    for k in range(stop + 1):
        step = run.steps[k - 1] if k else None
        if step:
            broken |= set(step.broken)
            for change in step.changes:
                state[change.key] = change.new
        if k > start:
            data["steps"].append(_row(step, actors, keys))
        elif step:  # before the window: only where each actor stands is kept
            data["start"][actors[step.actor]] = line(step.next)
        if k == start:
            data["first"] = [shown(state.get(name, ABSENT)) for name in keys]
        if k >= start:
            for track, into in zip(tracks, data["tracks"]):
                into["values"].append(track_value(track, state, actors, broken))
            data["waiting"].append(waiting.place(step.waits if step else ()))
            if picture:
                data["pic"].append(pictures.place(state))
    marks = run.marks()
    data["marks"] = [k - start for k in marks if start < k <= stop]
    data["around"] = [
        max((k for k in marks if k <= start), default=0),
        min((k for k in marks if k > stop), default=len(run)),
    ]
    data["brokenBefore"] = max((k for k, step in enumerate(run.steps[:start], 1) if step.broken), default=0)
    chapters = run.chapters if 1 < len(run.chapters) <= MOST_CHAPTERS and len(run) > LONG else ()
    data["chapters"] = [[k - start, visible(title)] for k, title in chapters if start < k <= stop]
    data["pictures"], data["waitPictures"] = pictures.made, waiting.made
    return data


def _row(step: Step, actors: Mapping[str, int], keys: Mapping[str, int]) -> StepRow:
    waits = [w for w in step.waits if w.actor in actors]
    return StepRow(
        actor=actors[step.actor],
        label=visible(step.label),
        sentence=visible(step.sentence),
        changes=[[keys[c.key], shown(c.new)] for c in step.changes],
        line=line(step.line),
        next=line(step.next),
        waits=[WaitRow(actors[w.actor], actors.get(w.holder, -1), visible(w.why)) for w in waits],
        broken=[visible(rule) for rule in step.broken],
        wrong=[visible(said) for said in step.wrong()],
        kind=step.kind,
        reads=[[keys[read.key], read.step, int(read.missed)] for read in step.reads if read.key in keys],
    )


def frame(title, subtitle, actors, keys, texts, tracks, card, code) -> dict:
    """What the data of a run and of a graph share, with room for the rest."""
    return {
        "title": visible(title), "subtitle": visible(subtitle), "code": visible(code),
        "actors": [visible(a) for a in actors], "roles": actor_roles(actors), "keys": [visible(k) for k in keys],
        "texts": {name: shown_text(t) for name, t in texts.items()},
        "tracks": [_track(t, tracks) for t in tracks],
        "card": {kind: [visible(e) for e in entries] for kind, entries in zip(KINDS, astuple(card))},
        "marks": [], "pictures": [], "pic": [], "offset": 0, "slots": SLOTS,
    }  # fmt: skip


def _track(track: Track, tracks: Iterable[Track]) -> dict:
    facts = [t for t in tracks if t.kind == "fact"]
    role = FACT_ROLES[facts.index(track) % len(FACT_ROLES)] if track in facts else ""
    row = {"name": visible(track.name), "key": visible(track.key), "kind": track.kind, "role": role, "values": []}
    return row | ({"broken": visible(_as_broken(track))} if track.kind == "rule" else {})


def _as_broken(track: Track) -> str:
    """What is said of a rule where it breaks: one that has no "must" in its name would read as its opposite."""
    if known(track.key) or known(track.name):
        return track.name
    return defect(track.key) if of_text(track.key) else f"the rule “{track.name}”"


def _names(run: Run) -> Iterable[str]:
    names = dict.fromkeys(run.first)
    for step in run.steps:
        names.update(dict.fromkeys(c.key for c in step.changes))
    return names


def with_rules(tracks: Iterable[Track], broken: Iterable[str]) -> tuple[Track, ...]:
    """The tracks, and one more for each broken rule that has none."""
    tracks = tuple(tracks)
    known = {t.key for t in tracks if t.kind == "rule"}
    return (*tracks, *(Track(as_rule(name), name, "rule") for name in dict.fromkeys(broken) if name not in known))


BLANK = {"rule": True, "fact": False, "lock": -1, "value": ""}  # what a row holds where a run has nothing in it


def aligned(one: dict, other: dict, parts: int) -> None:
    """Two views under one position: names that tell them apart, one scale, the same rows, and the first step at which the runs part (0: none)."""
    views, rows = (one, other), {}
    for view in views:
        for track in view["tracks"]:
            rows.setdefault((track["kind"], track["key"]), track)
    full = {
        key
        for view in views
        for t in view["tracks"]
        for key in [t["key"]]
        if any(v != BLANK[t["kind"]] for v in t["values"])
    }
    columns = max(len(view["steps"]) for view in views)
    for view in views:
        mine = {(track["kind"], track["key"]): track for track in view["tracks"]}
        length = len(view["steps"]) + 1
        view["tracks"] = [
            mine.get(at) or {**track, "values": [BLANK[track["kind"]]] * length} for at, track in rows.items()
        ]
        at = parts - view["offset"]
        view["name"] = view["title"] if one["title"] != other["title"] else view["subtitle"] or view["title"]
        view |= {"columns": columns, "beside": sorted(full), "parts": at if 0 < at <= columns else 0}


def track_value(track: Track, state: State, actors: Mapping[str, int], broken: Iterable[str] = ()) -> object:
    """What a track shows at one position."""
    if track.kind == "rule":
        return track.key not in broken
    value = state.get(track.key)
    if track.kind == "fact":
        return bool(value)
    if track.kind == "value":
        return "" if value in (None, (), "") else shown(value)
    if hasattr(value, "by"):  # a lock word of the TDX module with its holders
        value = () if value.by is None else value.by if value.mode == "shared" else value.by[0]
    if value is None or value is False or value == ():
        return -1
    if isinstance(value, (tuple, frozenset)):
        return sorted(actors[v] for v in value if v in actors)
    return actors.get(value, visible(words(value)))


def shown(value: object) -> str:
    """A value of the state as the stepper shows it."""
    return visible(words(value))[:400]


def line(where: Line | None) -> LineRow | None:
    """A place in a text as it travels."""
    return None if where is None else LineRow(where.text, where.index)


def shown_text(text: Text) -> list:
    """A text as it travels: its title, its lines, which of them a patch adds, and the number of the first where they are counted."""
    return [visible(text.title), source(text), list(text.added), text.first]


def source(text: Text) -> list[str | None]:
    """The lines of a text: the common indent taken off, the rest halved, since a lane is narrow.

    None stands for a line that a lane leaves out: `m.tell(…)`, whose words the stepper shows as the step's sentence, and all
    but the first line of a docstring.
    """
    plain = "\n".join(visible(one.replace("\n", " ")).expandtabs(4) for one in text.lines)
    lines = textwrap.dedent(plain).split("\n") if text.lines else []
    kept: list[str | None] = []
    telling = quoting = False
    for one in lines:
        telling = telling or one.lstrip().startswith("m.tell(")
        kept.append(None if telling or quoting else " " * ((len(one) - len(one.lstrip())) // 2) + one.lstrip())
        quoting ^= one.count('"""') == 1
        telling = telling and not one.rstrip().endswith(")")
    return kept


def in_other_lines(run: Run, start: int, stop: int) -> dict:
    """The texts of a run whose steps are those of another, and its lines from position `start` to `stop`: for each actor where it stands
    first, for each step where it was taken and where its actor stands then."""
    stands = dict(run.start)
    for step in run.steps[:start]:
        stands[step.actor] = step.next
    return {
        "ours": OURS,
        "texts": {name: shown_text(t) for name, t in run.texts.items()},
        "start": [line(stands.get(actor)) for actor in run.actors],
        "lines": [[line(step.line), line(step.next)] for step in run.steps[start:stop]],
    }


def packed(value: object) -> str:
    """Data as one line of JSON, ready for a traitlet."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def window(build: Callable[[int, int], str], length: int, position: int, limit: int = LIMIT) -> tuple[int, int, str]:
    """(start, stop, JSON) of the longest stretch around a position that fits `limit`; `build(start, stop)` makes the JSON."""
    size = min(length, 20_000)
    while True:
        start = max(0, min(position - size // 2, length - size))
        raw = build(start, start + size)
        weight = len(raw.encode())
        if weight <= limit:
            return start, start + size, raw
        if size <= 1:
            raise InputError(
                "this run", f"one step of it needs {weight:,} bytes, {limit:,} can be shown", "make its state smaller"
            )
        size = max(1, min(size - 1, int(size * limit / weight * 0.9)))
