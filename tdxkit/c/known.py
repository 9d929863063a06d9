"""The kernel's own types by their names: integers, atomics, locks and what only the kernel's functions touch.

The integers are those of [linux-types]. The sizes of structures are those of a 64-bit x86 kernel without lock debugging.
"""

from tdxkit.c.layout import lay
from tdxkit.c.types import INTS, ULONG, Array, Atomic, Int, Kernels, Lock, Pointer, Struct, Type
from tdxkit.explore.declared import MAX_THREADS

SOURCES = ("linux-types",)


def _integers() -> dict[str, Type]:
    found: dict[str, Type] = {}
    for bits, word in ((8, "char"), (16, "short"), (32, "int"), (64, "long long")):
        signed, unsigned = INTS["signed char" if bits == 8 else word], INTS[f"unsigned {word}"]
        for name in (f"s{bits}", f"__s{bits}", f"int{bits}_t"):
            found[name] = signed
        for name in (f"u{bits}", f"__u{bits}", f"uint{bits}_t", f"__le{bits}", f"__be{bits}"):
            found[name] = unsigned
    alike = {
        "bool": "_Bool", "size_t": "unsigned long", "ssize_t": "long", "uintptr_t": "unsigned long", "intptr_t": "long", "ptrdiff_t": "long",
        "gfp_t": "unsigned int", "fmode_t": "unsigned int", "umode_t": "unsigned short", "pid_t": "int", "dev_t": "unsigned int",
        "pgoff_t": "unsigned long", "loff_t": "long long", "sector_t": "unsigned long long", "ktime_t": "long long",
        "gva_t": "unsigned long", "hva_t": "unsigned long", "irqreturn_t": "unsigned int", "cycles_t": "unsigned long long",
        "unchar": "unsigned char", "ushort": "unsigned short", "uint": "unsigned int", "ulong": "unsigned long", "ullong": "unsigned long long",
        "u_char": "unsigned char", "u_short": "unsigned short", "u_int": "unsigned int", "u_long": "unsigned long", "u_int8_t": "unsigned char",
        "u_int16_t": "unsigned short", "u_int32_t": "unsigned int", "u_int64_t": "unsigned long long", "mode_t": "unsigned int", "nlink_t": "unsigned int",
        "off_t": "long", "daddr_t": "int", "key_t": "int", "clock_t": "long", "clockid_t": "int", "timer_t": "int", "suseconds_t": "long",
        "time64_t": "long long", "timeu64_t": "unsigned long long", "blkcnt_t": "unsigned long long", "resource_size_t": "unsigned long long",
        "irq_hw_number_t": "unsigned long", "slab_flags_t": "unsigned int", "vm_fault_t": "unsigned int", "vm_flags_t": "unsigned long",
        "__poll_t": "unsigned int", "__sum16": "unsigned short", "__wsum": "unsigned int", "__kernel_size_t": "unsigned long",
        "__kernel_ssize_t": "long", "__kernel_ulong_t": "unsigned long", "__kernel_long_t": "long", "__kernel_pid_t": "int", "__kernel_loff_t": "long long",
        "pteval_t": "unsigned long", "pmdval_t": "unsigned long", "pudval_t": "unsigned long", "p4dval_t": "unsigned long", "pgdval_t": "unsigned long",
        "pgprotval_t": "unsigned long", "errseq_t": "unsigned int", "blk_status_t": "unsigned char", "__aligned_u64": "unsigned long long",
        "aligned_u64": "unsigned long long", "__aligned_s64": "long long", "aligned_s64": "long long", "__aligned_be64": "unsigned long long",
        "aligned_be64": "unsigned long long", "__aligned_le64": "unsigned long long", "aligned_le64": "unsigned long long",
    }  # fmt: skip
    found |= {name: INTS[of] for name, of in alike.items()}
    found |= dict.fromkeys(
        ["pfn_t", "kvm_pfn_t", "gfn_t", "gpa_t", "hpa_t", "hfn_t", "phys_addr_t", "dma_addr_t"],
        INTS["unsigned long long"],
    )
    return found


