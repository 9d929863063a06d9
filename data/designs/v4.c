/*
 * v4 (07 and 08/16): the common way takes no lock; a failed ADD is not told.
 * Written from the step-by-step program of the posting, not from its text.
 */
static DEFINE_SPINLOCK(pamt_lock);

/* Count, adding the pair first where nobody had: are the pages spare? */
static bool add_or_count(atomic_t *users, kvm_pfn_t pfn, struct page **pages)
{
	u64 status;

	guard(spinlock)(&pamt_lock);
	switch (atomic_read(users)) {
	case 0:
		status = tdh_phymem_pamt_add(pfn, pages);
		if (IS_TDX_SUCCESS(status) || IS_TDX_HPA_RANGE_NOT_FREE(status))
			atomic_set(users, 1);
		return !IS_TDX_SUCCESS(status);
	default:
		atomic_inc(users);
		return true;
	}
}

int quick_pamt_get(kvm_pfn_t pfn)
{
	atomic_t *users = tdx_find_pamt_refcount(pfn);
	struct page *pages[2] = {};
	int err;

	if (atomic_inc_not_zero(users))
		return 0;

	err = alloc_pamt_array(pages);
	if (err || add_or_count(users, pfn, pages))
		free_pamt_array(pages);
	return err;
}

void quick_pamt_put(kvm_pfn_t pfn)
{
	atomic_t *users = tdx_find_pamt_refcount(pfn);
	struct page *pages[2];

	if (!atomic_dec_and_test(users))
		return;

	scoped_guard(spinlock, &pamt_lock) {
		if (atomic_read(users))
			return;
		if (!IS_TDX_SUCCESS(tdh_phymem_pamt_remove(pfn, pages))) {
			atomic_inc(users);
			return;
		}
	}
	free_pamt_array(pages);
}
