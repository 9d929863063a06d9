"""Random C expressions that have one value: each knows its type, what it reads and what it writes.

C as the kernel is built (`-fwrapv`) leaves nothing in them open: shifts stay in range, nobody divides by zero or the smallest by -1, indices are
masked, and of two operands that C puts in no order neither writes what the other one reads or writes.
"""

from tests.c.value_types import (
    INT,
    LEVEL,
    LITERALS,
    POSTFIX,
    ULONG,
    UNARY,
    Expr,
    Place,
    Thing,
    common,
    literal,
    promoted,
)

LEAVES = {"literal": 5, "constant": 2, "variable": 20, "sizeof": 1}
EXPRESSIONS = LEAVES | {"arithmetic": 9, "shift": 4, "division": 4, "comparison": 4, "logic": 4, "unary": 4, "cast": 4}
EXPRESSIONS |= {"conditional": 4, "comma": 1, "assignment": 1, "compound assignment": 1, "increment": 2, "call": 3}
EXPRESSIONS |= {"macro with operands": 2, "pointer test": 1}


class Expressions:
    """Draws expressions over what is in sight; what the whole file has (`unit`) is shared by its functions."""

    def __init__(self, unit):
        self.unit, self.die = unit, unit.die
        self.things: list[Thing] = [*unit.things]
        self.parameters: list[str] = []

    def chance(self, share):
        return self.die.random() < share

    def expression(self, depth=2) -> Expr:
        """Any expression, operators nested at most so deep."""
        found = None
        while found is None:
            kind = self.unit.pick(EXPRESSIONS if depth > 0 else LEAVES)
            found = getattr(self, kind.replace(" ", "_"))(depth - 1)
        self.unit.note(kind)
        return found

    def beside(self, first: Expr, depth) -> Expr:
        """An expression that may stand beside another one, whichever comes first."""
        for _ in range(4):
            before = set(self.unit.uses)
            other = self.expression(depth)
            if not (first.writes & (other.reads | other.writes) or other.writes & first.reads):
                return other
            self.unit.uses = before
        return self.literal()

    def quiet(self, depth=1) -> Expr:
        """An expression that writes nothing, and so may be written twice."""
        everything = frozenset().union(*(t.objects for t in self.things), self.unit.objects)
        return self.beside(Expr("", INT, reads=everything), depth)

    # What has no operand.

    def literal(self, depth=0):
        form = self.unit.pick(LITERALS)
        self.unit.note(form)
        found, _ = literal(self.die, form)
        self.unit.note("suffixed literal", found.text[-1] in "uUlL")
        return found

    def constant(self, depth=0):
        name, _, kind = self.die.choice(self.unit.constants)
        self.unit.note("enum constant" if name[0] == "E" else "#define constant")
        return Expr(name, kind)

    def sizeof(self, depth):
        kind = self.die.randrange(4)
        whole = [t for t in self.things if t.length or t.spelling not in self.unit.types]
        if kind == 0 or (kind == 1 and not whole):
            text = f"sizeof({self.die.choice([self.unit.spelling(), *self.unit.structs])})"
        elif kind == 1:
            thing = self.die.choice(whole)
            share = f" / sizeof({thing.path}[0])" if thing.length and self.chance(0.5) else ""
            text = f"sizeof({thing.path}){share}"
        else:
            operand = self.expression(depth)
            self.unit.note("side effect that sizeof leaves undone", operand.writes)
            text = f"sizeof({operand.text})" if kind == 2 else f"sizeof {operand.at(POSTFIX)}"
        return Expr(text, ULONG, LEVEL["/"] if " / " in text else UNARY)

    def place(self, depth=1, writable=False) -> Place:
        """Somewhere to read or to write; parameters, without which all is the same for all arguments, are rather read."""
        scalars = [t for t in self.things if t.spelling in self.unit.types and (t.writable or not writable)]
        given = [t for t in scalars if t.root in self.parameters]
        others = [t for t in scalars if t.root not in self.parameters]
        share = 0.15 if writable else 0.3
        rather = given and (not others or self.chance(share))
        return self.place_of(self.die.choice(given if rather else others), depth)

    def place_of(self, thing: Thing, depth) -> Place:
        way = Expr(thing.path, self.unit.types[thing.spelling], thing.level, thing.reads)
        if thing.length:
            index = self.index(thing, depth)
            way = way._replace(text=f"{thing.path}[{index.text}]", level=POSTFIX).also(index)
            self.unit.note("array element at a computed index", not index.text.isdigit())
        self.unit.note("field of a struct", "." in thing.path or "->" in thing.path)
        self.unit.note("what a pointer points to", thing.reads)
        self.unit.note("static variable", thing.objects & self.unit.objects)
        return Place(way, thing.objects, thing.spelling)

    def index(self, array: Thing, depth) -> Expr:
        if depth <= 0 or self.chance(0.3):
            return Expr(str(self.die.randrange(array.length)), INT)
        found = self.beside(Expr("", INT, reads=array.objects), depth - 1)
        if array.length & (array.length - 1) == 0:
            return found._replace(text=f"{found.at(LEVEL['&'])} & {array.length - 1}", level=LEVEL["&"])
        return found._replace(text=f"(u32){found.at(UNARY)} % {array.length}", level=LEVEL["%"])

    def variable(self, depth):
        return self.place(depth).value()

    # Operators.

    def binary(self, operator, left: Expr, right: Expr, kind) -> Expr:
        level = LEVEL[operator]
        self.unit.note("operands narrower than int", max(left.type, right.type).bits < 32)
        return Expr(f"{left.at(level)} {operator} {right.at(level + 1)}", kind, level).also(left, right)

    def right_of(self, operator, left: Expr, depth) -> Expr:
        """A right operand with which the operation is defined, in no order with what is left of it."""
        if operator in ("<<", ">>"):
            bits = promoted(left.type).bits
            if self.chance(0.4):
                return Expr(str(self.die.randrange(bits)), INT)
            return self.masked(self.beside(left, depth), self.die.choice((bits - 1, bits - 1, 7, 3)))
        if operator not in ("/", "%"):
            return self.beside(left, depth)
        if self.chance(0.3):
            value = self.die.choice((1, 2, 3, 7, 10, 255, 4096, -2, -3, -128))
            return Expr(str(value), INT, UNARY if value < 0 else POSTFIX)
        found = self.beside(left, depth)
        if left.type.bits < 32 or not common(left.type, found.type).signed:  # no smallest value that -1 could divide
            return found._replace(text=f"{found.at(LEVEL['|'])} | 1", type=promoted(found.type), level=LEVEL["|"])
        few = self.masked(found, self.die.choice((7, 255)))
        return few._replace(text=f"{few.at(LEVEL['+'])} + {self.die.randint(1, 3)}", level=LEVEL["+"])

    def masked(self, found: Expr, mask: int) -> Expr:
        text = f"{found.at(LEVEL['&'])} & {mask}"
        return found._replace(text=text, type=promoted(found.type), level=LEVEL["&"])

    def arithmetic(self, depth):
        operator = self.die.choice("++--**&|^")
        left = self.expression(depth)
        right = self.right_of(operator, left, depth)
        self.unit.note("arithmetic of mixed signedness", promoted(left.type).signed != promoted(right.type).signed)
        return self.binary(operator, left, right, common(left.type, right.type))

    def shift(self, depth):
        operator, left = self.die.choice(("<<", ">>")), self.expression(depth)
        right = self.right_of(operator, left, depth)
        self.unit.note("shift of a signed value to the right", operator == ">>" and promoted(left.type).signed)
        return self.binary(operator, left, right, promoted(left.type))

    def division(self, depth):
        operator = self.die.choice("/%")
        if self.chance(0.3):
            below = self.quiet(depth)
            above = self.beside(below, depth)
            asked = f"{below.at(LEVEL['=='])} == 0 || {below.at(LEVEL['=='])} == -1"
            quotient = self.binary(operator, above, below, common(above.type, below.type))
            self.unit.note("division behind a condition")
            text = f"{asked} ? {below.at(LEVEL[','])} : {quotient.text}"
            return Expr(text, common(below.type, quotient.type), LEVEL["?"]).also(quotient)
        left = self.expression(depth)
        right = self.right_of(operator, left, depth)
        self.unit.note("signed division", common(left.type, right.type).signed)
        return self.binary(operator, left, right, common(left.type, right.type))

    def comparison(self, depth):
        left = self.expression(depth)
        right = self.beside(left, depth)
        mixed = promoted(left.type).signed != promoted(right.type).signed
        self.unit.note("comparison of mixed signedness", mixed)
        return self.binary(self.die.choice(("==", "!=", "<", ">", "<=", ">=")), left, right, INT)

    def logic(self, depth):
        operator, left, right = self.die.choice(("&&", "||")), self.expression(depth), self.expression(depth)
        self.unit.note("side effect behind && or ||", right.writes)
        return self.binary(operator, left, right, INT)

    def unary(self, depth):
        operator, operand = self.die.choice("-~!+"), self.expression(depth)
        text = operand.at(UNARY)
        text = f"({text})" if text[0] in "+-" else text  # - -x is no --x
        kind = INT if operator == "!" else promoted(operand.type)
        return operand._replace(text=operator + text, type=kind, level=UNARY)

    def cast(self, depth):
        spelling, operand = self.unit.spelling(), self.expression(depth)
        kind = self.unit.types[spelling]
        self.unit.note("cast to a narrower type", kind.bits < operand.type.bits)
        return operand._replace(text=f"({spelling}){operand.at(UNARY)}", type=kind, level=UNARY)

    def conditional(self, depth):
        asked, yes, no = self.expression(depth), self.expression(depth), self.expression(depth)
        self.unit.note("?: of mixed types", yes.type != no.type)
        text = f"{asked.at(LEVEL['?'] + 1)} ? {yes.text} : {no.at(LEVEL['?'])}"
        return Expr(text, common(yes.type, no.type), LEVEL["?"]).also(asked, yes, no)

    def comma(self, depth):
        left = self.assignment(depth) if self.chance(0.5) else self.increment(depth)
        right = self.expression(depth)
        return Expr(f"{left.text}, {right.at(LEVEL['='])}", right.type, LEVEL[","]).also(left, right)

    # What writes.

    def assigned(self, place: Place, operator, depth) -> Expr:
        """A place with a new value; what its operands write is neither it nor on the way to it."""
        left = place.value()
        self.unit.note("assignment to a narrow type", left.type.bits < 32)
        right = self.right_of(operator, left, depth)
        self.unit.note("chained assignment", right.level == LEVEL["="])
        if operator and left.type.bits < 32:
            self.unit.note("compound assignment to a narrow type")
        read = left if operator else place.way
        text = f"{left.at(UNARY)} {operator}= {right.at(LEVEL['='])}"
        done = Expr(text, left.type, LEVEL["="]).also(read, right)
        return done._replace(writes=done.writes | place.objects)

    def assignment(self, depth):
        return self.assigned(self.place(depth, writable=True), "", depth)

    def compound_assignment(self, depth):
        operator = self.die.choice(("+", "-", "*", "/", "%", "&", "|", "^", "<<", ">>"))
        return self.assigned(self.place(depth, writable=True), operator, depth)

    def increment(self, depth):
        place, sign = self.place(depth, writable=True), self.die.choice(("++", "--"))
        way, after = place.value(), self.chance(0.6)
        self.unit.note("increment of a narrow type", way.type.bits < 32)
        text = way.at(POSTFIX) + sign if after else sign + way.at(UNARY)
        return way._replace(text=text, level=POSTFIX if after else UNARY, writes=way.writes | place.objects)

    # Functions, macros, pointers.

    def call(self, depth):
        known = [h for h in self.unit.helpers if h.result != "void" and self.fits(h)]
        return self.call_of(self.die.choice(known), depth) if known else None

    def pointees(self, spelling, length) -> list[Thing]:
        """What a pointer of that type may point to; a pointer to a scalar also into an array."""
        fit = [t for t in self.things if t.spelling == spelling and t.writable]
        return [t for t in fit if t.length == length or (not length and spelling in self.unit.types)]

    def fits(self, helper) -> bool:
        return all(self.pointees(p.spelling, p.length) for p in helper.parameters if p.pointer)

    def address(self, thing: Thing, length, before: Expr) -> Expr:
        """The address of a thing, of one of its elements where a scalar is asked for, beside what writes something else."""
        if thing.length and not length:
            way = self.place_of(thing, 2).way
            if way.writes or way.reads & before.writes:
                way = self.place_of(thing, 0).way
            return way._replace(text=f"&{way.text}", level=UNARY)
        text = thing.path if length else thing.path[1:] if thing.path[0] == "*" else f"&{thing.path}"
        return Expr(text, INT, UNARY if text[0] == "&" else POSTFIX, thing.reads)

    def call_of(self, helper, depth) -> Expr:
        """A call: what stands between its brackets is done before it, in no order."""
        before, texts, effect = Expr("", INT), [], Expr("", INT, POSTFIX, helper.reads, helper.writes)
        for parameter in helper.parameters:
            if parameter.pointer:
                thing = self.die.choice(self.pointees(parameter.spelling, parameter.length))
                argument = self.address(thing, parameter.length, before)
                effect = effect.also(Expr("", INT, POSTFIX, thing.objects, thing.objects))
                self.unit.note("array handed to a function" if parameter.length else "out parameter")
            else:
                argument = self.beside(before, depth)
            texts.append(argument.at(LEVEL["="]))
            before = before.also(argument)
        self.unit.called.add(helper.name)
        kind = self.unit.types.get(helper.result, INT)
        return Expr(f"{helper.name}({', '.join(texts)})", kind).also(before, effect)

    def macro_with_operands(self, depth):
        name, count = self.die.choice(self.unit.macros)
        operands = [self.quiet(depth) for _ in range(count)]
        kinds = [o.type for o in operands]
        kind = common(kinds[-1], kinds[-2] if count > 1 else kinds[-1])
        return Expr(f"{name}({', '.join(o.at(LEVEL['=']) for o in operands)})", kind).also(*operands)

    def pointer_test(self, depth):
        pointers = [t for t in self.things if t.path[0] == "*"]
        if not pointers:
            return None
        one = self.die.choice(pointers)
        to = [t for t in self.pointees(one.spelling, 0) if not t.length and not t.reads]
        asked = [f"!{one.root}", f"{one.root} != NULL", *(f"{one.root} == &{t.path}" for t in to[:2])]
        text = self.die.choice(asked)
        return Expr(text, INT, UNARY if text[0] == "!" else LEVEL["=="], reads=one.reads)
