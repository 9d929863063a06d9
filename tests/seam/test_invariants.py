"""Whatever sequence of SEAMCALLs hypothesis tries: the PAMT stays sound, and teardown restores everything.

Also: the module of `linux/refcount`, three fields a region, answers as this one does for every sequence up to length 6.
"""

from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tdxkit.linux.refcount import module as three_fields
from tdxkit.seam.leaves.checks_sept import reach
from tdxkit.seam.locks import EXCLUSIVE, PRIORITY, readers
from tdxkit.seam.memory import LOCKS
from tdxkit.seam.module import Module
from tdxkit.seam.pamt import FREE, NDA, PT_PAMT, REG, RSVD, TDR, Area, Tdmr
from tdxkit.seam.td import HostPages, SimpleTd
from tdxkit.units import GIB, MIB, PAGE_2M

REGIONS = [8 * MIB + i * PAGE_2M for i in range(4)]  # where the test puts pages as it likes
PAGES = [region + i * 4096 for region in REGIONS for i in (0, 1, 255, 256, 511)]
RESERVED = Area(REGIONS[3], 0x8000)  # the first 8 pages of the last region
GPAS = [0, 0x1000, PAGE_2M, PAGE_2M + 0x1000, 2 * PAGE_2M]
BRING_UP = Module([Tdmr(0, GIB, (RESERVED,))])


def sound(m, running=()):
    """Every invariant of the PAMT; `running`: TDVPRs of vCPUs in the guest."""
    pairs = [page for e in m.pamt_2m.values() if e.type == PT_PAMT for page in e.pair]
    assert len(set(pairs)) == len(pairs), "a page is in one pair only"
    for region in set(m.pamt_2m) | set(m.bitmap) | {p >> 21 for p in pairs}:
        reserved = sum(1 << i for i in range(512) if RESERVED.base <= (region << 21) + i * 4096 < RESERVED.end)
        expected = reserved | sum(1 << (p >> 12 & 511) for p in pairs if p >> 21 == region)
        assert m.bitmap[region] == expected, "bitmap = pair pages + reserved"
    used = {}
    for frame, entry in m.pamt_4k.items():
        if entry.type not in (NDA, RSVD):
            assert m.pamt_2m[frame >> 9].type == PT_PAMT, "no 4K page in use without its pair"
            assert frame << 12 not in pairs, "no pair page in use by a TD"
            used[frame >> 9] = used.get(frame >> 9, 0) + 1
            assert entry.type == TDR or m.pamt_4k[entry.owner >> 12].type == TDR, "every page has one owner, a TDR"
    counted = {region: n for region, n in m.count.items() if n}
    assert counted == used, "page count = entries in use"
    owned = {}
    for level, table in enumerate((m.pamt_4k, m.pamt_2m, m.pamt_1g)):
        for entry in table.values():
            if entry.owner:
                owned[entry.owner] = owned.get(entry.owner, 0) + (1 << 9 * level)
    assert owned == {tdr: n for tdr, n in m.children.items() if n}, "CHLDCNT = pages owned"
    mapped = [page for slot, (state, page) in m.sept.items() if state != "FREE"]
    assert len(set(mapped)) == len(mapped), "no page is mapped twice"
    holds = {}
    for vcpu in running:
        tdr = m.pamt_4k[vcpu >> 12].owner
        for key in (("lock_1g", vcpu >> 30), ("lock_2m", vcpu >> 21), ("lock_4k", vcpu >> 12), ("lock_4k", tdr >> 12)):
            holds[key] = holds.get(key, 0) + 1
    for name in LOCKS:
        for key, word in getattr(m, name).items():
            assert not word & EXCLUSIVE, "between calls nothing is exclusive"
            assert readers(word) == holds.get((name, key), 0), "readers are the running vCPUs"


