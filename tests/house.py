"""Programs of the tests that run as the house's own do: nobody watches them, which takes most of the time of a small search.

What watches a reader's program has its own tests; the short random tests run under it too.
"""

from tdxkit.explore.program import Thread


class Housed(Thread):
    """A thread that is taken for one of tdxkit's own, wherever its program stands."""

    foreign = False
