/* The same count under a lock. */
static DEFINE_MUTEX(mutex);
static int users;
static int limit = 2;

int take(void)
{
	int full = 0;

	mutex_lock(&mutex);
	if (users < limit)
		users++;
	else
		full = 1;
	mutex_unlock(&mutex);
	return full;
}

void drop(void)
{
	mutex_lock(&mutex);
	WARN_ON(users == 0);
	users--;
	mutex_unlock(&mutex);
}
