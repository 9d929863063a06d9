"""Random one-CPU C functions `long f(long a, long b)`, with the helpers, constants and file-scope variables that they need.

Every one ends, and C as the kernel is built gives it one value: no order of evaluation, variable without a value, shift or division is left open.
"""

from random import Random
from typing import NamedTuple

from tests.c.value_expression import Expressions
from tests.c.value_flow import Flow
from tests.c.value_types import INT, LEVEL, NONE, NUMBERS, POSTFIX, SPELLINGS, UNARY, Thing, number

MACROS = (  # name, what it stands for, how many operands it takes; its type is that of the last two
    ("MAX", "(x, y) ((x) > (y) ? (x) : (y))", 2),
    ("MIX", "(x, y) (((x) << 3) ^ (y) ^ (x))", 2),
    ("TWICE", "(x) ((x) + (x))", 1),
    ("PICK", "(c, x, y) ((c) ? (x) : (y))", 3),
)
FILE_SCOPE = {"static scalar": 6, "static array": 2, "static struct": 2, "global scalar": 1, "const table": 1}
PARAMETERS = {"scalar": 6, "pointer to a scalar": 3, "pointer to an array": 1, "pointer to a struct": 2}


class Program(NamedTuple):
    """A C text that takes the kernel's types for known, the function in it to be called, and the features of C that it shows."""

    seed: int
    text: str
    function: str
    features: frozenset[str]


class Field(NamedTuple):
    """A struct's."""

    spelling: str
    name: str
    length: int


class Parameter(NamedTuple):
    """What a helper takes: a scalar, or a pointer to one, to an array of that length, to a struct."""

    spelling: str
    pointer: bool = False
    length: int = 0


class Helper(NamedTuple):
    """A function that others call, and the file-scope variables that it reads and writes."""

    name: str
    result: str
    parameters: tuple[Parameter, ...]
    reads: frozenset[str]
    writes: frozenset[str]


