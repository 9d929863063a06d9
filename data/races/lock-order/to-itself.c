/*
 * By address, and one CPU transfers from an account to the same account.
 * run: transfer(&left, &right);
 * run: transfer(&left, &left);
 * source: linux-deadlock
 */
struct account {
	spinlock_t lock;
	int money;
};

static struct account left = { .money = 2 }, right = { .money = 2 };

static void transfer(struct account *from, struct account *to)
{
	struct account *first = from < to ? from : to;
	struct account *second = from < to ? to : from;

	spin_lock(&first->lock);
	spin_lock(&second->lock);
	from->money--;
	to->money++;
	spin_unlock(&to->lock);
	spin_unlock(&from->lock);
}
