"""The sentences and names that people read: of locks, answers, checks, steps, leaves and errors."""

import pytest

from tdxkit.errors import InputError, ModelError
from tdxkit.facts import load_json
from tdxkit.seam.by_version import properties
from tdxkit.seam.leaf_text import _noun, lines, said, text_of
from tdxkit.seam.leaves import engine
from tdxkit.seam.leaves.act import DO_IT, IN_GUEST, LeafAct, let_go
from tdxkit.seam.leaves.call import Answer, Facts, Status
from tdxkit.seam.leaves.describe import describe, status_of
from tdxkit.seam.leaves.engine import find_leaf, leaves, tdcalls
from tdxkit.seam.leaves.leaf import compile_condition, compile_leaf
from tdxkit.seam.locks import Held, held, readers
from tdxkit.seam.locks import describe as lock_in_words
from tdxkit.seam.module import NOTHING, Module
from tdxkit.seam.scenes import EMPTY_WITH_PAIR, world_at
from tdxkit.seam.shared_names import named, names, told
from tdxkit.seam.versions import version
from tdxkit.status import code, with_operand


@pytest.mark.parametrize("word, said, mode, count", [
    (0, "free", "free", 0), (2, "free, host priority", "free", 0), (4, "shared by 1", "shared", 1), (12, "shared by 3", "shared", 3), (1, "exclusive", "exclusive", 0),
    (7, "exclusive, host priority", "exclusive", 0),
])  # fmt: skip
def test_a_lock_word(word, said, mode, count):
    assert lock_in_words(word) == said == str(held(word)) and readers(word) == count and held(word).mode == mode
    assert held(word) == Held(mode, None, count, bool(word & 2))


@pytest.mark.parametrize("word, by, said", [
    (4, ("CPU 0",), "shared: CPU 0"), (8, ("CPU 0", "CPU 1"), "shared: CPU 0, CPU 1"), (8, (), "shared: 2"), (1, ("CPU 1",), "exclusive: CPU 1"),
    (3, (), "exclusive: another call, host priority"), (0, ("CPU 0",), "free"),
])  # fmt: skip
def test_a_lock_and_its_holders(word, by, said):
    assert str(held(word, by)) == said and held(word, by).by == (by if word & ~2 else None)


@pytest.mark.parametrize("status, said, operand, ok", [
    (0, "TDX_SUCCESS", "", True), (1, "TDX_SUCCESS, exit: external interrupt", "", True), (48, "TDX_SUCCESS, exit: EPT violation", "", True),
    (with_operand("TDX_OPERAND_BUSY", "RAX"), "TDX_OPERAND_BUSY|RAX", "RAX", False), (code("TDX_TD_FATAL"), "TDX_TD_FATAL", "", False),
    (code("TDX_PAMT_PAGE_NOT_EMPTY"), "TDX_PAMT_PAGE_NOT_EMPTY|0", "0", False), (code("TDX_OP_STATE_INCORRECT") | 3, "TDX_OP_STATE_INCORRECT|3", "3", False),
    (code("TDX_OPERAND_INVALID") | 0xFFFF, "TDX_OPERAND_INVALID|65535", "65535", False), (code("TDX_PAGE_SIZE_MISMATCH") | 1, "TDX_PAGE_SIZE_MISMATCH|1", "1", False),
])  # fmt: skip
def test_an_answer(status, said, operand, ok):
    answer = Answer(status)
    assert (str(answer), answer.operand, answer.ok, str(Status(status))) == (said, operand, ok, said)
    assert answer["RCX"] == 0 and answer.exit_reason == {1: "external interrupt", 48: "EPT violation"}.get(status, "")


ADD = find_leaf("TDH.PHYMEM.PAMT.ADD")


def step(test, **more):
    """The first act of a check of PAMT.ADD, with its sentence."""
    act = next(act for check in ADD.checks for act in check.acts if act.test == test)
    return said(ADD, act, *more.values())


