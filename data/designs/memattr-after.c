/*
 * memattr-before.c and the patch's three lines, one blank: each page may yield.
 * Written from this workbook's model and notebook 07.
 * run: set_range(62, 66, 8);
 */
static DEFINE_MUTEX(slots_lock);
static DEFINE_XARRAY(attributes);

static int reserve_each(gfn_t first, gfn_t end)
{
	int err;

	while (first < end) {
		err = xa_reserve(&attributes, first++, GFP_KERNEL_ACCOUNT);
		if (err)
			return err;

		cond_resched();
	}
	return 0;
}

static int store_each(gfn_t first, gfn_t end, void *entry)
{
	int err = 0;

	while (first < end && !err) {
		void *old = xa_store(&attributes, first++, entry, GFP_KERNEL_ACCOUNT);

		err = xa_err(old);
		cond_resched();
	}
	return err;
}

int set_range(gfn_t first, gfn_t end, unsigned long bits)
{
	int err;

	guard(mutex)(&slots_lock);	/* a mutex only, so the loops may yield */
	err = reserve_each(first, end);
	return err ? err : store_each(first, end, bits ? xa_mk_value(bits) : NULL);
}
