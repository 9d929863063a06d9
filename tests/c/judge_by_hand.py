"""Small programs whose verdicts, lengths and states were worked out by hand, each with the reason; AssertionError where the judge differs."""

from tests.c.judge import judge, parsed

DEADLOCK, LIVELOCK = ("deadlock", 0), ("livelock", 0)


def told(text, *entries, memory="sc", **how):
    return judge(parsed(text), entries, memory, **how)


def names(verdict):
    return [".".join(map(str, path)) for path in verdict.names]


# -- counted by hand ---------------------------------------------------------------------------------------------------

COUNTER = """
int counter;
void run(void) { counter++; }
"""
ABBA = """
DEFINE_SPINLOCK(a);
DEFINE_MUTEX(b);
void left(void) { mutex_lock(&b); spin_lock(&a); spin_unlock(&a); mutex_unlock(&b); }
void right(void) { spin_lock(&a); mutex_lock(&b); mutex_unlock(&b); spin_unlock(&a); }
"""
FORGOTTEN = """
DEFINE_SPINLOCK(lock);
int x;
void run(void)
{
	spin_lock(&lock);
	x = 1;
	if (x)
		return;
	spin_unlock(&lock);
}
"""
POLITE = """
spinlock_t a, b;
int x;
void left(void) { spin_lock(&a); while (!spin_trylock(&b)) READ_ONCE(x); spin_unlock(&b); spin_unlock(&a); }
void right(void) { spin_lock(&b); while (!spin_trylock(&a)) READ_ONCE(x); spin_unlock(&a); spin_unlock(&b); }
"""
LAST_USER = """
refcount_t users = REFCOUNT_INIT(1);
void get(void)
{
	if (refcount_read(&users))
		refcount_inc(&users);
}
void put(void) { refcount_dec_and_test(&users); }
"""
DEKKER = """
int x, y, inside;
void left(void)
{
	WRITE_ONCE(x, 1);
	if (!READ_ONCE(y)) {
		inside++;
		WARN_ON(inside != 1);
		inside--;
	}
}
void right(void)
{
	WRITE_ONCE(y, 1);
	if (!READ_ONCE(x)) {
		inside++;
		WARN_ON(inside != 1);
		inside--;
	}
}
"""


def count_two_increments():
    """A CPU is before its load (L), before its store of 1 or 2 (S1, S2), or at its end (E). With the counter at 0 both are at L or S1: 4
    states. At 1 one of them is at its end and the other at L, S1 (it has read 0), S2 or E: 2·3 + 1 = 7. At 2 both have ended: 1."""
    verdict = told(COUNTER, "run", "run")
    assert (verdict.verdict, verdict.states, verdict.finals) == ("ok", 12, {(1,), (2,)})
    assert verdict.lengths == {} and not verdict.open


def count_two_increments_on_tso():
    """A store is in a CPU's buffer first (B1, B2). At 0 each is at L, S1 or B1: 9. At 1 one has drained, the other is at L, S1, B1, S2 or
    B2 (2·5), or has drained a 1 too (1). At 2 both have: 1."""
    verdict = told(COUNTER, "run", "run", memory="tso")
    assert (verdict.verdict, verdict.states, verdict.finals) == ("ok", 21, {(1,), (2,)})


def count_three_increments():
    """Whoever stores last before the end stores one more than it read: any value from 1 to 3."""
    assert told(COUNTER, "run", "run", "run").finals == {(1,), (2,), (3,)}


def count_lock_orders():
    """A CPU stands at 0 (before its outer lock) to 4 (its end): it has the outer lock at 1, 2, 3 and the inner at 2. Of 25 pairs 5 would
    have a lock with two holders: (2,1), (2,2), (2,3), (1,2), (3,2). And (3,3) is out of reach: each would have had to let go of the other's outer
    lock before the other took it. 19 are left; (1,1) is the deadlock, after 2 steps."""
    text = ABBA.replace("DEFINE_MUTEX", "DEFINE_SPINLOCK").replace("mutex", "spin")
    verdict = told(text, "left", "right")
    assert (verdict.verdict, verdict.states, verdict.lengths) == ("deadlock", 19, {DEADLOCK: 2})


