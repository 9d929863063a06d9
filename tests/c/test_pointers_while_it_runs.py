"""What a compiled text calls while it runs, on its own: pointers moved, compared and followed to the last cell, and what is said where they lead nowhere."""

from types import SimpleNamespace as Made

import pytest

from tdxkit.c import bytewise, runtime
from tdxkit.c.arithmetic import Defect
from tdxkit.c.bytewise import WITHIN, Spot, as_left, as_seen, bytes_apart, element_at, meets, seen, spot, stepped
from tdxkit.c.declare import Declared
from tdxkit.c.layouts import ADDRESS, BOOLEAN, NUMBER, Layouts, View, is_same, layout, view
from tdxkit.c.parse import parsed
from tdxkit.c.runtime import COUNTERS, GAP, PAGE, PAST, READERS
from tdxkit.c.types import INT, INTS, Array, Pointer, Void
from tdxkit.c.where import Where
from tdxkit.errors import InputError, ModelError

pytestmark = pytest.mark.many


def memory(**values):
    """Shared objects: two cells of `o`, three of `t`, an object of the heap, one of a counted number of elements."""
    return Made(
        c_cells={"o": ("o.a", "o.b"), "t": ("t[0]", "t[1]", "t[2]"), "foo#1": ("foo#1.n",), "int[n]#1": ("i[0]", "i[1]"), READERS: ("r[0]", "r[1]", "r[2]")},
        c_heap={"foo#1": ("state", ("foo#1.n",)), "int[n]#1": ("state", ())}, c_counted={"int[n]#1": ("many", 0, 1)}, c_cpus=2, refcount={0: 5, 1: 6}, state="live", many=2, noted=[],
        **{"o.a": 1, "o.b": None, "t[0]": 7, "t[1]": 8, "t[2]": 9, "foo#1.n": 3, "i[0]": 4, "i[1]": 5, "r[0]": 0, "r[1]": 0, "r[2]": 0} | values,
    )  # fmt: skip


def broken(how, *given):
    with pytest.raises((Defect, ModelError)) as error:
        how(*given)
    return str(error.value)


def test_what_is_followed():
    m = memory()
    assert runtime.far(("o", 0)) is True and runtime.far(("", 0)) is False
    assert broken(runtime.far, 0) == broken(runtime.far, 4095) == "NULL is followed"
    assert broken(runtime.far, 4096) == "4096 is followed, which is no address" and broken(runtime.far, -1).startswith("-1 is followed")  # fmt: skip
    assert [runtime.get(m, ("t", k)) for k in range(3)] == [7, 8, 9] and runtime.get(m, (COUNTERS, 1)) == 6
    assert broken(runtime.get, m, ("t", 3)) == "cell 3 of t, which has 3" and broken(runtime.get, m, ("t", -1)) == "cell -1 of t, which has 3"  # fmt: skip
    assert broken(runtime.get, m, ("o", 1)) == "o.b is read before it has a value" and runtime.get(m, ("o", 1), unset=True) is None  # fmt: skip
    assert broken(runtime.cell, m, ("t", PAST)) == broken(runtime.cell, m, ("t", GAP + 1)) == "what lies behind an array in t is followed"  # fmt: skip
    assert "a local variable given to a function of the kernel" in broken(runtime.cell, m, ("", 0))
    assert "`current` of CPU 1" in broken(runtime.cell, m, runtime.own_task((1, 5))) and "a string" in broken(runtime.cell, m, ("text", 0))  # fmt: skip
    assert "NULL is followed" in broken(runtime.cell, m, 0) and runtime.cell(m, (COUNTERS, 1)) == "refcount[1]"
    assert "scalars are kept" in broken(runtime.cell, m, ("int[n]#1", 2)) and "cell -1 of int[n]#1" in broken(runtime.cell, m, ("int[n]#1", -1))  # fmt: skip


def test_what_is_put_there():
    m = memory()
    runtime.put(m, ("t", 2), 4)
    runtime.put(m, (COUNTERS, 0), 9)
    assert (getattr(m, "t[2]"), m.refcount) == (4, {0: 9, 1: 6})
    assert broken(runtime.put, m, ("t", 0), ("", 3)) == "a pointer to a local variable is given to other CPUs"
    runtime.put(m, ("t", 0), ())
    runtime.put(m, ("t", 1), ("o", 0))
    assert (getattr(m, "t[0]"), getattr(m, "t[1]")) == ((), ("o", 0))


