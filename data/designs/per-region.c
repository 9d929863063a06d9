/*
 * per-region (never posted): a lock each; two have their pages in each other.
 * Written from the step-by-step program of this workbook's model.
 * run: neighbour_get(0), use, neighbour_put(0)
 * run: neighbour_get(512), use, neighbour_put(512)
 */
/* ADD walks to the pair's pages, so their region is locked too, for reading. */
static DEFINE_RWLOCK(even_lock);
static DEFINE_RWLOCK(odd_lock);

static rwlock_t *lock_of(kvm_pfn_t pfn)
{
	return (pfn >> 9) & 1 ? &odd_lock : &even_lock;
}

int neighbour_get(kvm_pfn_t pfn)
{
	rwlock_t *own = lock_of(pfn), *other = lock_of(pfn ^ 512);
	struct page *pages[2];
	int users, err = 0;

	if (alloc_pamt_array(pages))
		return -ENOMEM;

	write_lock(own);
	users = tdx_region_count(pfn, own);	/* the lock guards it */
	if (users) {
		tdx_region_set_count(pfn, own, users + 1);
	} else {
		read_lock(other);
		if (IS_TDX_SUCCESS(tdh_phymem_pamt_add(pfn, pages)))
			tdx_region_set_count(pfn, own, 1);
		else
			err = -EIO;
		read_unlock(other);
	}
	write_unlock(own);

	if (users || err)
		free_pamt_array(pages);
	return err;
}

void neighbour_put(kvm_pfn_t pfn)
{
	rwlock_t *own = lock_of(pfn);
	struct page *pages[2];
	int users, got = 0;

	write_lock(own);
	users = tdx_region_count(pfn, own) - 1;
	tdx_region_set_count(pfn, own, users);
	if (!users)
		got = IS_TDX_SUCCESS(tdh_phymem_pamt_remove(pfn, pages));
	if (!users && !got)
		tdx_region_set_count(pfn, own, 1);
	write_unlock(own);
	if (got)
		free_pamt_array(pages);
}
