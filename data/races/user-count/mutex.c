/*
 * One mutex over counting, making and freeing.
 * run: log_open(); log_write(); log_close();
 * source: own
 */
struct log {
	atomic_t lines;
};

static DEFINE_MUTEX(lock);
static struct log *log;
static int users;

static void log_open(void)
{
	mutex_lock(&lock);
	if (users++ == 0)
		log = kzalloc(sizeof(*log), GFP_KERNEL);
	mutex_unlock(&lock);
}

static void log_write(void)
{
	atomic_inc(&log->lines);
}

static void log_close(void)
{
	mutex_lock(&lock);
	if (--users == 0)
		kfree(log);
	mutex_unlock(&lock);
}
