"""A TSO machine of the tests' own, with explicit buffers and no code of tdxkit's: every final state of some CPUs' instructions."""

NAMES = "abcdxyz"


def outcomes(codes, memory):
    """The final values of NAMES, registers included, in every run."""
    start = (dict.fromkeys(NAMES, 0), [0] * len(codes), [[] for _ in codes], [{} for _ in codes])
    todo, seen, found = [start], set(), set()
    while todo:
        values, at, buffers, registers = todo.pop()
        key = repr((values, at, buffers, registers))
        if key in seen:
            continue
        seen.add(key)
        moved = False
        for k, code in enumerate(codes):
            if buffers[k]:
                moved = True
                (name, value), *rest = buffers[k]
                todo.append(({**values, name: value}, at, _put(buffers, k, rest), registers))
            if at[k] < len(code):
                done = _step(code[at[k]], k, values, buffers, registers, memory)
                if done:
                    moved = True
                    todo.append((done[0], _put(at, k, at[k] + 1), done[1], done[2]))
        if not moved:
            ended = dict(values)
            for register in registers:
                ended.update(register)
            found.add(tuple(ended[name] for name in NAMES))
    return found


def _put(items, k, value):
    return [*items[:k], value, *items[k + 1 :]]


def _step(word, k, values, buffers, registers, memory):
    """(values, buffers, registers) after an instruction; None where it has to wait until the buffer is empty."""
    mine = buffers[k]

    def look(name):
        return next((v for n, v in reversed(mine) if n == name), values[name])

    if word.startswith("inc_not_zero"):
        name = word.split()[1]
        if look(name) == 0:
            return values, buffers, registers
        return None if mine else ({**values, name: values[name] + 1}, buffers, registers)
    if word == "mb" or word.startswith(("xchg", "cmpxchg")):
        if mine:
            return None
        if word.startswith("xchg"):
            name, value = word.split()[1].split("=")
            return {**values, name: int(value)}, buffers, registers
        if word.startswith("cmpxchg") and values[word.split()[1]] == 5:
            return {**values, word.split()[1]: 6}, buffers, registers
        return values, buffers, registers
    if "=" in word:
        name, value = word.split("=")
        if memory == "sc":
            return {**values, name: int(value)}, buffers, registers
        return values, _put(buffers, k, [*mine, (name, int(value))]), registers
    register, name = word.split(":")
    return values, buffers, _put(registers, k, {**registers[k], register: look(name)})
