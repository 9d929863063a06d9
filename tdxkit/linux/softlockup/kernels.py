"""Kernel releases by name, as far as KVM's memory attributes and preemption go: which text, which patch, which models.

    >>> str(kernel_named("6.15")), kernel_named("6.15.7").patch, kernel_named("7.0").models
    ('Linux 6.15', 'v2', ('full', 'lazy'))

Memory attributes came with 6.8 (sources linux-memattr, snp-lockup-v2). The merged patch went into 6.16 and into the stable releases 6.15.7 and
6.12.39 (snp-lockup-stable). PREEMPT_LAZY came with 6.13; since 7.0 x86 has only FULL and LAZY (linux-preempt-7-0). That
6.12.113 and 7.3 have the later texts is known from the subjects of three commits (memattr-fixes-7-3) and was not checked in their trees.

Fidelity card
  modelled: what of the above a release of this number has, as kernel.org releases it for x86
  simplified: stable branches other than 6.12 and 6.15 count as their mainline release, whatever was backported to them
  left out: what a distribution has put in or taken out, release candidates
"""

import re
from dataclasses import dataclass

from tdxkit.errors import InputError, printable
from tdxkit.linux.memattr.vm import KernelText

SOURCES = (
    "linux-memattr",
    "snp-lockup-stable",
    "linux-preempt",
    "snp-lockup-v2",
    "linux-preempt-7-0",
    "memattr-fixes-7-3",
)
FIXES = "5a475554db1e"  # the commit that brought memory attributes, and which the patch names
FIRST = (6, 8)  # the release that has it
LAZY_SINCE = (6, 13)
FULL_OR_LAZY_SINCE = (7, 0)
PATCHED_SINCE = (6, 16)
PATCHED_STABLE = {(6, 12): 39, (6, 15): 7}
TEXT_2_STABLE = {(6, 12): 113}
TEXT_3_SINCE = (7, 3)
_NAME = re.compile(r"v?(\d{1,3})\.(\d{1,3})(?:\.(\d{1,4}))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Kernel:
    """A release. text: number of its memory-attribute text; patch: None or "v2" where it carries it; models: its preemption models."""

    name: str
    text: int
    patch: str | None
    models: tuple[str, ...]

    def __str__(self) -> str:
        return f"Linux {self.name}"

    def with_patch(self, patch: str | None) -> KernelText:
        """Its memory-attribute text with this patch (None, "v1" or "v2") instead of what it carries."""
        return KernelText(self.text, patch)

    def must_have(self, model: str) -> None:
        """InputError where the release has no such preemption model."""
        if model not in self.models:
            why = {
                "lazy": "PREEMPT_LAZY came with 6.13",
                "none": "since 7.0 x86 is built FULL or LAZY only",
                "voluntary": "since 7.0 x86 is built FULL or LAZY only",
            }.get(model, "there is no such preemption model")
            raise InputError(f"{self}, {printable(model)}", why, "choose one of " + ", ".join(self.models))


def kernel_named(name: str) -> Kernel:
    """The release of this name, such as "6.15" or "6.12.107"; InputError before 6.8 and for what is no release."""
    found = _NAME.fullmatch(name.strip()) if isinstance(name, str) else None
    if not found:
        raise InputError(f"kernel {printable(name)}", "a kernel is a release number", "write it like 6.15 or 6.12.107")
    line, patchlevel = (int(found[1]), int(found[2])), int(found[3] or 0)
    if line < FIRST:
        raise InputError(f"kernel {printable(name)}", "KVM has memory attributes since 6.8", "name that or a later one")
    if line >= FULL_OR_LAZY_SINCE:
        models: tuple[str, ...] = ("full", "lazy")
    else:
        models = ("none", "voluntary", "full") + ("lazy",) * (line >= LAZY_SINCE)
    patched = line >= PATCHED_SINCE or _reaches(PATCHED_STABLE, line, patchlevel)
    text = 3 if line >= TEXT_3_SINCE else 2 if _reaches(TEXT_2_STABLE, line, patchlevel) else 1
    return Kernel(found[0].removeprefix("v"), text, "v2" if patched else None, models)


def _reaches(since: dict[tuple[int, int], int], line: tuple[int, int], patchlevel: int) -> bool:
    """Whether a stable release is one that has what its branch got at some patchlevel."""
    return line in since and patchlevel >= since[line]
