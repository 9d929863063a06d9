"""Imports point one way: ground floor ← explore, seam, linux, status, mail ← c ← review, lessons ← view ← commands, cli.

Inside a floor that has wings the wings have an order too: `WINGS` says who may import whom, nothing else may.
"""

import ast
import importlib
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from tests.modules import MODULES, every_module

ROOT = Path(__file__).parent.parent
GROUND = {
    "browser",
    "errors",
    "text",
    "units",
    "facts",
    "card",
    "run",
    "doors",
    "kinds",
    "intake",
    "work",
    "sources",
    "rules",
}
FLOORS = [
    GROUND,
    {"explore", "seam", "linux", "status", "mail"},
    {"c"},
    {"review", "lessons"},
    {"view"},
    {"commands", "cli", "__main__"},
]
# Wing by wing, the wings (or modules beside them) of the same floor that it imports. Whatever is not a folder is not listed.
WINGS = {
    "linux": {
        "xarray": set(),
        "memattr": {"xarray"},
        "softlockup": {"memattr", "xarray"},
        "msr": set(),
        "lock": set(),
        "refcount": set(),
        "host": {"refcount"},
    },
    "seam": {"leaves": {"locks", "memory", "pamt", "params", "versions"}},
    "view": {"kit": set(), "stepper": {"kit"}, "editor": {"kit"}},
    "review": {"msr": {"pasted"}, "softlockup": {"pasted"}},
}
# Modules that are imported by a name put together at run time: who does it, and what. No reader of imports sees these arrows.
BY_NAME = {
    "tdxkit/cli.py": "tdxkit.commands.{name}",
    "tdxkit/doors.py": "{package}.{home[name]}",
    "tdxkit/explore/names.py": "{path}",  # of Python itself, as the function that is read imports it
    "tdxkit/lessons/exercises.py": "tdxkit.lessons.checks.{module}",
    "tdxkit/linux/refcount/posted.py": "tdxkit.linux.refcount.{self.design}",
    "tdxkit/review/bugs.py": "tdxkit.review.{name}",
}
DISPLAY = {"ipywidgets", "plotly", "networkx", "anywidget", "traitlets", "IPython", "mistune"}
# A browser has none of these; the library must run there.
BANNED = {"numpy", "threading", "multiprocessing", "socket", "concurrent", "subprocess"}


def floor(part: str) -> int:
    return next(i for i, names in enumerate(FLOORS) if part in names)


def imports(path: Path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (a.name for a in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: write absolute imports"
            yield from ([f"tdxkit.{a.name}" for a in node.names] if node.module == "tdxkit" else [node.module])


def modules_of(path: Path) -> set[str]:
    """The modules of tdxkit that a file imports, wherever in the file, by their full names."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module.startswith("tdxkit."):
            place = ROOT / node.module.replace(".", "/")
            for alias in node.names:
                below = place / alias.name
                is_module = below.with_suffix(".py").is_file() or (below / "__init__.py").is_file()
                found.add(f"{node.module}.{alias.name}" if is_module else node.module)
    return found


@pytest.mark.slow
@every_module
def test_imports_point_one_way(path):
    parts = path.relative_to(ROOT / "tdxkit").with_suffix("").parts
    if parts == ("__init__",):
        assert not list(imports(path))
        return
    here = floor(parts[0])
    for name in imports(path):
        top, *rest = name.split(".")
        if top == "tdxkit" and rest and not rest[0].startswith("__"):
            assert floor(rest[0]) <= here, f"{path.name} imports {name}, which stands above it"
        if parts[0] not in ("view", "commands"):
            assert top not in DISPLAY, f"only view/ draws, {path.name} imports {name}"
        assert top not in BANNED or parts[0] in ("commands", "cli"), (
            f"{path.name} imports {name}, which a browser does not have"
        )


@pytest.mark.slow
@every_module
def test_wings_of_a_floor_have_an_order(path):
    floor_name, *inside = path.relative_to(ROOT / "tdxkit").with_suffix("").parts
    wings = WINGS.get(floor_name)
    if not wings or len(inside) < 2:
        return
    for name in modules_of(path):
        _, top, *rest = name.split(".")
        if top == floor_name and rest and rest[0] not in ("__init__", inside[0]):
            assert rest[0] in wings[inside[0]], f"{floor_name}/{inside[0]} imports {name}"


def test_every_folder_of_a_floor_with_wings_is_one():
    for floor_name, wings in WINGS.items():
        folders = {p.parent.name for p in (ROOT / "tdxkit" / floor_name).glob("*/__init__.py")}
        assert folders == set(wings)
    assert [p.name for p in (ROOT / "tdxkit/linux").glob("*.py")] == ["__init__.py"]


def test_no_wing_order_has_a_circle():
    for wings in WINGS.values():
        assert tuple(TopologicalSorter(wings).static_order())


@pytest.mark.slow
def test_no_import_circle():
    """Module by module, whatever stands inside a function included."""
    known = {".".join(p.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): p for p in MODULES}
    arrows = {name: {m for m in modules_of(path) if m in known} - {name} for name, path in known.items()}
    tuple(TopologicalSorter(arrows).static_order())  # CycleError names the circle


@pytest.mark.slow
def test_what_is_imported_by_a_made_up_name_is_written_down():
    found = {}
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "import_module":
                found[str(path.relative_to(ROOT))] = ast.unparse(node.args[0])[2:-1]
    assert found == BY_NAME


def test_a_door_never_has_the_name_of_a_module():
    """Once loaded, the module would be what `from package import name` gives."""
    for path in (ROOT / "tdxkit").rglob("__init__.py"):
        if "door(" in path.read_text():
            package = importlib.import_module(".".join(path.parent.relative_to(ROOT).parts))
            modules = {p.stem for p in path.parent.iterdir()}
            assert not modules & set(package.__all__)
            assert all(getattr(package, name) is not None for name in package.__all__)


def test_import_tdxkit_loads_no_display_library():
    seen = subprocess.run(
        [sys.executable, "-c", "import tdxkit, sys; print(*sys.modules)"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=True,
    ).stdout.split()
    assert not DISPLAY & set(seen) and "dataclasses" not in seen


@pytest.mark.slow
@every_module
def test_public_means_documented(path):
    tree = ast.parse(path.read_text())
    assert ast.get_docstring(tree), f"{path} has no docstring"
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and not node.name.startswith("_"):
            assert ast.get_docstring(node), f"{path.name}: {node.name} is public and has no docstring"
