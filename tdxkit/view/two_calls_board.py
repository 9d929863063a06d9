"""Two SEAMCALLs of the reader's choice under the scheduler: what they are, where they meet, how they can end, and every order to be played."""

from dataclasses import replace
from math import inf

import ipywidgets as w

from tdxkit.errors import TdxkitError
from tdxkit.seam.meeting import CPUS, NOT_BUSY, Meeting, meeting_job
from tdxkit.seam.two_calls import MOST_CALLS, WHERE, TwoCalls, leaves, telling
from tdxkit.seam.versions import LATEST, VERSIONS
from tdxkit.text import columns, many
from tdxkit.view.conflicts_view import PLAYS
from tdxkit.view.kit.choices import Choices, Row
from tdxkit.view.kit.picked import Picked
from tdxkit.view.kit.svg import Markup, framed, visible
from tdxkit.view.kit.tables import table
from tdxkit.view.kit.verdict import Bar, verdict
from tdxkit.view.kit.work import WorkBoard
from tdxkit.view.operand_field import OperandField
from tdxkit.view.stepper import Stepper
from tdxkit.work import Job

REGISTERS = ("RCX", "RDX", "R8", "R9", "R12", "R13")
PATIENCE = 0.1  # seconds after which a bar is shown
HEADER = (*(f"{cpu} answers" for cpu in CPUS), "fewest steps")
ENDS = "how the two can end, with a shortest way to each"
GOAL = "Let a call come back BUSY."
_LOOK = {"style": {"description_width": "auto"}}


class TwoCallsBoard(WorkBoard):
    """`chosen` is what the controls say, `met` what came of it, `ends` the list of how the two can end, whose buttons show a shortest way."""

    question = "two different calls that both come back BUSY in one and the same order"

    def __init__(self, first: str = "TDH.PHYMEM.PAMT.ADD", second: str = "TDH.PHYMEM.PAGE.RDMD"):
        TwoCalls(first, second).world()  # refuses what cannot be
        short = [(name.removeprefix("TDH."), name) for name in leaves()]
        self.calls = tuple(
            w.Dropdown(options=short, value=name, description=cpu, **_LOOK) for cpu, name in zip(CPUS, (first, second))
        )
        self.where = _list("they meet", WHERE, WHERE[0])
        self.version = _list("module", [name for name, version in VERSIONS.items() if version.dynamic_pamt], LATEST)
        self.stage, self.condition = _list("the TD", [], None), _list("and", [], None)
        self.fields = tuple({register: OperandField(register) for register in REGISTERS} for _ in CPUS)
        self.met: Meeting | None = None
        self.ends: Choices | None = None
        self._shown_for: tuple | None = None
        swap = w.Button(description="Swap the two", layout={"width": "130px"})
        swap.on_click(lambda _: self._swap())
        places = [_operands(cpu, fields) for cpu, fields in zip(CPUS, self.fields)]
        folded = w.Accordion([w.VBox(places)], titles=("the operands, register by register",), selected_index=None)
        picked = Picked(PLAYS, self._asked_for)
        super().__init__(
            [*self.calls, self.where, picked], [self.stage, self.condition, self.version], folded, start=swap
        )
        for control in (*self.calls, self.where, self.version, self.stage, self.condition, *self._numbers()):
            control.observe(self._turned, "value")
        self._turned(patience=inf)  # what a cell shows is there with it

    def _numbers(self) -> list[w.Widget]:
        return [part for fields in self.fields for field in fields.values() for part in (field.word, field.number)]

    def _set(self, one: TwoCalls) -> None:
        """Other calls."""
        self._updating = True
        self.calls[0].value, self.calls[1].value, self.where.value = one.first, one.second, one.where
        self._updating = False
        self._turn(one)

    def _swap(self) -> None:
        self._set(TwoCalls(self.calls[1].value, self.calls[0].value, self.where.value, version=self.version.value))

    def play(self, first: str, second: str) -> None:
        """Show this pair as a cell of the grid has it: where, at which stage and under which condition the second is BUSY, if it ever is.
        InputError for one that cannot be."""
        for name in (first, second):
            TwoCalls(name, name).world()
        self._set(telling(first, second, self.version.value))

    def _asked_for(self, row: str, column: str) -> None:
        """Show the pair of a cell, by the names that stand in the grid."""
        known = {name.removeprefix("TDH."): name for name in leaves()}
        if row in known and column in known:
            self.play(known[row], known[column])
        else:
            self.complain(
                f"{row} and {column}: a call that brings the module up is none that is interrupted; choose another cell"
            )

    @property
    def chosen(self) -> TwoCalls:
        """The two calls as the controls stand."""
        pair = (self.calls[0].value, self.calls[1].value)
        plain = TwoCalls(*pair, self.where.value, version=self.version.value)
        if self._shown_for is None or self._shown_for[:3] != (*pair, self.where.value):
            return plain  # other calls have their own stages and operands
        one = replace(plain, stage=self.stage.value or "", condition=self.condition.value or MOST_CALLS)
        return replace(one, wanted=tuple(map(_wanted, self.fields)))

    def _turned(self, _change=None, patience: float = PATIENCE) -> None:
        """Some control has another value."""
        if self._updating:
            return
        try:
            chosen = self.chosen
        except TdxkitError as error:
            self._complain(error)
        else:
            self._turn(chosen, patience)

    def _turn(self, chosen: TwoCalls, patience: float = PATIENCE) -> None:
        """Show this, and let the controls say so."""
        self._updating = True
        try:
            self._offer(chosen)
            self.soon(self._job(chosen), patience)
        except TdxkitError as error:
            self._complain(error)
        finally:
            self._updating = False

    def _offer(self, chosen: TwoCalls) -> None:
        """Let only what fits these calls be chosen."""
        world, pair = chosen.world(), (chosen.first, chosen.second, chosen.where)
        stage = chosen.stage if chosen.stage in chosen.stages else chosen.fitting_stage
        _offer_list(self.stage, [(name, name) for name in chosen.stages], stage)
        _offer_list(self.condition, [(name or "nothing special", name) for name in chosen.conditions], chosen.condition)
        self.condition.layout.display = "" if len(chosen.conditions) > 1 else "none"
        for at, fields in enumerate(self.fields):
            words = chosen.words(world, bool(at))
            for register, field in fields.items():
                field.layout.display = "" if register in words else "none"
                if register in words:
                    first = next(iter(words[register]))
                    field.offer(words[register], chosen.wanted[at].get(register, first))
        self._shown_for = pair

    def _job(self, chosen: TwoCalls) -> Job[Meeting]:
        module, calls = chosen.made()
        return meeting_job(module, calls, f"{chosen.first} beside {chosen.second}")

    def under_way(self, done: float, total: float) -> str:
        """What is said while it is worked out."""
        return f"every order of the two: part {done + 1:.0f} of {total:.0f}"

    def given_up(self) -> tuple[str, None]:
        """What is said after a cancel."""
        return "given up: what is shown is of the calls before", None

    def finished(self, result: Meeting) -> tuple[Bar, list[object]]:
        """How the two can end, and every order of them to be played."""
        self.met = result
        rows = [_row(end) for end in result.ends]
        self.ends = Choices("", HEADER, rows)
        self.ends.observe(self._shows, "chosen")
        self._folded = w.Accordion([self.ends], titles=(ENDS,), selected_index=None)  # it answers what is asked
        return bar(result), [self._folded, stepper_of(result)]

    def _shows(self, change) -> None:
        """Show a shortest way to an end of the list."""
        self.show([self._folded, stepper_of(self.met, self.met.ends[change["new"]].path)])

    def answer(self) -> str:
        """The two calls and what they answer, where both are BUSY in one order and the calls are different ones."""
        if self.met is None or self.calls[0].value == self.calls[1].value:
            return ""
        both = next((end for end in self.met.ends if end.busy == CPUS), None)
        said = (f"{call.value}: {answer}" for call, answer in zip(self.calls, both.answers)) if both else ()
        return "; ".join(said)

    def __str__(self) -> str:
        rows = [_row(end).cells for end in self.met.ends]
        return visible(
            "\n".join([self.met.begin.title, str(bar(self.met)), self.asked_text, "", *columns(HEADER, rows)])
        )

    def static(self) -> Markup:
        """The same, with the ends as a table."""
        rows = [_row(end).cells for end in self.met.ends]
        return framed(super().static(), table(HEADER, rows, "How the two can end").html())


