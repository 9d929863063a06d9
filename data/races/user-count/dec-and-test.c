/*
 * Opening is under the mutex; closing counts down without it, and takes it to free.
 * run: log_open(); log_write(); log_close();
 * source: linux-dec-and-lock
 */
struct log {
	atomic_t lines;
};

static DEFINE_MUTEX(lock);
static struct log *log;
static atomic_t users;

static void log_open(void)
{
	mutex_lock(&lock);
	if (atomic_inc_return(&users) == 1)
		log = kzalloc(sizeof(*log), GFP_KERNEL);
	mutex_unlock(&lock);
}

static void log_write(void)
{
	atomic_inc(&log->lines);
}

static void log_close(void)
{
	if (!atomic_dec_and_test(&users))
		return;
	mutex_lock(&lock);
	kfree(log);
	mutex_unlock(&lock);
}
