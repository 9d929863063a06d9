"""A gate in a notebook: a question that is answered before what answers it is shown.

    gate("who-takes-it-back")                     # a question of data/quizzes; the words behind it appear once it is answered
    gate("who-takes-it-back", Stepper(run))       # and things: a stepper stands still before the answer, everything else is not there
    gate("who-takes-it-back", Stepper(run), veiled=True)      # the stepper cannot be read either: its title or a rule's name would tell
    answers("00")                                 # at a notebook's end: every question with its answer, folded; unfolded on paper

It is plain HTML that works by itself, in Lab, without a kernel and in a page that nbconvert makes. Where there is a kernel the answer is
kept on the reader's own disk (tdxkit.lessons.progress); it is not scored, and not sent.

CSS classes that tests may rely on: `.tdx-gate` (data-gate: its name), in it a form with radio inputs or one text input and a button "Answer",
`.tdx-gate-said` (role status), `.tdx-gate-why` (the reason of each option), `.tdx-gate-after` (what stands behind it), `.tdx-gate-fog`.
"""

from pathlib import Path

import anywidget
import traitlets

from tdxkit.errors import InputError
from tdxkit.lessons.gates import Gate, Option, gate_named, gates
from tdxkit.lessons.progress import Event, kept, notice, record
from tdxkit.view.kit import live, scripts, svg, theme
from tdxkit.view.kit.svg import Markup, element, framed, phrase, prose, script_json, style, visible
from tdxkit.view.stepper import Stepper

PAGE = Path(__file__).parent / "kit" / "page"
LONGEST = 40  # characters of an answer that a page sends


class GateView:
    """A gate, and the things that stand behind it. veiled: is what a stepper shows at its beginning to be made out before the answer?"""

    def __init__(self, gate: Gate, things: tuple = (), veiled: bool = False):
        self.gate, self.veiled = gate, veiled
        self.things = tuple(one.in_fog() if isinstance(one, Stepper) else one for one in things)

    def static(self) -> Markup:
        """The question, and behind it all that answers it."""
        gate, answered = self.gate, kept().of("gate", self.gate.name)
        data = {
            "name": gate.name,
            "answered": answered.answer if answered else "",
            "right": [one.right for one in gate.options],
            "number": gate.number,
        }
        closed = f"tdx-gate-fog tdx-gate-closed{' tdx-gate-veiled' * self.veiled}"
        behind = [
            element("div", live.static(one), class_=closed, inert="")
            if isinstance(one, Stepper)
            else element("div", live.static(one), class_="tdx-gate-after", hidden="")
            for one in self.things
        ]
        after = element("div", prose(gate.after), class_="tdx-gate-after tdx-gate-words", hidden="")
        said = element("p", class_="tdx-gate-said", role="status")
        place = element(
            "div", self._asks(), said, *behind, after, script_json(data),
            class_="tdx-gate", data_gate=gate.name, role="group", aria_label="A question before you go on",
        )  # fmt: skip
        code = svg.packed_script(scripts.script(PAGE, "gate.js"), "gatesHere();")
        return framed(style(theme.css() + scripts.lean(scripts.read(PAGE, "gate.css"))), place, code)

    def _asks(self) -> Markup:
        gate, name = self.gate, f"tdx-{self.gate.name}"
        head = element("legend", element("b", "Predict."))
        if gate.number is not None:
            field = element(
                "input",
                type="text",
                inputmode="numeric",
                autocomplete="off",
                aria_label=f"your answer, a number of {gate.unit or 'things'}",
            )
            said = [
                (str(gate.number), gate.why),
                *((str(one.number), one.why) for one in gate.beliefs),
                ("", gate.otherwise),
            ]
            whys = [
                element("div", phrase(why), class_="tdx-gate-why", data_number=number, hidden="")
                for number, why in said
            ]
            ways = element("div", element("p", field, f" {gate.unit}"), *whys)
        else:
            rows = [_way(name, k, one) for k, one in enumerate(gate.options, 1)]
            ways = element("ol", *rows)
        button = element("button", "Answer", type="submit")
        return element("form", element("fieldset", head, prose(gate.asks), ways, button))

    def __str__(self) -> str:
        """The question in words; its answer stands at the notebook's end."""
        gate = self.gate
        ways = [f"  {k}. {one.says}" for k, one in enumerate(gate.options, 1)] or [
            f"  a number{f' of {gate.unit}' if gate.unit else ''}"
        ]
        return visible("\n".join([f"Predict. {gate.asks}", *ways]))

    def _ipython_display_(self) -> None:
        live.display_heard(self, Answers(self.gate))


def _way(name: str, number: int, one: Option) -> Markup:
    """An option, and its reason, which waits."""
    chosen = element("input", type="radio", name_=name, value=number)
    why = element("div", phrase(one.why), class_="tdx-gate-why", hidden="")
    return element("li", element("label", chosen, element("span", phrase(one.says))), why)


def gate(name: str, *things: object, veiled: bool = False) -> GateView:
    """The gate of this name, and behind it these things: a stepper, a table, a picture. InputError for a name that is none.

    veiled: a stepper cannot be read before the answer, where its text, its title or the name of a rule would give that away.
    """
    return GateView(gate_named(name), things, veiled)


class Answers(anywidget.AnyWidget):
    """Keeps what a gate of the page is answered."""

    _esm = scripts.script(PAGE, "answers.js")
    gate = traitlets.Unicode().tag(sync=True)

    def __init__(self, gate: Gate):
        super().__init__(gate=gate.name)
        self._gate = gate
        self.on_msg(self._heard)

    def _heard(self, _widget, message: object, _buffers) -> None:
        answer = message.get("answer") if isinstance(message, dict) else None
        if not isinstance(answer, str):
            return
        try:
            judged = self._gate.judged(answer[:LONGEST])
        except InputError:  # no page of ours sends it
            return
        record(Event("gate", self._gate.notebook, self._gate.name, answer[:LONGEST], judged.right))
        if said := notice():
            print(said)

    def __str__(self) -> str:
        return ""


class Key:
    """The questions of a notebook and their answers: folded on the screen, unfolded on paper."""

    needs_kernel = False

    def __init__(self, notebook: str):
        self.gates = gates(notebook)

    def static(self) -> Markup:
        """A list of the questions, each with its right answer and what was behind it."""
        rows = [
            element(
                "li",
                prose(one.asks),
                element("p", element("b", phrase(one.said)), ". ", phrase(one.right.why)),
                prose(one.after),
            )
            for one in self.gates
        ]
        folded = element(
            "details",
            element("summary", "The questions of this notebook, answered"),
            element("ol", *rows),
            class_="tdx-key",
        )
        return framed(style(theme.css() + scripts.lean(scripts.read(PAGE, "gate.css"))), folded)

    def __str__(self) -> str:
        rows = [
            f"{k}. {one.asks}\n   {one.said}. {one.right.why}\n   {one.after}" for k, one in enumerate(self.gates, 1)
        ]
        return visible("\n".join(rows))

    def _ipython_display_(self) -> None:
        live.display(self)


def answers(notebook: str) -> Key:
    """The key to a notebook ("04")."""
    return Key(notebook)
