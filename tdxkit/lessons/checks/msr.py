"""Answers about MSR 0x3A: what the register holds, and switches (`dict(guest="linux", smm=True)`, or a `Setup`) that are judged by running the story."""

from collections.abc import Iterable
from dataclasses import fields, replace

from tdxkit.errors import InputError, printable
from tdxkit.facts import data_path
from tdxkit.lessons.exercises import Exercise, Said
from tdxkit.linux.msr import register as msr
from tdxkit.linux.msr.hotplug import OUTCOMES, hotplug
from tdxkit.linux.msr.switches import Setup
from tdxkit.linux.msr.table import TURNS
from tdxkit.review.msr.reading import read_trace
from tdxkit.text import many

STOPPED = ("bugcheck", "smi-fault")
KINDS = {"hyperv": (bool, type(None)), "version": (int, str)}  # of a switch's value, where its default does not say it
NAMES = {
    "hyperv": "hyper-v",
    "preset": "msr already set",
    "new msr": "msr already set",
    "version": "firmware",
}  # as the table of switches has it


def held(answer: object, exercise: Exercise, *, writes: list) -> Said:
    """What the register of a new vCPU holds after these writes: ("guest" or "host", value) in their order."""
    if type(answer) is not int or not 0 <= answer < 1 << 64:
        raise InputError(f"answer {printable(answer, 40)}", "a register has 64 bits", "give its value, such as 0x7")
    value, refused, after = 0, {}, []
    for number, (who, new) in enumerate(writes, 1):
        why = msr.host_write(new) if who == "host" else msr.guest_write(value, new, msr.Cpuid())
        if why:
            refused[new] = f"Write {number} brings {new:#x} and is not taken: {why}."
        else:
            value = new
            after.append((value, number))
    if answer == value:
        return Said(True, f"{msr.describe(value)}.")
    if answer in refused:
        return Said(False, refused[answer])
    number = dict(after).get(answer, 0)
    if number or not answer:
        return Said(
            False,
            f"That is what it holds {f'after write {number}' if number else 'at reset'}. A later write is taken too.",
        )
    return Said(False, f"{msr.describe(answer)}: none of the writes leaves that.")


def saved(answer: object, exercise: Exercise, *, begin: dict | None = None) -> Said:
    """The switches that save a guest, each turned alone: several names. The first that does not belong there is told, with what it leads to."""
    if type(answer) not in (list, tuple, set) or not answer or not all(isinstance(one, str) for one in answer):
        raise InputError(
            f"answer {printable(answer, 40)}",
            "names of switches are asked for",
            'give a list, such as ["smm", "guest"]',
        )
    first = Setup(**(begin or {}))
    named = dict.fromkeys(_switch(one) for one in sorted(answer))
    for switch in named:
        ends = [hotplug(replace(first, **turn)).outcome for turn in TURNS[switch]]
        if all(end in STOPPED for end in ends):
            return Said(
                False,
                f"{switch}: however it is turned, {OUTCOMES[ends[-1]]}.",
                hotplug(replace(first, **TURNS[switch][-1])).run,
            )
    wanted = [
        s for s, turns in TURNS.items() if any(hotplug(replace(first, **turn)).outcome not in STOPPED for turn in turns)
    ]
    if missing := len(wanted) - len(named):
        return Said(
            False, f"Each of yours saves it, and {many(missing, 'switch')} more {'does' if missing == 1 else 'do'}."
        )
    return Said(True, f"{', '.join(wanted)}: each of them alone saves it.")


def story(answer: object, exercise: Exercise, *, ends: list, begin: dict | None = None, keep: list = ()) -> Said:  # type: ignore[assignment]
    """Switches with which the story ends as it should. begin: those that stand already; keep: those that must stay as they are."""
    first = Setup(**(begin or {}))
    setup = _setup(answer, first)
    if turned := [name for name in keep if getattr(setup, name) != getattr(first, name)]:
        return Said(
            False, f"It turns {turned[0]} to {printable(getattr(setup, turned[0]), 40)}, and that is to stay as it is."
        )
    result = hotplug(setup)
    return Said(result.outcome in ends, f"{OUTCOMES[result.outcome]}.", result.run)


def makes(answer: object, exercise: Exercise, *, trace: str, vcpus: int) -> Said:
    """Switches with which the model makes the accesses of a trace: vCPU by vCPU, in their order. The first difference is told."""
    with data_path(trace).open("rb") as lines:
        posted = read_trace(lines).events
    result = hotplug(replace(_setup(answer, Setup(vcpus=vcpus)), vcpus=vcpus))
    for vcpu in range(vcpus + 1):
        wanted, made = (_lane(events, vcpu) for events in (posted, result.events))
        if wanted != made:
            return Said(
                False,
                f"vCPU {vcpu}: the trace has {_told(wanted)}; with your switches it is {_told(made)}.",
                result.run,
            )
    return Said(True, f"Each vCPU does what the trace shows. {OUTCOMES[result.outcome]}.", result.run)


def _lane(events: Iterable[msr.Event], vcpu: int) -> list[str]:
    return [f"{e.op} {e.value:#x}{' (#GP)' * e.fault}" for e in events if e.vcpu == vcpu]


def _told(lane: list[str]) -> str:
    return ", ".join(lane) or "no access"


def _switch(name: str) -> str:
    """A switch as the table of switches has it."""
    bare = " ".join(name.casefold().split())
    found = next((switch for switch in TURNS if switch.casefold() == NAMES.get(bare, bare)), None)
    if found is None:
        raise InputError(f"switch {printable(name, 40)}", "there is none of this name", f"take of {', '.join(TURNS)}")
    return found


def _setup(answer: object, first: Setup) -> Setup:
    """The switches of an answer; those that it does not name stand as they stood. InputError for what is none."""
    if type(answer) is Setup:
        return answer
    if type(answer) is not dict or not answer:
        raise InputError(
            f"answer {printable(answer, 40)}", "switches are asked for", 'give them as dict(guest="linux", smm=True)'
        )
    kinds = {field.name: KINDS.get(field.name, (type(field.default),)) for field in fields(Setup)}
    for name, value in answer.items():
        if type(name) is not str or name not in kinds:
            raise InputError(
                f"switch {printable(name, 40)}", "there is none of this name", f"take of {', '.join(kinds)}"
            )
        if type(value) not in kinds[name]:
            is_one = " or ".join(
                {bool: "True or False", int: "a number", str: "a text", type(None): "None"}[kind]
                for kind in kinds[name]
            )
            raise InputError(f"{name} {printable(value, 40)}", f"it is {is_one}", "give one")
    return replace(first, **answer)
