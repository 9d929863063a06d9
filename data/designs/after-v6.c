/*
 * The text newer than v6: all locked, and a get counts in one operation.
 * Written from the step-by-step program of that text, not from the text.
 */
static DEFINE_SPINLOCK(pamt_lock);

int held_pamt_get(kvm_pfn_t pfn)
{
	atomic_t *users = tdx_find_pamt_refcount(pfn);
	struct page *pages[2];
	int err;

	err = alloc_pamt_array(pages);
	if (err)
		return err;

	spin_lock(&pamt_lock);
	if (likely(atomic_inc_not_zero(users)))
		goto spare;
	if (unlikely(!IS_TDX_SUCCESS(tdh_phymem_pamt_add(pfn, pages)))) {
		err = -EIO;
		goto spare;
	}
	atomic_set(users, 1);
	spin_unlock(&pamt_lock);
	return 0;

spare:
	spin_unlock(&pamt_lock);
	free_pamt_array(pages);
	return err;
}

/* One user less: was it the last, and are the pages back? */
static bool one_less(atomic_t *users, kvm_pfn_t pfn, struct page **pages)
{
	lockdep_assert_held(&pamt_lock);

	if (atomic_read(users) > 1) {
		atomic_dec(users);
		return false;
	}
	if (!IS_TDX_SUCCESS(tdh_phymem_pamt_remove(pfn, pages)))
		return false;
	atomic_set(users, 0);
	return true;
}

void held_pamt_put(kvm_pfn_t pfn)
{
	struct page *pages[2];
	bool last;

	spin_lock(&pamt_lock);
	last = one_less(tdx_find_pamt_refcount(pfn), pfn, pages);
	spin_unlock(&pamt_lock);
	if (last)
		free_pamt_array(pages);
}
