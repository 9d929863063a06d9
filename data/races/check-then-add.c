/*
 * At most `limit` seats are taken. What stands here is an example: put your own text in its place.
 * run: if (!seat_take()) seat_give();
 * stub: seat_audit=0
 * set: limit=1
 * source: own
 */
static DEFINE_SPINLOCK(lock);
static int seats, limit;

static int seat_take(void)
{
	if (READ_ONCE(seats) >= limit)
		return -EBUSY;

	spin_lock(&lock);
	WRITE_ONCE(seats, seats + 1);
	WARN_ON(seats > limit);
	spin_unlock(&lock);
	seat_audit();
	return 0;
}

static void seat_give(void)
{
	spin_lock(&lock);
	WRITE_ONCE(seats, seats - 1);
	spin_unlock(&lock);
}
