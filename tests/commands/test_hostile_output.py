"""Nothing that a model says moves a terminal's cursor, colours it or turns its text round; JSON stays JSON."""

import json

import pytest

from tdxkit.cli import main

HOSTILE = """
from tdxkit.explore import Scenario, Thread, must


def says(m):
    yield "label \\x1b]0;title\\x07 \\u202eback\\x00"
    m.tell("told \\x9b31m")
    m.must("rule \\x1b[31m", False)


s = Scenario("x", {"n": "\\x1b[2J"}, (Thread(says, (), "CPU \\x1b[7m"),), (must("rule \\x1b[31m"),), title="t\\u202e\\x85")
"""
UNSEEN = {
    *map(chr, [*range(9), *range(11, 32), *range(127, 160)]),
    *"\u200e\u200f\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2066\u2069",
}


@pytest.mark.slow
@pytest.mark.parametrize("words", [["explore", "--outcomes"], ["explore", "--json"], ["replay"], ["stress"]])
def test_what_a_model_says_is_text_and_nothing_else(words, tmp_path, capsys):
    (path := tmp_path / "hostile.py").write_text(HOSTILE)
    command, *more = words
    name = f"{path}:s"
    assert main(["explore", name, "--json"]) == 0
    code = json.loads(capsys.readouterr().out)["schedule"]
    assert main([command, name, *([code] if command == "replay" else []), *more]) == 0
    out = capsys.readouterr().out
    assert not UNSEEN & set(out) and r"rule \u001b[31m" in out
    if "--json" in more:
        assert json.loads(out)["property"] == "rule \x1b[31m"
