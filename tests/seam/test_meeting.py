"""Two calls in every order: the states, steps and answers are those of the module itself, and no busy answer that it gives is missed."""

import random

import pytest

from tdxkit.explore import replay_steps
from tdxkit.seam.conflicts import call_of, conflict, pair_world, shared_region, stages
from tdxkit.seam.meeting import BUSY, CPUS, NOT_BUSY, End, meeting, meeting_job, steps_of
from tdxkit.seam.record import record
from tdxkit.seam.scenes import EMPTY, EMPTY_WITH_PAIR, PAIR, world_at
from tdxkit.seam.shared_names import names
from tdxkit.seam.two_calls import TwoCalls
from tdxkit.seam.versions import LATEST

ADD, REMOVE, RDMD, CREATE = "TDH.PHYMEM.PAMT.ADD", "TDH.PHYMEM.PAMT.REMOVE", "TDH.PHYMEM.PAGE.RDMD", "TDH.VP.CREATE"
PROMOTE = "TDH.MEM.PAGE.PROMOTE"
PAIRS = [
    (ADD, RDMD), (RDMD, REMOVE), (CREATE, CREATE), (ADD, ADD), ("TDG.MEM.PAGE.ACCEPT", "TDH.MEM.RANGE.BLOCK"),
    ("TDH.MEM.PAGE.AUG", "TDH.MEM.PAGE.AUG"), ("TDH.VP.ENTER", REMOVE), ("TDH.MEM.SEPT.ADD", "TDH.MEM.PAGE.AUG"),
    ("TDH.MEM.PAGE.DEMOTE", ADD), ("TDH.MNG.CREATE", "TDH.SYS.TDMR.INIT"),
]  # fmt: skip


def met(a: str, b: str, **more):
    world = pair_world(next(stages(a, b, "")), LATEST, a, b, "")
    region = shared_region(a, b)
    return world.module, [call_of(world, a, b, region, second, **more) for second in (False, True)]


@pytest.mark.slow
@pytest.mark.parametrize(("a", "b"), PAIRS)
def test_any_walk_through_the_states_is_what_the_module_does(a, b):
    module, calls = met(a, b)
    made, chance = meeting(module, calls), random.Random(f"{a} {b}")
    for _ in range(6):
        path, node = [], 0
        while made.graph.edges[node]:
            number = chance.randrange(len(made.graph.edges[node]))
            path.append(number)
            node = made.graph.edges[node][number].target
        steps = steps_of(made.graph, path)
        run = record(module.copy(), [(cpu, *call) for cpu, call in zip(CPUS, calls)], [cpu for cpu, _ in steps])
        node = 0
        for number, step, state in zip(path, run.steps, list(run.states())[1:], strict=True):
            edge = made.graph.edges[node][number]
            assert (CPUS[edge.actor], edge.label, edge.sentence, edge.kind) == (
                step.actor,
                str(step.label),
                step.sentence,
                step.kind,
            )
            assert made.graph.nodes[node].lines[edge.actor] == step.line
            node = edge.target
            assert made.graph.nodes[node].lines[edge.actor] == step.next
            shown = made.graph.shared[made.graph.nodes[node].shared]
            mine = {
                name: str(value) for name, value in state.items() if not name.endswith("leaf") and value is not None
            }
            for name in (n for n in mine if n in shown and shown[n] is not None):
                assert str(shown[name]) == mine[name]
            assert all((state[f"{cpu} RAX"] is None) == (shown[f"{cpu} RAX"] is None) for cpu in CPUS)


@pytest.mark.slow
@pytest.mark.parametrize(("a", "b"), PAIRS)
def test_what_one_call_meets_half_way_through_the_other_is_among_the_ends(a, b):
    found = {}
    for stage in stages(a, b, ""):
        world, region = pair_world(stage, LATEST, a, b, ""), shared_region(a, b)
        made = meeting(world.module, [call_of(world, a, b, region, second) for second in (False, True)])
        found |= {end.answers[1]: end for end in made.ends}
    assert {str(answer) for answer in conflict(a, b).met} <= found.keys()
    assert conflict(a, b).met or not any(answer.startswith(BUSY) for answer in found)


def test_each_end_has_a_way_there_and_breaks_the_rule_where_a_call_is_busy():
    module, calls = met(ADD, RDMD)
    made = meeting(module, calls)
    assert {end.answers: end.busy for end in made.ends} == {
        ("TDX_OPERAND_BUSY|RCX", "TDX_SUCCESS"): ("CPU 0",),
        ("TDX_SUCCESS", "TDX_OPERAND_BUSY|RCX"): ("CPU 1",),
        ("TDX_SUCCESS", "TDX_SUCCESS"): (),
    }
    for end in made.ends:
        node, busy = 0, set()
        for number in end.path:
            edge = made.graph.edges[node][number]
            busy |= {CPUS[edge.actor]} if edge.broken else set()
            node = edge.target
        assert busy == set(end.busy) and made.graph.nodes[node].finished == (True, True)
        assert len(replay_steps(made.scenario, steps_of(made.graph, end.path))) == len(end.path)
    assert [len(end.path) for end in made.ends] == sorted(len(end.path) for end in made.ends)
    assert {rule for edges in made.graph.edges for edge in edges for rule in edge.broken} == {NOT_BUSY}


