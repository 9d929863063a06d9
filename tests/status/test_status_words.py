"""What a status says to a reader: exit reasons, fields, notes and the text as a whole; and the edges of what may be typed."""

import pytest

from tdxkit.errors import InputError
from tdxkit.status import code, decode
from tdxkit.status.decoding import parse
from tdxkit.status.kernel import action, leaf_name, numbered_leaf
from tdxkit.status.lower import EXIT_REASONS, VECTORS, details_of
from tdxkit.status.predicates import FORMS, QUESTIONS, ask
from tdxkit.status.scanning import _could_be

# The processor's manual, basic exit reasons.
MANUAL = {
    0: "exception", 1: "external interrupt", 2: "triple fault", 3: "INIT", 4: "SIPI", 5: "I/O SMI", 6: "other SMI", 7: "interrupt window",
    8: "NMI window", 10: "CPUID", 12: "HLT", 30: "I/O", 31: "RDMSR", 32: "WRMSR", 33: "guest state", 41: "machine check",
    48: "EPT violation", 49: "EPT misconfiguration", 52: "preemption timer", 54: "WBINVD", 74: "bus lock", 75: "notify window",
    76: "SEAMCALL", 77: "TDCALL",
}  # fmt: skip


@pytest.mark.parametrize("number, word", MANUAL.items())
def test_exit_reasons_of_the_manual(number, word):
    details = decode(number, "TDH.VP.ENTER").details
    assert details.text.startswith(f"exit reason {number}: ") and word in details.text and details.plausible
    assert set(EXIT_REASONS) == set(MANUAL)


def test_an_exit_reason_is_16_bits():
    assert decode(0x8000_0030, "TDH.VP.ENTER").details.text == "exit reason 48: EPT violation"
    nobody = decode(9, "TDH.VP.ENTER").details
    assert nobody.text == "exit reason 9: a reason not listed here" and not nobody.plausible
    assert decode(0xFFFF).details.plausible and not decode(0x10000).details.plausible


@pytest.mark.parametrize("number, word", [(6, "#UD"), (13, "#GP"), (0xFFFF0000, "VMfailInvalid")])
def test_what_linux_puts_into_its_own_codes(number, word):
    value = 0x8000FF00 << 32 | number
    assert word in decode(value).details.text and set(VECTORS) == {6, 13, 0xFFFF0000}
    loader = decode(value, "P-SEAMLDR").details.text
    assert ("P-SEAMLDR did not answer" in loader) == (number == 0xFFFF0000)
    assert "P-SEAMLDR" not in decode(value, "TDH.SYS.INIT").details.text


def test_linux_puts_vectors_below_32_only():
    assert [decode(0x8000FF00 << 32 | n).details.plausible for n in (0, 14, 31, 32, 255)] == [True] * 3 + [False] * 2


@pytest.mark.parametrize(
    "name, low, plausible, text",
    [
        ("TDX_PAMT_PAGE_NOT_EMPTY", 0, True, "page 0 of the pair has an entry in use, one of 0..255"),
        ("TDX_PAMT_PAGE_NOT_EMPTY", 1, True, "page 1 of the pair has an entry in use, one of 256..511"),
        ("TDX_INTERRUPTED_PAMT", 511, True, "entry 511 of the list lacks its pair"),
        ("TDX_INTERRUPTED_PAMT", 512, False, "entry 512"),
        ("TDX_OP_STATE_INCORRECT", 2, True, "state 2: RUNNABLE"),
        ("TDX_VCPU_STATE_INCORRECT", 16, True, "state 16: IMPORT"),
        ("TDX_VCPU_STATE_INCORRECT", 3, False, "0x3, a state that no header has"),
        ("TDX_X2APIC_ID_NOT_UNIQUE", 0x1F, True, "x2APIC id 0x1f"),
        ("TDX_PAMT_OVERLAP", 0x00FF_FFFF, True, "TDMR 255, level 255, other TDMR 255"),
        ("TDX_PAMT_OVERLAP", 0x0100_0000, False, "TDMR 0, level 0"),
        ("TDX_INVALID_PAMT", 0x0203, True, "TDMR 3, level 2"),
        ("TDX_INVALID_RESERVED_IN_TDMR", 0x040201, True, "TDMR 1, reserved area 2"),
        ("TDX_L2_SEPT_WALK_FAILED", 5, True, "0x5: an L2 VM and a level"),
        ("TDX_LIFECYCLE_STATE_INCORRECT", 1, True, "as an operand id it would be RCX"),
    ],
)
def test_the_lower_half_at_its_edges(name, low, plausible, text):
    details = details_of(code(name) | low, name)
    assert details.text.startswith(text) or text in details.text
    assert details.plausible is plausible


