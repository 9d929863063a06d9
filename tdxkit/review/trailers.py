"""What the lines at the foot of a patch mail mean: whom they credit, and what they ask of whom.

    >>> meaning("Cc", "stable@vger.kernel.org # 6.12.x")
    'asks the stable team to take it, once it is in mainline, into each stable tree from 6.12 on'

Source of the stable rule: stable-rules. The others are the kernel's common usage.
"""

import re

SOURCES = ("stable-rules",)

MEANINGS = {
    "Fixes": "the commit that brought the problem: a tree that has that one wants this one",
    "Suggested-by": "credits whose idea it was",
    "Reported-by": "credits who found the problem",
    "Reviewed-by": "credits a review that found the patch good",
    "Acked-by": "credits a maintainer's assent",
    "Tested-by": "credits who tried it",
    "Co-developed-by": "credits another author",
    "Signed-off-by": "who wrote it or handed it on vouches that it may be contributed",
    "Resolves": "an issue of some tracker; which one, the line does not say",
    "Link": "where it was discussed",
    "Cc": "who is to see it",
}
_STABLE = re.compile(r"<?stable@vger\.kernel\.org>?(?: *# *v?(\d{1,3}\.\d{1,3})\S*)?.*")


def meaning(key: str, value: str) -> str:
    """What a trailer says; "" for one that is not known here."""
    if key == "Cc" and (found := _STABLE.fullmatch(value.strip()[:300])):
        since = f"each stable tree from {found[1]} on" if found[1] else "the stable trees"
        return f"asks the stable team to take it, once it is in mainline, into {since}"
    return MEANINGS.get(key, "")
