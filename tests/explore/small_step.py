"""Random structured programs, and a judge of them that shares nothing with the engines: a small-step interpreter.

A program is a tree of tuples. It is written out as Python text for the engines and run here as a tree: a thread is (what is left
to do, its variables), so a state can be copied and compared without looking at any generator.
"""

from collections import deque
from functools import cache

SHARED = {"a": 0, "b": 0, "K": {0: 0, 1: 0}, "L": False, "M": False}


def random_threads(die, waits=False):
    """Two or three threads, sometimes two of the same program; with `waits` some wait in loops of two steps, and not always in vain."""
    programs = [random_body(die, die.randint(2, 5), 2, waits) for _ in range(die.randint(1, 2))]
    return [die.choice(programs) for _ in range(die.choice((2, 2, 2, 3)))]


def random_body(die, size, depth, waits=False):
    """`size` statements, of which the ones that hold others go `depth` deep."""
    return tuple(random_statement(die, depth, waits) for _ in range(size))


def random_statement(die, depth, waits=False):
    """One statement, as a tuple of its kind and parts."""
    if waits and die.random() < 0.35:
        return random_wait(die)
    kind = die.choices(
        ("step", "local", "if", "loop", "take", "take", "let", "claim", "must", "choice", "call", "leave"),
        (8, 2, 3 * (depth > 0), 1.5 * (depth > 0), 2, 2, 3, 2.0, 0.8, 0.8, 1 * (depth > 0), 0.4),
    )[0]
    small = lambda: random_body(die, die.randint(1, 2), depth - 1, waits)  # noqa: E731
    if kind == "step":
        return ("step", tuple((target(die), expression(die)) for _ in range(die.randint(1, 2))))
    if kind == "local":
        return ("local", die.choice("xy"), ("const", die.randint(0, 2)))
    if kind == "if":
        return ("if", expression(die), small(), small() if die.random() < 0.5 else ())
    if kind == "loop":
        return ("loop", die.randint(1, 2), small())
    if kind == "take":
        return ("take", die.choice("LM"), die.random() < 0.75)
    if kind == "let":
        return ("let", die.choice("xy"), expression(die))
    if kind == "claim":
        return ("claim", expression(die), die.randint(0, 2))
    if kind == "must":
        return ("must", expression(die), die.randint(0, 2))
    if kind == "choice":
        return ("choice", die.choice("xy"), tuple(die.sample((0, 1, 2), die.randint(1, 2))))
    if kind == "call":
        return ("call", small())
    return ("leave",)


def random_wait(die):
    """A loop that is left in the middle: for a lock, for a value, or one that changes something each time round; or two locks, with a way back."""
    kind = die.choice(("await", "await", "until", "turn", "retreat"))
    if kind == "await":
        return ("await", die.choice("LM"), die.random() < 0.5)
    if kind == "retreat":
        return ("retreat", *die.sample("LM", 2), die.random() < 0.3)
    if kind == "until":
        return ("until", expression(die), die.randint(0, 2))
    return ("turn", target(die), expression(die), die.randint(0, 2))


def target(die):
    """A shared variable."""
    return die.choice((("a",), ("b",), ("K", 0), ("K", 1)))


def expression(die, depth=1):
    """A number from 0 to 2."""
    kind = die.choice(("shared", "shared", "var", "const", "plus") if depth else ("shared", "var", "const"))
    if kind == "shared":
        return ("shared", target(die))
    if kind == "var":
        return ("var", die.choice("xy"))
    if kind == "const":
        return ("const", die.randint(0, 2))
    return ("plus", expression(die, depth - 1), expression(die, depth - 1))


