/* A count that is taken with a load and a store: two CPUs may take the same number. */
static int users;
static int limit = 2;

int take(void)
{
	if (users >= limit)
		return 1;
	users++;
	return 0;
}

void drop(void)
{
	WARN_ON(users == 0);
	users--;
}
