"""What expressions and objects come to on one CPU, by the rules of C and of x86-64: constants, conversions, pointers, initial values, jumps."""

import pytest

from tests.c.kernel.alone import alone

T = (
    "enum { LOW = -3, ZERO = 0, HIGH = 7 }; enum big { HUGE = 1UL << 40 }; struct in { u8 c; u16 d; }; struct s { int a; struct in b[2]; long z; }; "
    "struct bits { unsigned f : 3; int g : 5; _Bool h : 1; }; static struct s o = { 1, { { 2, 3 }, { 4, 5 } }, 6 }; static struct bits w; "
    "static int v[4] = { 10, 11, 12, 13 }, k, *p = &v[1]; static u8 byte = 200; static u16 half; static s8 tiny = -1; static unsigned u = 3; static long l = -2; "
    'static char text[] = "ab\\n", four[4] = "wxyz", none[0]; static const char *said = "xyz"; long r[150]; '
)


def values(asked, before=""):
    memory = alone(T, f"{before} " + " ".join(f"r[{k}] = {one};" for k, one in enumerate(asked))).memory
    return [memory[f"r[{k}]"] for k in range(len(asked))]


def same(rows, before=""):
    for at in range(0, len(rows), 40):
        part = rows[at : at + 40]
        found = values([asked for asked, _ in part], before)
        assert dict(zip((asked for asked, _ in part), found)) == dict(part)


def test_literals():
    same([
        ("0x1F", 31), ("0b101", 5), ("0B11", 3), ("017", 15), ("0", 0), ("10u - 11", 2**32 - 1), ("10ul - 11 == ~0UL", 1), ("'a'", 97), ("'\\n'", 10), ("'\\0'", 0),
        ("'\\x41'", 65), ("'\\101'", 65), ("'\\\\'", 92), ("'\\''", 39), ("'\\e'", 27), ("'\\377'", 255), ("sizeof('a')", 4), ("sizeof(1)", 4), ("sizeof(1L)", 8), ("sizeof(1u)", 4),
        ("sizeof(0x7fffffff)", 4), ("sizeof(0x80000000)", 4), ("sizeof(2147483647)", 4), ("sizeof(2147483648)", 8), ("sizeof(0x100000000)", 8), ("0x80000000 > 0", 1), ("-1 < 0xffffffff", 0),
        ("-1 < 4294967295", 1), ("0xffffffffffffffff == -1", 1), ("0x8000000000000000 > 0", 1), ("sizeof(\"abc\")", 4), ("sizeof(text)", 4), ("sizeof(four)", 4), ("text[0]", 97), ("text[2]", 10), ("text[3]", 0), ("four[3]", 122),
    ])  # fmt: skip


def test_folded_constants():
    """In a dimension of an array, where nothing runs."""
    rows = [
        ("-(-5)", 5), ("~(-8)", 7), ("!0 + 3", 4), ("!5 + 3", 3), ("+6", 6), ("1 ? 4 : 1 / 0", 4), ("0 ? 1 : 5", 5), ("3 ?: 9", 3), ("0 ?: 9", 9), ("(1 && 2) + (0 || 0) + 1", 2),
        ("(0 && 1) + (0 || 2) + 1", 2), ("(u8)257 + 1", 2), ("(_Bool)7 + 1", 2), ("sizeof(int[3])", 12), ("_Alignof(long)", 8), ("HIGH - 4", 3), ("7 / 2", 3), ("-7 / -2", 3), ("7 % 4", 3), ("1 << 3", 8),
        ("40 >> 3", 5), ("5 > 4", 1), ("(5 >= 5) + (4 <= 3)", 1), ("(5 != 5) + (4 == 4)", 1), ("6 ^ 3", 5), ("6 & 3", 2), ("6 | 3", 7), ("(-1 > 0u) + 1", 2), ("offsetof(struct s, b[1].d)", 10), ("sizeof(v) / 4", 4), ("-2147483647 - 1 < 0", 1),
    ]  # fmt: skip
    text = T + " ".join(f"static u8 a{k}[{asked}];" for k, (asked, _) in enumerate(rows))
    memory = alone(text, " ".join(f"r[{k}] = sizeof(a{k});" for k in range(len(rows)))).memory
    assert {asked: memory[f"r[{k}]"] for k, (asked, _) in enumerate(rows)} == dict(rows)


