"""What a get and a put are called with: the region's first page frame or its address, in the parameter that says so by its type or its name."""

from collections.abc import Iterator

from pycparser import c_ast

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


def given_for(region: int, many: int, at: int, unit: int) -> tuple[int, ...]:
    """The arguments of a call for a region, that says it at a place in a unit; what else it takes is 0."""
    return tuple(PAGES * region * unit if k == at else 0 for k in range(many))


def place_of_region(args: c_ast.ParamList | None) -> tuple[int, int]:
    """Which parameter says the region, and what a page frame counts in it: 1 in a frame number or page, 4096 in an address."""
    found = []
    for at, param in enumerate(args.params if args else ()):
        names = {getattr(param, "name", "") or ""} | set(_type_names(param))
        if names & ADDRESSES or names & FRAMES:
            found.append((at, PAGE_SIZE if names & ADDRESSES else 1))
    return found[0] if found else (0, 1)


def _type_names(node: c_ast.Node) -> Iterator[str]:
    """The words of a declaration's type."""
    if isinstance(node, c_ast.IdentifierType):
        yield from node.names
    elif isinstance(node, c_ast.Struct):
        yield f"struct {node.name}"
    for _, child in node.children():
        yield from _type_names(child)