def test_other_tdmr_is_for_overlaps_only():
    assert "other" not in decode(code("TDX_INVALID_RESERVED_IN_TDMR") | 0x040201).details.text
    assert "other" not in decode(code("TDX_INVALID_PAMT") | 0x0203).details.text


def fields(value):
    return {f.name: (f.value, f.meaning) for f in decode(value).fields}


def test_the_fields_of_a_known_status():
    assert fields("TDX_OPERAND_BUSY|RCX") == {
        "ERROR": (1, "the call failed"), "NON_RECOVERABLE": (0, ""), "FATAL": (0, ""), "HOST_RECOVERABILITY_HINT": (0, ""),
        "RESERVED": (0, ""), "CLASS": (2, "RESOURCE_BUSY"), "DETAILS_L1": (0, "TDX_OPERAND_BUSY"),
        "DETAILS_L2": (1, "operand RCX (register)"),
    }  # fmt: skip


def test_the_fields_of_an_unknown_one():
    found = fields(0xF001_9099_0000_0001)
    assert [found[name][0] for name in ("ERROR", "NON_RECOVERABLE", "FATAL", "HOST_RECOVERABILITY_HINT")] == [1] * 4
    assert found["RESERVED"] == (1, "must be zero") and found["CLASS"] == (0x90, "no code uses this class")
    assert found["DETAILS_L1"] == (0x99, "no code has this number") and found["DETAILS_L2"][1].startswith(
        "0x1; what it means"
    )


def test_a_status_as_text():
    rows = str(decode("TDX_PAMT_PAGE_NOT_EMPTY|1", "TDH.PHYMEM.PAMT.REMOVE")).splitlines()
    assert rows[0] == "0xC000030600000001  TDX_PAMT_PAGE_NOT_EMPTY" and len(rows) == 4
    assert rows[1] == "  class     3 PAGE_METADATA, not recoverable" and rows[2].startswith(
        "  details   page 1 of the pair"
    )
    assert rows[3].startswith("  kernel    warn and leak: ")
    assert ", recoverable" in str(decode("TDX_OPERAND_BUSY")) and "says nothing about trying again" in str(decode(0))
    unknown = str(decode(0x8000_9099_0000_0001)).splitlines()
    assert "(unknown), recoverable" in unknown[1] and len(unknown) == 12 and unknown[-2].startswith("  note      ")
    assert "  RESERVED                 bits 59:48 = 0x0" in unknown and not any(
        row.startswith("  details") for row in unknown
    )


def test_notes():
    assert "0x8000030800000000" in decode(0x80000308).note and decode(0).note == "" == decode(1).note
    busy = decode(code("TDX_OPERAND_BUSY") | 1 << 62).note
    assert busy == "class and number are those of TDX_OPERAND_BUSY, which is 0x8000020000000000: the flag bits differ"
    assert decode(0x8000_0399_0000_0000).note == "no header read has this upper half"
    assert decode("TDX_OPERAND_BUSY|RCX").note == "" and "did not reach" in decode("TDX_SEAMCALL_GP").note


@pytest.mark.parametrize(
    "text, value",
    [
        (" 0x1 ", 1), ("0X1", 1), ("0xFFFFFFFFFFFFFFFF", 2**64 - 1), ("0" * 15 + "a", 10), ("TDX_SUCCESS", 0), (" TDX_SUCCESS\n", 0),
        ("TDX_OPERAND_BUSY | RCX", 0x8000020000000001), ("TDX_OPERAND_BUSY|10", 0x800002000000000A),
        ("TDX_OPERAND_BUSY|0xffffffff", 0x80000200FFFFFFFF), ("TDX_OPERAND_BUSY|999999999", 0x800002003B9AC9FF),
        (" " * 100 + "0x2" + " " * 97, 2),
    ],
)  # fmt: skip
def test_ways_to_write_a_status(text, value):
    assert parse(text) == value


@pytest.mark.parametrize(
    "text",
    [
        "TDX_SEAMCALL_GP|RCX",
        "TDX_SW_ERROR|1",
        "TDX_OPERAND_BUSY|4294967296",
        "TDX_OPERAND_BUSY|RCX|RDX",
        " " * 198 + "0x2",
    ],
)
def test_ways_that_are_none(text):
    with pytest.raises(InputError):
        parse(text)


