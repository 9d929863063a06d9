"""Random programs with a softirq, what holds it off and what it wants: the fast engine, with steps taken together and without, and the readable one."""

import random

import pytest

from tdxkit.c.harness import scenario_of_c
from tdxkit.explore.engine import explore_readably
from tdxkit.explore.search import explore

TEXT = "DEFINE_SPINLOCK(l); DEFINE_RWLOCK(w); DEFINE_PER_CPU(int, c); int n, on, a;"
PLAIN = ("n = 1;", "n = 2;", "a = n;", "WRITE_ONCE(on, 1);", "n++;", "smp_mb();", "this_cpu_inc(c);", "if (spin_trylock(&l)) spin_unlock(&l);",
         "BUG_ON(n == 1);", "BUG_ON(n == 2 && a == 1);", "BUG_ON(in_softirq());", "BUG_ON(irqs_disabled());")  # fmt: skip
AROUND = ("local_bh_disable(); @ local_bh_enable();", "{ unsigned long f; local_irq_save(f); @ local_irq_restore(f); }", "spin_lock(&l); @ spin_unlock(&l);",
          "spin_lock_bh(&l); @ spin_unlock_bh(&l);", "{ unsigned long g; spin_lock_irqsave(&l, g); @ spin_unlock_irqrestore(&l, g); }",
          "read_lock(&w); @ read_unlock(&w);", "write_lock_bh(&w); @ write_unlock_bh(&w);", "if (READ_ONCE(on)) { @ }")  # fmt: skip
MOST = 1_000  # states, for the readable engine


def block(dice, depth=1):
    """A few statements."""
    found = []
    for _ in range(dice.randint(1, 3)):
        inner = block(dice, depth - 1) if depth else "n = 2;"
        found.append(dice.choice(PLAIN) if dice.random() < 0.5 else dice.choice(AROUND).replace("@", inner))
    return " ".join(found)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(60))
def test_the_engines_agree(seed):
    dice = random.Random(seed)
    runs, softirq = [block(dice)], block(dice)
    if dice.random() < 0.3:
        runs.append("n = 1; a = 2;")
    threads = 1 if len(runs) == 1 else None
    one = scenario_of_c(TEXT, run=runs, softirq=softirq, threads=threads).on(dice.choice(("sc", "tso")))
    found, apart = explore(one), explore(one, "none")
    assert (found.verdict, set(found.broken)) == (apart.verdict, set(apart.broken)), (runs, softirq)
    if apart.states <= MOST:
        seen = explore_readably(one)
        assert seen.states == apart.states, (runs, softirq)
        assert (seen.rule is None) == (found.verdict in ("ok", "livelock")), (runs, softirq)
        assert seen.schedule is None or len(seen.schedule) == found.steps, (runs, softirq)
