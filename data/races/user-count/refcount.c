/*
 * The same with a refcount_t, which may not be counted up from 0.
 * run: log_open(); log_write(); log_close();
 * source: linux-refcount
 */
struct log {
	atomic_t lines;
};

static DEFINE_MUTEX(lock);
static struct log *log;
static refcount_t users;

static void log_open(void)
{
	mutex_lock(&lock);
	if (!refcount_inc_not_zero(&users)) {
		log = kzalloc(sizeof(*log), GFP_KERNEL);
		refcount_set(&users, 1);
	}
	mutex_unlock(&lock);
}

static void log_write(void)
{
	atomic_inc(&log->lines);
}

static void log_close(void)
{
	if (!refcount_dec_and_mutex_lock(&users, &lock))
		return;
	kfree(log);
	mutex_unlock(&lock);
}
