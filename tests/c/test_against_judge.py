"""Random concurrent programs: the reader and the explorer say what an independent judge of the C tree says.

Verdict, every defect with its line, the length of the shortest run, and how many states there are if places that go on alike count as one.
"""

from collections import Counter

import pytest

from tests.c.beside_judge import judged, said
from tests.c.judge import TooLarge, judge, parsed
from tests.c.random_c import program

HUNDREDS = [pytest.param(range(first, first + 100), id=f"from-{first}") for first in range(0, 2000, 100)]


def hold(seeds) -> Counter:
    """Fails with the shortest program of which the two say different things; how many have each verdict."""
    made = {seed: program(seed) for seed in seeds}
    wrong = {seed: says for seed, one in made.items() if (says := difference(one, "sc"))}
    assert not wrong, shortest(made, wrong)
    return Counter(one.verdict.verdict for one in made.values())


def shortest(made: dict, wrong: dict) -> str:
    seed = min(wrong, key=lambda seed: len(made[seed].text))
    return f"{len(wrong)} of {len(made)} differ; the shortest, of seed {seed}: {wrong[seed]}\n{made[seed].text}\n{made[seed].entries}"


def difference(made, memory: str) -> str:
    """What is said of a program beside what the judge says; "" where it is the same."""
    verdict = made.verdict if memory == "sc" else judge(parsed(made.text), made.entries, memory, limit=20_000)
    mine, theirs = said(made, memory), judged(verdict)
    return "" if mine == theirs or verdict.open else f"{mine}, and the judge {theirs}"


@pytest.mark.slow
def test_fourteen_programs():
    assert set(hold(range(3, 17))) == {"ok", "violation", "deadlock", "livelock"}


@pytest.mark.slow
def test_six_programs_on_tso():
    wrong, made = {}, {seed: program(seed) for seed in range(6)}
    for seed, one in made.items():
        try:
            wrong |= {seed: says} if (says := difference(one, "tso")) else {}
        except TooLarge:
            continue
    assert not wrong, shortest(made, wrong)


@pytest.mark.slow
@pytest.mark.parametrize("seeds", HUNDREDS)
def test_two_thousand_programs(seeds):
    assert set(hold(seeds)) == {"ok", "violation", "deadlock", "livelock"}
