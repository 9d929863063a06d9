/* The region's pair: all of it under one lock, whatever that costs. */
static DEFINE_SPINLOCK(all);

int unit_get(unsigned long pfn)
{
	atomic_t *count = tdx_find_pamt_refcount(pfn);
	struct page *pages[2];
	int err = alloc_pamt_array(pages);

	if (err)
		return err;
	spin_lock(&all);
	if (atomic_inc_return(count) > 1)
		goto spare;
	if (tdh_phymem_pamt_add(pfn, pages) == TDX_SUCCESS)
		goto out;
	atomic_dec(count);
	err = -EIO;
spare:
	spin_unlock(&all);
	free_pamt_array(pages);
	return err;
out:
	spin_unlock(&all);
	return 0;
}

void unit_put(unsigned long pfn)
{
	atomic_t *count = tdx_find_pamt_refcount(pfn);
	struct page *pages[2];
	int removed;

	spin_lock(&all);
	if (!atomic_dec_and_test(count)) {
		spin_unlock(&all);
		return;
	}
	removed = tdh_phymem_pamt_remove(pfn, pages) == TDX_SUCCESS;
	spin_unlock(&all);
	if (removed)
		free_pamt_array(pages);
}
