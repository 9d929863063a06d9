"""Small tables and charts of lockups: which rows share one, and what a point of a chart says."""

from tdxkit.linux.softlockup.kernels import kernel_named
from tdxkit.view import lockup_tables as tables


def test_models_in_which_nothing_is_found_share_a_row():
    made = tables.verdict_table(sizes=(64,), costs=("plain",))
    assert [row[1] for row in made.rows] == [", ".join(kernel_named(name).models) for name, _ in tables.KERNELS]
    assert {row[2:] for row in made.rows} == {("each", "–")}


def test_a_point_of_the_size_chart_says_its_guest_its_nodes_and_its_gib():
    for trace in tables.size_chart((64,)).traces:
        assert trace["hovertemplate"] == "%{x} GiB guest: %{customdata}, %{y:.2f} GiB" and len(trace["customdata"]) == 1


def test_sizes_are_those_of_machines_that_there_are():
    sizes = ["64 GiB", "256 GiB", "512 GiB", "940 GiB", "1,500 GiB", "1,900 GiB", "3,072 GiB", "4,096 GiB"]
    assert [row[0] for row in tables.size_chart().rows] == sizes
    assert tables.verdict_table(sizes=(64, 256), costs=("plain",)).header[3:] == ("64 GiB", "256 GiB")
