/*
 * Who opens first makes the log, who closes last frees it. The count is a plain int.
 * run: log_open(); log_write(); log_close();
 * source: own
 */
struct log {
	atomic_t lines;
};

static struct log *log;
static int users;

static void log_open(void)
{
	if (users++ == 0)
		log = kzalloc(sizeof(*log), GFP_KERNEL);
}

static void log_write(void)
{
	atomic_inc(&log->lines);
}

static void log_close(void)
{
	if (--users == 0)
		kfree(log);
}
