"""Pages and the TDX module's wrappers in every posted form, and two designs whose C is their model, step by step."""

from pathlib import Path

import pytest

from tdxkit.c.harness import scenario_of_c
from tdxkit.explore.search import explore
from tdxkit.linux.refcount import scenario

DESIGNS = Path(__file__).parents[3] / "data/designs"
FORM = """
static DEFINE_SPINLOCK(lock);
%(helpers)s
int page_get(kvm_pfn_t pfn)
{
	atomic_t *users = %(find)s;
	%(pages)s
	u64 status;

	if (atomic_inc_not_zero(users))
		return 0;
	if (%(alloc)s)
		return -ENOMEM;
	spin_lock(&lock);
	if (atomic_inc_not_zero(users)) {
		spin_unlock(&lock);
		%(free)s;
		return 0;
	}
	status = tdh_phymem_pamt_add(%(where)s, %(how)s);
	if (%(good)s)
		atomic_set(users, 1);
	spin_unlock(&lock);
	if (!(%(good)s)) {
		%(free)s;
		return -EIO;
	}
	return 0;
}

void page_put(kvm_pfn_t pfn)
{
	atomic_t *users = %(find)s;
	%(pages)s
	u64 status;

	spin_lock(&lock);
	if (!atomic_dec_and_test(users)) {
		spin_unlock(&lock);
		return;
	}
	status = tdh_phymem_pamt_remove(%(where)s, %(how)s);
	if (!(%(good)s))
		atomic_set(users, 1);
	spin_unlock(&lock);
	if (%(good)s)
		%(free)s;
}
"""
ARRAY = {
    "helpers": "", "find": "tdx_find_pamt_refcount(pfn)", "pages": "struct page *pages[2];", "alloc": "alloc_pamt_array(pages)", "free": "free_pamt_array(pages)",
    "where": "pfn", "how": "pages", "good": "IS_TDX_SUCCESS(status)",
}  # fmt: skip
ON_LIST = ARRAY | {
    "find": "tdx_get_pamt_refcount(PFN_PHYS(pfn))", "pages": "LIST_HEAD(pages);", "alloc": "tdx_alloc_pamt_pages(&pages)", "free": "tdx_free_pamt_pages(&pages)",
    "where": "ALIGN_DOWN(PFN_PHYS(pfn), PMD_SIZE) | TDX_PS_2M", "how": "&pages", "good": "status == TDX_SUCCESS",
}  # fmt: skip
OF_PAGE = ARRAY | {"where": "pfn_to_page(pfn)", "find": "tdx_find_dpamt_refcount(pfn)", "good": "!status"}
MASKED = ARRAY | {
    "where": "ALIGN_DOWN(pfn, 512)",
    "pages": "u64 pages[2];",
    "good": "(status & TDX_SEAMCALL_STATUS_MASK) == TDX_SUCCESS",
}
ONE_BY_ONE = """
static void drop_pages(struct list_head *list)
{
	struct page *page;

	while ((page = list_first_entry_or_null(list, struct page, lru))) {
		list_del(&page->lru);
		__free_page(page);
	}
}

static int take_pages(struct list_head *list)
{
	struct page *page;
	int i;

	for (i = 0; i < tdx_nr_pamt_pages(); i++) {
		page = alloc_page(GFP_KERNEL_ACCOUNT);
		if (!page) {
			drop_pages(list);
			return -ENOMEM;
		}
		list_add(&page->lru, list);
	}
	return 0;
}
"""
BY_HAND = ON_LIST | {"helpers": ONE_BY_ONE, "alloc": "take_pages(&pages)", "free": "drop_pages(&pages)"}


def verdicts(text: str, **more):
    made = [scenario_of_c(text, may_fail=fault, **more) for fault in ((), ("alloc",), ("add",), ("remove",))]
    return [(result.verdict, result.property, result.steps) for result in (explore(s, "none") for s in made)]


@pytest.mark.slow
@pytest.mark.parametrize("form", [ARRAY, ON_LIST, OF_PAGE, MASKED], ids=["array", "list", "page", "masked"])
def test_every_posted_form_is_one_program(form):
    assert verdicts(FORM % form) == verdicts(FORM % ARRAY)
    assert explore(scenario_of_c(FORM % form), "none").states == explore(scenario_of_c(FORM % ARRAY), "none").states
    assert [v for v, _, _ in verdicts(FORM % form)[:3]] == ["ok"] * 3


@pytest.mark.parametrize("form", [ARRAY, ON_LIST, OF_PAGE], ids=["array", "list", "page"])
def test_two_regions_are_told_apart(form):
    result = explore(scenario_of_c(FORM % form, regions=2), "none")
    assert (result.verdict, result.states) == ("ok", explore(scenario_of_c(FORM % ARRAY, regions=2), "none").states)


@pytest.mark.slow
def test_pages_one_by_one_and_one_that_is_lost():
    assert [v for v, _, _ in verdicts(FORM % BY_HAND)[:3]] == ["ok"] * 3
    leaks = FORM % (BY_HAND | {"helpers": ONE_BY_ONE.replace("drop_pages(list);\n\t\t\treturn", "return")})
    assert verdicts(leaks)[0][0] == "ok"
    # the first page is had, the second is not
    assert verdicts(leaks)[1] == ("violation", "no page may be lost", 3)


def test_a_wrapper_of_the_text_is_the_models_own():
    text = FORM % (
        ARRAY | {"helpers": "u64 tdh_phymem_pamt_add(u64 hpa, struct page **p) { asm_is_not_read(); return 0; }"}
    )
    made = scenario_of_c(text)
    assert explore(made, "none").verdict == "ok"
    assert any("tdh_phymem_pamt_add() is the model's own" in line for line in made.own.told)


def told(made, memory="sc"):
    """What must be equal: verdict, rule, length, states, and every rule with the shortest run that breaks it."""
    result = explore(made, "none", memory=memory)
    runs = {rule: code.split("+")[0].split(" ", 1)[-1] for rule, code in result.broken.items()}
    return result.verdict, result.property, result.steps, result.states, runs


@pytest.mark.slow
@pytest.mark.parametrize("threads,rounds", [(2, 1), (3, 1), (2, 2)])
def test_lazy_in_c_is_its_model(threads, rounds):
    made = scenario_of_c(
        (DESIGNS / "lazy.c").read_text(), run=("if (!fault_get(0)) zap_put(0);",), threads=threads, rounds=rounds
    )
    for memory in ("sc", "tso"):
        assert told(made, memory) == told(scenario("lazy", threads, rounds), memory)


@pytest.mark.parametrize("threads,rounds", [(2, 1), (3, 1), (2, 2)])
def test_per_region_in_c_is_its_model(threads, rounds):
    made = scenario_of_c((DESIGNS / "per-region.c").read_text(), regions=2, threads=threads, rounds=rounds)
    assert told(made) == told(scenario("per-region", threads, rounds))


def test_a_guarded_count_is_for_who_holds_its_lock():
    text = "static DEFINE_RWLOCK(a); static DEFINE_RWLOCK(b); int one_get(kvm_pfn_t p) { write_lock(&a); tdx_region_set_count(p, &b, 1); write_unlock(&a); return 0; }"
    result = explore(scenario_of_c(text + "void one_put(kvm_pfn_t p) { }"), "none")
    assert result.verdict == "violation" and "who does not hold it" in result.property
