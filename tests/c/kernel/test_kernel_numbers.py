"""Tables of the kernel's own numbers, beside another source of each: Python's errno, C's widths, gfp_types.h's order of bits."""

import errno

import pytest

from tdxkit.c.kernel.constants import CONSTANTS, ERRNOS, SPELLED
from tdxkit.c.known import NAMED, TAGGED
from tdxkit.c.types import INTS, Int, common, promoted
from tests.c.kernel.alone import alone

KERNELS_OWN = {"ENOTSUPP": 524, "ERESTARTSYS": 512, "EPROBE_DEFER": 517, "ENOIOCTLCMD": 515, "ENOPARAM": 519, "EOPENSTALE": 518, "ERESTARTNOINTR": 513, "ERESTARTNOHAND": 514, "ERESTART_RESTARTBLOCK": 516, "EBADHANDLE": 521, "EIOCBQUEUED": 529, "ENOTSYNC": 522, "EBADCOOKIE": 523, "ETOOSMALL": 525, "ESERVERFAULT": 526, "EBADTYPE": 527, "EJUKEBOX": 528, "ERECALLCONFLICT": 530, "ENOGRACE": 531}  # fmt: skip


def test_numbers_of_errors():
    for pair in ERRNOS.split():
        name, number = pair.split("=")
        assert int(number) == (getattr(errno, name, None) or KERNELS_OWN[name]), name
        assert CONSTANTS[name] == int(number)


def test_limits():
    for bits in (8, 16, 32, 64):
        assert (CONSTANTS[f"U{bits}_MAX"], CONSTANTS[f"S{bits}_MAX"], CONSTANTS[f"S{bits}_MIN"]) == (2**bits - 1, 2 ** (bits - 1) - 1, -(2 ** (bits - 1)))  # fmt: skip
    said = {"INT": 32, "LONG": 64, "LLONG": 64, "SHRT": 16}
    for word, bits in said.items():
        assert CONSTANTS[f"{word}_MAX"] == 2 ** (bits - 1) - 1 and CONSTANTS[f"{word}_MIN"] == -(2 ** (bits - 1))
    for word, bits in {"UINT": 32, "ULONG": 64, "ULLONG": 64, "USHRT": 16, "SIZE": 64}.items():
        assert CONSTANTS[f"{word}_MAX"] == 2**bits - 1
    assert CONSTANTS["REFCOUNT_MAX"] == 0x7FFFFFFF


BITS = ["DMA", "HIGHMEM", "DMA32", "MOVABLE", "RECLAIMABLE", "HIGH", "IO", "FS", "ZERO", "", "DIRECT_RECLAIM", "KSWAPD_RECLAIM", "WRITE", "NOWARN", "RETRY_MAYFAIL", "NOFAIL", "NORETRY", "MEMALLOC", "COMP", "NOMEMALLOC", "HARDWALL", "THISNODE", "ACCOUNT"]  # fmt: skip


def test_flags_of_allocations():
    for bit, name in enumerate(BITS):
        assert CONSTANTS.get(f"__GFP_{name}", 1 << bit) == 1 << bit
    said = {"GFP_KERNEL": 0xCC0, "GFP_KERNEL_ACCOUNT": 0x400CC0, "GFP_ATOMIC": 0x820, "GFP_NOWAIT": 0x2800, "GFP_NOIO": 0xC00, "GFP_NOFS": 0xC40, "GFP_USER": 0x100CC0, "GFP_HIGHUSER": 0x100CC2, "__GFP_RECLAIM": 0xC00}  # fmt: skip
    assert {name: CONSTANTS[name] for name in said} == said