def as_text(body):
    """The program as Python text: a generator function `main`, and one for each call."""
    functions = []

    def write(statements, indent):
        return [line for statement in statements for line in one(statement, "    " * indent, indent)] or [
            "    " * indent + "pass"
        ]

    def one(s, pad, indent):
        kind = s[0]
        if kind == "step":
            return [f'{pad}yield "step"', *(f"{pad}{place(t)} = {value(e)}" for t, e in s[1])]
        if kind == "local":
            return [f'{pad}yield "local"', f"{pad}{s[1]} = {value(s[2])}"]
        if kind == "if":
            rest = [f"{pad}else:", *write(s[3], indent + 1)] if s[3] else []
            return [f'{pad}yield "if"', f"{pad}if {value(s[1])}:", *write(s[2], indent + 1), *rest]
        if kind == "loop":
            return [f"{pad}for _ in range({s[1]}):", *write(s[2], indent + 1)]
        if kind == "take":
            spin = [f"{pad}while True:", f'{pad}    yield "take"', f"{pad}    if not m.{s[1]}:"]
            spin += [f"{pad}        m.{s[1]} = True", f"{pad}        break"]
            return spin + ([f'{pad}yield "give"', f"{pad}m.{s[1]} = False"] if s[2] else [])
        if kind == "await":
            spin = [f"{pad}while True:", f'{pad}    yield "try"', f"{pad}    if not m.{s[1]}:"]
            spin += [f"{pad}        m.{s[1]} = True", f"{pad}        break", f'{pad}    yield "relax"']
            return spin + ([f'{pad}yield "give"', f"{pad}m.{s[1]} = False"] if s[2] else [])
        if kind == "retreat":
            loop = [f"{pad}while True:", f'{pad}    yield "first"', f"{pad}    if m.{s[1]}:", f"{pad}        continue"]
            loop += [f"{pad}    m.{s[1]} = True", f'{pad}    yield "second"', f"{pad}    if not m.{s[2]}:"]
            loop += [
                f"{pad}        m.{s[2]} = True",
                f"{pad}        break",
                f'{pad}    yield "back"',
                f"{pad}    m.{s[1]} = False",
            ]
            return loop + ([f'{pad}yield "both"', f"{pad}m.{s[1]} = m.{s[2]} = False"] if s[3] else [])
        if kind == "until":
            loop = [f"{pad}while True:", f'{pad}    yield "look"', f"{pad}    if {value(s[1])} == {s[2]}:"]
            return [*loop, f"{pad}        break", f'{pad}    yield "relax"']
        if kind == "turn":
            loop = [f"{pad}while True:", f'{pad}    yield "turn"', f"{pad}    {place(s[1])} = ({place(s[1])} + 1) % 3"]
            return [*loop, f'{pad}    yield "enough?"', f"{pad}    if {value(s[2])} == {s[3]}:", f"{pad}        break"]
        if kind == "let":
            return [f'{pad}yield "let"', f"{pad}{s[1]} = {value(s[2])}"]
        if kind == "claim":
            return [f'{pad}yield "claim"', f'{pad}assert {value(s[1])} != {s[2]}, "claim"']
        if kind == "must":
            return [f'{pad}yield "must"', f'{pad}m.must("rule", {value(s[1])} != {s[2]})']
        if kind == "choice":
            return [f'{pad}{s[1]} = yield "choice", {s[2]!r}']
        if kind == "call":
            name = f"part{len(functions)}"
            functions.append(None)
            functions[int(name[4:])] = [f"def {name}(m, x, y):", *write(s[1], 1), "    return x", '    yield "never"']
            return [f"{pad}x = yield from {name}(m, x, y)"]
        return [f'{pad}yield "leave"', f"{pad}return x"]

    main = ["def main(m):", "    x = y = 0", *write(body, 1), '    yield "end"']
    return "\n".join([line for f in functions for line in f] + main)


def place(t):
    return f"m.{t[0]}" if len(t) == 1 else f"m.{t[0]}[{t[1]}]"


def value(e):
    if e[0] == "shared":
        return place(e[1])
    if e[0] == "plus":
        return f"(({value(e[1])} + {value(e[2])}) % 3)"
    return str(e[1])


# -- the judge --------------------------------------------------------------------------------------------------------
# What is left to do is a linked list (statement, rest); a call's return is the mark ("back", x and y of the caller, rest).


def chain(statements, rest):
    for statement in reversed(statements):
        rest = (statement, rest)
    return rest


