"""What a module version has and how it answers, property by property: what the versions part in stands side by side.

properties("2.0.08")["DEMOTE, an interrupt pending"]      # 'TDX_INTERRUPTED_RESTARTABLE'
"""

from functools import cache

from tdxkit.seam.one_call import Setting, make
from tdxkit.seam.situations import INTERRUPT
from tdxkit.seam.versions import version
from tdxkit.text import many
from tdxkit.units import PAGE_4K, human

SOURCES = ("module-versions", "model")


@cache
def properties(name: str) -> dict[str, str]:
    """The properties of a module version, in words; answers are the model's."""
    one = version(name)
    pages = lambda count: f"{many(count, 'page')}, {human(count * PAGE_4K)}"  # noqa: E731
    answer = lambda leaf, **more: str(make(Setting(leaf, name, **more)).answer)  # noqa: E731
    return {
        "Dynamic PAMT": "yes" if one.dynamic_pamt else "no: its PAMT is static",
        "control pages of a TD": pages(one.td_pages),
        "control pages of a vCPU": pages(one.vcpu_pages),
        "type of a vCPU's further pages": str(one.extra_type),
        "Secure-EPT tree lock": "with host priority" if one.new_tree else "without host priority",
        "PAMT.ADD, all right": answer("TDH.PHYMEM.PAMT.ADD"),
        "AUG in a region without a pair": answer("TDH.MEM.PAGE.AUG", operands={"R8": "in a region without a pair"}),
        "DEMOTE, an interrupt pending": answer("TDH.MEM.PAGE.DEMOTE", situation=INTERRUPT),
    }