def stepper_of(met: Meeting, path: tuple[int, ...] = ()) -> Stepper:
    """Every order of two calls to be played, begun along a path."""
    goal = (NOT_BUSY, GOAL) if any(end.busy for end in met.ends) else ("", "")
    return Stepper.walked(met.graph, met.begin, *goal, path=path)


def bar(met: Meeting) -> Bar:
    """Whether they get in each other's way."""
    states = f"{many(len(met.graph.nodes), 'state')}, every order of the two"
    busy = [f"{cpu} can hear {answer}" for end in met.ends for cpu, answer in zip(CPUS, end.answers) if cpu in end.busy]
    if busy:
        return verdict("violation", "; ".join(dict.fromkeys(busy)), "in each other's way", states)
    return verdict("ok", "neither is ever BUSY because of the other", "side by side", states)


def _row(end) -> Row:
    more = f"an order in which {CPUS[0]} answers {end.answers[0]} and {CPUS[1]} {end.answers[1]}"
    busy = tuple(k for k, cpu in enumerate(CPUS) if cpu in end.busy)
    return Row((*end.answers, str(len(end.path))), more, "bad", busy)


def _wanted(fields: dict[str, OperandField]) -> dict[str, str | int]:
    """What stands in the fields that are shown: words or numbers."""
    return {register: field.wanted for register, field in fields.items() if field.layout.display != "none"}


def _operands(cpu: str, fields: dict[str, OperandField]) -> w.VBox:
    return w.VBox([w.Label(cpu), w.HBox(list(fields.values()), layout={"flex_flow": "row wrap"})])


def _list(name: str, options: object, value: object) -> w.Dropdown:
    return w.Dropdown(
        options=options,
        value=value,
        description=name,
        **_LOOK,
        layout={"width": "max-content", "margin": "2px 14px 2px 2px"},
    )


def _offer_list(control: w.Dropdown, options: list[tuple[str, str]], value: str) -> None:
    if list(control.options) != options:
        control.options = options
    control.value = value