def settle(left, x, y):
    """Go on to where the thread waits for its next step: what is between two yields and needs no shared memory."""
    while left is not None:
        statement, rest = left
        kind = statement[0]
        if kind == "loop":
            left = chain(statement[2], ((("loop", statement[1] - 1, statement[2])), rest)) if statement[1] else rest
        elif kind == "call":
            left = chain(statement[1], (("back", y), rest))
        elif kind == "back":
            left, y = rest, statement[1]
        elif kind == "end":
            return left, x, y
        else:
            return left, x, y
    return None, x, y


def start(body):
    return settle(chain(body, (("end",), None)), 0, 0)


def evaluate(e, shared, x, y):
    if e[0] == "const":
        return e[1]
    if e[0] == "var":
        return x if e[1] == "x" else y
    if e[0] == "shared":
        return shared[e[1]]
    return (evaluate(e[1], shared, x, y) + evaluate(e[2], shared, x, y)) % 3


def results(thread, shared):
    """Each way the thread's next step can go: (shared memory, thread, rule broken or None, did it raise)."""
    (statement, rest), x, y = thread
    kind = statement[0]
    shared = dict(shared)
    broken = None
    after = [(rest, x, y)]
    if kind == "step":
        for t, e in statement[1]:
            shared[t] = evaluate(e, shared, x, y)
    elif kind in ("let", "local"):
        new = evaluate(statement[2], shared, x, y)
        after = [(rest, new, y) if statement[1] == "x" else (rest, x, new)]
    elif kind == "if":
        branch = statement[2] if evaluate(statement[1], shared, x, y) else statement[3]
        after = [(chain(branch, rest), x, y)]
    elif kind == "take":
        if shared[statement[1],]:
            after = [((statement, rest), x, y)]
        else:
            shared[statement[1],] = True
            after = [((("give", statement[1]), rest) if statement[2] else rest, x, y)]
    elif kind in ("await", "until", "turn", "enough", "relax", "retreat", "second", "undo", "both"):
        after = [(waited(statement, rest, shared, x, y), x, y)]
    elif kind == "give":
        shared[statement[1],] = False
    elif kind == "claim":
        if evaluate(statement[1], shared, x, y) == statement[2]:
            return [(shared, (None, x, y), "claim", True)]
    elif kind == "must":
        broken = "rule" if evaluate(statement[1], shared, x, y) == statement[2] else None
    elif kind == "choice":
        after = [(rest, v, y) if statement[1] == "x" else (rest, x, v) for v in statement[2]]
    elif kind == "leave":
        while rest is not None and rest[0][0] != "back":
            rest = rest[1]
        after = [(rest, x, y)]
    return [(shared, settle(*a), broken, False) for a in after]


def waited(statement, rest, shared, x, y):
    """One step of a loop that waits: what is left to do after it. `shared` is changed."""
    kind, *parts = statement
    if kind == "await":
        if shared[parts[0],]:
            return (("relax", statement), rest)
        shared[parts[0],] = True
        return (("give", parts[0]), rest) if parts[1] else rest
    if kind == "relax":
        return (parts[0], rest)
    if kind == "until":
        return rest if evaluate(parts[0], shared, x, y) == parts[1] else (("relax", statement), rest)
    if kind == "turn":
        shared[parts[0]] = (shared[parts[0]] + 1) % 3
        return (("enough", statement), rest)
    if kind == "enough":
        return rest if evaluate(parts[0][2], shared, x, y) == parts[0][3] else (parts[0], rest)
    if kind == "retreat":
        if shared[parts[0],]:
            return (statement, rest)
        shared[parts[0],] = True
        return (("second", statement), rest)
    if kind == "second":
        _, _, second, gives = parts[0]
        if shared[second,]:
            return (("undo", parts[0]), rest)
        shared[second,] = True
        return (("both", parts[0]), rest) if gives else rest
    shared[parts[0][1],] = False
    if kind == "undo":
        return (parts[0], rest)
    shared[parts[0][2],] = False
    return rest


def broken_in(shared, ended):
    """The rules on states that do not hold: an always rule, and one at the end."""
    values = dict(shared)
    names = {"always"} if values["a",] == 2 and values["K", 0] == 1 else set()
    return names | ({"at end"} if ended and values["b",] == 1 else set())


