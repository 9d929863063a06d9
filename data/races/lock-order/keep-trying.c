/*
 * The second lock is only tried, and the first one is kept meanwhile.
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
	spin_lock(&from->lock);
	while (!spin_trylock(&to->lock))
		cpu_relax();
	from->money--;
	to->money++;
	spin_unlock(&to->lock);
	spin_unlock(&from->lock);
}
