"""Planted faults: each is one change that can be read, the sample is its seed's, and what is known to be equal is left out."""

import ast

import pytest

from tools import mutants
from tools.mutating import faults

PYTHON = '''
def put(m, region, many: int = 3) -> bool:
    """Gives back 7 pages."""
    if m.count[0] >= 2 and not m.free:
        m.count[0] -= 1
        yield from unlock(m)
    m.log(1)
    if region is not None:
        raise ValueError(f"{region + 1} is wrong")
    if not many:
        return False
    return m.count[0] + 1 == many or (yield)
'''
SCRIPT = """// a + b
import { one } from "./one.js";
export const f = (a, b) => {
  if (!a && b === 3) return true;
  a.shift(b);
  return key === "u" ? a - 1 : a + b;
};
"""


def planted(tmp_path, name, text):
    file = tmp_path / name
    file.write_text(text, encoding="utf-8")
    return [(fault.kind, *fault.lines()) for fault in faults(file)], faults(file)


def test_faults_of_python(tmp_path):
    told, made = planted(tmp_path, "put.py", PYTHON)
    both = "if m.count[0] >= 2 and not m.free:"
    assert ("compare", both, both.replace(">=", ">")) in told and ("and, or", both, both.replace("and", "or")) in told
    assert ("not", both, "if m.count[0] >= 2 and  m.free:") in told and ("dropped branch", both, "if False:") in told
    assert ("sum", "m.count[0] -= 1", "m.count[0] += 1") in told and (
        "wrong slot",
        "m.count[0] -= 1",
        "m.count[1] -= 1",
    ) in told
    assert ("missing release", "yield from unlock(m)", "pass") in told
    assert ("dropped statement", "m.log(1)", "pass") in told
    assert ("swapped checks", "if region is not None:", "if not many:") in told
    assert ("compare", "if region is not None:", "if region is None:") in told
    assert not [row for row in told if "7" in row[1] or "is wrong" in row[1]]  # what is there for people
    for fault in made:
        assert ast.dump(ast.parse(fault.planted())) != ast.dump(ast.parse(PYTHON))


def test_faults_of_a_script(tmp_path):
    told, _ = planted(tmp_path, "f.js", SCRIPT)
    line = "if (!a && b === 3) return true;"
    for kind, old, new in (
        ("not", "!a", "a"),
        ("and, or", "&&", "||"),
        ("compare", "===", "!=="),
        ("constant", "3", "4"),
        ("constant", "true", "false"),
    ):
        assert (kind, line, line.replace(old, new)) in told
    assert ("dropped statement", "a.shift(b);", "") in told
    assert ("key", 'return key === "u" ? a - 1 : a + b;', 'return key === "F9" ? a - 1 : a + b;') in told
    assert not [row for row in told if row[1].startswith(("//", "import"))]


@pytest.mark.slow
@pytest.mark.parametrize("area", mutants.AREAS)
def test_every_area_has_faults_and_tests_and_its_sample_is_its_seeds(area):
    folders, tests, _ = mutants.AREAS[area]
    assert all(list(mutants.ROOT.glob(folder)) for folder in f"{folders} {tests}".split())
    one, again, other = mutants.sample(area, 12, 1), mutants.sample(area, 12, 1), mutants.sample(area, 12, 2)
    assert one == again != other and len({(fault.path, fault.line) for fault in one}) == 12
    for fault in one:
        if fault.path.suffix == ".py":
            ast.parse(fault.planted())


def test_what_is_known_to_be_equal_is_not_planted(tmp_path, monkeypatch):
    fault = mutants.sample("softlockup", 1, 1)[0]
    file, before, after = mutants.key(fault)
    (tmp_path / "softlockup.toml").write_text(
        f"[[fault]]\nfile = {file!r}\nline = {before!r}\nbecomes = {after!r}\nwhy = 'it is'\n", encoding="utf-8"
    )
    monkeypatch.setattr(mutants, "EQUAL", tmp_path)
    rest = mutants.sample("softlockup", 1000, 1)
    assert rest and mutants.key(fault) not in map(mutants.key, rest)


def test_the_report_has_rates_and_the_survivors_lines():
    fault = mutants.sample("softlockup", 2, 1)
    said = mutants.report({"softlockup": [mutants.Tried(fault[0], "x"), mutants.Tried(fault[1], "")]})
    assert "softlockup          2     1         1   50%" in said
    before, after = fault[1].lines()
    assert (
        f"  - {before}\n  + {after}" in said
        and fault[0].lines()[1] not in said.split("rate")[1].split("softlockup:")[1]
    )


@pytest.mark.slow
def test_what_is_listed_as_equal_is_there_and_has_its_reason():
    there = {mutants.key(fault) for area in mutants.AREAS for fault in mutants.candidates(area)}
    for known, why in mutants.equal_faults().items():
        assert known in there, f"{known}: the line has changed; look again whether anybody could see it"
        assert 15 <= len(why) <= 200 and "\n" not in why, (known, why)
