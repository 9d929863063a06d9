"""Which entries of the PAMT are drawn where there is no pair to draw, what a machine costs that is no whole GiB, and contexts and patches in rows."""

from types import SimpleNamespace

import pytest

from tdxkit.linux.refcount.posted import versions
from tdxkit.review.patches import TOTAL, prefix
from tdxkit.seam.module import Module
from tdxkit.seam.pamt import L1G, L2M, REG, Entry
from tdxkit.seam.pamt_state import Spot, key, state_of
from tdxkit.seam.runs import RUNS
from tdxkit.units import GIB
from tdxkit.view import series_tables
from tdxkit.view.pamt_cost import my_machine, saved_chart
from tdxkit.view.pamt_picture import pamt_graph, picture_of, region_graph, tree
from tdxkit.view.series_tables import contexts_table, dry_table, prefix_table


@pytest.fixture(scope="module")
def module():
    """A module in which two regions have a pair; the pages of the first one's lie in the second region."""
    made = Module([(0, 4 * GIB)])
    for region, page in ((GIB, 3 * GIB), (0, GIB)):
        assert made.call("TDH.PHYMEM.PAMT.ADD", rcx=region | L2M, rdx=page, r8=page + 0x1000).ok
    return made


def drawn(state, *spots):
    return {(data["title"], data["at"]): data for _, data in pamt_graph(state, spots).nodes(data=True)}


def test_a_pair_s_page_in_a_region_with_a_pair_has_its_entry_and_its_bit(module):
    spots = Spot(GIB, "mine"), Spot(GIB + 0x2000)
    found = drawn(state_of(module.m, spots), *spots)
    page, other = found["4K entry", GIB], found["4K entry", GIB + 0x2000]
    assert (page["content"], page["role"], page["absent"], page["label"]) == (
        "a pair's page (bit 1)",
        "pair",
        False,
        "mine",
    )
    assert (other["content"], other["role"], other["label"]) == ("NDA", "free", "") and str(page["lock"]) == "free"
    assert found["pair page 0", None]["content"] == f"at {3 * GIB:#x}" and ("pair page 1", None) not in found


def test_a_pair_s_page_in_a_region_without_one_has_a_bit_and_no_lock(module):
    spots = (Spot(3 * GIB), Spot(3 * GIB + 0x5000))
    found = drawn(state_of(module.m, spots), *spots)
    page, other = found["4K entry", 3 * GIB], found["4K entry", 3 * GIB + 0x5000]
    assert (page["content"], page["role"], page["lock"], page["layer"]) == ("a pair's page, no entry", "pair", None, 2)
    assert (other["content"], other["role"], other["lock"], other["layer"]) == ("no pair, no entry", "free", None, 2)


def test_below_a_page_of_1g_nothing_is_drawn_and_below_one_of_2m_no_pair(module):
    spots = (Spot(2 * GIB, level=L2M),)
    state = state_of(module.m, spots)
    assert [title for title, _ in drawn(state, *spots)] == ["1G entry", "2M entry", "pair page 0", "pair page 1"]
    assert drawn(state, *spots)["pair page 1", None]["content"] == "not there"
    large = {**state, key("2M entry", 2 * GIB): Entry(REG)}
    assert [title for title, _ in drawn(large, *spots)] == ["1G entry", "2M entry"]
    assert [title for title, _ in drawn({**state, key("1G entry", 2 * GIB): Entry(REG)}, *spots)] == ["1G entry"]


def test_each_entry_has_its_address_its_layer_and_the_label_of_its_level(module):
    spots = Spot(0x1000, "page"), Spot(0, "region", L2M), Spot(0, "block", L1G)
    found = drawn(state_of(module.m, spots), *spots)
    assert {(title, at, data["layer"], data["label"]) for (title, at), data in found.items()} == {
        ("1G entry", 0, 0, "block"), ("2M entry", 0, 1, "region"), ("pair page 0", None, 2, ""), ("pair page 1", None, 2, ""), ("4K entry", 0x1000, 3, "page"),
    }  # fmt: skip