@pytest.mark.parametrize("state, reader, said", [("live", 0, ""), ("freed", 1, "use of foo#1.n after it was freed"), ("waiting for readers", 0, "use of foo#1.n after it was freed"), ("waiting for readers", 1, "")])  # fmt: skip
def test_what_was_freed(state, reader, said):
    for how in (lambda m: runtime.get(m, ("foo#1", 0)), lambda m: runtime.put(m, ("foo#1", 0), 1)):
        m = memory(**{"r[1]": reader})
        m.state = state
        if said:
            assert broken(how, m) == said
        else:
            how(m)


def test_who_reads_is_one_of_the_cpus():
    assert not runtime.anybody_reads(memory()) and not runtime.anybody_reads(memory(**{"r[2]": 1}))
    assert runtime.anybody_reads(memory(**{"r[0]": 1})) and runtime.anybody_reads(memory(**{"r[2]": 1}), (READERS, 1))


def test_elements_that_an_object_has():
    m = memory()
    assert [runtime.get(m, ("int[n]#1", k)) for k in (0, 1)] == [4, 5]
    assert broken(runtime.get, m, ("int[n]#1", 2)) == "element 2 of int[n]#1, which has 2"
    assert broken(runtime.get, m, ("int[n]#1", -1)) == "element -1 of int[n]#1, which has 2"
    m.many = 1
    assert broken(runtime.get, m, ("int[n]#1", 1)) == "element 1 of int[n]#1, which has 1"


def test_the_stack():
    m = memory()
    assert runtime.laid((1, 2, 3), 0, 9) == (9, 2, 3) and runtime.laid((1, 2, 3), 2, 9) == (1, 2, 9)
    assert runtime.fetch(m, (1, 2), ("", 1)) == 2 and runtime.fetch(m, (1, 2), ("", 0)) == 1 and runtime.fetch(m, (), ("t", 0)) == 7  # fmt: skip
    for at in (-1, 2):
        assert broken(runtime.laid, (1, 2), at, 9) == broken(runtime.fetch, m, (1, 2), ("", at)) == runtime.NOT_OWN
    assert runtime.keep(m, (1, 2), ("", 0), 5) == (5, 2) and runtime.keep(m, (1, 2), ("t", 0), 5) == (1, 2) and getattr(m, "t[0]") == 5  # fmt: skip
    assert runtime.known(0, "x") == 0 and broken(runtime.known, None, "x") == "x is read before it has a value"
    assert runtime.own_task((3, 1)) == ("CPU 3's task", 0) and runtime.own("f.x#2") == "x of f(), whose block has ended"
    assert runtime.own("--run 1.x") == "x of --run 1, whose block has ended"


def test_pages_in_hand():
    m = Made(c_cells={"p": ("p",)}, c_heap={}, c_counted={}, p=0, noted=0)
    m.note = lambda what, by: setattr(m, "noted", m.noted + by)
    for value, left in ((PAGE, -1), (PAGE, -1), (0, 0), ((PAGE, PAGE), -2), ((PAGE,), -1), (("o", 0), 0)):
        runtime.hand(m, ("p", 0), value)
        assert (m.p, m.noted) == (value, left)
    assert runtime.keep_page(m, (1, 2), ("", 1), PAGE) == (1, PAGE) and m.noted == 0
    assert runtime.keep_page(m, (1, 2), ("p", 0), PAGE) == (1, 2) and m.noted == -1


def test_pointers_are_moved_and_compared():
    assert runtime.moved(("t", 1), 2, 8) == ("t", 3) and runtime.moved(100, 2, 8) == 108 and runtime.moved(100, 2) == 102 and runtime.moved(0, 2, 0) == 0  # fmt: skip
    assert runtime.along(("t", 1), 3, 2, 8) == ("t", 7) and runtime.along(0, 3, 2, 8) == 24
    assert runtime.element(("t", 0), 2, 1, 4, 3) == ("t", 2) and runtime.element(("t", 0), 3, 1, 4, 3, 1) == ("t", 3)
    for index, past in ((3, 0), (-1, 0), (4, 1), (-1, 1)):
        assert broken(runtime.element, ("t", 0), index, 1, 4, 3, past) == f"element {index} of an array of 3"
    assert runtime.apart(("t", 5), ("t", 1), 2) == 2 and runtime.apart(("t", 1), ("t", 5), 2) == -2
    for pair in ((("t", 1), ("o", 1)), (("t", 1), 0), (0, ("t", 1))):
        assert "do not point into one array" in broken(runtime.apart, *pair, 1)
    in_order = [0, 7, ("o", 0), ("o", 1), ("t", 0), ("t", GAP + 1), ("t", 1), ("t", 2)]
    assert [[runtime.order(a, b) for b in in_order] for a in in_order] == [[(k > n) - (k < n) for n in range(8)] for k in range(8)]  # fmt: skip
    assert runtime.order(("t", PAST + 1), ("t", 1)) == 0 and meets(("t", PAST + 1), ("t", 1)) and meets(0, 0)
    assert not meets(("t", GAP + 1), ("t", 1)) and not meets(("t", 1), ("o", 1)) and not meets(("t", 1), 0)


