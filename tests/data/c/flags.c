/* Two CPUs raise a flag each and look at the other's: on store buffers both may come in. */
static int mine, theirs, inside;

void one(void)
{
	WRITE_ONCE(mine, 1);
	if (!READ_ONCE(theirs)) {
		inside = inside + 1;
		WARN_ON(inside > 1);
		inside = inside - 1;
	}
	WRITE_ONCE(mine, 0);
}

void other(void)
{
	WRITE_ONCE(theirs, 1);
	if (!READ_ONCE(mine)) {
		inside = inside + 1;
		WARN_ON(inside > 1);
		inside = inside - 1;
	}
	WRITE_ONCE(theirs, 0);
}
