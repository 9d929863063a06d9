"""Random control flow in C: branches, switches, loops that end however they are entered, jumps."""

from tests.c.value_statement import SIMPLE, Statements
from tests.c.value_types import LEVEL, LITERALS, literal, promoted, wrapped

COMPOUND = {"if": 8, "switch": 5, "for": 5, "while": 3, "do while": 3, "block": 2}
JUMPS = {"jump backwards": 4, "jump forwards": 3, "jump out": 5}
LEAVING = {"goto forwards": 5, "break": 3, "continue": 3, "early return": 1}
FORS = {"for up": 4, "for down": 2, "for with a comma": 2, "for until it wraps": 2, "for with its own variable": 2}
FORS |= {"for without a condition": 2}
WHILES = {"while counting up": 2, "while counting down": 2, "while with a short circuit": 3}
DEFAULTS = {"no default": 2, "default first": 1, "default in the middle": 3, "default last": 4}
NESTED = 4  # braces in each other
FUEL = "int fuel = 3;"  # how often a function jumps backwards
WRAPPING = {"u8": 256, "unsigned char": 256, "s8": 128, "signed char": 128, "u16": 65536, "short": 32768}


class Flow(Statements):
    """Statements with all their branches, loops and jumps."""

    def statement(self):
        self.room -= 1
        kind = self.die.random()
        if self.room <= 0 or self.depth > NESTED or kind < 0.45:
            self.do(SIMPLE)
        else:
            self.do(COMPOUND if kind < 0.8 else JUMPS)

    # Branches.

    def do_if(self):
        asked = self.condition().text
        if self.wanted is None and self.chance(0.4):
            self.say(f"if ({asked})")
            self.one_line()
            if self.chance(0.4):
                self.say("else")
                self.one_line()
            return
        self.braces(f"if ({asked})")
        while self.chance(0.25):
            self.unit.note("else if")
            self.lines.pop()
            self.braces(f"}} else if ({self.condition().text})")
        if self.chance(0.4):
            self.lines.pop()
            self.braces("} else")

    def one_line(self):
        self.depth += 1
        if self.chance(0.6):
            self.do(SIMPLE)
        else:
            self.say(self.leaving() or ";")
        self.depth -= 1

    def do_block(self):
        self.braces("")

    def do_switch(self):
        asked, most = self.put(self.expression(1)), 7
        if asked.type.bits > 8 or self.chance(0.6):
            most = self.die.choice((3, 7))
            asked = self.masked(asked, most)
        default, arms = self.unit.pick(DEFAULTS), self.arms(promoted(asked.type), most)
        self.unit.note(default)
        at = {"no default": None, "default first": 0, "default last": len(arms)}.get(default, len(arms) // 2)
        if at is not None:
            arms.insert(at, ["default"])
        self.say(f"switch ({asked.text}) {{")
        self.around.append("switch")
        for n, labels in enumerate(arms):
            for label in labels:
                self.say(f"{label}:")
            self.arm(last=n == len(arms) - 1)
        self.around.pop()
        self.say("}")

    def arms(self, kind, most) -> list[list[str]]:
        """The labels of each arm: different values of a type, written in different ways."""
        values = {}
        for value in self.die.sample(range(-1, most + 2), self.die.randint(2, 4)):
            values[wrapped(value, kind)] = str(value)
        for name, value, _ in self.unit.constants:
            if self.chance(0.25):
                values.setdefault(wrapped(value, kind), name)
        for form in LITERALS:
            if self.chance(0.1):
                expr, value = literal(self.die, form)
                values.setdefault(wrapped(value, kind), expr.text)
        labels = [f"case {text}" for text in values.values()]
        self.die.shuffle(labels)
        arms: list[list[str]] = [[labels.pop()], [labels.pop()]]
        for label in labels:
            arms.append([label]) if self.chance(0.7) else self.die.choice(arms).append(label)
        self.unit.note("arm with several labels", any(len(a) > 1 for a in arms))
        return arms

    def arm(self, last):
        self.depth += 1
        if self.chance(0.25):
            self.braces("")
        else:
            self.body(self.die.randint(1, 2), declares=False)
        if last or self.chance(0.6):
            self.say("break;")
        else:
            self.unit.note("fall-through")
        self.depth -= 1

    # Loops: each may be entered by its head or from the side, and goes round a few times at most.

    def do_for(self):
        return self.loop(FORS)

    def do_while(self):
        return self.loop(WHILES)

    def do_do_while(self):
        return self.loop({"do while counting": 3, "do while once": 1})

    def loop(self, kinds):
        times = self.die.randint(1, 4)
        if self.trips * times > self.most:
            return False
        self.unit.note("nested loops", self.loops)
        kept = self.trips, self.things, self.bare
        self.trips, self.things = self.trips * times, [*self.things]
        kind = self.unit.pick(kinds)
        self.unit.note(kind)
        self.around.append("loop")
        getattr(self, kind.replace(" ", "_"))(times)
        self.around.pop()
        self.trips, self.things, self.bare = kept
        return True

    def rounds(self, head):
        """A loop of one statement, or of a block."""
        if self.wanted or self.chance(0.75):
            return self.braces(head)
        self.unit.note("loop without braces")
        self.say(head)
        return self.one_line()

    def for_up(self, times):
        i, first, step = self.counter(), self.die.randint(-2, 3), self.die.randint(1, 3)
        on = f"{i} += {step}" if step > 1 else self.die.choice((f"{i}++", f"++{i}", f"{i} += 1"))
        self.rounds(f"for ({i} = {first}; {i} < {first + step * times}; {on})")

    def for_down(self, times):
        i = self.counter(self.die.choice(("int", "unsigned int", "u64")))
        if self.counters[-1].startswith("int"):
            self.rounds(f"for ({i} = {times}; {i} > 0; {i}--)")
        else:
            self.rounds(f"for ({i} = {times - 1}; {i} < {times}; --{i})")  # below 0 stands the largest

    def for_with_a_comma(self, times):
        i, first, on = self.counter(), self.put(self.assignment(1)), self.put(self.compound_assignment(1))
        self.rounds(f"for ({i} = 0, {first.text}; {i} < {times}; {on.text}, {i}++)")

    def for_until_it_wraps(self, times):
        spelling, end = self.die.choice(list(WRAPPING.items()))
        i = self.counter(spelling)
        self.rounds(f"for ({i} = {end - times}; {i} >= {end - times}; {i}++)")

    def for_with_its_own_variable(self, times):
        i = self.counter()
        self.counters.pop()
        self.bare = False
        self.rounds(f"for (int {i} = 0; {i} < {times}; {i}++)")

    def for_without_a_condition(self, times):
        i = self.counter()
        self.say(f"{i} = 0;")
        self.braces(self.die.choice(("for (;;)", "while (1)", "while (true)")), first=f"if ({i}++ >= {times}) break;")

    def while_counting_up(self, times):
        i = self.counter()
        self.say(f"{i} = 0;")
        self.rounds(f"while ({i}++ < {times})")

    def while_counting_down(self, times):
        i = self.counter()
        self.say(f"{i} = {times};")
        self.rounds(f"while ({i}-- > 0)")

    def while_with_a_short_circuit(self, times):
        i = self.counter()
        self.say(f"{i} = 0;")
        self.braces(f"while ({i} < {times} && {self.condition().at(LEVEL['&&'] + 1)})", first=f"{i}++;")

    def do_while_counting(self, times):
        i = self.counter()
        self.say(f"{i} = 0;")
        more = f" && {self.condition().at(LEVEL['&&'] + 1)}" if self.chance(0.5) else ""
        self.braces("do", f"}} while (++{i} < {times}{more});")

    def do_while_once(self, times):
        self.braces("do", "} while (0);")

    # Jumps.

    def leaving(self) -> str:
        """A jump that only leads on, out of what is around, to a label that comes or back to the caller; "" where none can."""
        can = {"goto forwards": self.ahead, "break": self.around, "continue": self.loops, "early return": self.room < 7}
        table = {name: weight for name, weight in LEAVING.items() if can[name]}
        if not table:
            return ""
        kind = self.unit.pick(table)
        self.unit.note(kind)
        if kind == "goto forwards":
            label, loops = self.die.choice(self.ahead)
            self.unit.note("goto out of a loop", loops < self.loops)
            return f"goto {label};"
        if kind == "early return":
            return f"return {self.put(self.expression(3)).text};" if self.result != "void" else "return;"
        self.unit.note("continue in a switch", kind == "continue" and self.around[-1] == "switch")
        return f"{kind};"

    def do_jump_out(self):
        jump = self.leaving()
        if not jump:
            return False
        self.say(f"if ({self.condition().text})")
        return self.say(f"\t{jump}")

    def do_jump_backwards(self):
        into = [(label, 0) for label in self.inside]
        if not self.behind + into:
            return False
        label, loops = self.die.choice(self.behind + into)
        self.unit.note("goto backwards into a block" if label in self.inside else "goto backwards")
        self.unit.note("goto out of a loop", label not in self.inside and loops < self.loops)
        if FUEL not in self.counters:
            self.counters.append(FUEL)
        asked = ["fuel-- > 0", self.condition().at(LEVEL["&&"] + 1)][: self.die.randint(1, 2)]
        self.die.shuffle(asked)
        self.say(f"if ({' && '.join(asked)})")
        return self.say(f"\tgoto {label};")

    def do_jump_forwards(self):
        if self.wanted or not self.bare or self.depth > NESTED - 1:
            return False
        label = self.fresh("l")
        self.say(f"if ({self.condition().text})")
        self.say(f"\tgoto {label};")
        if self.chance(0.3):
            self.do(SIMPLE)
        self.wanted = label, self.loops
        self.do({"if": 2, "switch": 2, "for": 3, "while": 3, "do while": 2, "block": 1})
        if self.wanted:
            self.wanted = None
            self.say_label(label)
        return True

    # The whole of a function.

    def function(self, declarations: int, statements: int):
        """A body in which every helper that is known is called."""
        for _ in range(declarations):
            self.declare()
        for parameter in (p for helper in self.unit.helpers for p in helper.parameters if p.pointer):
            if not self.pointees(parameter.spelling, parameter.length):
                self.declare_for(parameter)
        self.body(statements, declares=False)
        for helper in self.unit.helpers:
            if helper.name not in self.unit.called:
                self.say_call(helper)

    def declare_for(self, parameter):
        name = self.fresh("v")
        if parameter.length:
            self.new_local_array(name, parameter.spelling, parameter.length)
        elif parameter.spelling in self.unit.structs:
            self.new_local_struct(name)
        else:
            self.new_local_scalar(name, parameter.spelling)

    def sum_up(self):
        """Everything that the function can see goes into its value."""
        self.counters.append("unsigned long sum = 0;")
        for thing in self.things:
            if thing.spelling in self.unit.types and not thing.reads:
                i = self.fresh("i") if thing.length else ""
                if thing.length:
                    self.counters.append(f"int {i};")
                    self.say(f"for ({i} = 0; {i} < {thing.length}; {i}++)")
                self.say("\t" * bool(i) + f"sum = sum * 31 + {thing.path}{f'[{i}]' if i else ''};")
        self.say("return sum;")
