"""The numbers of the ground floor, by another source where there is one; and what nobody asks for is off."""

import unicodedata

from tdxkit import card, cli, intake, text, units
from tests.modules import ROOT, defaults

KIB, MIB = 1024, 1024**2


def test_limits():
    assert (intake.STRIDE, intake.HEAD, intake._PACKED, intake._SNIFFED, intake._JUDGED) == (
        256 * KIB,
        64 * KIB,
        16 * KIB,
        8192,
        1024,
    )
    assert card.WIDTH == 92 and text.SHORTEST == 4


def test_what_turns_or_hides_the_text_behind_it_is_what_unicode_calls_so():
    """Its formatting and separating characters among those that bidirectional text needs; and the C0 and C1 controls."""
    marks = {
        n
        for n in range(0x2000, 0x2070)
        if unicodedata.name(chr(n), "").endswith(
            (" MARK", " EMBEDDING", " OVERRIDE", " ISOLATE", " FORMATTING", "LINE SEPARATOR", "PARAGRAPH SEPARATOR")
        )
    }
    assert {*cli.TURNERS} - {0x61C} == {n for n in marks if unicodedata.category(chr(n)) in ("Cf", "Zl", "Zp")}
    assert unicodedata.name(chr(0x61C)) == "ARABIC LETTER MARK" and 0x61C in cli.TURNERS
    assert {*cli.CONTROLS} == {n for n in range(256) if unicodedata.category(chr(n)) == "Cc"} - {*b"\t\n"}


def test_sizes_are_powers():
    assert (units.KIB, units.MIB, units.GIB, units.TIB) == (1024, 1024**2, 1024**3, 1024**4)
    assert (
        units.PAGE_SHIFT == 12
        and units._SUFFIXES[""] == 1
        and units._DECIMAL == {"KB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12}
    )


def test_no_text_has_many_of_the_controls_but_those_that_set_lines():
    assert {*intake._CONTROL} == ({*range(0x20), 0x7F} - {ord(sign) for sign in "\t\n\r\f\b\x1b"})


def test_what_is_not_asked_for_is_off_or_nothing():
    modules = [
        f"tdxkit.{path.stem}" for path in sorted((ROOT / "tdxkit").glob("*.py")) if not path.stem.startswith("__")
    ]
    assert defaults(*modules) == {"errors.printable(limit)": 60, "kinds.alloc(sleeps)": True}