def test_a_step_in_a_sentence():
    busy = Answer(with_operand("TDX_OPERAND_BUSY", "RDX"))
    assert step("form RDX") == "RDX is a page address below the HKID bits: yes. Check 3 of 15."
    assert step("walk RDX any shared") == "Taken: RDX: 1G entry shared. Check 10 of 15."
    assert step("walk RDX any shared", ends=busy).startswith(
        "Not to be had: RDX: 1G entry shared. The call ends with TDX_OPERAND_BUSY|RDX. Check 10 of 15: "
    )
    assert step("form R8", ends=Answer(1)).startswith(
        "Is it so that R8 is a page address below the HKID bits? No. The call ends with "
    )
    assert said(ADD, let_go("lock_2m", "R8")) == "The call gives up what it holds: let go of the 2M entry (R8)."
    assert said(ADD, ADD.act) == f"Every check holds. {ADD.spec['transition']}."
    assert said(find_leaf("TDH.MR.FINALIZE"), DO_IT).startswith("Every check holds. ")
    assert said(find_leaf("VP.ENTER"), IN_GUEST).startswith("The guest has run until something made it exit")
    leaf = tdcalls()["TDG.MEM.PAGE.ACCEPT"]
    assert said(leaf, LeafAct("the page is zeroed", "store", part="effect")) == "The page is zeroed."
    assert said(ADD, LeafAct("gone", "unlock")) == "The call gives up what it holds: gone."
    assert said(ADD, LeafAct("the gate")) == "The gate: yes." and said(ADD, LeafAct("off", at=16)) == "Off: yes."


@pytest.mark.parametrize("when, noun", [
    ("TDVPR: PAMT walk could not take 1G shared", "TDVPR"), ("bitmap bit already 1 (PAMT page of another region)", "bitmap bit already 1"),
    ("1G or 2M lock, shared", "1G or 2M lock"), ("v1: wider than 32 bits", "v1: wider than 32 bits"), ("a name before a colon: that is long", "a name before a colon: that is long"),
    ("elevenchars: x", "elevenchars"), ("twelve chars: it is too long for one", "twelve chars: it is too long for one"), ("short, and more after it", "short, and more after it"), ("eightish, and more", "eightish"),
    ("a" * 20 + " " + "b" * 30, "a" * 20 + " …"), ("a" * 20 + " " + "b" * 19, "a" * 20 + " " + "b" * 19), ("a" * 20 + " " + "b" * 20, "a" * 20 + " …"),
])  # fmt: skip
def test_the_noun_of_a_check_in_a_narrow_lane(when, noun):
    assert _noun(when) == noun


def test_a_leaf_as_the_text_of_a_lane():
    text = text_of(ADD).lines
    assert len(text) == lines(ADD) == 18 and text[0] == "   the module's state, RAX"
    assert text[-2:] == ("   all checks hold: do it", "   let go of the locks") and text[1].startswith(
        " 1 TDX_OPERAND_INVALID|RAX: "
    )
    assert [int(line[:2]) for line in text[1:-2]] == list(range(1, 16))


@pytest.mark.parametrize("check, said", [
    ({"status": "A", "operand": "RCX"}, "A|RCX"), ({"status": "A", "details": "the level"}, "A|<the level>"), ({"status": "A"}, "A"),
])  # fmt: skip
def test_a_status_with_what_its_details_hold(check, said):
    assert status_of(check) == said


@pytest.mark.parametrize("name", [*leaves(), *tdcalls()])
def test_a_leaf_is_described_with_all_that_its_facts_say(name):
    leaf = find_leaf(name)
    spec, rows = leaf.spec, describe(leaf).splitlines()
    called = "TDCALL leaf" if name.startswith("TDG") else "leaf"
    assert rows[0].startswith(f"{name}  ({called} {spec['leaf']}, version ") and rows[1:3] == ["", "takes"]
    assert rows[0].endswith(("version 0)", "version 0 or 1)"))
    after = {
        title: rows[rows.index(title) + 1]
        for title in ("takes", "locks", "checks, in this order", "does", "returns", "source")
    }
    assert after["takes"].strip() == "no register" or after["takes"].split()[0] in spec["in"]
    assert (after["takes"] == "  no register") == (not spec["in"]) and after["locks"] == f"  {spec['locks'][0]}"
    assert after["does"] == f"  PAMT: {spec['transition'] or 'nothing'}"
    assert (after["returns"] == "  the status in RAX only") == (not spec.get("out"))
    at = rows.index("checks, in this order")
    for number, check in enumerate(spec["checks"], 1):
        row = rows[at + number]
        assert row.startswith(f"{number:4} {status_of(check)}: {check['when']}")
        assert ("(only if " in row) == ("if" in check) and (f"(not modelled: {check.get('left_out')})" in row) == (
            "left_out" in check
        )
    text = "\n".join(rows)
    for title, key in (
        ("hint\n  bit 62 of", "hint"),
        ("page pair\n  may answer TDX_MISSING_PAMT_PAGE_PAIR (", "can_miss_pair"),
        ("note\n  ", "note"),
        ("needs\n  ", "state"),
    ):
        assert (f"{title}{' ' if key == 'hint' else ''}{spec.get(key)}" in text) == (key in spec)
    for title, key in (("OP_STATE", "op_states"), ("Secure-EPT entry", "sept_states")):
        assert (f"  {title}: {', '.join(spec.get(key, ()))}" in rows) == bool(spec.get(key))
    assert f"  {spec.get('effects')}" in rows or not spec.get("effects")


