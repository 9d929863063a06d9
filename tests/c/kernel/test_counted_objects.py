"""Objects with a number of elements that the run decides: each has those, and no other."""

import pytest

from tdxkit.c.harness import scenario_of_c
from tdxkit.errors import InputError, ModelError
from tdxkit.explore.search import explore
from tests.c.kernel.alone import alone

T = """
struct q { int n, m; };
struct f { int n; struct q q; u16 items[]; };
struct e { int a; struct q items[]; };
static struct f *f; static struct e *e; static struct q *q; static u8 *b;
static int *v, n, r;
static DEFINE_SPINLOCK(l);
"""
INTS = (
    "kmalloc_array(n, 4, GFP_KERNEL)",
    "kmalloc(n * sizeof(*v), GFP_KERNEL)",
    "kvcalloc(n, sizeof(int), GFP_KERNEL)",
    "kzalloc_objs(*v, n, GFP_KERNEL)",
)
ENDS = ("struct_size(f, items, n)", "sizeof(*f) + n * sizeof(f->items[0])", "size")
HAS = "which has 3"
PAST = [  # what is done with an object, and what is told of it
    *[(f"v = {new}; v[2] = 1; v[3] = 2;", f"element 3 of int[n]#1, {HAS}") for new in INTS],
    *[(f"size_t size = struct_size(f, items, n); f = kzalloc({size}, GFP_KERNEL); f->items[2] = f->q.m; f->items[3] = 4;", f"element 3 of f_of_n#1, {HAS}") for size in ENDS],
    ("e = kzalloc(struct_size(e, items, n), GFP_KERNEL); e->items[2].m = 3; e->items[3].n = 4;", f"element 3 of e_of_n#1, {HAS}"),
    ("q = kmalloc_array(n, sizeof(struct q), GFP_KERNEL); q[2].m = 3; q[3].n = 4;", f"element 3 of q[n]#1, {HAS}"),
    ("v = kcalloc(n, sizeof(*v), GFP_KERNEL); r = v[-1];", f"element -1 of int[n]#1, {HAS}"),
    ("v = kcalloc(n, sizeof(*v), GFP_KERNEL); v[77] = 1;", f"element 77 of int[n]#1, {HAS}"),
    ("v = kcalloc(n, sizeof(*v), GFP_KERNEL); r = v[2]; xchg(&v[3], 1);", f"element 3 of int[n]#1, {HAS}"),
    ("v = kcalloc(n, sizeof(*v), GFP_KERNEL); kfree(v); v[2] = 1;", "use of int[n]#1[2] after it was freed"),
    ("unsigned long k = (1UL << 62) + 1; v = kmalloc(k * sizeof(int), GFP_KERNEL); v[1] = 3;", "element 1 of int[n]#1, which has 1"),
    ("v = kcalloc(n - 3, sizeof(*v), GFP_KERNEL); WARN_ON(!v); kfree(v); v[0] = 1;", "cell 0 of kmalloc(0), which has 0"),
    ("v = kcalloc(100, sizeof(*v), GFP_KERNEL); v[63] = 1; v[100] = 1;", "element 100 of int[n]#1, which has 100"),
    ("b = kmalloc(n, GFP_KERNEL); b[2] = 1; b[3] = 1;", f"element 3 of unsigned_char[n]#1, {HAS}"),
    ("b = kmalloc(5, GFP_KERNEL); b[5] = 1;", "cell 5 of unsigned_char[5]#1, which has 5"),
    ("b = kmalloc(PAGE_SIZE, GFP_KERNEL); b[9] = 1; b[PAGE_SIZE] = 1;", "element 4096 of unsigned_char[n]#1, which has 4096"),
]  # fmt: skip


@pytest.mark.slow
def test_an_element_that_an_object_does_not_have():
    for statements, said in PAST:
        assert alone(T, f"n = 3; {statements}").broken == (f"--run 1, line 1: {said}",), statements


