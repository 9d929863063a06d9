"""The kernel's habits: each gives the tree of the plain C that says the same, and what is guessed is said."""

import pytest

from tdxkit.c.directives import preprocessed
from tdxkit.c.guesses import Guesses
from tdxkit.c.lexing import lexed
from tdxkit.c.parse import parsed
from tdxkit.c.scopes import LIST, scopes
from tests.c.trees import body, found, refusal, shape, shapes

FILE_SCOPE = {
    "static DEFINE_SPINLOCK(x);": "static spinlock_t x;",
    "DEFINE_RAW_SPINLOCK(x);": "raw_spinlock_t x;",
    "static DEFINE_MUTEX(x);": "static struct mutex x;",
    "DEFINE_RWLOCK(x);": "rwlock_t x;",
    "static DECLARE_RWSEM(x);": "static struct rw_semaphore x;",
    "DECLARE_COMPLETION(x);": "struct completion x;",
    "DECLARE_WAIT_QUEUE_HEAD(x);": "wait_queue_head_t x;",
    "DEFINE_SEQLOCK(x);": "seqlock_t x;",
    "DEFINE_XARRAY(x);": "struct xarray x;",
    "DEFINE_XARRAY_ALLOC(x);": "struct xarray x;",
    "DEFINE_IDA(x);": "struct ida x;",
    "DEFINE_IDR(x);": "struct idr x;",
    "DEFINE_STATIC_SRCU(x);": "struct srcu_struct x;",
    "static LIST_HEAD(x);": "static struct list_head x = LIST_HEAD_INIT(x);",
    "DEFINE_STATIC_KEY_FALSE(x);": "struct static_key x = 0;",
    "DEFINE_STATIC_KEY_TRUE(x);": "struct static_key x = 1;",
    "static DECLARE_BITMAP(x, 65);": "static unsigned long x[(65 + 63) / 64];",
    "DEFINE_RATELIMIT_STATE(x, 5 * HZ, 10);": "struct ratelimit_state x;",
    "static atomic_t x = ATOMIC_INIT(3);": "static atomic_t x = 3;",
    "atomic64_t x = ATOMIC64_INIT(-1);": "atomic64_t x = -1;",
    "refcount_t x = REFCOUNT_INIT(1);": "refcount_t x = 1;",
    "struct kref x = KREF_INIT(1);": "struct kref x = { 1 };",
    "struct s x = { .l = __SPIN_LOCK_UNLOCKED(x.l), .m = __MUTEX_INITIALIZER(x.m) };": "struct s x = { .l = 0, .m = 0 };",
    "int f(void) { return 0; }\nEXPORT_SYMBOL_GPL(f);\nint x;": "int f(void) { return 0; }\nint x;",
    "EXPORT_SYMBOL_FOR_KVM(f);EXPORT_SYMBOL_NS_GPL(f, \"KVM\")\nint x;": "int x;",
    'MODULE_LICENSE("GPL");module_init(f);core_initcall(f);late_initcall_sync(f);module_param(x, int, 0644);__setup("x=", f);': "",
    "int __init f(void) { return 0; }": "int f(void) { return 0; }",
    "static __always_inline int f(void) { return 0; }": "static int f(void) { return 0; }",
    "asmlinkage __visible notrace noinline int f(void);": "int f(void);",
    "void f(void) __acquires(x) __releases(&y->z) __must_hold(q);": "void f(void);",
    "__printf(1, 2) void f(const char *s, ...);": "void f(const char *s, ...);",
    "struct __packed s { int x; } __attribute__((aligned(8))) ____cacheline_aligned;": "struct s { static_assert(__packed_type()); static_assert(__aligned_type(8)); static_assert(__aligned_type(64)); int x; };",
    "static int x __read_mostly = 1, y __ro_after_init;": "static int x = 1, y;",
    "void f(char __user *s, struct p __rcu **p, u64 __percpu *q, void __iomem *r);": "void f(char *s, struct p **p, u64 *q, void *r);",
    "DEFINE_FREE(put, struct s *, if (_T) s_put(_T))": "static void __free_put(struct s *_T) { if (_T) s_put(_T); }",
    "SYSCALL_DEFINE2(f, int, fd, char __user *, s)\n{ return fd; }": "long sys_f(int fd, char *s)\n{ return fd; }",
    "int x __attribute__((section(\"a\"))) __aligned(8) = 2;": "int x = 2;",
}  # fmt: skip
IN_A_FUNCTION = {
    "LIST_HEAD(x);": "struct list_head x = LIST_HEAD_INIT(x);",
    "DECLARE_COMPLETION_ONSTACK(x);": "struct completion x;",
    "DEFINE_WAIT(x);": "struct wait_queue_entry x;",
    "if (likely(a)) b = unlikely(b);": "if (!!(a)) b = !!(b);",
    "int x __maybe_unused;": "int x;",
    "switch (a) { case 1: b = 1; fallthrough; default: b = 2; }": "switch (a) { case 1: b = 1; ; default: b = 2; }",
    "scoped_guard(spinlock, &p->l) { a = 1; }": "while (__scoped_guard(spinlock, &p->l)) { a = 1; }",
    "scoped_guard(rcu) a = 1;": "while (__scoped_guard(rcu)) a = 1;",
    "struct s *x __free(kfree) = g(a), *y __free(put) = 0; b = 1;": "struct s *x = g(a), *y = 0; (__cleanup)(kfree, x); (__cleanup)(put, y); b = 1;",
    "void *x __free(kfree) = ({ a; });": "void *x = ({ a; }); (__cleanup)(kfree, x);",
    "return_ptr(p);": "return no_free_ptr(p);",
    "list_for_each_entry(x, &p->h, l) { a = 1; }": "for (__list_for_each_entry(x, &p->h, l); ; ) { a = 1; }",
    "if (a) list_for_each_entry_safe(x, y, &p->h, l) if (b) a = 1;": "if (a) for (__list_for_each_entry_safe(x, y, &p->h, l); ; ) if (b) a = 1;",
    "xa_for_each(x, i, e) kfree(e);": "for (__xa_for_each(x, i, e); ; ) kfree(e);",
    "for_each_online_node(i) for_each_set_bit(b, x, 4) ++a;": "for (__for_each_online_node(i); ; ) for (__for_each_set_bit(b, x, 4); ; ) ++a;",
    "____x_for_each(a) *p = 1;": "for (__x_for_each(a); ; ) *p = 1;",
    "bus_for_each_dev(a, b); a = my_for_each(b) + 1;": "(bus_for_each_dev)(a, b); a = (my_for_each)(b) + 1;",
    "return a ?: b ?: 3;": "return a ? __same : b ? __same : 3;",
    "switch (a) { case 1 ... 5: b = a ? 1 : 2; case X ... Y + 1: case 3: ; }":
        "switch (a) { case __range(1, 5): b = a ? 1 : 2; case __range(X, Y + 1): case 3: ; }",
    "switch (a) { case A ? 1 : 2 ... 5: case b ? 3 : 4: ; }": "switch (a) { case __range(A ? 1 : 2, 5): case b ? 3 : 4: ; }",
    "int x[9] = { [0 ... 3] = 1, [N - 1 ... N] = 2 };": "int x[9] = { [__range(0, 3)] = 1, [__range(N - 1, N)] = 2 };",
    "IS_ENABLED(CONFIG_X) ? f() : g();": "0 ? f() : g();",
    'printk(KERN_ERR "x" "y");': 'printk("" "x" "y");',
    "int x = 1, __maybe_unused y;": "int x = 1, y;",
}  # fmt: skip


