"""Every design as one record: the file with its get and put, where it was posted, and what KVM's paths do around them.

A line here and a file beside this one is all that a new posting needs: it is in the list, the explorer, the lens, the packet, the life of
a TD and the tables of the notebooks. Facts: dynamic-pamt threads v1 … v6.
"""

from importlib import import_module
from typing import NamedTuple

from tdxkit.errors import InputError, ModelError, printable
from tdxkit.text import near

SOURCES = ("tdx-rfc-v1", "tdx-rfc-v1-review", "tdx-v2-00", "tdx-v3", "tdx-v4", "tdx-v5", "tdx-v6", "tdx-after-v6")


class Posted(NamedTuple):
    """One design. `design` names the file of tdxkit.linux.refcount with its get and put; the rest is what the host does around them.

    `posted`: its get and put are those of a text; the others are ideas. `whole`: a version of the series with paths of its own; the others
    have only get and put and are explored, not lived.
    `pool_pages`: what a top-up fills a vCPU's pool to. `pool_holds_sept`: S-EPT pages come out of that pool too. `pool_everywhere`:
    vCPUs of every VM have one. `atomic_refill`: for these pages an empty pool asks GFP_ATOMIC, for others it is -ENOMEM.
    `drops_first_page`: when the second page of a pair cannot be had, the first is lost. `clears_pair`: pair pages are cleared before
    they are freed. `sept_early`: an S-EPT page gets its pair when it is taken, outside mmu_lock. `pool_at_create`: the pool exists
    from vCPU creation, not from its init. `meminfo`: patch 10 is part of it. `helpers`: who takes
    a page with its pair, and who gives it back. `base`: the KVM it was cut from, a name of
    tdxkit.linux.host.base.
    """

    name: str
    design: str
    source: str
    posted: bool = True
    whole: bool = True
    pool_pages: int = 10
    pool_holds_sept: bool = False
    pool_everywhere: bool = False
    atomic_refill: tuple[str, ...] = ()
    drops_first_page: bool = False
    clears_pair: bool = True
    sept_early: bool = False
    pool_at_create: bool = True
    meminfo: bool = False
    helpers: tuple[str, str] = ("tdx_alloc_page", "tdx_free_page")
    base: str = "newer than v6"

    @property
    def code(self):
        """The module with this design's get and put; ModelError where the file or a part of it is missing."""
        try:
            module = import_module(f"tdxkit.linux.refcount.{self.design}")
        except ModuleNotFoundError as error:
            if not (error.name or "").endswith(f".{self.design}"):
                raise  # the file is there, what it imports is not
            raise ModelError(f"design {self.name}", f"there is no {self.design}.py", "write it beside v6.py") from None
        missing = [part for part in ("TITLE", "SOURCES", "put", "__doc__") if not getattr(module, part, None)]
        if missing:
            raise ModelError(f"{self.design}.py", "it has no " + ", ".join(missing), "see docs/newcomer.md")
        return module


CONTROL_PAGE = ("tdx_alloc_control_page", "tdx_free_control_page")
KVM_CACHE = ("pair", "S-EPT")  # kvm_mmu_memory_cache: warns, tries GFP_ATOMIC, and BUG() where that fails
DESIGNS = {
    d.name: d
    for d in (
        Posted("lazy", "lazy", "tdx-v2-00", posted=False, whole=False),
        Posted("v1", "v1", "tdx-rfc-v1", atomic_refill=KVM_CACHE, clears_pair=False, meminfo=True, base="before post-populate"),
        Posted("v2", "v2", "tdx-v2-00", atomic_refill=KVM_CACHE, clears_pair=False, pool_everywhere=True, meminfo=True, base="before post-populate"),
        Posted("v3-unoptimised", "v3_unoptimised", "tdx-v3", whole=False),
        Posted("v3", "v3", "tdx-v3", pool_pages=15, pool_holds_sept=True, drops_first_page=True, pool_at_create=False, base="before post-populate"),
        Posted("v4-unoptimised", "v4_unoptimised", "tdx-v4", whole=False),
        Posted("v4", "v4", "tdx-v4", pool_pages=15, pool_holds_sept=True, atomic_refill=("S-EPT",), base="post-populate"),
        Posted("v5-unoptimised", "v5_unoptimised", "tdx-v5", whole=False),
        Posted("v5", "v5", "tdx-v5", sept_early=True, helpers=CONTROL_PAGE, base="post-populate with huge pages"),
        Posted("v6-unoptimised", "v6_unoptimised", "tdx-v6", whole=False),
        Posted("v6", "v6", "tdx-v6", helpers=CONTROL_PAGE, base="one hook"),
        Posted("after-v6", "after_v6", "tdx-after-v6", helpers=CONTROL_PAGE),
        Posted("inc-first", "inc_first", "tdx-v3", posted=False, whole=False),
        Posted("minus-one", "minus_one", "tdx-rfc-v1-review", posted=False, whole=False),
        Posted("minus-one-repaired", "minus_one_repaired", "tdx-rfc-v1-review", posted=False, whole=False),
        Posted("per-region", "per_region", "tdx-v3", posted=False, whole=False),
    )
}  # fmt: skip


def versions() -> dict[str, Posted]:
    """The versions of the series, by name: what a TD can live on."""
    return {name: d for name, d in DESIGNS.items() if d.whole}


def posted_named(name: str) -> Posted:
    """The version of this name; InputError with the known ones otherwise."""
    known = versions()
    if name not in known:
        meant = near(name, known, 0.3)
        raise InputError(
            f"version {printable(name)}",
            "the versions with a fault path are " + ", ".join(known),
            f"try {meant}" if meant else "name one of these",
        )
    return known[name]
