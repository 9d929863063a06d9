"""Schedule codes: short, exact, versioned, and hostile text is only text."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tdxkit.errors import InputError
from tdxkit.explore import schedule as codes
from tdxkit.explore.program import Scenario, Thread
from tdxkit.explore.schedule import digest, encode, parse, switches
from tdxkit.explore.search import explore
from tdxkit.explore.tables import Tables
from tdxkit.explore.telling import replay, replay_steps
from tdxkit.linux.refcount import names, scenario

steps_lists = st.lists(st.tuples(st.integers(0, 14), st.sampled_from([0, 0, 0, 1, 2, 12])), max_size=40).map(tuple)


V2 = scenario("v2")
TABLES = Tables(V2)


@settings(deadline=None)
@given(steps_lists)
def test_a_code_gives_back_its_steps(steps):
    code = parse(encode(V2, steps, TABLES))
    assert code.steps == steps and (code.name, code.threads, code.rounds) == ("v2", 2, 1)


def test_the_look_of_a_code():
    v2 = scenario("v2")
    assert encode(v2, ((0, 0),) * 10 + ((1, 0),) * 15 + ((0, 0),) * 3) == "v2:2x1:37b4 A10 B15 A3 +066fa5"
    assert encode(v2, ((0, 0), (0, 1), (0, 0), (1, 2))).startswith("v2:2x1:37b4 A2/1 A1 B1/2 +")
    assert switches(((0, 0), (0, 1), (1, 0), (0, 0))) == 2


def test_the_digest_is_the_same_on_every_python():
    """Pinned: made of what the steps do, not of bytecode, hashes or addresses."""
    assert {n: digest(scenario(n)) for n in ("v2", "v6", "v2-enomem")} == {
        "v2": "37b4",
        "v6": "f5ae",
        "v2-enomem": "90c4",
    }


def test_the_digest_changes_with_everything_that_matters():
    def program(m, more=1, label="a"):
        yield label
        m.n += more

    def make(version="1", rounds=1, threads=2, args=()):
        return Scenario(
            "s",
            {"n": 0},
            (Thread(program, args),) * 1 + tuple(Thread(program, args) for _ in range(threads - 1)),
            rounds=rounds,
            version=version,
        )

    variants = [make(), make("2"), make(rounds=2), make(threads=3), make(args=(2,))]
    assert len({digest(v) for v in variants}) == len(variants)
    assert digest(make()) == digest(make()) == digest(make(args=(1, "other words")))


HOSTILE = [
    "", " ", "v2", "v2:2x1", "v2:2x1:9f3c:4 A1", "v2:0x1:9f3c A1", "v2:2x1:9F3C A1", "v2:2x1:9f3g A1", "v2:100x1:9f3c",
    "v2:2x1:37b4 A", "v2:2x1:37b4 A0", "v2:2x1:37b4 A01", "v2:2x1:37b4 A-1", "v2:2x1:37b4 P1", "v2:2x1:37b4 a1",
    "v2:2x1:37b4 A99999", "v2:2x1:37b4 A9999 B9999 A9999", "v2:2x1:37b4 A1/0", "v2:2x1:37b4 A1/1/1", "v2:2x1:37b4 A٣",
    "v2:2x1:37b4 __import__('os').system('id')", "v2:2x1:37b4 A1;B1", "v2:2x1:37b4 \x00", "v2:2x1:37b4 A1\x1b[2J",
    "{x}:2x1:37b4 A1", "<script>:2x1:37b4", "v2:2x1:37b4 " + "A1 " * 10_000, "A" * 10_000_000, "v2:2x1:37b4" + " " * 30_000,
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_is_refused_in_one_line(text):
    with pytest.raises(InputError) as caught:
        replay(scenario("v2"), text)
    line = str(caught.value)
    assert "\n" not in line and line.isprintable() and len(line) < 250


@settings(deadline=None)
@given(st.text(max_size=80))
def test_any_text_is_a_code_or_refused(text):
    try:
        parse(text)
    except InputError as error:
        assert "\n" not in str(error)


@pytest.mark.parametrize("value", [None, 3, b"v2:2x1:37b4 A1", ["v2:2x1:37b4"]])
def test_only_text_is_a_code(value):
    with pytest.raises(InputError):
        parse(value)


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("v6:2x1:37b4 A1", "v6:2x1"),
        ("v2:3x1:37b4 A1", "v2:3x1"),
        ("v2:2x1:37b4 A3 C1", "step 4: there is no thread C"),
        ("v2:2x1:37b4 A3 B3", "step 6: CPU 1 waits for pamt_lock, held by CPU 0 since step 3"),
        ("v2:2x1:37b4 A15 A1", "step 16: CPU 0 has finished"),
        ("v2:2x1:37b4 A1/7", "step 1: CPU 0 has no choice 7 here"),
        ("v2:2x1:37b5 A3", "v2 has changed since; all its 3 steps still fit, but may mean"),
        (
            "v2:2x1:37b4 A3 +000000",
            "v2 or the code has changed since; all its 3 steps still fit, but they do something else",
        ),
        ("v2:2x1:37b4 A20 +000000", "v2 or the code has changed since; it stops fitting at schedule step 16"),
        ("v2:2x1:37b4 +000000 A3", "its mark stands once and last"),
        ("v2:2x1:37b4 A3 +000000 +000000", "its mark stands once and last"),
        ("v2:2x1:37b4 A3 @pso", "runs schedules on sc and tso memory"),
        (
            "v2:2x1:37b4 A3 +000000 @sc %9f3c",
            "it was made from a reader's text whose SHA-256 begins so, and here is none",
        ),
        ("v2:2x1:37b5 A20", "v2 has changed since; it stops fitting at schedule step 16"),
    ],
)
def test_a_code_that_does_not_fit_says_where(code, says):
    with pytest.raises(InputError, match=says):
        replay(scenario("v2"), code)


def test_a_code_with_choices_replays():
    v2 = scenario("v2-enomem")
    run = replay(v2, encode(v2, ((0, 0), (0, 1), (1, 0))))
    assert (
        run.steps[1].sentence == "There is no memory: -ENOMEM. The get returned -ENOMEM." and run.steps[1].next is None
    )
    assert replay_steps(v2, parse(run.code).steps) == run


@pytest.mark.slow
@pytest.mark.parametrize("name", names())
def test_codes_of_shipped_scenarios_are_short_and_replay(name):
    for calm in (False, True):
        result = explore(scenario(name), fewest_switches=calm)
        if result.schedule:
            assert len(result.schedule) <= 120
            run = replay(scenario(name), result.schedule)
            assert len(run) == result.steps and result.property in run.steps[-1].broken and run.code == result.schedule


def test_nothing_is_imported_to_evaluate_a_code():
    assert not {"eval", "exec", "compile", "literal_eval"} & set(codes.parse.__code__.co_names)
