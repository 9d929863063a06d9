"""A file of vectors: how long it may be, how it is counted, and how a line that cannot be replayed is named."""

import json

import pytest

from tdxkit.errors import InputError
from tdxkit.linux.memattr.vectors import MAX_COMMANDS, MAX_LINE, check, parse, replay


def vector(name="a", cmds=(["stat"],), expect=({"r": 0},)):
    return {"id": name, "cmds": list(cmds), "expect": list(expect)}


def file(tmp_path, *lines):
    path = tmp_path / "v.jsonl"
    path.write_text("".join(f"{line if isinstance(line, str) else json.dumps(line)}\n" for line in lines))
    return path


def test_scripts_and_commands_are_counted_and_differing_scripts_kept(tmp_path):
    wrong = vector("b", (["stat"], ["empty"]), ({"r": 1}, {"r": 0, "nodes": 5}))
    found = check(file(tmp_path, vector(), "", wrong, "   ", vector("c")))
    assert (found.scripts, found.commands, len(found.differing)) == (3, 4, 1)
    assert [(m.script, m.number, m.field) for m in found.differing[0]] == [
        ("b", 1, "r"),
        ("b", 2, "r"),
        ("b", 2, "nodes"),
    ]
    assert str(found.differing[0][2]) == 'b command 2 ["empty"]: nodes should be 5, is 0'
    assert str(found.differing[0][0]) == 'b command 1 ["stat"]: r should be 1, is 0'


def test_siblings_and_marks_that_are_not_named_are_none():
    commands = [["store", 1, 1], ["set_mark", 1, 0], ["store_order", 64, 1, 1]]
    found = replay(vector("a", commands, [{"r": None}, {"r": 0}, {"r": 0}]))
    assert [(m.number, m.field, m.wanted, m.got) for m in found] == [
        (2, "xm", "000", "100"), (3, "sibs", 0, 1), (3, "xm", "000", "100"),
    ]  # fmt: skip


def test_a_line_that_cannot_be_replayed_is_named_by_its_number(tmp_path):
    with pytest.raises(InputError, match=r"v\.jsonl line 3, script x:.*same length"):
        check(file(tmp_path, vector(), "", vector("x", expect=())))
    with pytest.raises(InputError, match=r"v\.jsonl line 1, command steal"):
        check(file(tmp_path, vector("x", (["steal"],))))


@pytest.mark.parametrize("commands, fits", [(MAX_COMMANDS, True), (MAX_COMMANDS + 1, False)])
def test_a_script_has_at_most_so_many_commands(commands, fits):
    line = json.dumps(vector("x", [["stat"]] * commands, [{"r": 0}] * commands))
    if fits:
        assert len(parse(line)["cmds"]) == MAX_COMMANDS == 1000
    else:
        with pytest.raises(InputError, match="at most 1000 commands"):
            parse(line)


def test_a_line_has_at_most_so_many_bytes(tmp_path):
    line = json.dumps(vector())
    assert parse(line + " " * (MAX_LINE - len(line)))["id"] == "a"
    with pytest.raises(InputError, match="at most 4194304 bytes"):
        parse(line + " " * (MAX_LINE + 1 - len(line)))
    with pytest.raises(InputError, match="line 1, script: a line has at most"):
        check(file(tmp_path, " " * (MAX_LINE + 1)))


@pytest.mark.parametrize(
    "line, said",
    [("{", "one JSON object"), ("[]", 'an "id"'), ('{"id": 5}', 'an "id"'), ('{"id": "x"}', "same length"),
     ('{"id": "x", "cmds": {}, "expect": {}}', "same length"), ('{"id": "x", "cmds": [], "expect": {}}', "same length"),
     ('{"id": "x", "cmds": [["stat"]], "expect": [5]}', 'object with "r"'), ('{"id": "x", "cmds": [["stat"]], "expect": [{"s": 1}]}', 'object with "r"')],
)  # fmt: skip
def test_what_a_line_lacks_is_said(line, said):
    with pytest.raises(InputError, match=said):
        parse(line)
    assert parse('{"id": "x", "cmds": [], "expect": []}')["cmds"] == []
