"""The model against what Linux's own code did: every script in tests/data/xarray, every field after every command."""

import json
from pathlib import Path

import pytest

from tdxkit.errors import InputError
from tdxkit.linux.memattr.vectors import check, parse, replay

DATA = Path(__file__).parent.parent.parent / "data" / "xarray"
FILES = sorted(DATA.glob("*.jsonl"))


def test_the_vectors_are_all_here():
    vectors = [parse(line) for path in FILES for line in path.read_text().splitlines()]
    assert len(vectors) == 313
    assert sum(len(v["cmds"]) for v in vectors) == 5988
    assert sum("quirk-overlap" in v["tags"] for v in vectors) == 2


@pytest.mark.slow
@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_the_model_does_what_linux_did(path):
    found = [str(m) for mismatches in check(path).differing for m in mismatches]
    assert found == []


def test_a_planted_fault_in_any_field_is_found():
    vector = next(parse(line) for line in (DATA / "shrink.jsonl").open() if "open-shrink-017" in line)
    for number, expect in enumerate(vector["expect"]):
        for field, value in expect.items():
            wrong = json.loads(json.dumps(vector))
            wrong["expect"][number][field] = [0] if isinstance(value, list) else "no" if isinstance(value, str) else 99
            assert [(m.number, m.field) for m in replay(wrong)] == [(number + 1, field)]


@pytest.mark.parametrize(
    "line",
    [
        "",
        "{",
        "[]",
        "[" * 100_000,
        "{}",
        '{"id": 1, "cmds": [], "expect": []}',
        '{"id": "x", "cmds": [], "expect": [{}]}',
        '{"id": "x", "cmds": [[1]], "expect": [1]}',
        '{"id": "x", "cmds": {}, "expect": {}}',
        b"\xff\xfe",
        json.dumps({"id": "x", "cmds": [["new"]] * 1001, "expect": [{"r": 0}] * 1001}),
    ],
)
def test_a_line_that_is_no_vector(line):
    with pytest.raises(InputError):
        parse(line)