@pytest.mark.parametrize("kernel", FILE_SCOPE)
def test_a_habit_at_file_scope_is_plain_c(kernel):
    assert shapes(kernel) == shapes(FILE_SCOPE[kernel])
    assert parsed(kernel).remarks == ()


@pytest.mark.parametrize("kernel", IN_A_FUNCTION)
def test_a_habit_in_a_function_is_plain_c(kernel):
    assert body(kernel) == body(IN_A_FUNCTION[kernel])


def test_each_token_of_a_habit_has_the_place_of_the_habit():
    read = parsed(
        "int f(void)\n{\n\tvoid *x __free(kfree) = g();\n\n\tlist_for_each_entry(p, h,\n\t\tm)\n\t\tuse(p);\n\treturn x ?: y;\n}\n"
    )
    at = {node.name.name: read.place(node) for node in found(read.tree, "FuncCall")}
    assert at == {"g": (3, 26), "__cleanup": (3, 10), "__list_for_each_entry": (5, 2), "use": (7, 3)}
    assert [read.place(node) for node in found(read.tree, "For")] == [(5, 2)]
    assert [read.place(node) for node in found(read.tree, "ID") if node.name == "__same"] == [(8, 11)]


# Types where expressions stand
def argument(call, before=""):
    """The arguments of the first call in a function's body."""
    return found(parsed(f"{before}void f(void)\n{{\n\treturn {call};\n}}\n").tree, "FuncCall")[0].args.exprs


