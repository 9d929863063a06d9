/*
 * inc-first (never posted): a get counts first and adds the pair after.
 * Written from the step-by-step program of this workbook's model.
 */
static DEFINE_SPINLOCK(count_lock);

int hasty_get(kvm_pfn_t pfn)
{
	atomic_t *users = tdx_find_pamt_refcount(pfn);
	struct page *pages[2];
	int err;

	if (atomic_inc_return(users) != 1)
		return 0;

	err = alloc_pamt_array(pages);
	if (err) {
		atomic_dec(users);
		return err;
	}

	spin_lock(&count_lock);
	if (IS_TDX_SUCCESS(tdh_phymem_pamt_add(pfn, pages))) {
		spin_unlock(&count_lock);
		return 0;
	}
	atomic_dec(users);
	spin_unlock(&count_lock);
	free_pamt_array(pages);
	return -EIO;
}

void hasty_put(kvm_pfn_t pfn)
{
	atomic_t *users = tdx_find_pamt_refcount(pfn);
	struct page *pages[2];

	if (atomic_add_unless(users, -1, 1))
		return;		/* there are others */

	spin_lock(&count_lock);
	if (!atomic_dec_and_test(users))
		goto unlock;	/* one came since */
	if (!IS_TDX_SUCCESS(tdh_phymem_pamt_remove(pfn, pages))) {
		atomic_set(users, 1);
		goto unlock;
	}
	spin_unlock(&count_lock);
	free_pamt_array(pages);
	return;
unlock:
	spin_unlock(&count_lock);
}
