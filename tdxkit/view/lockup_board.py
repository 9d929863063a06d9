"""A lockup at hand in a notebook: guest, kernel, preemption model, patch, costs, the other tasks; below, the verdict and its timeline."""

import ipywidgets as w

from tdxkit.linux.softlockup.kernels import kernel_named
from tdxkit.linux.softlockup.lockup import Judgement, lockup, size_text
from tdxkit.linux.softlockup.loop_cost import COSTS
from tdxkit.linux.softlockup.watchdog import SECOND, WORST
from tdxkit.units import GIB
from tdxkit.view.kit.board import Board
from tdxkit.view.kit.picture import Picture
from tdxkit.view.kit.slider import Slider, numbers
from tdxkit.view.kit.verdict import Bar, verdict
from tdxkit.view.lockup_picture import watchdog_picture

SIZES = (64, 256, 512, 700, 875, 940, 1100, 1300, 1500, 1770, 1900, 2048, 3072, 4096, 8192)
SAID = {
    875: "940 GB",
    940: "940 GB if GiB were meant",
    1770: "1900 GB",
    1900: "1900 GB if GiB were meant",
}  # the reporter's sizes
LABEL = "84px"  # wide: the labels of all rows end in one line
KERNELS = ("6.8", "6.12", "6.12.107", "6.15", "6.15.7", "6.16", "7.0")
PATCHES = {"as released": "as is", "without": None, "v1: batches": "v1", "v2: cond_resched": "v2"}


class LockupBoard(Board):
    """Controls over one guest; `verdict` is what came of them last."""

    question = "the smallest guest of the slider that can be reported, on the kernel and at the cost that are chosen"

    def __init__(self, gib: int = 1500, kernel: str = "6.15", preempt: str = "voluntary"):
        sizes = [(size_text(n * GIB), n) for n in sorted({*SIZES, gib})]  # no more: a slider cuts what is longer
        self.guest = Slider(sizes, gib, "Guest")
        self.kernel = w.Dropdown(options=KERNELS, value=kernel, description="Kernel", layout=w.Layout(width="190px"))
        self.cost = w.Dropdown(options=list(COSTS), description="Cost", layout=w.Layout(width="200px"))
        buttons = {"style": {"button_width": "82px", "description_width": LABEL}}
        models = kernel_named(kernel).models
        self.preempt = w.ToggleButtons(options=models, value=preempt, description="Preempt", **buttons)
        self.patch = w.ToggleButtons(
            options=PATCHES, description="Patch", style={"button_width": "150px", "description_width": LABEL}
        )
        for toggles in (self.preempt, self.patch):
            toggles.add_class("widget-inline-hbox")  # their labels stand at their left, as the others' do
        self.others = Slider(numbers(0, 4), 0, "Other tasks")
        self.phase = Slider(numbers(0, 4, 0.1, "s"), WORST / SECOND, "Phase")
        self.idle = w.Checkbox(False, description="fresh from idle", indent=False, layout=w.Layout(width="140px"))
        super().__init__(
            (self.guest, self.kernel, self.cost), (self.preempt,), (self.patch,), (self.others, self.phase, self.idle)
        )
        controls = (self.guest, self.kernel, self.cost, self.preempt, self.patch, self.others, self.phase, self.idle)
        self.watch(*controls)

    def update(self) -> tuple[Bar, list[Picture]]:
        """Judge the guest as the controls have it."""
        self._offer_models()
        self.verdict = self._judged(self.guest.value)
        return self._bar(), [watchdog_picture(self.verdict)]

    def _judged(self, gib: int) -> Judgement:
        return lockup(
            gib * GIB, self.kernel.value, self.preempt.value, self.cost.value, patch=self.patch.value,
            others=self.others.value, phase=min(round(self.phase.value * SECOND), WORST), from_idle=self.idle.value,
        )  # fmt: skip

    def answer(self) -> str:
        """This guest and the next smaller one, where this one can be reported and that one cannot."""
        smaller = [gib for _, gib in self.guest.options if gib < self.guest.value]
        if not (self.verdict.chance and smaller) or self._judged(smaller[-1]).chance:
            return ""
        this, that = (size_text(gib * GIB) for gib in (self.guest.value, smaller[-1]))
        return f"{this} is reported in {self.verdict.chance:.0%} of the phases, {that} in none"

    def _offer_models(self) -> None:
        """A kernel offers the models it has; where the chosen one is gone, the nearest that is left."""
        models, chosen = kernel_named(self.kernel.value).models, self.preempt.value
        if self.preempt.options != models:
            self.preempt.options = models
            self.preempt.value = chosen if chosen in models else models[-1]

    def _bar(self) -> Bar:
        """What the watchdog says of the guest, and under it what the CPU did."""
        v = self.verdict
        if v.lockup:
            first = f", the first of {len(v.reports)} reports" if len(v.reports) > 1 else ""
            return verdict(
                "violation", f"soft lockup in the {v.loop} loop, stuck for {v.stuck}s{first}", "reported", self._words()
            )
        if v.chance:
            return verdict(
                "bounded",
                "the watchdog's clock stands so that it looks in time; at another phase it reports",
                "not reported here",
                self._words(),
            )
        return verdict("ok", "the watchdog finds nothing, whatever its phase", "no report", self._words())

    def _words(self) -> str:
        v = self.verdict
        said = SAID.get(self.guest.value)
        tree = (f"the reporter's {said}: " if said else "") + f"{v.work.tree.nodes:,} nodes; {v.seconds:.1f} s; "
        carries = "the release carries the patch; " if self.patch.value == "as is" and v.patched else ""
        longest = f"held without a break for {v.longest.seconds:.1f} s at most"
        odds = f", reported in {v.chance:.0%} of the watchdog's phases" if v.chance else ""
        return tree + carries + longest + odds

    def __str__(self) -> str:
        return f"{self._bar()}\n{self.asked_text}\n{watchdog_picture(self.verdict)}"
