"""Where KVM and the TDX core of Linux make each SEAMCALL, and what they do with a status other than success: facts, place by place.

"Old" is the base of RFC, v2 and v3 [kvm-tdx-base, kvm-tdp-mmu], "new" that of v4 to v6 and the text after v6 [kvm-post-populate,
kvm-tdx-v6-base, kvm-tdx-after-v6]; where neither is said both do the same. PAMT.ADD and PAMT.REMOVE: tdx-v2-04 to tdx-v6.
"""

from typing import NamedTuple

SOURCES = (
    "kvm-tdx-base",
    "kvm-tdp-mmu",
    "kvm-post-populate",
    "kvm-tdx-v6-base",
    "kvm-tdx-after-v6",
    "tdx-v2-04",
    "tdx-v6",
)


class Action(NamedTuple):
    """What the kernel does, in one word or two that the same thing always has, and in a sentence."""

    kind: str
    text: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.text}"


class Caller(NamedTuple):
    """Leaves that the kernel calls with the same care: what it does with the statuses named, and with all others."""

    leaves: tuple[str, ...]
    others: Action
    named: dict[str, Action]


AGAIN = 10  # tries of a SEAMCALL that says TDX_RND_NO_ENTROPY
BUSY = "TDX_OPERAND_BUSY"
BUG = "bug the VM"
ROUND = Action(
    "retry",
    "-EBUSY, of which the TDP MMU makes RET_PF_RETRY: the fault goes round until done, a signal or event comes or the VM is dead",
)
DEAD = Action(BUG, "KVM_BUG_ON and -EIO: no vCPU of this VM runs again")
KICK = Action(
    "kick and retry once", "vCPUs are kept out of the guest, the call is made once more; an error then bugs the VM"
)
START_UP = ("TDH.SYS.INIT", "TDH.SYS.LP.INIT", "TDH.SYS.CONFIG", "TDH.SYS.KEY.CONFIG", "TDH.SYS.TDMR.INIT")
CREATED = Action("fail", "-EIO, creation of the TD is undone; old: a warning; new: KVM_BUG_ON too")

