/*
 * v6 (03, 05 and 06/11): only under the lock does the count become 0.
 * Written from the step-by-step program of the posting, not from its text.
 */
static DEFINE_SPINLOCK(pamt_lock);

int pamt_user_get(kvm_pfn_t pfn)
{
	atomic_t *users = tdx_find_pamt_refcount(pfn);
	struct page *pages[2];
	bool spare = true;
	int err;

	if (atomic_inc_not_zero(users))
		return 0;	/* so there is a pair */

	err = alloc_pamt_array(pages);
	if (err)
		return err;

	scoped_guard(spinlock, &pamt_lock) {
		if (atomic_read(users)) {
			atomic_inc(users);
		} else if (IS_TDX_SUCCESS(tdh_phymem_pamt_add(pfn, pages))) {
			atomic_set(users, 1);
			spare = false;
		} else {
			err = -EIO;
		}
	}

	if (spare)
		free_pamt_array(pages);
	return err;
}

void pamt_user_put(kvm_pfn_t pfn)
{
	atomic_t *users = tdx_find_pamt_refcount(pfn);
	struct page *pages[2];
	u64 status;

	if (!atomic_dec_and_lock(users, &pamt_lock))
		return;

	status = tdh_phymem_pamt_remove(pfn, pages);
	if (!IS_TDX_SUCCESS(status)) {
		pr_err("PAMT.REMOVE of pfn %llx: %llx\n", pfn, status);
		atomic_set(users, 1);	/* the pair is still there */
	}
	spin_unlock(&pamt_lock);

	if (IS_TDX_SUCCESS(status))
		free_pamt_array(pages);
}