def count_sleeping():
    """Taking a mutex while a spinlock is held: the second step of right(), whoever has the mutex."""
    verdict = told(ABBA, "right", "right")
    assert (verdict.verdict, verdict.lengths) == ("violation", {("sleep", 5): 2})


def count_a_forgotten_unlock():
    """Lock, store, load: with the third step a CPU ends and has the lock, and a run stops there. So both are before the lock, or one of
    them is before its store or its load: 1 + 2·2."""
    verdict = told(FORGOTTEN, "run", "run")
    assert (verdict.verdict, verdict.states, verdict.lengths) == ("violation", 5, {("left", 0): 3})


def count_a_polite_livelock():
    """A CPU stands at 0 (before its outer lock), 1 (before it tries the inner), 2 (before the look in between), 3 (before it lets go of the
    inner), 4 (of the outer), 5. It has the outer lock at 1 to 4, the inner at 3. Of 36 pairs 7 have a lock with two holders. (4,4) is out of reach
    as in the deadlock; so are (2,0) and (0,2): nobody has been in the way. 26 are left. From (1,1), (1,2), (2,1) and (2,2) no end can be
    reached; 2 steps lead there."""
    verdict = told(POLITE, "left", "right")
    assert (verdict.verdict, verdict.states, verdict.lengths) == ("livelock", 26, {LIVELOCK: 2})


def count_one_look_a_round():
    """With nothing in the loop a CPU that fails is where it was: both wait, which is a deadlock, as for spin_lock()."""
    text = POLITE.replace("READ_ONCE(x);", ";")
    verdict = told(text, "left", "right")
    assert (verdict.verdict, verdict.states, verdict.lengths) == ("deadlock", 19, {DEADLOCK: 2})


def count_a_refcount_race():
    """get() is before its look (R), before its increment (I), or at its end (E), put() before (D) or after (E). At 1: (R,D), (I,D) and, where
    the increment came before, (E,E). At 2: (E,D). At 0: (R,E), (I,E), (E,E). The increment of (I,E) finds 0: step 3 of that run."""
    verdict = told(LAST_USER, "get", "put")
    assert (verdict.verdict, verdict.states, verdict.lengths) == ("violation", 7, {("refcount", 6): 3})
    assert verdict.finals == {(0,), (1,)}


def count_dekker():
    """On sequentially consistent memory one of them sees the other's flag. With store buffers: two stores and two loads of 0, left's load and
    store of `inside`, the drains of x and inside, right's load (1) and store (2), and its WARN's load sees 2: the 11th step."""
    verdict = told(DEKKER, "left", "right")
    assert (verdict.verdict, verdict.defects) == ("ok", frozenset())
    verdict = told(DEKKER, "left", "right", memory="tso")
    assert (verdict.verdict, verdict.lengths) == ("violation", {("warn", 8): 11, ("warn", 17): 11})
    fenced = DEKKER.replace("(x, 1);", "(x, 1); smp_mb();").replace("(y, 1);", "(y, 1); smp_mb();")
    assert told(fenced, "left", "right", memory="tso").verdict == "ok"


def count_places_that_go_on_alike():
    """one() is before its load, before either store, or at its end, set() before or after its store: 4·2. What was read makes no difference,
    nor which of two like stores comes: with x at 1 one() stands at two places before each store that are counted as one."""
    text = "int x, z; void set(void) {{ x = 1; }} void one(void) {{ int t = x; {} z = 4; }}"
    for stores in ("z = 3;", "if (t) z = 3; else z = 3;", "if (t) goto out; z = 3; z = 4; return; out: z = 3;"):
        verdict = told(text.format(stores), "one", "set")
        assert (verdict.states, verdict.raw, verdict.finals) == (8, 10, {(1, 4)})