@pytest.mark.parametrize(
    "kind",
    ["struct foo", "struct foo *", "const struct foo **", "union u", "unsigned long", "u64", "typeof(*p)", "typeof(f(1, 2)) *", "own", "own *", "void *", "int (*)(void)", "u64 (*)[2]"],
)  # fmt: skip
def test_a_type_as_an_argument_is_that_type(kind):
    made = argument(f"container_of(p, {kind}, m.n)", "typedef struct foo own;")
    wanted = argument(f"__builtin_va_arg(p, {kind})", "typedef struct foo own;")
    assert [type(node).__name__ for node in made] == ["ID", "Typename", "StructRef"]
    assert shape(made[1]) == shape(wanted[1])


def test_what_only_begins_like_a_type_is_none():
    made = argument("f(sizeof(struct foo), (struct foo *)p, u64x, struct_size(p, m, 3), offsetof(struct foo, m))")
    assert [type(node).__name__ for node in made] == ["UnaryOp", "Cast", "ID", "FuncCall", "FuncCall"]
    assert (
        body("int g(struct foo *); return g(p);")[0][0] == "FuncDef"
    )  # a declaration's parameters are types as they are


@pytest.mark.parametrize(
    "declared",
    [
        "int *g(int x);",
        "extern struct s *g(struct t *x, u64 y);",
        "u64 **g(u32);",
        "foo_t *g(struct t *x);",
        "const u8 *g(int);",
    ],
)
def test_a_function_that_returns_a_pointer_may_be_declared_in_another(declared):
    """Its parameters are types as they are, and no arguments of a call."""
    before = "typedef struct foo foo_t;"
    (inside,) = found(parsed(f"{before}void f(void) {{ {declared} }}").tree, "FuncDef")[0].body.block_items
    (alone,) = (node for node in parsed(before + declared).tree.ext if type(node).__name__ == "Decl")
    assert shape(inside) == shape(alone)
    made = argument("b * container_of(p, struct foo, m)")
    assert [type(node).__name__ for node in made] == ["ID", "Typename", "ID"]


def test_a_variable_with_the_name_of_a_type_is_a_variable():
    text = "int f(int u64) {{ return g({0} + 1, {0}, (u32){0}, {0}++); }}"
    wanted = [shape(node) for node in found(parsed(text.format("u64")).tree, "ExprList")[0].exprs]
    assert [kind for kind, _, _ in wanted] == ["BinaryOp", "ID", "Cast", "UnaryOp"] and "Typename" not in str(
        wanted[:2]
    )


def test_types_of_the_kernel_are_known_and_no_typedef_of_the_text():
    read = parsed("static u64 a;\nbool f(gfn_t g, atomic_t *c) { return (u8)g; }")
    assert read.remarks == () and [type(node).__name__ for node in read.tree.ext] == ["Decl", "FuncDef"]
    assert found(read.tree, "IdentifierType")[0].names == ["u64"]
    assert len(parsed("typedef unsigned long u64;\nu64 x;").tree.ext) == 2  # the text's own stays


@pytest.mark.parametrize(
    "text, where",
    [
        ("foo_t x;", 1), ("static foo_t *x = 0;", 1), ("\nfoo_t f(void);", 2), ("foo_t **f(int a) { return 0; }", 1), ("const foo_t x[2];", 1),
        ("void f(int a, foo_t b);", 1), ("void f(foo_t *);", 1), ("void f(int,\nfoo_t);", 2), ("struct s { int a;\n foo_t b : 3; };", 2),
        ("void f(void)\n{\nfoo_t x = 1; }", 3), ("void f(void) { foo_t *x, y; }", 1), ("void f(void) { if (a) { } foo_t x; }", 1),
        ("void f(void) { for (foo_t i = 0; i; ) ; }", 1), ("int f(void) { return (foo_t)a; }", 1), ("int f(void) { return x + (foo_t *)(a); }", 1),
        ("int f(void) { return (u32)(foo_t)3; }", 1), ("int f(void) { return sizeof(foo_t *); }", 1), ("int x = offsetof(foo_t, m);", 1),
        ("struct s { foo_t (*call)(int); };", 1), ("foo_t const *x;", 1), ("typedef foo_t bar_t;", 1), ("int f(void) { out: foo_t *x; }", 1),
        ("int f(void) { g(1, foo_t *); }", 1), ("STATIC foo_t f(void);", 1), ("extern foo_t x;", 1), ("foo_t (*call)(void);", 1),
    ],
)  # fmt: skip
def test_an_unknown_name_where_only_a_type_can_stand_is_taken_for_one_and_said(text, where):
    read = parsed(text)
    assert f"line {where}: foo_t is taken for a type (int)" in read.remarks
    assert (type(read.tree.ext[0]).__name__, read.tree.ext[0].name) == ("Typedef", "foo_t")
    assert read.place(read.tree.ext[0])[0] == where


