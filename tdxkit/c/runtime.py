"""What a compiled text calls while it runs: cells read and written through pointers, loops that must come to a step.

A pointer is (object, cell): the object is a shared one by its name, or "" for what lies on the CPU's own stack. NULL is 0, and an error that
stands for a pointer is its number.
"""

from tdxkit.c.arithmetic import Defect
from tdxkit.errors import ModelError
from tdxkit.explore.memory import Memory
from tdxkit.kinds import Act, load, store
from tdxkit.linux.refcount.module import IN_HAND

COUNTERS = "refcount[]"  # the counters of the regions, which the model of the module keeps by region; no name of C
FREED, WAITING = (
    "freed",
    "waiting for readers",
)  # the state of an allocated object: it may not be used any more; only while somebody reads
READERS = "RCU readers"  # the cells of those who read under RCU, one for each CPU
PAGE = ("page", 0)  # a page that is counted with its CPU and not told from others: it has no cell of its own
NEAR_NULL = 4096  # where a member of NULL lies
ROUNDS = 100_000  # of a loop between two steps
OWN = ""
TASK = "'s task"
PAST, GAP = 1 << 20, 1 << 21  # cells behind an array that is inside an object are numbered from here: `bytewise`
BEHIND = "what lies behind an array in {} is followed"
NOT_OWN = "a pointer past a local variable, or to one of a function that has returned"


def known(value: object, name: str) -> object:
    """The value of a local variable, which must have one."""
    if value is None:
        raise Defect(f"{name} is read before it has a value")
    return value


def own_task(stack: tuple) -> tuple[str, int]:
    """A pointer to the task of a CPU, whose number lies below all else on its stack."""
    return f"CPU {stack[0]}{TASK}", 0


def far(pointer: object) -> bool:
    """Does it point to what other CPUs see? Defect where it points nowhere."""
    if type(pointer) is not tuple:
        null = type(pointer) is int and 0 <= pointer < NEAR_NULL
        raise Defect("NULL is followed" if null else f"{pointer} is followed, which is no address")
    return pointer[0] is not OWN and pointer[0] != OWN


def cell(m: Memory, pointer: tuple[str, int]) -> str:
    """The name of the cell that a pointer to a shared object points to."""
    if type(pointer) is not tuple:
        far(pointer)
    where, index = pointer
    if where == COUNTERS:
        return f"refcount[{index}]"
    if where == OWN:
        raise ModelError(
            "a local variable given to a function of the kernel",
            "it works on memory that CPUs share",
            "declare it at file scope",
        )
    cells = m.c_cells.get(where)
    if cells is None and where.endswith(TASK):
        raise ModelError(
            f"`current` of {where[: -len(TASK)]}", "what is in a task is not modelled", "compare it with another"
        )
    if cells is None:
        raise ModelError("a string", "its characters are not read", "declare an array of char with them")
    if not 0 <= index < len(cells):
        if where in m.c_counted and index > 0:
            rule = f"of an object whose elements are counted as it runs {len(cells)} scalars are kept"
            raise ModelError(f"what lies further on in {where}", rule, "let the text, or --set, use fewer elements")
        if index >= PAST:
            raise Defect(BEHIND.format(where))
        raise Defect(f"cell {index} of {where}, which has {len(cells)}")
    return cells[index]


def _shown(m: Memory, pointer: tuple[str, int]) -> str:
    """The name of a cell in the words of a step, which is told to be none when the step is taken."""
    counted = type(pointer) is tuple and pointer[0] in m.c_counted
    return pointer[0] if counted and not 0 <= pointer[1] < len(m.c_cells[pointer[0]]) else cell(m, pointer)


def get(m: Memory, pointer: tuple[str, int], unset: bool = False) -> object:
    """What a shared cell holds; it must have a value, unless it may be `unset`."""
    if pointer[0] == COUNTERS:
        return m.refcount[pointer[1]]
    if pointer[0] in m.c_heap:
        _is_there(m, pointer)
    name = cell(m, pointer)
    value = getattr(m, name)
    if value is None and not unset:
        raise Defect(f"{name} is read before it has a value")
    return value


def put(m: Memory, pointer: tuple[str, int], value: object) -> None:
    """A value into a shared cell; no pointer to the CPU's own stack, which others would follow in theirs."""
    if pointer[0] == COUNTERS:
        m.refcount[pointer[1]] = value
        return
    if type(value) is tuple and value and value[0] == OWN:
        raise Defect("a pointer to a local variable is given to other CPUs")
    if pointer[0] in m.c_heap:
        _is_there(m, pointer)
    setattr(m, cell(m, pointer), value)


def handed(m: Memory, old: object, value: object) -> None:
    """A word that all CPUs share changed: a page that it held is now in this CPU's hand, one that it holds is no more."""
    m.note(IN_HAND, _pages(old) - _pages(value))


def _pages(value: object) -> int:
    """How many counted pages a word holds, itself one or a list with some."""
    if value == PAGE:
        return 1
    return value.count(PAGE) if type(value) is tuple else 0


