"""Two CPUs, two flags: each puts its own up and then looks whether the other's is up [x86-tso].

Dekker's and Peterson's locks begin like this, without a locked instruction: whoever sees no flag but its own goes in. That needs one of the
two to see the other. Between the store and the load may stand a full fence.

Fidelity card
  modelled: WRITE_ONCE(), READ_ONCE() and smp_mb() as the plain store, the plain load and the fence that they are on x86
  simplified: what a CPU saw is stored in a variable that nobody else looks at, so that a rule about the end can ask for it
  left out: what the locks do after these two steps; what compilers reorder, and memory weaker than x86-TSO
"""

import sys

from tdxkit.card import card_of
from tdxkit.explore.program import Scenario, Thread
from tdxkit.explore.rules import at_end
from tdxkit.kinds import load, locked, store

SOURCES = ("x86-tso",)
SEES = at_end("one CPU must see the other", lambda m: m.saw[0] or m.saw[1])


def meet(m, mine, other):
    """Put my flag up, look at the other's, and keep what was seen."""
    yield store("WRITE_ONCE", f"flag[{mine}], 1")
    m.flag[mine] = 1
    if m.fence:
        yield locked("smp_mb")
    yield load("READ_ONCE", f"flag[{other}]")
    seen = m.flag[other]
    m.tell("The other's flag is up." if seen else "No flag but my own: I may go in.")
    yield store("WRITE_ONCE", f"saw[{mine}], {seen}")
    m.saw[mine] = seen


def flags(fence: bool = False) -> Scenario:
    """The two CPUs, with a fence between their two steps or without, on memory where a store is seen at once; `.on("tso")` is x86's."""
    return Scenario(
        name="two-flags-fenced" if fence else "two-flags",
        shared={"flag": {0: 0, 1: 0}, "saw": {0: 0, 1: 0}},
        threads=(Thread(meet, (0, 1)), Thread(meet, (1, 0))),
        properties=(SEES,),
        constants={"fence": fence},
        title="Two flags" + (", with a fence between store and load" if fence else ""),
        subtitle="2 CPUs",
        texts=(meet,),
        card=card_of(sys.modules[__name__]),
    )
