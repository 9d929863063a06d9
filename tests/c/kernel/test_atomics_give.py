"""Every operation on atomic words: what it gives, what it leaves, and what it is on x86; said by hand, from the kernel's documentation."""

import pytest

from tests.c.kernel.alone import alone

pytestmark = pytest.mark.many

# call, value before, what it gives, value after, kind of its step
CHANGES = [
    ("read(&v)", 5, 5, 5, "load"),
    ("read_acquire(&v)", -5, -5, -5, "load"),
    ("inc_return(&v)", 5, 6, 6, "locked"),
    ("dec_return_relaxed(&v)", 0, -1, -1, "locked"),
    ("add_return_acquire(3, &v)", 5, 8, 8, "locked"),
    ("sub_return_release(3, &v)", 5, 2, 2, "locked"),
    ("fetch_inc(&v)", 5, 5, 6, "locked"),
    ("fetch_dec(&v)", 5, 5, 4, "locked"),
    ("fetch_add(3, &v)", 5, 5, 8, "locked"),
    ("fetch_sub(3, &v)", 5, 5, 2, "locked"),
    ("fetch_and(6, &v)", 5, 5, 4, "locked"),
    ("fetch_or(6, &v)", 5, 5, 7, "locked"),
    ("fetch_xor(6, &v)", 5, 5, 3, "locked"),
    ("fetch_andnot(4, &v)", 5, 5, 1, "locked"),
    ("inc_and_test(&v)", -1, 1, 0, "locked"),
    ("inc_and_test(&v)", 0, 0, 1, "locked"),
    ("dec_and_test(&v)", 1, 1, 0, "locked"),
    ("dec_and_test(&v)", 2, 0, 1, "locked"),
    ("sub_and_test(2, &v)", 2, 1, 0, "locked"),
    ("sub_and_test(2, &v)", 3, 0, 1, "locked"),
    ("add_negative(-6, &v)", 5, 1, -1, "locked"),
    ("add_negative(-5, &v)", 5, 0, 0, "locked"),
    ("inc_not_zero(&v)", 5, 1, 6, "locked"),
    ("inc_not_zero(&v)", 0, 0, 0, "load"),
    ("inc_unless_negative(&v)", 0, 1, 1, "locked"),
    ("inc_unless_negative(&v)", -1, 0, -1, "load"),
    ("dec_unless_positive(&v)", 0, 1, -1, "locked"),
    ("dec_unless_positive(&v)", 1, 0, 1, "load"),
    ("dec_if_positive(&v)", 1, 0, 0, "locked"),
    ("dec_if_positive(&v)", 0, -1, 0, "load"),
    ("add_unless(&v, 2, 7)", 5, 1, 7, "locked"),
    ("add_unless(&v, 2, 5)", 5, 0, 5, "load"),
    ("fetch_add_unless(&v, 2, 7)", 5, 5, 7, "locked"),
    ("fetch_add_unless(&v, 2, 5)", 5, 5, 5, "load"),
    ("xchg(&v, 9)", 5, 5, 9, "locked"),
    ("cmpxchg(&v, 5, 9)", 5, 5, 9, "locked"),
    ("cmpxchg(&v, 4, 9)", 5, 5, 5, "locked"),  # x86 locks its cmpxchg whether it succeeds or not
]


@pytest.mark.parametrize("prefix", ["atomic", "atomic64", "atomic_long"])
@pytest.mark.parametrize("call,before,gives,after,kind", CHANGES)
def test_what_it_gives_and_leaves(prefix, call, before, gives, after, kind):
    ran = alone(f"{prefix}_t v = {before}; long r;", f"r = {prefix}_{call};")
    assert (ran.memory["r"], ran.memory["v"], ran.kinds) == (gives, after, (kind, "store"))
    assert ran.names[0] == f"{prefix}_{call[: call.index('(')]}"