@pytest.mark.parametrize(
    "name, value",
    [
        ("PAGE_SIZE", 4096), ("PAGE_SHIFT", 12), ("PAGE_MASK", ~4095), ("PMD_SIZE", 512 * 4096), ("PMD_SHIFT", 21), ("PMD_MASK", ~(512 * 4096 - 1)), ("PUD_SIZE", 512 * 512 * 4096), ("HPAGE_SIZE", 2097152), ("HPAGE_PMD_NR", 512), ("PTRS_PER_PTE", 512), ("SZ_1K", 1024), ("SZ_4K", 4096),
        ("SZ_64K", 65536), ("SZ_1M", 1048576), ("SZ_2M", 2097152), ("SZ_1G", 1073741824), ("PG_LEVEL_NONE", 0), ("PG_LEVEL_4K", 1), ("PG_LEVEL_2M", 2), ("PG_LEVEL_1G", 3), ("NSEC_PER_SEC", 1000000000), ("USEC_PER_SEC", 1000000), ("MSEC_PER_SEC", 1000), ("NSEC_PER_MSEC", 1000000),
        ("NSEC_PER_USEC", 1000), ("USEC_PER_MSEC", 1000), ("MAX_SCHEDULE_TIMEOUT", 2**63 - 1), ("TASK_RUNNING", 0), ("TASK_INTERRUPTIBLE", 1), ("TASK_UNINTERRUPTIBLE", 2), ("TASK_KILLABLE", 258), ("BITS_PER_LONG", 64), ("BITS_PER_BYTE", 8), ("BITS_PER_LONG_LONG", 64), ("NULL", 0), ("true", 1),
        ("false", 0), ("SINGLE_DEPTH_NESTING", 1), ("HZ", 250), ("TDX_DPAMT_ENTRY_PAGE_CNT", 2),
    ],
)  # fmt: skip
def test_other_numbers(name, value):
    assert CONSTANTS[name] == value


def test_the_types_of_constants_are_types():
    assert {*SPELLED.values()} <= {*INTS}
    assert all(INTS[kind].wrap(CONSTANTS[name]) in (CONSTANTS[name], CONSTANTS[name] % 2**64) for name, kind in SPELLED.items())  # fmt: skip


