"""The judge gives the verdicts of x86-TSO and of sequential consistency: Sewell and others, "x86-TSO", CACM 53(7), 2010."""

import pytest

from tests.c.judge import judge, parsed

FORWARD = "r1 = 1, r2 = 0, r3 = 1, r4 = 0"
LITMUS = {  # what each CPU does, an end, can it be reached on x86-TSO, and where memory is sequentially consistent
    "SB": ("x = 1; r1 = y;", "y = 1; r2 = x;", "r1 = 0, r2 = 0", True, False),
    "SB, fences": ("x = 1; smp_mb(); r1 = y;", "y = 1; smp_mb(); r2 = x;", "r1 = 0, r2 = 0", False, False),
    "SB, one fence": ("x = 1; smp_mb(); r1 = y;", "y = 1; r2 = x;", "r1 = 0, r2 = 0", True, False),
    "SB, xchg": ("xchg(&x, 1); r1 = y;", "xchg(&y, 1); r2 = x;", "r1 = 0, r2 = 0", False, False),
    "SB, atomic_set": ("atomic_set(&a, 1); r1 = y;", "y = 1; r2 = atomic_read(&a);", "r1 = 0, r2 = 0", True, False),
    "SB, inc_not_zero of 0": (
        "x = 1; atomic_inc_not_zero(&a); r1 = y;",
        "y = 1; atomic_inc_not_zero(&a); r2 = x;",
        "r1 = 0, r2 = 0",
        True,
        False,
    ),
    "SB, inc_unless_negative": (
        "x = 1; atomic_inc_unless_negative(&a); r1 = y;",
        "y = 1; atomic_inc_unless_negative(&a); r2 = x;",
        "r1 = 0, r2 = 0",
        False,
        False,
    ),
    "SB, failing cmpxchg": (
        "x = 1; atomic_cmpxchg(&a, 5, 6); r1 = y;",
        "y = 1; atomic_cmpxchg(&a, 5, 6); r2 = x;",
        "r1 = 0, r2 = 0",
        False,
        False,
    ),
    "SB, failing trylock": (
        "x = 1; spin_trylock(&l); r1 = y; spin_unlock(&l);",
        "spin_lock(&k); y = 1; spin_trylock(&k); r2 = x; spin_unlock(&k);",
        "r1 = 0, r2 = 0",
        True,
        False,
    ),
    "SB, spin_unlock": (
        "spin_lock(&l); x = 1; spin_unlock(&l); r1 = y;",
        "spin_lock(&k); y = 1; spin_unlock(&k); r2 = x;",
        "r1 = 0, r2 = 0",
        True,
        False,
    ),
    "SB, mutex_unlock": (
        "mutex_lock(&m); x = 1; mutex_unlock(&m); r1 = y;",
        "mutex_lock(&o); y = 1; mutex_unlock(&o); r2 = x;",
        "r1 = 0, r2 = 0",
        False,
        False,
    ),
    "MP": ("x = 1; y = 1;", "r1 = y; r2 = x;", "r1 = 1, r2 = 0", False, False),
    "LB": ("r1 = x; y = 1;", "r2 = y; x = 1;", "r1 = 1, r2 = 1", False, False),
    "S": ("x = 2; y = 1;", "r1 = y; x = 1;", "r1 = 1, x = 2", False, False),
    "R": ("x = 1; y = 1;", "y = 2; r1 = x;", "y = 2, r1 = 0", True, False),
    "2+2W": ("x = 1; y = 2;", "y = 1; x = 2;", "x = 1, y = 1", False, False),
    "forwarding": ("x = 1; r1 = x; r2 = y;", "y = 1; r3 = y; r4 = x;", FORWARD, True, False),
    "n6": ("x = 1; r1 = x; r2 = y;", "y = 2; x = 2;", "r1 = 1, r2 = 0, x = 1", True, False),
    "n5": ("x = 1; r1 = x;", "x = 2; r2 = x;", "r1 = 2, r2 = 1", False, False),
    "CoRR": ("x = 1;", "r1 = x; r2 = x;", "r1 = 1, r2 = 0", False, False),
    "IRIW": ("x = 1;", "y = 1;", "r1 = x; r2 = y;", "r3 = y; r4 = x;", FORWARD, False, False),
}
SHARED = "int x, y, r1 = 7, r2 = 7, r3 = 7, r4 = 7; atomic_t a; spinlock_t l, k; struct mutex m, o;\n"


def reached(codes, end, memory):
    """Can an end be reached at which these words have these values?"""
    text = SHARED + "\n".join(f"void cpu{n}(void) {{ {code} }}" for n, code in enumerate(codes))
    verdict = judge(parsed(text), [f"cpu{n}" for n in range(len(codes))], memory)
    names = [path[0] for path in verdict.names]
    wanted = [(names.index(name), int(value)) for name, value in (part.split(" = ") for part in end.split(", "))]
    return any(all(final[n] == value for n, value in wanted) for final in verdict.finals)


@pytest.mark.parametrize("name", LITMUS)
def test_litmus(name):
    *codes, end, tso, sc = LITMUS[name]
    assert (reached(codes, end, "tso"), reached(codes, end, "sc")) == (tso, sc)