class Host(RuleBasedStateMachine):
    """A host that calls what it likes, in any order."""

    @initialize(ready=st.booleans())
    def start(self, ready):
        """Half of the time a world in which most calls can succeed."""
        self.module = BRING_UP.copy()
        self.m = self.module.m
        self.host = HostPages(self.module, 64 * MIB)
        self.td = SimpleTd(self.module, self.host).build(vcpus=2)
        self.running = {}
        if ready:
            self.make_ready()

    page, gpa = st.sampled_from(PAGES), st.sampled_from(GPAS)
    region = st.sampled_from([*REGIONS, 64 * MIB, 66 * MIB])

    def make_ready(self):
        for gpa, level in ((0, 0), (2 * PAGE_2M, 1)):
            self.td.sept(gpa, level)
        self.module.call("TDH.PHYMEM.PAMT.ADD", rcx=REGIONS[0] | 1, rdx=PAGES[5], r8=PAGES[6])
        self.module.call("TDH.MEM.PAGE.AUG", rcx=2 * PAGE_2M | 1, rdx=self.td.tdr, r8=REGIONS[2])

    @rule(gpa=gpa, level=st.sampled_from([0, 1, 1]))
    def block_and_track(self, gpa, level):
        self.module.call("TDH.MEM.RANGE.BLOCK", rcx=gpa >> 12 + 9 * level << 12 + 9 * level | level, rdx=self.td.tdr)
        self.module.call("TDH.MEM.TRACK", rcx=self.td.tdr)

    @rule(second=page)
    def demote_the_large_page(self, second):
        given = {"rdx": self.td.tdr, "r8": REGIONS[0] + 4096 * 300, "r12": 16 * MIB, "r13": second}
        self.module.call("TDH.MEM.PAGE.DEMOTE", rcx=2 * PAGE_2M | 1, **given)

    @rule()
    def promote_the_large_page(self):
        self.module.call("TDH.MEM.PAGE.PROMOTE", rcx=2 * PAGE_2M | 1, rdx=self.td.tdr)

    @rule(region=region, first=page, second=page)
    def pamt_add(self, region, first, second):
        self.module.call("TDH.PHYMEM.PAMT.ADD", rcx=region | 1, rdx=first, r8=second)

    @rule(region=region)
    def pamt_remove(self, region):
        busy = any(v >> 21 == region >> 21 for v in self.running)
        result = self.module.call("TDH.PHYMEM.PAMT.REMOVE", rcx=region | 1)
        assert not busy or result.name == "TDX_OPERAND_BUSY"

    @rule(gpa=gpa, level=st.sampled_from([1, 2]), page=page)
    def sept_add(self, gpa, level, page):
        base = gpa >> 12 + 9 * level << 12 + 9 * level
        self.module.call("TDH.MEM.SEPT.ADD", rcx=base | level, rdx=self.td.tdr, r8=page)

    @rule(gpa=gpa, level=st.sampled_from([0, 0, 1]), page=page)
    def aug(self, gpa, level, page):
        at = page & ~(PAGE_2M - 1) if level else page
        self.module.call("TDH.MEM.PAGE.AUG", rcx=gpa & ~(PAGE_2M - 1) | 1 if level else gpa, rdx=self.td.tdr, r8=at)

    @rule(gpa=gpa, name=st.sampled_from(["PAGE.REMOVE", "RANGE.BLOCK", "RANGE.UNBLOCK", "SEPT.REMOVE", "PAGE.PROMOTE"]),
          level=st.sampled_from([0, 1]))  # fmt: skip
    def with_gpa(self, gpa, name, level):
        base = gpa & ~(PAGE_2M - 1) if level else gpa
        self.module.call(f"TDH.MEM.{name}", rcx=base | level, rdx=self.td.tdr)

    @rule(gpa=gpa, page=page)
    def relocate(self, gpa, page):
        self.module.call("TDH.MEM.PAGE.RELOCATE", rcx=gpa, rdx=self.td.tdr, r8=page)

    @rule(gpa=gpa, page=page, first=page, second=page)
    def demote(self, gpa, page, first, second):
        given = {"rdx": self.td.tdr, "r8": page, "r12": first, "r13": second}
        self.module.call("TDH.MEM.PAGE.DEMOTE", rcx=gpa & ~(PAGE_2M - 1) | 1, **given)

    @rule(pick=st.integers(0, 9), name=st.sampled_from(["REMOVE", "RELOCATE"]), page=page, track=st.booleans())
    def take_a_mapped_page(self, pick, name, page, track):
        gpas = [
            g
            for g in GPAS
            if reach(self.m, self.td.tdr, g, 0)[1] == 0 and self.m.sept[reach(self.m, self.td.tdr, g, 0)[0]][1]
        ]
        if gpas:
            gpa = gpas[pick % len(gpas)]
            if track:
                self.block_and_track(gpa, 0)
            self.module.call(f"TDH.MEM.PAGE.{name}", rcx=gpa, rdx=self.td.tdr, r8=page)

    @rule(first=st.booleans())
    def finalize(self, first):
        if first:
            return
        self.module.call("TDH.MR.FINALIZE", rcx=self.td.tdr)

    @rule()
    def track(self):
        self.module.call("TDH.MEM.TRACK", rcx=self.td.tdr)

    @rule(page=page, name=st.sampled_from(["RECLAIM", "WBINVD", "RDMD"]))
    def phymem(self, page, name):
        self.module.call(f"TDH.PHYMEM.PAGE.{name}", rcx=page)

    @rule(index=st.sampled_from([0, 1]))
    def enter_or_leave(self, index):
        vcpu = self.td.vcpus[index]
        if vcpu in self.running:
            assert self.running.pop(vcpu).finish().ok
        else:
            entry = self.module.enter(vcpu)
            if not entry.done:
                self.running[vcpu] = entry

    @invariant()
    def is_sound(self):
        if hasattr(self, "m"):
            sound(self.m, self.running)

    def teardown(self):
        if not hasattr(self, "m"):
            return
        for entry in self.running.values():
            entry.finish()
        for vcpu in self.td.vcpus:
            self.module.call("TDH.VP.FLUSH", rcx=vcpu)
        for name in ("TDH.MNG.VPFLUSHDONE", "TDH.PHYMEM.CACHE.WB", "TDH.MNG.KEY.FREEID"):
            assert self.module.call(name, rcx=0 if "CACHE" in name else self.td.tdr).ok
        for level, table in ((21, self.m.pamt_2m), (12, self.m.pamt_4k)):
            for number, entry in list(table.items()):
                if entry.owner == self.td.tdr:
                    assert self.module.call("TDH.PHYMEM.PAGE.RECLAIM", rcx=number << level).ok
        assert self.module.call("TDH.PHYMEM.PAGE.RECLAIM", rcx=self.td.tdr).ok
        for region, entry in list(self.m.pamt_2m.items()):
            assert entry == FREE or self.module.call("TDH.PHYMEM.PAMT.REMOVE", rcx=region << 21 | 1).ok
        after = {k: v & ~PRIORITY if k[0] in LOCKS else v for k, v in self.m.snapshot().items()}
        assert {k: v for k, v in after.items() if v or k[1] is None} == BRING_UP.m.snapshot()


