"""How to break each check of a leaf, and nothing else: functions of (world, registers, arguments of the check, leaf)."""

from dataclasses import replace

from tdxkit.seam.leaves.call import NULL_PA
from tdxkit.seam.leaves.checks_sept import reach
from tdxkit.seam.leaves.sys import DYNAMIC_PAMT
from tdxkit.seam.module import TDMR_LIST
from tdxkit.seam.pamt import EPT, REG, Area, Entry, Tdmr
from tdxkit.seam.params import TdParams
from tdxkit.seam.scenes import EMPTY, GPA_FREE_2M
from tdxkit.units import GIB

OUTSIDE = 1 << 45  # a good address in no TDMR
HKID_BIT = 1 << 50
ALL_SEPT = ("FREE", "NL_MAPPED", "NL_BLOCKED", "MAPPED", "BLOCKED", "PENDING", "PENDING_BLOCKED", "REMOVED", "BLOCKEDW")


class Ground:
    """A world and the registers of a call in it, with the few addresses that breakers need."""

    def __init__(self, world, leaf):
        self.world, self.leaf, self.m = world, leaf, world.module.m
        self.given = dict(world.operands(leaf.name))
        self.weather: set[str] = set()
        self.version = 0
        self.tdr = world.td.tdr if world.td else 0
        self.vcpu = world.more.get("tdvpr")
        self.mask = world.module.platform.page_mask
        self.pages = {r.upper(): v & self.mask for r, v in self.given.items()}  # as they were before anything broke
        rcx = self.given.get("rcx", 0)
        self.gpa, self.level = rcx & ~0xFFF, rcx & 7

    def slot(self):
        return reach(self.m, self.tdr, self.gpa, self.level)[0]

    def target(self):
        return self.m.sept[self.slot()]

    def run(self):
        given = {r.lower(): v for r, v in self.given.items()}
        return self.world.module.call(self.leaf.name, v=self.version, weather=self.weather, **given)


def set_reg(g, reg, change):
    g.given[reg.lower()] = change(g.given.get(reg.lower(), 0))


def break_form(g, reg, *_):
    set_reg(g, reg, lambda v: v | HKID_BIT)


def break_range(g, reg, *_):
    set_reg(g, reg, lambda v: v & ~g.mask | OUTSIDE)


def break_walk(g, reg, *_):
    """An upper level where that hits this walk only, else the leaf: control pages all share block 0."""
    at = g.pages[reg]
    if at >= GIB:
        g.m.lock_1g[at >> 30] = 1
    else:
        g.m.lock_4k[at >> 12] = 1


def break_type(g, reg, *_):
    at = g.pages[reg] >> 12
    g.m.pamt_4k[at] = g.m.pamt_4k[at]._replace(type=EPT)


def break_pair(g, reg, *_):
    g.m.pamt_2m[g.pages[reg] >> 21] = Entry(0)


def break_free(g, reg, *_):
    at = g.pages[reg]
    if g.m.pamt_2m[at >> 21].type or at >= GIB * 4:
        g.m.pamt_4k[at >> 12] = Entry(REG, g.tdr)
    else:
        g.m.pamt_2m[at >> 21] = Entry(REG, g.tdr)


def break_sept_state(g, *_):
    allowed = g.leaf.sept_states
    broken = next(s for s in reversed(ALL_SEPT) if s not in allowed)
    if "sept_state_or_blocked" in str(g.leaf.spec["checks"]):
        broken = "REMOVED"
    g.m.sept[g.slot()] = (broken, g.target()[1])


def break_sept_walk(g, *_):
    root = g.m.eptp[g.tdr]
    g.m.sept[root] = ("FREE", g.m.sept[root][1])


def break_lock_page(g, what, *_):
    page = g.target()[1]
    if what == "4K" or g.level == 0:
        g.m.lock_4k[page >> 12] = 1
    else:
        g.m.lock_2m[page >> 21] = 1


def break_blocked(g, *_):
    opened = {"NL_BLOCKED": "NL_MAPPED", "BLOCKED": "MAPPED", "PENDING_BLOCKED": "PENDING"}
    state, page = g.target()
    g.m.sept[g.slot()] = (opened.get(state, state), page)


def break_tracked(g, *_):
    state, page = g.target()
    g.m.bepoch[page | (0 if state.startswith("NL_") else g.level)] = g.m.epoch[g.tdr]


