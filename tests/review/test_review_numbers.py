"""How much is read, told and kept, in one table: who changes one of these numbers has to mean it. And what nobody asks for is off."""

from importlib import import_module

import pytest

from tdxkit.review.digest import RULE
from tests.modules import below, defaults

MIB, GIB, TIB = 1024**2, 1024**3, 1024**4
NUMBERS = {
    "applied": {"MOST_FILE": 4 * MIB},
    "compare": {"PAIRS_TRIED": 20_000},
    "digest": {"ENTRY_LIMIT": 4 * MIB, "_HEAD_LINES": 50},
    "evidence": {"_SNIFFED": 8192},
    "lens": {"MOST": 12, "BOUND": 300_000},
    "msr.panic": {"LIMIT": 4 * MIB, "PROCESSORS_DIFFER": 0x3E},
    "msr.reading": {"KEEP": 5000, "MAX_THREADS": 4096, "MAX_MSRS": 1024},
    "msr.told": {"TOLD": 40},
    "msr.trace": {"MAX_LINE": 1024, "MAX_BAD": 20, "_CACHE": 4096},
    "packet": {"WIDTH": 75, "BESIDE": 18, "NARROWEST": 18},
    "pasted": {"SOFT_BREAK_AT": 60},
    "patches": {"TOTAL": 12, "FOUNDATION": {1, 2, 3, 4}},
    "program": {"SHOWN": 44, "MANY": 4},
    "recognise": {"_LINES": 2000},
    "reviewed": {"MOST_STATES": 20_000},
    "situations": {"MOST": 14},
    "softlockup.judged": {"MOST": 64 * TIB},
    "softlockup.reading": {"MAX_BYTES": 64 * MIB, "MAX_LINE": 4096, "MAX_LOOKED": 100_000, "NEAR": 60},
    "softlockup.registers": {"MAX_ADDRESS": 2**52, "LEAST_MOVED": 64 * GIB, "SLOT_BYTES": 584},
    "softlockup.report": {"MAX_LINES": 800},
    "softlockup.rows": {"LONGEST": 500, "MAX_JOINED": 6},
    "softlockup.sorting": {"MAX_REPORTS": 200, "QUIET": 40},
    "softlockup.told": {"_EFLAGS_IF": 0x200},  # Intel SDM, volume 1, 3.4.3: IF is bit 9
    "verdicts_text": {"MOST_REMARKS": 20},
    "wanting": {"MOST_NAMED": 4},
}


@pytest.mark.parametrize("module", NUMBERS)
def test_limits(module):
    there = vars(import_module(f"tdxkit.review.{module}"))
    assert {name: there[name] for name in NUMBERS[module]} == NUMBERS[module]


def test_the_rule_of_a_digest_is_that_of_rfc_1153():
    assert RULE == "-" * 70


def test_bits_of_cr4_are_those_of_the_manual():
    from tdxkit.review.softlockup.told import _CR4

    assert _CR4 == {7: "PGE", 12: "LA57", 16: "FSGSBASE", 17: "PCIDE", 20: "SMEP", 21: "SMAP", 22: "PKE", 23: "CET"}


def test_what_is_not_asked_for_is_off_or_nothing():
    assert defaults(*below("tdxkit.review")) == {
        "bugs_counting._found(threads)": 2, "bugs_counting._broken(threads)": 2, "clinic.practice_pairs(version)": 1,
        "compare.Pair.__init__(sure)": True, "lens.Lens.__init__(paired)": True, "lens.lens(threads)": 2, "lens.lens(rounds)": 1,
        "reading.ReadingBuilder.__init__(msr)": 0x3A, "reading.reading_job(msr)": 0x3A, "reading.read_trace(msr)": 0x3A,
        "report.Report.__init__(at)": 1,
    }  # fmt: skip
