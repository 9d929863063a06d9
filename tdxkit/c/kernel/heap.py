"""Allocated memory: kmalloc() and its kin, kfree() [linux-memory].

Each type that is allocated has a pool of objects, and one that was freed is used again only where no new one is left: so a pointer to one that was
freed is known for what it is. An object is never, live, waiting for RCU's readers, or freed. What was not zeroed has no value until it is given one. Locks in new memory are free.
Where the scenario lets memory run out an allocation may fail; with GFP_KERNEL it may sleep.
"""

from collections.abc import Iterator

from tdxkit.c.arithmetic import Defect
from tdxkit.c.kernel.contexts import SOFTIRQS, is_off, may_sleep, serving
from tdxkit.c.kernel.entry import Entry
from tdxkit.c.runtime import FREED, PAGE, WAITING
from tdxkit.c.types import VOID, Kernels, Lock, Type
from tdxkit.errors import ModelError
from tdxkit.explore.rules import at_end
from tdxkit.kinds import FREE, Act, alloc, free, sleep, store
from tdxkit.linux.refcount.module import IN_HAND

SOURCES = ("linux-memory",)
SIMPLIFIED = (
    "a run has six objects of each type that is allocated: only the seventh is one that was freed before, and no stale pointer to it is told; locks in new memory are free",
    "of an object whose number of elements the run decides at most 64 scalars are kept, and fewer of large elements; no size fails but one that no memory has",
    "a local variable that the kernel's functions work on, or whose address goes out of its block, is an object that all CPUs see: that it comes and goes is a step each, and it comes with an empty store buffer",
)
POOL = 6  # objects of a type
NEVER, LIVE = "never", "live"
NO_BYTES = ("kmalloc(0)", 0)  # ZERO_SIZE_PTR
STATE = Kernels("the state of an object", NEVER)
NUMBER = Kernels("how many elements it has", 0)
NOFAIL = 0x8000  # __GFP_NOFAIL: the allocator tries until it has some
RECLAIMS = 0x400  # __GFP_DIRECT_RECLAIM: the allocator may sleep
FREES = (
    "kfree",
    "kvfree",
    "kfree_sensitive",
    "vfree",
    "kfree_const",
    "__free_page",
    "free_page",
    "put_page",
    "__free_kfree",
    "__free_kvfree",
    "free_percpu",
)


def state_of(name: str) -> str:
    """The shared variable that says what has become of an object."""
    return f"memory of {name}"


def title(kind: Type) -> str:
    """A type's name in that of its objects."""
    return kind.name.removeprefix("struct ").replace(" ", "_")


def firsts(kind: Type) -> tuple:
    """What the cells of an object hold that nobody has written: a lock is free."""
    return tuple((0 if leaf.shared else False) if isinstance(leaf, Lock) else None for _, leaf in kind.leaves())


def new(m, does, pool, zeroed, flags):
    """A new object: a pointer to it, or NULL."""
    sleeps = bool(flags & RECLAIMS)
    fails = m.memory_may_run_out and not flags & NOFAIL
    got = yield alloc(does, pool, sleeps=sleeps), ((True, False) if fails else (True,))
    may_sleep(m, sleeps)
    if not got:
        if m.c_may_fail:
            m.c_failed = True
        m.tell("There is no memory.")
        return 0
    name = _unused(m, pool, f"{does}() of {pool}")
    for word in m.c_heap[name][1] if zeroed else ():
        setattr(m, word, 0)
    m.tell(f"It has {name}.")
    return name, 0


