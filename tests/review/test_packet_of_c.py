"""The packet of a text in C: rows by the lines of its file, what CPUs run, where its lines were posted, and the file that goes along."""

import hashlib
from dataclasses import replace

import pytest

from tdxkit.c.naming import of_text
from tdxkit.c.oftext import Origin
from tdxkit.errors import InputError
from tdxkit.explore import explore
from tdxkit.explore.schedule import parse
from tdxkit.explore.telling import replay, replay_steps
from tdxkit.linux.refcount.registry import scenario
from tdxkit.review.of_c import beside, code_of, labels, line_of, lines_of
from tdxkit.review.packet import CUT, _facts, _page, _posted, _runs, packet
from tdxkit.run import Recorder, Track

TEXT = """\
int users, up;

static void raise_it(void)
{
	users = users + 1;
	up = 1;
}

void dev_get(void)
{
	raise_it();
	BUG_ON(!up);
}

void dev_put(void)
{
	users = users - 1;
	if (!users)
		up = 0;
}
"""
RUN = "dev_get(); dev_put();"


def broken(text=TEXT, memory="sc", file="", **more):
    one = of_text(text, file, **more).on(memory)
    return one, replay(one, explore(one, fewest_switches=True).schedule)


def rows(text: str) -> list[list[str]]:
    """The table: of each row its cells."""
    found = [line.split("|") for line in text.split("\n\n*** step")[0].split("---\n")[-1].splitlines()]
    return [[" ".join(cell.split()) for cell in row] for row in found]


@pytest.fixture(scope="module")
def plain():
    one, run = broken(run=(RUN,))
    return one, run, packet(run, one)


def test_a_row_begins_with_the_lines_on_the_way_to_its_step(plain):
    table = rows(plain[2])
    assert table[0] == ["1 11 -> 5: read users", "", "0 0"]
    assert [row[0].partition(" ")[2] or row[1] for row in table[2:8]] == [
        "11 -> 6: write up", "12: read up", "17: read users", "17: write users", "18: read users", "11 -> 5: read users",
    ]  # fmt: skip
    assert table[-2:] == [["11 19: write up", "", "1 0"], ["12*", "12: read up", "1 0"]]
    assert "Each CPU runs: dev_get(); dev_put();" in plain[2]
    assert "*** step 12: CPU 1: read up: 0 (line 12: BUG_ON(!up);)" in plain[2]
    assert "The model finds: BUG_ON() of line 12 fires (step 12). Sequential" in plain[2], "no rule is named twice"


def test_the_text_follows_and_is_known_by_its_digest(plain):
    begins = hashlib.sha256(TEXT.encode()).hexdigest()[:16]
    told = " ".join(plain[2].split())
    assert (
        f"The C is the file mine.c, whose SHA-256 begins {begins}: it follows, between the two cut lines. It is read where"
        in told
    )
    assert plain[2].endswith(f"\n{CUT} mine.c\n{TEXT}{CUT}\n") and "taken for granted" not in told
    one, run = broken(run=(RUN,), file="/some/where/race.c")
    told = packet(run, one)
    assert (
        "race.c, whose" in told
        and "send it along" in " ".join(told.split())
        and CUT not in told
        and "/some" not in told
    )


def test_its_replay_names_what_runs(plain):
    assert "replay mine.c --run 'dev_get(); dev_put();' \\\n    text:2x1:" in plain[2]
    assert f"\n  race.html#{plain[1].code.replace(' ', '%20').replace('%a', '%25a')}@12\n" in plain[2]


def test_where_an_address_is_too_long_the_page_is_named_without_its_schedule():
    run = Recorder({"x": 0}).run("t", ("A",))
    around = len("  race.html#@1")
    for width, fits in ((75, True), (76, False)):
        assert ("race.html#a" in _page(replace(run, code="a" * (width - around)), 1)) == fits
    assert _page(replace(run, code="a"), 0).endswith("race.html#a@0") and _page(replace(run, code="a"), 3).endswith(
        "@3"
    )


def test_a_softirq_and_cpus_that_run_their_own_are_named_and_share_a_column():
    text = TEXT.replace("users = users + 1;", "users = 1;").replace("(!up)", "(!READ_ONCE(up) && !READ_ONCE(up))")
    one = of_text(text, run=("dev_get();\ndev_put();", "int a = 0; dev_put();"), softirq="dev_put();").on("tso")
    run = replay_steps(one, parse("text:2x1:0000 A2 a2 C4 A2 @tso").steps)
    told = packet(run, one)
    assert (
        "CPU 0 runs: dev_get(); dev_put();\nCPU 1 runs: int a = 0; dev_put();\nA softirq on each CPU runs: dev_put();"
        in told
    )
    table = rows(told)
    assert table[0] == ["1 CPU 0: 11 -> 5: write users = 1", "0 0"]
    assert table[2] == ["3 CPU 0: users = 1 leaves the buffer", "1 0"] and table[3][1] == "1 1"
    assert table[7] == ["8 softirq on CPU 0: 19: write up = 0", "1 1"]
    assert "Memory is x86-TSO" in told and "race.html#@10" in told and "--softirq 'dev_put();'" in told
    assert max(len(line) for line in told.partition(CUT)[0].splitlines()) <= 75
    drained = next(step for step in run.steps if "leaves" in step.label)
    assert (line_of(drained, lines_of(one)), code_of(run, drained), beside(run)(drained)) == (0, "", "")


