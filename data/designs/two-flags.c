/*
 * Two flags: mine up, a look at the other's. At the end one must have seen.
 * Written from this workbook's model.
 * run: raise_and_look(0);
 * run: raise_and_look(1);
 */
static int flag[2], saw[2];

void raise_and_look(int me)
{
	int seen;

	WRITE_ONCE(flag[me], 1);
	seen = READ_ONCE(flag[!me]);	/* x86 may read before it stores */
	WRITE_ONCE(saw[me], seen);
}