FITS = [
    "v = kcalloc(n, sizeof(*v), GFP_KERNEL); v[2] = 1; WARN_ON(v[0] || v[2] != 1); kfree(v);",
    "v = kmalloc_array(-n, sizeof(*v), GFP_KERNEL); WARN_ON(v);",
    "v = kmalloc(-n * sizeof(*v), GFP_KERNEL); WARN_ON(v);",
    "f = kzalloc(struct_size(f, items, -n), GFP_KERNEL); WARN_ON(f);",
    "f = kzalloc(struct_size(f, items, 0), GFP_KERNEL); f->q.m = 2; kfree(f);",
    "int i; for (i = 0; i < 8; i++) { v = kmalloc_array(n + i, 4, GFP_KERNEL); v[2 + i] = 0; kfree(v); }",
    "v = kcalloc(64, 4, GFP_KERNEL); v[63] = 2; n = 64; kfree(v); v = kcalloc(n, 4, GFP_KERNEL); v[63] = 2;",
]


def test_what_an_object_has_and_what_does_not_fit_at_all():
    for statements in FITS:
        assert alone(T, f"n = 3; {statements}").broken == (), statements
    assert alone(T, "n = 3; v = kcalloc(n, 4, GFP_KERNEL);").memory["elements of int[n]#1"] == 3


def test_what_is_more_than_is_kept_is_one_line():
    rule = r"further on in int\[n\]#1: of an object whose elements are counted as it runs 64 scalars are kept; let the text"
    with pytest.raises(ModelError, match=rule):
        alone(T, "v = kcalloc(n, 4, GFP_KERNEL); v[64] = 1;", sets={"n": 65})
    assert alone(T, "v = kcalloc(n, 4, GFP_KERNEL); v[63] = 1;", sets={"n": 65}).broken == ()


def test_two_cpus_and_an_object():
    new = "int *p = kcalloc(n, sizeof(*p), GFP_KERNEL); "
    lazy = new + "spin_lock(&l); p[n - 1] = 1; if (!v) v = p; ELSE spin_unlock(&l);"
    lost = "no memory may be lost: somebody points to it, or it is freed"
    read = "int *p = READ_ONCE(v); if (p) WARN_ON(p[%s]);"
    for run, verdict, rule in (
        ((lazy.replace("ELSE", "else kfree(p);"),), "ok", None),
        ((lazy.replace("ELSE", ""),), "violation", lost),
        ((new + "WRITE_ONCE(v, p);", read % 2), "ok", None),
        ((new + "WRITE_ONCE(v, p);", read % 3), "violation", f"--run 2, line 1: element 3 of int[n]#1, {HAS}"),
    ):
        found = explore(scenario_of_c(T, run=run, sets={"n": 3}), "none")
        assert (found.verdict, found.property, found.races) == (verdict, rule, ())


SIZES = {  # of a struct of 8 bytes, without its name: None where that is refused
    "4": None, "sizeof(*q) - 4": None, "sizeof(*q) + 4": None, "sizeof(*q) + sizeof(*f)": None, "sizeof(*q) + n": None, "12": None,
    "8": 1, "16": 2, "3 * 8": 3, "sizeof(*q) * 2": 2, "size": 2, "n * sizeof(*q)": 3,
}  # fmt: skip


@pytest.mark.parametrize("size", SIZES)
def test_a_size_that_is_no_number_of_structs_is_refused(size):
    run = "size_t size = 2 * sizeof(*q); n = 3; q = kzalloc({}, GFP_KERNEL); q[{}].m = 1; kfree(q);"
    if SIZES[size] is None:
        with pytest.raises(InputError, match=r"struct q has 8 bytes, and what else lies in these is not to be seen"):
            scenario_of_c(T, run=(run.format(size, 0),), threads=1)
    else:
        verdicts = [
            explore(scenario_of_c(T, run=(run.format(size, SIZES[size] - k),), threads=1)).verdict for k in (1, 0)
        ]
        assert verdicts == ["ok", "violation"]
