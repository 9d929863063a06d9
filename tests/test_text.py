"""Text as the workbook writes it: counts with their nouns, columns, misspelt names, and nobody who does it by hand."""

import re
from pathlib import Path

import pytest

from tdxkit.text import Pattern, columns, many, near, numeric, plural, shown, slip, words

ROOT = Path(__file__).parent.parent


def test_words_stand_left_and_numbers_right():
    rows = [("epc", 0, "1.0 GiB", "nothing"), ("hyper-v", 144, "—", "it is asked"), ("sgx", "", "+3", "0x3A")]
    assert columns(("switch", "ends", "size", "why"), rows) == [
        "switch   ends     size  why",
        "epc         0  1.0 GiB  nothing",
        "hyper-v   144        —  it is asked",
        "sgx                 +3  0x3A",
    ]


def test_a_table_without_rows_is_its_header():
    assert columns(("a", "b"), []) == ["a  b"]


def test_a_first_column_of_numbers_stays_left_and_thousands_are_set_apart():
    assert columns(("n", "of"), [(1234, 1234567.0), (5, None)]) == ["n      of", "1,234  1.23457e+06", "5      none"]


@pytest.mark.parametrize(
    "number, thing, said",
    [(0, "state", "0 states"), (1, "status", "1 status"), (2, "status", "2 statuses"), (3, "patch", "3 patches"),
     (4, "entry", "4 entries"), (5, "key", "5 keys"), (1000, "box", "1,000 boxes"), (2, "TD", "2 TDs")],
)  # fmt: skip
def test_counts_with_their_nouns(number, thing, said):
    assert many(number, thing) == said and said.endswith(plural(number, thing))


def test_near_names():
    assert near("decod", ["decode", "doctor"]) == "decode" and near("", ["decode"]) == "" == near(
        "x" * 10**6, ["decode"]
    )
    assert near("v3", ["v1", "v2"], 0.3) == "v2 or v1" and near(None, ["x"]) == ""


def test_values_in_words():
    assert [words(v) for v in (True, None, (), ("a", 1, False))] == ["yes", "none", "none", "a, 1, no"]


def test_an_address_of_an_object_is_in_no_words():
    assert words(object()) == "<object object>" and words("jump at 0x40, no more") == "jump at 0x40, no more"


def test_numbers_in_a_cell():
    assert [shown(v) for v in (1234567, 1234.5678, 0.5, True, None, "x")] == [
        "1,234,567",
        "1,234.57",
        "0.5",
        "yes",
        "none",
        "x",
    ]


@pytest.mark.parametrize(
    ("cell", "is_number"),
    [("1,234", True), ("12,34", False), ("≈ 7 µs", True), ("+3", True), ("−1.5", True), ("57 %", True), ("3 seconds", False), ("4…7", True), ("4…", False),
     ("1.2.3", False), ("1e6", False), ("7 guest", True), ("0x10", False)],
)  # fmt: skip
def test_what_is_a_figure_stands_right(cell, is_number):
    assert numeric([cell, "—", ""]) is is_number and not numeric([cell, "word"])


SLIPS = [
    ("lock", "lokc", True), ("lock", "locks", True), ("locks", "lock", True), ("lock", "lick", True), ("lock", "locking", False), ("lock", "lkco", False),
    ("get", "gat", False), ("gets", "gat", False), ("Spin_Lock", "spinlock", True), ("a_b", "ab", True), ("lock", "block", True), ("abcd", "bacd", True),
    ("abcd", "badc", False), ("abcd", "abcd", True), ("abcd", "bcda", False),
]  # fmt: skip


@pytest.mark.parametrize(("one", "other", "is_slip"), SLIPS)
def test_one_slip_of_the_hand(one, other, is_slip):
    assert slip(one, [other]) == (other if is_slip else "")


def test_two_names_that_may_have_been_meant_are_enough():
    assert slip("lock", ["locka", "lockb", "lockc"]) == "locka or lockb"
    assert near("lock", ["lock1", "lock2", "lock3"]).count(" or ") == 1


def test_a_pattern_is_compiled_once_with_its_flags():
    pattern = Pattern("a+", re.IGNORECASE)
    assert pattern.fullmatch("aA") and pattern.split("xAy") == ["x", "y"] and pattern.search is pattern.search
    assert pattern.pattern == "a+" and pattern.findall("bab") == ["a"] and pattern.match("ba") is None


def test_nobody_looks_for_near_names_or_makes_plurals_by_hand():
    found = set()
    for path in (ROOT / "tdxkit").rglob("*.py"):
        source = path.read_text()
        if "get_close_matches" in source or re.search(r"\{'e?s' \*|'' if [^}]*else 'e?s'", source):
            found.add(str(path.relative_to(ROOT)))
    assert found == {"tdxkit/text.py"}
