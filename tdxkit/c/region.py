"""What a get and a put are called with: the region's first page frame or its address, in the parameter that says so by its type or its name."""

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
    for at, param in enumerate(args.params if args else ()):
        kind = _type_name(param)
        names = {kind, getattr(param, "name", None) if kind else None}
        if names & (ADDRESSES | FRAMES):
            return at, PAGE_SIZE if names & ADDRESSES else 1
    return 0, 1


def _type_name(param: c_ast.Node) -> str:
    """What a parameter's type is called: of a pointer to a struct that, of another pointer or array nothing."""
    kind, pointers = getattr(param, "type", None), 0
    while isinstance(kind, (c_ast.PtrDecl, c_ast.ArrayDecl)):
        kind, pointers = kind.type, pointers + 1
    inner = getattr(kind, "type", None)
    if isinstance(inner, c_ast.Struct) and pointers == 1:
        return f"struct {inner.name}"
    return " ".join(inner.names) if isinstance(inner, c_ast.IdentifierType) and not pointers else ""