def break_op_state(g, *_):
    order = ("UNINITIALIZED", "FAILED_IMPORT", "START_IMPORT", "MEMORY_IMPORT", "INITIALIZED", "RUNNABLE")
    g.m.op_state[g.tdr] = next((s for s in order if s not in g.leaf.op_states), "none")


def break_lifecycle(g, *allowed):
    g.m.lifecycle[g.tdr] = "BLOCKED" if "BLOCKED" not in allowed else "TEARDOWN"


def lock(table, key):
    """Somebody else holds it exclusive."""

    def broken(g, *_):
        getattr(g.m, table)[key(g)] = 1

    return broken


def break_flags(g, reg, reserved):
    bit = reserved & -reserved
    set_reg(g, reg, lambda v: v | (bit if bit > 1 else 1 << 9))


def value(table, key, new):
    def broken(g, *_):
        getattr(g.m, table)[key(g)] = new

    return broken


def infos(change):
    """Change what SYS.CONFIG reads from memory."""

    def broken(g, *_):
        g.m.shared[TDMR_LIST] = change(g.m.shared[TDMR_LIST])

    return broken


def each(**fields):
    return infos(lambda ts: tuple(Tdmr(**{n: fields.get(n, getattr(t, n)) for n in Tdmr.__slots__}) for t in ts))


def break_bits(g, reg):
    at = g.pages[reg]
    g.m.bitmap[at >> 21] |= 1 << (at >> 12 & 511)


def break_version(g, highest):
    g.version = highest + 1


def v1(breaker):
    def broken(g, *args):
        g.version = max(g.version, 1)
        breaker(g, *args)

    return broken


def set_to(reg, number):
    return lambda g, *_: g.given.__setitem__(reg, number)


def break_order(ts):
    t = ts[0]
    other = Tdmr(t.base, t.size, (), *(Area(a.base + GIB, a.size) for a in (t.pamt_1g, t.pamt_2m, t.pamt_4k)))
    return (t, other)


def break_tdmr_order(g, *_):
    infos(break_order)(g)
    g.given["rdx"] = 2


def break_hkid(g, reg):
    g.given["rdx"] = 3


def break_target_differs(g, reg="R8"):
    g.given["r8"] = g.target()[1]


def break_small_target_shape(g, *_):
    """A TDMR that does not start at whole GiB, nor end there."""
    infos(lambda ts: tuple(Tdmr(4096, t.size, t.reserved, t.pamt_1g, t.pamt_2m, t.pamt_4k) for t in ts[:1]) + ts[1:])(g)


def with_reserved(ts, *areas):
    t = ts[0]
    return (Tdmr(t.base, t.size, areas, t.pamt_1g, t.pamt_2m, t.pamt_4k), *ts[1:])


def break_reclaimable(g):
    """Reserved, at the level where the walk ends."""
    region, frame = g.pages["RCX"] >> 21, g.pages["RCX"] >> 12
    if g.m.pamt_2m[region].type == REG:
        g.m.pamt_2m[region] = Entry(1)
    else:
        g.m.pamt_4k[frame] = Entry(1)


def break_free_2m(g):
    """The call asks for 2 MiB, and a page of the range is a PAMT page."""
    g.given |= {"rcx": GPA_FREE_2M | 1, "r8": EMPTY}
    g.m.bitmap[EMPTY >> 21] = 1


tdr, vcpu, zero = (lambda g: g.tdr), (lambda g: g.vcpu), (lambda g: 0)

