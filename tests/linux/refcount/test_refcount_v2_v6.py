"""What the model finds in v2 and v6: every figure pinned."""

from types import SimpleNamespace

import pytest

from tdxkit.errors import InputError
from tdxkit.explore.endings import outcomes
from tdxkit.explore.engine import explore_readably
from tdxkit.explore.program import Scenario, Thread
from tdxkit.explore.schedule import encode
from tdxkit.explore.search import explore
from tdxkit.explore.telling import replay, replay_steps
from tdxkit.facts import cite
from tdxkit.linux.refcount import module, scenario, v2, v6
from tdxkit.linux.refcount.module import NOTHING_LEFT, PROPERTIES, REFCOUNT_HAS_PAIR, REMOVE_FINDS_A_PAIR, USE_HAS_PAIR
from tdxkit.linux.refcount.registry import of_design
from tdxkit.status.codes import code

V6_STATES = {
    (2, 1): (210, 109, 71), (3, 1): (2_549, 496, 236), (4, 1): (29_432, 1_746, 618), (2, 2): (777, 396, 250),
    (3, 2): (17_967, 3_250, 1_434), (4, 2): (394_257, 19_870, 6_181), (5, 1): (327_673, 5_132, 1_383),
    (5, 2): (None, 97_982, 21_843),
}  # fmt: skip
SMALL = 30_000


@pytest.mark.slow
@pytest.mark.parametrize(("size", "reduction", "states"), [
    (size, reduction, n) for size, row in V6_STATES.items() for reduction, n in zip(("none", "sym", "all"), row) if n and n < SMALL
])  # fmt: skip
def test_v6_holds_in_every_state(size, reduction, states):
    result = explore(scenario("v6", *size), reduction)
    assert (result.verdict, result.states, result.complete, result.schedule) == ("ok", states, True, None)
    assert result.seen == {"a page must come into use": True}


@pytest.mark.slow
@pytest.mark.parametrize("size", [(4, 2), (5, 1)])
def test_v6_holds_in_every_state_of_the_large_sizes(size):
    assert explore(scenario("v6", *size), "none").states == V6_STATES[size][0]


@pytest.mark.slow
def test_v6_holds_for_five_threads_twice_by_symmetry():
    assert explore(scenario("v6", 5, 2), "sym").states == 97_982


@pytest.mark.parametrize(("reduction", "states"), [("none", 233), ("sym", 121), ("all", 80)])
def test_v2_removes_a_pair_that_is_not_there(reduction, states):
    result = explore(scenario("v2"), reduction)
    assert (result.verdict, result.property, result.steps) == ("violation", REMOVE_FINDS_A_PAIR, 27)
    assert (result.states, result.complete, result.exact) == (states, True, True)
    assert len(replay(scenario("v2"), result.schedule)) == 27


@pytest.mark.slow
@pytest.mark.parametrize("size", [(2, 1), (3, 1), (2, 2), (5, 2)])
def test_v2_needs_two_switches_and_27_steps_at_any_size(size):
    calm = explore(scenario("v2", *size), fewest_switches=True, whole=False)
    assert (calm.switches, calm.steps, calm.property) == (2, 28, REMOVE_FINDS_A_PAIR)
    assert calm.schedule.split(" ", 1)[1].startswith("A10 B15 A3 +")
    assert explore(scenario("v2", *size), whole=False).steps == 27


@pytest.mark.slow
def test_the_readable_engine_agrees():
    assert (found := explore_readably(scenario("v2"))).states == 233
    assert (found.rule, len(found.schedule)) == (REMOVE_FINDS_A_PAIR, 27)
    assert explore_readably(scenario("v6")).states == 210


@pytest.mark.parametrize(("size", "rule", "steps"), [
    ((2, 1), REFCOUNT_HAS_PAIR, 30), ((2, 2), USE_HAS_PAIR, 31), ((3, 1), USE_HAS_PAIR, 30), ((2, 1), USE_HAS_PAIR, None),
])  # fmt: skip
def test_the_harm_that_v2_does(size, rule, steps):
    """The failed REMOVE alone is a message; what follows is a count without a pair, and a page without one."""
    result = explore(scenario("v2", *size), prop=rule)
    assert (result.steps if result.verdict == "violation" else None) == steps


@pytest.mark.parametrize(("name", "total", "bad"), [("v6", 40_556, 0), ("v2", 65_064, 28_152)])
def test_so_many_interleavings_so_many_bad(name, total, bad):
    found = outcomes(scenario(name))
    assert (found.interleavings, found.bad) == (total, bad) == (explore(scenario(name), count=True).interleavings, bad)


def test_larger_counts_are_exact_too():
    assert outcomes(scenario("v6", 3)).interleavings == 27_243_164_988
    assert outcomes(scenario("v6", 2, 2)).interleavings == 12_022_981_580


def test_how_v2_can_end():
    good, bad = sorted(outcomes(scenario("v2")).rows, key=lambda row: len(row.broken))
    assert good.state == {"refcount[0]": 0, "pair[0]": False, "users[0]": 0, "pamt_lock": False}
    assert bad.state == good.state | {"refcount[0]": 1} and bad.broken == (REMOVE_FINDS_A_PAIR, REFCOUNT_HAS_PAIR)


