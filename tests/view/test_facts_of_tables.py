"""Tables and dots that say what was counted: mails, series, trailers, diffs, entries of the PAMT, nodes and costs."""

from types import SimpleNamespace

import pytest

from tdxkit.review.clinic import practice_mbox
from tdxkit.review.evidence import read_evidence
from tdxkit.seam.module import Module
from tdxkit.seam.pamt import EPT, FREE, L1G, L2M, NDA, PT_PAMT, REG, RSVD, TDR, Entry
from tdxkit.seam.pamt_state import Bit, Spot, state_of
from tdxkit.seam.runs import RUNS
from tdxkit.units import GIB
from tdxkit.view import mail_charts, pamt_picture, patch_graph
from tdxkit.view.evidence_view import evidence_views
from tdxkit.view.mail_charts import between, entries, notes_table, series_table, signs, trailers_table, weights
from tdxkit.view.sizes_board import SizesBoard

MAILS = read_evidence(practice_mbox())


def test_an_entry_has_its_number_its_lines_and_what_is_missing():
    made = entries(MAILS.posts)
    assert made.title == "Entries" and [row[:3] for row in made.rows[:5]] == [
        ("cover", "v1", "0/3"), ("patch", "v1", "2/3"), ("patch", "v1", "1/3"), ("patch", "v1", "3/3"), ("cover", "v2", "0/4"),
    ]  # fmt: skip
    assert made.rows[1][3:] == (
        "region: add a helper that says whether a region is in use",
        "Reviewer One",
        "+6 −0",
        "",
    )
    assert made.rows[-2:] == (
        ("cover", "v1", "alone", "region: fixes für 6.15", "Reviewer, Three", "+4 −1", "no diff: a pull request names a branch instead"),
        ("patch", "v1", "alone", "region: one » too many", "Reviewer Four", "+1 −1", "no diffstat"),
    )  # fmt: skip
    bare = SimpleNamespace(
        subject=MAILS.posts[0].subject, stat=None, author=SimpleNamespace(name="", email="a@b"), missing=lambda: ["this", "that"]
    )  # fmt: skip
    assert entries((bare,)).rows[0][4:] == ("a@b", "—", "this; that")


def test_a_series_has_what_is_at_hand_and_a_gap_is_lit():
    made = series_table(MAILS.series)
    for k, (one, row) in enumerate(zip(MAILS.series, made.rows, strict=True)):
        assert row[:2] == (one.title, one.label) and row[3:5] == (
            "pull request" if one.total is None else one.total,
            "yes" if one.cover else "no",
        )
        assert (k in made.marked) == bool(one.gaps()) == bool(row[6]) and row[6] == "; ".join(one.gaps())


@pytest.mark.parametrize("count, title", [(200, "T"), (201, "T: the first 200 of 201")])
def test_a_table_shows_two_hundred_rows_and_says_where_there_are_more(count, title):
    for made in (entries(MAILS.posts[:1] * count, "T"), series_table(MAILS.series[:1] * count, "T")):
        assert made.title == title and len(made.rows) == 200
    trailer = SimpleNamespace(key="Acked-by", value="A <a@b>")
    post = SimpleNamespace(subject=SimpleNamespace(title="s"), message=SimpleNamespace(trailers=[trailer] * count))
    made = trailers_table((post,), "T")
    assert made.title == title and len(made.rows) == 200 and made.rows[0][:3] == ("s", "Acked-by", "A <a@b>")
    assert len(notes_table(MAILS.notes).rows) == min(len(MAILS.notes), 200) or notes_table(MAILS.notes).title


@pytest.mark.parametrize(
    "added, removed, said, way",
    [
        ((3, 3), (0, 0), "+3", "+"),
        ((0, 0), (2, 2), "−2", "-"),
        ((3, 3), (2, 2), "+3 −2", "both"),
        ((1, 4), (0, 3), "+1…4 −0…3", "both"),
        ((0, 0), (0, 0), "no lines", "+"),
    ],
)
def test_what_a_file_gains_and_loses_is_said_with_signs(added, removed, said, way):
    one = SimpleNamespace(added=added, removed=removed, binary=False)
    assert signs(one) == said and mail_charts._way(one) == way
    assert signs(SimpleNamespace(added=(0, 0), removed=(0, 0), binary=True)) == "binary"
    assert between((2, 2), "+") == "+2" and between((1, 2)) == "1…2"