@pytest.mark.parametrize(
    "text",
    ["int f(void) { return (foo) + 1; }", "int f(void) { return g(foo * bar); }", "int f(int a) { if (foo) a = 1; while (bar) g(a); return (foo)(a); }",
     "int f(void) { return sizeof(foo); }", "int f(foo_t)\n{ }", "typedef int foo; foo x; typedef int (*bar)(foo y); bar z;", "struct foo x; enum bar y;",
     "int f(unsigned const n, struct s * const p) { return n; }", "int f(void) { goto foo; foo: return 1; }", "int x = foo, y = bar * baz;"],
)  # fmt: skip
def test_a_name_that_may_be_a_value_is_not_taken_for_a_type(text):
    try:
        assert parsed(text).remarks == ()
    except ValueError as refused:
        assert "K&R" in str(refused)


GUESSED = {
    "FOO int x;": ("int x;", "line 1: FOO is not known here and left out"),
    "FOO_API const u64 f(void);": ("const u64 f(void);", "line 1: FOO_API is not known here and left out"),
    "static foo_inline struct s *f(void);": (
        "static struct s *f(void);",
        "line 1: foo_inline is not known here and left out",
    ),
    "int\n__foo f(void) { return 0; }": ("int f(void) { return 0; }", "line 2: __foo is not known here and left out"),
    "struct s *__foo f(void);": ("struct s *f(void);", "line 1: __foo is not known here and left out"),
    "void f(void) __foo __bar(x) { }": ("void f(void) { }", "line 1: __foo is not known here and left out"),
    "static int x __foo = 1;": ("static int x = 1;", "line 1: __foo is not known here and left out"),
    "int x[2] __foo;": ("int x[2];", "line 1: __foo is not known here and left out"),
    "FOO_LINE(a, b);\nFOO_LINE(c);\nint x;": (";;int x;", "line 1: FOO_LINE is not known here and left out"),
    "static DEFINE_FOO(x) = { .a = { 1 } };\nint x;": (";int x;", "line 1: DEFINE_FOO is not known here and left out"),
    "static DEFINE_PER_NODE(struct s, x) = { 1 };": (";", "line 1: DEFINE_PER_NODE is not known here and left out"),
    'char *s = "a" FOO "b";': ('char *s = "a" "b";', "line 1: FOO is taken for a string, and left out"),
    'char *s = __stringify(x) "b";': ('char *s = "b";', "line 1: __stringify is taken for a string, and left out"),
}


@pytest.mark.parametrize("text", GUESSED)
def test_what_is_left_out_is_said_once(text):
    plain, said = GUESSED[text]
    assert shapes(text) == shapes(plain)
    remarks = parsed(text).remarks
    assert remarks[0] == said and len(remarks) == len({remark.split()[2] for remark in remarks})


@pytest.mark.parametrize(
    "wrong", ["y = x __foo;", "return x __foo;", "y = x[2] __foo;", "f(x __foo);", "y + x __foo, 1;", "if (x __foo) ;"]
)
def test_where_an_operator_is_missing_nothing_is_left_out(wrong):
    assert "`__foo`: an operator, a comma or a ; is missing between" in refusal(f"int f(int x, int y) {{ {wrong} }}")


def test_a_call_is_never_left_out():
    assert refusal('int f(void) { pr_err("x" g(1)); }').startswith("line 1, column 26: `g`")
    read = parsed("int f(void) { FOO(1); __bar(2); return BAZ(3); }")
    assert [node.name.name for node in found(read.tree, "FuncCall")] == ["FOO", "__bar", "BAZ"] and read.remarks == ()


def test_what_is_left_out_one_after_another_is_one_piece():
    tokens = preprocessed(lexed("EXPORT_SYMBOL(f);\n" * 9 + "FOO int x;"), {}, [])
    guesses = Guesses(tokens, scopes(tokens), set())
    assert sorted(guesses.out) == list(range(46)) and guesses._first == {
        45: 0
    }  # so that nobody walks back over all of it again


def test_remarks_are_bounded():
    remarks = parsed("".join(f"t{k}_t x{k};\n" for k in range(99))).remarks
    assert len(remarks) == 51 and remarks[-1] == "and 49 more of this kind"


def test_the_names_of_an_enum_with_a_type_of_its_own_stand_in_a_list():
    for head in ("enum", "enum e", "enum : u8", "enum e : unsigned long long"):
        tokens = lexed(f"{head} {{ A }};")
        assert [where for token, where in zip(tokens, scopes(tokens).inside) if token.text == "A"] == [LIST]
