"""Module versions: how many control pages a TD takes, which page type its vCPU pages get, whether Dynamic PAMT exists, and where the
checks of a leaf changed.

Counts: source module-versions; the host reads them as TDCS_BASE_SIZE and TDVPS_BASE_SIZE. The vCPU count of 2.0.18 is inferred from
2.0.08. What changed: sources module-leaves, module-1-5-01, tdx-huge-v3.
"""

from dataclasses import dataclass

from tdxkit.errors import InputError, printable
from tdxkit.seam.pamt import TDCX, TDVPX, PageType

SOURCES = ("module-versions", "module-leaves", "module-1-5-01", "tdx-huge-v3")


@dataclass(frozen=True, slots=True)
class ModuleVersion:
    """One module version. Counts are 4K pages, for a TD without L2 VMs."""

    name: str
    tdcx: int  # the least a TD must have before MNG.INIT
    tdcx_max: int
    vcpu_extra: int  # TDCX pages of a vCPU beside its TDVPR
    vcpu_extra_max: int
    sept_root: int  # which TDCX page, from 0, is the Secure-EPT root
    extra_type: PageType = TDCX
    dynamic_pamt: bool = True
    # after 2.0.08 (2.0.12 read in part, 2.0.18): the Secure-EPT tree lock has host priority; VP.ENTER's filter takes it shared (exclusive
    # before), PROMOTE exclusive (shared before)
    new_tree: bool = False
    # DEMOTE may be broken off by an interrupt though the TD has no L2 VMs: TDX_FEATURES0 bit 51 is clear (1.5.28 by a mail, 2.0.18 by its code)
    demote_interruptible: bool = True

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
        ModuleVersion("1.0", 4, 4, 5, 5, 2, TDVPX, dynamic_pamt=False),
        ModuleVersion("1.5.06", 6, 9, 5, 14, 3, dynamic_pamt=False),
        ModuleVersion("1.5.28", 6, 9, 5, 14, 3, demote_interruptible=False),
        ModuleVersion("2.0.08", 9, 12, 5, 14, 6),
        ModuleVersion("2.0.18", 9, 12, 5, 14, 6, new_tree=True, demote_interruptible=False),
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
