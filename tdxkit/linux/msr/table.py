"""All combinations of a hotplug's switches by running the model: how many lead to each outcome, and which switches matter."""

from collections import Counter
from dataclasses import replace

from tdxkit.linux.msr.hotplug import Hotplug, hotplug
from tdxkit.linux.msr.switches import DISTINCT_GUESTS, DISTINCT_OPTIONS, FIXED_FROM, VENDORS, Setup, every_scenario

# Each switch as the fields it turns, and what they may be turned to.
TURNS = {
    "guest": [{"guest": g} for g in DISTINCT_GUESTS],
    "firmware": [
        {"firmware": f, "version": v} for f, v in (("seabios", 202505), ("ovmf", 202505), ("ovmf", FIXED_FROM))
    ],
    "smm": [{"smm": v} for v in (False, True)],
    "sgx": [{"sgx": v} for v in (False, True)],
    "epc": [{"epc": v} for v in (False, True)],
    "hyper-v": [{"hyperv": v} for v in (False, True)],
    "vendor": [{"vendor": v} for v in VENDORS],
    "option": [{"option": v} for v in DISTINCT_OPTIONS],
    "MSR already set": [{"preset": v} for v in (0, 0x40005)],
}


def every_result() -> tuple[Hotplug, ...]:
    """The model run for each of the 1728 combinations."""
    return tuple(map(hotplug, every_scenario()))


def outcomes(results: tuple[Hotplug, ...]) -> dict[str, int]:
    """How many combinations lead to each outcome, most first."""
    return dict(Counter(r.outcome for r in results).most_common())


def what_matters(results: tuple[Hotplug, ...]) -> dict[str, dict[str, int]]:
    """For each switch: of the combinations, how many `end otherwise` if it alone is turned, and how many bug checks it `saves`."""
    ends: dict[Setup, str] = {r.scenario: r.outcome for r in results}
    table = {}
    for switch, turns in TURNS.items():
        moved = saved = 0
        for scenario, end in ends.items():
            others = {ends[replace(scenario, **turn)] for turn in turns}
            moved += others != {end}
            saved += end == "bugcheck" and bool(others - {"bugcheck", "smi-fault"})
        table[switch] = {"end otherwise": moved, "saves": saved}
    return table