@pytest.mark.parametrize(
    "bad, said",
    [(-1, "-0x1"), (1 << 64, "0x10000000000000000"), (True, "True"), (None, "None"), (b"", "bytes"), (1.5, "1.5")],
)
def test_what_was_given_is_shown(bad, said):
    with pytest.raises(InputError, match=f"status '?{said}'?"):
        decode(bad)


def test_who_made_it_decides_what_is_said_of_trying_again():
    assert decode("TDX_OPERAND_BUSY").recoverable is True and decode("TDX_OPERAND_INVALID").recoverable is False
    assert decode("TDX_NON_RECOVERABLE_TD").recoverable is False, "an end of the TD is no error bit's matter"
    assert decode(0).recoverable is None is decode("TDX_SEAMCALL_UD").recoverable


# Leaves and the kernel -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "number, guest, call",
    [
        (6, False, "TDH.MEM.PAGE.AUG"), (6, True, "TDG.MEM.PAGE.ACCEPT"), (0xFF_0006, False, "TDH.MEM.PAGE.AUG"), (1 << 24, False, None),
        (1 << 63 | 2, False, "P-SEAMLDR call 0x2"), (1 << 63 | 6, True, "TDG.MEM.PAGE.ACCEPT"), (0xFFFF, False, "leaf 65535"),
        (1 << 63 | 1 << 24, False, None), (0xFFFF, True, "TDG. leaf 65535"),
    ],
)  # fmt: skip
def test_numbers_of_calls(number, guest, call):
    assert numbered_leaf(number, guest) == call


def test_the_loader_may_be_named():
    assert leaf_name("P-SEAMLDR") == leaf_name(" p-seamldr ") == "P-SEAMLDR"
    assert decode(0x8000_0000_0001_0003, "P-SEAMLDR").maker == "P-SEAMLDR"
    with pytest.raises(InputError, match=r"did you mean TDH\.MEM\.PAGE\.AUG"):
        leaf_name("MEM.PAGE.AUGH")


@pytest.mark.parametrize("low, kind", [(48, "go on"), (49, "bug the VM"), (50, "go on")])
def test_one_exit_reason_bugs_the_vm(low, kind):
    assert (
        action(low, "TDX_SUCCESS", "TDH.VP.ENTER").kind == kind
        and action(low, "TDX_SUCCESS", "TDH.SYS.RD").kind == "go on"
    )


def test_too_little_entropy_is_tried_ten_times():
    assert action(code("TDX_RND_NO_ENTROPY"), "TDX_RND_NO_ENTROPY", "TDH.MNG.CREATE").text.startswith(
        "up to 10 times; then retry: after 10"
    )
    entered = action(code("TDX_RND_NO_ENTROPY"), "TDX_RND_NO_ENTROPY", "TDH.VP.ENTER")
    assert entered.kind == "fail" and "times" not in entered.text


def test_any_other_error_of_linux_is_eio():
    assert [action(0x8000FF00 << 32 | n, None, None).text[:7] for n in (14, 0)] == ["-EIO wh"] * 2


# Questions -------------------------------------------------------------------------------------------------------------


def test_a_question_in_words_and_by_the_helper_of_its_version():
    assert ask("GP", "v4", 0).expression == "all 64 bits equal GP" and ask("SUCCESS", "v2", 0).expression.startswith(
        "bits 63:32 equal"
    )
    assert (
        ask("UD", "v3", 0).expression.startswith("every bit of UD")
        and ask("NON_RECOVERABLE", "v2", 0).expression == "bit 62 is set"
    )
    assert ask("HPA_RANGE_NOT_FREE", "before", 0).expression == "not asked"
    helpers = {q for q in QUESTIONS if ask(q, "v2", 0).helper}
    assert helpers == {"SUCCESS", "RND_NO_ENTROPY", "OPERAND_INVALID", "OPERAND_BUSY", "HPA_RANGE_NOT_FREE", "SW_ERROR"}
    assert all(ask(q, "v3", 0).helper == f"IS_TDX_{q}()" and not ask(q, "before", 0).helper for q in QUESTIONS)
    assert FORMS == ("before", "v2", "v3", "v4")


@pytest.mark.parametrize(
    ("value", "could"),
    [
        (0, True),
        (1, False),
        ((1 << 32) - 1, False),
        (1 << 32, True),
        (1 << 33, True),
        (1 << 32 | 1, True),
        (0x12 << 40, False),
        (0x11 << 40, True),
    ],
)
def test_a_number_of_a_log_could_be_a_status_by_its_upper_half(value, could):
    assert _could_be(value) == could
