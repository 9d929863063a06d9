"""Counters version by version, ranges up to the last page, races and their mends in tables, a rung's picture, and the page for the table."""

import re
from types import SimpleNamespace

import pytest

import tdxkit.c
from tdxkit.c.kernel import MODULES
from tdxkit.card import card_of
from tdxkit.errors import InputError
from tdxkit.linux.refcount.counters import VERSIONS, build
from tdxkit.linux.refcount.memory_map import memory_map, place
from tdxkit.rules import verdicts
from tdxkit.seam.pamt import L2M, REG, Entry
from tdxkit.seam.runs import RUNS
from tdxkit.units import human
from tdxkit.view import handout as page
from tdxkit.view import ladder_board, race_tables
from tdxkit.view.counter_board import LAYOUTS, CounterBoard
from tdxkit.view.counter_picture import counter_picture
from tdxkit.view.handout import handout
from tdxkit.view.pamt_picture import region_graph
from tdxkit.view.race_tables import endings_table, mends_table, reach_table
from tdxkit.view.range_board import RangeBoard, calls_in
from tdxkit.view.region_picture import region


@pytest.fixture(scope="module")
def counters():
    return CounterBoard("0-2G")


@pytest.mark.parametrize("text", ["0-2G+4K, 4G-64G", "0-3G+4K", "0-62G+4K", "2G-2G+4K", "0-2G"])
@pytest.mark.parametrize("dynamic", [True, False])
def test_every_version_says_what_goes_wrong_with_it_on_a_map(text, dynamic, counters):
    counters.memory = memory_map(text)
    counters.arrays = {v: build(v, counters.memory, dynamic_pamt=dynamic) for v in VERSIONS}
    made = counters._table()
    for (version, array), row in zip(counters.arrays.items(), made.rows, strict=True):
        holes = () if array.failed else array.holes(counters.memory)
        wrong = "✗ not all is freed" if array.leaked else "nothing"
        if array.failed:
            wrong = f"✗ {array.failed}" if not array.leaked else "✗ not all is freed"
        if holes:
            wrong = f"✗ {place(holes[0].start)}: {array.lookup(holes[0].start)}"
        sizes = (human(array.length), human(array.bytes), human(array.leaked))
        assert row == (f"{version}, {LAYOUTS[version]}", *sizes, wrong)
    assert made.marked == {VERSIONS.index(counters.version.value)} and made.lit == "drawn above"


def test_the_words_of_a_picture_say_that_set_up_fails_or_which_memory_has_no_counter():
    memory = memory_map("2G-2G+4K")
    array = build("v3", memory)
    words = counter_picture(memory, array).text.splitlines()
    assert array.failed and f"✗ {array.failed}" in words and not [row for row in words if "no counter" in row]
    assert not [row for row in words if "memory behind them" in row or "stay behind" in row]
    memory = memory_map("0-2G+4K, 4G-62G+4K")
    told = counter_picture(memory, build("v2", memory)).text
    assert "✗ no counter for 2 GiB … 0x80001000, " in told, "all of them"


LAST = 0xFFFFFFFFFFFFF


def test_the_last_page_is_the_last_that_an_address_of_64_bits_names():
    assert calls_in(f"{LAST - 1:#x}-{LAST:#x} SHARED") == ((LAST - 1, LAST, 0),)
    with pytest.raises(
        InputError, match=f"page after the range {LAST + 1:#x}: a page has a number from 0 to {LAST:#x}"
    ):
        calls_in(f"{LAST:#x}-{LAST + 1:#x}")
    assert calls_in("4_094-4,098") == ((4094, 4098, 8),)


