"""The package's modules, and a test that holds each of them to one rule without a test's cost for each."""

import inspect
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).parent.parent
MODULES = sorted((ROOT / "tdxkit").rglob("*.py"))


def every_module(rule):
    """`rule(path)` as one test over all modules: it fails on the first that breaks the rule, whose path is in the traceback."""

    def test():
        for path in MODULES:
            rule(path)

    test.__name__, test.__doc__, test.pytestmark = rule.__name__, rule.__doc__, getattr(rule, "pytestmark", [])
    return test


def below(package: str) -> list[str]:
    """The names of a package's modules, and of those in its folders."""
    folder = ROOT.joinpath(*package.split("."))
    return [
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for path in MODULES
        if folder in path.parents and path.stem != "__init__"
    ]


def defaults(*names: str) -> dict[str, int]:
    """Of these modules each parameter whose default is a number but 0, or yes: `module.function(parameter)`; what nobody sets is off or nothing."""
    found = {}
    for name in names:
        module = import_module(name)
        for thing in (one for one in vars(module).values() if getattr(one, "__module__", "") == name and callable(one)):
            inside = vars(thing).values() if inspect.isclass(thing) else [thing]
            for one in filter(inspect.isroutine, (getattr(one, "__func__", one) for one in inside)):
                one = inspect.unwrap(one)
                for parameter in inspect.signature(one).parameters.values() if inspect.isfunction(one) else ():
                    if isinstance(parameter.default, int) and parameter.default:
                        found[f"{name.rpartition('.')[2]}.{one.__qualname__}({parameter.name})"] = parameter.default
    return found