def test_conversions_and_promotions():
    same([
        ("byte + 100", 300), ("(u8)(byte + 100)", 44), ("(s8)byte", -56), ("tiny", -1), ("(u16)tiny", 65535), ("(u32)tiny", 2**32 - 1), ("(u8)tiny", 255), ("tiny < u", 0), ("tiny < byte", 1),
        ("l < u", 1), ("l < 3UL", 0), ("-1 < u", 0), ("u - 4", 2**32 - 1), ("(int)(u - 4)", -1), ("~byte", -201), ("~u", 2**32 - 4), ("-u", 2**32 - 3), ("-byte", -200), ("!byte", 0), ("!k", 1), ("!!byte", 1),
        ("(_Bool)256", 1), ("(_Bool)l", 1), ("l / 2", -1), ("-7 / 2 + k", -3), ("(l - 5) / 2", -3), ("(l - 5) % 2", -1), ("(5 - l) % -4", 3), ("l >> 1", -1), ("(u32)l >> 28", 15), ("byte << 4", 3200), ("1UL << 40 >> 38", 4),
        ("(k ? 1 : u) == 3", 1), ("(k ? l : u)", 3), ("-1 > (k ? 1 : u) - 3", 1), ("-1 > (k ? 1 : tiny)", 0), ("(k, 5)", 5), ("k ? 1 : 2", 2), ("u ?: 9", 3), ("k ?: 9", 9), ("k && 1 / k", 0), ("u || 1 / k", 1), ("(u & 1) == 1", 1), ("u & 2 | 4 ^ 1", 7),
        ("sizeof(byte + byte)", 4), ("sizeof(tiny)", 1), ("sizeof(u + l)", 8), ("sizeof(k ? byte : half)", 4), ("sizeof(v)", 16), ("sizeof(*v)", 4), ("sizeof(p)", 8), ("sizeof(o)", 24), ("sizeof(o.b)", 8), ("sizeof(struct in)", 4),
        ("sizeof(enum big)", 8), ("HUGE >> 38", 4), ("LOW", -3), ("HIGH % 4", 3), ("_Alignof(struct s)", 8), ("__alignof__(u16)", 2), ("(int)HUGE", 0), ("(long)(int)0x80000000 == -2147483648", 1), ("(u32)-1 == ~0u", 1),
    ])  # fmt: skip


def test_pointers_and_elements():
    same([
        ("*p", 11), ("p[2]", 13), ("p[-1]", 10), ("*(p + 1)", 12), ("*(1 + p)", 12), ("*(p - 1)", 10), ("&v[3] - p", 2), ("p - &v[3]", -2), ("p == v + 1", 1), ("p != &v[1]", 0), ("p < &v[2]", 1), ("p > &v[2]", 0), ("p <= &v[1]", 1),
        ("p >= &v[2]", 0), ("!p", 0), ("p && 1", 1), ("p ? 4 : 5", 4), ("*&k", 0), ("(&o)->a", 1), ("o.b[1].d", 5), ("(&o.b[1])->c", 4), ("(o.b + 1)->d", 5), ("o.z", 6), ("&o.b[1] - o.b", 1), ("NULL == 0", 1), ("p == NULL", 0),
        ("*(int *)(void *)p", 11), ("sizeof(p[0])", 4), ("said != NULL", 1), ("container_of(&o.b[1].d, struct in, d)->c", 4), ("container_of(&o.z, struct s, z)->b[0].c", 2), ("*v", 10), ("(v + 3) - v", 3),
    ])  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(
    "statements, gives",
    [
        ("k = 5; r[0] = k++ * 10 + k;", 56), ("k = 5; r[0] = ++k * 10 + k;", 66), ("k = 5; r[0] = k-- * 10 + k;", 54), ("k = 5; r[0] = --k * 10 + k;", 44), ("byte = 255; byte++; r[0] = byte;", 0), ("half--; r[0] = half;", 65535),
        ("r[0] = *p++ * 100 + *p;", 1112), ("r[0] = *++p;", 12), ("r[0] = (*p)++; r[0] = r[0] * 100 + v[1];", 1112), ("p += 2; r[0] = *p;", 13), ("p -= 1; r[0] = *p;", 10), ("k = 7; k %= 4; k <<= 3; k |= 1; k ^= 3; k &= ~8; k -= 1; k *= 5; k /= 2; k >>= 1; r[0] = k;", 21),
        ("byte += 100; r[0] = byte;", 44), ("byte *= 2; r[0] = byte;", 144), ("tiny >>= 1; r[0] = tiny;", -1), ("u -= 4; r[0] = u;", 2**32 - 1), ("r[0] = (k = 300, byte = k);", 44), ("r[0] = k = byte = 256;", 0),
        ("w.f = 9; w.g = 17; w.h = 4; r[0] = w.f * 10000 + w.g * 100 + w.h;", 1 * 10000 - 15 * 100 + 1), ("w.f = 7; w.f++; r[0] = w.f;", 0), ("w.g = 15; w.g++; r[0] = w.g;", -16), ("w.f = 5; r[0] = -w.f;", -5),
        ("struct s c = o; c.a = 9; r[0] = o.a * 10 + c.a + c.z;", 25), ("struct s c = { .z = 4, .b[1].d = 3, .a = 2 }; r[0] = c.a * 100 + c.b[1].d * 10 + c.z + c.b[0].c;", 234), ("int a[5] = { [1 ... 3] = 2, 7 }; r[0] = a[0] + a[1] * 10 + a[3] * 100 + a[4] * 1000;", 7220),
        ("int a[] = { 1, [4] = 2, 3 }; r[0] = sizeof(a) / 4 * 10 + a[5];", 63), ('char a[] = "hi\\x41"; r[0] = sizeof(a) * 1000 + a[2];', 4065), ('char a[2] = "hi"; r[0] = a[1];', 105), ("int a[2][2] = { 1, 2, 3 }; r[0] = a[1][0] * 10 + a[1][1];", 30),
        ("struct in a[2] = { 1, 2, 3 }; r[0] = a[0].d * 10 + a[1].c;", 23), ("int a[2][2] = { { 1 }, { 3, 4 } }; r[0] = a[0][1] * 100 + a[1][0] * 10 + a[1][1];", 34), ("r[0] = ((int[]){ 5, 6, 7 })[1];", 6), ("r[0] = ((struct in){ .d = 8 }).d;", 8),
        ("r[0] = ({ int a = 2; a * 21; });", 42), ("struct s c; memset(&c, 0, sizeof(c)); r[0] = c.z + c.b[1].d;", 0), ("struct s c; memcpy(&c, &o, sizeof(o)); r[0] = c.b[1].d;", 5), ("int a = 1, b = 2; swap(a, b); r[0] = a * 10 + b;", 21),
        ("static int n = 3; n++; r[0] = n;", 4), ("typedef u8 mine; mine a = 257; r[0] = a;", 1), ("typeof(byte) a = 257; r[0] = a;", 1), ("__auto_type a = l; r[0] = sizeof(a);", 8), ("const int a = 3; r[0] = a;", 3),
    ],
)  # fmt: skip
def test_assignments_and_objects(statements, gives):
    ran = alone(T, statements)
    assert (ran.memory["r[0]"], ran.broken) == (gives, ())


