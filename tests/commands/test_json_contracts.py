"""What every `--json` prints, pinned in one place: the keys in their order and what kind of value each holds.

Other programs read these lines. A change here is a change of contract: docs/json.md and the
changelog change with it. Every answer is an object that begins with its format; a list here is what stands under "items".
"""

import json
import re
import shutil
from pathlib import Path

import pytest

from tdxkit.cli import COMMANDS, main
from tdxkit.facts import data_path
from tdxkit.review.msr.panic import POSTED
from tests.mail.disguises import as_mbox

SPIN = bool(shutil.which("spin") and shutil.which("gcc"))  # confirm asks it

DATA = Path(__file__).parent.parent / "data"
DIGEST = DATA / "mail" / "digest.txt"
LOG = "TDH_MEM_PAGE_AUG failed: 0x8000020000000001\nINFO: task qemu:7 blocked for more than 122 seconds.\n"
READ_AS = {"LOG": "report", "STATUSES": "log", "VALUES": "status", "PATCH": "patch"}
FILES = {
    "LOG": LOG,
    "STATUSES": LOG.splitlines()[0],
    "VALUES": "0x8000020000000001\nTDX_SUCCESS\n",
    "PATCH": "diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n",
    "PANIC": POSTED,
    "TOY": as_mbox().decode(),
}

# A shape is a type, a set of values, None, a pattern for a whole string, (either, or), [of each], or {key: shape}.
COUNT, TEXT = int, str
DECIMAL = re.compile(r"[0-9]+")
HEX64 = re.compile(r"0x[0-9A-F]{16}")
MAYBE = type(None)