def test_the_one_region_of_a_run_has_no_addresses_and_its_page_its_own():
    state = RUNS["same-page"]().state(0)
    found = {data["title"]: data for _, data in region_graph(state, 0x7000).nodes(data=True)}
    assert found["1G entry"]["at"] is None is found["2M entry"]["at"] and found["0x7000"]["layer"] == 3
    assert found["0x7000"]["role"] != "pair", "of which no bit is recorded"


def test_what_is_drawn_the_same_is_drawn_once_and_a_title_stands_above(module):
    picture, state = picture_of(), RUNS["pamt-add"]().state(0)
    assert picture(state) is picture(dict(state)) and picture_of()(state) == picture(state)
    made = tree(module.m, [Spot(0, level=L1G)], "A title")
    assert made.text.splitlines()[0] == "A title" and ">A title</text>" in made.svg
    assert tree(module.m, [Spot(0, level=L1G)]).text.startswith("1G entry 0x0")


@pytest.mark.parametrize("size, title", [("1M", "1 GiB"), ("1500M", "1 GiB"), ("2047M", "1 GiB"), ("2G", "2 GiB")])
def test_a_machine_has_whole_gibs_and_one_at_the_least(size, title):
    assert my_machine(size).title.startswith(f"{title} of memory, ")
    assert [trace["name"] for trace in saved_chart(size).traces] == [title]


def test_guests_are_as_large_as_they_are_said_to_be_and_none_larger_than_all():
    assert my_machine("64G", "4G", "1G").title == "64 GiB of memory, 4 GiB for guests of 1 GiB"
    assert my_machine("64G", "4G", "8G").title == "64 GiB of memory, 4 GiB for guests of 4 GiB"
    assert my_machine("64G", each="2G").title == "64 GiB of memory, 48 GiB for guests of 2 GiB"


class Context(SimpleNamespace):
    """One that can be a key."""

    __hash__ = object.__hash__


def test_a_context_has_its_locks_whether_it_may_sleep_and_how_often_each_thing_was_done():
    a = Context(name="a", what="at a", locks=(), may_sleep=True)
    b = Context(name="b", what="at b", locks=("x", "y"), may_sleep=False)
    work = {
        a: {"tdx_pamt_get": 2, "alloc": 3},
        b: {"TDH.PHYMEM.PAMT.ADD": 1, "tdx_pamt_put": 4, "TDH.PHYMEM.PAMT.REMOVE": 5},
    }
    made = contexts_table(SimpleNamespace(work=work))
    assert made.rows == (("a", "at a", "none", "yes", 5, 2, 0, 0, 0), ("b", "at b", "x, y", "no", 10, 0, 4, 1, 5))


def test_a_patch_that_changes_the_life_alone_has_a_row_of_its_own(monkeypatch):
    at = {prefix(n): n for n in range(TOTAL + 1)}

    def live(version, patches):
        n = at[patches]
        return SimpleNamespace(peak_kb=8 * (n >= 3), result="r" if n != 3 else "odd", seamcalls=7)

    monkeypatch.setattr(series_tables, "live", live)
    assert prefix_table().rows == (
        ("0 to 2", "static", "r", 7, 0),
        (3, "dynamic", "odd", 7, 8),
        ("4 to 12", "dynamic", "r", 7, 8),
    )


@pytest.mark.parametrize(
    "loop, stopped, ends", [("round", "-E", "round"), ("", "-E", "-E"), ("", "", "the TD lives to its end")]
)
def test_how_a_life_without_pools_ends(loop, stopped, ends, monkeypatch):
    asked = []
    life = SimpleNamespace(warnings=("w", "x", "w"), loop=loop, stopped=stopped)
    monkeypatch.setattr(series_tables, "live", lambda version, pool_pages: asked.append(pool_pages) or life)
    assert {row[1:] for row in dry_table().rows} == {("w; then x", ends)}
    assert asked == [0] * len(versions())
