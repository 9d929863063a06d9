"""Random C statements in a row: declarations whose variables have a value before they are read, labels, and what is done in one line."""

from tests.c.value_expression import Expressions
from tests.c.value_types import INT, LEVEL, NONE, UNARY, Expr, Thing

LOCALS = {"local scalar": 9, "local array": 2, "local struct": 2, "local pointer": 3, "const local": 1}
LOCALS |= {"local assigned later": 1}
SIMPLE = {"assignment": 9, "compound assignment": 6, "increment": 3, "call": 4, "pointer set": 2, "struct copied": 2}


class Statements(Expressions):
    """The body of a function, line by line. What has braces or jumps, a subclass knows."""

    def __init__(self, unit, result: str, most: int, room: int):
        super().__init__(unit)
        self.result = result
        self.most, self.room = most, room  # how often loops may do a line, how many statements may come
        self.lines: list[str] = []
        self.counters: list[str] = []  # declared where the function begins: a jump past a loop's head finds them
        self.depth, self.trips, self.names = 1, 1, 0
        self.around: list[str] = []  # loops and switches, from without
        self.bare = True  # no block around, up to the function's, declares anything: it may be jumped into
        self.ahead: list[tuple[str, int]] = []  # labels that are still to come, and the loops around them
        self.behind: list[tuple[str, int]] = []
        self.inside: list[str] = []  # labels in blocks that are closed
        self.wanted: tuple[str, int] | None = None  # a label that the next block is to have
        self.own: set[str] = set()  # names that the innermost block declares
        self.reads = self.writes = NONE

    @property
    def loops(self) -> int:
        return self.around.count("loop")

    def say(self, line: str):
        self.lines.append("\t" * self.depth + line)

    def put(self, expr: Expr) -> Expr:
        """An expression as it goes into the text: what it does, the function does."""
        self.reads, self.writes = self.reads | expr.reads, self.writes | expr.writes
        return expr

    def fresh(self, prefix: str) -> str:
        self.names += 1
        return f"{prefix}{self.names}"

    def do(self, table):
        """One of a table's statements that is possible here; a simple one where none is."""
        left = dict(table)
        while left:
            kind = self.unit.pick(left)
            if getattr(self, f"do_{kind.replace(' ', '_')}")() is not False:
                return self.unit.note(kind)
            del left[kind]
        return self.do(SIMPLE)

    def condition(self, depth=2) -> Expr:
        """What an if or a loop asks; rather of a variable than always the same."""
        for _ in range(4):
            asked = self.die.choice((self.comparison, self.comparison, self.logic, self.expression))(depth)
            if asked.reads:
                break
        return self.put(asked)

    def finished(self, head: str) -> list[str]:
        """The function's lines: its counters where it begins, no label that nobody goes to, a statement after each."""
        going = {word for line in self.lines for word in line.rstrip(";").split()}
        kept = [line for line in self.lines if line[0] == "\t" or line[:-1] in going]
        ints = [line[4:-1] for line in self.counters if line.startswith("int ")]
        self.unit.note("several variables in a declaration", len(ints) > 1)
        counters = [line for line in self.counters if not line.startswith("int ")]
        lines = [head, "{", *([f"\tint {', '.join(ints)};"] if ints else []), *(f"\t{line}" for line in counters)]
        for line, after in zip(kept, [*kept[1:], "}"]):
            lines.append(line if line[0] == "\t" or after.lstrip()[0] != "}" else f"{line} ;")
        return [*lines, "}"]

    # Declarations.

    def declare(self):
        name, outer = self.fresh("v"), [t.root for t in self.things if t.root[:1] == "v" and t.root not in self.own]
        if self.depth > 1 and outer and self.chance(0.2):
            name = self.die.choice(outer)
            self.things = [t for t in self.things if t.root != name]
            self.unit.note("variable that hides another")
        self.own.add(name)
        kind = self.unit.pick(LOCALS)
        while getattr(self, "new_" + kind.replace(" ", "_"))(name) is False:
            kind = self.unit.pick(LOCALS)
        self.unit.note(kind)

    def add(self, name, spelling, length=0, writable=True):
        objects = frozenset((self.fresh(f"{name}."),))
        self.things += self.unit.things_of(name, spelling, objects, length, writable=writable)

    def new_local_scalar(self, name, spelling="", const=""):
        spelling = spelling or self.unit.spelling()
        self.say(f"{const}{spelling} {name} = {self.put(self.expression()).at(LEVEL['='])};")
        self.add(name, spelling, writable=not const)

    def new_const_local(self, name):
        self.new_local_scalar(name, const="const ")

    def new_local_assigned_later(self, name):
        spelling = self.unit.spelling()
        self.say(f"{spelling} {name};")
        self.say(f"if ({self.condition().text})")
        self.say(f"\t{name} = {self.put(self.expression()).at(LEVEL['='])};")
        self.say("else")
        self.say(f"\t{name} = {self.put(self.expression()).at(LEVEL['='])};")
        self.add(name, spelling)

    def new_local_array(self, name, spelling="", length=0):
        spelling, length = spelling or self.unit.spelling(), length or self.die.choice((2, 3, 4, 5, 8))
        self.say(f"{spelling} {name}[{length}] = {self.elements(length)};")
        self.add(name, spelling, length)

    def elements(self, length) -> str:
        """An array's initialiser: whole, or zeros where it says nothing."""
        given = self.die.randint(0, length)
        values = [self.put(self.quiet()).at(LEVEL["="]) for _ in range(given)]
        self.unit.note("array that is initialised in part", given < length)
        if given and self.chance(0.3):
            self.unit.note("designated initialiser")
            values[-1] = f"[{length - 1}] = {values[-1]}"
        return f"{{ {', '.join(values) or '0'} }}"

    def new_local_struct(self, name):
        if not self.unit.structs:
            return False
        spelling, fields = next(iter(self.unit.structs.items()))
        given, values = [f for f in fields if self.chance(0.7)], []
        for field in given:
            value = self.elements(field.length) if field.length else self.put(self.quiet()).at(LEVEL["="])
            values.append(f".{field.name} = {value}")
        self.unit.note("designated initialiser", values)
        self.say(f"{spelling} {name} = {{ {', '.join(values) or '0'} }};")
        return self.add(name, spelling)

    def new_local_pointer(self, name):
        to = self.die.choice([t for t in self.things if t.writable])
        same = [t for t in self.things if (t.spelling, t.length) == (to.spelling, to.length) and t.writable]
        objects = frozenset().union(*(t.objects for t in self.die.sample(same, min(len(same), 2))), to.objects)
        first = self.put(self.address(to, to.length, Expr("", INT)))
        self.say(f"{to.spelling} *{name} = {first.text};")
        self.things += self.unit.things_of(name, to.spelling, objects, to.length, pointer=True)

    def counter(self, spelling="int") -> str:
        """A variable that only a loop's head changes."""
        name = self.fresh("i")
        self.counters.append(f"{spelling} {name} = 0;")
        self.things.append(Thing(name, spelling, frozenset((name,)), writable=False, root=name))
        return name

    # Statements in a row.

    def body(self, count: int, declares=None):
        """The statements between two braces: some blocks declare something, others have labels."""
        kept = self.things, self.own, self.bare, len(self.behind)
        self.things, self.own = [*self.things], set()
        if declares is None:
            declares = self.chance(0.3) and not (self.wanted and self.bare)
        if declares:
            self.bare = False
            self.declare()
        at, due, labels = self.die.randrange(count), {}, []
        for n in range(count):
            if self.wanted and self.bare and n >= at and self.depth > 1:
                self.arrive(*self.wanted)
            for label in due.pop(n, ()):
                self.pass_by(label)
            if not declares and self.chance(0.25):
                labels.append(self.mark(due, n, count))
            self.statement()
            if declares and self.chance(0.15):
                self.unit.note("declaration between statements")
                self.declare()
        for label in (label for row in due.values() for label in row):
            self.pass_by(label)
        if self.bare and self.depth > 1:
            self.inside += [label for label in labels if label]
        self.things, self.own, self.bare = kept[:3]
        del self.behind[kept[3] :]

    def mark(self, due, n, count) -> str:
        """A label, here or after the next statements; what was jumped over may be jumped into later."""
        label = self.fresh("l")
        if self.chance(0.5):
            self.say_label(label)
            self.behind.append((label, self.loops))
            return label
        self.ahead.append((label, self.loops))
        due.setdefault(self.die.randint(n + 1, count), []).append((label, self.loops))
        return ""

    def say_label(self, label):
        self.lines.append(f"{label}:")

    def pass_by(self, label):
        self.ahead.remove(label)
        self.say_label(label[0])

    def arrive(self, label, loops):
        self.say_label(label)
        self.wanted = None
        self.unit.note("goto forwards into a loop" if self.loops > loops else "goto forwards into a block")

    def braces(self, opening, closing="}", first=""):
        self.say(f"{opening} {{".lstrip())
        self.depth += 1
        if first:
            self.say(first)
        self.body(self.die.randint(1, 3))
        self.depth -= 1
        self.say(closing)

    # Simple ones: a line each.

    def do_assignment(self):
        self.say(f"{self.put(self.assignment(2)).text};")

    def do_compound_assignment(self):
        self.say(f"{self.put(self.compound_assignment(2)).text};")

    def do_increment(self):
        self.say(f"{self.put(self.increment(2)).text};")

    def do_call(self):
        known = [h for h in self.unit.helpers if self.fits(h)]
        return self.say_call(self.die.choice(known)) if known else False

    def say_call(self, helper):
        done = self.put(self.call_of(helper, 2))
        if helper.result != "void" and self.chance(0.7):
            place = self.place(0, writable=True)
            self.put(place.value()._replace(writes=place.objects))
            self.say(f"{place.way.text} = {done.text};")
        else:
            self.unit.note("value that nobody looks at", helper.result != "void")
            self.say(f"{'(void)' if self.chance(0.2) else ''}{done.text};")

    def do_pointer_set(self):
        pointers = [t for t in self.things if t.reads and (t.path[0] == "*" or t.path == t.root)]
        if not pointers:
            return False
        one = self.die.choice(pointers)
        to = [t for t in self.pointees(one.spelling, one.length) if t.length == one.length and t.objects <= one.objects]
        texts = [self.put(self.address(t, t.length, Expr("", INT))).text for t in to]
        text = self.die.choice(texts)
        if len(texts) > 1 and self.chance(0.6):
            text = f"{self.condition(1).at(LEVEL['?'] + 1)} ? {texts[0]} : {texts[-1]}"
        return self.say(f"{one.root} = {text};")

    def do_struct_copied(self):
        whole = [t for t in self.things if t.spelling in self.unit.structs]
        into = [t for t in whole if t.writable]
        if not into:
            return False
        to, source = self.die.choice(into), self.die.choice(whole)
        self.put(Expr("", INT, UNARY, source.objects, to.objects))
        return self.say(f"{to.path} = {source.path};")
