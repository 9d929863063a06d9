"""Structs, unions and enums as a text defines them, with what it says of how they are laid out."""

from pycparser import c_ast

from tdxkit.c.forms import calls, says_volatile
from tdxkit.c.known import TAGGED
from tdxkit.c.layout import PLAIN, Field, Packing, lay
from tdxkit.c.literals import OF_INT, of_values
from tdxkit.c.types import INT, INTS, BitField, Function, Int, Kernels, Struct, Type, Void, element_of
from tdxkit.errors import InputError

OF_BITS = "bit-fields that are neighbours are one memory location, as C11 has it: a store to one writes the others again; gcc may touch fewer bytes"
MOST_ALIGNED = 1 << 28


def struct(text, node: c_ast.Struct | c_ast.Union) -> Type:
    """The type of a struct or a union, in the types of a text."""
    word = "union" if isinstance(node, c_ast.Union) else "struct"
    name = f"{word} {node.name}" if node.name else f"{word} (without a name)"
    key = node.name if word == "struct" else name
    known = text.tags.get(key) if node.name else None
    if node.decls is None:
        if known is None:
            known = text.tags[key] = Struct(name)
        return known
    if (at := node.coord.line if node.coord else -id(node)) in text.bodies:  # of `struct s { … } a, b` each has it
        return text.bodies[at]
    if node.name and key not in TAGGED and known is not None and (known.known or known in text.open):
        raise text.refuse(node, f"`{name}`", "it is defined twice", "take one out")
    made = known if isinstance(known, Struct) and not known.known else Struct(name)
    if node.name:
        text.tags[key] = made
    text.bodies[at] = made
    text.open.append(made)
    of, fields = _laid_out(text, node)
    lay(made, fields, of, union=word == "union")
    if word == "union":
        made.fill(_alternative(text, node, name, fields), [0])
    text.open.remove(made)
    for decl in node.decls:
        if isinstance(decl, c_ast.Decl) and decl.name in made.members and says_volatile(decl):
            made.members[decl.name] = made.members[decl.name]._replace(volatile=True)
    if any(kind.row > 1 for _, kind in made.fields if isinstance(kind, BitField)):
        text.told[OF_BITS] = None
    return made


def _laid_out(text, node: c_ast.Struct | c_ast.Union) -> tuple[Packing, list[Field]]:
    """What is said of the whole, and the members."""
    of, fields, declared = PLAIN, list[Field](), list[int]()
    # declared: of each declaration its field, -1 where gcc hears no attributes before it
    seen: set[str] = set()
    for decl in node.decls:
        if isinstance(decl, c_ast.Decl):
            found = _fields(text, node, decl, seen)
            fields += found
            declared.append(len(fields) - 1 if found and (decl.name or decl.bitsize) else -1)
        elif isinstance(decl, c_ast.StaticAssert):
            for back in behind(text, decl, len(declared), "__packed_here", "__aligned_here"):
                if (at := declared[-1 - back]) >= 0:
                    fields[at] = fields[at]._replace(packing=said(text, decl, fields[at].packing))
            if calls(decl.cond, "__packed_type", "__aligned_type", "__pack_type"):
                of = said(
                    text, decl, of._replace(align=0) if calls(decl.cond, "__aligned_type") else of
                )  # the last goes
    return of, fields


def behind(text, node: c_ast.StaticAssert, count: int, *words: str) -> range:
    """Of which of the `count` declared before it an assertion of ours speaks, counted from the last; of none where it is another."""
    if not calls(node.cond, *words):
        return range(0)
    first, last = (text.constant(arg) for arg in node.cond.args.exprs[:2])
    return range(last, min(first + 1, count))


def said(text, node: c_ast.StaticAssert, before: Packing = PLAIN) -> Packing:
    """What an assertion of ours says of a layout."""
    if "packed" in node.cond.name.name:
        return before._replace(packed=True)
    return _aligned(text, node.cond.args.exprs[-1], before, "most" if "pack" in node.cond.name.name else "align")


def _aligned(text, node: c_ast.Node, before: Packing, word: str = "align") -> Packing:
    try:
        number = text.alignment(node) if isinstance(node, c_ast.Typename) else text.constant(node)
    except InputError:
        return before._replace(odd=True)
    if number & (number - 1) or not 0 <= number <= MOST_ALIGNED:
        raise text.refuse(node, f"aligned to {number}", "an alignment is a power of two", "write 8, or 64")
    return before._replace(**{word: max(number, getattr(before, word))})


