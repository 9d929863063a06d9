"""Functions of the kernel that may sleep, known by their names where a step's label has them in plain words."""

import re

from tdxkit.explore.frames import line_in_c
from tdxkit.kinds import LOAD, LOCKED, Act
from tdxkit.text import Pattern

SLEEPS = Pattern(
    r"^[fmsu]sleep|^(flush_(?!tlb|d?cache|icache|signals)|synchronize_|cancel_\w*_sync$|drain_workqueue|rcu_barrier|kthread_(stop|park)|free_irq|request_irq"
    r"|(rt_|ww_)?mutex_lock|(percpu_)?down(_read|_write|_timeout)*(_nested)?$|cpus_read_lock|mmap_(read|write)_lock|lock_page|folio_lock|stop_machine"
    r"|s?wait_(event|for_completion|on_|woken)|(io_)?schedule(_timeout\w*|_hrtimeout\w*)?$|might_sleep|cond_resched|copy_(from|to)_user|(get|pin)_user_pages|kvm_mmu_topup_|k?vfree$|vmap$)"
    r"|_(killable|interruptible)$"
)
WORKS_ON = Pattern(r"\((.*)\)")
ENGLISH = {"schedule", "down"}  # which may begin a sentence
ASKS = Pattern(r"^(vm|vz|__vm|kvm|kvz)alloc")  # for memory, and may always sleep
WAITS_FOR_MEMORY = Pattern(r"\bGFP_(KERNEL|USER|HIGHUSER|NOIO|NOFS)")
GUARD = Pattern(r"^\W*(?:scoped_)?guard\W+(mutex\w*|rwsem\w*)")


def takes_mutex(name: str) -> bool:
    """Does a function of the kernel take a lock under which one may sleep?"""
    return name == "down" or name.startswith(("mutex_", "rt_mutex_", "ww_mutex_", "down_"))


def takes_at_once(name: str) -> bool:
    """Does a function of the kernel take a lock under which one may sleep, and never sleep itself: a trylock, a reader of RCU?"""
    return "trylock" in name or name.startswith(("rcu_read_lock", "srcu_read_lock"))


def in_words(label: str) -> str:
    """What to yield instead of a label that begins with the name of a function that may sleep; "" for any other.

    >>> in_words("msleep(10)"), in_words("down"), in_words("down to zero"), in_words("kmalloc(8, GFP_KERNEL)")
    ('sleep("msleep")', 'sleep("down")', '', 'alloc("kmalloc")')
    """
    if guard := GUARD.match(label):
        return f'sleep("{guard[1]}")'
    name, rest = re.findall(r"^\W*(\w*)\s*(.*)", label)[0]
    if ASKS.match(name) or WAITS_FOR_MEMORY.search(label):
        return f'alloc("{name}")'
    if SLEEPS.search(name) and (name not in ENGLISH or rest[:1] in ("", "(")):
        return f'sleep("{name}")'
    return ""


def asleep(label: Act, lines: tuple) -> str:
    """What is to be said of who stands before a step that goes on only when somebody wakes it; "" where the step is another.

    >>> asleep(Act("wait_event(wq): sleep", LOCKED, "wait_event", LOAD, True), ((asleep.__code__, 7),))
    'sleeps in wait_event() on wq'
    """
    found = WORKS_ON.search(label)
    if not (label.sleeps and label.kind == LOCKED and label.idle == LOAD and found):
        return ""
    line = line_in_c(lines)
    return f"sleeps in {label.does}(){' of ' * bool(line)}{line} on {found[1]}"
