"""What a get and a put are called with, and pages that lie where all CPUs see them."""

import pytest

from tdxkit.c.harness import scenario_of_c
from tdxkit.errors import ModelError
from tdxkit.explore.search import explore
from tdxkit.linux.refcount import module
from tests.c.kernel.alone import alone

PAIR = """
static DEFINE_SPINLOCK(lock);
static struct page *pool;
static LIST_HEAD(spare);
static int extra(void) { EXTRA return 0; }
int x_get(GIVEN)
{
	struct page *pages[2];
	int err = extra();

	CHECK;
	if (err || alloc_pamt_array(pages))
		return -ENOMEM;
	spin_lock(&lock);
	if (atomic_inc_return(tdx_find_pamt_refcount(WHERE)) > 1) {
		spin_unlock(&lock);
		free_pamt_array(pages);
		return 0;
	}
	tdh_phymem_pamt_add(WHERE, pages);
	spin_unlock(&lock);
	return 0;
}
void x_put(GIVEN)
{
	struct page *pages[2];

	spin_lock(&lock);
	if (atomic_dec_return(tdx_find_pamt_refcount(WHERE))) {
		spin_unlock(&lock);
		return;
	}
	tdh_phymem_pamt_remove(WHERE, pages);
	spin_unlock(&lock);
	free_pamt_array(pages);
}
"""


def text_of(given="kvm_pfn_t pfn", where="pfn", check="", extra=""):
    text = PAIR.replace("GIVEN", given).replace("WHERE", where).replace("CHECK", check).replace("EXTRA", extra)
    return text if extra else text.replace("static struct page *pool;", "").replace("static LIST_HEAD(spare);", "")


GIVEN = [  # parameters, what names the region, its page frame from it
    ("kvm_pfn_t pfn", "pfn", "pfn"), ("hpa_t hpa", "hpa", "hpa >> PAGE_SHIFT"), ("phys_addr_t at", "at", "PHYS_PFN(at)"), ("u64 pa", "pa", "pa >> 12"),
    ("unsigned long paddr", "paddr", "paddr >> 12"), ("struct page *page", "page_to_pfn(page)", "page_to_pfn(page)"), ("u64 number", "number", "number"),
    ("int level, hpa_t hpa", "hpa", "hpa >> 12"), ("void *kvm, kvm_pfn_t pfn", "pfn", "pfn"), ("struct page **more, u64 *pa, kvm_pfn_t pfn", "pfn", "pfn"),
]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("given,where,frame", GIVEN)
def test_what_says_the_region_is_a_page_frame_or_an_address(given, where, frame):
    """Two CPUs, a region each: the second begins at page frame 512, which is address 0x200000; a WARN tells where it is called so."""
    told = text_of(given, where, f"WARN_ON({frame} == 512)")
    result = explore(scenario_of_c(told, regions=2), "none")
    assert (result.verdict, result.steps) == ("violation", 1) and "WARN_ON()" in result.property
    other = text_of(given, where, f"WARN_ON({frame} != 512 && {frame} != 0)")
    assert explore(scenario_of_c(other, regions=2), "none").verdict == "ok"


EXTRA = "struct page *p = alloc_page(GFP_KERNEL); if (!p) return -ENOMEM; "
KEEPS = [  # what is done with a page more, the rule that some run breaks
    ("__free_page(p);", ""), ("", "lost"), ("struct page *old = xchg(&pool, p); if (old) __free_page(old);", ""), ("xchg(&pool, p);", "lost"),
    ("if (cmpxchg(&pool, NULL, p)) __free_page(p);", ""), ("cmpxchg(&pool, NULL, p);", "lost"), ("spin_lock(&lock); if (pool) __free_page(pool); pool = p; spin_unlock(&lock);", ""),
    ("spin_lock(&lock); swap(pool, p); spin_unlock(&lock); if (p) __free_page(p);", ""), ("if (pool) __free_page(pool); pool = p;", "lost"), ("pool = p;", "lost"),
    ("spin_lock(&lock); list_add(&p->lru, &spare); spin_unlock(&lock);", ""), ("list_add(&p->lru, &spare);", "lost"),
    ("spin_lock(&lock); list_add(&p->lru, &spare); p = list_first_entry(&spare, struct page, lru); list_del(&p->lru); spin_unlock(&lock); __free_page(p);", ""),
    ("spin_lock(&lock); list_add(&p->lru, &spare); p = list_first_entry(&spare, struct page, lru); list_del(&p->lru); spin_unlock(&lock);", "lost"),
    ("LIST_HEAD(mine); spin_lock(&lock); list_add(&p->lru, &spare); list_splice_init(&spare, &mine); list_splice(&mine, &spare); spin_unlock(&lock);", ""),
    ("LIST_HEAD(mine); spin_lock(&lock); list_add(&p->lru, &spare); list_splice_init(&spare, &mine); spin_unlock(&lock);", "lost"),
]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("keeps,rule", KEEPS)
def test_a_page_in_a_shared_variable_is_not_lost_and_one_that_is_written_over_is(keeps, rule):
    scenario = scenario_of_c(text_of(extra=EXTRA + keeps))
    result = explore(scenario, "none")
    assert (result.verdict, rule in (result.property or "")) == ("violation" if rule else "ok", True)
    assert any("pages lie in shared variables" in line for line in scenario.own.told)


