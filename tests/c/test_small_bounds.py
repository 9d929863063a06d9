"""Small bounds that no larger test comes to: how many are named, how long a word is shown, what is left when something is gone, how often an array fits."""

from types import SimpleNamespace as Made

import pytest

from tdxkit.c.arithmetic import Defect
from tdxkit.c.harness import _rules, scenario_of_c
from tdxkit.c.kernel import contexts, pages
from tdxkit.c.naming import scenario_of
from tdxkit.c.percpu import of_cpu
from tdxkit.c.program import program
from tdxkit.errors import InputError, ModelError
from tdxkit.explore.judging import judge
from tests.c.kernel.alone import alone
from tests.c.trees import refusal

PAIR = "int users_of;\n%s\nvoid x_get(u64 pfn)\n{\n\t%s\n}\nvoid x_put(u64 pfn)\n{\n\t%s\n}\n"


def of_pair(*parts):
    return scenario_of_c(PAIR % parts)


def test_a_pair_shows_the_locks_of_the_text_in_place_of_the_designs():
    none = of_pair("", "users_of++;", "users_of--;")
    locked = of_pair("static DEFINE_SPINLOCK(mine); static DEFINE_MUTEX(sleepy);", "spin_lock(&mine); spin_unlock(&mine);", "users_of--;")  # fmt: skip
    same = of_pair("static DEFINE_SPINLOCK(pamt_lock);", "spin_lock(&pamt_lock); spin_unlock(&pamt_lock);", "users_of--;")  # fmt: skip
    assert (none.locks, locked.locks, same.locks) == ((), ("mine", "sleepy"), ("pamt_lock",)) and locked.mutexes == ("sleepy",)  # fmt: skip
    tracks = lambda one: [t.key for t in one.tracks if t.kind == "lock"]  # noqa: E731
    assert tracks(none) == [] and tracks(locked) == ["mine", "sleepy"] and tracks(same) == ["pamt_lock"]
    others = [t.key for t in none.tracks]
    assert others and [t.key for t in locked.tracks if t.kind != "lock"] == others and "pamt_lock" not in locked.shared
    of_locks = lambda one: [p.name for p in one.properties if p.kind == "lock"]  # noqa: E731
    assert of_locks(none) == [] and of_locks(locked) == of_locks(same) != []
    assert len(none.properties) == len(locked.properties) - len(of_locks(locked)) and _rules(program(PAIR % ("", "", ""))) == ()  # fmt: skip


def test_the_way_of_roles_and_regions():
    one = scenario_of_c(PAIR % ("", "users_of++;", "users_of--;"), roles=("get", "put"), regions=2)
    assert len(one.threads) == 2 and len(one.shared["refcount"]) == 2
    assert set(one.own.reach.starts) == {"x_get", "x_put"} and set(scenario_of_c(PAIR % ("", "users_of++;", ""), roles=("get",)).own.reach.starts) == {"x_get"}  # fmt: skip


@pytest.mark.parametrize("many, said", [(1, "all of f0, which"), (5, "all of f0, f1, f2, f3, f4, which"), (6, "all of f0, f1, f2, f3, f4 and 1 more, which"), (8, "and 3 more, which")])  # fmt: skip
def test_how_many_that_nothing_calls_are_named(many, said):
    text = "int x;\nvoid a(void) { x = 1; }\n" + "".join(f"void f{k}(void) {{ x = 2; }}\n" for k in range(many))
    assert any(said in line for line in judge(scenario_of(text, run=("a();",), threads=1)).result.unrun)


@pytest.mark.parametrize("length, shown", [(39, 39), (40, 40), (41, 40)])
def test_how_long_a_token_is_shown(length, shown):
    found = refusal(f"int {'x' * length} {'y' * length} z;").split("`")[1]
    assert len(found.rstrip("…")) == shown


