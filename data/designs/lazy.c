/*
 * lazy (abandoned before v1): add where AUG misses the pair, remove on a hint.
 * Written from the step-by-step program of this workbook's model.
 * run: if (!fault_get(0)) zap_put(0);
 */
int fault_get(kvm_pfn_t pfn)
{
	struct page *pages[2];
	u64 status;

	for (;;) {
		status = tdh_mem_page_aug(pfn);
		if (IS_TDX_SUCCESS(status))
			return 0;
		if (IS_TDX_OPERAND_BUSY(status))
			continue;

		/* the region has no pair */
		if (alloc_pamt_array(pages))
			continue;
		if (!IS_TDX_SUCCESS(tdh_phymem_pamt_add(pfn, pages)))
			free_pamt_array(pages);
	}
}

void zap_put(kvm_pfn_t pfn)
{
	struct page *pages[2];

	if (!tdh_mem_page_remove(pfn))
		return;		/* others are mapped */
	if (IS_TDX_SUCCESS(tdh_phymem_pamt_remove(pfn, pages)))
		free_pamt_array(pages);
}