PLACES = {
    "fault side": Caller(("TDH.MEM.SEPT.ADD", "TDH.MEM.PAGE.AUG"), DEAD, {BUSY: ROUND}),
    "first pages": Caller(
        ("TDH.MEM.PAGE.ADD",),
        Action(BUG, "new: KVM_BUG_ON and -EIO; old: -EIO to user space, which may go on"),
        {
            BUSY: Action(
                "retry",
                "new: as in a fault, until done, a signal comes or the VM is dead; old: -EBUSY to user space, once",
            )
        },
    ),
    "measurement": Caller(
        ("TDH.MR.EXTEND",), Action(BUG, "new: KVM_BUG_ON and -EIO; old: -EIO to user space, the page stays added"), {}
    ),
    "zap side": Caller(
        ("TDH.MEM.RANGE.BLOCK", "TDH.MEM.PAGE.REMOVE"),
        Action(BUG, "KVM_BUG_ON and -EIO: no vCPU of this VM runs again; the page and its reference stay"),
        {BUSY: KICK},
    ),
    "tracking": Caller(
        ("TDH.MEM.TRACK",),
        Action(BUG, "KVM_BUG_ON, and the zap goes on: vCPUs are kicked, the page is removed"),
        {BUSY: KICK},
    ),
    "split": Caller(
        ("TDH.MEM.PAGE.DEMOTE",),
        DEAD,
        {
            BUSY: KICK,
            "TDX_INTERRUPTED_RESTARTABLE": Action(
                "retry",
                "the author's tree calls again, without a limit; later postings want a module that does not say so",
            ),
        },
    ),
    "reclaim": Caller(
        ("TDH.PHYMEM.PAGE.RECLAIM",),
        Action("warn and leak", "one warning; the page stays with the module, its reference is not given up"),
        {},
    ),
    "write-back": Caller(
        ("TDH.PHYMEM.PAGE.WBINVD",),
        Action(BUG, "KVM_BUG_ON; the page is neither cleared nor freed, its reference stays"),
        {},
    ),
    "cache write-back": Caller(
        ("TDH.PHYMEM.CACHE.WB",),
        Action("warn and go on", "a warning; MNG.KEY.FREEID is called all the same and says no where it matters"),
        {
            "TDX_INTERRUPTED_RESUMABLE": Action(
                "retry", "an interrupt came in between: the call goes on where it stopped, up to 10000 times"
            ),
            "TDX_NO_HKID_READY_TO_WBCACHE": Action("go on", "another package did it: counts as done"),
        },
    ),
    "PAMT.ADD": Caller(
        ("TDH.PHYMEM.PAMT.ADD",),
        Action(
            "fail",
            "-EIO, the refcount stays 0 (v3 and v4 return 0 by mistake); under mmu_lock that is a retry, in the text after v6 it bugs "
            "the VM; BUSY has no handling of its own",
        ),
        {
            "TDX_HPA_RANGE_NOT_FREE": Action(
                "go on",
                "in v1 to v5 a lost race against a put: the refcount is set to 1, in v3 raised; v6 and after: -EIO",
            )
        },
    ),
    "PAMT.REMOVE": Caller(
        ("TDH.PHYMEM.PAMT.REMOVE",),
        Action("warn and leak", "logged, the pair stays; from v2 on the refcount counts it still or again"),
        {},
    ),
    "VP.ENTER": Caller(
        ("TDH.VP.ENTER",),
        Action(
            "fail",
            "KVM_RUN ends with KVM_EXIT_INTERNAL_ERROR, the VM is not bugged; a fatal TD exit may also be a shutdown",
        ),
        {
            BUSY: Action(
                "retry",
                "whatever the operand, an exit that is handled at once: the run loop enters again, without a limit",
            )
        },
    ),
    "TD creation": Caller(
        ("TDH.MNG.CREATE", "TDH.MNG.ADDCX"),
        CREATED,
        {
            "TDX_RND_NO_ENTROPY": Action(
                "retry", f"after {AGAIN} tries -EAGAIN: creation is undone, user space may ask again"
            )
        },
    ),
    "the key": Caller(
        ("TDH.MNG.KEY.CONFIG",), Action(BUG, "KVM_BUG_ON and -EIO: the VM exists by then, its TD is taken down"), {}
    ),
    "MNG.INIT": Caller(
        ("TDH.MNG.INIT",),
        CREATED,
        {
            "TDX_OPERAND_INVALID": Action(
                "fail", "-EINVAL without a warning; the status goes to user space as a hint, in hw_error"
            )
        },
    ),
    "vCPU creation": Caller(("TDH.VP.CREATE", "TDH.VP.ADDCX", "TDH.VP.INIT"), DEAD, {}),
    "finalize": Caller(("TDH.MR.FINALIZE",), DEAD, {BUSY: Action("fail", "-EBUSY to user space, which may ask again")}),
    "vCPU flush": Caller(
        ("TDH.VP.FLUSH",),
        Action(BUG, "KVM_BUG_ON where a vCPU moves or the TD ends; nobody looks where a CPU goes offline"),
        {"TDX_VCPU_NOT_ASSOCIATED": Action("go on", "there was nothing to flush")},
    ),
    "key release": Caller(
        ("TDH.MNG.VPFLUSHDONE", "TDH.MNG.KEY.FREEID"),
        Action(BUG, "KVM_BUG_ON; the key id is leaked and with it every page and reference of the TD"),
        {
            "TDX_FLUSHVP_NOT_DONE": Action(
                "leak", "quietly: a vCPU is still associated; the key id and all pages of the TD stay"
            )
        },
    ),
    "start-up": Caller(START_UP, Action("fail", "printed, -EIO: TDX is not enabled on this host"), {}),
}