def _fields(text, node: c_ast.Struct | c_ast.Union, decl: c_ast.Decl, seen: set[str]) -> list[Field]:
    """The member that is declared; none by what only names a type, as `enum { A };` does. `seen`: the names of those before it."""
    kind = text.type_of(decl.type)
    if decl.name is None and decl.bitsize is None:
        if not isinstance(kind, Struct) or not kind.known:
            return []
        if tag := getattr(decl.type, "name", None):
            text.told[
                f"{tag} without a name in {node.name or 'a struct'} is taken for a member of it, as -fms-extensions has it"
            ] = None
    if decl.bitsize is not None and isinstance(kind, Int):
        kind = _bits(text, decl, kind)
    if isinstance(kind, Function):
        raise text.refuse(decl, f"`{decl.name}`", "it is a function", "leave it out")
    if isinstance(kind, Struct) and not kind.known and kind not in text.open:
        kind = Kernels(kind.name)  # nobody looks into it
    if element_of(kind) in text.open:
        rule = f"{element_of(kind)} would have itself as a member"
        raise text.refuse(decl, f"`{decl.name}`", rule, "make it a pointer")
    if decl.name in seen:
        raise text.refuse(decl, f"`{decl.name}`", "there are two members of this name", "rename one")
    seen |= {decl.name} - {None}
    packing = Packing(odd=isinstance(kind, BitField) and kind.align != kind.size)  # gcc's ways with those are many
    for align in decl.align or ():
        packing = _aligned(text, align.alignment, packing)
    return [Field(decl.name or "", kind, packing)]


def _bits(text, decl: c_ast.Decl, kind: Int) -> Int:
    """The type of a bit-field: what an int holds is promoted to one."""
    bits = text.constant(decl.bitsize)
    most = 1 if kind.name == "_Bool" else kind.bits
    if not 0 <= bits <= most:
        raise text.refuse(decl, f"`{decl.name}`", f"{kind} has {most} bits", "make it narrower")
    return BitField(kind, bits)


def _alternative(text, node: c_ast.Union, name: str, fields: list[Field]) -> list[tuple[str, Type]]:
    """The one member of a union that the text looks at; refused where it looks at more of them."""
    looked = [
        (word, kind)
        for word, kind, _ in fields
        if not text.used.isdisjoint({word} if word else getattr(kind, "members", ()))
    ]
    if len(looked) > 1:
        rule = f"it shows the same bytes as different types, and {' and '.join(w or 'a struct without a name' for w, _ in looked)} are used"
        raise text.refuse(node, name, rule, "write one of them alone, and its parts by shifts")
    return looked or [(word, kind) for word, kind, _ in fields[:1]]


def enum(text, node: c_ast.Enum) -> Type:
    """The type of an enum, in the types of a text, which learns its enumerators. `: void` is what attributes make of a packed one."""
    key = f"enum {node.name}"
    given = text.type_of(node.underlying_type) if node.underlying_type is not None else None
    if node.values is None:
        if isinstance(given, Int):
            text.tags[key] = given
        return text.tags.get(key, INTS["unsigned int"])
    if (at := node.coord.line if node.coord else -id(node)) in text.bodies:
        return text.bodies[at]
    if given is not None and not isinstance(given, (Int, Void)):
        raise text.refuse(node, f"`{key}`", f"{given} is no integer type", "write one, such as u8")
    fixed = given if isinstance(given, Int) else None
    value, kind, seen = -1, fixed or INT, [0]
    for entry in node.values.enumerators:
        value = text.constant(entry.value) if entry.value is not None else value + 1
        if entry.name in text.constants:
            raise text.refuse(entry, f"`{entry.name}`", "it is a constant already", "rename one")
        if fixed and fixed.wrap(value) != value:
            raise text.refuse(entry, f"`{entry.name}`", f"{fixed} has no {value}", "write another number")
        text.constants[entry.name] = value
        seen = [*seen, value]
        kind = fixed or of_values(seen)
        names = [e.name for e in node.values.enumerators if fixed or text.constants.get(e.name, 0) not in OF_INT]
        text.wide |= dict.fromkeys(names, kind)
    text.bodies[at] = text.tags[key] = kind if given is None or fixed else _least(seen)
    return text.bodies[at]


def _least(values: list[int]) -> Int:
    """The smallest integer type that has all of these, as a packed enum is."""
    signed = "signed char", "short", "int", "long"
    names = signed if min(values) < 0 else ("unsigned char", "unsigned short", "unsigned int", "unsigned long")
    return next(INTS[word] for word in names if INTS[word].least <= min(values) and max(values) <= INTS[word].most)
