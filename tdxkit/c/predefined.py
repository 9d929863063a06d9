"""The kernel's own macros that are read as C reads them: each becomes what it stands for, or nothing. A #define of the text goes before.

Of the configuration only what this reader supposes is set: x86-64 and more than one CPU.
"""

from functools import cache

from tdxkit.c.lexing import FIRST, lexed
from tdxkit.c.macros import Macro, macro

NOTHING = """
inline __inline __inline__ __always_inline noinline __noinline noinline_for_stack __must_check __maybe_unused __always_unused __used
__unused __init __exit __net_exit __net_initdata __nosavedata __init_or_module __initdata __initconst __exitdata __devinit __net_init
__meminit __cold __hot __pure __attribute_const__ __weak __visible __noreturn noreturn __user __kernel __rcu __percpu __iomem __force
__bitwise __nocast __private __safe __read_mostly __ro_after_init __page_aligned_data __page_aligned_bss asmlinkage notrace
noinstr __cpuidle __sched __latent_entropy __randomize_layout __no_randomize_layout __designated_init __malloc __flatten
__no_sanitize_address __no_kcsan __no_kasan_or_inline __nocfi __no_profile __deprecated __refdata __ref __extension__ fallthrough __kprobes
nokprobe_inline __lockfunc __irq_entry __softirq_entry __inittest __exittest __compat __nonstring __counted_by_ptr __signed_wrap __restrict
__restrict__ restrict __entry_text
"""
NOTHING_WITH = """
__acquires __releases __must_hold __cond_acquires __cond_releases __acquire __release __printf __scanf
__section __assume_aligned __alloc_size __no_sanitize __counted_by __guarded_by __pt_guarded_by __must_hold_shared __releases_shared __acquires_shared
__diag_push __diag_pop __diag_ignore __diag_ignore_all __cond_lock_nothing __copy __nonnull __returns_nonnull __error __compiletime_error
__compiletime_warning __warning BUILD_BUG_ON_NOT_POWER_OF_2
"""
DECLARED = """
spinlock_t: DEFINE_SPINLOCK
raw_spinlock_t: DEFINE_RAW_SPINLOCK
rwlock_t: DEFINE_RWLOCK
struct mutex: DEFINE_MUTEX
struct ww_mutex: DEFINE_WW_MUTEX
struct rw_semaphore: DECLARE_RWSEM
struct percpu_rw_semaphore: DEFINE_PERCPU_RWSEM DEFINE_STATIC_PERCPU_RWSEM
struct completion: DECLARE_COMPLETION DECLARE_COMPLETION_ONSTACK
wait_queue_head_t: DECLARE_WAIT_QUEUE_HEAD DECLARE_WAIT_QUEUE_HEAD_ONSTACK
struct wait_queue_entry: DEFINE_WAIT DECLARE_WAITQUEUE DEFINE_WAIT_FUNC
struct wait_bit_queue_entry: DEFINE_WAIT_BIT
seqlock_t: DEFINE_SEQLOCK
struct xarray: DEFINE_XARRAY DEFINE_XARRAY_ALLOC DEFINE_XARRAY_ALLOC1 DEFINE_XARRAY_FLAGS
struct ida: DEFINE_IDA
struct idr: DEFINE_IDR
struct swait_queue_head: DECLARE_SWAIT_QUEUE_HEAD
struct srcu_struct: DEFINE_SRCU DEFINE_STATIC_SRCU
struct hlist_head: HLIST_HEAD
struct hlist_bl_head: HLIST_BL_HEAD
struct llist_head: LLIST_HEAD
struct ratelimit_state: DEFINE_RATELIMIT_STATE
struct work_struct: DECLARE_WORK
struct delayed_work: DECLARE_DELAYED_WORK DECLARE_DEFERRABLE_WORK
struct timer_list: DEFINE_TIMER
struct tasklet_struct: DECLARE_TASKLET DECLARE_TASKLET_OLD
struct blocking_notifier_head: BLOCKING_NOTIFIER_HEAD
struct atomic_notifier_head: ATOMIC_NOTIFIER_HEAD
struct raw_notifier_head: RAW_NOTIFIER_HEAD
struct rt_mutex: DEFINE_RT_MUTEX
local_lock_t: DEFINE_LOCAL_LOCK
"""
UNSET = """
__SPIN_LOCK_UNLOCKED __RAW_SPIN_LOCK_UNLOCKED __RW_LOCK_UNLOCKED __MUTEX_INITIALIZER __RWSEM_INITIALIZER __SEQLOCK_UNLOCKED SEQCNT_ZERO
SEQCNT_SPINLOCK_ZERO SEQCNT_RWLOCK_ZERO SEQCNT_MUTEX_ZERO SEQCNT_RAW_SPINLOCK_ZERO COMPLETION_INITIALIZER COMPLETION_INITIALIZER_ONSTACK
__WAIT_QUEUE_HEAD_INITIALIZER __SWAIT_QUEUE_HEAD_INITIALIZER XARRAY_INIT IDA_INIT IDR_INIT __WORK_INITIALIZER LLIST_HEAD_INIT RHLIST_HEAD_INIT
__PERCPU_RWSEM_INITIALIZER RATELIMIT_STATE_INIT INIT_LOCAL_LOCK
"""
TEXTS = "KERN_EMERG KERN_ALERT KERN_CRIT KERN_ERR KERN_WARNING KERN_NOTICE KERN_INFO KERN_DEBUG KERN_CONT KERN_DEFAULT KERN_SOH CUT_HERE FW_BUG HW_ERR"
MEANING = """
#define __KERNEL__ 1
#define __x86_64__ 1
#define __LP64__ 1
#define CONFIG_SMP 1
#define CONFIG_X86 1
#define CONFIG_X86_64 1
#define CONFIG_64BIT 1
#define CONFIG_MMU 1
#define __packed __attribute__((packed))
#define __aligned(x) __attribute__((aligned(x)))
#define __cacheline_aligned __aligned(64)
#define __cacheline_aligned_in_smp __cacheline_aligned
#define ____cacheline_aligned __cacheline_aligned
#define ____cacheline_aligned_in_smp __cacheline_aligned
#define ____cacheline_internodealigned_in_smp __cacheline_aligned
#define __alias(x) __attribute__((alias(#x)))
#define alignas _Alignas
#define alignof _Alignof
#define likely(x) (!!(x))
#define unlikely(x) (!!(x))
#define likely_notrace(x) likely(x)
#define unlikely_notrace(x) unlikely(x)
#define __builtin_expect(x, y) (x)
#define ACCESS_ONCE(x) (*(volatile typeof(x) *)&(x))
#define KERNEL_VERSION(a, b, c) (((a) << 16) + ((b) << 8) + (c))
#define ATOMIC_INIT(n) (n)
#define ATOMIC64_INIT(n) (n)
#define ATOMIC_LONG_INIT(n) (n)
#define REFCOUNT_INIT(n) (n)
#define KREF_INIT(n) { (n) }
#define might_sleep_if(x) do { if (x) might_sleep(); } while (0)
#define STATIC_KEY_INIT_FALSE 0
#define STATIC_KEY_INIT_TRUE 1
#define DEFINE_PER_CPU(type, x) register type x
#define DEFINE_PER_CPU_ALIGNED(type, x) register type x
#define DEFINE_PER_CPU_SHARED_ALIGNED(type, x) register type x
#define DEFINE_PER_CPU_PAGE_ALIGNED(type, x) register type x
#define DEFINE_PER_CPU_READ_MOSTLY(type, x) register type x
#define DECLARE_PER_CPU(type, x) extern register type x
#define for_each_possible_cpu(cpu) for ((cpu) = 0; (cpu) < num_possible_cpus(); (cpu)++)
#define for_each_online_cpu(cpu) for_each_possible_cpu(cpu)
#define for_each_present_cpu(cpu) for_each_possible_cpu(cpu)
#define nr_cpu_ids num_possible_cpus()
#define LIST_HEAD(x) struct list_head x = LIST_HEAD_INIT(x)
#define __SEMAPHORE_OF(x, n, ...) struct semaphore x = n
#define DEFINE_SEMAPHORE(x, ...) __SEMAPHORE_OF(x, ##__VA_ARGS__, 1)
#define DEFINE_STATIC_KEY_FALSE(x) struct static_key x = 0
#define DEFINE_STATIC_KEY_TRUE(x) struct static_key x = 1
#define DECLARE_STATIC_KEY_FALSE(x) extern struct static_key x
#define DECLARE_STATIC_KEY_TRUE(x) extern struct static_key x
#define DECLARE_BITMAP(x, bits) unsigned long x[((bits) + 63) / 64]
#define DECLARE_HASHTABLE(x, bits) struct hlist_head x[1 << (bits)]
#define DEFINE_HASHTABLE(x, bits) struct hlist_head x[1 << (bits)]
#define DECLARE_FLEX_ARRAY(type, x) type x[]
#define DEFINE_FREE(name, type, expr) static void __free_##name(type _T) { expr; }
#define SYSCALL_DEFINE0(name) long sys_##name(void)
#define SYSCALL_DEFINE1(name, t, a) long sys_##name(t a)
#define SYSCALL_DEFINE2(name, t, a, u, b) long sys_##name(t a, u b)
#define SYSCALL_DEFINE3(name, t, a, u, b, v, c) long sys_##name(t a, u b, v c)
#define SYSCALL_DEFINE4(name, t, a, u, b, v, c, w, d) long sys_##name(t a, u b, v c, w d)
#define SYSCALL_DEFINE5(name, t, a, u, b, v, c, w, d, x, e) long sys_##name(t a, u b, v c, w d, x e)
#define SYSCALL_DEFINE6(name, t, a, u, b, v, c, w, d, x, e, y, f) long sys_##name(t a, u b, v c, w d, x e, y f)
#define scoped_guard(kind, ...) while (__scoped_guard(kind, ##__VA_ARGS__))
#define return_ptr(p) return no_free_ptr(p)
"""


@cache
def predefined() -> dict[str, Macro]:
    """The macros, by name."""
    lines = [f"#define {name}" for name in NOTHING.split()]
    lines += [f"#define {name}(...)" for name in NOTHING_WITH.split()]
    lines += [f"#define {name}(...) 0" for name in UNSET.split()]
    lines += [f'#define {name} ""' for name in TEXTS.split()]
    for line in DECLARED.strip().splitlines():
        kind, names = line.split(": ")
        lines += [f"#define {name}(x, ...) {kind} x" for name in names.split()]
    found: dict[str, Macro] = {}
    line: list = []
    for token in [*lexed("\n".join([*lines, MEANING.strip()])), None]:
        if line and (token is None or token.before == FIRST):
            made = macro(line[2:], line[0])
            found[made.name] = made
            line = []
        line.append(token)
    return found
