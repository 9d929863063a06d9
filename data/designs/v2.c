/*
 * v2 (04/12): spare pages go back unlocked; a REMOVE that fails counts again.
 * Written from the step-by-step program of the posting, not from its text.
 */
static DEFINE_SPINLOCK(pamt_lock);

int region_pair_get(kvm_pfn_t pfn)
{
	atomic_t *users = tdx_find_pamt_refcount(pfn);
	struct page *pages[2];
	bool taken = false;
	int err = 0;
	u64 status;

	if (atomic_inc_not_zero(users))
		return 0;
	if (alloc_pamt_array(pages) < 0)
		return -ENOMEM;

	spin_lock(&pamt_lock);
	if (atomic_read(users)) {
		atomic_inc(users);
		goto unlock;
	}
	status = tdh_phymem_pamt_add(pfn, pages);
	taken = IS_TDX_SUCCESS(status);
	if (taken || IS_TDX_HPA_RANGE_NOT_FREE(status))
		atomic_set(users, 1);
	else
		err = -EIO;
unlock:
	spin_unlock(&pamt_lock);
	if (!taken)
		free_pamt_array(pages);
	return err;
}
EXPORT_SYMBOL_GPL(region_pair_get);

void region_pair_put(kvm_pfn_t pfn)
{
	atomic_t *users = tdx_find_pamt_refcount(pfn);
	struct page *pages[2];

	if (!atomic_dec_and_test(users))
		return;

	spin_lock(&pamt_lock);
	if (atomic_read(users))
		goto unlock;
	if (!IS_TDX_SUCCESS(tdh_phymem_pamt_remove(pfn, pages))) {
		atomic_inc(users);
		goto unlock;
	}
	spin_unlock(&pamt_lock);
	free_pamt_array(pages);
	return;
unlock:
	spin_unlock(&pamt_lock);
}