class Unit:
    """A file: what its functions share. One die draws everything, so that a seed is a text."""

    def __init__(self, seed: int):
        self.seed, self.die = seed, Random(seed)
        self.uses: set[str] = set()
        self.called: set[str] = set()
        self.types = dict(SPELLINGS)
        self.palette = self.die.sample(sorted(SPELLINGS), 5)  # so few that pointers find something to point to
        self.constants, self.macros, self.helpers = [], [], []
        self.structs: dict[str, list[Field]] = {}
        self.things: list[Thing] = []
        self.objects = NONE
        self.lines: list[str] = []

    def pick(self, table: dict[str, int]) -> str:
        """One of a table's features, by its weight."""
        return self.die.choices(list(table), list(table.values()))[0]

    def spelling(self) -> str:
        """One of the types that this file uses."""
        found = self.die.choice(self.palette)
        self.note(f"type {'enum' if found[:4] == 'enum' else 'typedef' if found[0] == 't' else found}")
        return found

    def note(self, feature: str, seen=True):
        """The text shows a feature."""
        if seen:
            self.uses.add(feature)

    def things_of(self, root, spelling, objects, length=0, pointer=False, writable=True) -> list[Thing]:
        """What a variable lets an expression name: itself or what it points to, and a struct's fields."""
        common = {"reads": frozenset((root,)) if pointer else NONE, "writable": writable, "root": root}
        aims = pointer and not length
        whole = Thing("*" * aims + root, spelling, objects, length, UNARY if aims else POSTFIX, **common)
        fields = self.structs.get(spelling, ())
        arrow = "->" if pointer else "."
        return [whole, *(Thing(f"{root}{arrow}{f.name}", f.spelling, objects, f.length, **common) for f in fields)]

    # What stands before the functions.

    def name_constants(self):
        value, members = -1, []
        for n in range(self.die.randint(2, 4)):
            given = self.die.choice((None, None, -3, 5, 64, 1000))
            value = value + 1 if given is None else given
            members.append(f"E{self.seed}_{n}" + ("" if given is None else f" = {given}"))
            self.constants.append((f"E{self.seed}_{n}", value, INT))
        self.lines.append(f"enum e{self.seed} {{ {', '.join(members)} }};")
        if self.die.random() < 0.3:
            negative = any(value < 0 for _, value, _ in self.constants)
            self.types[f"enum e{self.seed}"] = SPELLINGS["int" if negative else "unsigned int"]
            self.palette.append(f"enum e{self.seed}")
        if self.die.random() < 0.2:
            other = self.die.choice(sorted(SPELLINGS))
            self.types[f"t{self.seed}"] = SPELLINGS[other]
            self.palette.append(f"t{self.seed}")
            self.lines.append(f"typedef {other} t{self.seed};")
        for n in range(2):
            expr, value = number(self.die, self.pick(NUMBERS))
            self.constants.append((f"K{self.seed}_{n}", value, expr.type))
            self.lines.append(f"#define K{self.seed}_{n} {expr.at(POSTFIX)}")
        for name, body, count in self.die.sample(MACROS, 2):
            self.macros.append((f"{name}{self.seed}", count))
            self.lines.append(f"#define {name}{self.seed}{body}")

    def lay_out_a_struct(self):
        fields = []
        for name in ("lo", "hi", "left", "flags")[: self.die.randint(2, 4)]:
            length = self.die.choice((0, 0, 0, 2, 4))
            fields.append(Field(self.spelling(), name, length))
        inside = " ".join(f"{f.spelling} {f.name}{f'[{f.length}]' if f.length else ''};" for f in fields)
        self.structs[f"struct s{self.seed}"] = fields
        self.lines.append(f"struct s{self.seed} {{ {inside} }};")

    def first_value(self) -> str:
        """A constant expression."""
        expressions = Expressions(self)
        one, other = (self.die.choice((expressions.literal, expressions.literal, expressions.constant))() for _ in "ab")
        operator = self.die.choice("+-*|^&")
        if self.die.random() < 0.3:
            self.note("constant expression that initialises")
            return f"{one.at(LEVEL[operator])} {operator} {other.at(LEVEL[operator] + 1)}"
        return one.text

    def declare_at_file_scope(self, n):
        kind, name = self.pick(FILE_SCOPE), f"g{self.seed}_{n}"
        if kind == "static struct" and not self.structs:
            kind = "static scalar"
        self.note(kind)
        spelling = self.spelling()
        length, value = 0, f" = {self.first_value()}" if self.die.random() < 0.8 else ""
        if kind in ("static array", "const table"):
            length = self.die.choice((2, 3, 4, 8))
            value = f" = {{ {', '.join(self.first_value() for _ in range(self.die.randint(1, length)))} }}"
        elif kind == "static struct":
            spelling = next(iter(self.structs))
            field = self.structs[spelling][-1]
            first = value[3:] or "0"
            value = f" = {{ .{field.name} = {f'{{ {first} }}' if field.length else first} }}"
        static = {"global scalar": "", "const table": "static const "}.get(kind, "static ")
        self.lines.append(f"{static}{spelling} {name}{f'[{length}]' if length else ''}{value};")
        self.things += self.things_of(name, spelling, frozenset((name,)), length, writable=kind != "const table")
        self.objects |= {name}

    # Functions.

    def add_helper(self, n):
        parameters = []
        for _ in range(self.die.randint(1, 3)):
            kind, spelling = self.pick(PARAMETERS), self.spelling()
            if kind == "pointer to a struct" and self.structs:
                parameters.append(Parameter(next(iter(self.structs)), True))
            else:
                parameters.append(Parameter(spelling, kind[0] == "p", 4 if kind.endswith("array") else 0))
        result = "void" if any(p.pointer for p in parameters) and self.die.random() < 0.2 else self.spelling()
        flow = Flow(self, result, most=4, room=5)
        somewhere = frozenset(("*",)) | self.objects  # a caller may hand over whatever it sees
        for m, (spelling, pointer, length) in enumerate(parameters):
            objects = somewhere if pointer else frozenset((f"p{m}",))
            flow.things += self.things_of(f"p{m}", spelling, objects, length, pointer)
            flow.parameters.append(f"p{m}")
        name = f"h{self.seed}_{n}"
        flow.body(self.die.randint(2, 3), declares=False)
        if result != "void":
            flow.say(f"return {flow.put(flow.expression()).text};")
        spelled = ", ".join(f"{p.spelling} {'*' * p.pointer}p{m}" for m, p in enumerate(parameters))
        head = f"static {result} {name}({spelled})"
        if self.die.random() < 0.15:
            self.note("prototype")
            self.lines.append(f"{head};")
        self.lines += ["", *flow.finished(head)]
        reads, writes = flow.reads & self.objects, flow.writes & self.objects
        self.helpers.append(Helper(name, result, tuple(parameters), reads, writes))

    def add_function(self):
        flow = Flow(self, "long", most=12, room=14)
        flow.parameters = ["a", "b"]
        for name in flow.parameters:
            flow.things += self.things_of(name, "long", frozenset((name,)))
        flow.function(self.die.randint(2, 4), self.die.randint(4, 7))
        flow.sum_up()
        self.lines += ["", *flow.finished(f"long f{self.seed}(long a, long b)")]


def random_function(seed: int) -> Program:
    """The function of a seed."""
    unit = Unit(seed)
    unit.name_constants()
    if unit.die.random() < 0.6:
        unit.lay_out_a_struct()
    for n in range(unit.die.randint(1, 3)):
        unit.declare_at_file_scope(n)
    for n in range(unit.die.randint(0, 2)):
        unit.add_helper(n)
    unit.add_function()
    return Program(seed, "\n".join(unit.lines) + "\n", f"f{seed}", frozenset(unit.uses))
