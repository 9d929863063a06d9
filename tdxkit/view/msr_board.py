"""MSR 0x3A at hand in a notebook: a reader for one's own trace, and the switches of a hotplug with the run they lead to."""

from dataclasses import replace

import ipywidgets as w

from tdxkit.linux.msr.hotplug import OUTCOMES, Hotplug, hotplug
from tdxkit.linux.msr.register import describe
from tdxkit.linux.msr.switches import GUESTS, VENDORS, Setup
from tdxkit.review.msr.reading import Trace, reading_job
from tdxkit.review.wanted import wanted
from tdxkit.text import many
from tdxkit.view.kit.board import Board
from tdxkit.view.kit.svg import Markup, element
from tdxkit.view.kit.tables import Table, table
from tdxkit.view.kit.upload import Upload
from tdxkit.view.msr_view import SHOWN, phases_table, reading_table, timeline, vcpus
from tdxkit.view.stepper import Stepper

FIRMWARE = {
    "SeaBIOS": ("seabios", 202505),
    "OVMF, edk2-stable202505": ("ovmf", 202505),
    "OVMF, edk2-stable202508": ("ovmf", 202508),
}
PRESETS = ("0x0", "0x1", "0x5", "0x40005")
OPTION_BUTTONS = {"no patch": "none", "off": "off", "auto, as posted": "auto", "on": "on"}
_WIDE = {"style": {"description_width": "76px"}, "layout": w.Layout(width="330px")}


def trace_reader() -> Upload:
    """Open, paste or name a trace: the timeline, what each vCPU holds, what happened, and the lines that could not be read."""
    hint = "… or paste lines of a kvm_msr trace here: tracefs, trace-cmd report or perf script"
    job = wanted(("trace",), reading_job, lambda trace: trace.counts.events, text=True)
    return Upload(job, trace_shown, what="trace", accept=".txt,.trace,.log,.gz,text/plain", hint=hint)


def trace_shown(trace: Trace) -> list[w.Widget]:
    """The widgets that show a trace; a slider moves the timeline along a long one."""
    picture = w.HTML(str(timeline(trace.events).html()))
    parts: list[w.Widget] = [picture]
    if len(trace.events) > SHOWN:
        last = len(trace.events) - SHOWN
        start = w.IntSlider(0, 0, last, SHOWN // 2, description="from access", layout=w.Layout(width="480px"))
        start.observe(
            lambda change: setattr(picture, "value", str(timeline(trace.events, change["new"]).html())), "value"
        )
        parts.insert(0, start)
    c = trace.counts
    counted = f"{many(c.events, 'kvm_msr event')} in {many(c.lines, 'line')}; {many(c.other, 'other event')}, {many(c.skipped, 'line')} not readable"
    if c.lost:
        counted += f"; the tracer lost {c.lost:,}: what is missing may have been there"
    tables = [phases_table(trace.reading), reading_table(trace.reading), *([bad_table(trace)] if c.bad else [])]
    notes = [w.HTML(str(element("p", note))) for note in trace.reading.notes]
    if not trace.events:
        notes.append(w.HTML(str(element("p", str(trace.reading)))))
    return [w.HTML(str(element("p", counted))), *parts, *(w.HTML(str(t.html())) for t in tables), *notes]


def bad_table(trace: Trace) -> Table:
    """The lines that could not be read and why, the first of them."""
    c = trace.counts
    title = f"{c.skipped:,} lines could not be read" + (f", the first {len(c.bad)}" if c.skipped > len(c.bad) else "")
    return table(("line", "why", "it begins"), [(b.line, b.why, b.start) for b in c.bad], title)


def gates_table(result: Hotplug) -> Table:
    """The posted option's tests, in the order it makes them, up to the first that does not hold."""
    rows = [(name, held) for name, held in result.gates]
    lit = [i for i, (_, held) in enumerate(result.gates) if not held]
    return table(("test of the posted option", "holds"), rows, "", lit)


def outcome_html(result: Hotplug) -> Markup:
    """The outcome, the registers of vCPU 0 and of the new one, and what the new one may do."""
    stopped = result.outcome in ("bugcheck", "smi-fault")
    head = element(
        "p", element("b", ("✗ " if stopped else "✓ ") + result.outcome), "  ", OUTCOMES[result.outcome], role="status"
    )
    rows = [("holds", describe(result.values[0]), describe(result.values[-1]))]
    rows += [(what, result.works_on_0[what] or "works", why or "works") for what, why in result.works.items()]
    lit = [0] if result.values[0] != result.values[-1] else []
    return element("div", head, table(("", "vCPU 0", "the new vCPU"), rows, "", lit).html(), gates_table(result).html())


class Switchboard(Board):
    """The switches of a Setup, and below them its outcome, its trace and its run; `result` is the last Hotplug."""

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
            options=OPTION_BUTTONS, value=scenario.option, description="Option", style={"button_width": "150px"}
        )
        self.preset = w.Dropdown(options=PRESETS, value=f"{scenario.preset:#x}", description="New MSR", **_WIDE)
        flags = {"smm": "SMM", "sgx": "SGX in CPUID", "epc": "EPC", "enlightened": "Hyper-V on"}
        self.flags = {
            name: w.Checkbox(getattr(scenario, name), description=text, indent=False, layout=w.Layout(width="120px"))
            for name, text in flags.items()
        }
        self._scenario = scenario
        super().__init__(
            (self.guest, self.firmware), (self.vendor, self.preset), tuple(self.flags.values()), (self.option,)
        )
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
        self.result = hotplug(self.scenario)
        trace = timeline(self.result.events, title="What a kvm_msr trace would show")
        return outcome_html(self.result), [trace, Stepper(self.result.run, picture=vcpus)]

    def __str__(self) -> str:
        return f"{self.result}\n\n{gates_table(self.result)}\n\n{self.result.run}"
