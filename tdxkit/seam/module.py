"""A TDX module to make SEAMCALLs to.

    module = Module(tdmrs=[(0, 4 * GIB)], dynamic_pamt=True)
    r = module.call("TDH.PHYMEM.PAMT.ADD", rcx=0x40000000 | 1, rdx=0x1000, r8=0x2000)
    r.status, r.name, r["RDX"]

`call` runs a leaf to its end; `begin` gives it to you to step, so that several can be under way at once; `threads.py` makes calls
threads of the explorer. All run the same generator.
"""

from collections.abc import Generator, Iterable

from tdxkit.errors import InputError, ModelError, printable
from tdxkit.seam.leaves.act import IN_GUEST, LeafAct
from tdxkit.seam.leaves.call import Answer, Call, Platform, Registers
from tdxkit.seam.leaves.engine import find_leaf, perform
from tdxkit.seam.leaves.sys import DYNAMIC_PAMT, make_pamt
from tdxkit.seam.memory import Memory
from tdxkit.seam.pamt import Area, Tdmr, pamt_bytes
from tdxkit.seam.versions import LATEST
from tdxkit.seam.versions import version as version_named
from tdxkit.units import GIB, U64_MAX

REGISTERS = {r: r.upper() for r in ("rcx", "rdx", "r8", "r9", "r10", "r11", "r12", "r13")}
FAIR: frozenset[str] = frozenset()  # weather
NOTHING = LeafAct("", "")  # what comes after the last step
TDMR_LIST = 0x1000  # where the host keeps the TDMR_INFO array while SYS.CONFIG reads it


class Begun:
    """A call under way: `label` is the act that comes next, its words and what it is; `result` is there once it is `done`."""

    def __init__(self, steps: Generator[LeafAct, None, Answer]):
        self._steps = steps
        self.label: LeafAct = next(steps)
        self.result: Answer | None = None

    @property
    def done(self) -> bool:
        """Whether the call has returned."""
        return self.result is not None

    def step(self) -> bool:
        """Take the next atomic step; False when the call has returned."""
        if self.result is None:
            try:
                self.label = next(self._steps)
            except StopIteration as end:
                self.result, self.label = end.value, NOTHING
        return self.result is None

    def until(self, label: str) -> "Begun":
        """Step until the next step is this one; ModelError should the call return first."""
        while self.label != label:
            if not self.step():
                raise ModelError(
                    f"the call returned {self.result}", f"it does not come to “{label}”", "look at its checks"
                )
        return self

    def finish(self) -> Answer:
        """The rest of the call."""
        while self.result is None:
            self.step()
        return self.result