LOOP = {
    "kind": {"spin", "livelock"},
    "actors": [TEXT],
    "begins": COUNT,
    "steps": [{"actor": TEXT, "label": TEXT}],
    "schedule": TEXT,
}
EXPLORED = {
    "scenario": TEXT, "threads": COUNT, "rounds": COUNT, "reduction": {"none", "sym", "all", "movers"},
    "verdict": {"ok", "violation", "deadlock", "livelock", "bounded"}, "property": (TEXT, MAYBE), "complete": bool, "states": COUNT, "steps": COUNT,
    "switches": COUNT, "schedule": (TEXT, MAYBE), "interleavings": (DECIMAL, MAYBE), "waits": [TEXT], "loop": (LOOP, MAYBE), "defect": (TEXT, MAYBE), "broken": dict,
    "remarks": [TEXT], "unrun": [TEXT], "doubt": (TEXT, MAYBE), "orders": [TEXT],
    "memory": {"sc", "tso"}, "races": [TEXT],
}  # fmt: skip
C = str(DATA / "c" / "pair-race.c")
OF_C = EXPLORED | {
    "source": {"file": (TEXT, MAYBE), "kind": {"plain", "quoted", "diff", "quoted diff"}, "sha256": re.compile("[0-9a-f]{64}"), "lines": COUNT, "whole": bool},
    "functions": [{"name": TEXT, "first": COUNT, "last": COUNT}],
}  # fmt: skip
DECODED = {
    "value": HEX64, "name": (TEXT, MAYBE), "class": (COUNT, MAYBE), "recoverable": (bool, MAYBE), "details": {"kind": TEXT, "text": TEXT},
    "kernel": TEXT,
}  # fmt: skip
LIVED = {
    "result": TEXT,
    "status": TEXT,
    "leaf": TEXT,
    "pairs_left": COUNT,
    "refs_left": COUNT,
    "meminfo_kb": (COUNT, MAYBE),
    "loop": TEXT,
}
LOCKED_UP = {
    "guest": TEXT, "pages": COUNT, "nodes": COUNT, "bytes": COUNT, "seconds": float, "lockup": bool, "stuck": (COUNT, MAYBE),
    "loop": (TEXT, MAYBE), "kernel": TEXT, "preempt": TEXT, "patched": bool, "cost": TEXT,
}  # fmt: skip
JUDGED = {"lockup": bool, "stuck": (COUNT, MAYBE), "loop": (TEXT, MAYBE), "seconds": float, "rcu_stall": bool}
CALL = {"start": COUNT, "end": COUNT, "pages": COUNT, "guest": (COUNT, MAYBE)}
REPORTED = {
    "kind": TEXT, "line": COUNT, "cpus": [COUNT], "command": (TEXT, MAYBE), "pid": (COUNT, MAYBE), "time": (COUNT, MAYBE), "unit": (TEXT, MAYBE),
    "release": (TEXT, MAYBE), "preempt": (TEXT, MAYBE), "model": (TEXT, MAYBE), "loop": (TEXT, MAYBE), "stack": [TEXT], "asked": (TEXT, MAYBE),
    "call": (CALL, MAYBE), "mixed": bool, "doubt": bool,
    "verdicts": [{"kernel": TEXT, "preempt": TEXT, "build": TEXT, "without": JUDGED, "patched": JUDGED}], "says": [TEXT],
}  # fmt: skip
EVENT = {
    "vcpu": (COUNT, MAYBE), "pid": (COUNT, MAYBE), "cpu": (COUNT, MAYBE), "time": (float, MAYBE), "op": {"read", "write"}, "msr": COUNT,
    "value": COUNT, "fault": bool,
}  # fmt: skip
WHO = {"name": TEXT, "email": TEXT}
CONFLICT = {"a": TEXT, "b": TEXT, "result": TEXT, "only_if": (TEXT, MAYBE), "result_then": (TEXT, MAYBE)}
MEETS = {"meets": bool, "why": TEXT, "remark": (TEXT, MAYBE)}
MEETINGS = {"one_td": MEETS, "two_tds": MEETS}
FILE = {"path": TEXT, "changes": (COUNT, MAYBE), "added": [COUNT], "removed": [COUNT]}
ENTRY = {
    "title": TEXT, "subject": TEXT, "author": WHO, "version": COUNT, "n": (COUNT, MAYBE), "total": (COUNT, MAYBE), "role": {"cover", "patch"},
    "files": [FILE], "files_changed": COUNT, "insertions": COUNT, "deletions": COUNT,
    "branches": [[TEXT]], "base": TEXT, "previous": [list], "trailers": [[TEXT]],
}  # fmt: skip
DIGESTED = {
    "list": TEXT, "from": TEXT, "to": TEXT, "domains": [{"domain": TEXT, "count": COUNT}],
    "contributors": [{**WHO, "count": COUNT}], "entries": [ENTRY], "patch_list": (list, MAYBE),
}  # fmt: skip
SERIES = {
    "title": TEXT,
    "version": COUNT,
    "label": TEXT,
    "total": (COUNT, MAYBE),
    "present": [COUNT],
    "missing": [COUNT],
    "patches": [dict],
}
AFTER_PATCH = {
    "series": TEXT, "version": COUNT, "n": COUNT, "title": TEXT, "message_id": TEXT, "functions": [TEXT],
    "verdict": ({"ok", "violation", "deadlock", "livelock", "bounded"}, MAYBE), "property": (TEXT, MAYBE), "defect": (TEXT, MAYBE),
    "steps": (COUNT, MAYBE), "schedule": (TEXT, MAYBE), "missing": [TEXT], "remarks": [TEXT],
}  # fmt: skip
STRESSED = {
    "scenario": TEXT, "runs": COUNT, "stay": float, "bad": COUNT, "met": dict, "first": (COUNT, MAYBE), "schedule": TEXT,
}  # fmt: skip
SAID = {"place": TEXT, "source": TEXT, "checked": ({"read", "run", "inferred"}, MAYBE), "read_in": (TEXT, MAYBE)}
CONFIRMED = {
    "scenario": TEXT, "threads": COUNT, "rounds": COUNT, "memory": {"sc", "tso"}, "verdict": TEXT, "states": COUNT, "broken": [TEXT],
    "spin": {"states": COUNT, "broken": [TEXT], "schedule": (TEXT, MAYBE)}, "same": bool,
}  # fmt: skip
LENS = {
    "memory": TEXT, "outcomes": [{"version": TEXT, "outcome": TEXT, "interleavings": DECIMAL, "schedule": TEXT}], "parting": dict, "cost": dict,
}  # fmt: skip