@pytest.mark.parametrize(
    "typed, said",
    [
        ("5-6 s1", "range 5-6 s1: it is FIRST-END and private or shared, END not in it"), ("5 private", "range 5 private: it is FIRST-END"),
        ("5-x6", "page after the range x6: a page has a number"), ("5-6 s1-2", "range 5-6 s1-2: it is FIRST-END"), ("5- 6z", "page after the range 6z: a page has a number"),
        ("1-66", "pages 1 to 66: a range here has 1 to 64 pages; give the end after the start"), ("", "0 ranges: here are 1 to 4, with ; between them"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_range_is_said_of_the_part_that_is_wrong(typed, said):
    with pytest.raises(InputError) as caught:
        calls_in(typed)
    assert str(caught.value).startswith(said)


def test_the_stepper_of_a_range_stands_at_its_first_reserve_and_else_at_the_beginning():
    board = RangeBoard("5-6")
    (stepper,) = board.shown.children
    first = next(k for k, step in enumerate(board.run.steps, 1) if step.does == "xa_reserve")
    assert (
        stepper.position == first
        and f"the first reserve: {board.run.steps[first - 1].sentence}; at the end" in board.words
    )
    assert "1 call, 1 page" in str(board.run)
    board.text.value = "5-6 shared"
    assert board.shown.children[0].position == 0 and "nothing was reserved" in board.words


def test_what_is_read_and_what_is_left_out_are_the_card_s_and_the_tables_own():
    rows = reach_table().rows
    heads = [row[0] for row in rows]
    card, left = card_of(tdxkit.c), heads.index("left out")
    parts = card.left_out[-1].split("; ")
    assert heads[:4] == ["read", "known", "not known", "size"] and heads.count("left out") == 1
    assert [row[1] for row in rows[left : left + len(parts)]] == parts and set(heads[left + 1 : left + len(parts)]) <= {
        ""
    }
    assert heads[left + len(parts) :] == [*verdicts(), "your text"]
    assert rows[0][1] == re.sub(r" \[[\w-]+\]", "", card.modelled[0]).split(";")[0]
    count = {module.__name__.split(".")[-1]: len(list(module.functions())) for module in MODULES}
    for kind, words in race_tables.KINDS.items():
        assert f"{count[kind]} for {words}" in rows[1][1]


def found(defect, steps, races):
    return SimpleNamespace(property=defect, steps=steps, races=("race",) * races, verdict="ok")


def test_each_mend_has_its_end_on_each_memory_and_how_many_data_races_the_last_tells(monkeypatch):
    ends = {"sc": found(None, 0, 1), "tso": found("a rule", 1, 2)}
    races = [SimpleNamespace(mend=mend, idea=f"idea {mend}", scenario=lambda memory: memory) for mend in ("", "fence")]
    monkeypatch.setattr(race_tables, "versions", lambda name: races)
    monkeypatch.setattr(race_tables, "explore", ends.__getitem__)
    monkeypatch.setattr(race_tables, "result", lambda rule: f"broken: {rule}")
    both = mends_table("two-flags", "sc", "tso")
    assert both.rows == (
        ("as found", "idea ", "ok", "broken: a rule, 1 step", 2), ("fence", "idea fence", "ok", "broken: a rule, 1 step", 2),
    )  # fmt: skip
    assert both.header[2:] == ("where a store is seen at once", "on x86-TSO", "data races told") and both.broken == {
        0,
        1,
    }
    one = mends_table("two-flags")
    assert one.header == ("text", "what it does", "the model finds", "data races told") and not one.broken
    assert [row[2:] for row in one.rows] == [("ok", 1)] * 2 and one.title == "two-flags, 2 CPUs"


def test_the_shortest_of_the_ends_comes_first(monkeypatch):
    monkeypatch.setattr(race_tables, "parse", lambda code: SimpleNamespace(steps=[(0, 0)] * int(code)))
    monkeypatch.setattr(race_tables, "told", lambda rule: rule)
    monkeypatch.setattr(race_tables, "switches", lambda steps: len(steps) + 1)
    made = endings_table(SimpleNamespace(broken={"a": "9", "b": "3", "c": "5"}, scenario="s"))
    assert made.rows == (("b", 3, 4, "3"), ("c", 5, 6, "5"), ("a", 9, 10, "9"))


def test_a_text_that_is_refused_is_read_for_two_cpus_with_its_row_where_it_has_one(monkeypatch):
    asked = []
    monkeypatch.setattr(race_tables, "scenario_of", lambda text, threads, run: asked.append((text, threads, [*run])))
    monkeypatch.setattr(race_tables, "explore", lambda one: one)
    for row in ({"text": "\n\nint a;", "what": "w"}, {"text": "int a;", "what": "w", "run": "f();"}):
        race_tables._refusal(row)
    assert asked == [("\nint a;", 2, []), ("int a;", 2, ["f();"])]


@pytest.mark.parametrize("counts, picture", [((0,), region), ((0, 0), None), (None, None)])
def test_a_rung_of_one_region_has_its_picture(counts, picture, monkeypatch):
    walked = []
    monkeypatch.setattr(ladder_board, "walk_of", lambda *given: walked.append(given) or {"title": "T", "subtitle": "S"})
    monkeypatch.setattr(ladder_board, "best", lambda name: ladder_board.Score(1, 2))
    shared = {"refcount": counts} if counts else {}
    rung = SimpleNamespace(
        id="i", title="t", scenario=SimpleNamespace(shared=shared), goal="g", text="x", asks=("a",), after="z", begin=((0, 0),)
    )  # fmt: skip
    sent = ladder_board._game(rung)
    assert walked == [(rung.scenario, "g", "x", picture, ((0, 0),))]
    assert sent["top"]["subtitle"] == "T; S. Best: 1 step, or 2 switches." and sent["top"]["title"] == "t"
    assert sent["top"]["views"][0]["game"]["begin"] == 1


def test_a_page_for_the_table_has_the_words_at_its_left_and_everything_else_at_its_right(monkeypatch):
    monkeypatch.setattr(page, "replay", lambda one, code: replayed.append((one.name, code)))
    replayed, code = [], "v2:2x1:37b4 A10"
    text = handout((code, "what it <shows>"))
    assert [name for name, _ in replayed] == ["v2"]
    heads = re.findall(r"<h2>(.*?)</h2>", text)
    assert heads[0] == "Words" and len(heads) == 6 and heads[-1] == "Codes of the day"
    assert re.search(r'<div class="cols"><div><section><h2>Words.*?</section></div><div><section><h2>Rules', text, re.S)
    assert f"<li><code>{code}</code> what it &lt;shows&gt;</li></ol>" in text
    assert text.count('<dl class="words">') == text.count('<dl class="words wide">') == 1 and text.count("<dl>") == 3
    with pytest.raises(InputError, match="it says what it shows"):
        handout((code, " "))


def test_bits_of_a_large_page_hang_at_its_entry_while_the_pair_is_yet_to_come():
    state = RUNS["pamt-add"]().state(0)
    assert {node for node in region_graph(state) if node[0] == "pair"} == {("pair", 0, 0), ("pair", 0, 1)}
    graph = region_graph({**state, "2M entry": Entry(REG)})
    bits = [node for node in graph if node[0] == "bit"]
    assert bits and all(list(graph.predecessors(bit)) == [(L2M, 0)] for bit in bits)
