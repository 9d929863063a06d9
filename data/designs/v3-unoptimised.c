/*
 * v3 before its optimisation (07/16): only the get that adds the pair counts.
 * Written from the step-by-step program of the posting, not from its text.
 */
static DEFINE_SPINLOCK(pamt_lock);

int single_get(kvm_pfn_t pfn)
{
	atomic_t *users = tdx_find_pamt_refcount(pfn);
	struct page *pages[2];
	bool kept = false;

	if (alloc_pamt_array(pages) != 0)
		return -ENOMEM;

	scoped_guard(spinlock, &pamt_lock) {
		if (!atomic_read(users) &&
		    IS_TDX_SUCCESS(tdh_phymem_pamt_add(pfn, pages))) {
			atomic_inc(users);
			kept = true;
		}
	}

	if (!kept)
		free_pamt_array(pages);
	return 0;	/* whatever ADD answered */
}

void single_put(kvm_pfn_t pfn)
{
	atomic_t *users = tdx_find_pamt_refcount(pfn);
	struct page *pages[2];

	scoped_guard(spinlock, &pamt_lock) {
		if (!atomic_read(users))
			return;
		if (!IS_TDX_SUCCESS(tdh_phymem_pamt_remove(pfn, pages)))
			return;
		atomic_dec(users);
	}
	free_pamt_array(pages);
}
