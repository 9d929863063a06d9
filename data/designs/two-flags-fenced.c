/*
 * Two flags with a full fence between a CPU's store and its load.
 * Written from this workbook's model.
 * run: left();
 * run: right();
 */
static int flag[2], saw[2];

static void raise_and_look(int *mine, int *theirs, int *seen)
{
	WRITE_ONCE(*mine, 1);
	smp_mb();
	WRITE_ONCE(*seen, READ_ONCE(*theirs));
}

void left(void)
{
	raise_and_look(&flag[0], &flag[1], &saw[0]);
}

void right(void)
{
	raise_and_look(&flag[1], &flag[0], &saw[1]);
}
