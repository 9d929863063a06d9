"""A review packet: one schedule as plain text for a mail, in the columns that kernel changelogs use.

At most 75 columns, one row a step, the refcount and the pair after it, the rule that broke, what the model leaves out, and the
command that replays it. Everything in it comes from a `Run`. Of a reader's own model it names the file and how its SHA-256 begins; what
was written in a notebook goes along as a file between two cut lines, as it is, whatever its columns.
"""

import shlex
import textwrap
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from urllib.parse import quote

from tdxkit.c.naming import is_c, scenario_of
from tdxkit.c.oftext import OfC
from tdxkit.c.softirqs import of_statements
from tdxkit.errors import InputError
from tdxkit.explore.buffers import SC, TSO
from tdxkit.explore.program import DEADLOCK, LIVELOCK, Own, Scenario
from tdxkit.explore.schedule import parse
from tdxkit.review.of_c import code_of, labels, line_of, lines_of, with_value
from tdxkit.rules import defect, of_text
from tdxkit.run import NO_END, STANDSTILLS, Run, Step
from tdxkit.text import plural, words

WIDTH = 75
CUT = "-- >8 --"  # as git am knows it
REORDERS = {
    SC: "Sequential consistency only: steps interleave, none is reordered.",
    TSO: "Memory is x86-TSO: a plain store waits in its CPU's buffer. The kernel's contract is the LKMM.",
}
BESIDE = 18  # columns for what a text in C changes
NARROWEST = 18  # a lane with less room: then all actors share one column and are named in each row


def packet(run: Run, scenario: object, broken: str | None = None) -> str:
    """The packet of a run. `scenario` is what to replay it under, as `scenario_of` takes it: a name, FILE.py:put, a scenario of one's own;
    `broken` the rule to speak of (default: the first one broken).

    InputError for a run that carries no schedule code, and for one of a model that nobody else could have.
    """
    if not run.code:
        raise InputError("review packet", "it needs a run with a schedule code", "replay a schedule of the explorer")
    own, words = _named(run, scenario)
    number, rule = _broken(run, broken)
    one = scenario_of(scenario) if isinstance(own, OfC) else None
    parts = [
        _fill(run.title + (f" ({run.subtitle})" if run.subtitle else "")),
        *(["\n".join(runs)] if (runs := _runs(own)) else []),
        _fill(_verdict(run, number, rule)),
        "\n".join(_table(run, number, one)),
    ]
    if number:
        step = run.steps[number - 1]
        at = f" (line {where}: {code_of(run, step)})" if one and (where := line_of(step, lines_of(one))) else ""
        said = [f"{step.actor}: {step.sentence}{at}", *(w.why for w in step.waits if rule == DEADLOCK)]
        parts.append("\n".join(_fill(text, f"*** step {number}: ", "    ") for text in said))
    posted = _posted(run, one) if one else []
    parts += [
        *(["\n".join(posted)] if posted else []),
        _limits(run),
        *([_file(own)] if own else []),
        _page(run, number),
        _command(run, words),
    ]
    mail = "\n\n".join(parts).replace("×", "x").replace("→", "->") + "\n"
    return mail + (f"\n{CUT} {_file_name(own)}\n{own.text}{CUT}\n" if own and not own.file else "")


def _named(run: Run, scenario: object) -> tuple[Own | None, list[str]]:
    """What names the scenario behind `replay`: whose own it is, and the words."""
    if isinstance(scenario, str) and ".py" not in scenario and not is_c(scenario):
        if parse(run.code).text:
            raise InputError(
                f"review packet of {scenario}",
                "the run is of a model of your own",
                "give that: packet(run, of_programs(put))",
            )
        return None, [scenario]
    one = scenario_of(scenario)
    if one.own is None:
        if one.make is None:
            raise InputError(f"review packet of {one.name}", "nobody else has it", "put it into a file: FILE.py:NAME")
        return None, [one.name]
    if not one.own.text:
        raise InputError(
            f"review packet of {one.name}",
            "its functions cannot be written as a file of their own",
            "put get, put and what they need into one (%%writefile race.py) and give race.py:put",
        )
    target = f":{one.own.target}" if one.own.target else ""
    return one.own, [_file_name(one.own) + target, *one.own.options]


def _file_name(own: Own) -> str:
    """What the file is called; where it lies is nobody's business."""
    name = Path(own.file).name if own.file else "mine.c" if isinstance(own, OfC) else "mine.py"
    return name if name[0] != "-" else f"./{name}"  # or a command takes it for an option


