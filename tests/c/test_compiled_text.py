"""What a text of C leaves behind in the process: nothing, once nobody has a function of it."""

import gc
import sys

from tdxkit.c.program import program
from tdxkit.explore.whose import librarys, ours

TEXT = "int twice(int a) { return 2 * a; }\n"


def test_a_text_is_ours_while_a_function_of_it_lives():
    twice = program(TEXT).functions["twice"]
    gc.collect()
    assert ours(twice) and librarys(twice)
    assert twice.__globals__["__name__"] not in sys.modules


def test_thirty_texts_leave_nothing_of_themselves():
    program(TEXT)
    gc.collect()
    before, names = len(sys.modules), {program(TEXT).functions["twice"].__globals__["__name__"] for _ in range(30)}
    gc.collect()
    assert len(names) == 30 and len(sys.modules) == before
    assert not [one for one in gc.get_objects() if isinstance(one, type(sys)) and one.__name__ in names]