@pytest.mark.parametrize(
    "call,before,after,kind",
    [
        ("set(&v, 7)", 5, 7, "store"), ("set_release(&v, -7)", 5, -7, "store"), ("inc(&v)", 5, 6, "locked"), ("dec(&v)", 0, -1, "locked"),
        ("add(2, &v)", 5, 7, "locked"), ("sub(2, &v)", 5, 3, "locked"), ("and(4, &v)", 5, 4, "locked"), ("or(2, &v)", 5, 7, "locked"),
        ("xor(1, &v)", 5, 4, "locked"), ("andnot(1, &v)", 5, 4, "locked"),
    ],
)  # fmt: skip
def test_what_gives_nothing(call, before, after, kind):
    ran = alone(f"atomic_t v = {before};", f"atomic_{call};")
    assert (ran.memory["v"], ran.kinds) == (after, (kind,))


def test_an_int_wraps_and_a_long_does_not():
    assert alone("atomic_t v = 0x7fffffff;", "atomic_inc(&v);").memory["v"] == -(1 << 31)
    assert alone("atomic64_t v = 0x7fffffff;", "atomic64_inc(&v);").memory["v"] == 1 << 31
    assert alone("atomic_t v;", "atomic_set(&v, 1UL << 32);").memory["v"] == 0


@pytest.mark.parametrize("call", ["atomic_try_cmpxchg", "try_cmpxchg", "try_cmpxchg64"])
def test_try_cmpxchg_says_what_it_found(call):
    kind = "atomic_t" if call[0] == "a" else "u64" if "64" in call else "int"
    local = f"{'u64' if '64' in call else 'int'} e = 4; r = {call}(&v, &e, 9); found = e;"
    failed = alone(f"{kind} v = 5; int r = 7, found;", local)
    assert (failed.memory["r"], failed.memory["found"], failed.memory["v"]) == (0, 5, 5)
    did = alone(f"{kind} v = 4; int r = 7, found;", local)
    assert (did.memory["r"], did.memory["found"], did.memory["v"], did.kinds[0]) == (1, 4, 9, "locked")


def test_what_is_expected_may_be_shared_and_is_then_looked_at_and_written_in_steps_of_their_own():
    ran = alone("atomic_t v = 5; int e = 4;", "atomic_try_cmpxchg(&v, &e, 9);")
    assert ran.kinds == ("load", "locked", "store") and ran.memory["e"] == 5
    assert alone("atomic_t v = 4; int e = 4;", "atomic_try_cmpxchg(&v, &e, 9);").kinds == ("load", "locked")


def test_xchg_and_cmpxchg_of_plain_words_and_pointers():
    ran = alone("int a; int *p = &a; int *r; int same;", "r = xchg(&p, NULL); same = r == &a;")
    assert (ran.memory["p"], ran.memory["same"], ran.kinds[0]) == (0, 1, "locked")
    assert alone("u8 v = 3; u8 r;", "r = cmpxchg(&v, 3, 300);").memory["v"] == 44  # in the width of the word
    assert alone("u64 v = 3, r;", "r = cmpxchg64(&v, 3, 1ULL << 40);").memory["v"] == 1 << 40


def test_a_fence_is_a_step_and_other_barriers_are_none():
    assert alone("int x;", "smp_mb(); mb();").kinds == ("locked", "locked")
    assert alone("int x;", "smp_wmb(); smp_rmb(); barrier(); smp_mb__before_atomic(); x = 1;").kinds == ("store",)
    assert alone("int x;", "smp_store_mb(x, 1);").kinds == ("store", "locked")
    assert alone("int x, y;", "smp_store_release(&x, 3); y = smp_load_acquire(&x);").kinds == ("store", "load", "store")


COUNTS = [  # call, count before, what it gives, count after; None: it saturates
    ("refcount_read(&v)", 3, 3, 3), ("refcount_inc(&v), 0", 1, 0, 2), ("refcount_inc(&v), 0", 0, None, 0), ("refcount_add(2, &v), 0", 0, None, 0),
    ("refcount_add(2, &v), 0", 1, 0, 3), ("refcount_dec(&v), 0", 2, 0, 1), ("refcount_dec(&v), 0", 1, None, 1), ("refcount_dec(&v), 0", 0, None, 0),
    ("refcount_dec_and_test(&v)", 2, 0, 1), ("refcount_dec_and_test(&v)", 1, 1, 0), ("refcount_dec_and_test(&v)", 0, None, 0),
    ("refcount_sub_and_test(2, &v)", 2, 1, 0), ("refcount_sub_and_test(2, &v)", 1, None, 1), ("refcount_inc_not_zero(&v)", 0, 0, 0),
    ("refcount_inc_not_zero(&v)", 1, 1, 2), ("refcount_add_not_zero(2, &v)", 0, 0, 0), ("refcount_add_not_zero(2, &v)", 1, 1, 3),
    ("refcount_dec_not_one(&v)", 1, 0, 1), ("refcount_dec_not_one(&v)", 2, 1, 1), ("refcount_dec_not_one(&v)", 0, None, 0),
    ("refcount_dec_if_one(&v)", 1, 1, 0), ("refcount_dec_if_one(&v)", 2, 0, 2), ("refcount_dec_if_one(&v)", 0, 0, 0),
    ("refcount_inc_not_zero(&v)", 0x7FFFFFFF, None, 0x7FFFFFFF),
]  # fmt: skip


