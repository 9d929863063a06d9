"""What a page of the book keeps of a notebook that was run."""

import copy
import json

from tools.book import PLOTLY, WIDGET, kept


def output(kind="display_data", **data):
    return {"output_type": kind, "metadata": {}, "data": data}


CHART = {"data": [{"y": [1]}], "layout": {"title": "</script>"}, "config": {}}
NOTEBOOK = {
    "metadata": {"widgets": {"state": {}}, "language_info": {"name": "python"}},
    "cells": [
        {"cell_type": "markdown", "id": "title", "metadata": {}, "source": "# 00 · T"},
        {
            "cell_type": "code", "id": "run", "metadata": {}, "source": "x", "execution_count": 1,
            "outputs": [
                output(**{"text/html": "<b>still</b>", "text/plain": "still"}),
                output(**{WIDGET: {"model_id": "1"}, "text/plain": ""}),
                output(**{PLOTLY: CHART}),
                output(**{PLOTLY: CHART}),
                {"output_type": "stream", "name": "stdout", "text": "said"},
                {"output_type": "error", "ename": "Unanswered", "evalue": "", "traceback": []},
            ],
        },
    ],
}  # fmt: skip


def page():
    return kept(copy.deepcopy(NOTEBOOK))


def test_what_only_a_kernel_could_drive_is_left_out():
    (cell,) = [one for one in page()["cells"] if one["cell_type"] == "code"]
    assert [one["output_type"] for one in cell["outputs"]] == ["display_data"] * 3 + ["stream"]
    assert WIDGET not in json.dumps(page()) and "widgets" not in page()["metadata"]


def test_a_board_says_where_it_lives():
    board = copy.deepcopy(NOTEBOOK)
    still = output(**{"text/html": '<div class="tdx tdx-beside">still</div>'})
    board["cells"][1]["outputs"] = [still, output(**{WIDGET: {"model_id": "1"}}), output(**{WIDGET: {"model_id": "2"}})]
    (cell,) = [one for one in kept(board)["cells"] if one["cell_type"] == "code"]
    assert (
        len(cell["outputs"]) == 2
        and "cell <code>run</code> of this notebook" in cell["outputs"][1]["data"]["text/html"]
    )
    assert "tdx-lives" not in json.dumps(page()), "what only listens is no board"


def test_a_chart_is_drawn_by_a_script_beside_the_page_which_comes_once():
    (cell,) = [one for one in page()["cells"] if one["cell_type"] == "code"]
    first, second = (one["data"]["text/html"] for one in cell["outputs"][1:3])
    assert first.count('src="_static/plotly.min.js"') == 1 and "plotly.min.js" not in second
    for one in (first, second):
        spec = one.partition('<script type="application/json">')[2].partition("</script>")[0]
        assert json.loads(spec) == CHART, "a title cannot end the script"


def test_a_page_without_a_chart_asks_for_no_script():
    plain = copy.deepcopy(NOTEBOOK)
    plain["cells"][1]["outputs"] = plain["cells"][1]["outputs"][:1]
    assert "plotly" not in json.dumps(kept(plain))


def test_links_to_a_cell_find_it():
    cells = page()["cells"]
    assert [one["id"] for one in cells] == ["to-title", "title", "to-run", "run"]
    assert cells[2]["source"] == '<div id="cell-id=run"></div>'