# Whether other keys may follow the ones given: where the contract ends in "…", and where a log adds its line and leaf.
MORE = "more"
PROGRAM_ROW = {"step": COUNT, "does": TEXT, MORE: True}
RULE = {"id": TEXT, "name": TEXT, "defect": TEXT, "catches": TEXT, "asked_by": [TEXT]}
CONTRACTS = {
    "explore": [
        (["explore", "v2", "--threads", "2", "--rounds", "1", "--reduce", "none", "--count"], EXPLORED),
        (["explore", "v6"], EXPLORED),
        (["explore", "v5-softirq", "--first"], EXPLORED),
        (["explore", "v2", "--fewest-switches", "--reduce", "sym"], EXPLORED),
        (["explore", C], OF_C),
    ],
    "decode": [
        (["decode", "0x8000030800000001", "0x0", "0xC000030600000001", "0x8000039900000001", "0xFFFFFFFFFFFFFFFF"], [DECODED]),
        (["decode", "TDX_OPERAND_BUSY|RCX", "--leaf", "TDH.MEM.PAGE.AUG"], [DECODED]),
        (["decode", "--scan", "LOG"], [{**DECODED, "line": COUNT, "leaf": (TEXT, MAYBE), "registers": dict}]),
    ],
    "conflicts": [(["conflicts", "TDH.VP.ENTER"], {"pairs": [CONFLICT]}), (["conflicts", "TDH.VP.ENTER", "TDH.MEM.TRACK"], {"pairs": [CONFLICT]}),
        (["conflicts", "TDH.VP.ENTER", "--in-kernel"], {"pairs": [CONFLICT | {"in_kernel": (MEETINGS, MAYBE)}]}),
    ],
    "stress": [
        (["stress", "v2"], STRESSED),
        (["stress", "v6", "--runs", "20", "--overtake", "9"], STRESSED),
    ],
    "sources": [
        (words, {"notebooks": COUNT, "items": [SAID]})
        for words in (["sources"], ["sources", "seamcalls.json"], ["sources", "--own"], ["sources", "tdx-v6"])
    ],
    "differences": [(["differences"], [{"kind": {"difference", "added detail", "quibble"}, "letter": TEXT, "code": TEXT, "shown": TEXT}])],
    "lens": [(["lens", "v2", "v6"], LENS)],
    **({"confirm": [(["confirm", "v2", "--with", "spin"], CONFIRMED)]} if SPIN else {}),
    "life": [
        (["life"], LIVED),
        (["life", "--without", "7"], LIVED),
        (["life", "--prefix", "3"], LIVED),
        (["life", "--version", "v6", "--fault", "20", "--how", "error"], LIVED),
        (["life", "--version", "v6", "--faults"], [{"point": COUNT, "how": TEXT, "where": TEXT, "result": TEXT, "loop": TEXT}]),
    ],
    "lockup": [
        (["lockup", "--guest", "1900G", "--preempt", "voluntary", "--kernel", "6.15"], LOCKED_UP),
        (["lockup", "--guest", "4G", "--patched", "--cost", "plain"], LOCKED_UP),
        (["lockup", "--report", "example"],
         {"items": [{"line": TEXT, "says": TEXT, "follows": TEXT}], "call": CALL, "others": COUNT}),
    ],
    "report": [
        (["report", name], {"items": [REPORTED], "lines": COUNT, "more": bool}) for name in ("example", "LOG")
    ],
    "read": [
        *((["read", name], {"kind": {kind}, MORE: True}) for name, kind in READ_AS.items()),
        (["read", "PANIC"], {"kind": {"panic"}, "code": TEXT, "name": (TEXT, MAYBE), "parameters": [TEXT], "differing_bits": [COUNT]}),
        (["read", str(data_path("traces/kvm_msr.trace"))], {"kind": {"trace"}, MORE: True}),
        (["read", str(data_path("practice.mbox"))], {"kind": {"mbox"}, MORE: True}),
        (["read", str(DIGEST)], {"kind": {"digest"}, MORE: True}),
        (["read", C], {"kind": {"C"}, MORE: True}),
    ],
    "trace": [(["trace", "example"], {"events": [EVENT], "skipped": COUNT, MORE: True})],
    "hotplug": [
        (["hotplug", "--guest", "windows", "--firmware", "seabios", "--option", "off"],
         {"events": [EVENT], "outcome": TEXT, "bugcheck": (COUNT, MAYBE)}),
        (["hotplug", "--guest", "linux", "--firmware", "ovmf", "--option", "auto"],
         {"events": [EVENT], "outcome": TEXT, "bugcheck": (COUNT, MAYBE)}),
    ],
    "digest": [(["digest", str(DIGEST)], DIGESTED)],
    "series": [
        (["series", str(data_path("practice.mbox"))], {"series": [SERIES]}),
        (["series", "TOY", "--explore", "--run", "if (!toy_get()) { toy_use(); toy_put(); }"], {"patches": [AFTER_PATCH], "notes": [TEXT]}),
    ],
    # Ours: no contract but the one that is here.
    "doctor": [(["doctor"], {"ok": bool, "checks": [{"name": TEXT, "state": {"ok", "note", "missing"}, "found": TEXT, "todo": TEXT}]})],
    "program": [
        (["program", "v6"], {"name": TEXT, "rows": [PROGRAM_ROW]}),
        (["program", C], {"name": TEXT, "rows": [PROGRAM_ROW]}),
        (["program", "v1", "v6", "after-v6"],
         {"situations": [{"situation": TEXT, "paths": [
             {"names": [TEXT], "steps": [[TEXT]], "returned": TEXT, "refcount": COUNT, "pair": bool}]}]}),
    ],
    "list": [(["list"], [{"name": TEXT, "title": TEXT, "properties": [TEXT]}]), (["list", "--rules"], [RULE])],
    "bugs": [(["bugs", "B5", "B13"], [{"id": TEXT, "versions": TEXT, "problem": TEXT, "fixed": TEXT, "inferred": bool, "shown": (bool, MAYBE), "verdict": TEXT}])],
    "contention": [(["contention", "--tds", "2", "--seconds", "0.1"], {"unit": {"us"}, "runs": [dict], "posted": [dict]})],
    "lessons": [
        (["lessons"], {"notebooks": [{"name": TEXT, "minutes": COUNT, "gates": COUNT, "exercises": COUNT}]}),
        (["lessons", "00"], {"notebook": TEXT, "sections": [
            {"title": TEXT, "minutes": COUNT, "extra": bool, "adds_up": float, "words": COUNT, "steps": COUNT, "gates": COUNT, "exercises": COUNT}]}),
    ],
    "words": [
        (words, [{"word": TEXT, "means": TEXT, "source": TEXT}])
        for words in (["words"], ["words", "zap"], ["words", "B16"], ["words", "tdx-v6"])
    ],
    "seamcall": [
        (["seamcall"], [{"leaf": COUNT, "name": TEXT}]),
        (["seamcall", "TDH.MEM.PAGE.AUG"], {"leaf": COUNT, "name": TEXT, MORE: True}),
    ],
}  # fmt: skip
WITHOUT = {"lab", "handout", "replay", "packet", "xarray", "export"}  # these print text only


