/*
 * Each transfer holds both accounts: first the one that gives, then the one that takes.
 * run: transfer(&left, &right);
 * run: transfer(&right, &left);
 * source: linux-deadlock
 */
struct account {
	spinlock_t lock;
	int money;
};

static struct account left = { .money = 2 }, right = { .money = 2 };

static void transfer(struct account *from, struct account *to)
{
	spin_lock(&from->lock);
	spin_lock(&to->lock);
	from->money--;
	to->money++;
	spin_unlock(&to->lock);
	spin_unlock(&from->lock);
}