class Module:
    """One TDX module with its memory `m`. Everything a SEAMCALL can do goes through `call` or `begin`.

    tdmrs: Tdmr values, or (base, size) pairs whose PAMT areas are placed above the last TDMR. ready=False leaves a module that has
    just been loaded, with `tdmr_infos` at hand for SYS.CONFIG; otherwise it has been brought up to SYS_READY, all TDMRs done.
    """

    def __init__(
        self,
        tdmrs: Iterable[Tdmr | tuple[int, int]] = ((0, GIB),),
        dynamic_pamt: bool = True,
        version: str = LATEST,
        ready: bool = True,
        packages: int = 1,
        lps: int = 4,
        pa_bits: int = 52,
        hkid_bits: int = 6,
    ):
        found = version_named(version)
        if dynamic_pamt and not found.dynamic_pamt:
            raise InputError(
                f"Dynamic PAMT with module {found.name}",
                "this version does not have it",
                "take 1.5.28 or later, or static PAMT",
            )
        if not (1 <= packages <= lps <= 1024 and 32 <= pa_bits <= 52 and 2 <= hkid_bits <= 15):
            raise InputError(
                "platform",
                "1 to 1024 LPs, no more packages than LPs, 32 to 52 address bits, 2 to 15 for HKIDs",
                "change one",
            )
        self.tdmr_infos, top = place(tdmrs, dynamic_pamt)
        half = 1 << hkid_bits - 1
        self.platform = Platform(found, pa_bits, hkid_bits, range(half, 2 * half), packages, lps, ((0, top),))
        self.m = Memory()
        self._want_dynamic = dynamic_pamt
        if ready:
            self.bring_up()

    def bring_up(self) -> None:
        """From loaded to SYS_READY by SEAMCALLs, and the TDMRs' PAMT made in one go (what a loop over SYS.TDMR.INIT leaves)."""
        mode = DYNAMIC_PAMT if self._want_dynamic else 0
        self.m.shared[TDMR_LIST] = self.tdmr_infos
        self._must("TDH.SYS.INIT")
        for lp in range(self.platform.lps):
            self._must("TDH.SYS.LP.INIT", lp=lp)
        config = {"rcx": TDMR_LIST, "rdx": len(self.tdmr_infos), "r8": self.platform.private_hkids[0] | mode}
        self._must("TDH.SYS.CONFIG", **config)
        for lp in self.platform.one_lp_each():
            self._must("TDH.SYS.KEY.CONFIG", lp=lp)
        for i, tdmr in enumerate(self.m.tdmrs):
            make_pamt(self.m, i, tdmr.base, tdmr.area.end)
        self.m.shared[TDMR_LIST] = None

    def _must(self, name: str, **given) -> Answer:
        result = self.call(name, **given)
        if not result.ok:
            raise InputError(
                f"{name} says {result}", "the module accepts its configuration", "change TDMRs or platform"
            )
        return result

    def copy(self) -> "Module":
        """The same module at this moment, to go another way from here; calls under way stay with the original."""
        other = Module.__new__(Module)
        other.__dict__.update(self.__dict__)
        other.m = self.m.copy()
        return other

    def put(self, hpa: int, value: object) -> None:
        """Write something into memory shared with the module: TdParams for MNG.INIT, a tuple of Tdmr for SYS.CONFIG."""
        self.m.shared[hpa] = value

    def prepare(
        self, name: str | int, *, v: int = 0, lp: int = 0, weather: Iterable[str] = (), vcpu: int = 0, **registers: int
    ) -> Call:
        """A call made ready: registers by lower-case name, `v` the version in RAX, `weather` what goes wrong by itself, `vcpu` the TDVPR
        of the vCPU that makes a TDCALL, which has to be in the guest (see `enter`)."""
        leaf = find_leaf(name)
        if leaf.guest and self.m.vcpu[vcpu] != "ACTIVE":
            raise InputError(
                f"{leaf.name} of vCPU {vcpu:#x}",
                "a TDCALL is made by a vCPU in the guest",
                "enter it, and give vcpu=its TDVPR",
            )
        regs = Registers()
        for register, value in registers.items():
            if register not in REGISTERS or type(value) is not int or not 0 <= value <= U64_MAX:
                raise _bad_register(register, value)
            regs[REGISTERS[register]] = value
        if type(lp) is not int or not 0 <= lp < self.platform.lps or type(v) is not int or not 0 <= v < 1 << 48:
            raise InputError(
                f"lp {printable(lp)}, v {printable(v)}", f"there are {self.platform.lps} LPs", "change lp or v"
            )
        return Call(leaf, regs, self.platform, v, lp, frozenset(weather) if weather else FAIR, vcpu)

    def call(self, name: str | int, **given) -> Answer:
        """One SEAMCALL from beginning to end; arguments as for `prepare`."""
        steps = perform(self.m, self.prepare(name, **given))
        try:
            while True:
                next(steps)
        except StopIteration as end:
            return end.value

    def begin(self, name: str | int, **given) -> Begun:
        """One SEAMCALL, not yet at its first step."""
        return Begun(perform(self.m, self.prepare(name, **given)))

    def enter(self, tdvpr: int, **given) -> Begun:
        """VP.ENTER up to the guest: the vCPU runs until `finish()`. When it cannot enter, the call is `done` already."""
        entry = self.begin("TDH.VP.ENTER", rcx=tdvpr, **given)
        while entry.label != IN_GUEST and entry.step():
            pass
        return entry


def _bad_register(register: str, value: object) -> InputError:
    if register not in REGISTERS:
        return InputError(f"register {printable(register)}", f"a leaf takes {', '.join(REGISTERS)}", "use one of these")
    return InputError(
        f"{register.upper()} = {printable(value)}", "a register holds 0 to 2^64 - 1", "give a whole number in range"
    )


def place(tdmrs: Iterable[Tdmr | tuple[int, int]], dynamic: bool) -> tuple[tuple[Tdmr, ...], int]:
    """(TDMRs with PAMT areas, end of memory): areas that are missing are laid out above the last TDMR."""
    given = tuple(t if isinstance(t, Tdmr) else Tdmr(*t) for t in tdmrs)
    if not 0 < len(given) <= 64:
        raise InputError(f"{len(given)} TDMRs", "a module has 1 to 64", "give at least one range of whole GiB")
    at = max(-(-t.area.end // GIB) * GIB for t in given)
    placed = []
    for t in given:
        at_1g, at_2m, at_4k = (Area(at, 0) for _ in range(3))
        if t.pamt_1g is None and t.size > 0:
            sizes = pamt_bytes(t.size, dynamic)
            at_1g = Area(at, sizes[0])
            at_2m = Area(at_1g.end, sizes[1])
            at_4k = Area(at_2m.end, sizes[2])
            at = at_4k.end
            t = Tdmr(t.base, t.size, t.reserved, at_1g, at_2m, at_4k)
        placed.append(t)
    return tuple(placed), -(-at // GIB) * GIB
