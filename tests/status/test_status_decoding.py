"""decode(): every code there and back, the lower half, unknown values, the kernel's answer, hostile input."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tdxkit.errors import InputError
from tdxkit.status import code, decode, with_operand
from tdxkit.status.codes import codes, facts, operand_ids
from tdxkit.status.kernel import action, leaf_name, leaf_numbers
from tdxkit.status.kernel_rules import PLACES

pytestmark = pytest.mark.many

U64 = st.integers(0, (1 << 64) - 1)


@pytest.mark.parametrize("name", codes())
def test_every_code_goes_there_and_back(name):
    value = code(name)
    one = decode(value)
    assert (one.name, one.maker, one.value) == (name, "module", value)
    assert decode(name) == decode(f"0x{value:x}") == decode(f"{value:016X}") == one
    assert one.error == bool(value >> 63) and one.non_recoverable == bool(value >> 62 & 1)
    assert one.class_id == value >> 40 & 0xFF and one.class_name
    assert one.as_json() == decode(one.as_json()["value"]).as_json()
    assert name in str(one)


@pytest.mark.parametrize("operand", operand_ids())
def test_every_operand_goes_there_and_back(operand):
    value = with_operand("TDX_OPERAND_BUSY", operand)
    assert decode(f"TDX_OPERAND_BUSY|{operand}").value == value
    details = decode(value).details
    assert details.kind == "operand" and f" {operand} " in details.text and details.plausible


@given(U64)
def test_fields_put_together_are_the_value(value):
    one = decode(value)
    assert sum(f.value << f.low for f in one.fields) == value
    assert str(one).startswith(f"0x{value:016X}") and one.kernel.kind and one.details.text
    assert "\n" not in one.details.text + str(one.kernel) + one.note


@given(U64)
def test_a_name_is_given_exactly_where_a_header_has_the_upper_half(value):
    known = {v >> 32 for v in codes().values()}
    known |= {int(h, 16) for h in facts()["linux"]["differs"].values()} | {0x8000FF00}
    assert (decode(value).name is not None) == (value >> 32 in known)
    upper = value >> 32 << 32
    assert decode(upper).name == decode(upper | 0xFFFF).name or upper == 0x8000FF00 << 32


def test_the_two_statuses_of_the_cover_letter():
    one = decode("0x8000030800000001")
    assert (one.name, one.class_id, one.recoverable) == ("TDX_MISSING_PAMT_PAGE_PAIR", 3, True)
    assert one.details.kind == "operand" and "RCX" in one.details.text
    two = decode("0xC000030600000001")
    assert two.name == "TDX_PAMT_PAGE_NOT_EMPTY" and two.recoverable is False
    assert two.details.kind == "pair_page" and "RCX" not in two.details.text and "index" in two.details.text


@pytest.mark.parametrize(
    ("value", "kind", "text"),
    [
        ("TDX_OPERAND_BUSY|0x92", "operand", "SEPT_TREE"),
        ("TDX_OPERAND_INVALID", "operand", "RAX"),
        ("TDX_OPERAND_BUSY|0x7777", "operand", "no header"),
        ("TDX_PAMT_PAGE_NOT_EMPTY|0", "pair_page", "0..255"),
        ("TDX_PAMT_PAGE_NOT_EMPTY|2", "pair_page", "pages 0 and 1"),
        ("TDX_OP_STATE_INCORRECT|1", "op_state", "INITIALIZED"),
        ("TDX_OP_STATE_INCORRECT|99", "op_state", "no header"),
        ("TDX_VCPU_STATE_INCORRECT|4", "vcpu_state", "ACTIVE"),
        ("TDX_INCORRECT_MSR_VALUE|0x122", "msr", "0x122"),
        ("TDX_PAMT_OVERLAP|0x020103", "tdmr", "TDMR 3, level 1, other TDMR 2"),
        ("TDX_INVALID_RESERVED_IN_TDMR|0x0501", "tdmr_area", "TDMR 1, reserved area 5"),
        ("TDX_INTERRUPTED_PAMT|7", "list_entry", "entry 7"),
        ("TDX_LIFECYCLE_STATE_INCORRECT", "none", "nothing"),
        ("TDX_LIFECYCLE_STATE_INCORRECT|1", "unread", "not read"),
        ("TDX_SEAMCALL_UD", "software", "#UD"),
        ("0x80000599000000FF", "unknown", "unknown"),
    ],
)
def test_what_the_lower_half_means(value, kind, text):
    details = decode(value).details
    assert text in details.text
    assert details.kind == kind or (kind, details.kind) == ("tdmr_area", "tdmr")


@pytest.mark.parametrize(
    ("value", "plausible"),
    [
        ("TDX_OPERAND_BUSY|RCX", True), ("TDX_OPERAND_BUSY|0x7777", False), ("TDX_PAMT_PAGE_NOT_EMPTY|2", False),
        ("TDX_PAMT_OVERLAP|0x020103", True), ("TDX_PAMT_OVERLAP|0x1000000", False), ("TDX_OP_STATE_INCORRECT|12", True),
        ("TDX_OP_STATE_INCORRECT|13", False), ("TDX_INTERRUPTED_PAMT|512", False), ("0x8000FF000000000D", True),
        ("0x8000FF0000010000", False), ("TDX_LIFECYCLE_STATE_INCORRECT|0xFFFF", True),
        ("TDX_LIFECYCLE_STATE_INCORRECT|0x10000", False), ("0x80000599000000FF", False),
    ],
)  # fmt: skip
def test_lower_halves_that_no_module_would_return_are_not_plausible(value, plausible):
    assert decode(value).details.plausible == plausible


def test_an_exit_reason_needs_the_leaf():
    assert decode(0x30, "TDH.VP.ENTER").details.text == "exit reason 48: EPT violation"
    assert decode(0x30).details.kind == "exit_reason" and "would be" in decode(0x30).details.text
    assert decode(0x4000000100000030, "vp_enter").details.kind == "exit_reason"
    assert decode(with_operand("TDX_OPERAND_BUSY", "RCX"), "vp_enter").details.kind == "operand"


def test_what_linux_has_otherwise_and_makes_itself():
    for name, half in facts()["linux"]["differs"].items():
        theirs, ours = decode(f"0x{half}00000000"), decode(name)
        assert theirs.name == ours.name == name and (theirs.maker, ours.maker) == ("Linux", "module")
        assert f"{ours.value:016X}" in theirs.note and f"{theirs.value:016X}" in ours.note
    for name, digits in facts()["linux"]["software"].items():
        one = decode(name)
        assert (one.value, one.name, one.maker, one.class_id) == (int(digits, 16), name, "Linux", 255)
        assert one.recoverable is None
    assert decode(0x8000FF000000000E).name == "TDX_SW_ERROR"


def test_an_unknown_value_is_said_to_be_unknown_and_shown_field_by_field():
    said = str(decode(0x8000039900000001))
    assert decode(0x8000039900000001).as_json()["name"] is None
    assert "unknown status" in said and "CLASS" in said and "PAGE_METADATA" in said and "0x99" in said
    assert "flag bits differ" in decode(code("TDX_OPERAND_BUSY") | 1 << 62).note
    assert "TDX_MISSING_PAMT_PAGE_PAIR" in decode(0x80000308).note
    assert "never returned" in decode((1 << 64) - 1).note


KERNEL = [
    ("TDH.MEM.SEPT.ADD", "retry", "bug the VM"),
    ("TDH.MEM.PAGE.ADD", "retry", "bug the VM"),
    ("TDH.MEM.PAGE.AUG", "retry", "bug the VM"),
    ("TDH.MEM.RANGE.BLOCK", "kick and retry once", "bug the VM"),
    ("TDH.MEM.TRACK", "kick and retry once", "bug the VM"),
    ("TDH.MEM.PAGE.REMOVE", "kick and retry once", "bug the VM"),
    ("TDH.MEM.PAGE.DEMOTE", "kick and retry once", "bug the VM"),
    ("TDH.PHYMEM.PAGE.RECLAIM", "warn and leak", "warn and leak"),
    ("TDH.PHYMEM.PAMT.ADD", "fail", "fail"),
    ("TDH.PHYMEM.PAMT.REMOVE", "warn and leak", "warn and leak"),
    ("TDH.VP.ENTER", "retry", "fail"),
    ("TDH.SYS.CONFIG", "fail", "fail"),
    ("TDH.MR.EXTEND", "bug the VM", "bug the VM"),
    ("TDH.MR.FINALIZE", "fail", "bug the VM"),
    ("TDH.MNG.KEY.CONFIG", "bug the VM", "bug the VM"),
    ("TDH.MNG.INIT", "fail", "fail"),
    ("TDH.VP.CREATE", "bug the VM", "bug the VM"),
    ("TDH.VP.ADDCX", "bug the VM", "bug the VM"),
    ("TDH.VP.INIT", "bug the VM", "bug the VM"),
    ("TDH.VP.FLUSH", "bug the VM", "bug the VM"),
    ("TDH.MNG.VPFLUSHDONE", "bug the VM", "bug the VM"),
    ("TDH.MNG.KEY.FREEID", "bug the VM", "bug the VM"),
    ("TDH.PHYMEM.CACHE.WB", "warn and go on", "warn and go on"),
    ("TDH.PHYMEM.PAGE.WBINVD", "bug the VM", "bug the VM"),
]


@pytest.mark.parametrize(("leaf", "busy", "other"), KERNEL)
def test_what_the_kernel_does_depends_on_the_leaf(leaf, busy, other):
    assert decode("TDX_OPERAND_BUSY|RCX", leaf).kernel.kind == busy
    assert decode("TDX_PAGE_METADATA_INCORRECT|RCX", leaf).kernel.kind == other
    assert decode(0, leaf).kernel.kind == "go on"


def test_a_leaf_whose_caller_was_not_read_is_said_to_be_so():
    for leaf in ("TDH.SYS.RD", "TDH.MEM.PAGE.PROMOTE"):
        assert decode("TDX_PAGE_METADATA_INCORRECT|RCX", leaf).kernel.kind == "not read"
        assert decode(0, leaf).kernel.kind == "go on"


def test_more_of_what_the_kernel_does():
    assert decode("TDX_HPA_RANGE_NOT_FREE|RCX", "phymem_pamt_add").kernel.kind == "go on"
    assert decode("TDX_INTERRUPTED_RESUMABLE", "phymem_cache_wb").kernel.kind == "retry"
    assert decode("TDX_NO_HKID_READY_TO_WBCACHE", "phymem_cache_wb").kernel.kind == "go on"
    assert decode("TDX_FLUSHVP_NOT_DONE", "mng_vpflushdone").kernel.kind == "leak"
    assert decode("TDX_VCPU_NOT_ASSOCIATED", "vp_flush").kernel.kind == "go on"
    assert decode("TDX_INTERRUPTED_RESTARTABLE", "mem_page_demote").kernel.kind == "retry"
    assert "-EINVAL" in decode("TDX_OPERAND_INVALID|RCX", "mng_init").kernel.text
    assert "RET_PF_RETRY" in decode("TDX_OPERAND_BUSY|SEPT_TREE", "mem_page_aug").kernel.text
    for leaf in ("mem_page_add", "mr_extend"):
        assert "old: -E" in decode("TDX_EPT_WALK_FAILED|RCX", leaf).kernel.text
    assert decode("TDX_SEAMCALL_UD", "TDH.VP.ENTER").kernel.kind == "bug the VM"
    for name, code_ in (("VMFAILINVALID", "-ENODEV"), ("GP", "-EOPNOTSUPP"), ("UD", "-EACCES")):
        assert code_ in decode(f"TDX_SEAMCALL_{name}", "TDH.SYS.INIT").kernel.text
    again = decode("TDX_RND_NO_ENTROPY", "TDH.MNG.CREATE").kernel
    assert again.kind == "retry" and "-EAGAIN" in again.text and "v3 to v5" not in again.text
    assert "in v3 to v5 only" in decode("TDX_RND_NO_ENTROPY|1", "TDH.MNG.CREATE").kernel.text
    assert (decode(49, "TDH.VP.ENTER").kernel.kind, decode(48, "TDH.VP.ENTER").kernel.kind) == ("bug the VM", "go on")
    any_leaf = decode("TDX_OPERAND_BUSY|RCX").kernel
    assert any_leaf.kind == "depends on the leaf"
    assert all(place in any_leaf.text for place in set(PLACES) - {"cache write-back"})


@given(U64, st.sampled_from([leaf for place in PLACES.values() for leaf in place.leaves]))
def test_every_status_of_every_leaf_has_an_action(value, leaf):
    assert action(value, decode(value).name, leaf).text


def test_names_of_leaves():
    for text in ("TDH.MEM.PAGE.AUG", "tdh_mem_page_aug", "MEM.PAGE.AUG", " mem_page_aug "):
        assert leaf_name(text) == "TDH.MEM.PAGE.AUG"


HOSTILE = ["", "hello", "0x", "0x" + "1" * 17, "1" * 15, "-1", "0x-1", "TDX_OPERAND_BUSY|", "TDX_OPERAND_BUSY|NOPE"]
HOSTILE += [
    "TDX_OPERAND_BUSY|0x123456789",
    "<script>alert(1)</script>",
    "\x1b[2J",
    "9" * 10**5,
    "٣" * 16,
    "\ud800",
    "a\nb",
]


@pytest.mark.parametrize(
    "bad",
    [*HOSTILE, -1, 1 << 64, 1 << 70000, True, None, 1.5, b"0x1", [1]],
    ids=lambda b: hex(b)[:9] if isinstance(b, int) else ascii(b)[:20],
)
def test_what_is_no_status_is_said_in_one_line(bad):
    with pytest.raises(InputError) as caught:
        decode(bad)
    said = str(caught.value)
    assert "\n" not in said and "\x1b" not in said and len(said) < 400 and said.encode("utf-8")


@given(st.text())
def test_text_either_decodes_or_is_refused(text):
    try:
        assert decode(text).value >> 64 == 0
    except InputError as error:
        assert "\n" not in str(error)


def test_leaves_have_numbers_too():
    assert len(leaf_numbers()) == 106
    assert all(leaf_name(number) == leaf_name(str(number)) == name for number, name in leaf_numbers().items())
    assert leaf_name(6) == "TDH.MEM.PAGE.AUG" and leaf_name("tdh_sys_rd") == "TDH.SYS.RD"
    for bad in (True, -1, 10**6, "9" * 10**5, "TDH.NOPE", ""):
        with pytest.raises(InputError):
            leaf_name(bad)


def test_without_a_leaf_only_places_that_can_see_the_status_are_told():
    alone = decode("TDX_PAMT_PAGE_NOT_EMPTY|1")
    assert alone.kernel.kind == "depends on the leaf", "nothing said which leaf it was"
    assert alone.kernel.text.endswith(
        f"only PAMT.REMOVE can get it: {decode(alone.value, 'phymem_pamt_remove').kernel}"
    )
    missing = decode("TDX_MISSING_PAMT_PAGE_PAIR|RCX").kernel.text
    assert "fault side" in missing and "TD creation" in missing and "reclaim" not in missing
    assert all(place in decode(0x8000059900000007).kernel.text for place in ("fault side", "reclaim", "start-up"))
