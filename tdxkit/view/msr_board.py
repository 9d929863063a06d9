"""MSR 0x3A at hand in a notebook: a reader for one's own trace, and the switches of a hotplug with the run they lead to."""

from collections.abc import Sequence
from dataclasses import asdict, replace

import ipywidgets as w

from tdxkit.linux.msr.hotplug import IN_WORDS, OUTCOMES, Hotplug, hotplug
from tdxkit.linux.msr.register import describe
from tdxkit.linux.msr.switches import GUESTS, VENDORS, Setup
from tdxkit.linux.msr.table import outcomes, what_matters
from tdxkit.review.msr.reading import Trace, reading_job
from tdxkit.review.wanted import wanted
from tdxkit.text import many
from tdxkit.view.fields import columns_of
from tdxkit.view.kit.board import Board
from tdxkit.view.kit.slider import Slider, numbers
from tdxkit.view.kit.svg import Markup, element, framed, joined
from tdxkit.view.kit.tables import Table, table
from tdxkit.view.kit.upload import Upload
from tdxkit.view.kit.verdict import Bar, alert, verdict
from tdxkit.view.msr_view import SHOWN, access_picture, phases_table, reading_table, vcpus
from tdxkit.view.stepper import Stepper

FIRMWARE = {
    "SeaBIOS": ("seabios", 202505),
    "OVMF, edk2-stable202505": ("ovmf", 202505),
    "OVMF, edk2-stable202508": ("ovmf", 202508),
}
PRESETS = ("0x0", "0x1", "0x5", "0x40005")
OPTION_BUTTONS = {"no patch": "none", "off": "off", "auto, as posted": "auto", "on": "on"}
STOPPED = ("bugcheck", "smi-fault")
# The switches that may save a guest that stays the same, on the same machine; the others change what is asked.
SAVING = {
    "firmware": "the firmware",
    "version": "the firmware",
    "preset": "the new MSR",
    "smm": "SMM",
    "epc": "EPC",
    "hyperv": "Hyper-V",
}
NOTED = "* Behind this line of the trace somebody wrote a note: rest the pointer on the mark, or open “as text”."
SWITCHES = {
    "smm": "SMM",
    "sgx": "SGX in CPUID",
    "epc": "EPC",
    "hyper-v": "Hyper-V",
    "option": "the posted option",
    "MSR already set": "new MSR set",
}
_WIDE = {"style": {"description_width": "76px"}, "layout": {"width": "min(100%, 400px)"}}


def trace_reader() -> Upload:
    """Open, paste or name a trace: the timeline, what each vCPU holds, what happened, and the lines that could not be read."""
    hint = "… or paste lines of a kvm_msr trace here: tracefs, trace-cmd report or perf script"
    job = wanted(("trace",), reading_job, lambda trace: trace.counts.events, text=True)
    return Upload(job, trace_shown, what="trace", accept=".txt,.trace,.log,.gz,text/plain", hint=hint)


def trace_shown(trace: Trace) -> list[object]:
    """What there is to see in a trace; of one in which nobody touched the register only why."""
    c = trace.counts
    counted = f"{many(c.events, 'kvm_msr event')} in {many(c.lines, 'line')}; {many(c.other, 'other event')}, {many(c.skipped, 'line')} not readable"
    if c.lost:
        counted += f"; the tracer lost {c.lost:,}: what is missing may have been there"
    unread = [bad_table(trace)] if c.bad else []
    if not trace.events:
        return [alert(f"{trace.reading}: {counted}"), *unread]
    picture = LongTimeline(trace) if len(trace.events) > SHOWN else access_picture(trace.events)
    star = [_paragraph(NOTED)] if any(event.note for event in trace.events) else []
    tables = [phases_table(trace.reading), reading_table(trace.reading), *unread]
    return [_paragraph(counted), picture, *star, *tables, *map(_paragraph, trace.reading.notes)]


def _paragraph(words: str) -> Markup:
    return framed(element("p", words))


