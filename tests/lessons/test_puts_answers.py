"""A get and a put that look right and are not: what is said of each."""

import pytest

from tdxkit.lessons.exercises import exercise_named
from tdxkit.work import drive

pytestmark = pytest.mark.slow  # all rows together

MEND, YOURS = exercise_named("mend-put"), exercise_named("your-put")
REMOVES = (
    "\tif (!IS_TDX_SUCCESS(tdh_phymem_pamt_remove(pfn, pages))) {\n\t\tatomic_inc(users);\n\t\tgoto unlock;\n\t}\n"
)
WHATEVER, ALLOCATES = (
    "\ttdh_phymem_pamt_remove(pfn, pages);\n",
    "\tif (alloc_pamt_array(pages) < 0)\n\t\treturn -ENOMEM;\n",
)
UNUSED = ("\treturn;\nunlock:\n\tspin_unlock(&pamt_lock);\n}", "}")  # where nothing jumps to it any more
COUNTS_AGAIN = "\tif (!IS_TDX_SUCCESS(status))\n\t\tatomic_set(users, 1);\t/* the pair is still there */\n"
FAILS = "Where an allocation, ADD or REMOVE fails it breaks: "
NOT_MENDED = [
    ([(REMOVES, WHATEVER), UNUSED], f"{FAILS}line 49: what was never filled is freed"),
    ([(REMOVES, "\tBUG_ON(!IS_TDX_SUCCESS(tdh_phymem_pamt_remove(pfn, pages)));\n"), UNUSED], f"{FAILS}BUG_ON() of line 47"),
    ([("\t\tatomic_inc(users);\n\t\tgoto unlock;\n\t}\n\tspin", "\t\tgoto unlock;\n\t}\n\tspin")], f"{FAILS}at the end a pair was left that no count tells of"),
    ([(ALLOCATES, "\talloc_pamt_array(pages);\n")], f"{FAILS}a page was given away that was not in hand"),
    ([("\t\terr = -EIO;", "\t\terr = 0;")], f"{FAILS}a page came into use without a pair"),
]  # fmt: skip
NOT_ON_ITS_RUNG = [
    ([("\tif (IS_TDX_SUCCESS(status))\n\t\tfree_pamt_array(pages);\n}", "\tfree_pamt_array(pages);\n}")], "a REMOVE that fails", "what was never filled is freed"),
    ([(COUNTS_AGAIN, "")], "a REMOVE that fails", "at the end a pair was left that no count tells of"),
    ([("\telse\n\t\terr = -EIO;\n", "")], "an ADD that fails", "a page came into use without a pair"),
    ([("err = -EIO;", "atomic_set(users, 1);")], "an ADD that fails", "a page came into use without a pair"),
]  # fmt: skip
LOCKS_OF_ONES_OWN = [
    ("static atomic_t busy;", "atomic_xchg(&busy, 1)", "atomic_set(&busy, 0)"),
    ("static int busy;", "cmpxchg(&busy, 0, 1)", "smp_store_release(&busy, 0)"),
    ("static unsigned long busy;", "test_and_set_bit_lock(0, &busy)", "clear_bit_unlock(0, &busy)"),
    ("static unsigned long busy;", "!bit_spin_trylock(0, &busy)", "bit_spin_unlock(0, &busy)"),
]


def changed(text, *pairs):
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    return text


@pytest.mark.parametrize("pairs, said", NOT_MENDED)
def test_a_mend_that_breaks_only_where_something_fails(pairs, said):
    found = drive(MEND.check(changed(MEND.solution, *pairs)))
    assert not found.passed and said in found.says and found.run is not None


@pytest.mark.slow
@pytest.mark.parametrize("pairs, rung, said", NOT_ON_ITS_RUNG)
def test_a_put_that_throws_a_status_away_comes_no_further_than_its_rung(pairs, rung, said):
    found = drive(YOURS.check(changed(YOURS.solution, *pairs)))
    assert not found.passed and f"On the rung “{rung}” it breaks: " in found.says and said in found.says


@pytest.mark.parametrize("declared, takes, gives", LOCKS_OF_ONES_OWN)
def test_a_lock_of_ones_own_around_the_put_is_a_lock(declared, takes, gives):
    """Whatever it is made of: where the pair stays who puts has to wait for another who does."""
    found = drive(
        MEND.check(
            changed(
                MEND.solution,
                ("static DEFINE_SPINLOCK(pamt_lock);", f"static DEFINE_SPINLOCK(pamt_lock);\n{declared}"),
                ("\tif (!atomic_dec_and_lock(users, &pamt_lock))\n\t\treturn;\n",
                 f"\twhile ({takes})\n\t\tcpu_relax();\n\tif (!atomic_dec_and_lock(users, &pamt_lock)) {{\n\t\t{gives};\n\t\treturn;\n\t}}\n\t{gives};\n"),
            )
        )
    )  # fmt: skip
    assert not found.passed and "the fast path is gone: the pair is there and stays there" in found.says, found.says
    assert "has to wait for another CPU" in found.says and found.run is not None


def test_a_fast_path_that_tries_again_waits_for_nobody():
    """Each try that fails is one of another CPU's that did not."""
    loop = "\tint old = atomic_read(users);\n\n\twhile (old > 1) {\n\t\tint now = atomic_cmpxchg(users, old, old - 1);\n\n\t\tif (now == old)\n\t\t\treturn;\n\t\told = now;\n\t}\n"
    text = changed(MEND.solution, ("\tif (!atomic_dec_and_lock", f"{loop}\tif (!atomic_dec_and_lock"))
    found = drive(MEND.check(text))
    assert found.passed, found.says


def test_a_text_with_a_count_of_its_own_is_asked_only_what_the_model_knows_of_it():
    own = changed(
        MEND.solution,
        ("tdx_find_pamt_refcount(pfn)", "&mine"),
        ("static DEFINE", "static atomic_t mine;\nstatic DEFINE"),
    )
    found = drive(MEND.check(own))
    assert found.passed, found.says


def test_python_is_no_mend_of_c():
    assert "C is asked for" in drive(MEND.check("def put(m, region):\n    yield 'nothing'\n")).says
