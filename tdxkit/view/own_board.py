"""A reader's own put and get, judged in a notebook: one box with the verdict, no traceback, and what to ask next a click away.

    judge_own(put)                                  # two CPUs, v2's get
    judge_own(put, get, threads=3, locks=("mylock",), faults="enomem")
    judge_own("race.py:put")

What takes less than a second is there with the cell's output; what takes longer goes on beside it, with a bar and a cancel button.
"""

import re
from collections.abc import Callable

import ipywidgets as w

from tdxkit.c.naming import scenario_of
from tdxkit.errors import TdxkitError
from tdxkit.explore.buffers import MEMORIES, SC, TSO
from tdxkit.explore.program import Scenario
from tdxkit.explore.telling import replay
from tdxkit.linux.refcount.own import of_programs
from tdxkit.review.own import ONE_BY_ONE, Opinion, answering, refused
from tdxkit.view.fields import choice
from tdxkit.view.kit import theme, verdict
from tdxkit.view.kit.svg import Markup, element, framed, style
from tdxkit.view.kit.verdict import band
from tdxkit.view.kit.work import WorkBoard
from tdxkit.view.region_picture import region
from tdxkit.view.stepper import Stepper

FAULTS = {"nothing": "", **dict(zip(("memory", "ADD", "REMOVE"), ONE_BY_ONE))}
MEMORY = {"sequentially consistent": SC, "x86-TSO": TSO}
_B = ".tdx.tdx-opinion"
STYLE = (
    f"{_B}{{box-sizing:border-box;color:var(--tdx-ink);background:var(--tdx-panel);border:1px solid var(--tdx-line);"
    "border-radius:4px;padding:0 0 8px;margin:6px 0;line-height:1.4;font-size:13px;max-width:1100px}"
    f"{_B}>.tdx-bar{{margin:-1px -1px 6px}}{_B}>:is(dl,details,p){{margin:0;padding:0 14px}}"
    f"{_B} :is(dt,dd){{width:auto;max-width:none;float:none}}{_B} dt{{color:var(--tdx-soft);font-weight:600;margin:6px 0 0}}{_B} dd{{margin:0 0 0 16px;overflow-wrap:anywhere}}"
    f"{_B} :is(pre,dd.tdx-columns){{font-family:var(--jp-code-font-family, monospace);white-space:pre-wrap;background:none;color:inherit;margin:4px 0 0 16px}}"
    f"{_B} dd.tdx-columns{{white-space:pre;overflow-x:auto;contain:inline-size;font-size:12px}}{_B} summary{{cursor:pointer;margin-top:6px;color:var(--tdx-soft);font-weight:600}}"
    f"{_B}>p{{color:var(--tdx-soft);margin-top:8px;margin-bottom:0}}"
)


