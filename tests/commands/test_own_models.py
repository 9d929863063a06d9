"""Models that readers bring to `explore`: one that never ends is answered in seconds and says that it was cut."""

import pytest

from tdxkit.cli import main
from tdxkit.explore.program import OWN_BOUND

ENDLESS = """
def put(m, region):
    while True:
        yield "atomic_inc(refcount)"
        m.refcount[region] += 1
"""


@pytest.mark.slow
def test_a_model_without_end_stops_at_a_stated_bound(tmp_path, capsys):
    path = tmp_path / "endless.py"
    path.write_text(ENDLESS)
    assert main(["explore", f"{path}:put"]) == 0
    said = capsys.readouterr().out
    assert "nothing found so far" in said and "stopped at the bound, after 50,0" in said and OWN_BOUND == 50_000
    assert "to go on: fewer threads or rounds, a higher bound of `explore`, or look for what grows for ever" in said
