"""Random structs and unions: what a text may say of how they are laid out."""

from random import Random

SCALARS = {"u8": 8, "u16": 16, "u32": 32, "u64": 64, "s8": 8, "s16": 16, "int": 32, "long": 64, "bool": 1}
OTHERS = ("void *", "enum tiny ", "enum fixed ", "enum plain ", "u64a ", "u32b ", "u16c ", "s64w ")
HEAD = """enum tiny { T = 200 } __packed; enum fixed : u16 { F = 300 }; enum plain { P }; struct empty { };
typedef u64 __attribute__((aligned(4))) u64a; typedef u32 u32b __aligned(1); typedef u16 u16c __aligned(8); typedef __aligned(2) long s64w;
"""
ATTRIBUTES = (
    "__packed",
    "__aligned(2)",
    "__aligned(4)",
    "__attribute__((aligned(8), unused))",
    "__aligned(1)",
    "__attribute__((__packed__, __aligned__(4)))",
    "__aligned(16)",
)


def attribute(rng: Random, often: float) -> str:
    return f" {rng.choice(ATTRIBUTES)}" if rng.random() < often else ""


def bits(rng: Random, name: str, declared: list[str]) -> str:
    kind = rng.choice([*SCALARS])
    most = SCALARS[kind]
    width = rng.choice([0, most, rng.randint(1, most), rng.randint(1, most)])
    if not width or rng.random() < 0.2:
        return f"{kind} : {width};"
    return f"{kind} {name} : {width}{attribute(rng, 0.15)};"


def member(rng: Random, name: str, before: list[str], declared: list[str], depth: int) -> str:
    """One member; its name goes to `declared` where offsetof can be asked of it."""
    pick = rng.random()
    if pick < 0.35:
        return bits(rng, name, declared)
    if pick < 0.45 and depth < 2:
        word = rng.choice(["struct", "struct", "union"])
        inner = [] if word == "union" else declared
        front, back = rng.choice([("", ""), ("", attribute(rng, 0.5)), (attribute(rng, 0.5), "")])
        members = " ".join(member(rng, f"{name}_{k}", before, inner, depth + 1) for k in range(rng.randint(1, 3)))
        return f"{word}{front} {{ {members} }}{back};"
    if word := (rng.choice(before) if before and pick < 0.6 else ""):
        kind, length = word + " ", rng.choice(["", "", "[2]"])
    elif pick < 0.75:
        kind, length = rng.choice(OTHERS), ""
    else:
        kind, length = rng.choice([*SCALARS]) + " ", rng.choice(["", "", "", "[3]"])
    declared.append(name)
    front, back = (attribute(rng, 0.3), "") if rng.random() < 0.3 and "*" not in kind else ("", attribute(rng, 0.25))
    more = f", *{name}_p" if rng.random() < 0.1 else ""
    aligned = (
        rng.choice(["_Alignas(16) ", "_Alignas(u64) "])
        if rng.random() < 0.05 and not kind.startswith(("struct", "union"))
        else ""
    )
    return f"{aligned}{kind.strip() if front else kind}{front}{' ' if front else ''}{name}{length}{back}{more};"


def structs(seed: int, count: int) -> tuple[str, dict[str, list[str]]]:
    """A text of `count` structs and unions, and of each the members of which offsetof can be asked."""
    rng = Random(seed)
    lines, found = [HEAD], dict[str, list[str]]()
    for k in range(count):
        word = "union" if rng.random() < 0.15 else "struct"
        name, declared = f"{word} s{k}", list[str]()
        before = ["struct empty", *list(found)[-4:]]
        members = " ".join(member(rng, f"m{n}", before, declared, 0) for n in range(rng.randint(1, 5)))
        front, back = (attribute(rng, 0.5), "") if rng.random() < 0.2 else ("", attribute(rng, 0.35))
        pack = rng.choice([1, 2, 4, 8, 16]) if rng.random() < 0.15 else 0
        body = f"{word}{front} s{k} {{ {members} }}{back};"
        lines.append(f"#pragma pack(push, {pack})\n{body}\n#pragma pack(pop)" if pack else body)
        found[name] = [] if word == "union" else declared
    return "\n".join(lines) + "\n", found