Host.TestCase.settings = settings(
    max_examples=50, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)
TestHost = pytest.mark.slow(Host.TestCase)

STATUS = {"add": three_fields.pamt_add, "remove": three_fields.pamt_remove, "in": three_fields.page_in, "out": three_fields.page_out}  # fmt: skip


@pytest.mark.slow
def test_three_fields_and_the_whole_module_answer_alike_up_to_length_six():
    """page-in: PAGE.AUG; page-out: PAGE.REMOVE of the last page, or RECLAIM of a page when none is in use."""
    module = BRING_UP.copy()
    td = SimpleTd(module, HostPages(module, 64 * MIB)).build()
    td.sept(0, 0)
    region, pair = REGIONS[0], (32 * MIB, 32 * MIB + 4096)
    seen = set()

    def play(module, small, depth):
        for what in STATUS:
            here, fields = module.copy(), SimpleNamespace(pair=dict(small.pair), users=dict(small.users), **HOOKS)
            users = fields.users[0]
            if what == "add":
                result = here.call("TDH.PHYMEM.PAMT.ADD", rcx=region | 1, rdx=pair[0], r8=pair[1])
            elif what == "remove":
                result = here.call("TDH.PHYMEM.PAMT.REMOVE", rcx=region | 1)
            elif what == "in":
                result = here.call("TDH.MEM.PAGE.AUG", rcx=users << 12, rdx=td.tdr, r8=region + (users << 12))
            elif users:
                result = here.call("TDH.MEM.PAGE.REMOVE", rcx=users - 1 << 12, rdx=td.tdr)
            else:
                result = here.call("TDH.PHYMEM.PAGE.RECLAIM", rcx=region)
            assert result.status == STATUS[what](fields, 0)
            seen.add((what, result.name))
            if depth > 1:
                play(here, fields, depth - 1)

    play(module, SimpleNamespace(pair={0: False}, users={0: 0}), 6)
    assert len(seen) >= 9  # each of the four, succeeding and failing in its ways


HOOKS = {"tell": lambda *_: None, "must": lambda *_: None, "note": lambda *_: 0}


@pytest.mark.parametrize("dynamic, version", [(True, "2.0.18"), (True, "1.5.28"), (False, "1.0"), (False, "2.0.18")])
def test_a_whole_life_leaves_the_module_as_it_was(dynamic, version):
    module = Module([(0, GIB)], dynamic_pamt=dynamic, version=version)
    before = module.m.snapshot()
    host = HostPages(module)
    td = SimpleTd(module, host).build(vcpus=2)
    td.add(0)
    td.run()
    for gpa in range(4 * MIB, 6 * MIB, 4096):
        td.grow(gpa)
    td.grow(2 * MIB, level=1)
    td.split(2 * MIB)
    td.promote(2 * MIB)
    entry = module.enter(td.vcpus[0])
    entry.finish()
    assert td.remove(0).ok
    counts = {kind: sum(e.type.name == kind for e in module.m.pamt_4k.values()) for kind in ("TDCX", "TDVPX", "TDVPR")}
    v = module.platform.version
    extra = 2 * v.vcpu_extra
    expected = {"TDCX": v.tdcx + (0 if v.extra_type.name == "TDVPX" else extra), "TDVPR": 2}
    assert counts == {"TDVPX": extra if v.extra_type.name == "TDVPX" else 0, **expected}
    assert any(e.type == REG for e in module.m.pamt_2m.values())
    td.tear_down()
    assert module.m.snapshot() == before
    assert not any(host.lent.values())


def test_every_pair_of_stages_keeps_the_pamt_sound():
    """The invariants notice planted faults."""
    module = BRING_UP.copy()
    td = SimpleTd(module, HostPages(module, 64 * MIB)).build()
    sound(module.m)
    for table, key, value in (
        ("bitmap", 5, 1), ("count", td.tdr >> 21, 3), ("lock_2m", 5, 4), ("lock_4k", 5, 1), ("children", td.tdr, 1),
        ("pamt_2m", td.tdr >> 21, FREE),
    ):  # fmt: skip
        broken = module.copy()
        getattr(broken.m, table)[key] = value
        with pytest.raises(AssertionError):
            sound(broken.m)