def count_defects():
    """Each kind, where one CPU alone comes to it: the line, and the length in steps."""
    shared = "spinlock_t l; refcount_t r; int x = 1; int z;\nvoid run(void) {\nint t; t = x;\n%s\n}"
    for line, defect, length in (
        ("WARN_ON(x == 1);", "warn", 2),
        ("if (WARN_ON_ONCE(t)) z = 1;", "warn", 1),
        ("BUG_ON(t == 1); WARN_ON(1);", "bug", 1),
        ("spin_unlock(&l);", "unlock", 2),
        ("spin_lock(&l); spin_lock(&l);", "relock", 3),
        ("refcount_inc(&r);", "refcount", 2),
        ("refcount_set(&r, 1); refcount_dec(&r);", "refcount", 3),
        ("if (refcount_inc_not_zero(&r)) z = 1; refcount_dec_and_test(&r);", "refcount", 3),
        ("z = t / z;", "divide", 2),
        ("z = t << 31 << t + 31;", "shift", 1),
        ("z = 1 << (z - t);", "shift", 2),
        ("int u; z = u + t;", "uninitialised", 1),
        ("for (int i = 0; i < 2; i++) { if (i) goto in; int u = 5; in: z = u; }", "uninitialised", 2),
    ):
        assert told(shared % line, "run").lengths == {(defect, 4): length}, line
    assert told(shared % "spin_lock(&l);", "run").lengths == {("left", 0): 2}


# -- C by itself ---------------------------------------------------------------------------------------------------------

ALONE = {  # statements: what z is afterwards
    "z = (u8)300 + (s8)200;": -12,
    "u8 a = 255; a++; z = a;": 0,
    "u8 a = 200; z = a + a;": 400,
    "z = -1 < 1u;": 0,
    "s64 a = -1; z = a < 1u;": 1,
    "z = (t ? -1 : 1u) > 0;": 1,
    "z = -7 / 2 * 10 + -7 % 2;": -31,
    "z = -7 >> 1;": -4,
    "z = 0x7fffffff; z += 1; z = z < 0;": 1,
    "z = sizeof(u16) + sizeof(t) + sizeof(unsigned long);": 14,
    "bool b = 4; z = b + b;": 2,
    "t = 5; z = (t++, t) * 10; z += t--; z = z * 10 + t;": 665,
    "int i = 0; z = t && i++; z += 2 * (t || i++); z += 10 * i;": 12,
    "switch (t) { case 1: z = 1; default: z += 2; case 2: z += 4; break; case 3: z = 9; }": 7,
    "switch (t + 4) { case 1: z = 1; default: z += 2; case 2: z += 4; break; case 3: z = 9; }": 6,
    "for (int i = 0; i < 5; i++) { if (i == 1) continue; if (i == 4) break; z += i; }": 5,
    "do { z++; if (z == 2) continue; } while (z < 2);": 2,
    "int i = 0; goto in; while (i < 3) { z += 10; in: z += 1; i++; }": 23,
    "int i = 0; again: z++; if (i++ < 2) goto again; { int t = 50; z += t; }": 53,
    "for (;;) { for (;;) { if (++z == 3) goto out; } } out: z *= 2;": 6,
    "z = twice(&g[1]) + g[t].low;": 8,
    "g[t].high = 300; z = g[1].high + sum(3, 4);": 51,
    "int old = 2; z = cmpxchg(&k, 3, 4) == 3; z += 10 * atomic_try_cmpxchg(&n, &old, 5); z += 100 * old;": 1,
    "set_bit(3, &w); z = test_and_clear_bit(3, &w); z += 2 * test_bit(3, &w) + (int)w;": 1,
    "z = atomic_dec_if_positive(&n); z += 10 * atomic_add_unless(&n, 7, 0); z += 100 * atomic_read(&n);": -1,
}
AROUND = """
struct pair { int low; u8 high; };
struct pair g[2] = { { 1, 2 }, { .low = 4 } };
int z; u8 k = 3; unsigned long w; atomic_t n;
static int sum(int a, u8 b) { return a + b; }
static int twice(struct pair *p) { p->low = sum(p->low, 0); return p->low; }
void run(void) { int t = 1; %s }
"""


def count_alone():
    """C's own rules, in one CPU."""
    for statements, wanted in ALONE.items():
        verdict = told(AROUND % statements, "run")
        ((final),) = verdict.finals
        assert final[names(verdict).index("z")] == wanted, statements


CHECKS = [check for name, check in sorted(globals().items()) if name.startswith("count_")]
