"""How much of a mail is read and kept, in one table: who changes one of these numbers has to mean it. And what nobody asks for is off."""

from importlib import import_module

import pytest

from tests.modules import below, defaults

KIB, MIB = 1024, 1024**2
NUMBERS = {
    "aftertext": {"_NAMED": 5},
    "agree": {"_TRIED": 200, "_SCANNED": 1_000_000},
    "bare": {"_SCANNED": 64 * KIB, "_CUT": 200},
    "body": {"NESTING": 30, "_TOLD": 4096},
    "counting": {"_RUN": 3, "_NEAR": 6, "WIDE": 80, "_NARROW": 60},
    "diffstat": {"_FIVE": 5},
    "fragments": {"LIMIT": 20_000},
    "held": {"_NAMED": 5},
    "hunks": {"_CONTEXT": 3},
    "lines": {"LINE_LIMIT": 64 * KIB, "ENDLESS": 256 * MIB, "NOTES_KEPT": 100},
    "mailbox": {"_SNIFFED": 8192},
    "mbox": {"MAIL_LIMIT": 8 * MIB, "_RULES": (b"-" * 30, b"-" * 70)},  # RFC 1153
    "message": {"LINKS_KEPT": 100, "ITEM_LIMIT": 4000},
    "names": {
        "NAME_LIMIT": 4000,
        "_ESCAPES": {sign: ord(f"\\{sign}".encode().decode("unicode_escape")) for sign in "ntrabfv"},
    },
    "pasted": {"SIZE_LIMIT": 8 * MIB, "LINES_LIMIT": 300_000, "HUNKS_LIMIT": 20_000, "_DIGITS": 9},
    "people": {"HEADER_LIMIT": 4096},
    "placing": {"TELLING": 10, "SURE": 3, "FEW": 20, "MANY": 2000, "NAMED": 60},
    "posting": {"_LOOKED_AT": 2000, "TEXT_LIMIT": 100_000, "_HEAD_LIMIT": 256 * KIB},
}


@pytest.mark.parametrize("module", NUMBERS)
def test_limits(module):
    there = vars(import_module(f"tdxkit.mail.{module}"))
    assert {name: there[name] for name in NUMBERS[module]} == NUMBERS[module]


def test_what_is_not_asked_for_is_off_or_nothing():
    assert defaults(*below("tdxkit.mail")) == {
        "counting.Reader.__init__(stops)": True, "diffstat.Diffstat.__init__(consistent)": True, "hunks.Hunk.__init__(whole)": True,
        "laid.Laid.__init__(exact)": True, "names.without_prefix(git)": True, "patchdiff._File.__init__(first)": True,
        "patchdiff.read_diff(first)": 1, "patchdiff.read_files(first)": 1, "placing.Place.__new__(context)": True, "subject.Subject.__init__(version)": 1,
    }  # fmt: skip