def test_a_condition_in_words():
    assert compile_condition("outside RDX").words == "the page in RDX lies outside the region in RCX"
    with pytest.raises(ModelError, match="condition nonsense R8"):
        compile_condition("nonsense R8")


@pytest.mark.parametrize("name, found", [("tdh.phymem.pamt.add", ADD.name), (" PHYMEM.PAMT.ADD ", ADD.name), (58, ADD.name), (0, "TDH.VP.ENTER"), ("tdg.mem.page.accept", "TDG.MEM.PAGE.ACCEPT")])  # fmt: skip
def test_a_leaf_is_found_by_name_or_number(name, found):
    assert find_leaf(name).name == found


@pytest.mark.parametrize("name, next_action", [
    ("PHYMEM.PAMT.ADDD", "did you mean PHYMEM.PAMT.ADD"), ("qqqq", "write it like TDH.PHYMEM.PAMT.ADD"), (True, "write it like"), (None, "write it like"),
    ("MEM.PAGE.ACCEPT", "did you mean"),
])  # fmt: skip
def test_a_leaf_that_is_not_there_is_told_with_the_next_to_it(name, next_action):
    with pytest.raises(InputError, match="not one of the modelled") as error:
        find_leaf(name)
    assert next_action in str(error.value)


def test_a_leaf_that_the_module_has_and_the_model_has_not():
    others = load_json("seamcalls.json")["not_modelled"]
    number, name = next(iter(others.items()))
    for asked in (name, name.lower(), number):
        with pytest.raises(InputError, match="the module has it, but this model does not"):
            find_leaf(asked)
    assert engine.card_counts() == {"modelled": len(leaves()), "others": len(others)}


@pytest.mark.parametrize(
    "lacks, said", [("checks", "leaf A.B: its facts lack checks"), ("name", "leaf number 3: its facts lack name")]
)
def test_facts_that_lack_something(lacks, said):
    spec = {"leaf": 3, "name": "A.B", "locks": [], "transition": "", "checks": [], "source": "model"} | {"in": {}}
    spec.pop(lacks)
    with pytest.raises(ModelError, match=said):
        compile_leaf(spec)


@pytest.mark.parametrize("call, said", [
    (lambda m: engine.checks.walked(Facts(walked="RDX"), "RCX"), "walk to the page first"), (lambda m: engine.checks.owned(Facts()), "look up the TDR first"),
    (lambda m: engine.checks_sept.looked_up(Facts()), "walk the Secure EPT first"),
])  # fmt: skip
def test_checks_that_are_out_of_order_end_the_model(call, said):
    with pytest.raises(ModelError, match=said):
        call(None)
    assert engine.checks.owned(Facts(tdr=0)).tdr == 0 and engine.checks_sept.looked_up(Facts(slot=0)).slot == 0


def test_a_call_that_is_waited_for_in_vain_says_what_it_returned():
    begun = Module().begin("TDH.PHYMEM.PAGE.RDMD", rcx=1 << 50)
    with pytest.raises(ModelError, match=r"the call returned TDX_OPERAND_INVALID.RCX: it does not come to “nowhere”"):
        begun.until("nowhere")
    assert begun.done and begun.label is NOTHING and not begun.step() and begun.finish() is begun.result