def test_a_get_and_a_put_are_told_with_counter_and_pair_and_what_was_granted():
    one, run = broken(get="dev_get", put="dev_put")
    told = packet(run, one)
    assert rows(told)[0] == ["1 11 -> 5: read my_users", "", "0 -"] and " rc pair\n" in told and _runs(one.own) == []
    assert "(step 4; the rule: a get that fails must have been made to fail)" in " ".join(told.split())
    assert (
        "What was taken for granted, by the file's lines:\n  - the text's users is told as my_users: the model" in told
    )
    assert "replay mine.c --get dev_get --put dev_put \\\n" in told


def test_lines_of_a_file_are_those_of_its_functions_alone(plain):
    one, run, _ = plain
    assert lines_of(one) == {"raise_it": 3, "dev_get": 9, "dev_put": 15} and lines_of(scenario("v2")) == {}
    step = run.steps[4]
    assert (line_of(step, lines_of(one)), code_of(run, step)) == (17, "users = users - 1;")
    assert beside(run)(step) == "dev_put: users = users - 1;" and labels(one)(step) == "17: read users"


def posted(one, run, at: dict[int, Origin]) -> list[str]:
    origins = tuple(at.get(n) for n in range(1, 21))
    return _posted(run, replace(one, own=replace(one.own, origins=origins)))


def test_where_lines_were_posted_is_said_in_stretches(plain):
    one, run, _ = plain  # whose steps stand on lines 5, 6, 12, 17, 18 and 19
    assert posted(one, run, {}) == [] and posted(one, run, {1: Origin("1/2", 1)}) == []
    first, other = Origin("1/2", 7, "1@x"), Origin("2/2", 9)
    assert posted(one, run, {5: first, 6: first._replace(line=8), 12: other}) == [
        "Where its lines were posted:", "  - lines 5-6: 1/2, lines 7-8", "  - line 12: 2/2, line 9", "  - 1/2 is <1@x>",
    ]  # fmt: skip
    apart = {5: first, 6: first._replace(line=9), 17: other, 18: other._replace(line=10), 19: Origin("3/3", 11)}
    assert posted(one, run, apart)[1:-1] == [
        "  - line 5: 1/2, line 7", "  - line 6: 1/2, line 9", "  - lines 17-18: 2/2, lines 9-10", "  - line 19: 3/3, line 11",
    ]  # fmt: skip
    hole = {12: other, 17: other._replace(line=10)}
    assert posted(one, run, hole)[1:] == ["  - line 12: 2/2, line 9", "  - line 17: 2/2, line 10"]


def test_beside_stand_the_values_that_change_and_no_lock_as_far_as_there_is_room():
    def run(keys, tracks=()):
        recorder = Recorder({key: 0 for key in keys if key != "later"})
        recorder.change("A", "one", "", dict.fromkeys(keys, 1))
        return recorder.run("t", ("A",), tracks=tuple(tracks))

    assert _facts(run(["a", "later"])) == ["a"] and _facts(run(["b", "a"])) == ["b", "a"]
    assert _facts(run(["a", "x" * 16, "b"])) == ["a", "x" * 16] and _facts(run(["a", "x" * 17, "b"])) == ["a", "b"]
    assert _facts(run(["refcount[0]", "a", "pair[0]"])) == ["refcount[0]", "pair[0]"]
    quiet = [Track("lock", "lock", "lock"), Track("store buffer of CPU 0", "buffer", "value"), Track("b", "b", "value")]
    assert _facts(run(["lock", "store buffer of CPU 0", "b"], quiet)) == ["b"]


def test_what_nobody_else_has_makes_no_packet(plain):
    one, run, _ = plain
    code = scenario("v2")
    with pytest.raises(InputError, match="the run is of a model of your own"):
        packet(run, "v2")
    with pytest.raises(InputError, match="nobody else has it"):
        packet(run, replace(code, make=None))
    with pytest.raises(InputError, match="cannot be written as a file of their own"):
        packet(run, replace(one, own=replace(one.own, text="")))