def hand(m: Memory, pointer: tuple[str, int], value: object) -> None:
    """A value into a shared cell that may hold a page."""
    old = getattr(m, cell(m, pointer))
    put(m, pointer, value)
    handed(m, old, value)


def keep_page(m: Memory, stack: tuple, pointer: tuple[str, int], value: object) -> tuple:
    """The same for any cell; the stack after it."""
    if not pointer[0]:
        return laid(stack, pointer[1], value)
    hand(m, pointer, value)
    return stack


def _is_there(m: Memory, pointer: tuple[str, int]) -> None:
    """An allocated object may be used until it is freed, and one that waits for readers while there are some; of one that was made with a number
    of elements that the run decided, those."""
    name, index = pointer
    state = getattr(m, m.c_heap[name][0])
    if state == FREED or (state == WAITING and not anybody_reads(m)):
        used = f"use of {_shown(m, pointer)}"
        raise Defect(f"{used} after it was freed" if "." not in name else f"{used}: it is {own(name)}")
    if name in m.c_counted:
        number, begin, each = m.c_counted[name]
        has = getattr(m, number)
        if not 0 <= index < begin + has * each:
            raise Defect(f"element {(index - begin) // each} of {name}, which has {has}")


def own(name: str) -> str:
    """What an object that was a local variable is called, now that it is none."""
    function, _, word = name.partition(".")
    called = function if function.startswith("--") else f"{function}()"
    return f"{word.partition('#')[0]} of {called}, whose block has ended"


def anybody_reads(m: Memory, first: tuple[str, int] = (READERS, 0)) -> bool:
    """Is anybody inside, of those whose cells begin here?"""
    where, index = first
    return any(getattr(m, word) for word in m.c_cells[where][index : index + m.c_cpus])


def reading(cell: str, does: str = "") -> Act:
    """The step that reads a cell; `does`: by which macro, as READ_ONCE."""
    return load(does, cell, label="" if does else f"read {cell}")


def writing(cell: str, does: str = "") -> Act:
    """The step that writes one."""
    return store(does, cell, label="" if does else f"write {cell}")


def reads(m: Memory, pointer: tuple[str, int], does: str = "") -> Act:
    """The step that reads a cell through a pointer."""
    return reading(_shown(m, pointer), does)


def writes(m: Memory, pointer: tuple[str, int], does: str = "") -> Act:
    """The step that writes one."""
    return writing(_shown(m, pointer), does)


def fetch(m: Memory, stack: tuple, pointer: tuple[str, int]) -> object:
    """What any cell holds, shared or on the stack."""
    if pointer[0]:
        return get(m, pointer)
    if not 0 <= pointer[1] < len(stack):
        raise Defect(NOT_OWN)
    return stack[pointer[1]]


def keep(m: Memory, stack: tuple, pointer: tuple[str, int], value: object) -> tuple:
    """A value into any cell; the stack after it."""
    if pointer[0]:
        put(m, pointer, value)
        return stack
    return laid(stack, pointer[1], value)


def laid(stack: tuple, index: int, value: object) -> tuple:
    """The stack with a value in a cell."""
    if not 0 <= index < len(stack):
        raise Defect(NOT_OWN)
    return (*stack[:index], value, *stack[index + 1 :])


def moved(pointer: object, cells: int, by: int | None = None) -> object:
    """A pointer so many cells on, which are so many bytes."""
    if type(pointer) is tuple:
        return pointer[0], pointer[1] + cells
    by = cells if by is None else by
    return pointer + by if by else pointer  # type: ignore[operator]


def along(pointer: object, index: int, cells: int, size: int) -> object:
    """A pointer so many elements on, each of so many cells and bytes."""
    return moved(pointer, index * cells, index * size)


def element(pointer: object, index: int, cells: int, size: int, count: int, past: int = 0) -> object:
    """A pointer to an element of an array of `count` elements of so many cells and bytes. past: or behind the last one."""
    if not 0 <= index < count + past:
        raise Defect(f"element {index} of an array of {count}")
    return along(pointer, index, cells, size)


def apart(one: tuple[str, int], other: tuple[str, int], cells: int) -> int:
    """How many elements lie between two pointers into one array."""
    if type(one) is not tuple or type(other) is not tuple or one[0] != other[0]:
        raise Defect("the difference of pointers that do not point into one array")
    return (one[1] - other[1]) // cells


def order(one: object, other: object) -> int:
    """Which of two pointers is the lower one: -1, 0 or 1. Objects lie in the order of their names, NULL before them all."""
    a, b = ((p[0], rank(p[1])) if type(p) is tuple else ("", p) for p in (one, other))
    return (a > b) - (a < b)


def rank(at: int) -> int:
    """The order of cells: what lies behind an array is where the next begins, or before it where there is a gap."""
    return 2 * (at if at < PAST else at - PAST) if at < GAP else 2 * (at - GAP) - 1


turns: list[int] = [0]


def went() -> None:
    """A step was taken."""
    turns[0] = 0


def again() -> None:
    """A loop goes round."""
    turns[0] += 1
    if turns[0] > ROUNDS:
        turns[0] = 0
        raise Defect(f"a loop that goes round {ROUNDS:,} times and looks at nothing that another CPU could change")