BREAK = {
    "form": break_form,
    "in_tdmr": break_range,
    "walk": break_walk,
    "page_is": break_type,
    "pair": break_pair,
    "free": break_free,
    "owner": lock("lock_4k", lambda g: g.tdr >> 12),
    "not_fatal": value("fatal", tdr, True),
    "keys": value("lifecycle", tdr, "TEARDOWN"),
    "tdcs": lambda g: g.m.tdcx.__setitem__(g.tdr, g.m.tdcx[g.tdr][:3]),
    "op_lock": lock("op_lock", tdr),
    "op_state": break_op_state,
    "lifecycle": break_lifecycle,
    "kot": lock("kot_lock", zero),
    "ket": lock("ket_lock", zero),
    "version": break_version,
    "weather": lambda g, name, *_: g.weather.add(name),
    "flags": break_flags,
    "gpa_form": lambda g, *_: set_reg(g, "rcx", lambda v: v | 0x800),
    "gpa_private": lambda g: set_reg(g, "rcx", lambda v: v | 1 << 47),
    "tree": lock("tree_lock", tdr),
    "tree_to_promote": lock("tree_lock", tdr),
    "tree_to_enter": lambda g: break_tree_to_enter(g),
    "sept_walk": break_sept_walk,
    "lock_slot": lambda g: g.m.sept_lock.__setitem__(g.slot(), 1),
    "sept_state": break_sept_state,
    "sept_state_or_blocked": break_sept_state,
    "not_blocked": lambda g: g.m.sept.__setitem__(g.slot(), ("BLOCKED", g.target()[1])),
    "lock_page": break_lock_page,
    "blocked": break_blocked,
    "tracked": break_tracked,
    "sept_empty": lambda g: g.m.sept.__setitem__(g.target()[1] + 8, ("MAPPED", 0x1000)),
    "children_match": lambda g: g.m.sept.__setitem__(g.target()[1] + 8, ("MAPPED", 0x1000)),
    "lock_merged": lambda g: g.m.lock_2m.__setitem__(g.m.sept[g.target()[1]][1] >> 21, 4),
    "source": set_to("r9", 1),
    "free_2m": break_free_2m,
    "no_l2": lambda g, reg: (set_version_1(g), g.given.__setitem__(reg.lower(), 0x5000)),
    "page_given": set_to("r8", NULL_PA),
    "may_exist": lambda g: g.m.sept.__setitem__(g.slot(), ("NL_MAPPED", GIB * 7)),
    "restartable": lambda g: break_interrupt(g),
    "gpa_256": lambda g: set_reg(g, "rcx", lambda v: v | 1),
    "mapped_walk": break_sept_walk,
    "mapped": lambda g: g.m.sept.__setitem__(g.slot(), ("PENDING", g.target()[1])),
    "has_vcpus": value("vcpus", tdr, 0),
    "target_differs": break_target_differs,
    "epoch_lock": lock("epoch_lock", tdr),
    "enter_epoch": lock("epoch_lock", tdr),
    "previous_epoch": lambda g: g.m.inside.__setitem__(g.tdr, (g.m.epoch[g.tdr] - 1,)),
    # TDH.MNG
    "hkid": break_hkid,
    "hkid_free": lambda g: g.m.kot.__setitem__(g.given["rdx"], "ASSIGNED"),
    "td_package_unkeyed": value("keyed_on", tdr, (0,)),
    "tdcx_room": lambda g: g.m.tdcx.__setitem__(g.tdr, tuple(range(12))),
    "tdcx_entropy": lambda g: (g.m.tdcx.__setitem__(g.tdr, tuple(range(8))), g.weather.add("entropy")),
    "tdcx_op_state": lambda g: (
        g.m.tdcx.__setitem__(g.tdr, tuple(range(9))),
        g.m.op_state.__setitem__(g.tdr, "INITIALIZED"),
    ),
    "params_at": lambda g, reg: set_reg(g, reg, lambda v: v | 4),
    "params_fields": lambda g: [g.m.shared.__setitem__(at, TdParams(max_vcpus=0)) for at in (0x2000, 0x2004)],
    "flushed": value("associated", tdr, 1),
    "wb_done": value("wb_owed", lambda g: 33, (0,)),
    # TDH.VP
    "vcpu_is": value("vcpu", vcpu, "DISABLED"),
    "vcpu_room": value("vcpu_pages", vcpu, tuple(range(14))),
    "vcpu_pages": value("vcpu_pages", vcpu, ()),
    "vcpu_slots": value("max_vcpus", tdr, 0),
    "x2apic": v1(lambda g, *_: set_reg(g, "r8", lambda v: v | 1 << 40)),
    "x2apic_unique": v1(lambda g: g.m.apic_ids.__setitem__(g.tdr, (0, 1 << 40))),
    "vcpu_here": value("vcpu_lp", vcpu, 3),
    "hint_fits": lambda g: set_reg(g, "rcx", lambda v: v | 1 << 52),
    "resume_fits": lambda g: set_reg(g, "rcx", lambda v: v | 1 << 53),
    "associated_here": value("vcpu_lp", vcpu, 3),
    # TDH.PHYMEM
    "dynamic": lambda g: setattr(g.m, "dynamic", False),
    "region": lambda g, reg: set_reg(g, reg, lambda v: v & ~7 | 2),
    "region_free": lambda g: g.m.pamt_2m.__setitem__(g.pages["RCX"] >> 21, Entry(REG, g.tdr)),
    "has_pair": lambda g: g.m.pamt_2m.__setitem__(g.pages["RCX"] >> 21, Entry(0)),
    "empty": lambda g: g.m.pamt_4k.__setitem__((g.pages["RCX"] >> 12) + 5, Entry(REG, g.tdr)),
    "unused": break_free,
    "take_bit": break_bits,
    "reclaimable": break_reclaimable,
    "own_size": lambda g: g.m.pamt_2m.__setitem__(g.pages["RCX"] >> 21, Entry(REG, g.tdr)),
    "page_owner": lock("lock_4k", lambda g: g.tdr >> 12),
    "no_children": set_to("rcx", None),
    "wb_form": lambda g, reg: set_reg(g, reg, lambda v: v | 8),
    "free_at_any_level": lambda g, reg="RCX": break_free(g, "RCX"),
    "rdmd_level": lambda g: set_reg(g, "rcx", lambda v: v | 0x800),
    "start_or_resume": set_to("rcx", 2),
    "wb_lock": lock("wb_lock", zero),
    "hkid_flushed": value("kot", lambda g: 33, "ASSIGNED"),
    "wb_resumes": set_to("rcx", 1),
    "wb_interrupt": lambda g: g.weather.add("interrupt"),
    # TDH.SYS
    "sys_lock": lock("sys_lock", zero),
    "sys_state": lambda g, state: setattr(g.m, "sys_state", "SYS_READY"),
    "lp_pending": value("lp_done", zero, True),
    "config_pending": value("lp_done", lambda g: 2, False),
    "array_at": lambda g, reg: set_reg(g, reg, lambda v: v | 8),
    "count": set_to("rdx", 65),
    "config_bits": lambda g: set_reg(g, "r8", lambda v: v | 1 << 30),
    "zero_v1": v1(lambda g, reg: set_reg(g, reg, lambda v: 1)),
    "dynamic_bits": lambda g: wide_addresses(g),
    "tdmr_pointers": lambda g: (infos(lambda ts: (*ts, None))(g), g.given.__setitem__("rdx", 2)),
    "tdmr_shape": break_small_target_shape,
    "tdmr_order": break_tdmr_order,
    "reserved_shape": infos(lambda ts: with_reserved(ts, *ts[0].reserved, Area(0x20064, 4096))),
    "reserved_order": infos(lambda ts: with_reserved(ts, Area(0x10000, 4096), Area(0x2000, 4096))),
    "pamt_area": each(pamt_2m=None),
    "pamt_overlap": each(pamt_2m=Area(0x2000, 1 << 24)),
    "pamt_in_cmr": infos(
        lambda ts: tuple(
            Tdmr(t.base, t.size, t.reserved, Area(t.pamt_1g.base + 512 * GIB, t.pamt_1g.size), t.pamt_2m, t.pamt_4k)
            for t in ts
        )
    ),
    "tdmr_in_cmr": lambda g: shrink_memory(g),
    "package_unkeyed": value("package_keyed", zero, True),
    "tdmr": lambda g, reg: set_reg(g, reg, lambda v: 4096),
    "tdmr_lock": lock("tdmr_lock", zero),
    "tdmr_pending": lambda g: g.m.tdmr_next.__setitem__(0, g.m.tdmrs[0].area.end),
}


