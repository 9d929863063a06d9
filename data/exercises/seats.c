/*
 * At most `limit` seats are taken. Who takes one waits for nobody, and who looks sees no more than there are.
 * run: if (!seat_take()) seat_give();
 * run: if (!seat_take()) seat_give();
 * run: seats_look();
 * set: limit=1
 * source: own
 */
static atomic_t seats;
static int limit;

/* 0, or -EBUSY where all seats are taken */
static int seat_take(void)
{
	...
}

static void seat_give(void)
{
	atomic_dec(&seats);
}

static void seats_look(void)
{
	WARN_ON(atomic_read(&seats) > limit);
}
