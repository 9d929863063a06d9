"""Two TDs in one region: what each act answers, when the hint comes, and when it is stale."""

import itertools

import pytest

from tdxkit.errors import InputError
from tdxkit.seam.shared_region import ACTS, PLACES, REGION, played

ADD, A_IN, A_OUT, B_IN, B_OUT, REMOVE = ACTS


def answers(*acts, place="1 GiB apart"):
    return [str(one.answer).removeprefix("TDX_") for one in played(acts, place).done]


@pytest.mark.parametrize("place", PLACES)
def test_the_last_page_out_brings_the_hint_whoever_it_belonged_to(place):
    done = played((ADD, A_IN, B_IN, A_OUT, B_OUT, REMOVE), place).done
    assert [one.count for one in done] == [0, 1, 2, 1, 0, None] and [one.hint for one in done] == [False] * 4 + [
        True,
        False,
    ]
    assert all(one.answer.ok for one in done)
    assert played((ADD,), place).module.m.pamt_2m[REGION >> 21].pair == PLACES[place]


def test_what_cannot_be_done_is_the_modules_to_say():
    assert answers(A_IN, A_OUT, REMOVE, ADD, ADD) == [
        "MISSING_PAMT_PAGE_PAIR|R8", "EPT_ENTRY_STATE_INCORRECT|RCX", "NO_PAMT_PAGE_PAIR|RCX", "SUCCESS", "HPA_RANGE_NOT_FREE|RCX",
    ]  # fmt: skip
    assert (
        answers(ADD, A_IN, REMOVE)[-1] == "PAMT_PAGE_NOT_EMPTY|0"
        and answers(ADD, B_IN, REMOVE)[-1] == "PAMT_PAGE_NOT_EMPTY|1"
    )


@pytest.mark.slow
def test_a_stale_hint_needs_five_acts_and_is_one_that_nothing_kept():
    assert played((ADD, A_IN, A_OUT, B_IN, REMOVE)).stale == (3, 5)
    assert played((ADD, A_IN, REMOVE)).stale is None
    assert played((ADD, A_IN, A_OUT, REMOVE, ADD, A_IN, REMOVE)).stale is None, "the hint was of the pair before"
    assert not any(played(acts).stale for n in range(5) for acts in itertools.product(ACTS, repeat=n))


@pytest.mark.parametrize("given", [(("dance",), "1 GiB apart"), ((), "on the moon")])
def test_what_is_not_an_act_or_a_place_is_refused_in_a_line(given):
    with pytest.raises(InputError) as caught:
        played(*given)
    assert "\n" not in str(caught.value)