class Judge:
    """All that the small-step interpreter knows of some threads."""

    def __init__(self, bodies):
        first = {(name,): v for name, v in SHARED.items() if name != "K"} | {("K", k): 0 for k in (0, 1)}
        self.first = (tuple(sorted(first.items())), tuple(start(body) for body in bodies))

    def edges(self, state):
        """(thread, next state, rules broken, did it raise) for each step that moves."""
        shared, threads = state
        for k, thread in enumerate(threads):
            if thread[0] is None:
                continue
            for after, stands, broken, raised in results(thread, dict(shared)):
                following = (tuple(sorted(after.items())), (*threads[:k], stands, *threads[k + 1 :]))
                if following != state or broken:
                    yield k, following, {broken} - {None} | (broken_in(following[0], False)), raised

    def stop(self, state, edges):
        """The rules broken by a state that nothing leaves."""
        ended = not any(left for left, _, _ in state[1])
        return broken_in(state[0], True) - {"always"} if ended else set() if edges else {"deadlock"}

    def search(self, rules, limit=10**6):
        """(shortest length to a broken rule of `rules` or None, its rules, reachable and final shared states).

        None where there are more than `limit` states.
        """
        seen, finals, shares = {self.first}, set(), set()
        todo, found, names = deque([(self.first, 0)]), None, set()
        while todo:
            state, depth = todo.popleft()
            if len(seen) > limit:
                return None
            shares.add(state[0])
            edges = list(self.edges(state))
            if not any(left for left, _, _ in state[1]):
                finals.add(state[0])
            for broken, length in [(self.stop(state, edges) & rules, depth)] + [
                (e[2] & (rules | {"claim"}), depth + 1) for e in edges
            ]:
                if broken and (found is None or length <= found):
                    names = names | broken if found == length else broken
                    found = length
            for _, following, broken, _ in edges:
                if not broken & (rules | {"claim"}) and following not in seen:
                    seen.add(following)
                    todo.append((following, depth + 1))
        return found, names, shares, finals

    def livelock(self, rules):
        """The fewest steps into a state from which no run stops; None where there is none such. A run stops where nobody moves, and
        at a step that breaks one of `rules`."""
        after, depth, todo = {}, {self.first: 0}, deque([self.first])
        while todo:
            state = todo.popleft()
            edges = list(self.edges(state))
            stops = any(broken & (rules | {"claim"}) for _, _, broken, _ in edges)
            after[state] = [] if stops else [following for _, following, _, _ in edges]
            for _, following, broken, _ in edges:
                if not broken & (rules | {"claim"}) and following not in depth:
                    depth[following] = depth[state] + 1
                    todo.append(following)
        stopping, size = {state for state in after if not after[state]}, -1
        while size != len(stopping):
            size = len(stopping)
            stopping |= {state for state in after if any(a in stopping for a in after[state])}
        return min((depth[state] for state in after if state not in stopping), default=None)

    def fewest(self, rules, length=None):
        """The fewest switches on any way to a broken rule, or on any way of `length` steps; None where there is none."""
        labels, best, depth = {(self.first, None): 0}, None, 0
        known = {}
        while labels:
            following_labels = {}
            for (state, last), cost in labels.items():
                edges = list(self.edges(state))
                ends = [cost] if self.stop(state, edges) & rules and length in (None, depth) else []
                for k, following, broken, _ in edges:
                    more = cost + (last not in (None, k))
                    if broken & (rules | {"claim"}):
                        ends += [more] if length in (None, depth + 1) else []
                    elif more < following_labels.get((following, k), 99):
                        following_labels[following, k] = more
                best = min([*ends, *([best] if best is not None else [])], default=None)
            depth += 1
            labels = {}
            for label, cost in following_labels.items():
                if length is not None or cost < known.get(label, 99):  # a way that comes later may still be calmer
                    known[label] = labels[label] = cost
            if length is not None and depth > length:
                break
        return best

    def interleavings(self):
        """The number of complete schedules, past broken rules; a raised error ends one."""

        @cache
        def ways(state):
            edges = list(self.edges(state))
            return sum(1 if raised else ways(following) for _, following, _, raised in edges) if edges else 1

        return ways(self.first)
