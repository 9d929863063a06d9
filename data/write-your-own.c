/* A put that does not look again: change it, and judge it. */
static DEFINE_SPINLOCK(pamt_lock);

int pair_get(kvm_pfn_t pfn)
{
	atomic_t *users = tdx_find_pamt_refcount(pfn);
	struct page *pages[2];
	u64 status = 0;
	int err = 0;

	if (atomic_inc_not_zero(users))
		return 0;
	if (alloc_pamt_array(pages))
		return -ENOMEM;

	spin_lock(&pamt_lock);
	if (atomic_inc_not_zero(users))
		goto spare;
	status = tdh_phymem_pamt_add(pfn, pages);
	if (IS_TDX_SUCCESS(status)) {
		atomic_set(users, 1);
		spin_unlock(&pamt_lock);
		return 0;
	}
	if (IS_TDX_HPA_RANGE_NOT_FREE(status))
		atomic_set(users, 1);	/* there is a pair already */
	else
		err = -EIO;
spare:
	spin_unlock(&pamt_lock);
	free_pamt_array(pages);
	return err;
}

void pair_put(kvm_pfn_t pfn)
{
	atomic_t *users = tdx_find_pamt_refcount(pfn);
	struct page *pages[2];

	if (!atomic_dec_and_test(users))
		return;

	spin_lock(&pamt_lock);
	tdh_phymem_pamt_remove(pfn, pages);
	spin_unlock(&pamt_lock);
	free_pamt_array(pages);
}
