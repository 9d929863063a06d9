"""The verdicts of a series as text: what `series --explore` prints in a terminal, and the twin of the table in the notebook."""

import re
import shlex
from collections.abc import Iterable, Iterator

from tdxkit.errors import printable
from tdxkit.review.verdict import Verdict, Verdicts
from tdxkit.rules import SIGNS
from tdxkit.text import columns, many, plural

MOST_REMARKS = 20
RACE = re.compile(r"data race on ([^:]{1,200}): ")


def table(found: Verdicts) -> list[tuple[str, str, str, str]]:
    """A row for each patch: its number, the verdict with its sign, the functions that it changes, what is the case or wanted."""
    return [
        (one.label if one.n else "before", _word(one), ", ".join(one.functions), said(one)) for one in found.patches
    ]


def _word(one: Verdict) -> str:
    if one.verdict:
        return f"{SIGNS[one.verdict]} {one.verdict}"
    return f"{SIGNS['']} none" if one.missing else "–"


def said(one: Verdict) -> str:
    """What is the case after a patch, and why that is not all; of one that touches nothing raced that."""
    if one.judged is None:
        return "; ".join(one.missing) if one.missing else "changes nothing that is raced"
    result = one.judged.result
    size = (
        f" ({many(result.steps, 'step')}, {result.switches} {plural(result.switches, 'switch')})"
        if result.schedule
        else ""
    )
    head = f"{one.defect}{size}" if result.defect else f"{many(result.states, 'state')}, no rule breaks{result.but}"
    return "; but ".join([head, *one.missing])


def summary(found: Verdicts) -> Iterator[str]:
    """Who breaks a rule first, who heals that, and so on to the last turn."""
    for k, one in enumerate(found.turns):
        some = found.since(one)
        by = " or ".join(each.label for each in some) + (
            f": {printable(one.title, 100)}" if len(some) == 1 and one.n else ""
        )
        if not one.bad:
            yield f"healed by {by}"
        elif not one.n:
            yield f"broken {one.label}"
        elif (
            k or any(each.judged for each in found.patches[: found.patches.index(one)]) or (one.text and one.text.fresh)
        ):
            yield f"{'broken again' if k else 'first broken'} by {by}"
        else:
            yield f"broken after {one.label}: {printable(one.title, 100)}; how it was before was not judged"
    if not found.judged:
        yield "no patch was judged"


def remarks(found: Verdicts) -> Iterator[str]:
    """What is to be said beside the answers, each once with the patches that it goes with."""
    said: dict[str, list[str]] = {}
    for one in found.judged:
        races = dict.fromkeys(met[1] for remark in one.remarks if (met := RACE.match(remark)))
        told = (
            [f"data races, as KCSAN would tell them, on {', '.join(races)}: explore what --after prints to see each"]
            if races
            else []
        )
        for remark in (*told, *(r for r in one.remarks if not r.endswith(": a stub") and not RACE.match(r))):
            said.setdefault(remark, []).append(one.label if one.n else "before")
    for remark, labels in list(said.items())[:MOST_REMARKS]:
        whose = "all" if len(labels) == len(found.judged) > 1 else ", ".join(labels)
        yield f"{whose}: {remark}"
    if len(said) > MOST_REMARKS:
        yield f"and {len(said) - MOST_REMARKS} more of this kind: --json has them"


def told(found: Verdicts) -> Iterator[str]:
    """The lines of one series."""
    series = found.series
    yield f"{printable(series.title, 120)}  {series.label}, {many(len(series.patches), 'patch')} at hand"
    rows = [(*row[:3], printable(row[3], 400)) for row in table(found)]
    yield from columns(("patch", "verdict", "changes", "the model finds"), rows)
    yield from (f"note: {printable(note, 400)}" for note in (*found.notes, *remarks(found)))
    yield from summary(found)


def worst(found: Verdicts) -> Verdict | None:
    """What to step first: how it stands at the end if that is bad, else the last patch that was."""
    return next((one for one in reversed(found.judged) if one.bad), None)


def by_shell(one: Verdict, files: Iterable[str], where: str, base: Iterable[str] = ()) -> str:
    """The commands that step through a race. files: the mails; where: the patch as `--after` takes it; base: the files before the series."""
    given = [word for name in base for word in ("--base", name)]
    race, name = one.scenario.own.options, one.scenario.name
    series = shlex.join(["series", *files, "--explore", *given, *race, "--after", where])
    again = shlex.join(["replay", f"{name}.c", *race, one.judged.result.schedule])
    return f"python -m tdxkit {series} > {name}.c; python -m tdxkit {again}"