def change_platform(g, **fields):
    from dataclasses import fields as all_fields

    from tdxkit.seam.leaves.call import Platform

    old = g.world.module.platform
    kept = {f.name: getattr(old, f.name) for f in all_fields(Platform) if f.init}
    g.world.module.platform = Platform(**{**kept, **fields})


def wide_addresses(g):
    change_platform(g, hkid_bits=2)
    g.given["r8"] = 32 | DYNAMIC_PAMT


def shrink_memory(g):
    cmrs = g.world.module.platform.cmrs
    change_platform(g, cmrs=((4096, cmrs[0][1] - 4096),))


def break_no_children(g):
    """Reclaim the TDR while it still has pages."""
    g.given["rcx"] = g.tdr


BREAK["no_children"] = break_no_children


def break_tree_to_enter(g):
    """Held exclusive, and asked for, since a GPA was noted."""
    g.m.tree_lock[g.tdr] = 1
    g.m.epf_gpas[g.vcpu] = (0,)


def set_version_1(g):
    """Version 1, and no L2 page given."""
    g.version = max(g.version, 1)
    for reg in ("r9", "r10", "r11"):
        g.given.setdefault(reg, NULL_PA)


def break_interrupt(g):
    """An interrupt is pending; DEMOTE only looks for one in an older module."""
    g.weather.add("interrupt")
    if g.leaf.name.endswith("DEMOTE"):
        change_platform(g, version=replace(g.world.module.platform.version, demote_interruptible=True))
