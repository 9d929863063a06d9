/*
 * minus-one (sketched in review): the counter starts at -1, --set refcount=-1.
 * Written from the step-by-step program of this workbook's model.
 */
#define NO_PAIR	(-1)	/* and 0 is a pair with one user */

static DEFINE_SPINLOCK(pamt_lock);

int sketched_get(kvm_pfn_t pfn)
{
	atomic_t *users = tdx_find_pamt_refcount(pfn);
	struct page *pages[2];
	u64 status;
	int err = 0;

	if (atomic_inc_unless_negative(users))
		return 0;
	if (alloc_pamt_array(pages))
		return -ENOMEM;

	spin_lock(&pamt_lock);
	status = tdh_phymem_pamt_add(pfn, pages);
	if (IS_TDX_SUCCESS(status) || IS_TDX_HPA_RANGE_NOT_FREE(status))
		atomic_inc(users);
	else
		err = -EIO;
	spin_unlock(&pamt_lock);

	if (!IS_TDX_SUCCESS(status))
		free_pamt_array(pages);
	return err;
}

void sketched_put(kvm_pfn_t pfn)
{
	atomic_t *users = tdx_find_pamt_refcount(pfn);
	struct page *pages[2] = { NULL, NULL };

	if (atomic_dec_if_positive(users) >= 0)
		return;

	spin_lock(&pamt_lock);
	if (atomic_read(users) > 0) {
		/* A get came in between, and this reference stays counted. */
		spin_unlock(&pamt_lock);
		return;
	}
	tdh_phymem_pamt_remove(pfn, pages);	/* no pages where it fails */
	atomic_set(users, NO_PAIR);
	spin_unlock(&pamt_lock);
	free_pamt_array(pages);
}
