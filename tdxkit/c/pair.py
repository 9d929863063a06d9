"""Which functions of a text are its get and its put, and what they are called with."""

from types import FunctionType

from tdxkit.c.kernel.pages import LOOK_UPS
from tdxkit.c.program import Program
from tdxkit.c.region import Argument, arguments
from tdxkit.errors import InputError
from tdxkit.linux.refcount import module
from tdxkit.run import Text

USE = "the use of the page"
# What stands between get and put is the model's; beside C it is told in words, each SEAMCALL at the line that takes it in the model.
SHOWN = (
    "",
    "/* between get and put: */",
    "TDH.MEM.PAGE.AUG(page);",
    "",
    "/* some time later: */",
    "TDH.MEM.PAGE.REMOVE(page);",
)


def pair_of(made: Program, get: str, put: str) -> tuple[str, str]:
    """Their names: those that are given, else found."""
    return get or _ends(made, "get"), put or _ends(made, "put")


def given_to(made: Program, pair: tuple[str, str]) -> tuple[str, ...]:
    """What they are called with beside the region."""
    return tuple(f"{word}(): {one.title}" for word in pair for one in arguments_of(made, word) if one.title)


def arguments_of(made: Program, word: str) -> tuple[Argument, ...]:
    """What a function is called with."""
    return arguments(made.declared.functions[word].decl.type.args, made.declared.constants)


def counts_by_region(made: Program) -> bool:
    """Does a text count in the counters of the regions, and not by itself?"""
    return any(f"k_{word}" in made.unit.constants for word in (*LOOK_UPS, "tdx_region_count"))


def ends_in(made: Program, way: str) -> list[str]:
    """The functions that are called like a get, or a put."""
    return [word for word in made.functions if word == way or word.endswith(f"_{way}")]


def _ends(made: Program, way: str) -> str:
    """The one function that is a get, or a put, by its name."""
    found = ends_in(made, way)
    if len(found) != 1:
        rule = f"{' and '.join(found)} end in {way}" if found else f"no function ends in _{way}"
        raise InputError(
            f"the {way} of the text", rule, f"give --{way} NAME, or what each CPU runs: --run 'STATEMENTS'"
        )
    return found[0]


def in_use() -> FunctionType:
    """The use of a page as the lanes show it beside C."""
    shown = FunctionType(module.use.__code__, {}, USE)
    shown.shown = Text("between get and put: the page is in use", SHOWN)  # type: ignore[attr-defined]
    return shown
