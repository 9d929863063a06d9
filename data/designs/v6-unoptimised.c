/*
 * v6 before its optimisation (03 and 05/11): all locked; the ends set 1 and 0.
 * Written from the step-by-step program of the posting, not from its text.
 */
#define IN_USE_BY_MORE(users)	(atomic_read(users) > 1)

struct pair {
	struct page *pages[2];
};

static DEFINE_SPINLOCK(pamt_lock);

int paired_get(kvm_pfn_t pfn)
{
	atomic_t *users = tdx_find_pamt_refcount(pfn);
	struct pair mine;
	bool kept = false;
	int err;

	err = alloc_pamt_array(mine.pages);
	if (err)
		return err;

	spin_lock(&pamt_lock);
	if (atomic_read(users) != 0)
		atomic_inc(users);
	else if (!IS_TDX_SUCCESS(tdh_phymem_pamt_add(pfn, mine.pages)))
		err = -EIO;
	else {
		atomic_set(users, 1);
		kept = true;
	}
	spin_unlock(&pamt_lock);

	if (!kept)
		free_pamt_array(mine.pages);
	return err;
}

void paired_put(kvm_pfn_t pfn)
{
	atomic_t *users = tdx_find_pamt_refcount(pfn);
	struct pair got;
	bool last = false;

	spin_lock(&pamt_lock);
	if (IN_USE_BY_MORE(users))
		atomic_dec(users);
	else if (IS_TDX_SUCCESS(tdh_phymem_pamt_remove(pfn, got.pages))) {
		atomic_set(users, 0);
		last = true;
	}
	spin_unlock(&pamt_lock);

	if (last)
		free_pamt_array(got.pages);
}
