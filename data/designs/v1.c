/*
 * v1 (RFC, 05/12): the lock is for ADD, REMOVE and a second look at the count.
 * Written from the step-by-step program of the posting, not from its text.
 */
static DEFINE_SPINLOCK(pamt_lock);

/* No user was counted when it looked. */
static int plug_in(atomic_t *users, kvm_pfn_t pfn, struct page **pages)
{
	u64 status = tdh_phymem_pamt_add(pfn, pages);

	if (!IS_TDX_SUCCESS(status)) {
		free_pamt_array(pages);
		if (!IS_TDX_HPA_RANGE_NOT_FREE(status))
			return -EIO;
	}
	atomic_set(users, 1);
	return 0;
}

int backing_get(kvm_pfn_t pfn)
{
	atomic_t *users = tdx_find_pamt_refcount(pfn);
	struct page *pages[2];
	int err;

	if (atomic_inc_not_zero(users))
		return 0;
	if (alloc_pamt_array(pages))
		return -ENOMEM;

	spin_lock(&pamt_lock);
	if (atomic_read(users)) {
		atomic_inc(users);
		spin_unlock(&pamt_lock);
		free_pamt_array(pages);
		return 0;
	}
	err = plug_in(users, pfn, pages);
	spin_unlock(&pamt_lock);
	return err;
}

void backing_put(kvm_pfn_t pfn)
{
	atomic_t *users = tdx_find_pamt_refcount(pfn);
	struct page *pages[2];

	if (!atomic_dec_and_test(users))
		return;
	spin_lock(&pamt_lock);
	if (atomic_read(users) ||
	    !IS_TDX_SUCCESS(tdh_phymem_pamt_remove(pfn, pages))) {
		spin_unlock(&pamt_lock);
		return;
	}
	spin_unlock(&pamt_lock);
	free_pamt_array(pages);
}
