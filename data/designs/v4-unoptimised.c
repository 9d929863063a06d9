/*
 * v4 before its optimisation (07/16): all locked; a failed ADD is not told.
 * Written from the step-by-step program of the posting, not from its text.
 */
static DEFINE_SPINLOCK(pamt_lock);

int locked_pamt_get(kvm_pfn_t pfn)
{
	atomic_t *users = tdx_find_pamt_refcount(pfn);
	struct page *pages[2] = { NULL, NULL };
	int err;

	err = alloc_pamt_array(pages);
	if (err)
		goto give_back;	/* maybe one of the two could be had */

	spin_lock(&pamt_lock);
	if (atomic_read(users)) {
		atomic_inc(users);
	} else if (IS_TDX_SUCCESS(tdh_phymem_pamt_add(pfn, pages))) {
		atomic_inc(users);
		spin_unlock(&pamt_lock);
		return 0;
	}
	spin_unlock(&pamt_lock);

give_back:
	free_pamt_array(pages);
	return err;
}

void locked_pamt_put(kvm_pfn_t pfn)
{
	atomic_t *users = tdx_find_pamt_refcount(pfn);
	struct page *pages[2];
	bool last = false;

	spin_lock(&pamt_lock);
	if (atomic_read(users) > 1) {
		atomic_dec(users);
	} else if (IS_TDX_SUCCESS(tdh_phymem_pamt_remove(pfn, pages))) {
		atomic_dec(users);
		last = true;
	}
	spin_unlock(&pamt_lock);

	if (last)
		free_pamt_array(pages);
}