def test_a_loop_that_looks_at_nothing():
    runtime.went()
    for _ in range(runtime.ROUNDS):
        runtime.again()
    assert "a loop that goes round 100,000 times" in broken(runtime.again) and runtime.turns == [0]
    runtime.again()
    runtime.went()
    assert runtime.turns == [0]


# Seen as bytes
def types(text):
    read = parsed(text)
    made = Declared(read.place, Where(text.count("\n")))
    made.read(read.tree)
    return made


DECLARED = types(
    "struct in { u8 a; u64 b; }; struct o { u32 n; struct in in[2]; u16 t[3]; u8 z; }; struct bits { u32 x : 3, y : 5; _Bool f; int *p; atomic_t c; spinlock_t l; }; struct odd { u8 a; u32 b __attribute__((aligned(x))); };"
)
OBJECT = layout("o", DECLARED.tags["o"])  # fmt: skip


def test_where_scalars_lie():
    assert OBJECT.paths == (".n", ".in[0].a", ".in[0].b", ".in[1].a", ".in[1].b", ".t[0]", ".t[1]", ".t[2]", ".z")
    assert (OBJECT.begins, OBJECT.sizes) == ((0, 8, 16, 24, 32, 40, 42, 44, 46, 48), (4, 1, 8, 1, 8, 2, 2, 2, 1))
    assert OBJECT.arrays == ((1, 5, 2), (5, 8, 1)) and OBJECT.names[:2] == ("unsigned int", "unsigned char")
    bits = layout("b", DECLARED.tags["bits"])
    assert bits.names == ("unsigned int:3", "unsigned int:5", "_Bool", "int *", "atomic_t", "spinlock_t")
    assert bits.views == (View("bits 0", 3), View("bits 1", 5), View(BOOLEAN, 8), View(ADDRESS, 64, True), View(NUMBER, 32, True), View("spinlock_t"))  # fmt: skip
    assert layout("x", DECLARED.tags["odd"]).begins == () and layout("i", INT).begins == (0, 4)
    assert layout("a", Array(INT, 3)).arrays == () and layout("s", DECLARED.tags["in"]).arrays == ()


def test_what_sees_the_same():
    into = lambda name: INTS[name]  # noqa: E731
    assert is_same(into("long"), into("long long")) and is_same(into("char"), into("unsigned char")) and is_same(DECLARED.tags["in"], DECLARED.tags["in"])  # fmt: skip
    for one, other in ((INT, into("unsigned int")), (INT, into("long")), (into("_Bool"), into("unsigned char")), (DECLARED.tags["in"], DECLARED.tags["o"]), (DECLARED.tags["in"], INT), (INT, DECLARED.tags["in"]), (Pointer(INT), into("long")), (Void(), into("char"))):  # fmt: skip
        assert not is_same(one, other) and not is_same(other, one)
    assert is_same(Array(INT, 2), INT) and is_same(INT, Array(INT, 3)) and is_same(Array(INT, 2), Array(INT, 3)) and not is_same(Array(INT, 2), into("long"))  # fmt: skip
    assert view(DECLARED.tags["o"]) == view(into("unsigned int")) and view(Array(into("short"), 2)) == view(into("short"))  # fmt: skip


def test_which_texts_have_to_look():
    def cross(moved, *kinds, stack=()):
        made = Layouts()
        made.kinds, made.moved, made.on_stack = dict(enumerate(kinds)), [moved], list(stack)
        return made.cross()

    u16, u8, u32 = INTS["unsigned short"], INTS["unsigned char"], INTS["unsigned int"]
    o, inner = DECLARED.tags["o"], DECLARED.tags["in"]
    assert cross(u16, o) and cross(inner, o) and cross(u32, o) and cross(u8, o)
    assert not cross(INTS["long"], o) and not cross(INT, Array(INT, 3)) and not cross(INT, INT) and not cross(inner, Array(inner, 2))  # fmt: skip
    assert cross(INT, stack=[INT]) and not cross(u8, stack=[INT]) and cross(u16, Array(o, 2)) and not cross(u16)


M = Made(c_layouts={"o": OBJECT, "own": layout("x", Array(INT, 2))})
STACK = (1, 2, "own", 5)


