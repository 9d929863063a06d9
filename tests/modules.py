"""The package's modules, and a test that holds each of them to one rule without a test's cost for each."""

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
