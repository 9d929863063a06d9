"""Every known problem is shown by a run or says why not; what runs shows it on one model and not on the other."""

import json

import pytest

from tdxkit.cli import main
from tdxkit.errors import InputError
from tdxkit.review.bugs import Verdict, bugs, counted, scenarios, verdict


def test_thirty_five_in_order_each_shown_or_explained():
    assert [b.id for b in bugs()] == [f"B{n}" for n in range(1, 36)]
    for bug in bugs():
        assert (bug.id in scenarios()) != bool(bug.unshown), bug.id
    assert len(scenarios()) == 30


@pytest.mark.parametrize("bug", ["B99", "", "B22", "b1; rm"])
def test_unknown_or_unshown(bug):
    with pytest.raises(InputError):
        verdict(bug)


def test_command(capsys):
    assert main(["bugs", "B5", "B24"]) == 0
    assert "deadlock" in capsys.readouterr().out
    assert main(["bugs", "B13", "B10", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["items"]
    assert [r["id"] for r in rows] == ["B13", "B10"] and rows[0]["shown"] and rows[1]["shown"] is None
    assert main(["bugs", "B77"]) == 2
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.slow
def test_two_are_ours_and_every_place_says_so(capsys):
    assert [b.id for b in bugs() if b.inferred] == ["B1", "B35"]
    assert counted() == "35 problems, 2 of them found here and not in the threads: B1, B35"
    assert main(["bugs", "B1", "B2"]) == 0
    first, _, second, _ = capsys.readouterr().out.splitlines()
    assert first.endswith("found here, no mail that was read says it") and "found here" not in second
    assert main(["bugs", "B1", "B35", "B2", "--json"]) == 0
    assert [r["inferred"] for r in json.loads(capsys.readouterr().out)["items"]] == [True, True, False]


def test_all_of_them_end_with_the_count(capsys, monkeypatch):
    monkeypatch.setattr(
        "tdxkit.review.bugs.verdict", lambda bug: Verdict(True, "-")
    )  # what they come to is tested above
    assert main(["bugs"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == counted()
