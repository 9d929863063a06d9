"""The list of statuses of a leaf, and for each the mistake that brings it about: operands, a situation, a module version.

rows("TDH.PHYMEM.PAMT.ADD")[13].setting.operands        # {'RDX': 'a page of another pair'}
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from tdxkit.seam import situations as s
from tdxkit.seam.leaves.describe import status_of
from tdxkit.seam.leaves.engine import find_leaf
from tdxkit.seam.leaves.leaf import Check, Leaf
from tdxkit.seam.one_call import Made, Setting
from tdxkit.seam.operands import INSIDE

SOURCES = ("model",)
LEAVES = (
    "TDH.PHYMEM.PAMT.ADD",
    "TDH.PHYMEM.PAMT.REMOVE",
    "TDH.MEM.PAGE.AUG",
    "TDH.MEM.PAGE.DEMOTE",
    "TDH.MEM.PAGE.PROMOTE",
    "TDH.MEM.PAGE.RELOCATE",
    "TDH.MEM.PAGE.REMOVE",
    "TDH.MEM.SEPT.REMOVE",
    "TDH.PHYMEM.PAGE.RECLAIM",
)
NOBODY = "no modelled call takes this lock exclusive"

# What makes a check fail, by its test: a word for the operand that the test names, or a situation.
OPERAND = {
    "form": "HKID bits set",
    "flags": "a reserved bit set",
    "in_tdmr": "in no TDMR",
    "region": "not aligned",
    "page_is": "a page of the TD",
    "pair": "in a region without a pair",
    "free": "a page of the TD",
    "unused": "a page of the TD",
    "take_bit": "a page of another pair",
}
RCX = {
    "region_free": "a region with a pair, all free",
    "has_pair": "a region without a pair",
    "empty": "a region in use, its first page",
    "gpa_form": "a reserved bit set",
    "gpa_private": "a shared GPA",
    "sept_walk": "no table above it",
    "sept_empty": "a table of 512 pages",
    "children_match": "an empty table",
    "reclaimable": "a free page",
    "own_size": "inside a 2 MiB page of the TD",
    "no_children": "the TDR",
}
WRONG_ENTRY = {
    "TDH.MEM.PAGE.AUG": "a 4 KiB page",
    "TDH.MEM.PAGE.RELOCATE": "nothing mapped",
    "TDH.MEM.PAGE.REMOVE": "a table of 512 pages",
    "TDH.MEM.PAGE.DEMOTE": "a table of 512 pages",
    "TDH.MEM.PAGE.PROMOTE": "a 2 MiB page",
    "TDH.MEM.SEPT.REMOVE": "a 2 MiB page",
}
SITUATION = {situation.check: words for words, situation in s.ALL.items()}


@dataclass(frozen=True)
class Row:
    """A row of the list: the number of its check among those that are modelled (0: none), its status, when it comes; what brings it about, or
    why nothing here does."""

    number: int
    status: str
    when: str
    setting: Setting | None = None
    why: str = ""

    def is_from(self, made: Made) -> bool:
        """Whether this row is what came back."""
        if not self.setting:
            return False
        if not self.number:
            return made.answer.ok and bool(made.hint) == (self.when == HINTED)
        return made.failed == self.number


GONE_WELL, HINTED = "all checks hold", "all checks hold, and the region's last page goes: the hint"


@cache
def rows(leaf: str) -> tuple[Row, ...]:
    """Every row of a leaf's list of statuses, in the order of its checks; at last what it answers where all hold."""
    found, number, made = find_leaf(leaf), 0, []
    for spec in found.spec["checks"]:
        if "test" not in spec:
            made.append(Row(0, status_of(spec), spec["when"], why=f"not modelled: {spec['left_out']}"))
            continue
        number += 1
        setting = _setting(found, found.checks[number - 1])
        made.append(Row(number, status_of(spec), spec["when"], setting, "" if setting else NOBODY))
    made.append(Row(0, "TDX_SUCCESS", GONE_WELL, Setting(found.name)))
    if found.spec.get("hint"):
        made.append(Row(0, "TDX_SUCCESS", HINTED, Setting(found.name, situation=s.LAST_PAGE)))
    return tuple(made)


def _setting(leaf: Leaf, check: Check) -> Setting | None:
    """What makes a check of a leaf fail, and no check before it."""
    test, *args = check.spec["test"].split()
    if test == "version":
        return Setting(leaf.name, v=2)
    if test == "restartable":  # later versions look for an interrupt in DEMOTE only where there are L2 VMs
        return Setting(leaf.name, "2.0.08", situation=s.INTERRUPT)
    if test == "free_2m":
        return Setting(leaf.name, operands=TWO_MIB)
    if test == "target_differs":
        return Setting(leaf.name, operands={"R8": "the page mapped there"})
    if test == "walk":
        busy = leaf.name == "TDH.MEM.PAGE.DEMOTE" and args[0] in ("R12", "R13")
        return (
            Setting(leaf.name, operands={args[0]: INSIDE}) if busy else Setting(leaf.name, situation=s.at_page(args[0]))
        )
    word = WRONG_ENTRY[leaf.name] if test == "sept_state" else RCX.get(test) or OPERAND.get(test)
    if word:
        return Setting(leaf.name, operands={args[0] if test in OPERAND else "RCX": word})
    situation = SITUATION.get(s.SAME_AS.get(test, test))
    return Setting(leaf.name, situation=situation) if situation else None


TWO_MIB: Mapping[str, str] = {"RCX": "nothing mapped, 2 MiB", "R8": "all of a region of pages of pairs"}
