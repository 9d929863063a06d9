"""What looks at a list and leaves it as it is: is it empty, its ends, its entries one after the other."""

from tdxkit.c.arithmetic import Defect
from tdxkit.c.kernel.lists import EMPTY, head, lead_back, list_at, on, shared, title
from tdxkit.c.runtime import cell
from tdxkit.errors import ModelError
from tdxkit.kinds import load


def empty(does: str):
    """list_empty() of a head or an entry, hlist_unhashed()."""

    def program(m, stack, p):
        if shared(p):
            yield load(does, cell(m, p))
        value = list_at(m, stack, p, does)
        if value == 0:  # zeros: NULL is not where a list_head stands, and is what an hlist_head of no entries has
            return int(does.startswith("hlist")), stack
        return int(value == EMPTY), stack

    return program


def looks(does: str, what: str):
    """A look at a whole list."""

    def program(m, stack, p, *more):
        if shared(p):
            yield load(does, cell(m, p))
        there = head(m, stack, p, does)
        if what in ("first", "last"):
            if not there:
                raise Defect(f"{does}() of {title(m, p)}, which is empty")
            return there[0 if what == "first" else -1], stack
        ends = {"first or null": there[:1], "last or null": there[-1:]}
        if what in ends:
            return (ends[what][0] if there else 0), stack
        return {"one": int(len(there) == 1), "count": len(there), "all": there}[what], stack

    return program


def is_edge(does: str, last: bool):
    """list_is_first() and list_is_last()."""

    def program(m, stack, entry, where):
        if shared(where):
            yield load(does, cell(m, where))
        return int(head(m, stack, where, does)[-1 if last else 0 :][:1] == (entry,)), stack

    return program


def steps_on(does: str, by: int):
    """The entry beside one on a list, from its ends on where `before` is NULL; NULL at the end."""

    def program(m, stack, where, before):
        if shared(where):
            yield load(does, cell(m, where))
        there = head(m, stack, where, does)[::by]
        if before == where:
            before = 0  # a loop that goes on from the head begins with the first
        if before and before not in there:
            raise Defect(f"{does}() goes on from {title(m, before)}, which was taken off the list")
        if before:
            lead_back(m, stack, where, there, (before,), does)
        at = there.index(before) + 1 if before else 0
        return (there[at] if at < len(there) else 0), stack

    return program


def beside(does: str, by: int, ends: bool = False):
    """list_next_entry() and list_prev_entry(). ends: behind the last comes NULL, as in an hlist."""

    def program(m, stack, entry):
        if shared(entry):
            yield load(does, cell(m, entry))
        where = on(m, stack, entry, does)
        there = head(m, stack, where, does)[::by] if where else EMPTY
        if ends and (where is None or entry == there[-1]):
            return 0, stack
        if entry not in there:
            raise Defect(f"{does}() of {title(m, entry)}, which its list has not: the list is corrupted")
        if entry == there[-1]:
            rule = "beside it stands the head, which is no entry and is not followed as one"
            raise ModelError(f"{does}() of {title(m, entry)}", rule, "ask list_is_last() or list_is_first() before")
        return there[there.index(entry) + 1], stack

    return program
