"""What is held is given back on each way out of its block, once, the last first; what is not yet there is not given back; who sleeps is woken in order."""

from types import SimpleNamespace as Made

import pytest

from tdxkit.c.harness import scenario_of_c
from tdxkit.c.kernel.sleepers import Queue, Sleeper, _became, _joined, _write, somebody, woken
from tdxkit.explore.engine import World
from tests.c.kernel.alone import alone, each_alone

pytestmark = pytest.mark.many

T = """spinlock_t a, b, c; struct mutex m; struct s { int n; } *g; int n, r, k;
#define A guard(spinlock)(&a);
#define B guard(spinlock)(&b);
#define C guard(spinlock)(&c);
DEFINE_FREE(drop, int *, if (_T) r += 100)
int out(int x) { A if (x == 1) return 1; { B if (x == 2) return 2; if (x == 3) goto end; } C end: return 3; }
int deep(int x) { A while (1) { B switch (x) { case 1: { C return 1; } case 2: break; default: return 9; } break; } return 2; }
"""
LETTERS = {"spin_lock": "", "spin_unlock": "-"}


def held(run):
    """The locks in the order in which they are taken and let go: `a b -b -a`."""
    world, said = World(scenario_of_c(T, run=(run,), threads=1)), []
    while not world.finished(0) and len(said) < 60:
        act, _ = world.asks[0]
        assert not world.run_step(0, 0)
        said += [f"{LETTERS[act.does]}{act.operand}"] if act.does in LETTERS else []
    return " ".join(said)


@pytest.mark.slow
@pytest.mark.parametrize(
    "run, order",
    [
        ("{ A n = 1; }", "a -a"), ("A B n = 1;", "a b -b -a"), ("{ A { B n = 1; } n = 2; }", "a b -b -a"), ("while (1) { A break; }", "a -a"), ("while (1) { A { B { break; } } }", "a b -b -a"), ("for (k = 0; k < 2; k++) { A continue; }", "a -a a -a"), ("for (k = 0; k < 2; k++) { A if (k) { B continue; } C n = 1; }", "a c -c -a a b -b -a"), ("do { A break; } while (1);", "a -a"), ("do { A continue; } while (0);", "a -a"), ("switch (n) { case 0: { A break; } }", "a -a"), ("while (1) { A switch (n) { default: break; } break; }", "a -a"),
        ("while (1) { A while (1) { B break; } C break; }", "a b -b c -c -a"), ("A while (1) { B break; } C n = 1;", "a b -b c -c -a"), ("A { B goto x; } x: C n = 1;", "a b -b c -c -a"), ("x: ; { A if (n++ < 1) goto x; }", "a -a a -a"), ("{ A { B if (n) goto x; } } x: n = 1;", "a b -b -a"), ("A if (n) return; B return;", "a b -b -a"), ("scoped_guard(spinlock, &a) { B if (!n) break; n = 1; } C n = 2;", "a b -b -a c -c"), ("scoped_guard(spinlock, &a) { B continue; } n = 2;", "a b -b -a"), ("scoped_guard(spinlock, &a) scoped_guard(spinlock, &b) n = 1;", "a b -b -a"),
        ("while (1) { scoped_guard(spinlock, &a) { B break; } C break; }", "a b -b -a c -c"), ("if (!n) { A } else B n = 1;", "a -a"), ("if (!n) { A } else { B } n = 1;", "a -a"), ("n = ({ A 5; }); B n = 1;", "a -a b -b"), ("n = out(1);", "a -a"), ("n = out(2);", "a b -b -a"), ("n = out(4);", "a b -b c -c -a"), ("n = deep(1);", "a b c -c -b -a"), ("n = deep(2);", "a b -b -a"), ("n = deep(3);", "a b -b -a"),
    ],
)  # fmt: skip
def test_the_order_of_locks_on_each_way(run, order):
    assert held(run) == order


def test_what_is_given_is_worked_out_before_what_is_held_goes():
    text = T + "int one(void) { A n = 4; return n; } int two(void) { A return n++; }"
    assert alone(text, "r = one(); k = two();").memory | {"r": 4, "k": 4, "n": 5} == alone(text, "r = one(); k = two();").memory  # fmt: skip
    assert alone(text, "r = one();").names == ("spin_lock", "write n", "read n", "spin_unlock", "write r")


@pytest.mark.parametrize(
    "run, gives",
    [("{ int *x __free(drop) = &n; }", 100), ("{ int *x __free(drop) = NULL; }", 0), ("{ int *x __free(drop) = &n, *y __free(drop) = &k; }", 200), ("{ int *x __free(drop) = &n; x = NULL; }", 0), ("{ int *x __free(drop) = &n; int *y = no_free_ptr(x); r += y == &n; }", 1), ("while (1) { int *x __free(drop) = &n; break; }", 100), ("for (k = 0; k < 3; k++) { int *x __free(drop) = &n; if (k == 1) continue; r++; }", 302)],
)  # fmt: skip
def test_what_is_freed_with_its_block(run, gives):
    assert each_alone(T, [run]) == [gives]


