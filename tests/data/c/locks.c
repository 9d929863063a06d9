/* Two locks in two orders. */
static DEFINE_SPINLOCK(first);
static DEFINE_SPINLOCK(second);
static int moved;

void there(void)
{
	spin_lock(&first);
	spin_lock(&second);
	moved++;
	spin_unlock(&second);
	spin_unlock(&first);
}

void back(void)
{
	spin_lock(&second);
	spin_lock(&first);
	moved--;
	spin_unlock(&first);
	spin_unlock(&second);
}
