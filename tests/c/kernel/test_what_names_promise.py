"""Tables of functions whose names say what they do: who may be out of time, who is woken alone, what memory is zeroed, what a form switches off."""

from types import SimpleNamespace as Made

import pytest

from tdxkit.c.allocated import SIZED
from tdxkit.c.checks import CONTEXTS, HELD, HOLD, STOPS, WARNS
from tdxkit.c.kernel import GUARDS, kernel, may_be_null
from tdxkit.c.kernel.semaphores import DOWNS
from tdxkit.c.kernel.sleepers import Queue, Sleeper
from tdxkit.c.kernel.waiting import ACTIVE, WAIT_EVENTS, WAITS, WAKES
from tdxkit.c.types import INT, LONG, ULONG, VOID
from tests.c.kernel.alone import alone

pytestmark = pytest.mark.many

FUNCTIONS = kernel(False).functions


def returned(word):
    """What a wait returns: void where it always comes to its end, else an int, or of one with a timeout a long."""
    if "timeout" in word:
        return ULONG if word == "wait_for_completion_timeout" else LONG
    return INT if any(part in word for part in ("interruptible", "killable", "freezable", "state")) else VOID


@pytest.mark.parametrize("word", WAITS)
def test_waits_for_a_completion(word):
    assert WAITS[word] == (returned(word), "timeout" in word)


@pytest.mark.parametrize("word", WAIT_EVENTS)
def test_waits_for_a_condition(word):
    returns, timed, how = WAIT_EVENTS[word]
    light = "interruptible" in word or "freezable" in word
    assert (returns, timed, how.exclusive, how.interruptible) == (returned(word), "timeout" in word, "exclusive" in word, light)  # fmt: skip
    assert (how.number, how.asleep, how.on) == (0, True, None)


@pytest.mark.parametrize("word", WAKES)
def test_wake_ups(word):
    assert WAKES[word] == (0 if "all" in word else 1, "interruptible" in word)


def test_other_waits():
    assert DOWNS == {"down": (VOID, False), "down_interruptible": (INT, False), "down_killable": (INT, False), "down_timeout": (INT, True)}  # fmt: skip
    assert {word: "sleeper" in word for word in ("waitqueue_active", "swait_active", "wq_has_sleeper", "swq_has_sleeper")} == ACTIVE  # fmt: skip


# How many who sleep are woken, on a queue with two exclusive sleepers and one who is not
ASLEEP = "static DECLARE_WAIT_QUEUE_HEAD(q); static int go, n; "
QUEUES = [("wake_up(&q)", 1), ("wake_up_nr(&q, 2)", 2), ("wake_up_all(&q)", 2), ("wake_up_nr(&q, 0)", 2), ("wake_up_interruptible(&q)", 0), ("wake_up_interruptible_all(&q)", 0)]  # fmt: skip


@pytest.mark.parametrize("call, wakes", QUEUES)
def test_how_many_are_woken(call, wakes):
    for light in (0, 1):
        told = []
        m = Made(c_cells={"q": ("q",)}, c_heap={}, c_counted={}, q=Queue((Sleeper(1, exclusive=True, interruptible=light), Sleeper(2, exclusive=True, interruptible=light))), tell=told.append)  # fmt: skip
        word, _, given = call.partition("(&q")
        steps = FUNCTIONS[word].program(m, ("q", 0), *[int(n) for n in given.strip(", )").split()])
        with pytest.raises(StopIteration) as end:
            while True:
                next(steps)
        hit = {0: wakes, 1: max(wakes, {"wake_up_interruptible": 1, "wake_up_interruptible_all": 2}.get(word, 0))}[
            light
        ]
        assert end.value.value == hit and sum(not s.asleep for s in m.q.sleepers) == hit
        assert told == ([f"It wakes {hit}."] if hit else [])


