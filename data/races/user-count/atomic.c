/*
 * The count is an atomic_t now, and nothing else has changed.
 * run: log_open(); log_write(); log_close();
 * source: linux-atomic
 */
struct log {
	atomic_t lines;
};

static struct log *log;
static atomic_t users;

static void log_open(void)
{
	if (atomic_inc_return(&users) == 1)
		log = kzalloc(sizeof(*log), GFP_KERNEL);
}

static void log_write(void)
{
	atomic_inc(&log->lines);
}

static void log_close(void)
{
	if (atomic_dec_and_test(&users))
		kfree(log);
}
