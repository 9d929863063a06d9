"""The module's side of a region by hand, the caches that a put may keep, the registry's scenarios and the parts that they are made of."""

import errno
from types import SimpleNamespace

import pytest

from tdxkit.errors import InputError
from tdxkit.explore.declared import MAX_THREADS
from tdxkit.linux.refcount import module
from tdxkit.linux.refcount.module import FAULT, IN_HAND, REFUSED
from tdxkit.linux.refcount.posted import DESIGNS
from tdxkit.linux.refcount.registry import (
    FAULTS,
    MAX_ROUNDS,
    SPECIAL,
    Variant,
    asked_by,
    asked_of,
    names,
    of_design,
    scenario,
    titles,
    variants,
)
from tdxkit.linux.refcount.roles import ERRNO, given_back, taken
from tdxkit.status import code


class Memory(SimpleNamespace):
    """A region as the module and the kernel see it, and what was noted, broken and told."""

    memory_may_run_out = add_may_fail = remove_may_fail = one_by_one = False

    def __init__(self, pair=False, users=0, **more):
        super().__init__(
            pair={0: pair}, users={0: users}, refcount={0: 0}, pamt_lock=False, notes={}, broken=[], told=[], **more
        )

    def note(self, what, change=0):
        self.notes[what] = self.notes.get(what, 0) + change
        return self.notes[what]

    def must(self, rule, condition):
        self.broken += [] if condition else [rule]

    def tell(self, sentence):
        self.told.append(sentence)


def driven(program, *answers):
    """A program to its end: what it returned, and the labels of its steps."""
    answers, does, answer = list(answers), [], None
    while True:
        try:
            step = program.send(answer)
        except StopIteration as end:
            return end.value, does
        label, choices = step if isinstance(step, tuple) and isinstance(step[1], tuple) else (step, (None,))
        does.append(str(label))
        answer = answers.pop(0) if len(choices) > 1 and answers else choices[0]


def status(name, operand=0):
    return code(name) | operand


@pytest.mark.parametrize(
    "call, before, answer, after, broken, hands",
    [
        (module.pamt_add, (False, 0), 0, (True, 0), [], -2), (module.pamt_add, (True, 1), status("TDX_HPA_RANGE_NOT_FREE", 1), (True, 1), [], None),
        (module.pamt_remove, (True, 0), 0, (False, 0), [], 2),
        (module.pamt_remove, (False, 0), status("TDX_NO_PAMT_PAGE_PAIR", 1), (False, 0), [module.REMOVE_FINDS_A_PAIR], None),
        (module.pamt_remove, (True, 1), status("TDX_PAMT_PAGE_NOT_EMPTY"), (True, 1), [module.REMOVE_FINDS_NO_USER], None),
        (module.page_in, (True, 0), 0, (True, 1), [], None),
        (module.page_in, (False, 0), status("TDX_MISSING_PAMT_PAGE_PAIR", 8), (False, 0), [module.USE_HAS_PAIR], None),
        (module.page_out, (True, 2), 0, (True, 1), [], None), (module.page_out, (True, 0), status("TDX_PAGE_METADATA_INCORRECT", 1), (True, 0), [], None),
    ],
)  # fmt: skip
def test_what_the_module_answers_and_what_it_leaves(call, before, answer, after, broken, hands):
    m = Memory(*before)
    assert call(m, 0) == answer and (m.pair[0], m.users[0]) == after
    assert m.broken == broken and m.notes.get(IN_HAND) == hands


def test_errnos_are_those_of_linux():
    assert (-module.ENOMEM, -module.EIO) == (errno.ENOMEM, errno.EIO)
    assert all(said == f"-{errno.errorcode[-number]}" for number, said in ERRNO.items()) and len(ERRNO) == 5


def test_another_seamcall_in_the_way_is_busy_and_counts_as_refused_on_purpose():
    assert status("TDX_OPERAND_BUSY", 1) == FAULT
    m = Memory(pair=True)
    m.add_may_fail = m.remove_may_fail = True
    assert (
        driven(module.tdh_phymem_pamt_add(m, 0), FAULT)[0]
        == FAULT
        == driven(module.tdh_phymem_pamt_remove(m, 0), FAULT)[0]
    )
    assert m.notes == {REFUSED: 1} and m.pair[0]
    assert driven(module.tdh_phymem_pamt_remove(m, 0))[0] == 0 and not m.pair[0]


