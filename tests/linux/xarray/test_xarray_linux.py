"""The XArray against what Linux's own code answered, by the scripts that are about the array and not about KVM."""

from pathlib import Path

import pytest

from tdxkit.linux.memattr.vectors import check

DATA = Path(__file__).parent.parent.parent / "data" / "xarray"


@pytest.mark.slow
@pytest.mark.parametrize("family", ["growth", "iter", "marks", "multi", "nomem", "random", "reserve", "shrink"])
def test_the_array_does_what_linux_did(family):
    assert [str(m) for mismatches in check(DATA / f"{family}.jsonl").differing for m in mismatches] == []