@pytest.mark.parametrize(
    "run, names",
    [
        ("{ if (n) goto out; atomic_t v; atomic_set(&v, 1); out: ; }", "read n|comes_on_the_stack|atomic_set|leaves_the_stack"), ("n = 1; { if (n) goto out; atomic_t v; atomic_set(&v, 1); out: ; }", "write n|read n"), ("while (1) { atomic_t v; atomic_set(&v, 1); break; }", "comes_on_the_stack|atomic_set|leaves_the_stack"), ("for (int i = 0; i < 2; i++) { atomic_t v; atomic_set(&v, i); }", "|".join(["comes_on_the_stack", "atomic_set", "leaves_the_stack"] * 2)),
        ("if (!n) { atomic_t v; atomic_set(&v, 1); } else { atomic_t w; atomic_set(&w, 2); }", "read n|comes_on_the_stack|atomic_set|leaves_the_stack"), ("atomic_t v = ATOMIC_INIT(2), w; r = atomic_read(&v);", "comes_on_the_stack|comes_on_the_stack|atomic_read|write r|leaves_the_stack|leaves_the_stack"),
    ],
)  # fmt: skip
def test_what_comes_on_the_stack_and_leaves_it(run, names):
    assert alone(T, run).names == tuple(names.split("|"))


def queue(*sleepers):
    m = Made(c_cells={"q": ("q",)}, c_heap={}, c_counted={}, q=0, tell=lambda said: None)
    _write(m, ("q", 0), sleepers)
    return m


def test_who_waits_stands_in_the_order_of_wake_ups():
    one, two, three, four = Sleeper(1, exclusive=True), Sleeper(2), Sleeper(3, exclusive=True), Sleeper(4)
    up, high = Sleeper(5, asleep=False), Sleeper(6, asleep=False, exclusive=True)
    assert queue(three, high, four, up, one, two).q.sleepers == (two, four, three, one, up, high) and queue().q == 0
    m = queue(one, two)
    assert _joined(m, ("q", 0), Sleeper(0)) == 3 and [s.number for s in m.q.sleepers] == [2, 3, 1]
    _became(m, ("q", 0), 2, None)
    assert _joined(m, ("q", 0), Sleeper(0, exclusive=True)) == 2 and [s.number for s in m.q.sleepers] == [3, 1, 2]
    _became(m, ("q", 0), 3, False)
    assert [s.number for s in m.q.sleepers] == [1, 2, 3] and not m.q.sleepers[-1].asleep and somebody(m, ("q", 0))
    assert woken(m, ("q", 0), 1) == 1 and [s.asleep for s in m.q.sleepers] == [True, False, False] and m.q.sleepers[0].number == 2  # fmt: skip
    assert woken(m, ("q", 0), 1, on=("x", 0)) == 0 and woken(m, ("q", 0), 0, interruptible=True) == 0 and woken(m, ("q", 0), 5) == 1 and not somebody(m, ("q", 0))  # fmt: skip
    assert (repr(Queue()), repr(m.q), repr(Sleeper(7, exclusive=True, interruptible=True))) == ("nobody", "woken 1, woken 2, woken 3", "interruptible exclusive sleeper 7")  # fmt: skip


@pytest.mark.parametrize("asked, gives", [("phys_to_page(4096UL * 3) == pfn_to_page(3)", 1), ("page_to_phys(pfn_to_page(3))", 12288), ("PFN_PHYS(3)", 12288), ("PHYS_PFN(12288)", 3), ("PHYS_PFN(12287)", 2), ("pfn_to_hpa(2)", 8192), ("page_to_pfn(pfn_to_page(7))", 7), ("tdx_dpamt_entry_pages()", 2), ("tdx_nr_pamt_pages()", 2), ("tdx_supports_dynamic_pamt()", 1), ("TDX_STATUS(TDX_OPERAND_BUSY | 5) == TDX_OPERAND_BUSY", 1), ("IS_TDX_OPERAND_BUSY(TDX_OPERAND_BUSY | 5)", 1), ("IS_TDX_OPERAND_BUSY(TDX_SUCCESS)", 0), ("tdx_success(TDX_SUCCESS)", 1), ("IS_TDX_HPA_RANGE_NOT_FREE(TDX_HPA_RANGE_NOT_FREE)", 1)])  # fmt: skip
def test_pages_frames_and_answers(asked, gives):
    assert each_alone("long r = 7;", [f"r = {asked};"]) == [gives]