def _file(own: Own) -> str:
    """Which file is needed, and how to know it."""
    where = "send it along" if own.file else "it follows, between the two cut lines"
    what, does = ("C", "read") if isinstance(own, OfC) else ("model", "run")
    file = f"The {what} is the file {_file_name(own)}, whose SHA-256 begins {own.digest[:16]}: {where}. It is {does} where it is replayed."
    told = [_fill(remark, "  - ", "    ") for remark in own.told] if isinstance(own, OfC) else []
    return "\n".join([_fill(file), *(["What was taken for granted, by the file's lines:", *told] if told else [])])


def _posted(run: Run, one: Scenario) -> list[str]:
    """Of a text that was laid out of mails, in which mail each line of the run stands."""
    assert isinstance(one.own, OfC)
    lines = lines_of(one)
    at = sorted({line_of(step, lines) for step in run.steps} - {0})
    origins = {line: origin for line in at if (origin := one.own.origin(line))}
    if not origins:
        return []
    spans: list[list[int]] = []
    for line, origin in origins.items():
        last = origins[spans[-1][1]] if spans else None
        if last and spans[-1][1] == line - 1 and last._replace(line=last.line + 1) == origin:
            spans[-1][1] = line
        else:
            spans.append([line, line])
    rows = ["Where its lines were posted:"]
    for first, end in spans:
        here, there = (_range(a, b) for a, b in ((first, end), (origins[first].line, origins[end].line)))
        rows.append(f"  - {here}: {origins[first].label}, {there}")
    ids = {origin.label: origin.message_id for origin in origins.values() if origin.message_id}
    return [*rows, *(f"  - {label} is <{message_id}>" for label, message_id in ids.items())]


def _range(first: int, last: int) -> str:
    return f"{plural(last - first + 1, 'line')} {first}" + (f"-{last}" if last > first else "")


def _broken(run: Run, asked: str | None) -> tuple[int, str]:
    for number, step in enumerate(run.steps, 1):
        for rule in step.broken:
            if asked in (None, rule):
                return number, rule
    return 0, ""


def _verdict(run: Run, number: int, rule: str) -> str:
    if rule in STANDSTILLS:
        head = f"The model finds a {rule} after step {number}" + (f": {NO_END}" if rule == LIVELOCK else "")
    else:
        said = defect(rule)
        asked = "" if of_text(rule) else f"; the rule: {rule}"
        head = (
            f"The model finds: {said} (step {number}{asked})"
            if number
            else "In the model no rule breaks on this schedule"
        )
    return f"{head}. {REORDERS[parse(run.code).memory]}"


def _runs(own: Own | None) -> list[str]:
    """The statements that CPUs run, where they are the reader's own."""
    if not isinstance(own, OfC):
        return []
    who = ["Each CPU"] if len(own.runs) == 1 else [f"CPU {k}" for k in range(len(own.runs))]
    runs = [*zip(who, own.runs), *([("A softirq on each CPU", own.softirq)] if of_statements(own.softirq) else [])]
    return [_fill(f"{cpu} runs: {' '.join(words.split())}", rest="    ") for cpu, words in runs]


def _facts(run: Run) -> list[str]:
    """What stands beside each step: counters and pairs; where there are none what else changes, but who holds a lock."""
    facts = [key for key in run.first if key.startswith(("refcount[", "pair["))]
    if facts:
        return facts
    quiet = {track.key for track in run.tracks if track.kind != "value" or track.key.startswith("store buffer")}
    for key in dict.fromkeys(change.key for step in run.steps for change in step.changes):
        if key in run.first and key not in quiet and len(" ".join((*facts, key))) <= BESIDE:
            facts.append(key)
    return facts


