"""XArrays in C: every call against the model of the XArray, which is held against Linux's own code elsewhere; and what one CPU alone may do."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tdxkit.c.harness import scenario_of_c
from tdxkit.c.kernel.xarrays import Tree
from tdxkit.errors import InputError, ModelError
from tdxkit.explore.search import explore
from tdxkit.linux.xarray import api
from tests.c.kernel.alone import alone

TEXT = "static DEFINE_XARRAY(xa); static spinlock_t l; static int a, b; long r = 7; void *p; unsigned long i; "
HEAD = "xa.xa_head"
INDEX = st.sampled_from([0, 1, 5, 62, 63, 64, 65, 4095, 4096, 1 << 40])
CALLS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["erase", "reserve", "release"]), INDEX),
        st.tuples(st.sampled_from(["store", "insert"]), INDEX, st.integers(0, 3)),
        st.tuples(st.just("cmpxchg"), INDEX, st.integers(0, 3), st.integers(0, 3)),
    ),
    max_size=6,
)


def entry(number):
    return api.xa_mk_value(number) if number else api.NULL


@settings(max_examples=40, deadline=None)
@given(CALLS, INDEX)
@pytest.mark.slow
def test_the_calls_give_and_leave_what_the_model_does(calls, asked):
    model, lines = Tree(0), []
    for name, index, *numbers in calls:
        answer = getattr(api, f"xa_{name}")(model.xa, index, *map(entry, numbers))
        given = "".join(f", {f'xa_mk_value({n})' if n else 'NULL'}" for n in numbers)
        flags = "" if name in ("erase", "release") else ", GFP_KERNEL"
        call = f"xa_{name}(&xa, {index}UL{given}{flags})"
        lines.append(
            f"{call};"
            if name == "release"
            else f"WARN_ON({call} != {'(void *)' if name not in ('reserve', 'insert') else ''}{answer}L);"
        )
    lines.append(f"r = xa_to_value(xa_load(&xa, {asked}UL));")
    ran = alone(TEXT, " ".join(lines))
    assert ran.broken == ()
    assert (ran.memory["r"], ran.memory[HEAD]) == (api.xa_to_value(api.xa_load(model.xa, asked)), model.kept())


def test_an_operation_is_one_step_and_says_what_it_does():
    ran = alone(
        TEXT, "xa_store(&xa, 3, xa_mk_value(8), GFP_KERNEL); xa_reserve(&xa, 4, GFP_KERNEL); p = xa_load(&xa, 3);"
    )
    assert ran.names[:3] == ("xa_store", "xa_reserve", "xa_load") and ran.kinds == ("lock", "lock", "load", "store")
    assert (ran.memory["p"], ran.memory["xa.xa_lock"]) == (17, False)


def test_a_tree_is_told_by_its_entries():
    ran = alone(
        TEXT,
        "for (i = 3; i < 5; i++) xa_store(&xa, i, xa_mk_value(8), GFP_KERNEL); xa_reserve(&xa, 5, GFP_KERNEL); xa_store(&xa, 70, &a, GFP_KERNEL);",
    )
    assert str(ran.memory[HEAD]) == "3–4: 8, 5: reserved, 70: a"


def test_pointers_to_objects_are_entries():
    ran = alone(
        TEXT, "xa_store(&xa, 70, &a, GFP_KERNEL); p = xa_store(&xa, 70, &b, GFP_KERNEL); r = xa_load(&xa, 70) == &b;"
    )
    assert (ran.memory["p"], ran.memory["r"], ran.broken) == (("a", 0), 1, ())
    mine = "int mine = 1; xa_store(&xa, 1, &mine, GFP_KERNEL); r = xa_load(&xa, 1) == &mine;"
    assert (alone(TEXT, mine).memory["r"], alone(TEXT, mine).broken) == (1, ())
    text = "struct foo { int n; }; static DEFINE_XARRAY(xa);"
    keeps = "struct foo *f = kzalloc(sizeof(*f), GFP_KERNEL); xa_store(&xa, 9, f, GFP_KERNEL);"
    assert not alone(text, keeps).broken
    lost = explore(scenario_of_c(text, run=(keeps + "xa_erase(&xa, 9);",), threads=1), "none")
    assert lost.property.startswith("no memory may be lost")
    assert explore(scenario_of_c(text, run=(keeps,), threads=1), "none").verdict == "ok"


def test_errors_and_values_are_told_apart():
    fails = {"choose": 1, "may_fail": ("alloc",)}
    assert alone(TEXT, "r = xa_reserve(&xa, 5, GFP_KERNEL);", **fails).memory["r"] == -12
    assert alone(TEXT, "r = xa_err(xa_store(&xa, 5, &a, GFP_KERNEL));", **fails).memory["r"] == -12
    assert alone(TEXT, "r = xa_is_err(xa_store(&xa, 5, &a, GFP_KERNEL));", **fails).memory["r"] == 1
    assert (
        alone(TEXT, "r = xa_err(xa_store(&xa, 0, &a, GFP_KERNEL));", **fails).memory["r"] == 0
    )  # it goes into the head
    assert alone(TEXT, "r = xa_err(xa_mk_value(12));").memory["r"] == 0
    assert alone(TEXT, "r = xa_is_value(xa_mk_value(1)) * 2 + xa_is_value(&a);").memory["r"] == 2
    assert alone(TEXT, "r = xa_insert(&xa, 5, &a, GFP_KERNEL) + xa_insert(&xa, 5, &b, GFP_KERNEL);").memory["r"] == -16


@pytest.mark.parametrize("form", ["", "_bh", "_irq"])
def test_who_may_sleep(form):
    rule = "nobody may sleep under a spinlock"

    def broken(call, before=""):
        return rule in alone(TEXT, f"{before} spin_lock(&l); {call}; spin_unlock(&l);").broken

    assert broken(f"xa_reserve{form}(&xa, 5, GFP_KERNEL_ACCOUNT)") and not broken(
        f"xa_reserve{form}(&xa, 5, GFP_ATOMIC)"
    )
    assert broken(f"xa_store{form}(&xa, 5, &a, GFP_KERNEL)") and not broken(f"xa_store{form}(&xa, 5, &a, GFP_NOWAIT)")
    assert not broken(f"xa_erase{form}(&xa, 5)", "xa_store(&xa, 5, &a, GFP_KERNEL);")
    # a slot that was reserved needs no memory, which is what reserving is for; a call that says it may sleep is told all the same
    assert broken(f"xa_store{form}(&xa, 5, &a, GFP_KERNEL)", "xa_reserve(&xa, 5, GFP_KERNEL);") == bool(form)
    assert broken(f"xa_cmpxchg{form}(&xa, 5, NULL, &a, GFP_KERNEL)", "xa_reserve(&xa, 5, GFP_KERNEL);")


def test_the_lock_keeps_others_out():
    bad = explore(
        scenario_of_c(TEXT, run=("a = 1; WARN_ON(xa_load(&xa, 5));", "xa_store(&xa, 5, &a, GFP_KERNEL);")), "none"
    )
    assert bad.verdict == "violation"
    between = "r = xa_load(&xa, 5) != NULL; WARN_ON((xa_load(&xa, 5) != NULL) != r);"
    stores = "xa_store(&xa, 5, &a, GFP_KERNEL);"
    assert explore(scenario_of_c(TEXT, run=(between, stores)), "none").verdict == "violation"
    held = f"xa_lock(&xa); {between} xa_unlock(&xa);"
    assert explore(scenario_of_c(TEXT, run=(held, stores)), "none").verdict == "ok"
    assert not alone(TEXT, "xa_lock(&xa); xa_erase(&xa, 1);").ended


def test_a_look_and_a_store_race_where_one_call_does_not():
    look = "if (!xa_load(&xa, 5)) WARN_ON(xa_store(&xa, 5, &{}, GFP_KERNEL));"
    assert explore(scenario_of_c(TEXT, run=(look.format("a"), look.format("b"))), "none").steps == 4
    call = "r = xa_insert(&xa, 5, &{}, GFP_KERNEL); WARN_ON(xa_load(&xa, 5) == NULL);"
    result = explore(scenario_of_c(TEXT, run=(call.format("a"), call.format("b"))), "none")
    assert result.verdict == "ok"


LOOPS = [  # a loop over 3, 64 and 70, of which 64 is reserved only; what comes of it
    ("xa_for_each(&xa, i, p) r = r * 100 + i;", 370), ("xa_for_each_start(&xa, i, p, 4) r = r * 100 + i;", 70),
    ("xa_for_each_range(&xa, i, p, 0, 69) r = r * 100 + i;", 3), ("xa_for_each(&xa, i, p) { if (i == 3) continue; r = r * 100 + i; }", 70),
    ("xa_for_each(&xa, i, p) { r = r * 100 + i; xa_erase(&xa, i); }", 370), ("xa_for_each(&xa, i, p) { if (p == &a) break; } r = i;", 3),
    ("xa_for_each(&xa, i, p) ; r = p == NULL;", 1),
]  # fmt: skip


@pytest.mark.parametrize("loop,gives", LOOPS)
def test_loops(loop, gives):
    made = (
        "xa_store(&xa, 3, &a, GFP_KERNEL); xa_reserve(&xa, 64, GFP_KERNEL); xa_store(&xa, 70, &b, GFP_KERNEL); r = 0; "
    )
    ran = alone(TEXT, made + loop)
    assert (ran.memory["r"], ran.broken) == (gives, ())


def test_an_array_in_an_object_begins_with_xa_init():
    text = "struct foo { struct xarray xa; }; static struct foo *g; int r = 7;"
    new = "g = kmalloc(sizeof(*g), GFP_KERNEL); "
    assert "before it has a value" in alone(text, new + "r = xa_empty(&g->xa);").broken[0]
    ran = alone(
        text,
        new
        + "xa_init(&g->xa); r = xa_empty(&g->xa); xa_reserve(&g->xa, 1, GFP_KERNEL); r += 2 * xa_empty(&g->xa); xa_destroy(&g->xa);",
    )
    assert (ran.memory["r"], ran.memory["foo#1.xa.xa_head"], ran.broken) == (1, 0, ())


@pytest.mark.slow
def test_what_is_not_read():
    with pytest.raises(InputError, match="by index"):
        alone(TEXT, "xas_lock(&x);")
    with pytest.raises(InputError, match="under a lock that is held"):
        alone(TEXT, "__xa_store(&xa, 1, &a, GFP_KERNEL);")
    many = "int k; for (k = 0; k < 600; k++) xa_reserve(&xa, k, GFP_KERNEL);"
    with pytest.raises(ModelError, match="at most 512"):
        explore(scenario_of_c(TEXT, run=(many,), threads=1), "none")
