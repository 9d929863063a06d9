"""The simple statements and the expressions of a random C function, as an author might write them, rightly or wrongly."""

import random

SMALL = (0, 1, 1, 2)


class Simple:
    """A function in the making: `lines` so far. shared: what works on the shared memory, by kind; weights: kinds of statements."""

    def __init__(self, die: random.Random, name: str, shared: dict, weights: dict, helpers: tuple):
        self.die, self.name, self.weights, self.helpers = die, name, weights, helpers
        self.shared = {kind: list(items) for kind, items in shared.items()}
        self.lines, self.depth, self.made, self.held, self.takes, self.gives = [], 1, 0, [], (), "void"

    def say(self, line: str) -> None:
        self.lines.append("\t" * self.depth + line)

    def new(self, what: str) -> str:
        """A name that nothing has yet."""
        self.made += 1
        return f"{what}{self.made}"

    def body(self, size: int, deep: int) -> None:
        """So many statements, of which those that hold others go so deep."""
        for _ in range(size):
            kind = self.die.choices(list(self.weights), list(self.weights.values()))[0]
            getattr(self, f"{kind}_" if kind in ("if", "try", "await") else kind)(deep)

    def inside(self, size: int, deep: int, last=None) -> None:
        """So many statements one tab further in, and `last`."""
        self.depth += 1
        if deep >= 0:
            self.body(size, deep)
        else:
            self.bump(0)
        if last:
            last()
        self.depth -= 1

    # -- expressions ---------------------------------------------------------------------------------------------------

    def any_of(self, kind: str) -> str:
        return self.die.choice(self.shared[kind])

    def plain(self) -> str:
        return self.die.choice(self.shared["plain"])[0]

    def look(self) -> str:
        """One read of shared memory."""
        kinds = [k for k in ("plain", "plain", "plain", "atomic", "refcount", "bits") if self.shared[k]]
        kind = self.die.choice(kinds)
        if kind == "plain":
            return self.die.choice(("READ_ONCE({})", "{}")).format(self.plain())
        if kind == "bits":
            return f"test_bit({self.die.randint(0, 1)}, {self.any_of('bits')})"
        return f"{kind}_read({self.any_of(kind)})"

    def small(self) -> str:
        return self.die.choice(("t", "u", *map(str, SMALL)))

    def expression(self) -> str:
        """A value, with at most two reads of shared memory."""
        one, two, n = self.look(), self.small(), self.die.choice((1, 2, 3))
        ways = [one, one, two, two, f"{one} + {n}", f"{one} ^ {two}", f"{two} - {one}", f"({one} & {n}) == {two}"]
        ways += [f"-{one} < {two}", f"{one} ? {two} : {n}", f"{one} || {self.look()}", f"{two} && {one}", f"!{one}"]
        ways += [f"(u8)({two} - {n})", f"~{one} & {n}", f"({two}, {one})", f"{one} * {n} % 5", f"{one} >> 1"]
        ways += [f"(s64){one} - {n} < {n}u", f"{one} - {n} < {n}u"]
        return self.die.choice(ways)

    def condition(self) -> str:
        """A question, mostly about shared memory."""
        compare = self.die.choice(("==", "!=", ">", "<="))
        ways = [f"{self.look()} {compare} {self.die.choice(SMALL)}"] * 4 + [
            self.look(),
            f"!{self.look()}",
            self.expression(),
        ]
        ways += [f"t {compare} {self.die.choice(SMALL)}", self.question(), self.question(), f"!{self.question()}"]
        ways += [f"{self.look()} && {self.look()} {compare} {self.small()}", f"u {compare} 1 || {self.look()}"]
        return self.die.choice(ways)

    def question(self) -> str:
        """An atomic operation that answers yes or no."""
        at = self.any_of("atomic")
        ways = [f"atomic_{x}({at})" for x in ("inc_not_zero", "inc_unless_negative", "dec_and_test", "inc_and_test")]
        ways += [f"atomic_dec_if_positive({at}) >= 0", f"atomic_add_unless({at}, 1, {self.small()})"]
        ways += [f"atomic_sub_and_test({self.small()}, {at})", f"atomic_cmpxchg({at}, 0, 1) == 0"]
        for bits in self.shared["bits"]:
            ways += [f"test_and_{x}_bit({self.die.randint(0, 1)}, {bits})" for x in ("set", "clear", "set")] * 2
        for users in self.shared["refcount"]:
            ways += [f"refcount_{x}({users})" for x in ("inc_not_zero", "dec_and_test")] * 3
        return self.die.choice(ways)

    # -- simple statements ---------------------------------------------------------------------------------------------

    def store(self, deep: int) -> None:
        at, value = self.plain(), self.die.choice((self.expression(), self.die.choice(SMALL), self.die.choice(SMALL)))
        self.say(self.die.choice((f"{at} = {value};", f"WRITE_ONCE({at}, {value});")))

    def bump(self, deep: int) -> None:
        at = self.plain()
        one = f"({at})" if at.startswith("*") else at
        self.say(self.die.choice((f"{one}++;", f"{one}--;", f"++{at};", f"{at} += {self.small()};", f"{at} |= {self.small()};",
                                  f"{at} -= {self.look()};", f"t = {one}++;", f"u = --{at};")))  # fmt: skip

    def local(self, deep: int) -> None:
        self.say(f"{self.die.choice('ttu')} {self.die.choice(('=', '=', '=', '+=', '^='))} {self.expression()};")

    def atomic(self, deep: int) -> None:
        at, n, verb = self.any_of("atomic"), self.small(), self.die.choice(("inc", "dec"))
        move = {"inc": "add", "dec": "sub"}[verb]
        ways = [
            f"atomic_{verb}({at});",
            f"atomic_{move}({n}, {at});",
            f"atomic_set({at}, {n});",
            f"t = atomic_xchg({at}, {n});",
        ]
        ways += [
            f"t = atomic_{verb}_return({at});",
            f"t = atomic_fetch_{verb}({at});",
            f"u = atomic_{move}_return({n}, {at});",
        ]
        ways += [f"u = atomic_fetch_{move}({n}, {at});", f"t = {self.question()};", "smp_mb();"]
        plain, kind = self.die.choice(self.shared["plain"])
        if kind != "bool":
            where = plain[1:] if plain[0] == "*" else f"&{plain}"
            ways += [f"t = xchg({where}, {n});", f"t = cmpxchg({where}, {self.die.choice(SMALL)}, {n});"]
        self.say(self.die.choice(ways))

    def count(self, deep: int) -> None:
        """A reference count: taken and given back, mostly."""
        if not self.shared["refcount"]:
            return self.atomic(deep)
        users, kind = self.any_of("refcount"), self.die.choices(("op", "pair", "drop"), (2, 4, 3))[0]
        if kind == "op":
            self.say(
                self.die.choice(
                    ("refcount_inc({});", "refcount_inc({});", "refcount_dec({});", "refcount_set({}, 1);")
                ).format(users)
            )
        elif kind == "drop":
            self._drop(users)
        else:
            self.say(f"if (refcount_inc_not_zero({users})) {{")
            self.inside(1, deep - 1, lambda: self._drop(users))
            self.say("}")

    def _drop(self, users: str) -> None:
        self.say(f"if (refcount_dec_and_test({users}))")
        self.say(f"\t{self.plain()} = {self.expression()};")

    def bits(self, deep: int) -> None:
        if not self.shared["bits"]:
            return self.bump(deep)
        verb = self.die.choice(("set_bit", "clear_bit", "test_and_set_bit", "test_and_clear_bit"))
        self.say(f"{'t = ' if 'test' in verb else ''}{verb}({self.die.randint(0, 1)}, {self.any_of('bits')});")

    def warn(self, deep: int) -> None:
        verb = self.die.choices(("WARN_ON", "WARN_ON_ONCE", "BUG_ON"), (6, 3, 1))[0]
        rare = f"{self.look()} == {self.die.choice((1, 2, 2, 3))}"
        self.say(f"{verb}({self.die.choice((rare, rare, f't > {self.die.choice((1, 2))}', 't + u == 3'))});")

    def wrong(self, deep: int) -> None:
        """What few would write, and C or the kernel do not forgive."""
        lock = self.any_of("spin")
        ways = (
            f"t = {self.die.choice((4, 7))} / ({self.look()} + u);",
            f"u = 1 << ({self.look()} * 31);",
            f"t %= {self.look()};",
        )
        self.say(self.die.choice((*ways, f"spin_unlock(&{lock});", f"spin_lock(&{lock});", f"spin_lock(&{lock});")))

    def call(self, deep: int) -> None:
        if not self.helpers:
            return self.local(deep)
        helper = self.die.choice(self.helpers)
        given = {"value": self.expression(), "atomic": self.any_of("atomic")}.get(helper.takes[0])
        if given is None:
            at = self.die.choice([text for text, kind in self.shared["plain"] if kind == helper.takes[1]])
            given = f"&{at}"
        self.say(f"{'t = ' if helper.gives != 'void' else ''}{helper.name}({given});")
