/*
 * The flag goes up with xchg(), which on x86 is a locked instruction.
 * run: left();
 * run: right();
 * source: x86-tso
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
	xchg(&left_wants, 1);
	if (!READ_ONCE(right_wants))
		critical();
}

static void right(void)
{
	xchg(&right_wants, 1);
	if (!READ_ONCE(left_wants))
		critical();
}
