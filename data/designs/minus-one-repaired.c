/*
 * minus-one, repaired by this workbook: starts at -1, --set refcount=-1.
 * Written from the step-by-step program of this workbook's model.
 */
enum { NO_PAIR = -1, ONE_USER };

static DEFINE_SPINLOCK(pamt_lock);

static inline bool one_more(atomic_t *users)
{
	return atomic_inc_unless_negative(users);
}

static inline bool one_less(atomic_t *users)
{
	return atomic_dec_if_positive(users) >= 0;
}

int mended_get(kvm_pfn_t pfn)
{
	atomic_t *users = tdx_find_pamt_refcount(pfn);
	struct page *pages[2];
	bool counted, failed;

	if (one_more(users))
		return 0;
	if (alloc_pamt_array(pages))
		return -ENOMEM;

	spin_lock(&pamt_lock);
	counted = one_more(users);
	failed = !counted && !IS_TDX_SUCCESS(tdh_phymem_pamt_add(pfn, pages));
	if (!counted && !failed)
		atomic_set(users, ONE_USER);
	spin_unlock(&pamt_lock);

	if (counted || failed)
		free_pamt_array(pages);
	return failed ? -EIO : 0;
}

void mended_put(kvm_pfn_t pfn)
{
	atomic_t *users = tdx_find_pamt_refcount(pfn);
	struct page *pages[2];
	u64 status;

	if (one_less(users))
		return;
	scoped_guard(spinlock, &pamt_lock) {
		if (one_less(users))
			return;
		status = tdh_phymem_pamt_remove(pfn, pages);
		atomic_set(users, NO_PAIR);
	}
	if (IS_TDX_SUCCESS(status))
		free_pamt_array(pages);
}