@pytest.mark.parametrize(("name", "verdict"), [("v2-enomem", "violation"), ("v6-enomem", "ok")])
def test_memory_may_run_out(name, verdict):
    result = explore(scenario(name))
    assert result.verdict == verdict
    ends = {tuple(row.state.values()) for row in outcomes(scenario(name)).rows if not row.broken}
    assert ends == {(0, False, 0, False)}, "a get that finds no memory leaves nothing behind"
    run = replay(scenario(name), f"{encode(scenario(name), ()).split()[0]} A2/1")
    assert (
        run.steps[-1].sentence == "There is no memory: -ENOMEM. The get returned -ENOMEM."
        and run.steps[-1].next is None
    )


PUT_ALONE = {
    "v2": [
        "atomic_dec_and_test(refcount)",
        "spin_lock(pamt_lock)",
        "atomic_read(refcount)",
        "TDH.PHYMEM.PAMT.REMOVE(region)",
    ],
    "v6": [
        "atomic_add_unless(refcount, -1, 1)",
        "spin_lock(pamt_lock)",
        "atomic_dec_and_test(refcount)",
        "TDH.PHYMEM.PAMT.REMOVE(region)",
    ],
}


@pytest.mark.parametrize("name", ["v2", "v6"])
def test_the_posted_order_of_steps(name):
    labels = [step.label for step in replay_steps(scenario(name), ((0, 0),) * 15).steps]
    assert labels == [
        "atomic_inc_not_zero(refcount)", "alloc_page() twice", "spin_lock(pamt_lock)", "atomic_read(refcount)",
        "TDH.PHYMEM.PAMT.ADD(region)", "atomic_set(refcount, 1)", "spin_unlock(pamt_lock)",
        "TDH.MEM.PAGE.AUG(page)", "TDH.MEM.PAGE.REMOVE(page)",
        *PUT_ALONE[name], "spin_unlock(pamt_lock)", "__free_page() twice",
    ]  # fmt: skip


def planted(change):
    """v6 with a put in which something is done wrong."""
    return SimpleNamespace(TITLE="planted", SOURCES=(), get=v6.get, put=change, __doc__="")


def put_without_test(m, region):
    """The lock is taken, but what the counter says under it is not looked at."""
    yield "atomic_add_unless(refcount, -1, 1)"
    if m.refcount[region] != 1:
        m.refcount[region] -= 1
        return
    yield from module.spin_lock(m)
    yield "TDH.PHYMEM.PAMT.REMOVE(region)"
    m.refcount[region] -= 1
    module.pamt_remove(m, region)
    yield from module.spin_unlock(m)


def put_without_unlock(m, region):
    if (yield from v6.dec_and_lock(m, region)):
        yield "TDH.PHYMEM.PAMT.REMOVE(region)"
        module.pamt_remove(m, region)


def put_without_remove(m, region):
    if (yield from v6.dec_and_lock(m, region)):
        yield from module.spin_unlock(m)


@pytest.mark.parametrize(
    ("put", "verdict"),
    [(put_without_test, "violation"), (put_without_unlock, "violation"), (put_without_remove, "violation")],
)
def test_a_planted_mistake_is_found(put, verdict):
    assert explore(of_design(planted(put), "planted", 2, 1)).verdict == verdict
    assert explore(of_design(planted(v6.put), "planted", 2, 1)).verdict == "ok"


def test_statuses_are_the_modules():
    for name in [name for name in vars(module) if name.startswith("TDX_") and name != "TDX_SUCCESS"]:
        assert getattr(module, name) == code(name)


class Fields(SimpleNamespace):
    """Memory for the module's calls alone."""

    def must(self, name, condition):
        self.broken = name

    def tell(self, sentence):
        self.told = sentence

    def note(self, what, change=0):
        return 0


def test_each_call_answers_with_its_status_and_operand():
    m = Fields(pair={0: False}, users={0: 0})
    assert module.page_in(m, 0) == 0x8000030800000008 and m.broken == USE_HAS_PAIR
    assert module.page_out(m, 0) == 0xC000030000000001
    assert module.pamt_remove(m, 0) == 0xC000030500000001 and m.broken == REMOVE_FINDS_A_PAIR
    assert module.pamt_add(m, 0) == 0 and module.pamt_add(m, 0) == 0xC000030400000001
    assert module.page_in(m, 0) == module.page_in(m, 0) == 0 and m.users == {0: 2}
    assert module.pamt_remove(m, 0) == 0xC000030600000000 and m.pair == {0: True}
    assert module.page_out(m, 0) == module.page_out(m, 0) == module.pamt_remove(m, 0) == 0
    assert (m.pair, m.users) == ({0: False}, {0: 0})


def test_names_and_numbers_are_checked():
    with pytest.raises(InputError, match="scenario v77: there is no such scenario; try v"):
        scenario("v77")
    for threads, rounds in ((0, 1), (16, 1), (2, 0), (2, 10), ("2", 1), (True, 1), (2.0, 1)):
        with pytest.raises(InputError, match="a scenario has 1 to"):
            scenario("v2", threads, rounds)


@pytest.mark.parametrize("design", [v2, v6])
def test_each_design_has_its_card_and_cites_its_mails(design):
    made = scenario(design.__name__.rpartition(".")[2])
    assert made.card.modelled and made.card.simplified and made.card.left_out
    for source in design.SOURCES:
        assert cite(source).title and f"[{source}]" in design.__doc__


def test_rules_hold_of_a_region_at_rest():
    quiet = Scenario("quiet", dict(scenario("v2").shared), (Thread(nothing),), PROPERTIES[:-1])
    assert explore(quiet).verdict == "ok"
    pair = Scenario("pair", dict(scenario("v2").shared) | {"pair": {0: True}}, (Thread(nothing),), PROPERTIES)
    assert explore(pair).property == NOTHING_LEFT


def nothing(m):
    yield "nothing"
