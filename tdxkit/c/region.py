"""What a get and a put are called with: the region's first page frame or its address, in the parameter that says so by its type or its name; the
level of a 4K page, where a parameter is a level; GFP_KERNEL for gfp_t; and 0, or NULL, for what else they take."""

from collections.abc import Mapping
from typing import NamedTuple

from pycparser import c_ast

from tdxkit.c.kernel.constants import CONSTANTS

PAGES, PAGE_SIZE = 512, 4096  # of 4K in a region, and its bytes
ADDRESSES = {
    "hpa_t",
    "phys_addr_t",
    "hpa",
    "pa",
    "paddr",
    "phys",
    "phys_addr",
}  # types and names of a parameter that is the region's address
FRAMES = {"kvm_pfn_t", "pfn_t", "hfn_t", "pfn", "struct page"}  # and of one that is its first page frame
LEVELS, LEVEL = {"enum pg_level", "level", "pg_level"}, "PG_LEVEL_4K"
GFPS = {"gfp_t", "gfp", "gfp_flags"}


class Argument(NamedTuple):
    """What a parameter is given: a value, and for each region so many more. title: as a remark tells it, "" of the region's."""

    value: int
    by_region: int = 0
    title: str = ""


def arguments(args: c_ast.ParamList | None, constants: Mapping[str, int]) -> tuple[Argument, ...]:
    """What each parameter of a get or a put is given. The region is said by the first that can, or else by the first."""
    named = [(_type_name(param), getattr(param, "name", None) or "") for param in (args.params if args else ())]
    named = [names for names in named if names != ("void", "")]
    fit = [k for k, (kind, word) in enumerate(named) if {kind, word if kind else ""} & (ADDRESSES | FRAMES)]
    at = fit[0] if fit else 0
    return tuple(
        Argument(0, PAGES * (PAGE_SIZE if {kind, word} & ADDRESSES else 1))
        if k == at
        else _other(kind, word, constants)
        for k, (kind, word) in enumerate(named)
    )


def _other(kind: str, word: str, constants: Mapping[str, int]) -> Argument:
    if {kind, word} & LEVELS:
        return Argument(constants[LEVEL], title=f"{word or kind} is {LEVEL}")
    if {kind, word} & GFPS:
        return Argument(CONSTANTS["GFP_KERNEL"], title=f"{word or kind} is GFP_KERNEL")
    return Argument(0, title=f"{word or kind or 'a parameter'} is {'0' if kind else 'NULL'}")


def _type_name(param: c_ast.Node) -> str:
    """What a parameter's type is called: of a pointer to a struct that, of another pointer or array nothing."""
    kind, pointers = getattr(param, "type", None), 0
    while isinstance(kind, (c_ast.PtrDecl, c_ast.ArrayDecl)):
        kind, pointers = kind.type, pointers + 1
    inner = getattr(kind, "type", None)
    if isinstance(inner, c_ast.Struct) and pointers == 1:
        return f"struct {inner.name}"
    if isinstance(inner, c_ast.Enum) and not pointers:
        return f"enum {inner.name}"
    return " ".join(inner.names) if isinstance(inner, c_ast.IdentifierType) and not pointers else ""
