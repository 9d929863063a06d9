"""The kernel's functions of lists, by name."""

from collections.abc import Iterator

from tdxkit.c.kernel import listlooks, lists
from tdxkit.c.kernel.entry import Entry
from tdxkit.c.kernel.listends import THERE, WHOLE
from tdxkit.c.types import INT, ULONG, VOID

RULES = (WHOLE, THERE)
EMPTIES = ("list_empty", "list_empty_careful", "hlist_empty", "hlist_unhashed", "hlist_unhashed_lockless")
ENDS = {
    "list_first_entry": "first",
    "list_last_entry": "last",
    "list_first_entry_or_null": "first or null",
    "list_last_entry_or_null": "last or null",
    "list_first_or_null_rcu": "first or null",
}
WALK, WALK_BACK, ALL, FOLLOWING = "the_walk", "the_walk_back", "the_whole", "the_following"


def within(m, p, cells: int):
    """The object of which a pointer to a list_head in it is given; NULL where that is NULL."""
    return (p[0], p[1] - cells) if type(p) is tuple else 0


def first_of(m, one, other):
    """The one, or where that is NULL the other."""
    return one or other


def same(m, one, other):
    """Are they one pointer?"""
    return int(one == other)


def unless(m, one, other):
    """The one, but NULL where it is the other."""
    return 0 if one == other else one


def _changing() -> Iterator[tuple[str, object, str]]:
    """What changes a list: name, program, arguments."""
    for form in ("", "_rcu"):
        yield f"list_add{form}", lists.adds(f"list_add{form}"), "pp"
        yield f"list_add_tail{form}", lists.adds(f"list_add_tail{form}", at_tail=True), "pp"
        yield f"list_del{form}", lists.deletes(f"list_del{form}", lists.GONE), "p"
        yield f"hlist_add_head{form}", lists.adds(f"hlist_add_head{form}"), "pp"
        yield f"hlist_del{form}", lists.deletes(f"hlist_del{form}", lists.GONE), "p"
        yield f"hlist_del_init{form}", lists.deletes(f"hlist_del_init{form}", 0, quiet=True), "p"
    for word in ("list_del_init", "list_del_init_careful"):
        yield word, lists.deletes(word, lists.EMPTY), "p"
    for form in ("", "_rcu", "_init"):
        yield (
            f"list_replace{form}",
            lists.replaces(f"list_replace{form}", lists.EMPTY if form == "_init" else lists.GONE),
            "pp",
        )
    for form, at_tail in (("", False), ("_tail", True)):
        yield f"list_move{form}", lists.moves(f"list_move{form}", at_tail), "pp"
        for end, empties in (("", False), ("_init", True)):
            yield f"list_splice{form}{end}", lists.splices(f"list_splice{form}{end}", at_tail, empties), "pp"
    for word in ("INIT_LIST_HEAD", "INIT_HLIST_HEAD", "INIT_HLIST_NODE"):
        yield word, lists.starts(word), "p"


def functions() -> Iterator[Entry]:
    """All of them, and what the macros of entries are made of."""
    for word, program, takes in _changing():
        yield Entry(word, program, takes, VOID, stack=True, rules=RULES)  # type: ignore[arg-type]
    for word in EMPTIES:
        yield Entry(word, listlooks.empty(word), "p", INT, stack=True)
    yield Entry("list_is_singular", listlooks.looks("list_is_singular", "one"), "p", INT, stack=True)
    yield Entry("list_count_nodes", listlooks.looks("list_count_nodes", "count"), "p", ULONG, stack=True)
    yield Entry("list_is_last", listlooks.is_edge("list_is_last", last=True), "pp", INT, stack=True)
    yield Entry("list_is_first", listlooks.is_edge("list_is_first", last=False), "pp", INT, stack=True)
    for word, what in ENDS.items():
        yield Entry(f"the_{word}", listlooks.looks(word, what), "p", VOID, stack=True)
    for word, by in (("list_next_entry", 1), ("list_prev_entry", -1)):
        yield Entry(f"the_{word}", listlooks.beside(word, by), "p", VOID, stack=True)
    yield Entry(FOLLOWING, listlooks.beside("hlist_for_each", 1, ends=True), "p", VOID, stack=True)
    yield Entry(WALK, listlooks.steps_on("list_for_each", 1), "pp", VOID, stack=True)
    yield Entry(WALK_BACK, listlooks.steps_on("list_for_each_reverse", -1), "pp", VOID, stack=True)
    yield Entry(ALL, listlooks.looks("list_for_each_rcu", "all"), "p", VOID, stack=True)
    for word, plain in (("within", within), ("first_of", first_of), ("same", same), ("unless", unless)):
        yield Entry(f"the_{word}", plain, "pv", VOID, steps=False)
    yield Entry("list_is_head", same, "pp", INT, steps=False)