def stat(count, length=5):
    files = [
        SimpleNamespace(path=f"{'d' * length}{k:03}", changes=k + 1, added=(k + 1, k + 1), removed=(0, 0), binary=False)
        for k in range(count)
    ]
    return SimpleNamespace(files=files, files_changed=count, insertions=7, deletions=8)


@pytest.mark.parametrize("count, more", [(40, ""), (41, "; the 40 largest")])
def test_forty_bars_are_drawn_the_largest_first(count, more):
    chart = weights(stat(count), "T")
    assert (
        chart.title == f"T: {count} files, +7 −8{more}"
        and len(chart.traces[0]["y"]) == 40
        and chart.traces[0]["x"][0] == count
    )
    assert len(chart.rows) == count and chart.layout["height"] == 150 + 28 * 40 and chart.layout["margin"] == {"r": 150}
    assert (
        chart.traces[0]["orientation"] == "h"
        and chart.traces[0]["cliponaxis"] is False
        and chart.header == ("file", "changed", "added", "removed")
    )


@pytest.mark.parametrize("length, seen", [(41, "d" * 41 + "000"), (42, "…" + "d" * 40 + "000")])
def test_a_long_path_is_shown_by_its_end_and_a_long_name_by_its_beginning(length, seen):
    assert weights(stat(1, length)).traces[0]["y"] == [seen]
    assert mail_charts._cut("n" * 44) == "n" * 44 and mail_charts._cut("n" * 45) == "n" * 43 + "…"


@pytest.mark.parametrize(
    "lines, dot",
    [("", "●"), ("+1", "·"), ("+5 −4", "·"), ("+5 −5", "•"), ("+49", "•"), ("+50", "●"), ("moved to x", "→")],
)
def test_a_dot_is_as_large_as_the_change(lines, dot):
    assert patch_graph._size(lines) == dot


def test_a_matrix_explains_its_dots_and_knows_folders():
    graph = patch_graph.patch_graph(
        {1: "one", 2: "two", 3: "three"}, {1: {"a/b/c.h": "+1", "x.c": "+10"}, 2: {"a/b/c.h": "+50"}}
    )
    assert graph.nodes[("file", "a/b/c.h")]["folder"] == "a/b" and graph.nodes[("file", "x.c")]["folder"] == ""
    grid = patch_graph.patch_matrix(graph, "T")
    assert [(sign, words) for sign, _, words in grid.legend] == [
        ("·", "1 to 9 lines"),
        ("•", "10 to 49 lines"),
        ("●", "50 lines and more"),
    ]
    assert [head.whole for head in grid.rows] == ["1 one", "2 two", "3 three"] and grid.rows[2].note == "no files known"
    assert grid.cells[0, 1].said == "1 one: a/b/c.h +1; also touched by patch 2" and grid.cells[0, 0].said.endswith(
        "x.c +10; no other patch touches it"
    )
    assert grid.title == "T" and str(grid).splitlines()[1:] == [
        "   1  one: a/b/c.h +1, x.c +10",
        "   2  two: a/b/c.h +50",
        "   3  three: no files known",
        "      x.c: 1",
        "      a/b/c.h: 1–2",
    ]


@pytest.mark.parametrize("letters, cut", [(70, False), (71, True)])
def test_a_patch_s_title_is_cut_after_72_letters(letters, cut):
    (row,) = patch_graph.patch_matrix(patch_graph.patch_graph({1: "t" * letters}, {1: ["a"]})).rows
    assert row.name == (f"1 {'t' * 69}…" if cut else f"1 {'t' * letters}") and row.whole == f"1 {'t' * letters}"


def test_evidence_is_shown_from_the_overview_to_the_notes():
    views = evidence_views(MAILS)
    titles = [getattr(view, "title", None) for view in views]
    box = MAILS.mailbox
    assert (
        titles[0]
        == f"{box.mails} mails: {len(MAILS.posts)} post something, {box.replies} answer, {box.others} do neither"
    )
    assert titles[-1].startswith("What was left out or guessed") and "The lines at the foot of the patches" in str(
        titles
    )
    assert sum(str(title).endswith((", version 1", ", version 2", ", version 3")) for title in titles) == min(
        3, sum(bool(one.touched) for one in MAILS.series)
    )


