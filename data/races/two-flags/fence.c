/*
 * A full fence between the store and the load, on both sides.
 * run: left();
 * run: right();
 * source: linux-recipes
 */
static int left_wants, right_wants;
static atomic_t inside;

static void critical(void)
{
	WARN_ON_ONCE(atomic_inc_return(&inside) > 1);
	atomic_dec(&inside);
}

static void left(void)
{
	WRITE_ONCE(left_wants, 1);
	smp_mb();
	if (!READ_ONCE(right_wants))
		critical();
}

static void right(void)
{
	WRITE_ONCE(right_wants, 1);
	smp_mb();
	if (!READ_ONCE(left_wants))
		critical();
}
