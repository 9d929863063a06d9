"""Functions of the kernel that may sleep, known by their names where a step's label has them in plain words."""

import re

SLEEPS = {
    *("msleep", "msleep_interruptible", "ssleep", "usleep_range", "fsleep", "schedule", "schedule_timeout", "cond_resched"),
    *("mutex_lock", "mutex_lock_interruptible", "mutex_lock_killable", "down", "down_read", "down_write", "down_interruptible"),
    *("synchronize_rcu", "synchronize_srcu", "flush_work", "cancel_work_sync", "copy_from_user", "copy_to_user", "might_sleep"),
}  # fmt: skip
WAITS = ("wait_event", "wait_for_completion")  # and what begins so
ENGLISH = {"schedule", "down"}  # which may begin a sentence
ASKS = {"vmalloc", "vzalloc"}  # for memory, and may always sleep
ASKS_SO = {  # and may where they are given GFP_KERNEL
    *("kmalloc", "kzalloc", "kcalloc", "kvmalloc", "kmem_cache_alloc", "alloc_page", "alloc_pages", "get_zeroed_page"),
    *("__get_free_page", "__get_free_pages"),
}


def takes_mutex(name: str) -> bool:
    """Does a function of the kernel take a lock under which one may sleep?"""
    return name == "down" or name.startswith(("mutex_", "rt_mutex_", "ww_mutex_", "down_"))


def in_words(label: str) -> str:
    """What to yield instead of a label that begins with the name of a function that may sleep; "" for any other.

    >>> in_words("msleep(10)"), in_words("down"), in_words("down to zero"), in_words("kmalloc(8, GFP_KERNEL)")
    ('sleep("msleep")', 'sleep("down")', '', 'alloc("kmalloc")')
    """
    name, rest = re.findall(r"^\W*(\w*)\s*(.*)", label)[0]
    if name in ASKS or (name in ASKS_SO and "GFP_KERNEL" in label):
        return f'alloc("{name}")'
    if (name in SLEEPS and (name not in ENGLISH or rest[:1] in ("", "("))) or name.startswith(WAITS):
        return f'sleep("{name}")'
    return ""
