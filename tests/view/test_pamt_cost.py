"""The cost chart and the table of one machine say what the model computes."""

import pytest

from tdxkit.errors import InputError
from tdxkit.seam.sizes import usage
from tdxkit.units import GIB, TIB, human
from tdxkit.view import pamt_cost
from tdxkit.view.pamt_cost import FULL, GUESTS, _more, cost_chart, my_machine, quoted, saved_chart


def test_the_cost_is_the_models_and_its_table_says_what_is_saved():
    chart = cost_chart("256G")
    static, by_4k, by_2m = (trace["y"] for trace in chart.traces)
    for i, (percent, row) in enumerate(zip(GUESTS, chart.rows)):
        guests = 256 * GIB * percent // 100 // GIB * GIB
        full, large = usage(256 * GIB, guests, "4K"), usage(256 * GIB, guests, "2M")
        assert (static[i] * GIB, by_4k[i] * GIB, by_2m[i] * GIB) == (full.static, full.dynamic, large.dynamic)
        assert row[4] == f"{'−' if full.saved > 0 else '+'}{human(abs(full.saved))}"
    assert chart.rows[-1][1:3] == ("1.0 GiB", "1.0 GiB") and chart.rows[-1][4] == "+10.0 MiB", (
        "what two equal figures hide"
    )
    assert chart.traces[1]["text"][-1] == "by 4K: +10.0 MiB" and "by 4K: +10.0 MiB" in chart.static()


def test_at_the_right_edge_dynamic_pamt_costs_more_on_every_machine():
    chart = saved_chart()
    assert [trace["name"] for trace in chart.traces] == ["256 GiB", "1 TiB", "12 TiB"]
    for trace, memory in zip(chart.traces, (256 * GIB, TIB, 12 * TIB)):
        *before, last = trace["y"]
        assert min(before) > 0 > last and before == sorted(before, reverse=True)
        full = usage(memory, memory, "4K")
        assert last == round(100 * full.saved / full.static, 2) == -0.98
    assert chart.rows[-1] == ("100 %", *(f"-0.98 % (+{more})" for more in ("10.0 MiB", "40.0 MiB", "480.2 MiB")))


def test_the_quoted_figures_come_out_of_the_entry_sizes():
    assert [row[1] for row in quoted().rows] == ["0.3914%", "0.0038%", "0.3906%"]


def test_one_machine():
    table = my_machine("256G", "192G", "16G")
    found = usage(256 * GIB, 192 * GIB, "4K", 16 * GIB, 4)
    row = next(r for r in table.rows if r[0] == "dynamic, guests by 4K")
    assert row[1:4] == (human(found.dynamic), human(found.fixed), human(found.pairs))
    assert "256 GiB" in str(table)


@pytest.mark.parametrize(
    "saved, said", [(-2048, "+2 KiB"), (-1, "+1 B"), (0, "the same"), (1, "−1 B"), (2048, "−2 KiB")]
)
def test_what_is_saved_is_less_and_what_is_not_is_more(saved, said):
    assert _more(saved) == said


def test_guests_take_from_nothing_to_all_and_near_the_end_each_per_cent():
    assert tuple(range(0, 105, 5)) == GUESTS and FULL == (95, 96, 97, 98, 99, 100)
    chart = cost_chart("2G")
    assert [row[0] for row in chart.rows][:2] == ["0 %", "5 %"] and chart.traces[1]["text"][:-1] == [""] * 20
    assert [trace["mode"] for trace in chart.traces] == ["lines", "lines+text", "lines"]
    assert chart.layout["height"] == saved_chart("2G").layout["height"] == 420


@pytest.mark.parametrize(
    "size, title",
    [
        ("256G", "256 GiB of memory, 192 GiB for guests of 16 GiB"),
        ("16G", "16 GiB of memory, 12 GiB for guests of 12 GiB"),
        ("1G", "1 GiB of memory, 1 GiB for guests of 1 GiB"),
    ],
)
def test_a_machine_s_guests_take_three_quarters_in_pieces_of_16_gib_with_four_vcpus(size, title):
    made, memory = my_machine(size), int(size[:-1]) * GIB
    wanted = max(memory * 3 // 4 // GIB * GIB, GIB)
    assert made.title == title and [row[0] for row in made.rows] == [
        "static",
        "dynamic, no guest",
        "dynamic, guests by 4K",
        "dynamic, guests by 2M",
    ]
    uses = [usage(memory, 0), *(usage(memory, wanted, mapped, min(16 * GIB, wanted), 4) for mapped in ("4K", "2M"))]
    assert [row[1:4] for row in made.rows[1:]] == [
        (human(use.dynamic), human(use.fixed), human(use.pairs)) for use in uses
    ]
    assert (
        made.rows[0][1:4] == (human(uses[1].static), "—", "—") and made.rows[0][4] == f"{uses[1].static / memory:.4%}"
    )


def test_guests_have_four_vcpus_each_unless_it_is_said_otherwise(monkeypatch):
    asked = []
    monkeypatch.setattr(pamt_cost, "usage", lambda *how: asked.append(how[4:]) or usage(*how))
    my_machine("4G")
    my_machine("4G", vcpus=9)
    assert asked == [(4,), (4,), (), (9,), (9,), ()]


@pytest.mark.parametrize("given", [("0",), ("hello",), ("-1G",), ("64G", "65G"), ("64G", "1G", "x"), ("9" * 30,)])
def test_bad_sizes_are_said_in_one_line(given):
    with pytest.raises(InputError) as caught:
        my_machine(*given)
    assert "\n" not in str(caught.value)