def test_where_a_pointer_points():
    assert spot(M, (), ("o", 3)) == Spot(OBJECT, 0, 3, 0) and spot(M, (), ("o", PAST + 3))[2:] == (3, PAST) and spot(M, (), ("o", GAP + 3))[2:] == (3, GAP)  # fmt: skip
    assert spot(M, STACK, ("", 1))[1:] == (0, 1, 0) and spot(M, (9, *STACK), ("", 1))[1:] == (1, 0, 0) and spot(M, STACK, ("", 3)) is None and spot(M, (), ("text", 0)) is None  # fmt: skip
    assert [Spot(OBJECT, 0, at, 0).byte for at in (-1, 0, 1, 9, 10)] == [-1, 0, 8, 48, -1] and Spot(OBJECT, 0, 2, GAP).byte == 9 and Spot(OBJECT, 0, 8, PAST).byte == 46  # fmt: skip
    here = Spot(OBJECT, 0, 0, 0)
    assert [here.array(at, 2) for at in (0, 1, 4, 5)] == [None, (1, 5, 2), (1, 5, 2), None] and here.array(7, 1) == (5, 8, 1) and here.array(8, 1) is None  # fmt: skip


@pytest.mark.parametrize(
    "at, by, cells, each, lands",
    [
        (0, 8, 1, 0, 1), (1, 8, 1, 0, 2), (1, 16, 2, 2, 3), (1, 32, 4, 2, 5 + PAST), (3, 16, 2, 2, 5 + PAST), (5, 2, 1, 1, 6), (6, 2, 1, 1, 7), (7, 2, 1, 1, 8 + PAST), (8, -2, -1, 1, 7), (8, -6, -3, 0, 5), (0, 48, 9, 0, 9), (9, -48, -9, 0, 0), (0, 40, 5, WITHIN, 5), (0, 42, 1, 0, 6), (0, 9, 1, 0, 2 + GAP), (1, 1, 1, 0, 2 + GAP),
        (0, 47, 1, 0, 9 + GAP), (0, 4, 1, 0, 1 + GAP), (0, 49, 40, 0, 40), (0, -1, -1, 0, -1), (8 + PAST, -2, -1, 1, 7), (8 + PAST, 0, 0, 1, 8 + PAST), (8 + PAST, -2, -1, 0, 7), (2 + GAP, 7, 1, 0, 2), (2 + GAP, -1, 1, 0, 1),
    ],
)  # fmt: skip
def test_so_many_bytes_on(at, by, cells, each, lands):
    assert stepped(M, (), ("o", at), by, cells, each) == ("o", lands)


@pytest.mark.parametrize("at, by, cells", [(0, 1, 9), (2, 1, 9), (0, 10, 9), (5, 1, 9), (0, 49, 1), (0, -1, 1)])
def test_inside_of_a_scalar_nobody_goes(at, by, cells):
    assert "its scalars are seen as a whole" in broken(stepped, M, (), ("o", at), by, cells)


def test_elements_by_their_bytes():
    assert element_at(M, (), ("o", 5), 2, 1, 2, 3) == ("o", 7) and element_at(M, (), ("o", 5), 3, 1, 2, 3, 1) == (
        "o",
        8 + PAST,
    )
    for index, past in ((3, 0), (-1, 0), (4, 1)):
        assert broken(element_at, M, (), ("o", 5), index, 1, 2, 3, past) == f"element {index} of an array of 3"
    assert stepped(M, (), 100, 8, 2) == 108 and stepped(M, (), ("text", 0), 8, 2) == ("text", 2)
    assert bytes_apart(M, (), ("o", 7), ("o", 5), 1, 2) == 2 and bytes_apart(M, (), ("o", 5), ("o", 7), 1, 1) == -4 and bytes_apart(M, (), 24, 8, 1, 8) == 2  # fmt: skip
    assert bytes_apart(M, (), ("o", 8 + PAST), ("o", 5), 1, 2) == 3 and bytes_apart(M, STACK, ("", 1), ("", 0), 1, 4) == 1 and bytes_apart(M, (), ("text", 4), ("text", 1), 1, 1) == 3  # fmt: skip
    for pair in ((("o", 1), ("text", 1)), (("o", 1), 8), (8, ("o", 1)), (("text", 0), ("other", 0))):
        assert "do not point into one array" in broken(bytes_apart, M, (), *pair, 1, 1)
    assert "a byte of o" in broken(bytes_apart, M, (), ("o", 12), ("o", 0), 1, 4)


