"""What keeps the whole in order: sizes, names, citations, and that no module lies beyond every test."""

import ast
import json
import re
import tomllib
from importlib import import_module
from pathlib import Path

import pytest

from tdxkit.cli import COMMANDS
from tests.modules import MODULES, every_module

ROOT = Path(__file__).parent.parent


@every_module
def test_a_module_is_one_concept(path):
    assert len(path.read_text().splitlines()) <= 300, f"{path.name}: is there a second concept in it?"


@pytest.mark.slow
@every_module
def test_a_function_fits_a_screen(path):
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, kinds):
            assert node.end_lineno - node.lineno < 50, f"{path.name}: {node.name} is two functions"


def module_imports(path: Path) -> set[str]:
    """Every module of tdxkit that a file imports or names, wherever in the file."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {a.name for a in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{a.name}" for a in node.names)}
        elif (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and node.value.isidentifier()
            and (path.parent / f"{node.value}.py").is_file()
        ):
            found.add(
                ".".join([*path.parent.relative_to(ROOT).parts, node.value])
            )  # a module called by its name, as designs are
    return whole({name for name in found if name.startswith("tdxkit")})


def whole(names: set[str]) -> set[str]:
    """With the packages around each module, and with the module behind each name that a package's door lends."""
    around = {name.rsplit(".", k)[0] for name in names for k in range(name.count(".") + 1)}
    lent = set()
    for name in around - {"tdxkit"}:
        package, _, last = name.rpartition(".")
        if (ROOT / package.replace(".", "/") / "__init__.py").is_file():
            lender = import_module(package)
            if last in getattr(lender, "__all__", ()):
                lent.add(getattr(getattr(lender, last), "__module__", package))
    return around | lent


def notebook_imports() -> set[str]:
    """Every module that a lesson imports: nbmake runs each."""
    found = set()
    for path in (ROOT / "notebooks").glob("*.ipynb"):
        for module, names in re.findall(r'"from (tdxkit[.\w]*) import ([\w, ]+)', path.read_text(encoding="utf-8")):
            found |= {module, *(f"{module}.{name.strip()}" for name in names.split(","))}
    return whole(found)


@pytest.mark.slow
def test_no_module_lies_beyond_every_test():
    modules = {".".join(p.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): p for p in MODULES}
    tests = list((ROOT / "tests").rglob("*.py"))
    words = "".join(p.read_text() for p in tests)
    reached = {"tdxkit.__main__"} | {f"tdxkit.commands.{name}" for name in COMMANDS if f'"{name}"' in words}
    fresh = reached | notebook_imports() | set().union(*map(module_imports, tests))
    while fresh:
        reached |= fresh
        fresh = set().union(*(module_imports(modules[name]) for name in fresh if name in modules)) - reached
    assert sorted(set(modules) - reached) == [], "neither a test nor a lesson imports these, nor anything they import"


def test_the_examples_in_docstrings_are_run():
    """Each is a promise about a value: theme's about a colour, preempt's about a run. Nobody else holds them."""
    config = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["pytest"]["ini_options"]
    assert "--doctest-modules" in config["addopts"].split() and "tdxkit" in config["testpaths"]
    runs = [
        line.split() for line in (ROOT / "Makefile").read_text().splitlines() if "$(PYTEST)" in line and "@" in line
    ]
    assert len(runs) == 3 and all({"tests", "tdxkit"} <= set(words) for words in runs)


def test_test_files_have_names_of_their_own():
    """pytest imports them by their bare name, so that two of one name hide each other."""
    names = [p.name for p in (ROOT / "tests").rglob("test_*.py")]
    assert sorted(names) == sorted(set(names))


TEXTS = [
    p
    for top in ("tdxkit", "tests", "tools", "data", "notebooks", "benchmarks", "docs", "deploy")
    for p in (ROOT / top).rglob("*")
    if p.suffix in {".py", ".toml", ".json", ".ipynb", ".md", ".js", ".css", ".html"} and p.is_file()
] + [p for p in ROOT.iterdir() if p.suffix in {".md", ".toml", ".txt"} or p.name == "Makefile"]


def test_no_file_names_a_place_on_somebodys_machine():
    person = re.compile(r"/(?:home|Users)/(?!me/|you/|jovyan/)\w+/|/root/\w")
    named = [
        str(p.relative_to(ROOT)) for p in TEXTS if person.search(t := p.read_text(encoding="utf-8")) or f"{ROOT}/" in t
    ]
    assert named == []


def test_every_citation_has_its_source():
    from tdxkit.facts import load_toml

    known = load_toml("sources.toml")
    for path in (p for p in TEXTS if p.suffix in (".py", ".ipynb") and "tests" not in p.parts):
        for cited in re.findall(r"""\bcite\(\\?["']([^"'\\]+)""", path.read_text(encoding="utf-8")):
            assert cited in known, f"{path.name} cites {cited}, which data/sources.toml does not have"


def test_the_lab_begins_without_a_pop_up():
    """Whether Lab asks about news is a setting, and no flag of its server: `tdxkit lab` gives it the folder with that, and so do the tests."""
    from tdxkit.commands.lab import QUIET

    told = json.loads((QUIET["LabApp.app_settings_dir"] / "overrides.json").read_text())[
        "@jupyterlab/apputils-extension:notification"
    ]
    assert told == {"fetchNews": "false", "checkForUpdates": False}