def check(value, shape, where="answer"):
    """Fail, naming the place, where a value does not have its shape. True is no count."""
    if isinstance(shape, dict):
        assert isinstance(value, dict), where
        keys = [key for key in shape if key != MORE]
        assert (list(value)[: len(keys)] if MORE in shape else list(value)) == keys, f"{where}: {list(value)}"
        for key in keys:
            check(value[key], shape[key], f"{where}.{key}")
    elif isinstance(shape, list):
        assert isinstance(value, list), where
        for i, one in enumerate(value):
            check(one, shape[0], f"{where}[{i}]")
    elif isinstance(shape, tuple):
        assert any(fits(value, one) for one in shape), f"{where}: {value!r}"
    else:
        assert fits(value, shape), f"{where}: {value!r}"


def fits(value, shape) -> bool:
    if isinstance(shape, tuple):
        return any(fits(value, one) for one in shape)
    if isinstance(shape, dict):
        return type(value) is dict and list(value) == list(shape) and all(fits(value[key], shape[key]) for key in shape)
    if isinstance(shape, set):
        return value in shape
    if isinstance(shape, re.Pattern):
        return isinstance(value, str) and bool(shape.fullmatch(value))
    return type(value) is shape


CASES = [(words, shape) for cases in CONTRACTS.values() for words, shape in cases]