def test_a_lock_shows_who_holds_it_and_how():
    module, calls = met(RDMD, REMOVE)
    made = meeting(module, calls)
    held = {str(state[name]) for state in made.graph.shared for name in state if name.startswith("2M lock")}
    assert "shared: CPU 0" in held and "exclusive: CPU 1" in held and any("priority" in one for one in held)
    assert any(track.name.startswith("2M lock 0x") for track in made.begin.tracks)


@pytest.mark.slow
def test_two_that_meet_on_one_page_and_two_that_do_not():
    apart, same = meeting(*met(CREATE, CREATE)), meeting(*met(CREATE, CREATE, same=True))
    assert [end.busy for end in apart.ends] == [()]
    answers = {answer for end in same.ends for answer in end.answers}
    assert answers == {"TDX_SUCCESS", "TDX_OPERAND_BUSY|RCX", "TDX_PAGE_METADATA_INCORRECT|RCX"}


def test_both_can_be_busy_in_one_run():
    module = world_at("ready").module
    both = [(ADD, {"rcx": EMPTY | 1, "rdx": PAIR[0] + i, "r8": PAIR[1] + i}) for i in (0, 0x1000)]
    assert any(end.busy == CPUS for end in meeting(module, both).ends)


def test_the_module_is_left_as_it_was():
    module, calls = met(ADD, RDMD)
    before = module.m.snapshot()
    meeting(module, calls)
    assert module.m.snapshot() == before


@pytest.mark.slow
@pytest.mark.parametrize(("a", "b"), [(PROMOTE, "TDH.VP.ENTER"), (PROMOTE, ADD), ("TDH.MEM.PAGE.DEMOTE", PROMOTE)])
def test_what_writes_whole_tables_is_told_in_few_words(a, b):
    made = meeting(*TwoCalls(a, b).made())
    told = [{name: value for name, value in state.items() if name.startswith("512 ")} for state in made.graph.shared]
    assert sorted(told[0]) == ["512 4K entries from 0x180000000", "512 S-EPT entries from 0x215000"]
    assert set(told[0].values()) == {"as before"} and {v for one in told for v in one.values()} == {
        "as before",
        "512 changed",
    }
    seen = {name for edges in made.graph.edges for edge in edges for name, _ in edge.reads}
    assert seen <= made.graph.shared[0].keys() and seen & told[0].keys()


def test_a_table_is_one_name_only_where_it_is_large():
    few, much = [f"sept[{8 * at}]" for at in range(12)], [f"sept[{4096 + 8 * at}]" for at in range(13)]
    found = names([*few, *much, "kot[40]"])
    assert len({found[label] for label in few}) == 12 and {found[label] for label in much} == {
        "13 S-EPT entries from 0x1000"
    }
    assert found["kot[40]"] == "kot[40]"


def test_the_work_tells_how_far_it_is_and_the_beginning_what_is_met():
    module, calls = met(ADD, RDMD)
    job, told = meeting_job(module, calls), []
    try:
        while True:
            told.append(next(job))
    except StopIteration as end:
        made = end.value
    assert told == [(0, 3), (1, 3), (2, 3)] and made.begin.title == f"{ADD} beside {RDMD}"
    assert meeting(module, calls, "mine").begin.title == "mine" and not len(made.begin)
    assert set(made.begin.texts) == {ADD, RDMD} and [line.index for line in made.begin.start.values()] == [0, 0]
    tracks = [(track.name, track.kind) for track in made.begin.tracks]
    assert tracks[-1] == (NOT_BUSY, "rule") and {kind for _, kind in tracks[:-1]} == {"lock"}
    assert made.begin.card.modelled and made.begin.scenario is None


def test_an_answers_registers_are_in_the_last_states_by_its_cpu():
    module, calls = met(REMOVE, RDMD)
    pair, made = module.m.pamt_2m[EMPTY_WITH_PAIR >> 21].pair, meeting(module, calls)
    last = [made.graph.shared[node.shared] for node in made.graph.nodes if node.finished == (True, True)]
    done = next(state for state in last if state["CPU 0 RAX"] == 0)
    assert (done["CPU 0 RDX"], done["CPU 0 R8"]) == pair and str(done["CPU 0 R8"]) == hex(pair[1])
    assert made.graph.shared[0]["CPU 0 RAX"] is None and "CPU 0 RDX" not in made.graph.shared[0]


def test_an_end_is_busy_by_the_beginning_of_its_answer():
    assert End(("TDX_SUCCESS", "TDX_OPERAND_BUSY_HOST_PRIORITY|RCX"), ()).busy == ("CPU 1",)
    assert End(("TDX_SYS_BUSY", "TDX_PREVIOUS_TLB_EPOCH_BUSY"), ()).busy == ("CPU 0",)


def test_a_lock_has_as_many_holders_as_its_word_says_each_once():
    """Of two calls with one walk each: one with two walks can be two readers of an entry."""
    made = meeting(*met(RDMD, REMOVE))
    found = {
        (one.mode, one.by, one.readers)
        for state in made.graph.shared
        for one in state.values()
        if hasattr(one, "readers")
    }
    assert {by for mode, by, _ in found if mode == "shared"} >= {("CPU 0",), ("CPU 1",), ("CPU 0", "CPU 1")}
    assert all(len(by) == len(set(by)) == (readers or 1) for mode, by, readers in found if mode != "free")
