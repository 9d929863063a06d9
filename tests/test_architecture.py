"""Imports point one way: ground floor ← explore, seam, linux, status ← review, lessons ← view ← commands, cli."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
GROUND = {"errors", "units", "facts", "card", "run"}
FLOORS = [
    GROUND,
    {"explore", "seam", "linux", "status"},
    {"review", "lessons"},
    {"view"},
    {"commands", "cli", "__main__"},
]
DISPLAY = {"ipywidgets", "plotly", "networkx", "anywidget", "traitlets", "IPython"}
# A browser has none of these; the library must run there.
BANNED = {"numpy", "threading", "multiprocessing", "socket", "concurrent", "subprocess"}
MODULES = sorted((ROOT / "tdxkit").rglob("*.py"))


def floor(part: str) -> int:
    return next(i for i, names in enumerate(FLOORS) if part in names)


def imports(path: Path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (a.name for a in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: write absolute imports"
            yield from ([f"tdxkit.{a.name}" for a in node.names] if node.module == "tdxkit" else [node.module])


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
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


def test_import_tdxkit_loads_no_display_library():
    seen = subprocess.run(
        [sys.executable, "-c", "import tdxkit, sys; print(*sys.modules)"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=True,
    ).stdout.split()
    assert not DISPLAY & set(seen) and "dataclasses" not in seen


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_public_means_documented(path):
    tree = ast.parse(path.read_text())
    assert ast.get_docstring(tree), f"{path} has no docstring"
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and not node.name.startswith("_"):
            assert ast.get_docstring(node), f"{path.name}: {node.name} is public and has no docstring"
