"""A softirq in a scenario of C: what it runs, on which CPUs, and when it may come.

    --softirq put             as in v5-softirq: on CPU 0, which gives back a page that was in use, and counted, before the run began
    --softirq 'handler();'    statements, once on each CPU

It comes in at any step of its CPU at which neither interrupts nor softirqs are off, runs to its end, and its CPU goes on; no other softirq comes
into it [linux-softirqs].
"""

from collections.abc import Callable, Iterable

from tdxkit.c.kernel.contexts import IN_SOFTIRQ, OFF, SOFTIRQS
from tdxkit.c.pair import counts_by_region
from tdxkit.c.program import Program
from tdxkit.errors import InputError
from tdxkit.explore.program import Thread, interrupt

SOURCES = ("linux-softirqs",)
SIMPLIFIED = (
    "a softirq comes once on its CPU, between any two steps, and none into it: `users++` is a load and a store to it too, where a compiler may write one instruction",
)
PUT = "put"  # the pair's own, and no statements


def of_statements(softirq: str) -> str:
    """The statements that it runs; "" where it is the pair's own, or there is none."""
    return "" if softirq == PUT else softirq


def goes_with_pair(softirq: str, run: tuple[str, ...]) -> None:
    """InputError where a softirq is to give back a page, and no CPU gets one."""
    if softirq == PUT and run:
        raise InputError(
            "--softirq put",
            "it gives back a page of a get and a put, and --run says what each CPU does",
            "say what the softirq runs: --softirq 'STATEMENTS'",
        )


def region_given_back(made: Program) -> int:
    """The region whose page it gives back: another than CPU 0's, where the text counts each by itself."""
    return int(counts_by_region(made))


def told(made: Program, softirq: str) -> tuple[str, ...]:
    """What is to be said of the page that a softirq gives back."""
    if softirq != PUT:
        return ()
    counted = "" if counts_by_region(made) else "; a counter of the text's own must have counted it: --set NAME=1"
    return (
        f"a softirq on CPU 0 gives back a page of region {region_given_back(made)}, in use and counted from the start{counted}",
    )


def coming_into(cpus: Iterable[tuple[Thread, Callable]], *args) -> tuple[Thread, ...]:
    """CPUs, each with what the softirq that comes into it runs: the softirqs."""
    return tuple(
        interrupt(
            body, *args, on=cpu, actor=f"softirq on CPU {k}", off=(OFF, SOFTIRQS), noted=((OFF, IN_SOFTIRQ),)
        )
        for k, (cpu, body) in enumerate(cpus)
    )  # fmt: skip