def new_many(m, does, pool, zeroed, flags, size, fixed, each):
    """A new object of so many bytes: the first are `fixed`, the rest are elements of `each`. A pointer to it, or NULL; kmalloc(0) gives what nobody
    may follow."""
    if not size or size >> 63:
        yield alloc(does, pool, sleeps=bool(flags & RECLAIMS))
        may_sleep(m, bool(flags & RECLAIMS))
        return 0 if size else NO_BYTES
    pointer = yield from new(m, does, pool, zeroed, flags)
    if pointer:
        setattr(m, m.c_counted[pointer[0]][0], (size - fixed) // each)
    return pointer


def _unused(m, pool: str, what: str) -> str:
    """An object of a pool that never was one, which now is live; where each has been, one that was freed."""
    for fit in (NEVER, FREED):
        for number in range(1, POOL + 1):
            name = f"{pool}#{number}"
            state, words = m.c_heap[name]
            if getattr(m, state) == fit:
                setattr(m, state, LIVE)
                for word in m.c_cells[name] if fit == FREED else ():
                    if word not in words and (held := getattr(m, word)):  # a lock, free again
                        setattr(m, word, type(held)())
                return name
    rule = f"a run has {POOL} objects of a type at once, and wants one more"
    raise ModelError(what, rule, "let fewer CPUs or rounds allocate, or let them free")


def comes(m, pool, values):
    """A local object that others may come to: a pointer to it. No instruction does that; which object it is all CPUs must know at once, so
    the store buffer is empty, as where memory is allocated."""
    yield alloc("comes_on_the_stack", pool, label=f"{pool} is on the stack", sleeps=False)
    name = _unused(m, pool, f"local variable {pool}")
    for word, value in zip(m.c_cells[name], values):
        if value is not None:
            setattr(m, word, value)
    return name, 0


def goes(m, p):
    """Its block ends: whoever still comes to it uses what is no more."""
    if p:
        yield store("leaves_the_stack", p[0], label=f"{p[0]} leaves the stack")
        _gone(m, p[0])


def let_go(m, p, does: str, waits: bool = False) -> None:
    """An object is freed, or once the readers have gone."""
    if type(p) is not tuple or p[0] not in m.c_heap:
        raise Defect(f"{does}() of what was never allocated")
    name, at = p
    if "." in name:
        raise Defect(f"{does}() of {name.partition('.')[2].partition('#')[0]}, a local variable")
    state, _ = m.c_heap[name]
    was = getattr(m, state)
    if was != LIVE:
        raise Defect(f"{does}() of {name}, which was freed before")
    if name.startswith("page#") != ("page" in does):
        raise Defect(f"{does}() of {name}, which {'is a page' if name.startswith('page#') else 'is no page'}")
    if at:
        raise Defect(f"{does}() of a pointer into the middle of {name}")
    if waits:
        setattr(m, state, WAITING)
        m.tell(f"{name} goes when the readers have gone.")
    else:
        _gone(m, name)


def gone_with_readers(m) -> None:
    """Nobody reads any more: what waited for that is freed."""
    for name, (state, _) in m.c_heap.items():
        if getattr(m, state) == WAITING:
            _gone(m, name)


def _gone(m, name: str) -> None:
    state, words = m.c_heap[name]
    setattr(m, state, FREED)
    for word in words:  # what it held makes no two states of one
        setattr(m, word, None)
    if name in m.c_counted:
        setattr(m, m.c_counted[name][0], 0)
    m.tell(f"{name} is freed.")


def _free(does: str):
    def program(m, p, *more):
        if not p or p == NO_BYTES or (does.startswith("__free_k") and type(p) is int):
            return
        what = p[0] if type(p) is tuple else str(p)
        sleeps = does == "vfree" and not is_off(m, SOFTIRQS) and not serving(m)
        yield Act(f"{does}({what})", FREE, does, sleeps=True, operand=what) if sleeps else free(does, what)
        may_sleep(m, sleeps)
        if p == PAGE:
            m.note(IN_HAND, -1)
        else:
            let_go(m, p, does)

    return program


def _might_alloc(m, flags):
    if flags & RECLAIMS:
        yield sleep("might_alloc", label="might_alloc()")
        may_sleep(m)


def nothing_lost(m) -> bool:
    """Can each object that is live be reached from what is no allocated object?"""
    seen = _reached(m, _in_shared_memory(m))
    return all(name in seen or getattr(m, state) != LIVE for name, (state, _) in m.c_heap.items())


def surely_lost(m, held: set[str]) -> bool:
    """Is one live that neither shared memory nor a CPU points to? held: what stands in the variables of all CPUs."""
    seen = _reached(m, [*_in_shared_memory(m), *((name, 0) for name in held if name in m.c_heap)])
    return any(
        getattr(m, state) == LIVE for name, (state, _) in m.c_heap.items() if name not in seen and "." not in name
    )


def _in_shared_memory(m) -> list:
    """What the objects hold that were not allocated."""
    return [getattr(m, cell) for name, cells in m.c_cells.items() if name not in m.c_heap for cell in cells]


def _reached(m, todo: list) -> set[str]:
    """The allocated objects that these values point to, also through others."""
    seen: set[str] = set()
    while todo:
        value = todo.pop()
        if not isinstance(value, tuple):
            continue
        if value and type(value[0]) is str:  # a pointer; or of an entry, which list it is on
            name = value[-2]
            if name in m.c_heap and name not in seen:
                seen.add(name)
                todo += [getattr(m, cell) for cell in m.c_cells[name]]
        else:
            todo += value
    return seen


NOTHING_LOST = at_end("no memory may be lost: somebody points to it, or it is freed", nothing_lost, surely_lost)


def functions() -> Iterator[Entry]:
    """All of them."""
    for word in FREES:
        yield Entry(word, _free(word), "p…", VOID)
    yield Entry("might_alloc", _might_alloc, "v", VOID)
    yield Entry("kmem_cache_free", _free("kmem_cache_free"), "-p", VOID)
    yield Entry("__free_pages", _free("__free_pages"), "p-", VOID)