class OwnBoard(WorkBoard):
    """See the module. `opinion`: the last one, `ran`: the run that it shows; `make(threads, rounds, faults)` gives the scenario to judge; `above`: rows over the controls."""

    verb = "Judge again"

    def __init__(
        self,
        make: Callable[..., Scenario],
        programs: tuple,
        threads: int,
        rounds: int,
        fault: str,
        fixed: bool,
        memory: str = SC,
        above: tuple = (),
    ):
        self._make, self._programs, self.opinion, self.ran = make, programs, None, None
        asked = {
            "CPUs": (list(dict.fromkeys((1, 2, 3, 4, threads))), threads),
            "rounds": (list(dict.fromkeys((1, 2, 3, rounds))), rounds),
            "may fail": (list(FAULTS.items()) + ([] if fault in FAULTS.values() else [(fault, fault)]), fault),
            "memory": ([*MEMORY.items(), *([] if memory in MEMORIES else [(memory, memory)])], memory),
        }
        self.threads, self.rounds, self.faults, self.memory = (choice(name, *of) for name, of in asked.items())
        self.threads.disabled = fixed
        again = w.Button(description=self.verb, icon="gavel")
        again.on_click(self.pressed)
        super().__init__(*above, [self.threads, self.rounds, self.faults, self.memory], start=again)
        for control in (self.threads, self.rounds, self.faults, self.memory):
            control.observe(self.pressed, "value")
        self.judge()

    def pressed(self, _change: object = None) -> None:
        """A control asks for a verdict."""
        self.judge()

    def judge(self, _change: object = None) -> None:
        """Judge at the size and with the faults that stand in the controls."""
        try:
            one = self._make(threads=self.threads.value, rounds=self.rounds.value, faults=self.faults.value)
            one = one.on(self.memory.value)
        except TdxkitError as error:
            opinion = refused(error, None, self._programs)
            self._conclude(lambda: self.finished(opinion))
        else:
            self.soon(answering(one))

    def under_way(self, done: float, total: float) -> str:
        """How many states were seen."""
        return f"{done:,.0f} states so far, {total:,.0f} at most"

    def finished(self, result: Opinion) -> tuple[str, list]:
        """The opinion, kept and shown, with its run."""
        self.opinion, self.ran = result, None
        shown: list = [self.boxed(result)]
        if result.scenario and result.result and (code := result.result.schedule):
            one, picture = result.scenario, region if "refcount" in result.scenario.shared else None
            run = self.ran = replay(one, code)
            shown.append(Stepper(run, picture=picture, position=len(run), replay=lambda code: replay(one, code)))
        return "judged" if result.result else "not judged", shown

    def boxed(self, opinion: Opinion) -> Markup:
        """The box of an opinion."""
        return opinion_box(opinion)

    def given_up(self) -> tuple[str, None]:
        """After a cancel what was shown stays."""
        return f"cancelled after {self.at[0]:,.0f} states: no verdict; what is shown is older", None

    def __str__(self) -> str:
        return str(self.opinion) if self.opinion else "not judged yet"


def judge_own(put: Callable | str, get: Callable | str | None = None, **how) -> OwnBoard:
    """A board that judges a put (and get) of one's own, or FILE.py:put; `how` as `of_programs` takes it, and `memory`, `sc` or `tso`."""
    memory = how.pop("memory", SC)
    fault = how.pop("faults", "")
    fault = fault if isinstance(fault, str) else ",".join(fault)
    if isinstance(put, str):
        named = {"get": get} if get else {}

        def make(**size) -> Scenario:
            return scenario_of(put, **named, **{**how, **size})
    else:

        def make(**size) -> Scenario:
            return of_programs(put, get, **{**how, **size})

    roles = how.get("roles", ())
    fixed = len(roles.split(",") if isinstance(roles, str) and roles else roles)
    threads, rounds = (fixed or how.pop("threads", None) or 2), how.pop("rounds", 1)
    return OwnBoard(make, (put, get), threads, rounds, fault, bool(fixed), memory)


def opinion_box(opinion: Opinion, source: bool = True, head: str = "") -> Markup:
    """The opinion as one box, with the source that was judged where that is not shown elsewhere; its text twin is str(opinion). head: in place
    of its own, where all of that is told beside it."""
    rows = [part for heading, said in opinion.rows() for part in (element("dt", heading), *_lines(heading, said))]
    judged = ""
    if opinion.source and source:
        folded = bool(opinion.result and opinion.result.schedule)  # the stepper below shows it
        judged = element(
            "details",
            element("summary", "the source that was judged"),
            element("pre", opinion.source),
            open=None if folded else "open",
        )
    word, _, found = (head or opinion.head).partition(": ")
    top = band(
        element("h3", element("b", word), ": ", *_unbroken(found)), role=verdict.ROLE.get(opinion.verdict, "bad")
    )
    return framed(
        style(theme.css() + verdict.STYLE + STYLE), top, element("dl", *rows), judged, element("p", opinion.stays), class_="tdx-opinion"
    )  # fmt: skip


def _unbroken(head: str) -> list[str | Markup]:
    """A headline in which no range of lines is broken over two."""
    return [element("span", part) if k % 2 else part for k, part in enumerate(re.split(r"(\d+–\d+)", head))]


def _lines(heading: str, said: tuple[str, ...]) -> list[Markup]:
    """What stands under a heading; a table in columns keeps its columns."""
    if heading.startswith("a round costs"):
        return [element("dd", "\n".join(said), class_="tdx-columns")]
    return [element("dd", line) for line in said]