def test_what_was_freed_holds_nothing():
    text = "struct foo { int n; spinlock_t l; }; struct foo *g; int n = 3, *v;"
    memory = alone(text, "g = kzalloc(sizeof(*g), GFP_KERNEL); g->n = 5; kfree(g); v = kcalloc(n, 4, GFP_KERNEL); v[1] = 2; kfree(v);").memory  # fmt: skip
    assert (memory["foo#1.n"], memory["memory of foo#1"], memory["int[n]#1[1]"], memory["elements of int[n]#1"]) == (None, "freed", None, 0)  # fmt: skip


def test_an_object_is_used_again_where_no_new_one_is_left():
    text = "struct foo { int n; spinlock_t l; rwlock_t w; }; struct foo *g; int k;"
    used = "for (k = 0; k < %d; k++) { g = kmalloc(sizeof(*g), GFP_KERNEL); spin_lock_init(&g->l); kfree(g); }"
    assert [alone(text, used % many).memory["g"][0] for many in (1, 6, 7, 8)] == ["foo#1", "foo#6", "foo#1", "foo#1"]


def test_what_is_switched_off_has_a_digit_for_each():
    digits = contexts.PREEMPTION, contexts.SOFTIRQS, contexts.INTERRUPTS, contexts.IN_SOFTIRQ, contexts.INSIDE
    assert digits == tuple(contexts.DIGIT**k for k in range(5)) and contexts.COME == 1 << 9  # the IF of x86's RFLAGS
    assert [contexts.none(count) for count in (0, 1, contexts.IN_SOFTIRQ, contexts.IN_SOFTIRQ + 1)] == [True, False, True, False]  # fmt: skip


def test_constants_of_the_module():
    assert [pages.CONSTANTS[f"TDX_PS_{size}"] for size in ("4K", "2M", "1G")] == [0, 1, 2]
    assert (1 << pages.FRAME, 1 << pages.REGION, pages.FRAMES << pages.FRAME) == (4096, 2 << 20, 1 << pages.REGION)
    mask = pages.CONSTANTS["TDX_SEAMCALL_STATUS_MASK"]
    assert mask == pages.CONSTANTS["TDX_STATUS_MASK"] and all(status & mask == status for status in pages.STATUSES.values())  # fmt: skip


def test_what_was_replaced_is_on_no_list_or_poisoned():
    text = "struct e { struct list_head n; } a, b; static LIST_HEAD(h); int r;"
    does = "list_add(&a.n, &h); %s(&a.n, &b.n); r = 5 + list_empty(&a.n);"
    assert alone(text, does % "list_replace_init").memory["r"] == 6
    memory = alone(text, does % "list_replace").memory
    assert memory["a.n"] == "taken off a list" and memory["h"] == (("b", 0),) and memory["b.n"] == ("on", "h", 0)


@pytest.mark.parametrize("text", ["int x; int t[3]; void f(int t[2]) { x = ARRAY_SIZE(t); }", "int x, *p; void f(void) { x = ARRAY_SIZE(p); }", 'int x; void f(void) { x = ARRAY_SIZE("abc"); }'])  # fmt: skip
def test_a_pointer_has_no_length(text):
    with pytest.raises(InputError, match="it is asked of an array; name the array"):
        program(text)


def test_how_many_elements_there_is_room_for():
    text = "int *v; u64 *w; int n; struct big { int a[9]; } *b;"
    assert len([name for name in alone(text, "n = 3; v = kcalloc(n, 4, GFP_KERNEL);").memory if name.startswith("int[n]#1[")]) == 64  # fmt: skip
    assert len([name for name in alone(text, "n = 3; b = kcalloc(n, sizeof(*b), GFP_KERNEL);").memory if name.startswith("big[n]#1[")]) == 18 * 9  # fmt: skip
    assert "v[63]" not in alone(text, "v = kcalloc(64, 4, GFP_KERNEL); v[63] = 1;").broken and "int[64]#1[63]" in alone(text, "v = kcalloc(64, 4, GFP_KERNEL);").memory  # fmt: skip
    assert "int[n]#1[63]" in alone(text, "v = kcalloc(65, 4, GFP_KERNEL);").memory


