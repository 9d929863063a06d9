"""What the README shows is what happens: commands and their output, files it links to, every notebook by its title."""

import contextlib
import io
import json
import re
import shlex
from pathlib import Path

import pytest

from tdxkit.cli import main

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")
SHOWN = re.findall(r"^\$ python -m tdxkit (.+)\n((?:(?!\$|```).*\n)+)", TEXT, re.M)


@pytest.mark.parametrize("command, output", SHOWN, ids=[command.split()[0] for command, _ in SHOWN])
def test_a_command_prints_what_is_shown(command, output):
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        assert main(shlex.split(command)) == 0
    assert printed.getvalue().rstrip() == output.rstrip()


def test_commands_are_shown():
    assert len(SHOWN) >= 3


def test_the_python_example_runs():
    [example] = re.findall(r"```python\n(.*?)```", TEXT, re.S)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(example, "README.md", "exec"), {})
    assert "!! REMOVE found no pair" in printed.getvalue()


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/newcomer.md", "docs/json.md"])
def test_links_and_named_files_are_there(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    links = re.findall(r"\]\(((?!https?:)[^)]+)\)|(?:src|srcset)=\"([^\"]+)\"", text)
    named = re.findall(r"`([\w.-]+/[\w./-]+\.(?:py|toml|json|md|js))`", text)
    made_up = ("NAME", "NN", "vM", "mine")
    houses = (ROOT, ROOT / "tdxkit", ROOT / "tdxkit/linux")
    assert [path for a, b in links if not ((ROOT / name).parent / (path := a or b)).exists()] == []
    assert [
        path for path in named if not any(m in path for m in made_up) and not any((h / path).exists() for h in houses)
    ] == []


def test_the_learning_path_names_every_notebook_by_its_title():
    listed = {path: title for title, path in re.findall(r"\[(\d\d · [^\]]+)\]\((notebooks/[^)]+)\)", TEXT)}
    there = {}
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        first = "".join(json.loads(path.read_text(encoding="utf-8"))["cells"][0]["source"])
        there[f"notebooks/{path.name}"] = first.splitlines()[0].removeprefix("# ")
    assert listed == there


def test_the_version_is_the_top_entry_of_the_changelog():
    from tdxkit import __version__

    entries = re.findall(r"^## (\S+)$", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.M)
    numbers = [tuple(map(int, entry.split("."))) for entry in entries]
    assert entries[0] == __version__ and numbers == sorted(numbers, reverse=True)