def _table(run: Run, broken: int, one: Scenario | None) -> Iterator[str]:
    """Header, rule and one row (or more, where a label wraps) for each step; of C with the line of the file."""
    facts, buffers = _facts(run), tuple(key for key in run.first if key.startswith("store buffer"))
    called = labels(one) if one else lambda step: step.answered
    name = partial(_ascii, called)
    alone = sum(key.startswith("refcount[") for key in facts) == 1  # one region: its number says nothing
    heads = [key.replace("refcount", "rc").partition("[" if alone else "\0")[0] for key in facts]
    states = [[_short(key, state[key]) for key in facts] for state in list(run.states())[1:]]
    heads = [head.rjust(max(map(len, column))) for head, *column in zip(heads, *states)]
    lanes, width = list(run.actors), _width(len(run.actors), heads)
    if width < NARROWEST:
        lanes, width = [""], _width(1, heads)
    row = f"{{:>3}} {' | '.join([f'{{:{width}}}'] * len(lanes))}"
    row += f" | {' '.join(f'{{:>{len(head)}}}' for head in heads)}" if heads else ""
    yield row.format("", *lanes, *heads).rstrip()
    yield "-" * len(row.format("", *lanes, *heads))
    for number, (step, held) in enumerate(zip(run.steps, states), 1):
        label = with_value(name(step), step, buffers)
        column, label = (lanes.index(step.actor), label) if step.actor in lanes else (0, f"{step.actor}: {label}")
        wrapped = _wrapped(label, width)
        for k, line in enumerate(wrapped):
            last = k == len(wrapped) - 1
            cells = [line if c == column else "" for c in range(len(lanes))]
            marks = held if last else [""] * len(held)
            yield row.format(f"{number}{'*' * (number == broken)}" if not k else "", *cells, *marks).rstrip()


def _ascii(called: Callable[[Step], str], step: Step) -> str:
    """What a step is called in a mail to a kernel list, which is ASCII."""
    return called(step).replace("→", "->")


def _width(lanes: int, heads: list[str]) -> int:
    """Columns for each lane beside the step's number and the facts."""
    return (WIDTH - 7 - 3 * (lanes - 1) - sum(map(len, heads)) - max(0, len(heads) - 1)) // lanes


def _wrapped(label: str, width: int) -> list[str]:
    """A label in lines of at most `width`, broken before its argument where it is too long."""
    if len(label) > width and "(" in label:
        name, _, rest = label.partition("(")
        return [
            *textwrap.wrap(name, width),
            *textwrap.wrap("(" + rest, width, initial_indent="  ", subsequent_indent="  "),
        ]
    return textwrap.wrap(label, width, subsequent_indent="  ") or [""]


def _short(key: str, value: object) -> str:
    if key.startswith("pair["):
        return "P" if value else "-"
    if isinstance(value, tuple) and len(value) == 2 and isinstance(value[0], str):  # a pointer of C: object and cell
        return f"&{value[0]}" + (f"+{value[1]}" if value[1] else "")
    return words(value)


def _limits(run: Run) -> str:
    entries = [*(f"simplified: {e}" for e in run.card.simplified), *(f"left out: {e}" for e in run.card.left_out)]
    return "\n".join(["What the model does not say:", *(_fill(e, "  - ", "    ") for e in entries)])


def _command(run: Run, words: list[str]) -> str:
    """The command with the code, broken at spaces so that no line is too long for a mail or a shell."""
    lines = textwrap.wrap(run.code, WIDTH - 8, break_on_hyphens=False)
    code = " \\\n    ".join(lines)
    return "Replay it with tdxkit:\n" + " \\\n    ".join(
        [*_shell(["  python -m tdxkit replay", *map(shlex.quote, words)]), code]
    )


def _page(run: Run, broken: int) -> str:
    """How to have the run as a page, and the address of the step at which it breaks: with its code where that fits into a line."""
    broken = broken or len(run)
    address = f"  race.html#{quote(run.code, safe=':+')}@{broken}"
    said = "A page that steps by itself: the command below with export in place of replay, and --to html -o race.html behind it. At the step that breaks:"
    return f"{_fill(said)}\n{address if len(address) <= WIDTH else f'  race.html#@{broken}'}"


def _shell(words: list[str]) -> list[str]:
    """A command in lines that are not too long, as far as its words allow."""
    lines = [words[0]]
    for word in _paired(words[1:]):
        if len(lines[-1]) + len(word) < WIDTH - 6:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


def _paired(words: list[str]) -> Iterator[str]:
    """Words of a command, an option with its value as one."""
    option = ""
    for word in words:
        if not option and word.startswith("-") and "=" not in word:
            option = word
            continue
        yield f"{option} {word}" if option else word
        option = ""
    if option:
        yield option


def _fill(text: str, first: str = "", rest: str = "") -> str:
    return textwrap.fill(text, WIDTH, initial_indent=first, subsequent_indent=rest, break_on_hyphens=False)