def test_as_what_a_scalar_is_seen():
    number = lambda bits, signed=False: View(NUMBER, bits, signed)  # noqa: E731
    assert (
        seen(M, (), ("o", 0), number(32), "u32", 1) is None
        and seen(M, (), ("o", 0), number(32, True), "int", 1) == OBJECT.views[0]
    )
    assert (
        seen(M, (), ("o", 2), number(8), "u8", 0)
        == seen(M, (), ("o", 2), View(ADDRESS, 64, True), "p", 1)
        == OBJECT.views[2]
    )
    assert seen(M, (), ("o", 1), View(BOOLEAN, 8), "_Bool", 1) == OBJECT.views[1] and seen(M, (), ("text", 0), number(8), "u8", 0) is None and seen(M, (), 0, number(8), "u8", 0) is None  # fmt: skip
    for at, wanted, stores in ((2, number(8), 1), (0, number(64), 0), (0, View(BOOLEAN, 8), 0), (0, View("spinlock_t"), 0), (1, View(ADDRESS, 64, True), 0)):  # fmt: skip
        assert "and is seen as x here" in broken(seen, M, (), ("o", at), wanted, "x", stores)
    assert seen(M, (), ("o", 9), number(8), "u8", 0) is None and "cell 2 of x, which has 2" in broken(seen, M, STACK, ("", 2), number(32), "u32", 0)  # fmt: skip
    assert "no scalar begins at this byte" in broken(seen, M, (), ("o", 2 + GAP), number(8), "u8", 0) and "what lies behind o.in[0].a" in broken(seen, M, (), ("o", 2 + GAP), number(8), "u8", 0)  # fmt: skip
    assert broken(seen, M, (), ("o", 8 + PAST), number(8), "u8", 0) == "what lies behind an array in o is followed"
    assert bytewise.same(M, (), ("o", 0), number(32), "u32") is None and "is seen as int" in broken(bytewise.same, M, (), ("o", 0), number(32, True), "int")  # fmt: skip


def test_a_value_as_it_is_seen():
    u8, s8, u32, address = View(NUMBER, 8), View(NUMBER, 8, True), View(NUMBER, 32), View(ADDRESS, 64, True)
    assert as_seen(300, None, u8) == 300 and as_seen(300, u32, u8) == 44 and as_seen(200, u8, s8) == -56 and as_left(-1, u32, View(NUMBER, 32, True)) == 2**32 - 1 and as_left(7, None, u8) == 7  # fmt: skip
    assert as_seen(("o", 0), View(NUMBER, 64), address) == ("o", 0) and "an address is no number here" in broken(as_seen, ("o", 0), address, u8)  # fmt: skip
    assert [as_seen(value, u8, View(BOOLEAN, 8)) for value in (0, 1)] == [0, 1] and as_seen(
        1, View(BOOLEAN, 8), u8
    ) == 1
    assert "2 in a _Bool" in broken(as_seen, 2, u8, View(BOOLEAN, 8)) and "-1 in a _Bool" in broken(
        as_seen, -1, View(BOOLEAN, 8), u8
    )


def test_places_of_a_text_and_of_what_is_given_beside_it():
    where = Where(3, ("a;\nb;", "c;"), (2, 0, 5), "d;\ne;")
    opening = len("void __run_0(void) { ")
    assert [where.of(line, 4) for line in (1, 2, 3)] == [("", 1, 6), ("", 2, 4), ("", 3, 9)]
    assert where.of(4, opening + 2) == ("--run 1", 1, 2) and where.of(4, 3) == ("--run 1", 1, 1) and where.of(5, 3) == ("--run 1", 2, 3) and where.of(6, 1) == ("--run 1", 2, 1)  # fmt: skip
    assert where.of(7, opening + 1) == ("--run 2", 1, 1) and where.of(8, 1) == ("--run 2", 1, 1) and where.of(9, opening + 1) == ("--softirq", 1, 1) and where.of(10, 2) == where.of(12, 2) == ("--softirq", 2, 2)  # fmt: skip
    assert (where.at(5, 3), where.at(1, 4), where.line(5, 3), where.line(1, 4)) == ("--run 1, line 2, column 3", "line 1, column 6", "--run 1, line 2, column 3", "line 1")  # fmt: skip
    assert Where(3).of(9, 2) == ("", 9, 2) and Where(2, (), (1,)).of(2, 2) == ("", 2, 2) and Where(2).given == () and Where(2, ("a;",)).given == ("a;",)  # fmt: skip
    assert (
        where.bodies() == "void __run_0(void) { a;\nb;\n}\nvoid __run_1(void) { c;\n}\nvoid __run_2(void) { d;\ne;\n}\n"
    )
    moved = where.moved(InputError("line 5, column 3: `x`", "the one of line 7, column 30", "go"))
    assert str(moved) == "--run 1, line 2, column 3: `x`: the one of --run 2, line 1, column 9; go"
