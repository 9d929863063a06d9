"""One SEAMCALL at hand in a notebook: its operands, what surrounds it, its list of statuses with a button for each, and the call check by check."""

from dataclasses import replace

import ipywidgets as w

from tdxkit.seam.leaves.engine import find_leaf
from tdxkit.seam.mistakes import LEAVES, Row, rows
from tdxkit.seam.one_call import Made, Setting, make
from tdxkit.seam.operands import choices
from tdxkit.seam.quests import QUESTS
from tdxkit.seam.scenes import scene_of
from tdxkit.seam.situations import AS_IT_SHOULD, situations
from tdxkit.seam.versions import LATEST, VERSIONS
from tdxkit.status import decode
from tdxkit.view.kit import choices as kit
from tdxkit.view.kit.board import Board
from tdxkit.view.kit.svg import Markup, framed
from tdxkit.view.kit.tables import Table, table
from tdxkit.view.kit.verdict import Bar, verdict
from tdxkit.view.operand_field import OperandField
from tdxkit.view.pamt_picture import picture_of
from tdxkit.view.stepper import Stepper

REGISTERS = ("RCX", "RDX", "R8", "R12", "R13")
HEADER = ("check", "status", "when")
_NARROW = {"description_width": "auto"}


class SeamcallBoard(Board):
    """`made` is the call as the controls have it; `list` the leaf's statuses, whose buttons set the controls so that each comes back."""

    def __init__(self, leaf: str = "TDH.PHYMEM.PAMT.ADD", situation: str = AS_IT_SHOULD):
        name = find_leaf(leaf).name
        self._quest = QUESTS.get(name)
        self.question = self._quest.question if self._quest else ""
        short = [(each.removeprefix("TDH."), each) for each in LEAVES]
        self.leaf = w.Dropdown(
            options=short,
            value=name,
            description="SEAMCALL",
            style=_NARROW,
            layout={"width": "290px", "margin": "2px 14px 2px 2px"},
        )
        self.version = _choice("module", list(VERSIONS), LATEST)
        self.v = _choice("version in RAX", (0, 1, 2), 0)
        self.situation = w.Dropdown(
            options=list(situations(name)), value=situation, description="and", style=_NARROW, layout={"width": "360px"}
        )
        self.fields = {register: OperandField(register) for register in REGISTERS}
        self.list_place = w.VBox(
            layout={
                "max_height": "264px",
                "overflow": "auto",
                "width": "100%",
                "max_width": "1104px",
                "margin": "6px 0",
                "border": "1px solid var(--jp-border-color2, #ccc)",
                "padding": "0 8px",
            }
        )
        self.list_place.add_class("tdx-listed")
        self._of = ""  # the leaf whose words and list are shown
        self._wish: Setting | None = Setting(name, situation=situation)  # what the controls are to become
        fields = w.HBox(list(self.fields.values()), layout={"flex_flow": "row wrap", "max_width": "1300px"})
        super().__init__([self.leaf, self.version, self.v, self.situation], fields, self.list_place)
        watched = [part for field in self.fields.values() for part in (field.word, field.number)]
        self.watch(self.leaf, self.version, self.v, self.situation, *watched)

    @property
    def setting(self) -> Setting:
        """The call as the controls stand; of a leaf that was just chosen, its right operands."""
        if self.leaf.value != self._of:
            return Setting(self.leaf.value, self.version.value)
        wanted = {register: self.fields[register].wanted for register in scene_of(self.leaf.value).registers}
        return Setting(self.leaf.value, self.version.value, self.v.value, self.situation.value, wanted)

    def update(self) -> tuple[Bar, list[object]]:
        """Make the call: what came back, the registers, the run at the check that decided."""
        setting, self._wish = self._wish or self.setting, None
        self.made = make(setting)
        self._take(setting)
        picture = picture_of(self.made.shown.page)
        return bar(self.made), [
            registers(self.made),
            Stepper(self.made.run, picture=picture, position=self.made.position),
        ]

    def answer(self) -> str:
        """What was found, if the call is the one that was asked for."""
        return self._quest.found(self.made) if self._quest and self.made.leaf.name in QUESTS else ""

    def _take(self, setting: Setting) -> None:
        """Show the controls as a setting has them."""
        leaf, of = setting.leaf, self._of
        self._of = self.leaf.value = leaf
        self.version.value, self.v.value = setting.version, setting.v
        if self.situation.options != (known := tuple(situations(leaf))):
            self.situation.options = known
        self.situation.value = setting.situation
        world = setting.world()
        for register, field in self.fields.items():
            used = register in self.made.given
            field.layout.display = "" if used else "none"
            if used:
                words = choices(leaf, register, world, self.made.given)
                field.offer(words, setting.operands.get(register, next(iter(words))))
        if leaf != of:
            self._new_list(rows(leaf))
        came = [at for at, row in enumerate(rows(leaf)) if row.is_from(self.made)]
        self.list.chosen = came[0] if came else -1

    def _new_list(self, known: tuple[Row, ...]) -> None:
        title = f"{self.leaf.value}: its checks, in this order, and the status of each"
        before = self.list_place.children
        self.list = kit.Choices(title, ("check and status", "when"), [_row(row) for row in known])
        self.list.observe(self._pressed, "chosen")
        self.list_place.children = (self.list,)
        for old in before:
            old.close()

    def _pressed(self, change) -> None:
        """Set the controls so that a row's status comes back: in the module version that is chosen, where it does there."""
        if self._updating or change["new"] < 0:
            return
        row = rows(self._of)[change["new"]]
        here = replace(row.setting, version=self.version.value)
        self._wish = here if row.is_from(make(here)) else row.setting
        self._changed()

    def __str__(self) -> str:
        return "\n".join(
            [
                settings(self.made),
                str(bar(self.made)),
                str(registers(self.made)),
                self.asked_text,
                "",
                str(self.list),
                "",
                str(self.made.run),
            ]
        )

    def static(self) -> Markup:
        """The same, and the list as a table."""
        return framed(super().static(), list_table(self._of, self.list.chosen).html())


