/*
 * v5 before its optimisation (16/45): all locked; a failed ADD is -EIO.
 * Written from the step-by-step program of the posting, not from its text.
 */
static DEFINE_SPINLOCK(pamt_lock);

int frank_pamt_get(kvm_pfn_t pfn)
{
	atomic_t *users = tdx_find_pamt_refcount(pfn);
	struct page *pages[2] = { NULL };
	int err = alloc_pamt_array(pages);
	bool first = false;

	if (!err) {
		spin_lock(&pamt_lock);
		first = !atomic_read(users);
		if (first && !IS_TDX_SUCCESS(tdh_phymem_pamt_add(pfn, pages)))
			err = -EIO;
		else
			atomic_inc(users);
		spin_unlock(&pamt_lock);
	}

	if (!first || err)
		free_pamt_array(pages);
	return err;
}

void frank_pamt_put(kvm_pfn_t pfn)
{
	atomic_t *users = tdx_find_pamt_refcount(pfn);
	struct page *pages[2];
	bool last, got;

	spin_lock(&pamt_lock);
	last = atomic_read(users) <= 1;
	got = last ? IS_TDX_SUCCESS(tdh_phymem_pamt_remove(pfn, pages)) : false;
	if (!last || got)
		atomic_dec(users);
	spin_unlock(&pamt_lock);

	if (got)
		free_pamt_array(pages);
}
