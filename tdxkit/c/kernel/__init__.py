"""The kernel's functions as a text calls them: tables of data, and short programs over the shared memory. Here they come together."""

from collections.abc import Collection, Mapping
from functools import cache

from tdxkit.c.kernel import (
    asked,
    atomics,
    bitlocks,
    bits,
    contexts,
    heap,
    leaves,
    listed,
    lists,
    llists,
    lockrefs,
    locks,
    pages,
    quiet,
    rcu,
    refcounts,
    semaphores,
    seqcount,
    waiting,
    xarrays,
)
from tdxkit.c.kernel.entry import Entry
from tdxkit.c.types import Type
from tdxkit.text import slip

MODULES = (
    quiet,
    contexts,
    asked,
    atomics,
    refcounts,
    bits,
    locks,
    bitlocks,
    semaphores,
    lockrefs,
    waiting,
    rcu,
    seqcount,
    heap,
    listed,
    llists,
    pages,
    xarrays,
)
GUARDS = {
    "spinlock": ("spin_lock", "spin_unlock"), "spinlock_irq": ("spin_lock_irq", "spin_unlock_irq"), "spinlock_bh": ("spin_lock_bh", "spin_unlock_bh"),
    "spinlock_irqsave": ("spin_lock_irqsave", "spin_unlock_irqrestore"), "raw_spinlock": ("raw_spin_lock", "raw_spin_unlock"),
    "raw_spinlock_irq": ("raw_spin_lock_irq", "raw_spin_unlock_irq"), "raw_spinlock_irqsave": ("raw_spin_lock_irqsave", "raw_spin_unlock_irqrestore"),
    "raw_spinlock_nested": ("raw_spin_lock", "raw_spin_unlock"), "raw_spinlock_bh": ("raw_spin_lock_bh", "raw_spin_unlock_bh"),
    "mutex": ("mutex_lock", "mutex_unlock"), "rwsem_read": ("down_read", "up_read"), "rwsem_write": ("down_write", "up_write"),
    "read_lock": ("read_lock", "read_unlock"), "write_lock": ("write_lock", "write_unlock"), "read_lock_irq": ("read_lock_irq", "read_unlock_irq"),
    "write_lock_irq": ("write_lock_irq", "write_unlock_irq"), "read_lock_irqsave": ("read_lock_irqsave", "read_unlock_irqrestore"),
    "write_lock_irqsave": ("write_lock_irqsave", "write_unlock_irqrestore"), "local_lock": ("local_lock", "local_unlock"), "local_lock_irq": ("local_lock_irq", "local_unlock_irq"), "rcu": ("rcu_read_lock", "rcu_read_unlock"), "srcu": ("srcu_read_lock", "srcu_read_unlock"),
    "irq": ("local_irq_disable", "local_irq_enable"), "irqsave": ("local_irq_save", "local_irq_restore"), "preempt": ("preempt_disable", "preempt_enable"),
    "migrate": ("migrate_disable", "migrate_enable"), "bh": ("local_bh_disable", "local_bh_enable"),
}  # fmt: skip
OTHERWISE = {  # what is not read, by the beginning of its name, and what to write in its place
    "__alloc_percpu": "write alloc_percpu(TYPE)",
    "prepare_to_wait": "write wait_event(wq, condition), which does the same",
    "finish_wait": "write wait_event(wq, condition), which does the same",
    "add_wait_queue": "write wait_event(wq, condition), which does the same",
    "set_current_state": "write wait_event(wq, condition), and wake_up(&wq) where the condition becomes true",
    "__set_current_state": "write wait_event(wq, condition), and wake_up(&wq) where the condition becomes true",
    "remove_wait_queue": "write wait_event(wq, condition), which does the same",
    "queue_work": "call the work's function in a --run of its own: it runs on a CPU beside the others",
    "schedule_work": "call the work's function in a --run of its own: it runs on a CPU beside the others",
    "mod_timer": "call the timer's function in a --run of its own: it runs on a CPU beside the others",
    "kthread_run": "call the thread's function in a --run of its own: it runs on a CPU beside the others",
    "jiffies": "time is not modelled: declare `unsigned long jiffies;` with the value that matters",
    "devm_k": "what a device frees later is not modelled: write kzalloc() and kfree()",
    "copy_from_user": "user memory is not modelled: assign the values that matter",
    "copy_to_user": "user memory is not modelled: leave it out",
    "krealloc": "write kmalloc(), the copy and kfree()",
    "rb_": "trees are not modelled: write a list or an array",
    "xas_": "only the XArray's calls by index are modelled: write xa_store(), xa_load() and kin",
    "xa_alloc": "write `for (id = 0; (err = xa_insert(&xa, id, entry, gfp)) == -EBUSY; id++) ;`, which takes the first index that is free",
    "__xa_": "an XArray's call under a lock that is held already is not modelled: write xa_store() and kin, or an array under a lock",
    "xa_": "of the XArray xa_store(), xa_load() and kin are modelled: write it with these, or an array of pointers under a lock",
    "idr_": "write an array of pointers under a lock",
    "ida_": "write an atomic_t that counts",
}


TAKE_NULL = ("kfree_rcu", "kvfree_rcu", "kfree_rcu_mightsleep", "kvfree_rcu_mightsleep", "llist_reverse_order")


def may_be_null(entry: Entry) -> bool:
    """May a function be given NULL for a pointer, or does it look itself?"""
    return not entry.steps or entry.name in TAKE_NULL or entry.program.__module__ == heap.__name__


class Kernel:
    """What a text may call without defining it."""

    def __init__(
        self, functions: Mapping[str, Entry], constants: Mapping[str, object], objects: Mapping[str, Type | Mapping]
    ):
        self.functions, self.constants, self.objects = functions, constants, objects
        self.macros: set[str] = set()  # names that are read where calls are

    def way_out(
        self, word: str, declared, called: bool = True, written: bool = False, here: Collection[str] = ()
    ) -> str:
        """What to do about a name that is not known: what to write in its place, near names, a stub or a macro, or its text. written: it is
        assigned, so that no number can stand for it; here: the local variables."""
        way = "" if written else f"give --stub {word}=0" if called else f"give -D {word}=0"
        for start, instead in OTHERWISE.items():
            if word.startswith(start):
                return f"{instead}{way and f'; or {way}'}"
        known = dict.fromkeys((*here, *declared.variables, *self.functions, *self.macros, *declared.functions))
        meant = slip(word, known)
        made = "define" if called else "declare"
        return f"{f'did you mean {meant}? else ' if meant else ''}{made} it in the text{way and f', or {way}'}"


def simplified(modules: Collection[str]) -> tuple[str, ...]:
    """What is to be said of the modules whose programs a text calls, by their full names."""
    return tuple(
        line
        for module in (*MODULES, lists, leaves)
        if module.__name__ in modules
        for line in getattr(module, "SIMPLIFIED", ())
    )


@cache
def kernel(of_pair: bool = True) -> Kernel:
    """All of them. of_pair: for a text of which a get and a put are run; else its SEAMCALLs are those of a module with a lock of its own."""
    functions: dict[str, Entry] = {}
    constants: dict[str, object] = {}
    objects: dict[str, Type | Mapping] = {}
    for module in MODULES if of_pair else (*MODULES, leaves):
        functions |= {entry.name: entry for entry in module.functions()}
        constants |= getattr(module, "CONSTANTS", {})
        objects |= getattr(module, "OBJECTS", {})
    return Kernel(functions, constants, objects)