@pytest.mark.parametrize(
    "answers, got, hands, refused", [((True, True), 2, 2, None), ((False,), 0, None, 1), ((True, False), 1, 1, 1)]
)
def test_pages_taken_one_by_one(answers, got, hands, refused):
    m = Memory()
    m.one_by_one = True
    assert driven(module.take_pages(m), *answers)[0] == got and (m.notes.get(IN_HAND), m.notes.get(REFUSED)) == (
        hands,
        refused,
    )
    again = Memory()
    again.one_by_one = True
    assert driven(module.alloc_pages(again), *answers)[0] is (got == 2)
    assert again.notes.get(IN_HAND) == (
        2 if got == 2 else 0 if got else None
    )  # of a pair that could not be had nothing stays in hand


@pytest.mark.parametrize("out, answer, got", [(False, None, 2), (True, True, 2), (True, False, 0)])
def test_the_pages_of_a_pair_at_once(out, answer, got):
    m = Memory()
    m.memory_may_run_out = out
    assert driven(module.take_pages(m), answer)[0] == got and m.notes == ({IN_HAND: 2} if got else {REFUSED: 1})


@pytest.mark.parametrize("many, label", [(0, "of nothing"), (1, "once"), (2, "twice")])
def test_pages_given_back(many, label):
    m = Memory()
    assert driven(module.free_pages(m, many))[1] == [f"__free_page() {label}"] and m.notes == {IN_HAND: -many}


def test_a_cache_of_a_readers_own_is_written_only_as_it_was_seen():
    m = Memory(cache=0)
    driven(module.keep_pages(m, "cache"))
    assert (m.cache, m.notes[IN_HAND], m.broken) == (2, -2, []) and "2 pages go from its hands into cache" in m.told[-1]
    assert driven(module.take_kept(m, "cache"))[0] is True and (m.cache, m.notes[IN_HAND]) == (0, 0)
    assert driven(module.take_kept(m, "cache"))[0] is False and (m.cache, m.broken) == (0, [])
    for program, left in ((module.keep_pages(m, "cache"), 9), (module.take_kept(m, "cache", 1), 8)):
        next(program)  # it looks ...
        m.cache = 7
        next(program)
        m.cache = 9  # ... and another writes in between
        next(program, None)
        assert m.broken.pop() == module.STAYS_AS_SEEN
        assert left in (8, 9)


def test_a_lock_that_is_held_is_asked_for_again_and_let_go_by_name():
    m = Memory(mine=True)
    waiting = module.spin_lock(m, "mine")
    assert str(next(waiting)) == str(next(waiting)) == "spin_lock(mine)"
    m.mine = False
    assert next(waiting, "over") == "over" and m.mine is True and m.told == ["It takes mine."]
    driven(module.spin_unlock(m, "mine"))
    assert m.mine is False and m.told[-1] == "It lets go of mine." and not m.pamt_lock


def test_a_use_that_misses_its_pair_ends_there():
    assert driven(module.use(Memory(), 0))[1] == ["TDH.MEM.PAGE.AUG(page)"]
    m = Memory(pair=True)
    assert driven(module.use(m, 0))[1] == ["TDH.MEM.PAGE.AUG(page)", "TDH.MEM.PAGE.REMOVE(page)"] and m.users[0] == 0


@pytest.mark.parametrize(
    "err, refused, ok, broken",
    [(0, 0, True, 0), (-12, 1, False, 0), (-5, 0, False, 1), (0, 1, True, 0), (7, 1, False, 0)],
)
def test_a_get_may_fail_only_where_something_was_refused(err, refused, ok, broken):
    m = Memory()
    m.note(REFUSED, refused)
    assert taken(m, err) is ok and len(m.broken) == broken and m.notes[REFUSED] == 0
    assert m.told == ([f"The get returned {ERRNO.get(err, err)}."] if err else [])


@pytest.mark.parametrize(
    "roles, rounds, regions, used",
    [((), 3, 2, (0, 0)), (("put",), 3, 1, (3,)), (("put", "get", "put"), 2, 2, (4, 0)), (("get", "put", "put", "put"), 1, 3, (1, 1, 1)), (("life",), 1, 1, (0,))],
)  # fmt: skip
def test_what_reclaimers_give_back_is_in_use_before(roles, rounds, regions, used):
    assert given_back(roles, rounds, regions) == used


