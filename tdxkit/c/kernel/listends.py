"""What must be so of lists when everything has come to its end: nothing was lost, and nothing that is gone is still on one."""

from tdxkit.c.kernel.lists import COPIED, ON, gone
from tdxkit.explore.rules import at_end


def whole(m) -> bool:
    """Is each entry on the list that it says it is on?"""
    for name, cells in m.c_cells.items():
        for at, word in enumerate(cells):
            value = getattr(m, word)
            if type(value) is tuple and value[:1] == (ON,):
                _, where, index = value
                if where not in m.c_cells or gone(m, where):  # what a list was that is gone is nobody's business
                    continue
                there = getattr(m, m.c_cells[where][index])
                if type(there) is not tuple or (name, at) not in there:
                    return False
    return True


def there_still(m) -> bool:
    """Is each entry of a list one that has not been freed, and no local variable whose block has ended?"""
    heads = (getattr(m, word) for cells in m.c_cells.values() for word in cells)
    entries = (
        entry for there in heads if type(there) is tuple and there[:1] not in ((ON,), (COPIED,)) for entry in there
    )
    return not any(gone(m, name) for name in {entry[0] for entry in entries if type(entry) is tuple and entry})


WHOLE = at_end("a list must have what was put on it", whole)
THERE = at_end("nothing may be on a list that was freed, and no local variable whose block has ended", there_still)