@pytest.mark.parametrize("call,before,gives,after", COUNTS)
def test_a_refcount_saturates_instead_of_being_wrong(call, before, gives, after):
    ran = alone(f"refcount_t v = REFCOUNT_INIT({before}); unsigned int r = 77;", f"r = ({call});")
    assert ran.memory["v"] == after
    if gives is None:
        (said,) = ran.broken
        assert "it saturates" in said and f"which is {before}" in said
    else:
        assert ran.memory["r"] == gives and not ran.broken


@pytest.mark.parametrize("lock,word", [("spinlock_t", "lock"), ("struct mutex", "mutex_lock")])
@pytest.mark.parametrize("counts", ["atomic", "refcount"])
def test_dec_and_lock_holds_the_lock_only_where_it_came_to_zero(lock, word, counts):
    text = f"{counts}_t v = {{}}; {lock} l; int r;".replace("{}", "2" if counts == "atomic" else "REFCOUNT_INIT(2)")
    once = alone(text, f"r = {counts}_dec_and_{word}(&v, &l);")
    assert (once.memory["r"], once.memory["v"], once.memory["l"]) == (0, 1, False)
    twice = alone(text, f"{counts}_dec_and_{word}(&v, &l); r = {counts}_dec_and_{word}(&v, &l);")
    assert (twice.memory["r"], twice.memory["v"], twice.memory["l"]) == (1, 0, True)


BITS = [  # call, word before, what it gives, word after, kinds
    ("test_and_set_bit(2, &v)", 0, 0, 4, ("locked",)), ("test_and_set_bit(2, &v)", 4, 1, 4, ("locked",)), ("test_and_set_bit_lock(0, &v)", 2, 0, 3, ("locked",)),
    ("test_and_clear_bit(2, &v)", 7, 1, 3, ("locked",)), ("test_and_change_bit(2, &v)", 3, 0, 7, ("locked",)), ("test_bit(2, &v)", 4, 1, 4, ("load",)),
    ("test_bit(1, &v)", 4, 0, 4, ("load",)), ("__test_and_set_bit(1, &v)", 4, 0, 6, ("load", "store")), ("__test_and_clear_bit(2, &v)", 4, 1, 0, ("load", "store")),
    ("find_first_bit(&v, 64)", 12, 2, 12, ("load",)), ("find_first_zero_bit(&v, 64)", 7, 3, 7, ("load",)), ("find_next_bit(&v, 64, 3)", 12, 3, 12, ("load",)),
    ("find_next_bit(&v, 64, 4)", 12, 64, 12, ("load",)), ("find_first_bit(&v, 2)", 12, 2, 12, ("load",)),
]  # fmt: skip


@pytest.mark.parametrize("call,before,gives,after,kinds", BITS)
def test_bits(call, before, gives, after, kinds):
    ran = alone(f"unsigned long v = {before}; int r = 77;", f"r = {call};")
    assert (ran.memory["r"], ran.memory["v"], ran.kinds) == (gives, after, (*kinds, "store"))


def test_a_bitmap_has_several_words():
    assert alone("unsigned long v;", "set_bit(40, &v);").memory["v"] == 1 << 40
    ran = alone(
        "unsigned long map[2]; int r;",
        "set_bit(70, map); clear_bit(70, map); __set_bit(65, map); r = find_first_bit(map, 128);",
    )
    assert (ran.memory["map[0]"], ran.memory["map[1]"], ran.memory["r"]) == (0, 2, 65)
    assert ran.kinds == ("locked", "locked", "load", "store", "load", "load", "store")
