/*
 * Flag up, then a look at the other's: whoever sees none goes in. With both up, nobody does.
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
	left_wants = 1;
	if (!right_wants)
		critical();
}

static void right(void)
{
	right_wants = 1;
	if (!left_wants)
		critical();
}