def _choice(name: str, options: object, value: object) -> w.Dropdown:
    return w.Dropdown(
        options=options,
        value=value,
        description=name,
        style=_NARROW,
        layout={"width": "max-content", "margin": "2px 14px 2px 2px"},
    )


def _row(row: Row) -> kit.Row:
    """A row with its button; the status stands with its number, in the cell whose words are not broken."""
    number, status, when = cells(row)
    if not row.setting:
        return kit.Row((f"{number} not here", f"{status}: {when}"))
    more = f"check {number}, {status}" if row.number else f"{status}, {row.when}"
    return kit.Row((f"{number} {status}", when), more)


def cells(row: Row) -> tuple[str, str, str]:
    """A row of the list: its number, its status, when it comes and, where nothing here brings it about, why."""
    number = str(row.number) if row.number else "—" if row.why else "✓"
    return number, row.status, f"{row.when} ({row.why})" if row.why else row.when


def list_table(leaf: str, chosen: int = -1) -> Table:
    """A leaf's list of statuses; the row that came back is marked."""
    marked = [chosen] if chosen >= 0 else []
    return table(
        HEADER, [cells(row) for row in rows(leaf)], f"{leaf}: its checks, in this order", marked, lit="came back"
    )


def bar(made: Made) -> Bar:
    """What came back, in words."""
    if made.answer.ok:
        said = f"{made.leaf.spec['transition'] or made.leaf.spec.get('effects', 'done')}"
        return verdict("ok", said, str(made.answer), hint(made))
    one = decode(made.answer.status, made.leaf.name)
    check = made.leaf.checks[made.failed - 1] if made.failed else None
    said = (
        f"check {made.failed}: {check.spec['when']}"
        if check
        else "before all checks: the version in RAX is not one of this leaf's"
    )
    again = "the same call may succeed later" if one.recoverable else "the same call cannot succeed"
    return verdict(
        "violation", said, str(made.answer), f"RAX 0x{made.answer.status:016X}: {again}. Linux: {one.kernel}"
    )


def hint(made: Made) -> str:
    """What a leaf that succeeded says of its region, where it says anything."""
    register = made.leaf.spec.get("hint")
    if not register:
        return "This leaf gives no hint."
    if made.hint:
        return f"The hint: bit 62 of {register} is 1, the region's page count went from 1 to 0; PAMT.REMOVE may succeed now."
    return f"No hint: bit 62 of {register} is 0."


def registers(made: Made) -> Table:
    """Every register of the call, before and after."""
    number = lambda value: "—" if value is None else f"{value:#x}"  # noqa: E731
    out = [
        (
            "RAX",
            f"{made.leaf.number | made.setting.v << 16:#x}",
            f"{made.answer.status:#x}",
            f"the leaf's number; {made.answer}",
        )
    ]
    out += [(name, number(before), number(after), what) for name, before, after, what in made.registers]
    return table(("register", "before", "after", "what it is"), out)


def settings(made: Made) -> str:
    """The controls, as a line."""
    setting = made.setting
    operands = ", ".join(
        f"{name} {setting.operands.get(name, 'right')} = {value:#x}" for name, value in made.given.items()
    )
    return f"{setting.leaf}, module {setting.version}, version {setting.v} in RAX; {setting.situation}; {operands}"
