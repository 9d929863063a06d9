"""One record a design: a new posting is a file and a line, and it is everywhere."""

import json
import sys
import types

import pytest

from tdxkit.cli import main
from tdxkit.errors import InputError, ModelError
from tdxkit.linux.host.life import CLEAN, live
from tdxkit.linux.refcount import names, scenario, titles, v6
from tdxkit.linux.refcount.posted import DESIGNS, Posted, posted_named, versions
from tdxkit.view.lens_view import verdicts_table
from tdxkit.view.series_tables import faults_summary, versions_table


def test_every_record_has_its_file_with_a_title_and_sources_that_are_known():
    from tdxkit.facts import cite

    for name, design in DESIGNS.items():
        assert design.name == name and design.code.TITLE and cite(design.source)
        assert all(cite(source) for source in design.code.SOURCES)


@pytest.fixture
def posted_v8(monkeypatch):
    """A made-up posting: a file (v6's words under a new title) and a line."""
    file = types.ModuleType("tdxkit.linux.refcount.v8")
    file.__dict__.update(TITLE="made up for a test", SOURCES=("tdx-v6",), get=v6.get, put=v6.put, __doc__=v6.__doc__)
    monkeypatch.setitem(sys.modules, "tdxkit.linux.refcount.v8", file)
    monkeypatch.setitem(DESIGNS, "v8", Posted("v8", "v8", "tdx-v6", pool_pages=12))


def said(capsys, *argv):
    assert main(list(argv)) == 0
    return capsys.readouterr().out


def test_a_new_posting_is_in_the_list_the_explorer_the_lens_the_packet_and_the_tables(posted_v8, capsys):
    assert "v8" in names() and titles()["v8"] == "made up for a test" and scenario("v8", 3).count == 3
    assert "made up for a test" in said(capsys, "list")
    assert json.loads(said(capsys, "explore", "v8", "--json"))["verdict"] == "ok"
    assert "v2 and v8 part at step" in said(capsys, "lens", "v2", "v8")
    assert "made up for a test" in said(capsys, "packet", "v8", f"v8:2x1:{digest('v8')}", "A3")
    assert live("v8").result == CLEAN and "clean" in said(capsys, "life", "--version", "v8")
    assert ("v8", 12) in [row[:2] for row in versions_table().rows]
    assert [row[0] for row in verdicts_table(["v8"]).rows] == ["v8"]


@pytest.mark.slow
def test_a_new_posting_is_in_the_fault_table(posted_v8):
    assert "v8" in [row[0] for row in faults_summary().rows]


def digest(name):
    from tdxkit.explore.schedule import digest as of

    return of(scenario(name))


@pytest.mark.parametrize("name", ["v9", "lazy", "locked", "", "V2", None])
def test_only_a_version_of_the_series_can_be_lived_on(name):
    with pytest.raises(InputError, match="the versions with a fault path are v1, v2, v3, v4, v5, v6"):
        posted_named(name)
    assert list(versions()) == ["v1", "v2", "v3", "v4", "v5", "v6", "after-v6"]


def test_a_put_of_another_file_brings_its_helpers_to_the_lanes():
    texts = [f.__name__ for f in scenario("inc-first").texts]
    assert texts == ["get", "put", "dec_and_lock", "use"] and len(scenario("v2").texts) == 5


def test_a_line_without_its_file_or_a_file_without_its_parts_is_told_in_a_line(monkeypatch, capsys):
    monkeypatch.setitem(DESIGNS, "v9", Posted("v9", "v9", "tdx-v6"))
    with pytest.raises(ModelError, match=r"there is no v9\.py"):
        scenario("v9")
    assert main(["list"]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    bare = types.ModuleType("tdxkit.linux.refcount.v9")
    bare.__dict__.update(get=v6.get, put=v6.put, SOURCES=("tdx-v6",))
    monkeypatch.setitem(sys.modules, "tdxkit.linux.refcount.v9", bare)
    with pytest.raises(ModelError, match="it has no TITLE, __doc__"):
        scenario("v9")
