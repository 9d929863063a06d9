"""What a search found, in a bar; how a scenario can end, in a table."""

import pytest

from tdxkit.explore import explore, outcomes
from tdxkit.linux.refcount import scenario
from tdxkit.view import verdict_of
from tdxkit.view.race_ends import ends_table


@pytest.mark.parametrize(
    "name, head", [("v2", "✗ violation: REMOVE found no pair"), ("v6", "✓ ok: "), ("per-region", "⊘ deadlock: ")]
)
def test_the_verdict_comes_first_and_nothing_is_left_out(name, head):
    result = explore(scenario(name))
    shown = verdict_of(result)
    assert str(shown).startswith(head) and str(shown).endswith(str(result))
    assert f"<b>{head.partition(':')[0]}</b>" in shown.html() and (
        not result.schedule or result.schedule in shown.bar.note
    )


def test_a_search_that_was_cut_short_says_so():
    shown = verdict_of(explore(scenario("v2"), bound=20))
    assert str(shown).startswith("… bounded: nothing found") and "and there are more" in shown.bar.note


def test_each_end_has_its_interleavings_and_what_broke():
    found = outcomes(scenario("v2"))
    rows = ends_table(found).rows
    assert [row[3] for row in rows] == [36_912, 28_152] and [row[2][0] for row in rows] == ["✓", "✗"]
    assert rows[1][2] == "✗ REMOVE found no pair; ✗ at the end a refcount had no pair"
