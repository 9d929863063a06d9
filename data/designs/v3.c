/*
 * v3 (07 and 08/16): pages first; a get whose ADD failed says 0, uncounted.
 * Written from the step-by-step program of the posting, not from its text.
 */
static DEFINE_SPINLOCK(pamt_lock);

/* The slow half of a get: did the module take the pages? */
static bool module_took(kvm_pfn_t pfn, atomic_t *users, struct page **pages)
{
	guard(spinlock)(&pamt_lock);

	if (atomic_read(users) == 0) {
		u64 status = tdh_phymem_pamt_add(pfn, pages);

		if (IS_TDX_SUCCESS(status)) {
			atomic_set(users, 1);
			return true;
		}
		if (!IS_TDX_HPA_RANGE_NOT_FREE(status))
			return false;
	}
	atomic_inc(users);
	return false;
}

/* The slow half of a put: did the module give the pages back? */
static bool module_gave(kvm_pfn_t pfn, atomic_t *users, struct page **pages)
{
	guard(spinlock)(&pamt_lock);

	if (atomic_read(users))
		return false;
	if (IS_TDX_SUCCESS(tdh_phymem_pamt_remove(pfn, pages)))
		return true;
	atomic_inc(users);
	return false;
}

int early_pages_get(kvm_pfn_t pfn)
{
	atomic_t *users = tdx_find_pamt_refcount(pfn);
	struct page *pages[2];
	int err = alloc_pamt_array(pages);

	if (err)
		return err;
	if (atomic_inc_not_zero(users) || !module_took(pfn, users, pages))
		free_pamt_array(pages);
	return 0;
}

void early_pages_put(kvm_pfn_t pfn)
{
	atomic_t *users = tdx_find_pamt_refcount(pfn);
	struct page *pages[2];

	if (atomic_dec_and_test(users) && module_gave(pfn, users, pages))
		free_pamt_array(pages);
}
