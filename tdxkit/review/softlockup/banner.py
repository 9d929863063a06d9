"""Which kernel a report's banner names: its release, and the preemption model it was built for and runs as.

    >>> banner_of("6.15.0-rc7.20250520.el9uek", "PREEMPT(voluntary)").model
    'voluntary'

A mode in brackets is printed by a PREEMPT_DYNAMIC build only; the others are built for one model (linux-preempt-string). A build of either kind for
PREEMPT_RT is none that this workbook models.
"""

import re
from dataclasses import dataclass

from tdxkit.errors import InputError
from tdxkit.linux.softlockup.kernels import FIRST, Kernel, kernel_named
from tdxkit.review.softlockup.lines import Line, preemption_in
from tdxkit.review.softlockup.report import Report

SOURCES = ("linux-preempt-string", "linux-preempt")
_RELEASE = re.compile(r"(\d{1,3}\.\d{1,3})(?:\.(\d{1,4}))?(-rc\d{1,3})?")
_FIXED = {"VOLUNTARY": "voluntary", "NONE": "none", "PREEMPT": "full", "PREEMPTLAZY": "lazy"}


@dataclass(frozen=True, slots=True)
class Banner:
    """release: as printed ("" for none); printed: the preemption model as printed; model: a name of `preempt.MODELS` or None where it is not known;
    build: "dynamic", "fixed" or "" where nobody knows; rt: a PREEMPT_RT build."""

    release: str
    printed: str
    model: str | None
    build: str
    rt: bool = False

    @property
    def named(self) -> tuple[str, str]:
        """(kernel.org's release, which release candidate of it), ("", "") where none is printed."""
        found = _RELEASE.match(self.release)
        if not found:
            return "", ""
        patchlevel = f".{found[2]}" if found[2] and found[2] != "0" else ""
        return found[1] + patchlevel, (found[3] or "")[1:]

    @property
    def kernel(self) -> Kernel | None:
        """kernel.org's release of this number, None before memory attributes and where no release is printed."""
        try:
            return kernel_named(self.named[0])
        except InputError:
            return None

    def preemption(self) -> str:
        """What the banner says of preemption, in words."""
        if not self.printed:
            return "the banner names no preemption model"
        if self.rt:
            return f"{self.printed}: a PREEMPT_RT build, which this workbook does not model"
        if self.build == "dynamic":
            runs = f"it runs as {self.model}" if self.model else "the mode it runs in is not printed"
            return f"a PREEMPT_DYNAMIC build, {runs}, and RCU can preempt its readers"
        rcu = "RCU can preempt its readers" if self.model in ("full", "lazy") else "RCU cannot preempt its readers"
        return f"built for one preemption model, {self.model}; {rcu}"


def banner_of(release: str, printed: str, mode: str = "") -> Banner:
    """A banner by its words; mode: what "Dynamic Preempt" says at boot."""
    printed = preemption_in(printed)
    bracket = re.search(r"\((\w+)\)", printed)
    if bracket or printed == "PREEMPT_DYNAMIC" or mode:
        model = bracket[1] if bracket and bracket[1] != "undef" else mode or None
        return Banner(release, printed or "PREEMPT_DYNAMIC", model, "dynamic", "RT" in printed)
    return Banner(release, printed, _FIXED.get(printed), "fixed" if printed else "", "RT" in printed)


def banner_in(report: Report, elsewhere: tuple[Line, ...] = ()) -> Banner:
    """The banner of a report; what it lacks is taken from lines of the same log about the kernel."""
    said = report.fields
    release, printed, mode = said.get("release", ""), said.get("preempt", ""), ""
    for line in elsewhere:
        release = release or line.fields.get("release", "")
        printed = printed or preemption_in(line.text)
        mode = mode or line.fields.get("mode", "")
    return banner_of(release, printed, mode)


def attributes_since(banner: Banner) -> str:
    """A sentence where the release is older than memory attributes, "" otherwise."""
    name, _ = banner.named
    older = name and tuple(map(int, name.split(".")[:2])) < FIRST
    return f"kernel.org's {name} has no memory attributes: they were put into this build" if older else ""
