"""The face of a package: names that can be imported from it, each fetched from its module at first use.

So `from tdxkit.explore import explore, Scenario` works and `import tdxkit.explore` still loads next to nothing.
"""

from collections.abc import Callable


def door(package: str, **modules: str) -> tuple[list[str], Callable[[str], object]]:
    """`__all__` and `__getattr__` (PEP 562) of a package: for each module below it the names it lends, in one string.

    A name must not be that of a module of the package: once the module is loaded, Python would hand out the module.

    >>> names, get = door("tdxkit.explore", program="Scenario Thread")
    >>> names, get("Thread").__name__
    (['Scenario', 'Thread'], 'Thread')
    """
    home = {name: module for module, names in modules.items() for name in names.split()}

    def get(name: str) -> object:
        if name not in home:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        from importlib import import_module

        return getattr(import_module(f"{package}.{home[name]}"), name)

    return sorted(home), get