SWITCH = "switch (X) { int never; case 1: k += 1; case 2: k += 10; break; case 3 ... 5: k += 100; break; default: k += 1000; case -1: k += 10000; }"


@pytest.mark.parametrize("value, gives", [("1", 11), ("2", 10), ("3", 100), ("4", 100), ("5", 100), ("6", 11000), ("-1", 10000), ("tiny", 10000), ("0xffffffffffUL", 11000), ("u", 100), ("byte", 11000)])  # fmt: skip
def test_a_switch(value, gives):
    assert alone(T, SWITCH.replace("X", value)).memory["k"] == gives


@pytest.mark.parametrize(
    "statements, gives",
    [
        ("int i; for (i = 0; i < 5; i++) { if (i == 1) continue; if (i == 4) break; k += i; }", 5), ("int i = 0; while (i < 3) k += ++i;", 6), ("int i = 0; do k++; while (++i < 3);", 3), ("do { k++; continue; } while (0); k += 10;", 11),
        ("for (;;) { if (++k == 4) break; }", 4), ("for (int i = 3; i; i--) k += i;", 6), ("int i = 0; again: k += 2; if (++i < 3) goto again;", 6), ("goto out; k = 1; out: k += 5;", 5), ("if (k) k = 1; else if (!k) k = 2; else k = 3;", 2),
        ("int i; for (i = 0; i < 3; i++) switch (i) { case 1: continue; default: k += 10; }", 20), ("while (1) { while (1) { k++; break; } k += 10; break; }", 11), ("int i, j; for (i = 0, j = 5; i < j; i++, j--) k++;", 3),
        ("int a = 1; { int a = 2; k = a; } k = k * 10 + a;", 21), ("scoped_guard(preempt) { k = 3; break; } k++;", 4), ("switch (2) { case 1: k = 1; break; }", 0), ("; ; {} k = 2;", 2), ("if (({ k = 4; 0; })) k = 9;", 4),
    ],
)  # fmt: skip
def test_the_way_through(statements, gives):
    assert alone(T, statements).memory["k"] == gives
    inside = alone(T + f"static void f(void) {{ {statements} }}", "f();")
    assert (inside.memory["k"], inside.broken) == (gives, ())


@pytest.mark.parametrize(
    "statements, said",
    [
        ("r[0] = 1 / k;", "division by zero"), ("r[0] = 1 % k;", "division by zero"), ("k = -2147483647 - 1; r[0] = k / -1;", "whose quotient has no 32 bits"), ("l = 1UL << 63; r[0] = l / -1;", "whose quotient has no 64 bits"),
        ("k = -2147483647 - 1; r[0] = k % tiny;", "whose quotient has no 32 bits"), ("k = 32; r[0] = 1 << k;", "a shift by 32 of 32 bits"), ("k = -1; r[0] = 1 >> k;", "a shift by -1 of 32 bits"), ("k = 64; r[0] = l >> k;", "a shift by 64 of 64 bits"),
        ("r[0] = 1 << 32;", "a shift by 32 of 32 bits"), ("k = 4; r[0] = v[k];", "element 4 of an array of 4"), ("k = -1; r[0] = v[k];", "element -1 of an array of 4"), ("p += 3; r[0] = *p;", "cell 4 of v, which has 4"), ("p = NULL; r[0] = *p;", "NULL"),
        ("r[0] = p - &k;", "the difference of pointers that do not point into one array"), ("int a; r[0] = a;", "before it has a value"), ("for (;;) ;", "a loop that goes round"), ("r[0] = ilog2(k);", "the highest bit of 0"),
    ],
)  # fmt: skip
def test_what_c_leaves_open_breaks_its_cpu(statements, said):
    (broken,) = alone(T, statements).broken
    assert said in broken