@pytest.mark.parametrize(
    "kind, role", [(NDA, "free"), (RSVD, "free"), (PT_PAMT, "pair"), (REG, "used"), (TDR, "used"), (EPT, "used")]
)
def test_a_page_s_role_is_what_it_is_used_for(kind, role):
    assert pamt_picture._role(FREE._replace(type=kind) if hasattr(FREE, "_replace") else Entry(kind)) == role


def test_a_place_leads_down_to_where_the_memory_is_split():
    module = Module([(0, 2 * GIB)])

    def names(*spots):
        return [data["title"] for _, data in pamt_picture.pamt_graph(state_of(module.m, spots), spots).nodes(data=True)]

    assert names(Spot(0, level=L1G)) == ["1G entry"] and names(Spot(0, level=L2M)) == [
        "1G entry",
        "2M entry",
        "pair page 0",
        "pair page 1",
    ]
    assert names(Spot(0x1000)) == ["1G entry", "2M entry", "4K entry"]
    assert module.call("TDH.PHYMEM.PAMT.ADD", rcx=L2M, rdx=GIB, r8=GIB + 0x1000).ok
    assert (
        names(Spot(0x1000)) == ["1G entry", "2M entry", "pair page 0", "4K entry"]
        and names(Spot(0x100000))[2] == "pair page 1"
    )
    pages = pamt_picture.pamt_graph(state_of(module.m, [Spot(0x1000), Spot(GIB)]), [Spot(0x1000), Spot(GIB)])
    roles = {
        (data["title"], data["at"]): (data["role"], data["content"], data["absent"], data["layer"])
        for _, data in pages.nodes(data=True)
    }
    assert roles["4K entry", 0x1000] == ("free", "NDA", False, 3) and roles["pair page 0", None] == (
        "pair",
        f"at {GIB:#x}",
        False,
        2,
    )
    assert roles["4K entry", GIB] == ("pair", "a pair's page, no entry", True, 2) and roles["2M entry", 0] == (
        "pair",
        "PT_PAMT, 0 in use",
        False,
        1,
    )


def test_an_entry_keeps_its_label_whoever_asks_for_it_next():
    m = Module([(0, 2 * GIB)]).m
    spots = [Spot(0, "region", L2M), Spot(0x1000, "page")]
    graph = pamt_picture.pamt_graph(state_of(m, spots), spots)
    assert [data["label"] for _, data in graph.nodes(data=True) if data["title"] in ("2M entry", "4K entry")] == [
        "region",
        "page",
    ]


def test_pages_whose_bits_are_watched_stand_under_the_pair_once_it_is_there():
    run = RUNS["pamt-add"]()
    for state in (run.state(0), run.state(len(run))):
        graph = pamt_picture.region_graph(state)
        bits = [value for value in state.values() if isinstance(value, Bit)]
        made = {node[1]: data for node, data in graph.nodes(data=True) if node[0] == "bit"}
        there = state["pair page 0"] is not None
        assert list(made) == [bit.page for bit in bits]
        for k, bit in enumerate(bits):
            data = made[bit.page]
            assert (data["role"], data["absent"], data["layer"], data["content"]) == (
                "pair" if bit.bit else "free",
                not there,
                3,
                f"bitmap bit {bit.bit}",
            )
            assert list(graph.predecessors(("bit", bit.page))) == [("pair", 0, min(k, 1))]


@pytest.mark.parametrize(
    "entry, word, said",
    [
        (16, "a pair", "8,192 bytes of 8,192: 100% filled"),
        (8, "half a pair", "4,096 bytes of 4,096: 100% filled"),
        (24, "no pair", "12,288 bytes of 12,288: 100% filled"),
        (17, "no pair", "8,704 bytes of 12,288: 71% filled"),
    ],
)
def test_a_region_s_entries_fill_whole_pages(entry, word, said):
    bar = str(SizesBoard(entry=entry).bar())
    assert (
        f" {word}: 512 entries of {entry} bytes take " in bar
        and said in bar
        and ("the second of a pair stays empty" in bar) == (entry == 8)
    )


def test_the_largest_entry_is_found_with_nothing_else_tried():
    board = SizesBoard(entry=16)
    assert not board.found
    board.entry.value = 17
    assert board.found.startswith("16 bytes: ")
