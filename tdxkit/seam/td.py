"""A TD's life as its host drives it: built, run, grown, split, promoted, torn down; every step a SEAMCALL that must succeed.

    host = HostPages(module, first=GIB)
    td = SimpleTd(module, host).build(vcpus=1).run()
    td.grow(0x0, level=1); td.split(0x0); td.promote(0x0); td.tear_down()

The host side here is the least there can be: it gives a region its pair when the first page in it is used and takes the pair back
when the last one is free. How Linux does it, with refcounts and races, is `tdxkit.linux`.

Fidelity card
  modelled: the order of SEAMCALLs from MNG.CREATE to the reclaim of the TDR, block and track before anything leaves a running TD
  simplified: one thread, no retry; the host never gives a TD pages it did not get back
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator

from tdxkit.errors import ModelError
from tdxkit.seam.leaves.call import Answer
from tdxkit.seam.leaves.checks_sept import LEAVES, reach
from tdxkit.seam.module import Module
from tdxkit.seam.pamt import L2M, L4K
from tdxkit.seam.params import TdParams
from tdxkit.units import PAGE_2M, PAGE_4K

SOURCES = ("module-leaves", "module-1-5-06")


class HostPages:
    """The host's free memory, and the page pairs of the regions it has lent out.

    4K pages come from 2 MiB chunks cut in order, starting at `first`; pair pages from `pair_pages`, then from chunks of their own.
    """

    def __init__(self, module: Module, first: int = PAGE_2M, pair_pages: Iterable[int] = ()):
        self.module, self._next = module, first
        self._free: list[int] = []
        self._pairs: list[int] = list(pair_pages)
        self._large: list[int] = []
        self.lent: Counter[int] = Counter()  # 4K pages of a region that the TDs have, by region number

    def chunk(self) -> int:
        """A free 2 MiB range."""
        if self._large:
            return self._large.pop()
        at, self._next = self._next, self._next + PAGE_2M
        return at

    def page(self) -> int:
        """A free 4K page; its region has a pair from now on."""
        if not self._free:
            self._free = list(_pages_down(self.chunk()))
        at = self._free.pop()
        if self.module.m.dynamic and not self.lent[at >> 21]:
            self.add_pair(at >> 21)
        self.lent[at >> 21] += 1
        return at

    def take_back(self, hpa: int, level: int = L4K) -> None:
        """A page that a TD gave up; with the last one of a region its pair goes."""
        if level == L2M:
            self._large.append(hpa)
            return
        self._free.append(hpa)
        self.lent[hpa >> 21] -= 1
        if self.module.m.dynamic and not self.lent[hpa >> 21]:
            result = must(self.module, "TDH.PHYMEM.PAMT.REMOVE", rcx=hpa >> 21 << 21 | L2M)
            self._pairs += (result["RDX"], result["R8"])

    def add_pair(self, region: int) -> None:
        """PAMT.ADD with two pages of the pair pool."""
        first, second = self.pair()
        must(self.module, "TDH.PHYMEM.PAMT.ADD", rcx=region << 21 | L2M, rdx=first, r8=second)

    def pair(self) -> tuple[int, int]:
        """Two free pages for a pair; they need none of their own."""
        if not self._pairs:
            self._pairs = list(_pages_down(self.chunk()))
        return self._pairs.pop(), self._pairs.pop()

    def pair_back(self, pages: tuple[int, int]) -> None:
        """A pair that PROMOTE handed back."""
        self._pairs += pages


def _pages_down(chunk: int) -> Iterator[int]:
    return iter(range(chunk + PAGE_2M - PAGE_4K, chunk - 1, -PAGE_4K))


def must(module: Module, name: str, **given) -> Answer:
    """A call that cannot fail here; ModelError with its status when it does."""
    result = module.call(name, **given)
    if result.status >> 62:
        registers = ", ".join(f"{k}={v:#x}" for k, v in given.items() if isinstance(v, int))
        raise ModelError(f"{name}({registers})", f"the module says {result}", "the host drives it wrongly")
    return result


class SimpleTd:
    """One TD: `tdr`, `vcpus` (their TDVPRs) and what the host remembers of its pages."""

    def __init__(self, module: Module, host: HostPages, max_vcpus: int = 64):
        self.module, self.host, self.m = module, host, module.m
        self.tdr = 0
        self.vcpus: list[int] = []
        self.params = TdParams(max_vcpus=max_vcpus)
        self._control: list[int] = []  # pages that only RECLAIM gives back

    def build(self, vcpus: int = 1, hkid: int | None = None) -> "SimpleTd":
        """MNG.CREATE … MNG.INIT and the vCPUs: OP_STATE INITIALIZED."""
        call, page = self._call, self.host.page
        if hkid is None:
            hkid = next(h for h in self.module.platform.private_hkids if self.m.kot[h] == "FREE")
        tdr = page()
        call("TDH.MNG.CREATE", rcx=tdr, rdx=hkid)
        self.tdr = tdr
        for lp in self.module.platform.one_lp_each():
            call("TDH.MNG.KEY.CONFIG", rcx=tdr, lp=lp)
        for _ in range(self.module.platform.version.tdcx):
            call("TDH.MNG.ADDCX", rcx=self.control_page(), rdx=tdr)
        self.module.put(0x2000, self.params)
        call("TDH.MNG.INIT", rcx=tdr, rdx=0x2000)
        self.module.put(0x2000, None)
        for _ in range(vcpus):
            self.add_vcpu()
        return self

    def add_vcpu(self, lp: int = 0) -> int:
        """VP.CREATE, VP.ADDCX, VP.INIT; the TDVPR."""
        tdvpr = self.control_page()
        self._call("TDH.VP.CREATE", rcx=tdvpr, rdx=self.tdr)
        for _ in range(self.module.platform.version.vcpu_extra):
            self._call("TDH.VP.ADDCX", rcx=self.control_page(), rdx=tdvpr)
        self._call("TDH.VP.INIT", rcx=tdvpr, lp=lp)
        self.vcpus.append(tdvpr)
        return tdvpr

    def run(self) -> "SimpleTd":
        """MR.FINALIZE: vCPUs may enter."""
        self._call("TDH.MR.FINALIZE", rcx=self.tdr)
        return self

    def add(self, gpa: int) -> int:
        """A measured 4K page before the TD runs; its HPA."""
        self.sept(gpa, L4K)
        page = self.host.page()
        self._call("TDH.MEM.PAGE.ADD", rcx=gpa, rdx=self.tdr, r8=page, r9=0x3000)
        return page

    def grow(self, gpa: int, level: int = L4K) -> int:
        """PAGE.AUG at 4K or 2M, with the Secure-EPT pages it takes; the page's HPA."""
        self.sept(gpa, level)
        page = self.host.page() if level == L4K else self.host.chunk()
        self._call("TDH.MEM.PAGE.AUG", rcx=gpa | level, rdx=self.tdr, r8=page)
        return page

    def sept(self, gpa: int, level: int) -> None:
        """SEPT.ADD down to the level, where pages are missing."""
        at = reach(self.m, self.tdr, gpa, level)[1]
        while at > level:
            base = gpa >> 12 + 9 * at << 12 + 9 * at
            self._call("TDH.MEM.SEPT.ADD", rcx=base | at, rdx=self.tdr, r8=self.host.page())
            at -= 1

    def block(self, gpa: int, level: int = L4K) -> None:
        """RANGE.BLOCK and TRACK; no vCPU of an older epoch may be inside."""
        self._call("TDH.MEM.RANGE.BLOCK", rcx=gpa | level, rdx=self.tdr)
        self._call("TDH.MEM.TRACK", rcx=self.tdr)

    def split(self, gpa: int) -> None:
        """DEMOTE the 2M page at `gpa` to 4K pages; the pair and the Secure-EPT page come from the host."""
        self.block(gpa, L2M)
        page = self.m.sept[reach(self.m, self.tdr, gpa, L2M)[0]][1]
        pair = dict(zip(("r12", "r13"), self.host.pair())) if self.m.dynamic else {}
        self._call("TDH.MEM.PAGE.DEMOTE", rcx=gpa | L2M, rdx=self.tdr, r8=self.host.page(), **pair)
        self.host.lent[page >> 21] = 512

    def promote(self, gpa: int) -> None:
        """PROMOTE the 512 pages at `gpa` to one; the pair and the Secure-EPT page go back to the host."""
        self.block(gpa, L2M)
        result = self._call("TDH.MEM.PAGE.PROMOTE", rcx=gpa | L2M, rdx=self.tdr)
        page = self.m.sept[reach(self.m, self.tdr, gpa, L2M)[0]][1]
        self.host.lent[page >> 21] = 0
        if "R12" in result.regs:
            self.host.pair_back((result["R12"], result["R13"]))
        self.host.take_back(result["RCX"] & ~(1 << 62))

    def remove(self, gpa: int, level: int = L4K) -> Answer:
        """BLOCK, TRACK and REMOVE one page; the host has it back."""
        self.block(gpa, level)
        result = self._call("TDH.MEM.PAGE.REMOVE", rcx=gpa | level, rdx=self.tdr)
        self.host.take_back(result["RCX"] & ~(1 << 62), level)
        return result

    def tear_down(self) -> None:
        """Flush, write back, free the HKID, then reclaim every page, the TDR last."""
        self.stop()
        self.reclaim_rest()

    def stop(self) -> None:
        """From running to TEARDOWN: VP.FLUSH, VPFLUSHDONE, CACHE.WB on every package, KEY.FREEID."""
        for tdvpr in self.vcpus:
            if self.m.vcpu_lp[tdvpr] is not None:
                self._call("TDH.VP.FLUSH", rcx=tdvpr, lp=self.m.vcpu_lp[tdvpr])
        self._call("TDH.MNG.VPFLUSHDONE", rcx=self.tdr)
        for lp in self.module.platform.one_lp_each():
            self._call("TDH.PHYMEM.CACHE.WB", lp=lp)
        self._call("TDH.MNG.KEY.FREEID", rcx=self.tdr)

    def reclaim_rest(self, gone: Collection[int] = ()) -> None:
        """PAGE.RECLAIM of every page but those that are `gone` already; control pages after the others, the TDR last."""
        pages = [(hpa, level) for hpa, level in self.mapped() if hpa not in gone]
        for hpa, level in (*pages, *((hpa, L4K) for hpa in reversed(self._control)), (self.tdr, L4K)):
            self._call("TDH.PHYMEM.PAGE.RECLAIM", rcx=hpa)
            self.host.take_back(hpa, level)
        self.vcpus, self._control = [], []

    def mapped(self) -> Iterator[tuple[int, int]]:
        """(HPA, level) of every page below the Secure-EPT root: a page of entries after what it maps."""

        def below(page: int, level: int) -> Iterator[tuple[int, int]]:
            for slot in range(page, page + 4096, 8):
                state, target = self.m.sept[slot]
                if state in LEAVES:
                    yield target, level
                elif state != "FREE":
                    yield from below(target, level - 1)
                    yield target, L4K

        yield from below(self.m.eptp[self.tdr], self.module.platform.sept_top)

    def control_page(self) -> int:
        """A page from the host for the TD's own structures; only RECLAIM gives it back."""
        page = self.host.page()
        self._control.append(page)
        return page

    def _call(self, name: str, **given) -> Answer:
        return must(self.module, name, **given)
