"""A get and a put in C that count under a lock of their own, and call no SEAMCALL."""

LOCKED = """\
static DEFINE_SPINLOCK(my_lock);
int count;

int dev_get(struct page *page)
{
	spin_lock(&my_lock);
	count++;
	spin_unlock(&my_lock);
	return 0;
}

void dev_put(struct page *page)
{
	spin_lock(&my_lock);
	count--;
	spin_unlock(&my_lock);
}
"""
