"""One random function of a random C program: locks, loops, jumps and branches around simple statements."""

from tests.c.random_statements import SMALL, Simple


class Function(Simple):
    """A function with statements that hold others."""

    # -- the function --------------------------------------------------------------------------------------------------

    def as_entry(self, size: int, announces: bool) -> list[str]:
        """What a CPU runs."""
        self._locals()
        if announces:
            self.announce(1)
        self.body(size, 2)
        return [f"void {self.name}(void)", "{", *self.lines, "}"]

    def as_helper(self, kind: str) -> list[str]:
        """What others call: with a value, or with a pointer to a shared variable."""
        if kind == "plain":
            _, plain = self.die.choice(self.shared["plain"])
            self.takes, self.shared["plain"] = ("plain", plain), [("*p", plain)]
            declared = f"{plain} *p"
        elif kind == "atomic":
            self.takes, self.shared["atomic"] = ("atomic",), ["p"]
            declared = "atomic_t *p"
        else:
            self.takes, declared = ("value",), "int v"
        self.gives = self.die.choice(("int", "int", "u8", "bool", "void"))
        self._locals()
        if kind == "value":
            self.say("t = v;")
        self.body(self.die.randint(1, 2), 1)
        if self.gives != "void":
            self.say(f"return {self.expression()};")
        return [f"static {self.gives} {self.name}({declared})", "{", *self.lines, "}"]

    def _locals(self) -> None:
        self.say(
            f"{self.die.choice(('int', 'int', 'int', 'u8', 's64', 'unsigned long'))} t{self.die.choice((' = 0',) * 12 + ('',))};"
        )
        self.say(f"int u = {self.die.choice(SMALL)};")

    # -- branches and loops --------------------------------------------------------------------------------------------

    def if_(self, deep: int) -> None:
        self.say(f"if ({self.condition()}) {{")
        self.inside(self.die.choice((1, 1, 2)), deep - 1)
        if self.die.random() < 0.4:
            self.say("} else {")
            self.inside(1, deep - 1)
        self.say("}")

    def loop(self, deep: int) -> None:
        """A loop that a counter of its own bounds, now and then left early."""
        i, rounds = self.new("i"), self.die.choice((1, 2, 2, 3))
        kind = self.die.choice(("for", "while", "do"))
        if kind == "for":
            self.say(f"for (int {i} = 0; {i} < {rounds}; {i}++) {{")
        else:
            self.say(f"int {i} = {rounds};")
            self.say(f"while ({i}-- > 0) {{" if kind == "while" else "do {")
        early = self.die.choice((None, "break", "continue")) if kind != "do" else None
        self.inside(1, deep - 1, (lambda: self._maybe(early, deep)) if early else None)
        self.say(f"}} while (--{i} > 0);" if kind == "do" else "}")

    def _maybe(self, word: str, deep: int) -> None:
        self.say(f"if ({self.condition()})")
        self.say(f"\t{word};")
        self.bump(deep)

    def switch(self, deep: int) -> None:
        """Cases that fall through or not, the default anywhere."""
        self.say(f"switch ({self.expression()}) {{")
        heads = ["case 0:", "case 1:", "case 2:", "default:"]
        for head in self.die.sample(heads, self.die.randint(2, 3)):
            self.say(head)
            first = len(self.lines)
            self.inside(1, deep - 1, (lambda: self.say("break;")) if self.die.random() < 0.5 else None)
            if self.lines[first].strip().startswith("int "):  # no declaration may follow a label
                self.lines[first - 1] += " {"
                self.say("}")
        self.say("}")

    def leave(self, deep: int) -> None:
        """An early return, which lets go of the locks, mostly."""
        careful = self.held if self.die.random() < 0.9 else []
        self.say(f"if ({self.condition()}) {{")
        for lock in reversed(careful):
            self.say(f"\t{lock};")
        self.say(f"\treturn{'' if self.gives == 'void' else f' {self.small()}'};")
        self.say("}")

    # -- jumps ---------------------------------------------------------------------------------------------------------

    def forward(self, deep: int) -> None:
        out = self.new("out")
        self.say(f"if ({self.condition()})")
        self.say(f"\tgoto {out};")
        self.body(1, deep - 1 if deep else 0)
        self.say(f"{out}:")
        self.bump(deep)

    def back(self, deep: int) -> None:
        """Again, so many times at most."""
        again, i = self.new("again"), self.new("i")
        self.say(f"int {i} = 0;")
        self.say(f"{again}:")
        self.bump(deep)
        self.say(f"if ({self.condition()} && {i}++ < {self.die.choice((1, 1, 2))})")
        self.say(f"\tgoto {again};")

    def into(self, deep: int) -> None:
        """Into the middle of a loop or a branch."""
        inside, i = self.new("inside"), self.new("i")
        self.say(f"int {i} = 0;")
        self.say(f"if ({self.condition()})")
        self.say(f"\tgoto {inside};")
        head = self.die.choice((f"while ({i} < 2) {{", f"if ({self.condition()}) {{"))
        self.say(head)
        self.inside(1, deep - 1)
        self.say(f"{inside}:")
        self.say(f"\t{i}++;")
        self.inside(1, -1)
        self.say("}")

    def try_(self, deep: int) -> None:
        """A compare-and-exchange that is tried until nobody was in between."""
        at, old = self.any_of("atomic"), self.new("old")
        self.say(f"int {old} = atomic_read({at});")
        if self.die.random() < 0.5:
            self.say(f"while (!atomic_try_cmpxchg({at}, &{old}, {old} + 1))")
            self.say("\t;")
        else:
            self.say("do {")
            self.say(f"\t{old} = atomic_read({at});")
            self.say(f"}} while (atomic_cmpxchg({at}, {old}, {old} {self.die.choice('+-')} 1) != {old});")

    # -- locks ---------------------------------------------------------------------------------------------------------

    def _locks(self) -> list[tuple[str, str]]:
        """Those that this function does not hold here, each with its kind; no mutex under a spinlock, mostly."""
        found = [(kind, f"&{name}") for kind in ("spin", "mutex") for name in self.shared[kind]]
        atomic = any(held.startswith("spin") for held in self.held) and self.die.random() < 0.9
        return [(k, n) for k, n in found if f"{k}_unlock({n})" not in self.held and not (atomic and k == "mutex")]

    def _holding(self, kind: str, lock: str, deep: int, size: int = 1) -> None:
        """Statements under a lock that has just been taken, and mostly letting go of it."""
        self.held.append(f"{kind}_unlock({lock})")
        self.body(size, max(deep - 1, 0))
        let_go = self.held.pop()
        if self.die.random() < 0.97:
            self.say(f"{let_go};")

    def region(self, deep: int) -> None:
        locks = self._locks()
        if not locks or deep < 1:
            return self.bump(deep)
        kind, lock = self.die.choice(locks)
        self.say(f"{kind}_lock({lock});")
        self._holding(kind, lock, deep, self.die.choice((1, 1, 2)))

    def _two(self) -> list[tuple[str, str]]:
        """Two locks in some order, a mutex first."""
        locks = self._locks() if not self.held else []
        return sorted(self.die.sample(locks, 2), key=lambda lock: lock[0] != "mutex") if len(locks) > 1 else []

    def nest(self, deep: int) -> None:
        """One lock inside another."""
        locks = self._two()
        if not locks or deep < 1:
            return self.region(deep)
        for kind, lock in locks:
            self.say(f"{kind}_lock({lock});")
        (first, outer), (second, inner) = locks
        self.held.append(f"{first}_unlock({outer})")
        self._holding(second, inner, deep)
        self.say(f"{self.held.pop()};")

    def attempt(self, deep: int) -> None:
        """What is done only where the lock is free."""
        locks = self._locks()
        if not locks or deep < 1:
            return self.bump(deep)
        kind, lock = self.die.choice(locks)
        self.say(f"if ({kind}_trylock({lock})) {{")
        self.depth += 1
        self._holding(kind, lock, deep)
        self.depth -= 1
        if self.die.random() < 0.3:
            self.say("} else {")
            self.inside(1, deep - 1)
        self.say("}")

    def retreat(self, deep: int) -> None:
        """Both locks or none, again and again."""
        locks = self._two()
        if not locks or deep < 1:
            return self.region(deep)
        (first, outer), (second, inner) = locks
        self.say("for (;;) {")
        self.say(f"\t{first}_lock({outer});")
        self.say(f"\tif ({second}_trylock({inner}))")
        self.say("\t\tbreak;")
        self.say(f"\t{first}_unlock({outer});")
        self.say("}")
        self.held.append(f"{first}_unlock({outer})")
        self._holding(second, inner, deep)
        self.say(f"{self.held.pop()};")

    def spin(self, deep: int) -> None:
        """One lock in hand, round and round for the other."""
        locks = self._two()
        if not locks or deep < 1:
            return self.region(deep)
        (first, outer), (second, inner) = locks
        self.say(f"{first}_lock({outer});")
        self.say(f"while (!{second}_trylock({inner}))")
        self.say(f"\tu = {self.look()};")
        self.held.append(f"{first}_unlock({outer})")
        self._holding(second, inner, deep)
        self.say(f"{self.held.pop()};")

    # -- waiting for others --------------------------------------------------------------------------------------------

    def await_(self, deep: int) -> None:
        """Until somebody else changes a word: one look a round."""
        look, n = self.look(), self.die.choice((0, 0, 1))
        self.say(f"while ({look} {self.die.choice(('==', '=='))} {n})")
        self.say("\t;")

    def stay(self, deep: int) -> None:
        """The same with two looks a round."""
        self.say(f"while (!{self.look()} && {self.look()} != {self.die.choice((1, 2))})")
        self.say("\t;")

    def announce(self, deep: int) -> None:
        """I come, if you do not: a lock of plain flags, with or without a fence."""
        flags = [text for text, _ in self.shared["plain"] if text.isidentifier()] or [self.plain()]
        mine, yours = (flags[0], flags[-1]) if self.name != "right" else (flags[-1], flags[0])
        self.say(f"WRITE_ONCE({mine}, 1);")
        if self.die.random() < 0.3:
            self.say("smp_mb();")
        self.say(f"if (READ_ONCE({yours}) == 0) {{")
        self.say(f"\tWARN_ON(atomic_xchg({self.any_of('atomic')}, 7) == 7);")
        self.inside(1, -1, lambda: self.say(f"atomic_set({self.any_of('atomic')}, 0);"))
        self.say("}")
