"""Random programs of macros, and random #if, for gcc and for us."""

import random

NAMES = ["a", "b", "c", "d", "e", "F", "G", "H", "K"]
CALLED = NAMES[5:]
PIECES = [*NAMES, "1", "x", "", "(x, y)", "(,)", '"q\\n"', "'\\''", "x /* */ y"]


def macros(seed: int) -> str:
    """A few #define and #undef, each of any kind, and what uses them."""
    r = random.Random(seed)
    lines = []
    for _ in range(r.randint(2, 7)):
        kind, name = r.random(), r.choice(NAMES)
        if kind < 0.3:
            lines.append(f"#define {name} {_body(r, [])}")
        elif kind < 0.9:
            lines.append(f"#define {_head(r)}")
        else:
            lines.append(f"#undef {name}" if kind < 0.95 else _call(r))
    lines += [" ".join(_call(r) for _ in range(r.randint(1, 3))) for _ in range(r.randint(1, 5))]
    return "\n".join(lines) + "\n"


def _head(r: random.Random) -> str:
    takes = [f"p{k}" for k in range(r.randint(0, 3))]
    said = list(takes)
    if r.random() < 0.35:
        rest = r.random() < 0.3
        said.append("r..." if rest else "...")
        takes.append("r" if rest else "__VA_ARGS__")
    return f"{r.choice(CALLED)}({', '.join(said)}) {_body(r, takes)}"


def _body(r: random.Random, takes: list[str]) -> str:
    made = []
    for _ in range(r.randint(0, 6)):
        kind = r.random()
        if kind < 0.25:
            made.append(_call(r))
        elif takes and kind < 0.35:
            made.append(f"#{r.choice(['', ' '])}{r.choice(takes)}")
        elif takes and kind < 0.5:
            made.append(_glue(r, takes))
        elif takes and takes[-1] == "__VA_ARGS__" and kind < 0.6:
            made.append(f"__VA_OPT__({r.choice(['x', 'a ,', '__VA_ARGS__', 'F(1)', ''])})")
        else:
            made.append(r.choice(takes) if takes and kind < 0.85 else r.choice([*NAMES, "+", "x", "1", '"lit"']))
    return r.choice([" ", "  "]).join(made)


def _glue(r: random.Random, takes: list[str]) -> str:
    """Tokens with ## between them: mostly names, so that they make one."""
    left, right = r.choice([*takes, "x", "a"]), r.choice([*takes, "y", "b", "2"])
    if r.random() < 0.3:
        left, right = ",", takes[-1]
    return f"{left} ## {right}" + f" ## {r.choice(takes)}" * (r.random() < 0.2)


def _call(r: random.Random, depth: int = 0) -> str:
    if r.random() < 0.2:
        return r.choice(NAMES)
    given = (" ".join(_piece(r, depth) for _ in range(r.randint(0, 3))) for _ in range(r.randint(0, 3)))
    return f"{r.choice(CALLED)}{r.choice(['', ' '])}({', '.join(given)})"


def _piece(r: random.Random, depth: int) -> str:
    return _call(r, depth + 1) if depth < 3 and r.random() < 0.4 else r.choice(PIECES)


def condition(seed: int) -> str:
    """An expression of an #if, macros and defined() among its numbers."""
    return _expression(random.Random(seed), 4)


def _expression(r: random.Random, depth: int) -> str:
    kind = r.random()
    if depth and kind < 0.55:
        sign = r.choice(
            ["||", "&&", "|", "^", "&", "==", "!=", "<", ">", "<=", ">=", "<<", ">>", "+", "-", "*", "/", "%"]
        )
        return f"{_expression(r, depth - 1)} {sign} {_expression(r, depth - 1)}"
    if depth and kind < 0.65:
        return f"{r.choice('!~-+')} {_expression(r, depth - 1)}"
    if depth and kind < 0.75:
        return f"({_expression(r, depth - 1)})"
    if depth and kind < 0.82:
        return " ".join([_expression(r, depth - 1), "?", _expression(r, depth - 1), ":", _expression(r, depth - 1)])
    numbers = [
        "0",
        "1",
        "2",
        "3U",
        "7",
        "63",
        "64",
        "-1",
        "0x7fffffffffffffff",
        "0xffffffffffffffff",
        "-9223372036854775807LL - 1",
        "017",
        "0b11",
    ]
    return r.choice(
        [
            *numbers,
            "ONE",
            "BIG",
            "none",
            "defined ONE",
            "defined(none)",
            "TWICE(3)",
            "'a'",
            "'\\n'",
            "'\\377'",
            "'\\x41'",
        ]
    )
