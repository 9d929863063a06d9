/*
 * Whoever does not get the second lock lets the first one go, and begins again.
 * run: transfer(&left, &right);
 * run: transfer(&right, &left);
 * source: own
 */
struct account {
	spinlock_t lock;
	int money;
};

static struct account left = { .money = 2 }, right = { .money = 2 };

static void transfer(struct account *from, struct account *to)
{
	for (;;) {
		spin_lock(&from->lock);
		if (spin_trylock(&to->lock))
			break;
		spin_unlock(&from->lock);
	}
	from->money--;
	to->money++;
	spin_unlock(&to->lock);
	spin_unlock(&from->lock);
}