@pytest.mark.parametrize("place, region", [(0, 0), (511, 0), (512, 1), (1023, 1), (1024, 2), (1536, 0), (4095, 1), (4096, 0), ((2 << 20) - 1, 0), (2 << 20, 1), ((4 << 20) - 1, 1), (4 << 20, 2), (6 << 20, 0), (("page", 0), 0)])  # fmt: skip
def test_the_region_of_a_frame_or_an_address(place, region):
    """Of three: frames of at most eight regions are told from addresses by their size."""
    assert pages.region_of(Made(refcount={0: 0, 1: 0, 2: 0}), place) == region


def test_the_part_of_a_cpu():
    each = "int_for_each_CPU#1"
    assert [of_cpu((each, 0), cpu, 3, 2) for cpu in (0, 1)] == [(each, 0), (each, 3)] and of_cpu(
        (each, 1), 1, 3, 2
    ) == (each, 4)
    for cpu in (-1, 2):
        with pytest.raises(Defect, match=f"CPU {cpu} of 2"):
            of_cpu((each, 0), cpu, 3, 2)
    with pytest.raises(ModelError, match="a pointer to x: each CPU has one of what"):
        of_cpu(("x", 0), 0, 1, 2)
    with pytest.raises(ModelError, match="a pointer to a local variable"):
        of_cpu(("", 0), 0, 1, 2)
    with pytest.raises(Defect, match="NULL is followed"):
        of_cpu(0, 0, 1, 2)


@pytest.mark.parametrize("kind, value, fits", [("u8", 255, 1), ("u8", 256, 0), ("u8", -1, 0), ("s8", -128, 1), ("s8", -129, 0), ("s8", 127, 1), ("s8", 128, 0), ("_Bool", 1, 1), ("_Bool", 2, 0), ("u64", 2**64 - 1, 1), ("long", -(2**63), 1), ("atomic_t", -5, 1), ("atomic_t", 2**31, 0)])  # fmt: skip
def test_first_values_that_fit(kind, value, fits):
    if fits:
        assert scenario_of_c(f"{kind} x;", run=("x;",) if kind != "atomic_t" else (";",), sets={"x": value}).shared["x"] == value  # fmt: skip
        return
    with pytest.raises(InputError, match=f"--set x={value}"):
        scenario_of_c(f"{kind} x;", run=(";",), sets={"x": value})


def test_first_values_of_bit_fields_and_elements():
    text = "struct s { u32 a : 3, b : 4; int c; } x = { 1, 2, 3 }; int t[2]; spinlock_t l;"
    shared = scenario_of_c(text, run=(";",), sets={"x.b": 9, "t[1]": 5, "x.c": -1}).shared
    assert (shared["x.a..b"], shared["x.c"], shared["t[0]"], shared["t[1]"]) == ((1, 9), -1, 0, 5)
    for word, said in (("l", "it is no number, but spinlock_t"), ("t", "there is no such variable"), ("x.d", "there is no such variable; try x."), ("x.a", "holds 0 to 7")):  # fmt: skip
        with pytest.raises(InputError, match=said):
            scenario_of_c(text, run=(";",), sets={word: 8})


@pytest.mark.parametrize("lines, doubt", [(2, ""), (3, ""), (4, "of 7 lines only 3 ever ran")])
def test_an_answer_that_rests_on_few_lines(lines, doubt):
    """Half of the lines, and the one that asks, are enough."""
    never = "\n".join("\t\tx = 2;" for _ in range(lines))
    text = f"int x;\nvoid a(void)\n{{\n\tx = 1;\n\tif (x < 0) {{\n{never}\n\t}}\n}}\n"
    assert doubt in judge(scenario_of(text, run=("a();",), threads=1)).result.doubt
    assert bool(judge(scenario_of(text, run=("a();",), threads=1)).result.doubt) == bool(doubt)


def test_what_might_allocate_might_sleep():
    off = "nobody may sleep with preemption or interrupts off"
    assert off in alone("int x;", "preempt_disable(); might_alloc(GFP_KERNEL); preempt_enable();").broken
    assert not alone("int x;", "preempt_disable(); might_alloc(GFP_ATOMIC); preempt_enable();").broken