def test_every_posted_design_comes_with_each_fault_and_ideas_without():
    posted = [name for name, design in DESIGNS.items() if design.posted]
    assert {*names()} == {*DESIGNS, *SPECIAL, *(f"{name}-{fault}" for name in posted for fault in FAULTS)}
    fields = {
        "enomem": "memory_may_run_out",
        "add-fails": "add_may_fail",
        "remove-fails": "remove_may_fail",
        "page-by-page": "one_by_one",
    }
    for fault, field in fields.items():
        made = scenario(f"v6-{fault}")
        assert [name for name, value in made.constants.items() if value] == [field] and made.title.endswith(
            f", {FAULTS[fault][0]}"
        )
        assert titles()[f"v6-{fault}"] == made.title
    assert not any(scenario("v6").constants.values()) and variants()["v6"] == Variant("v6")


@pytest.mark.parametrize("what, limit", [("threads", MAX_THREADS), ("rounds", MAX_ROUNDS)])
def test_a_scenario_has_so_many_threads_and_rounds(what, limit):
    for number in (1, limit):
        assert scenario("v6", **{what: number})
    for number in (0, limit + 1, -1, True, "2", 1.0, None):
        with pytest.raises(InputError, match=f"{what} .*a scenario has 1 to {limit} {what}"):
            scenario("v6", **{what: number})


def test_what_a_scenario_shows():
    one, two = scenario("v6", 3, 2), scenario("per-region")
    assert (
        one.subtitle == "3 CPUs, 2 × get, use, put each, one 2 MiB region"
        and two.subtitle == "2 CPUs, 1 × get, use, put each, 2 regions"
    )
    assert [track.name for track in one.tracks][:4] == ["refcount", "pamt_lock", "pair in the region", "page in use"]
    assert [track.name for track in two.tracks][:8] == [
        "refcount of region 0", "refcount of region 1", "pamt_lock", "region_lock[0]", "region_lock[1]", "pair in region 0", "pair in region 1", "page in use",
    ]  # fmt: skip
    assert [t.key for t in scenario("lazy").tracks if t.kind == "lock"] == ["pamt_lock", "entry_lock[0]"]
    assert [thread.args[0] for thread in two.threads] == [0, 1] and [thread.args[0] for thread in one.threads] == [
        0
    ] * 3


def test_beginnings_of_their_own():
    dirty, late = scenario("v3-not-zeroed"), scenario("v5-softirq", 1)
    first = dict(zip(late.layout.labels, late.layout.first))
    assert dict(zip(dirty.layout.labels, dirty.layout.first))["refcount[0]"] == 5
    assert (first["refcount[0]"], first["refcount[1]"], first["pair[0]"], first["pair[1]"], first["users[1]"]) == (
        0,
        1,
        False,
        True,
        0,
    )
    assert (
        late.actors == ("CPU 0", "softirq on CPU 0")
        and dict(zip(*(lambda s: (s.layout.labels, s.layout.first))(scenario("minus-one"))))["refcount[0]"] == -1
    )


def test_who_is_judged_by_a_rule_in_few_words():
    assert asked_by(module.REMOVE_FINDS_A_PAIR) == tuple(DESIGNS) and asked_by("no such rule") == ()
    assert asked_by(module.USE_HAS_PAIR) == tuple(name for name in DESIGNS if name != "lazy")
    assert (
        asked_of(tuple(DESIGNS)) == "every design"
        and asked_of(asked_by(module.USE_HAS_PAIR)) == "every design but lazy"
    )
    assert (
        asked_of(("lazy",)) == "lazy"
        and asked_of(("v1", "v2")) == "v1, v2"
        and asked_of(()).startswith("no design as it is")
    )


def test_the_lanes_show_what_a_reader_would_look_at():
    names_of = lambda name: [f.__name__ for f in scenario(name).texts]  # noqa: E731
    assert names_of("v6") == ["get", "put", "dec_and_lock", "use"] and names_of("v2") == [
        "get",
        "add",
        "add_locked",
        "put",
        "use",
    ]
    assert names_of("lazy") == ["get", "use", "put", "aug", "add", "remove"] and "busy" not in names_of("lazy")
    assert of_design(DESIGNS["v6"].code, "x", 1, 1).name == "x"
