"""The cost chart and the table of one machine say what the model computes."""

import pytest

from tdxkit.errors import InputError
from tdxkit.seam.sizes import usage
from tdxkit.units import GIB, TIB, human
from tdxkit.view.pamt_cost import GUESTS, SIZES, cost_chart, my_machine, quoted


def test_the_slider_goes_from_64_gib_to_12_tib_and_each_step_is_the_model():
    chart = cost_chart()
    (slider,) = chart.spec()["layout"]["sliders"]
    assert [s["label"] for s in slider["steps"]] == [human(s) for s in SIZES]
    assert (SIZES[0], SIZES[-1]) == (64 * GIB, 12 * TIB)
    for memory, step in zip(SIZES, slider["steps"]):
        static, by_4k, by_2m = step["args"][0]["y"]
        for i, percent in enumerate(GUESTS):
            guests = memory * percent // 100 // GIB * GIB
            assert static[i] * GIB == usage(memory, guests).static
            assert (
                by_4k[i] * GIB == usage(memory, guests, "4K").dynamic
                and by_2m[i] * GIB == usage(memory, guests, "2M").dynamic
            )
    shown = slider["steps"][slider["active"]]["args"][0]["y"]
    assert [list(t["y"]) for t in chart.traces] == [list(y) for y in shown]
    assert len(chart.figure().data) == 3 and "12 TiB" in str(chart)


def test_the_quoted_figures_come_out_of_the_entry_sizes():
    assert [row[1] for row in quoted().rows] == ["0.3914%", "0.0038%", "0.3906%"]


def test_one_machine():
    table = my_machine("256G", "192G", "16G")
    found = usage(256 * GIB, 192 * GIB, "4K", 16 * GIB, 4)
    row = next(r for r in table.rows if r[0] == "dynamic, guests by 4K")
    assert row[1:4] == (human(found.dynamic), human(found.fixed), human(found.pairs))
    assert "256 GiB" in str(table)


@pytest.mark.parametrize("given", [("0",), ("hello",), ("-1G",), ("64G", "65G"), ("64G", "1G", "x"), ("9" * 30,)])
def test_bad_sizes_are_said_in_one_line(given):
    with pytest.raises(InputError) as caught:
        my_machine(*given)
    assert "\n" not in str(caught.value)
