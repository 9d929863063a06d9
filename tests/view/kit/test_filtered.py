"""A table with a filter: all rows are there without its script, and what the script is given is data."""

import json
import re

import pytest

from tdxkit.cli import main
from tdxkit.review.bugs import bugs
from tdxkit.view.bugs_view import SEE, VERSIONS, bugs_table
from tdxkit.view.kit.filtered import filtered
from tdxkit.view.kit.tables import table


def given(html):
    return json.loads(re.search(r'<script type="application/json">(.*?)</script>', html)[1])


def test_without_its_script_it_is_the_table():
    made = table(("a",), [("one",), ("</script><b>",)])
    shown = filtered(made, "kind", {"</script>": [1]})
    assert (
        str(shown) == str(made)
        and "&lt;/script&gt;&lt;b&gt;" in shown.html()
        and 'class="tdx-sieve"></div>' in shown.html()
    )
    assert (
        given(shown.html()) == {"label": "kind", "choices": [["</script>", [1]]]}
        and shown.html().count("</script>") == 2
    )


@pytest.mark.slow
def test_each_bug_is_in_a_row_and_under_its_versions():
    shown = bugs_table()
    ids = [row[0] for row in shown.table.rows]
    assert ids == [bug.id for bug in bugs()] and all(shown.table.header)
    under = {name: {ids[k] for k in rows} for name, rows in shown.choices}
    assert set().union(*under.values()) == set(ids) and tuple(under) == VERSIONS
    assert {name for name in under if "B1" in under[name]} == {"v1", "v2", "v3", "v4", "v5"}
    assert {name for name in under if "B31" in under[name]} == {"v6", "after-v6"}
    assert {name for name in under if "B27" in under[name]} == {*VERSIONS} - {"lazy"} and under["lazy"] == {"B33"}
    assert set(SEE) < set(ids) and all((row[4] == "–") == row[3].startswith("not shown") for row in shown.table.rows)


@pytest.mark.slow
@pytest.mark.parametrize("bug", SEE)
def test_what_is_said_to_show_a_bug_runs(bug, capsys):
    assert main(SEE[bug].split()) == 0 and capsys.readouterr().out
