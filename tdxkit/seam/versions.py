"""Module versions: how many control pages a TD takes, which page type its vCPU pages get, whether Dynamic PAMT exists.

Counts: source module-versions; the host reads them as TDCS_BASE_SIZE and
TDVPS_BASE_SIZE. The vCPU count of 2.0.18 is inferred from 2.0.08.
"""

from dataclasses import dataclass

from tdxkit.errors import InputError, printable
from tdxkit.seam.pamt import TDCX, TDVPX, PageType

SOURCES = ("module-versions",)


@dataclass(frozen=True, slots=True)
class ModuleVersion:
    """One module version. Counts are 4K pages, for a TD without L2 VMs."""

    name: str
    tdcx: int  # the least a TD must have before MNG.INIT
    tdcx_max: int
    vcpu_extra: int  # TDCX pages of a vCPU beside its TDVPR
    vcpu_extra_max: int
    extra_type: PageType = TDCX
    dynamic_pamt: bool = True
    tree_priority: bool = False  # the Secure-EPT tree lock has host priority too

    @property
    def td_pages(self) -> int:
        """Control pages of a TD without vCPUs: the TDR and the TDCX pages."""
        return 1 + self.tdcx

    @property
    def vcpu_pages(self) -> int:
        """Control pages of a vCPU: the TDVPR and its extra pages."""
        return 1 + self.vcpu_extra


VERSIONS = {
    v.name: v
    for v in (
        ModuleVersion("1.0", 4, 4, 5, 5, TDVPX, dynamic_pamt=False),
        ModuleVersion("1.5.06", 6, 9, 5, 14, dynamic_pamt=False),
        ModuleVersion("1.5.28", 6, 9, 5, 14),
        ModuleVersion("2.0.08", 9, 12, 5, 14),
        ModuleVersion("2.0.18", 9, 12, 5, 14, tree_priority=True),
    )
}
LATEST = "2.0.18"


def version(name: str) -> ModuleVersion:
    """The version with this name; InputError for one that is not modelled."""
    found = VERSIONS.get(name)
    if found is None:
        raise InputError(
            f"module version {printable(name)}", "it is not modelled", f"take one of {', '.join(VERSIONS)}"
        )
    return found
