"""`python -m tdxkit xarray`: the last line, the exit codes, hostile files."""

import json
from pathlib import Path

import pytest

from tdxkit.cli import main

DATA = Path(__file__).parent.parent / "data" / "xarray"


def test_the_last_line_counts(capsys):
    assert main(["xarray", str(DATA / "shrink.jsonl"), str(DATA / "iter.jsonl")]) == 0
    assert capsys.readouterr().out == "36 scripts, 500 commands, 0 mismatches\n"


def test_a_mismatch_is_named_and_the_exit_code_is_1(tmp_path, capsys):
    line = json.loads((DATA / "nomem.jsonl").read_text().splitlines()[0])
    line["expect"][1]["allocs"] = 7
    line["expect"][2]["fnv"] = "\x1b[31m0"
    path = tmp_path / "wrong.jsonl"
    path.write_text("\n" + json.dumps(line) + "\n\n")
    assert main(["xarray", str(path)]) == 1
    first, last = capsys.readouterr().out.splitlines()
    assert "open-nomem-000 command 2" in first and "allocs should be 7, is 1" in first
    assert last == "1 scripts, 13 commands, 2 mismatches"
    assert main(["xarray", "--all", str(path)]) == 1
    out = capsys.readouterr().out
    assert out.count("should be") == 2 and "\x1b" not in out


def script(*commands):
    return json.dumps({"id": "x", "cmds": commands, "expect": [{"r": 0}] * len(commands)})


HOSTILE = {
    "not json": "{",
    "deep": "[" * 200_000,
    "a number": "5",
    "no such command": script(["system", "rm"]),
    "a command that is no list": script("store"),
    "too few arguments": script(["store", 1]),
    "too many arguments": script(["load", 1, 2]),
    "an index that is too large": script(["load", 1 << 64]),
    "an index that is a truth value": script(["load", True]),
    "a huge number": script(["load", 1]).replace("1]", "1" + "0" * 5000 + "]"),
    "a value that is too large": script(["store", 1, 1 << 63]),
    "a mark that is none": script(["set_mark", 1, 3]),
    "rows without end": script(["xnext", 0, 10**9]),
    "a loop that must go page by page": script(["nowait", "fail"], ["reserve_loop", 0, 1 << 40]),
    "a dump of a whole guest": script(["reserve_loop", 0, 1 << 40], ["dump"]),
    "a range of pages that descends": script(["set_attrs", 5, 4, 8]),
    "attributes that are no value": script(["set_attrs", 0, 4, 1 << 63]),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_malformed_file_is_named_with_its_line(kind, tmp_path, capsys):
    path = tmp_path / "bad.jsonl"
    path.write_text(script(["new"]) + "\n" + HOSTILE[kind] + "\n")
    assert main(["xarray", str(path)]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and "bad.jsonl line 2" in error and len(error) < 500


def test_files_that_cannot_be_read(tmp_path, capsys):
    for arguments in ([], ["xarray_none.jsonl"], [str(tmp_path)], ["--nonsense"]):
        assert main(["xarray", *arguments]) == 2
        assert capsys.readouterr().err.count("\n") == 1
    path = tmp_path / "long.jsonl"
    path.write_bytes(b" " * (5 << 20))
    assert main(["xarray", str(path)]) == 2
