"""Every row of data, every model and every paragraph has one tag that leads somewhere; the listing says what stands where."""

import ast
import re
from pathlib import Path

import pytest

from tdxkit.cli import main
from tdxkit.facts import load_toml
from tdxkit.sources import CHECKED, MODEL, OWN, SILENT, paragraphs, places, rows, sources_of, tags
from tests.modules import every_module

ROOT = Path(__file__).parent.parent
SOURCES = load_toml("sources.toml")
EVERY = list(places())


def test_every_row_and_every_model_has_a_tag_that_there_is():
    wrong = [p.place for p in EVERY if not p.place.startswith("notebooks/") and p.source not in tags()]
    assert wrong == []
    assert all(p.checked in CHECKED or (p.source == OWN and not p.checked) for p in EVERY if p.source)


def test_every_file_of_data_and_every_kind_of_place_is_listed():
    listed = {p.place.split()[0] for p in EVERY}
    files = {f"data/{p.relative_to(ROOT / 'data').as_posix()}" for p in (ROOT / "data").rglob("*") if p.is_file()}
    assert files - listed == {"data/sources.toml"}
    assert {f"notebooks/{p.stem}" for p in (ROOT / "notebooks").glob("*.ipynb")} <= listed
    assert {"tdxkit/linux/refcount/v2.py", "tdxkit/seam/leaves/engine.py", "tdxkit/status/kernel.py"} <= listed


def test_every_source_says_how_it_was_checked_and_code_says_its_version():
    for name, entry in SOURCES.items():
        assert {"title", "where", "checked"} <= set(entry) <= {"title", "where", "date", "checked", "read_in"}, name
        assert entry["checked"] in CHECKED, name
        mail = "mailing list" in entry["where"]
        assert mail or entry.get("read_in") or entry.get("date"), f"{name}: neither dated nor of a version"
        if re.match(r"(module|linux)-|.*(-base|-feat-ctl)$", name):
            assert entry.get("read_in"), f"{name}: which module or kernel was read?"


def test_no_source_is_left_over():
    said = {p.source for p in EVERY}
    assert set(SOURCES) - said == set()


@every_module
@pytest.mark.slow
def test_what_a_docstring_names_its_sources_list(path):
    """A reader of the card meets an id there; `sources` knows the module by SOURCES. The two are one list."""
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    bodies = [tree, *(n for n in ast.walk(tree) if isinstance(n, (ast.FunctionDef, ast.ClassDef)))]
    said = " ".join(ast.get_docstring(node) or "" for node in bodies)
    named = set(re.findall(r"[\w-]+", said)) & set(SOURCES)
    if path.name != "sources.py":
        assert named <= set(sources_of(text))
    if "\nFidelity card\n" in text:
        assert sources_of(text), "a model says where what it knows was read"


def test_a_row_inherits_what_its_file_says_and_says_otherwise_itself():
    file = {
        "about": "words",
        "source": {"codes": "module-op-states", "leaf": "tdx-v6"},
        "checked": {"codes": "inferred"},
        "codes": {"A": "1"},
        "leaf": [{"name": "X"}, {"n": 7, "source": "own"}, {"source": "module-leaves", "read_in": "module 9"}],
        "lost": {"B": "2"},
    }
    assert [tuple(p) for p in rows("data/x.json", file)] == [
        ("data/x.json codes", "module-op-states", "inferred", "module 2.0.18, e69a4391"),
        ("data/x.json leaf X", "tdx-v6", "read", ""),
        ("data/x.json leaf 7", "own", "", ""),
        ("data/x.json leaf 3", "module-leaves", "read", "module 9"),
        ("data/x.json lost", "", "", ""),
    ]
    whole = {"source": "tdx-v6", "B1": {"problem": "p"}, "B2": {"source": "model"}, "B3": {"source": ["tdx-v6"]}}
    assert [p[:3] for p in rows("f", whole)] == [("f B1", "tdx-v6", "read"), ("f B2", "model", "run"), ("f B3", "", "")]


CELL = """## A heading

One sentence.
<!-- source: own -->

- a list
- of two
<!-- source: tdx-v6 -->

| a | b |
|---|---|
| 1 | 2 |

```
code

with a gap
```
<!-- source: model -->
<!-- source: own -->

<details><summary>More</summary>

<!-- source: model -->

**Next:** [there](x.ipynb)

A tag <!-- source: own --> inside.
<!-- source:own -->"""


def test_a_cell_is_paragraphs_with_their_tags():
    assert [(p.text.split()[0], p.tags, p.silent) for p in paragraphs(CELL) if p.text] == [
        ("##", (), True),
        ("One", ("own",), False),
        ("-", ("tdx-v6",), False),
        ("|", (), False),
        ("```", ("model", "own"), False),
        ("<details><summary>More</summary>", (), True),
        ("**Next:**", (), True),
        ("A", (), False),
    ]
    assert [p.tags for p in paragraphs(CELL) if not p.text] == [("model",)], "a tag after a gap belongs to nothing"
    assert not SILENT.fullmatch("#hashtag") and not SILENT.fullmatch("Next: read on")


def listed(capsys, *words):
    code = main(["sources", *words])
    return code, capsys.readouterr()


@pytest.mark.slow
def test_the_command_filters_by_source_by_place_and_by_kind(capsys):
    code, said = listed(capsys, "tdx-after-v6")
    lines = said.out.splitlines()
    assert code == 0 and lines[0].startswith("A text of arch/x86") and "dpamt_lock" in lines[0]
    assert ["tdxkit/linux/refcount/after_v6.py", "tdx-after-v6", "read"] in [line.split()[:3] for line in lines]
    assert len(lines) > 6 and all("  tdx-after-v6  read  " in line for line in lines[3:-2])
    _, said = listed(capsys, "bugs.toml")
    assert said.out.splitlines()[-1].startswith("35 entries: 35 from ") and "B35  " in said.out
    _, said = listed(capsys, "glossary.toml", "--own")
    body = said.out.splitlines()[1:-2]
    assert body and all(line.split()[2:] == [OWN] for line in body)
    assert listed(capsys, MODEL)[1].out == listed(capsys, "--model")[1].out


@pytest.mark.slow
@pytest.mark.parametrize("what, action", [("tdx-v66", "did you mean"), ("zzz", "lists all"), ("", "lists all")])
def test_what_is_nowhere_is_one_line_and_two(capsys, what, action):
    code, said = listed(capsys, what)
    assert (code, said.out) == (2, "") and said.err.count("\n") == 1 and action in said.err


def test_a_package_by_itself_says_that_the_notebooks_are_elsewhere(capsys, monkeypatch, tmp_path):
    monkeypatch.setattr("tdxkit.sources.notebooks", lambda: [])
    _, said = listed(capsys, "data/")
    assert said.out.splitlines()[-1].endswith("no notebooks beside the package: a checkout lists theirs too")
