"""The random C programs: the same for the same seed, a healthy mix, small, and without open questions."""

from collections import Counter

import pytest

from tests.c.judge import TooLarge, judge, parsed
from tests.c.random_c import LARGEST, SMALLEST, program


def mix(seeds):
    """How many programs have each verdict, and how many each kind of defect."""
    made = [program(seed).verdict for seed in seeds]
    assert all(SMALLEST <= verdict.states <= verdict.raw <= LARGEST and not verdict.open for verdict in made)
    return Counter(verdict.verdict for verdict in made), Counter(
        kind for v in made for kind in {k for k, _ in v.lengths}
    )


def test_a_seed_is_a_program():
    first, again, other = program(3), program(3), program(4)
    assert first == again and first.text != other.text
    assert judge(parsed(first.text), first.entries) == first.verdict


def test_programs_of_each_verdict():
    verdicts, _ = mix(range(3, 17))
    assert set(verdicts) == {"ok", "violation", "deadlock", "livelock"}


@pytest.mark.slow
def test_buffers_only_add():
    """What can be reached with one store seen by all at once can be reached with store buffers that drain at once."""
    compared = 0
    for seed in range(12):
        made = program(seed)
        try:
            buffered = judge(parsed(made.text), made.entries, "tso", limit=10_000)
        except TooLarge:
            continue
        compared += 1
        assert made.verdict.defects <= buffered.defects and made.verdict.finals <= buffered.finals
    assert compared >= 8


@pytest.mark.slow
def test_three_hundred_programs_show_every_defect():
    verdicts, kinds = mix(range(300))
    assert min(verdicts.values()) >= 15 and len(verdicts) == 4
    assert {"warn", "bug", "unlock", "relock", "left", "refcount", "divide", "shift", "uninitialised"} <= set(kinds)