# Allocations
ALLOCATES = {  # of an int
    "kmalloc": "kmalloc(sizeof(int), F)", "kzalloc": "kzalloc(sizeof(int), F)", "kvmalloc": "kvmalloc(sizeof(int), F)", "kvzalloc": "kvzalloc(sizeof(int), F)", "kmalloc_array": "kmalloc_array(1, sizeof(int), F)", "kcalloc": "kcalloc(1, sizeof(int), F)", "kvcalloc": "kvcalloc(1, sizeof(int), F)",
    "kvmalloc_array": "kvmalloc_array(1, sizeof(int), F)", "kmalloc_obj": "kmalloc_obj(*p, F)", "kzalloc_obj": "kzalloc_obj(int, F)", "kmalloc_objs": "kmalloc_objs(*p, 1, F)", "kzalloc_objs": "kzalloc_objs(*p, 1, F)", "kmem_cache_alloc": "kmem_cache_alloc(cache, F)", "kmem_cache_zalloc": "kmem_cache_zalloc(cache, F)", "vmalloc": "vmalloc(sizeof(int))",
    "vzalloc": "vzalloc(sizeof(int))", "kmalloc_node": "kmalloc_node(sizeof(int), F, 0)", "kzalloc_node": "kzalloc_node(sizeof(int), F, 0)",
}  # fmt: skip
ZEROES = [word for word in SIZED if "zalloc" in word or "calloc" in word]
TEXT = "static struct kmem_cache { int x; } *cache; static spinlock_t l; static int *p, n, r = 7; "


def allocated(words, flags, then=""):
    """Each of these allocations, one after the other."""
    return "".join(f"p = {ALLOCATES[word].replace('F', flags)}; {then}kfree(p); ".replace("kfree(p)", "vfree(p)" if word[0] == "v" else "kfree(p)") for word in words)  # fmt: skip


ASLEEP, ATOMIC = "nobody may sleep under a spinlock", [word for word in SIZED if word[0] != "v"]


def test_what_is_zeroed():
    assert set(ALLOCATES) == set(SIZED)
    zeroed = alone(TEXT, "r = 0; " + allocated(ZEROES, "GFP_KERNEL", "r += *p + 1; "))
    assert (zeroed.memory["r"], zeroed.broken) == (len(ZEROES), ())
    asked = alone(TEXT, "r = 0; " + allocated(ATOMIC, "GFP_ATOMIC | __GFP_ZERO", "r += *p + 1; "))
    assert (asked.memory["r"], asked.broken) == (len(ATOMIC), ())
    for word in set(SIZED) - set(ZEROES):
        assert "before it has a value" in alone(TEXT, allocated([word], "GFP_ATOMIC", "r = *p; ")).broken[0], word


def test_what_sleeps():
    assert alone(TEXT, f"spin_lock(&l); {allocated(ATOMIC, 'GFP_ATOMIC')} spin_unlock(&l);").broken == ()
    for word in SIZED:
        assert ASLEEP in alone(TEXT, f"spin_lock(&l); {allocated([word], 'GFP_KERNEL')} spin_unlock(&l);").broken, word


MANY = ["kmalloc_array(N, sizeof(int), F)", "kcalloc(N, sizeof(int), F)", "kvcalloc(N, sizeof(int), F)", "kvmalloc_array(N, sizeof(int), F)", "kmalloc_objs(*p, N, F)", "kzalloc_objs(int, N, F)", "kmalloc(N * sizeof(int), F)", "kzalloc(sizeof(int) * N, F)", "kmalloc(array_size(N, sizeof(int)), F)", "kmalloc(size_mul(sizeof(int), N), F)", "vmalloc(N * sizeof(int))", "kvmalloc(N * sizeof(*p), F)", "kmalloc_node(N * sizeof(int), F, 0)"]  # fmt: skip


@pytest.mark.slow
def test_how_many_elements_an_allocation_has():
    for number in "3n":
        made = [f"p = {call.replace('N', number).replace('F', 'GFP_KERNEL')}; p[2] = 5; r += p[2]; " for call in MANY]
        ran = alone(TEXT, "n = 3; " + "kfree(p); ".join(made))
        assert (ran.memory["r"], ran.broken) == (7 + 5 * len(MANY), ())
        for call, past in zip(MANY, made):
            (said,) = alone(TEXT, f"n = 3; {past} p[3] = 1;").broken
            assert "which has 3" in said, call


