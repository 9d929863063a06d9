"""Store buffers: which steps wait for an empty one, by kind and by name, and what each leaves in it."""

import pytest

from tdxkit.errors import ModelError
from tdxkit.explore.buffers import always_empty, buffered, needs_empty
from tdxkit.explore.effects import Ask, Effect, copied, effects, ways
from tdxkit.kinds import Act

OLD, NEW = ((0, 5),), ((1, 6),)


@pytest.mark.parametrize(
    ("kind", "does", "wrote", "waits"),
    [
        ("load", "READ_ONCE", False, False),
        ("store", "WRITE_ONCE", True, False),
        ("", "", False, False),
        ("lock", "spin_lock", True, True),
        ("lock", "spin_lock", False, True),
        ("unlock", "spin_unlock", True, False),
        ("unlock", "mutex_unlock", True, True),
        ("unlock", "_raw_read_unlock", True, True),
        ("unlock", "up_write", True, True),
        ("locked", "atomic_inc", True, True),
        ("locked", "atomic_inc", False, True),
        ("locked", "atomic_set", True, False),
        ("locked", "smp_mb", False, True),
        ("locked", "smp_wmb", False, False),
        ("locked", "__smp_mb", False, True),
        ("locked", "set_current_state", True, True),
        ("locked", "assign_bit", True, True),
        ("seamcall", "TDH.MEM.PAGE.ADD", False, True),
        ("alloc", "kmalloc", False, False),
        ("alloc", "kmalloc", True, True),
        ("free", "kfree", False, False),
        ("free", "kfree", True, True),
    ],
)
def test_which_steps_run_with_an_empty_buffer(kind, does, wrote, waits):
    act = Act(does, kind, does)
    assert needs_empty(act, kind, wrote) is waits
    assert buffered(act, kind, NEW if wrote else (), OLD) == (None if waits else (*OLD, *(NEW if wrote else ())))
    assert buffered(act, kind, NEW if wrote else (), ()) == (() if waits or not wrote else NEW)


@pytest.mark.parametrize(
    ("act", "known"),
    [
        (Act("atomic_inc(n)", "locked", "atomic_inc"), True),
        (Act("try", "locked", "atomic_inc_not_zero", "load"), False),  # a load where it did nothing
        (Act("kmalloc", "alloc", "kmalloc"), False),
        (Act("kfree", "free", "kfree"), False),
        (Act("x = 1", "store", "WRITE_ONCE"), False),
        (Act("words"), False),
    ],
)
def test_of_which_it_is_known_before(act, known):
    assert always_empty(act) is known


def test_what_nobody_can_tell_is_refused():
    with pytest.raises(ModelError, match="one locked instruction"):
        needs_empty(Act("n += 1"), "locked", True)
    with pytest.raises(ModelError, match="it is a load and writes"):
        needs_empty(Act("look", "load", "READ_ONCE"), "load", True)
    assert not needs_empty(Act("look", "load", "READ_ONCE"), "load", False)


def effect(name):
    return Effect((), (), 0, (), False, name, "", (), ())


A, B, C = map(effect, "abc")


def test_rows_are_told_with_all_that_was_read_on_the_way():
    rows = [Ask(3, {7: A, 8: Ask(4, {9: B})}), None, C]
    found = {e.told: (choice, seen) for choice, seen, e in ways(rows)}
    assert found == {"a": (0, {3: 7}), "b": (0, {3: 8, 4: 9}), "c": (2, {})}
    assert sorted(e.told for e in effects(rows)) == ["a", "b", "c"]


def test_a_copy_of_rows_grows_alone():
    rows = [Ask(3, {7: Ask(4, {1: A})}), None]
    other = copied(rows)
    other[0].branches[8] = B
    other[0].branches[7].branches[2] = C
    assert rows == [Ask(3, {7: Ask(4, {1: A})}), None] and other[1] is None
