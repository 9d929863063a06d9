"""The kernel's own types by their names: how wide each integer is and whether it has a sign, how large each structure; as Linux's headers say for x86-64."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tdxkit.c import widths
from tdxkit.c.known import ATOMIC, LOCKDEP, NAMED, REFCOUNT, SEQUENCE, TAGGED, within_word
from tdxkit.c.literals import as_list, number, of_values
from tdxkit.c.parse import parsed
from tdxkit.c.types import (
    INT,
    INTS,
    Array,
    Atomic,
    BitField,
    Int,
    Kernels,
    Lock,
    Pointer,
    Struct,
    Void,
    element_of,
    whole,
)
from tdxkit.errors import InputError
from tests.c.trees import found

pytestmark = pytest.mark.many

SIGNED = {  # by bytes
    2: "s16 __s16 int16_t", 1: "s8 __s8 int8_t", 4: "s32 __s32 int32_t pid_t daddr_t key_t clockid_t timer_t __kernel_pid_t",
    8: "s64 __s64 int64_t ssize_t intptr_t ptrdiff_t loff_t ktime_t off_t clock_t suseconds_t time64_t __kernel_ssize_t __kernel_long_t __kernel_loff_t __aligned_s64 aligned_s64",
}  # fmt: skip
UNSIGNED = {
    1: "bool u8 __u8 uint8_t __le8 __be8 unchar u_char u_int8_t blk_status_t", 2: "u16 __u16 uint16_t __le16 __be16 umode_t ushort u_short u_int16_t __sum16",
    4: "u32 __u32 uint32_t __le32 __be32 gfp_t fmode_t dev_t irqreturn_t uint u_int u_int32_t mode_t nlink_t slab_flags_t vm_fault_t __poll_t __wsum errseq_t",
    8: "u64 __u64 uint64_t __le64 __be64 size_t uintptr_t pgoff_t sector_t gva_t hva_t cycles_t ulong ullong u_long u_int64_t timeu64_t blkcnt_t resource_size_t irq_hw_number_t vm_flags_t "
    "__kernel_size_t __kernel_ulong_t pteval_t pmdval_t pudval_t p4dval_t pgdval_t pgprotval_t __aligned_u64 aligned_u64 __aligned_be64 aligned_be64 __aligned_le64 aligned_le64 "
    "pfn_t kvm_pfn_t gfn_t gpa_t hpa_t hfn_t phys_addr_t dma_addr_t",
}  # fmt: skip
ROWS = [(word, size, signed) for table, signed in ((SIGNED, True), (UNSIGNED, False)) for size, words in table.items() for word in words.split()]  # fmt: skip


@pytest.mark.parametrize("word, size, signed", ROWS)
def test_integers(word, size, signed):
    assert (NAMED[word].size, NAMED[word].signed) == (size, signed)


def test_no_integer_is_left_out():
    assert {word for word, kind in NAMED.items() if isinstance(kind, Int)} == {word for word, _, _ in ROWS}


SIZES = {  # without lock debugging, as the headers add them up
    "atomic_t": 4, "atomic64_t": 8, "atomic_long_t": 8, "refcount_t": 4, "spinlock_t": 4, "raw_spinlock_t": 4, "rwlock_t": 8, "wait_queue_head_t": 24, "seqcount_t": 4, "seqcount_spinlock_t": 4, "seqlock_t": 8,
    "wait_queue_entry_t": 40, "local_lock_t": 0, "mutex": 32, "rw_semaphore": 40, "list_head": 16, "completion": 32, "semaphore": 24, "llist_head": 8, "llist_node": 8, "page": 64, "kref": 4, "lockref": 8,
    "xarray": 16, "rcu_head": 16, "hlist_node": 16, "hlist_head": 8, "static_key": 4, "work_struct": 32, "tdx_module_args": 112, "wait_queue_head": 24, "wait_queue_entry": 40, "swait_queue_head": 24,
}  # fmt: skip


@pytest.mark.parametrize("word", SIZES)
def test_structures(word):
    assert (NAMED.get(word) or TAGGED[word]).size == SIZES[word]


def test_which_locks_sleep_and_which_are_shared():
    locks = {**NAMED, **TAGGED}
    said = {word: (kind.sleeps, kind.shared) for word, kind in locks.items() if isinstance(kind, Lock)}
    assert said == {"spinlock_t": (False, False), "raw_spinlock_t": (False, False), "rwlock_t": (False, True), "mutex": (True, False), "rw_semaphore": (True, True)}  # fmt: skip
    assert [kind.name for kind in locks.values() if isinstance(kind, Atomic) and kind.counts] == ["refcount_t"]


def test_what_is_inside_a_word_of_the_kernels():
    spin, mutex = NAMED["spinlock_t"], TAGGED["mutex"]
    assert (
        within_word(ATOMIC, "counter") is INTS["int"]
        and within_word(NAMED["atomic64_t"], "counter") is INTS["long long"]
    )
    assert within_word(REFCOUNT, "refs") is ATOMIC and within_word(ATOMIC, "refs") is None
    assert within_word(REFCOUNT, "counter") is INTS["int"] and within_word(INT, "counter") is None
    assert [within_word(kind, "dep_map") for kind in (spin, mutex, SEQUENCE)] == [LOCKDEP] * 3
    assert [within_word(kind, "dep_map") for kind in (ATOMIC, REFCOUNT, INT, NAMED["wait_queue_head_t"])] == [None] * 4
    assert within_word(spin, "lock") is None and within_word(SEQUENCE, "sequence") is None


def test_members_of_the_kernels_structures():
    at = {f"{tag}.{name}": (member.cell, member.byte) for tag in ("lockref", "xarray", "kref", "page", "llist_node", "llist_head") for name, member in TAGGED[tag].members.items()}  # fmt: skip
    assert at == {"lockref.lock": (0, 0), "lockref.count": (1, 4), "xarray.xa_lock": (0, 0), "xarray.xa_head": (1, 8), "kref.refcount": (0, 0), "page.lru": (0, 0), "llist_node.next": (0, 0), "llist_head.first": (0, 0)}  # fmt: skip
    seqlock = NAMED["seqlock_t"]
    assert {name: (member.cell, member.byte) for name, member in seqlock.members.items()} == {"seqcount": (0, 0), "lock": (1, 4)}  # fmt: skip


@pytest.mark.parametrize("bits, signed", widths.WRAPS)
@given(value=st.integers(-(1 << 66), 1 << 66))
def test_a_number_in_a_width_is_that_of_the_type(bits, signed, value):
    wanted = next(kind for kind in INTS.values() if (kind.bits, kind.signed) == (bits, signed) and kind.name != "_Bool")
    made = getattr(widths, widths.WRAPS[bits, signed])
    for near in (value, wanted.least, wanted.least - 1, wanted.most, wanted.most + 1, -1, 0):
        rest = near % (1 << bits)
        other = rest - (1 << bits) if signed and rest >= 1 << bits - 1 else rest
        assert made(near) == widths.narrow(near, bits, signed) == widths.numbered(near, bits, signed) == wanted.wrap(near) == other  # fmt: skip


def test_a_bit_field_and_an_address_in_a_width():
    assert [widths.narrow(value, 3, True) for value in range(9)] == [0, 1, 2, 3, -4, -3, -2, -1, 0]
    assert [widths.narrow(value, 1, signed) for signed in (True, False) for value in (0, 1, 2)] == [0, -1, 0, 0, 1, 0]
    assert widths.numbered(("x", 1), 8, True) == ("x", 1)
    few, many = BitField(INTS["unsigned int"], 31), BitField(INTS["unsigned int"], 32)
    assert (few.rank < INT.rank, many.rank == INT.rank, few.size, few.align) == (True, True, 4, 4)


LITERALS = {
    "0": (0, "int"), "7": (7, "int"), "017": (15, "int"), "0x1f": (31, "int"), "0X1F": (31, "int"), "0b101": (5, "int"), "0B1": (1, "int"), "2147483647": (2**31 - 1, "int"), "2147483648": (2**31, "long"), "0x7fffffff": (2**31 - 1, "int"), "0x80000000": (2**31, "unsigned int"), "0xffffffff": (2**32 - 1, "unsigned int"), "0x100000000": (2**32, "long"),
    "4294967295": (2**32 - 1, "long"), "4294967295u": (2**32 - 1, "unsigned int"), "4294967296u": (2**32, "unsigned long"), "9223372036854775807": (2**63 - 1, "long"), "0x7fffffffffffffff": (2**63 - 1, "long"), "0x8000000000000000": (2**63, "unsigned long"), "0xffffffffffffffff": (2**64 - 1, "unsigned long"), "9223372036854775808": (2**63, "unsigned long long"), "037777777777": (2**32 - 1, "unsigned int"),
    "1u": (1, "unsigned int"), "1U": (1, "unsigned int"), "1l": (1, "long"), "1UL": (1, "unsigned long"), "1lu": (1, "unsigned long"), "1ll": (1, "long long"), "1ULL": (1, "unsigned long long"), "1llu": (1, "unsigned long long"), "0x8000000000000000LL": (2**63, "unsigned long long"), "0xffffffffL": (2**32 - 1, "long"),
    "'a'": (97, "int"), "'\\n'": (10, "int"), "'\\t'": (9, "int"), "'\\r'": (13, "int"), "'\\a'": (7, "int"), "'\\b'": (8, "int"), "'\\f'": (12, "int"), "'\\v'": (11, "int"), "'\\e'": (27, "int"), "'\\0'": (0, "int"), "'\\\\'": (92, "int"), "'\\''": (39, "int"), "'\\\"'": (34, "int"), "'\\?'": (63, "int"), "'\\101'": (65, "int"), "'\\x41'": (65, "int"), "'\\377'": (255, "int"), "'\\xff'": (255, "int"), "'\"'": (34, "int"),
}  # fmt: skip


@pytest.mark.parametrize("word", LITERALS)
def test_literals(word):
    (node,) = found(parsed(f"int x = {word};").tree, "Constant")
    value, kind = number(node, None)
    assert (value, kind.name) == LITERALS[word]


@pytest.mark.parametrize(
    "text, count, codes",
    [("hi", 0, [104, 105, 0]), ("hi", 3, [104, 105]), ("hi", 2, [104, 105]), ("hi", 1, [104]), ("", 0, [0]), ("", 4, []), ("\\n\\x41\\0z", 0, [10, 65, 0, 122, 0]), ("\\101\\e\\\\", 0, [65, 27, 92, 0]), ("\u00e9", 0, [0xC3, 0xA9, 0]), ("\\x80", 0, [128, 0])],
)  # fmt: skip
def test_a_string_as_characters(text, count, codes):
    (node,) = found(parsed(f'char x[] = "{text}";').tree, "Constant")
    assert [int(one.value) for one in as_list(node, count).exprs] == codes


@pytest.mark.parametrize(
    "values, name",
    [([0], "unsigned int"), ([2**32 - 1], "unsigned int"), ([2**32], "unsigned long"), ([2**64 - 1], "unsigned long"), ([-1, 2**31 - 1], "int"), ([-1, 2**31], "long"), ([-(2**31)], "int"), ([-(2**31) - 1], "long"), ([-(2**63), 2**63 - 1], "long"), ([-1, 2**64 - 1], "unsigned long")],
)  # fmt: skip
def test_the_type_of_an_enum(values, name):
    assert of_values(values).name == name


def test_what_is_of_no_size_and_what_is_too_large():
    unknown, known = Struct("struct s"), Struct("struct t")
    known.fill([("a", INT), ("b", Array(INT, 4095))], [0, 4])
    assert whole("here", known) is known and whole("here", Array(INT, 4096)).cells == 4096
    for kind, said in ((unknown, "only its name is known here"), (Void(), "no object is of this type"), (Array(INT, 4097), "at most 4,096 scalars")):  # fmt: skip
        with pytest.raises(InputError, match=said):
            whole("here", kind)
    assert element_of(Array(Array(INT, 2), 3)) is INT and element_of(known) is known
    assert [path for path, _ in Array(Array(INT, 2), 2).leaves()] == ["[0][0]", "[0][1]", "[1][0]", "[1][1]"]
    assert str(Pointer(Pointer(INT))) == "int **" and str(Pointer(Array(INT, 2))) == "int[2] *"
    assert Kernels("k").made == 0 and Kernels("k", 1, made=()).made == () and (unknown.cells, known.cells) == (0, 4096)
    assert [Int("x", bits, False, 1).align for bits in (8, 16, 32, 64, 128)] == [1, 2, 4, 8, 8]