@pytest.mark.slow
@pytest.mark.parametrize("words, shape", CASES, ids=[" ".join(words)[:50] for words, _ in CASES])
def test_the_keys_and_kinds(words, shape, capsys, tmp_path):
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    code = main([str(tmp_path / word) if word in FILES else word for word in words] + ["--json"])
    out = capsys.readouterr().out
    assert code == 0 or words == ["doctor"]
    assert out.count("\n") == 1 and out.endswith("\n"), "one line"
    answer = json.loads(out, parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))
    assert next(iter(answer.items())) == ("format", 1) and len(answer) > 1, "an empty answer proves nothing"
    del answer["format"]
    check(answer, {"items": shape} if isinstance(shape, list) else shape)


def test_every_command_has_its_contract_here_or_prints_no_json(capsys):
    assert set(CONTRACTS) | WITHOUT | (set() if SPIN else {"confirm"}) == set(COMMANDS) and not set(CONTRACTS) & WITHOUT
    for name in WITHOUT:
        assert (
            main([name, *(["--to", "promela"] if name == "export" else []), "--json", "x", "y"]) == 2
            and "--json" in capsys.readouterr().err
        )


def test_what_null_means(capsys):
    def answer(*words):
        main([*words, "--json"])
        return json.loads(capsys.readouterr().out)

    broken, whole = answer("explore", "v2", "--count"), answer("explore", "v6")
    assert broken["schedule"] and broken["interleavings"] == "65064" and broken["verdict"] == "violation"
    assert (whole["schedule"], whole["property"], whole["interleavings"], whole["verdict"]) == (None, None, None, "ok")
    assert answer("decode", "0x8000039900000001")["items"][0]["name"] is None
    entries = answer("digest", str(DIGEST))["entries"]
    assert all((e["n"] is None) == (e["total"] is None) for e in entries) and {e["role"] for e in entries} == {
        "cover",
        "patch",
    }
    assert all(len(f["added"]) == len(f["removed"]) == 2 for e in entries for f in e["files"])
    assert answer("lockup", "--guest", "1900G", "--patched")["stuck"] is None
    assert (
        answer("life", "--without", "11")["meminfo_kb"] is None
        or answer("life", "--without", "10")["meminfo_kb"] is None
    )


def test_a_shape_that_is_not_kept_is_seen():
    for value in ({"b": 1, "a": 2}, {"a": True, "b": 1}, {"a": 1}, {"a": 1, "b": 2, "c": 3}, [], {"a": None, "b": 1}):
        with pytest.raises(AssertionError):
            check(value, {"a": COUNT, "b": COUNT})


def test_the_page_about_json_names_every_command_and_every_key():
    page = (Path(__file__).parents[2] / "docs" / "json.md").read_text(encoding="utf-8")
    told = dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", page, re.M))
    assert set(told) == set(CONTRACTS) | {"confirm"}  # which is asked only where SPIN is installed
    for name, answers in CONTRACTS.items():
        for _, shape in answers:
            missing = keys_in({"items": shape} if isinstance(shape, list) else shape) - set(
                re.findall(r"`(\w+)`", told[name])
            )
            assert not missing, f"{name}: {missing}"


def keys_in(shape) -> set[str]:
    """Every key of a shape, at any depth."""
    if isinstance(shape, dict):
        return {key for key in shape if key != MORE} | set().union(*map(keys_in, shape.values()))
    return set().union(*map(keys_in, shape)) if isinstance(shape, list) else set()
