"""Who calls whom in a text. No function calls itself, and calls in calls are bounded: what has no step in it would run without end unseen."""

from collections import Counter
from collections.abc import Mapping

from tdxkit.c.declare import Declared

DEEPEST, MOST = 60, 20_000  # calls in each other, and calls that one call brings about where each is made once


def check_calls(declared: Declared, calls: Mapping[str, Counter]) -> None:
    """InputError for a function that calls itself, through others too, and for calls that are too deep or too many. calls: of each function
    those that it calls, with how often that is written."""
    depth: dict[str, int] = {}
    weight: dict[str, int] = {}

    def visit(word: str, above: tuple[str, ...]) -> None:
        if word in above:
            raise _refused(declared, word, "it calls itself", "write it as a loop")
        if len(above) > DEEPEST:
            raise _refused(declared, word, f"calls are nested to a depth of {DEEPEST}", "make it simpler")
        if word in weight:
            return
        called = calls.get(word, Counter())
        for one in sorted(called):
            visit(one, (*above, word))
        depth[word] = 1 + max((depth[one] for one in called), default=0)
        weight[word] = 1 + sum(many * weight[one] for one, many in called.items())
        if depth[word] > DEEPEST:
            raise _refused(declared, word, f"calls are nested to a depth of {DEEPEST}", "make it simpler")
        if weight[word] > MOST:
            raise _refused(declared, word, f"calls in its calls come to more than {MOST:,}", "make it simpler")

    for word in declared.functions:
        visit(word, ())


def _refused(declared: Declared, word: str, rule: str, action: str):
    return declared.refuse(declared.functions[word], f"`{word}(…)`", rule, action)
