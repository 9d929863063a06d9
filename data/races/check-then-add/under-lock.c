/*
 * The look at the count is under the lock too.
 * run: if (!seat_take()) seat_give();
 * stub: seat_audit=0
 * set: limit=1
 * source: own
 */
static DEFINE_SPINLOCK(lock);
static int seats, limit;

static int seat_take(void)
{
	spin_lock(&lock);
	if (seats >= limit) {
		spin_unlock(&lock);
		return -EBUSY;
	}
	seats++;
	WARN_ON(seats > limit);
	spin_unlock(&lock);
	seat_audit();
	return 0;
}

static void seat_give(void)
{
	spin_lock(&lock);
	seats--;
	spin_unlock(&lock);
}