@pytest.mark.parametrize("label, said", [
    ("lock_1g[4]", "1G lock 0x100000000"), ("pamt_2m[3]", "2M entry 0x600000"), ("pamt_4k[3]", "4K entry 0x3000"), ("lock_4k[1]", "4K lock 0x1000"), ("count[1]", "page count 0x200000"),
    ("bitmap[1]", "bitmap 0x200000"), ("tree_lock[4096]", "S-EPT tree lock 0x1000"), ("sept_lock[4104]", "S-EPT entry lock 0x1008"), ("sept[8]", "S-EPT entry 0x8"),
    ("epoch_lock[16]", "TD_EPOCH lock 0x10"), ("ket_lock[0]", "KET lock"), ("sys_lock[0]", "module lock"), ("tdmr_lock[2]", "TDMR lock"), ("wb_lock[1]", "write-back lock"),
    ("pamt_1g[1]", "1G entry 0x40000000"), ("inside[x]", "inside[x]"), ("sept[x]", "S-EPT entry"), ("sept", "S-EPT entry"),
])  # fmt: skip
def test_a_shared_variable_as_people_call_it(label, said):
    assert named(label) == said


def test_more_than_twelve_entries_of_one_table_have_one_name():
    region = [f"pamt_4k[{512 + i}]" for i in range(13)]
    assert (
        set(names(region).values()) == {"13 4K entries from 0x200000"} and len(set(names(region[:12]).values())) == 12
    )
    two = names([f"pamt_4k[{i}]" for i in range(500, 525)])
    assert set(two.values()) == {"13 4K entries from 0x200000", *(f"4K entry {i << 12:#x}" for i in range(500, 512))}
    tables = names([f"sept[{4096 * table + 8 * i}]" for table in (1, 2) for i in range(13)])
    assert sorted(set(tables.values())) == ["13 S-EPT entries from 0x1000", "13 S-EPT entries from 0x2000"]
    assert told([1, 2, 3], [1, 0, 0]) == "2 changed" and told([1, 2], [1, 2]) == "as before" and told([5], [4]) == 5


def test_a_version_property_by_property():
    new, old, static = properties("2.0.18"), properties("2.0.08"), properties("1.0")
    assert new["Dynamic PAMT"] == "yes" and static["Dynamic PAMT"] == "no: its PAMT is static"
    assert (new["control pages of a vCPU"], static["control pages of a TD"]) == ("6 pages, 24 KiB", "5 pages, 20 KiB")
    assert (new["Secure-EPT tree lock"], old["Secure-EPT tree lock"]) == ("with host priority", "without host priority")
    assert (
        new["AUG in a region without a pair"] == "TDX_MISSING_PAMT_PAGE_PAIR|R8"
        and static["AUG in a region without a pair"] == "TDX_SUCCESS"
    )
    assert (
        new["DEMOTE, an interrupt pending"] == "TDX_SUCCESS"
        and static["PAMT.ADD, all right"] == "TDX_OPERAND_INVALID|RAX"
    )


# What module-versions read: TDCX pages (least, most), further pages of a vCPU (least, most), which TDCX page is the root.
@pytest.mark.parametrize("name, tdcx, vcpu, root", [
    ("1.0", (4, 4), (5, 5), 2), ("1.5.06", (6, 9), (5, 14), 3), ("1.5.28", (6, 9), (5, 14), 3), ("2.0.08", (9, 12), (5, 14), 6), ("2.0.18", (9, 12), (5, 14), 6),
])  # fmt: skip
def test_the_counts_of_a_version(name, tdcx, vcpu, root):
    one = version(name)
    assert ((one.tdcx, one.tdcx_max), (one.vcpu_extra, one.vcpu_extra_max), one.sept_root) == (tdcx, vcpu, root)
    assert one.td_pages == 1 + tdcx[0] and one.vcpu_pages == 6 and one.dynamic_pamt == (name > "1.5.06")
    assert one.extra_type.name == ("TDVPX" if name == "1.0" else "TDCX") and one.new_tree == (name == "2.0.18")
    with pytest.raises(InputError, match=r"take one of 1\.0, 1\.5\.06"):
        version("9")


def test_a_page_that_hangs_below_a_pair_is_told_apart_from_a_free_one():
    module = world_at("ready").module
    page = module.m.pamt_2m[EMPTY_WITH_PAIR >> 21].pair[1]
    module.call("TDH.PHYMEM.PAMT.ADD", rcx=page >> 21 << 21 | 1, rdx=0x8000_0000, r8=0x8000_1000)
    assert module.call("TDH.PHYMEM.PAGE.RDMD", rcx=page)["RCX"] == 15, "PT_PAMT, from the bitmap"
    assert module.call("TDH.PHYMEM.PAGE.RDMD", rcx=page + 0x4000)["RCX"] == 0
