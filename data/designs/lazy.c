/*
 * lazy (abandoned before v1): add where AUG misses the pair, remove on a hint.
 * Written from the step-by-step program of this workbook's model.
 * run: if (!fault_get(0)) zap_put(0);
 */
/* The module's lock on the 2M entry: readers, or -1. A WARN is a rule. */
static atomic_t entry = ATOMIC_INIT(0), mapped = ATOMIC_INIT(0);
static bool paired;

/* TDH.MEM.PAGE.AUG: shared; where there is no pair it wants to be alone. */
static int aug(void)
{
	if (WARN_ON(!atomic_inc_unless_negative(&entry)))
		return -EBUSY;
	if (!READ_ONCE(paired))
		return WARN_ON(!atomic_dec_and_test(&entry)) ? -EBUSY : -ENOENT;
	atomic_inc(&mapped);
	atomic_dec(&entry);
	return 0;
}

int fault_get(kvm_pfn_t pfn)
{
	bool added = false, taken;
	struct page *pages[2];
	int err;

	while ((err = aug()) != 0) {
		WARN_ON(err == -ENOENT && added);	/* it was there */
		if (err == -EBUSY || alloc_pamt_array(pages))
			continue;
		added = !WARN_ON(atomic_cmpxchg(&entry, 0, -1) != 0);
		taken = added && IS_TDX_SUCCESS(tdh_phymem_pamt_add(pfn, pages));
		if (taken)
			WRITE_ONCE(paired, true);
		if (added)
			atomic_set(&entry, 0);
		if (!taken)
			free_pamt_array(pages);
	}
	return 0;
}

void zap_put(kvm_pfn_t pfn)
{
	struct page *pages[2];
	bool got = false;

	if (!atomic_dec_and_test(&mapped) ||
	    WARN_ON(atomic_cmpxchg(&entry, 0, -1) != 0))
		return;
	if (!WARN_ON(atomic_read(&mapped)))	/* does the hint still hold? */
		got = IS_TDX_SUCCESS(tdh_phymem_pamt_remove(pfn, pages));
	if (got)
		WRITE_ONCE(paired, false);
	atomic_set(&entry, 0);
	if (got)
		free_pamt_array(pages);
}
