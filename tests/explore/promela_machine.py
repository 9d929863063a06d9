"""A small machine for the Promela that `promela` writes: one process, lines of conditions and changes, rules after each. It runs the text."""

import re

LINE = re.compile(r"  :: d_step \{ (.*?) -> (.*) \}  /\* (.*) \*/")
RULE = re.compile(r"  if :: (.*) -> broken = \(broken -> broken : (\d+)\); c_code .* :: else fi;  /\* (.*) \*/")
DECLARED = re.compile(r"(byte|short|int|bool) (\w+) = (-?\d+);")
RANGES = {"bool": (0, 1), "byte": (0, 255), "short": (-(2**15), 2**15 - 1), "int": (1 - 2**31, 2**31 - 1)}


def condition(text):
    """What a state is asked, as a function of it."""
    text = re.sub(r"!(?!=)", " not ", text.replace("&&", " and ").replace("||", " or "))
    python = re.sub(r"[A-Za-z_]\w*", lambda word: word[0] if word[0] in ("and", "or", "not") else _name(word[0]), text)
    return eval(f"lambda s: {python}")


def _name(word):
    return "True" if word == "true" else f's["{word}"]'


class Machine:
    """What the text says: first values, the lines with their numbers, the rules of `judge` and `finish`."""

    def __init__(self, text):
        assert text.isascii()
        rows = text.splitlines()
        self.first, self.types, self.lines, self.rules = {}, {}, {}, {"judge": [], "finish": []}
        at = ""
        for number, row in enumerate(rows, 1):
            if found := re.match(r"inline (judge|finish)\(\) \{$", row):
                at = found[1]
            elif row == "}":
                at = ""
            elif at and (found := RULE.match(row)):
                self.rules[at].append((condition(found[1]), int(found[2])))
            elif found := LINE.match(row):
                self.lines[number] = condition(found[1]), found[2].split("; "), found[3]
            elif not at and not row.startswith(" "):
                for kind, name, value in DECLARED.findall(row):
                    self.first[name], self.types[name] = int(value), kind

    def search(self):
        """(reachable states that are neither broken nor over, rules told, is there one with all finished, those nothing leaves)"""
        seen, todo, told, stuck, ends = {self._key(self.first)}, [self.first], set(), 0, 0
        while todo:
            state, moved = todo.pop(), False
            for guard, acts, _ in self.lines.values():
                if not guard(state):
                    continue
                after = dict(state)
                if "finish()" in acts[0]:
                    ends += 1
                    told |= {n for false, n in self.rules["finish"] if false(state)}
                    moved = True
                    continue
                moved = True
                for act in acts:
                    if found := re.fullmatch(r"(\w+) = (-?\d+)", act):
                        after[found[1]] = int(found[2])
                if after["broken"]:
                    told |= {int(n) for act in acts for n in re.findall(r"rule (\d+)\\n", act)}
                    continue
                if acts[-1] == "judge()" and (false := {n for is_false, n in self.rules["judge"] if is_false(after)}):
                    told |= false
                    continue
                for name, value in after.items():
                    low, high = RANGES[self.types[name]]
                    assert low <= value <= high, f"{name} is no {self.types[name]}"
                if self._key(after) not in seen:
                    seen.add(self._key(after))
                    todo.append(after)
            stuck += not moved
        return len(seen), told, ends, stuck

    def _key(self, state):
        return tuple(state.values())
