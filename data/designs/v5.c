/*
 * v5 (16 and 17/45): the common way takes no lock; a failed ADD is -EIO.
 * Written from the step-by-step program of the posting, not from its text.
 */
DEFINE_FREE(spare_pages, struct page **, if (_T) free_pamt_array(_T))

static DEFINE_SPINLOCK(pamt_lock);

int scoped_pamt_get(kvm_pfn_t pfn)
{
	atomic_t *users = tdx_find_pamt_refcount(pfn);
	struct page *pages[2] = {};
	u64 status;

	if (atomic_inc_not_zero(users))
		return 0;

	/* Let go of after the lock, as it stands before the guard. */
	struct page **spare __free(spare_pages) = pages;

	if (alloc_pamt_array(pages))
		return -ENOMEM;

	guard(spinlock)(&pamt_lock);
	if (atomic_read(users)) {
		atomic_inc(users);
		return 0;
	}

	status = tdh_phymem_pamt_add(pfn, pages);
	if (IS_TDX_SUCCESS(status))
		spare = NULL;	/* the module keeps them */
	else if (!IS_TDX_HPA_RANGE_NOT_FREE(status))
		return -EIO;
	atomic_set(users, 1);
	return 0;
}

void scoped_pamt_put(kvm_pfn_t pfn)
{
	atomic_t *users = tdx_find_pamt_refcount(pfn);
	struct page *pages[2];

	if (!atomic_dec_and_test(users))
		return;

	struct page **spare __free(spare_pages) = NULL;

	guard(spinlock)(&pamt_lock);
	if (atomic_read(users))
		return;
	if (IS_TDX_SUCCESS(tdh_phymem_pamt_remove(pfn, pages)))
		spare = pages;
	else
		atomic_inc(users);
}
