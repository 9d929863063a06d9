"""`tdxkit decode`: what it prints, its JSON, exit codes, hostile input and files."""

import io
import json
import sys

import pytest

from tdxkit.cli import main
from tdxkit.status import scanning

KEYS = ["value", "name", "class", "recoverable", "details", "kernel"]


def run(capsys, *arguments):
    code = main(["decode", *map(str, arguments)])
    out, err = capsys.readouterr()
    return code, out, err


def test_json_has_exactly_these_keys(capsys):
    code, out, err = run(capsys, "0x8000030800000001", "0xC000030600000001", "0x8000039900000001", "0x0", "--json")
    first, second, third, fourth = json.loads(out)["items"]
    assert (code, err, out.count("\n")) == (0, "", 1)
    assert all(list(one) == KEYS and list(one["details"]) == ["kind", "text"] for one in json.loads(out)["items"])
    assert first["name"] == "TDX_MISSING_PAMT_PAGE_PAIR" and first["class"] == 3 and first["recoverable"] is True
    assert first["value"] == "0x8000030800000001" and "RCX" in first["details"]["text"]
    assert second["recoverable"] is False and second["details"]["kind"] != first["details"]["kind"]
    assert third["name"] is None and third["class"] == 3 and fourth["recoverable"] is None


def test_the_leaf_changes_what_the_kernel_does(capsys):
    kernel = {}
    for leaf in ("TDH.MEM.PAGE.AUG", "TDH.MEM.PAGE.REMOVE", "TDH.PHYMEM.PAGE.RECLAIM", "TDH.PHYMEM.PAMT.ADD"):
        _, out, _ = run(capsys, "TDX_OPERAND_BUSY|RCX", "--leaf", leaf, "--json")
        kernel[leaf] = json.loads(out)["items"][0]["kernel"].split(":")[0]
    assert list(kernel.values()) == ["retry", "kick and retry once", "warn and leak", "fail"]


def test_text_names_it(capsys):
    code, out, _ = run(capsys, "0x8000030800000001")
    assert code == 0 and "TDX_MISSING_PAMT_PAGE_PAIR" in out and "operand RCX" in out and "recoverable" in out


LOG = "noise\nSEAMCALL TDH_MEM_PAGE_AUG failed: 0x8000020000000001\nRAX: 8000030800000001\n"


def test_scan_of_a_file_and_of_standard_input(capsys, tmp_path, monkeypatch):
    path = tmp_path / "dmesg.txt"
    path.write_text(LOG)
    code, out, _ = run(capsys, "--scan", path, "--json")
    found = json.loads(out)["items"]
    assert code == 0 and [f["name"] for f in found] == ["TDX_OPERAND_BUSY", "TDX_MISSING_PAMT_PAGE_PAIR"]
    assert [list(f)[: len(KEYS)] for f in found] == [KEYS, KEYS] and [f["line"] for f in found] == [2, 3]
    assert found[0]["leaf"] == "TDH.MEM.PAGE.AUG" and found[0]["kernel"].startswith("retry")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(LOG.encode())))
    assert "2 statuses found" in run(capsys, "--scan", "-")[1]


def test_scan_of_bytes_that_are_no_text(capsys, tmp_path):
    path = tmp_path / "log"
    path.write_bytes(bytes(range(256)) + b"lines of a log\n" * 500 + b"\nTDX 0x8000020000000001 \x1b[2J\xff\n")
    code, out, err = run(capsys, "--scan", path)
    assert (code, err) == (0, "") and "1 status found" in out and "\x1b" not in out
    path.write_bytes(bytes(range(256)) * 50)
    code, out, err = run(capsys, "--scan", path)
    assert (code, out) == (2, "") and err.endswith(
        "log: it is binary (or UTF-16), and text is needed; give it as plain text\n"
    )
    path.write_bytes(b"")
    assert run(capsys, "--scan", path)[1] == "0 statuses found\n"


def test_a_log_that_is_too_long_is_refused(capsys, tmp_path, monkeypatch):
    monkeypatch.setattr(scanning, "LIMIT", 10)
    path = tmp_path / "log"
    path.write_text("x" * 11)
    code, out, err = run(capsys, "--scan", path)
    assert code == 2 and out == "" and err.count("\n") == 1
    path.write_text("x" * 10)
    assert run(capsys, "--scan", path)[0] == 0


BAD = [
    ["hello"], ["-5"], ["--", "-5"], ["0x" + "1" * 17], [""], ["9" * 10**5], ["\x1b[2J"], ["0x1", "hello"], [],
    ["0x1", "--leaf", "TDH.NOPE"], ["0x1", "--leaf", ""], ["0x1", "--leaf", "\x1b]0;x"], ["0x1", "--leaf", "9999"],
    ["--scan"], ["--scan", "/no/such/file"], ["--scan", "/"], ["--scan", "a\0b"], ["--scan", "-", "0x1"],
    ["--scan", "-", "--leaf", "TDH.VP.ENTER"], ["--nope"], ["TDX_OPERAND_BUSY|NOPE"], ["TDX_OPERAND_BSY"],
]  # fmt: skip


@pytest.mark.parametrize("arguments", BAD, ids=lambda a: ascii(a)[:30])
def test_bad_input_is_one_line_and_exit_code_2(capsys, arguments):
    code, out, err = run(capsys, *arguments)
    assert code == 2 and out == ""
    assert err.startswith("tdxkit: ") and err.count("\n") == 1 and "\x1b" not in err and len(err) < 500


def test_a_near_miss_is_told(capsys):
    assert "TDX_OPERAND_BUSY" in run(capsys, "TDX_OPERAND_BSY")[2]