@pytest.mark.parametrize("bits", [8, 16, 32, 64])
def test_integers_by_their_names(bits):
    for name in (f"u{bits}", f"__u{bits}", f"uint{bits}_t", f"__le{bits}", f"__be{bits}", f"s{bits}", f"__s{bits}", f"int{bits}_t"):  # fmt: skip
        kind = NAMED[name]
        assert (kind.bits, kind.size, kind.signed) == (bits, bits // 8, name.lstrip("_")[0] in "si"), name


def test_sizes_of_the_kernels_structures():
    """Those of a 64-bit kernel without lock debugging, as its headers add them up."""
    said = {"spinlock_t": 4, "raw_spinlock_t": 4, "rwlock_t": 8, "atomic_t": 4, "atomic64_t": 8, "atomic_long_t": 8, "refcount_t": 4, "bool": 1, "size_t": 8, "gfp_t": 4, "pid_t": 4, "loff_t": 8}  # fmt: skip
    assert {name: NAMED[name].size for name in said} == said
    tags = {
        "list_head": 16,
        "hlist_head": 8,
        "hlist_node": 16,
        "mutex": 32,
        "completion": 32,
        "rcu_head": 16,
        "kref": 4,
    }
    assert {name: TAGGED[name].size for name in tags} == tags


def test_the_least_and_the_greatest_of_each_type():
    widths = {"_Bool": 8, "char": 8, "signed char": 8, "unsigned char": 8, "short": 16, "unsigned short": 16, "int": 32, "unsigned int": 32, "long": 64, "unsigned long": 64, "long long": 64, "unsigned long long": 64}  # fmt: skip
    for name, bits in widths.items():
        kind, signed = INTS[name], name in ("signed char", "short", "int", "long", "long long")
        assert (kind.bits, kind.signed, kind.size) == (bits, signed, bits // 8)
        assert (kind.least, kind.most) == ((-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1))
        for value in (kind.least, kind.most) if name != "_Bool" else (0, 1):
            assert kind.wrap(value) == value
        if name != "_Bool":
            assert (kind.wrap(kind.most + 1), kind.wrap(kind.least - 1)) == (kind.least, kind.most)
    assert [INTS["_Bool"].wrap(value) for value in (0, 1, 2, -1, 256)] == [0, 1, 1, 1, 1]


def test_where_two_integers_meet():
    small = ["_Bool", "char", "signed char", "unsigned char", "short", "unsigned short"]
    assert all(promoted(INTS[name]) is INTS["int"] for name in small)
    order = ["int", "unsigned int", "long", "unsigned long", "long long", "unsigned long long"]
    said = {("unsigned int", "long"): "long", ("unsigned long", "long long"): "unsigned long long", ("long", "unsigned int"): "long"}  # fmt: skip
    for a, one in enumerate(order):
        for b, other in enumerate(order):
            wanted = said.get((one, other)) or said.get((other, one)) or order[max(a, b)]
            assert common(INTS[one], INTS[other]) is INTS[wanted], (one, other)
    assert isinstance(common(INTS["char"], INTS["short"]), Int) and common(INTS["char"], INTS["short"]) is INTS["int"]


@pytest.mark.slow
@pytest.mark.parametrize(
    "call, zeroed, many",
    [
        ("kmalloc(sizeof(*p), GFP_KERNEL)", 0, 1), ("kzalloc(sizeof(*p), GFP_KERNEL)", 1, 1), ("kvmalloc(sizeof(*p), GFP_KERNEL)", 0, 1), ("kvzalloc(sizeof(*p), GFP_KERNEL)", 1, 1), ("kmalloc_array(3, sizeof(*p), GFP_KERNEL)", 0, 3), ("kcalloc(3, sizeof(*p), GFP_KERNEL)", 1, 3),
        ("kvcalloc(3, sizeof(*p), GFP_KERNEL)", 1, 3), ("kvmalloc_array(3, sizeof(*p), GFP_KERNEL)", 0, 3), ("kmalloc_obj(*p, GFP_KERNEL)", 0, 1), ("kzalloc_obj(*p, GFP_KERNEL)", 1, 1), ("kmalloc_objs(*p, 3, GFP_KERNEL)", 0, 3), ("kzalloc_objs(*p, 3, GFP_KERNEL)", 1, 3),
        ("kmem_cache_alloc(c, GFP_KERNEL)", 0, 1), ("kmem_cache_zalloc(c, GFP_KERNEL)", 1, 1), ("vmalloc(sizeof(*p))", 0, 1), ("vzalloc(sizeof(*p))", 1, 1), ("kmalloc_node(sizeof(*p), GFP_KERNEL, 0)", 0, 1), ("kzalloc_node(sizeof(*p), GFP_KERNEL, 0)", 1, 1),
        ("kmalloc(sizeof(*p), GFP_KERNEL | __GFP_ZERO)", 1, 1), ("kmalloc(3 * sizeof(*p), GFP_KERNEL)", 0, 3), ("kmalloc(sizeof(*p) * 3, GFP_KERNEL)", 0, 3),
    ],
)  # fmt: skip
def test_allocations(call, zeroed, many):
    text = "struct s { int n; }; static struct s *p; static struct kmem_cache *c; static long r;"
    last = alone(text, f"p = {call}; p[{many - 1}].n = 5; r = p[{many - 1}].n;")
    assert (last.memory["r"], last.broken) == (5, ())
    assert alone(text, f"p = {call}; p[{many}].n = 5;").broken
    unset = alone(text, f"p = {call}; r = p[{many - 1}].n;")
    assert bool(unset.broken) == (not zeroed)
    locked = " ".join(alone(text + " static spinlock_t l;", f"spin_lock(&l); p = {call}; spin_unlock(&l);").broken)
    assert "slept with a spinlock held" in locked or "sleep" in locked