def test_where_no_page_can_lie_there_each_cpu_has_no_less_than_none():
    scenario = scenario_of_c(text_of())
    assert module.PAGE_IN_HAND in {rule.name for rule in scenario.asked} and not scenario.own.told
    assert module.PAGE_IN_HAND not in {rule.name for rule in scenario_of_c(text_of(extra=EXTRA + "pool = p;")).asked}


ARRAYS = """
static DEFINE_MUTEX(m);
static int users;
DECLARED
static int x_get(u64 pfn)
{
	LOCAL
	guard(mutex)(&m);
	if (users++)
		return 0;
	if (alloc_it(ARRAY)) {
		users--;
		return -ENOMEM;
	}
	tdh_phymem_pamt_add(pfn, ARRAY);
	return 0;
}
static void x_put(u64 pfn)
{
	LOCAL
	guard(mutex)(&m);
	if (--users)
		return;
	tdh_phymem_pamt_remove(pfn, ARRAY);
	free_it(ARRAY);
}
"""
BY_NAME = "#define alloc_it alloc_pamt_array\n#define free_it free_pamt_array\n"
LENT = "static int alloc_it(struct page **p) { return alloc_pamt_array(p); } static void free_it(struct page **p) { free_pamt_array(p); }"
WHERE = [  # what is declared for all, what in the function, and the array
    (f"{BY_NAME} struct d {{ int n; struct page *pages[2]; }}; static struct d d, *p = &d;", "", "p->pages"), (LENT, "struct page *pages[2];", "pages"),
    (f"{BY_NAME} static struct page **seen;", "struct page *pages[2]; WRITE_ONCE(seen, pages);", "pages"),
]  # fmt: skip


def arrays(declared: str, local: str, array: str, **more):
    text = ARRAYS.replace("DECLARED", declared).replace("LOCAL", local).replace("ARRAY", array)
    return explore(scenario_of_c(text, **more), "movers")


def test_the_pages_of_a_pair_lie_in_an_array_wherever_that_is():
    for declared, local, array in WHERE:
        result = arrays(declared, local, array, may_fail=("alloc",) if "d;" in declared else ())
        assert (result.verdict, result.races) == ("ok", ()), (declared, local)
    assert arrays(f"{BY_NAME} static struct page **pages;", "", "pages").property == "line 13: NULL is followed"
    with pytest.raises(
        ModelError, match=r"of pages: a page in an integer that CPUs share .* declare `struct page \*pages\[2\]`"
    ):
        arrays(f"{BY_NAME} static u64 pages[2];", "", "pages")


UNFILLED = [  # what was never filled goes: where a get finds a pair, after a REMOVE that failed, to the module
    ("return 0;\n\t}\n\ttdh", "return 0;\n\t}\n\tfree_pamt_array(more);\n\ttdh", (), "line 20: what was never filled is freed"),
    ("", "", ("remove",), "line 35: what was never filled is freed"),
    ("tdh_phymem_pamt_add(pfn, pages)", "tdh_phymem_pamt_add(pfn, more)", (), "line 20: what was never filled is given to the module"),
]  # fmt: skip


@pytest.mark.parametrize("old, new, fails, said", UNFILLED)
def test_what_was_never_filled_holds_no_pages(old, new, fails, said):
    text = text_of().replace("struct page *pages[2];", "struct page *pages[2], *more[2];", 1)
    assert old in text
    assert said in explore(scenario_of_c(text.replace(old, new), may_fail=fails), "movers").broken


def test_an_array_that_memory_ran_out_for_is_empty_and_may_be_freed():
    text = text_of().replace("return -ENOMEM", "{ free_pamt_array(pages); return -ENOMEM; }")
    assert explore(scenario_of_c(text, may_fail=("alloc",)), "movers").verdict == "ok" and text != text_of()


def test_an_array_of_pages_that_two_cpus_share_is_stored_to_page_by_page():
    text, run = "static struct page *pages[2];", "if (!alloc_pamt_array(pages)) free_pamt_array(pages);"
    assert alone(text, run).names[1:5] == ("write pages[0]", "write pages[1]", "read pages[0]", "read pages[1]")
    races = explore(scenario_of_c(text, run=(run,))).races
    assert {race.split(": ")[0] for race in races} == {"data race on pages[0]", "data race on pages[1]"}
    assert alone(text, "alloc_pamt_array(NULL);").broken == ("--run 1, line 1: NULL is followed",)