def test_bytes_for_a_pointer_to_an_int():
    for size, cells in ((4, 1), (8, 2), (256, 64)):
        assert alone(TEXT, f"p = kzalloc({size}, GFP_KERNEL); r = p[{cells - 1}];").broken == ()
        assert len(alone(TEXT, f"p = kzalloc({size}, GFP_KERNEL); r = p[{cells}];").broken) == 1


# What is asked of who calls
def test_each_guard_takes_and_gives_back():
    for kind, (take, give) in GUARDS.items():
        assert take in FUNCTIONS and give in FUNCTIONS, kind
        assert give.replace("restore", "save").replace("enable", "disable").replace("unlock", "lock").replace("up_", "down_") == take  # fmt: skip
        assert (
            FUNCTIONS[take].takes.rstrip("-…").replace("s", "v") == FUNCTIONS[give].takes.rstrip("-…") or kind == "srcu"
        )


def test_who_takes_null():
    said = {word for word, entry in FUNCTIONS.items() if entry.steps and may_be_null(entry)}
    assert {"kfree", "kvfree", "vfree", "kfree_rcu", "kvfree_rcu", "kfree_rcu_mightsleep", "llist_reverse_order", "put_page", "free_percpu"} <= said  # fmt: skip
    assert (
        not {"spin_lock", "list_add", "atomic_inc", "kref_get", "complete", "xa_store", "llist_add", "set_bit"} & said
    )


CHECKS = "int r; spinlock_t l; struct mutex m; rwlock_t rw; struct rw_semaphore s; "


@pytest.mark.parametrize("word", [*WARNS, *STOPS])
def test_a_check_fires_where_its_condition_says(word):
    more = {"WARN": ', "x"', "WARN_ONCE": ', "x"', "WARN_RATELIMIT": ', "x"', "RCU_LOCKDEP_WARN": ', "x"', "VM_WARN_ON_ONCE_PAGE": ", NULL", "VM_BUG_ON_PAGE": ", NULL"}.get(word, "")  # fmt: skip
    if word in ("BUG", "KVM_BUG"):
        assert alone(CHECKS, f"if (r) {word}(); r = 5;").broken == () and len(alone(CHECKS, f"{word}(); r = 5;").broken) == 1  # fmt: skip
        return
    right, wrong = ("1", "0") if word in HOLD else ("0", "1")
    assert alone(CHECKS, f"{word}({right}{more}); r = 5;").broken == ()
    ran = alone(CHECKS, f"{word}({wrong}{more}); r = 5;")
    assert len(ran.broken) == 1 and ran.broken[0].startswith(f"{word}() of --run 1, line 1")
    assert ran.memory["r"] == (0 if word in STOPS else 5)


HOLDS = [("spin_lock(&l); ", "&l"), ("mutex_lock(&m); ", "&m"), ("write_lock(&rw); ", "&rw"), ("read_lock(&rw); ", "&rw"), ("down_read(&s); ", "&s"), ("down_write(&s); ", "&s")]  # fmt: skip


@pytest.mark.parametrize("take, lock", HOLDS)
def test_who_holds_a_lock(take, lock):
    asked = "".join(f"{word}({lock}); " for word in HELD)
    held, not_held = (
        {
            rule.partition("(")[0]
            for rule in alone(CHECKS, f"{before}{asked}r = 1;").broken
            if rule.startswith(tuple(HELD))
        }
        for before in (take, "")
    )
    other = "lockdep_assert_held_write" if "read" in take else "lockdep_assert_held_read"
    assert held == {"lockdep_assert_not_held", other} and not_held == set(HELD) - {"lockdep_assert_not_held"}


@pytest.mark.parametrize("word", CONTEXTS)
def test_what_is_switched_off(word):
    off = {"irqs": "local_irq_disable(); ", "preemption": "preempt_disable(); ", "softirq": "local_bh_disable(); ", "cant_sleep": "preempt_disable(); "}  # fmt: skip
    does = next(how for part, how in off.items() if part in word)
    fires = lambda run: any(word in rule for rule in alone(CHECKS, run).broken)  # noqa: E731
    assert fires(f"{does}{word}(); r = 1;") == word.endswith("enabled")
    assert fires(f"r = 1; {word}();") == (not word.endswith("enabled"))