class LongTimeline(Board):
    """The timeline of a trace that has more accesses than one picture shows; a slider moves it along."""

    def __init__(self, trace: Trace):
        self.trace, last = trace, len(trace.events) - SHOWN
        starts = [*numbers(0, last - 1, SHOWN // 2), *numbers(last, last)]  # the last of them shows the last access
        self.start = Slider(starts, 0, "from access")
        super().__init__([self.start])
        self.watch(self.start)

    def update(self) -> tuple[str, list[object]]:
        """The accesses from where the slider stands."""
        return "", [access_picture(self.trace.events, self.start.value)]

    def __str__(self) -> str:
        return str(access_picture(self.trace.events, self.start.value))


def bad_table(trace: Trace) -> Table:
    """The lines that could not be read and why, the first of them."""
    c = trace.counts
    title = f"{many(c.skipped, 'line')} could not be read" + (
        f", the first {len(c.bad)}" if c.skipped > len(c.bad) else ""
    )
    return table(("line", "why", "it begins"), [(b.line, b.why, b.start) for b in c.bad], title)


def gates_told(result: Hotplug) -> str:
    """What became of the posted option, in a sentence; "" for a QEMU without it."""
    if result.scenario.option == "none":
        return ""
    failed = next((name for name, held in result.gates if not held), None)
    if failed is None:
        return f"The posted option copies vCPU 0's value: all {len(result.gates)} of its tests hold."
    return f"The posted option does nothing: of its tests “{failed}” does not hold."


def outcome_bar(result: Hotplug) -> Bar:
    """How it ends."""
    kind = "violation" if result.outcome in STOPPED else "ok"
    return verdict(kind, OUTCOMES[result.outcome], IN_WORDS[result.outcome], gates_told(result))


def outcome_html(result: Hotplug) -> Markup:
    """The outcome, the registers of vCPU 0 and of the new one, what the new one may do, and what the posted option asked."""
    rows = [("holds", describe(result.values[0]), describe(result.values[-1]))]
    rows += [(what, result.works_on_0[what] or "works", why or "works") for what, why in result.works.items()]
    differ = [k for k, (_, old, new) in enumerate(rows) if old != new]
    made = table(("register 0x3A", "vCPU 0", "the new vCPU"), rows, "", differ, lit="the registers differ")
    asked = [element("li", f"{'✓' if held else '✗'} {name}") for name, held in result.gates]
    gates = (
        element("details", element("summary", "the option's tests, in its order"), element("ul", *asked))
        if gates_told(result)
        else ""
    )
    return joined(outcome_bar(result).html(), made.html(), gates)


def outcomes_table(results: Sequence[Hotplug]) -> Table:
    """How often each end comes, most first; lit: the crash."""
    counts = outcomes(results)
    rows = [(IN_WORDS[end], count, OUTCOMES[end]) for end, count in counts.items()]
    return table(("it ends", f"of {len(results)}", "that is"), rows, "", [list(counts).index("bugcheck")])


def matters_table(results: Sequence[Hotplug]) -> Table:
    """What a switch does if it alone is turned."""
    rows = [(SWITCHES.get(switch, switch), *found.values()) for switch, found in what_matters(results).items()]
    return table(
        ("this switch alone", "ends otherwise", "the crash (0x3E) goes"),
        rows,
        f"Of {len(results)}, if one switch is turned",
    )


class Switchboard(Board):
    """The switches of a Setup, and below them its outcome, its trace and its run; `result` is the last Hotplug."""

    question = "one switch that saves this guest, with the same QEMU on the same vendor's CPU, and SGX still in CPUID"

    def __init__(self, scenario: Setup = Setup()):  # noqa: B008  frozen, so one default for all is fine
        self.guest = w.Dropdown(
            options=[(v, k) for k, v in GUESTS.items()], value=scenario.guest, description="Guest", **_WIDE
        )
        fw = next((k for k, v in FIRMWARE.items() if v == (scenario.firmware, scenario.version)), "SeaBIOS")
        self.firmware = w.Dropdown(options=list(FIRMWARE), value=fw, description="Firmware", **_WIDE)
        self.vendor = w.Dropdown(
            options=[(v, k) for k, v in VENDORS.items()], value=scenario.vendor, description="Vendor", **_WIDE
        )
        self.option = w.ToggleButtons(
            options=OPTION_BUTTONS,
            value=scenario.option,
            description="Option",
            style={"button_width": "auto", "description_width": "76px"},
        )
        self.option.add_class("widget-inline-hbox")  # its label stands at its left, as those of the lists do
        self.preset = w.Dropdown(options=PRESETS, value=f"{scenario.preset:#x}", description="New MSR", **_WIDE)
        flags = {"smm": "SMM", "sgx": "SGX in CPUID", "epc": "EPC", "enlightened": "Hyper-V on"}
        self.flags = {
            name: w.Checkbox(
                getattr(scenario, name),
                description=text,
                indent=False,
                layout={"width": "max-content", "margin": "2px 16px 2px 2px"},
            )
            for name, text in flags.items()
        }
        self._scenario = scenario
        said = w.HTML(layout={"flex": "1 1 420px", "min_width": "0"})
        flags = w.HBox(list(self.flags.values()), layout={"flex_flow": "row wrap", "margin": "0 0 0 76px"})
        controls = [self.guest, self.firmware, self.vendor, self.preset, flags, self.option]
        super().__init__(columns_of(controls, said), said=said)
        self._first = self.scenario  # as the controls had it before anybody turned one
        self.watch(self.guest, self.firmware, self.vendor, self.option, self.preset, *self.flags.values())

    @property
    def scenario(self) -> Setup:
        """The switches as they stand."""
        firmware, version = FIRMWARE[self.firmware.value]
        flags = {name: box.value for name, box in self.flags.items()}
        return replace(
            self._scenario, guest=self.guest.value, firmware=firmware, version=version, vendor=self.vendor.value,
            option=self.option.value, preset=int(self.preset.value, 16), hyperv=flags.pop("enlightened"), **flags,
        )  # fmt: skip

    def update(self) -> tuple[Markup, list[object]]:
        """Plug the vCPU in as the switches say: the outcome, what a trace would show, the run."""
        self.flags["smm"].disabled = FIRMWARE[self.firmware.value][0] == "seabios"  # it has no code for it
        self.result = hotplug(self.scenario)
        trace = access_picture(self.result.events, title="What a kvm_msr trace would show")
        return outcome_html(self.result), [trace, Stepper(self.result.run, picture=vcpus, position=self.reached)]

    def answer(self) -> str:
        """The switch that was turned, where it alone saves the guest."""
        was, now = asdict(self._first), asdict(self.scenario)
        turned = {SAVING.get(name, "") for name in was if was[name] != now[name]}
        saved = hotplug(self._first).outcome in STOPPED and self.result.outcome not in STOPPED
        return (
            f"{turned.pop()}: {OUTCOMES[self.result.outcome]}"
            if saved and len(turned) == 1 and "" not in turned
            else ""
        )

    def __str__(self) -> str:
        switches, _, *registers = str(self.result).splitlines()
        said = [str(outcome_bar(self.result)), switches, *registers, self.asked_text]
        return "\n".join([*said, "", str(self.result.run)])