ATOMIC = Atomic("atomic_t", INTS["int"])
ATOMIC64 = Atomic("atomic64_t", INTS["long long"])
ATOMIC_LONG = Atomic("atomic_long_t", INTS["long"])
REFCOUNT = Atomic("refcount_t", INTS["int"], counts=True)
SPIN, RAW_SPIN = Lock("spinlock_t"), Lock("raw_spinlock_t")
MUTEX = Lock("struct mutex", sleeps=True, size=32)
RWLOCK, RWSEM = Lock("rwlock_t", shared=True, size=8), Lock("struct rw_semaphore", sleeps=True, shared=True, size=40)
LIST = Kernels("struct list_head", 0, 16, made=())
LOCKDEP = Kernels("struct lockdep_map")
COMPLETION, WAIT_QUEUE = Kernels("struct completion", 0), Kernels("wait_queue_head_t", 0, 24)
READER = Lock("an RCU reader", sleeps=True, shared=True)  # that a reader of RCU may not sleep is a rule of its own
OF_READERS = Array(READER, MAX_THREADS)  # a cell for each CPU that may be inside
SEQUENCE = Atomic("seqcount_t", INTS["unsigned int"])


def _srcu() -> Struct:
    srcu = Struct("struct srcu_struct")
    lay(srcu, [("readers", OF_READERS)])
    srcu.size = 64
    return srcu


def _kref() -> Struct:
    kref = Struct("struct kref")
    lay(kref, [("refcount", REFCOUNT)])
    return kref


def _page() -> Struct:
    page = Struct("struct page")
    lay(page, [("lru", LIST)])
    page.size = 64
    return page


def _seqlock() -> Struct:
    made = Struct("seqlock_t")
    lay(made, [("seqcount", SEQUENCE), ("lock", SPIN)])
    return made


def _xarray() -> Struct:
    made = Struct("struct xarray")
    lay(made, [("xa_lock", SPIN), ("xa_head", Kernels("void *"))])
    made.size = 16
    return made


def _lockref() -> Struct:
    made = Struct("struct lockref")
    lay(made, [("lock", SPIN), ("count", INTS["int"])])
    return made


def _llist() -> tuple[Struct, Struct]:
    """A list without a lock: its head and its entries, with the pointers that they are."""
    first, node = Struct("struct llist_head"), Struct("struct llist_node")
    lay(node, [("next", Pointer(node))])
    lay(first, [("first", Pointer(node))])
    return first, node


LLIST_HEAD, LLIST_NODE = _llist()
WAIT_ENTRY = Kernels("struct wait_queue_entry", 0, 40)
SEMAPHORE = Atomic("struct semaphore", INTS["int"], size=24)
NAMED: dict[str, Type] = _integers() | {
    kind.name: kind for kind in (ATOMIC, ATOMIC64, ATOMIC_LONG, REFCOUNT, SPIN, RAW_SPIN, RWLOCK, WAIT_QUEUE, SEQUENCE)
}
NAMED |= {
    "seqlock_t": _seqlock(),
    "wait_queue_entry_t": WAIT_ENTRY,
    "local_lock_t": Kernels("local_lock_t", 0, 0),
    "seqcount_spinlock_t": SEQUENCE,
}
TAGGED: dict[str, Type] = {
    kind.name.removeprefix("struct "): kind
    for kind in (
        MUTEX,
        RWSEM,
        LIST,
        COMPLETION,
        SEMAPHORE,
        LLIST_HEAD,
        LLIST_NODE,
        _page(),
        _kref(),
        _lockref(),
        _srcu(),
    )
}
TAGGED |= {
    "xarray": _xarray(), "rcu_head": Kernels("struct rcu_head", 0, 16), "hlist_node": Kernels("struct hlist_node", 0, 16),
    "hlist_head": Kernels("struct hlist_head", (), 8), "static_key": ATOMIC, "work_struct": Kernels("struct work_struct"), **{word: Kernels(f"struct {word}") for word in ("delayed_work", "timer_list", "hrtimer", "tasklet_struct", "irq_work")},
    "tdx_module_args": Kernels("struct tdx_module_args", 0, 112), "wait_queue_head": WAIT_QUEUE, "wait_queue_entry": WAIT_ENTRY,
    "swait_queue_head": Kernels("struct swait_queue_head", 0, 24),
}  # fmt: skip
WORD: Int = ULONG  # an unsigned long: what bit operations work on


def within_word(kind: Type, member: str) -> Type | None:
    """What a member of one of the kernel's own words is: the integer in an atomic_t, the atomic_t in a refcount_t, what lockdep knows of a lock."""
    if isinstance(kind, Atomic) and member == "counter":
        return kind.of
    if isinstance(kind, Atomic) and kind.counts and member == "refs":
        return ATOMIC
    return LOCKDEP if member == "dep_map" and (isinstance(kind, Lock) or kind is SEQUENCE) else None
