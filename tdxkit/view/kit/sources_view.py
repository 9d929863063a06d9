"""Where things were read: a list of sources with links, for the end of a notebook and for the foot of a card.

sources(ID, ID)         # ids of data/sources.toml
"""

import re
from dataclasses import dataclass

from tdxkit.facts import Source, cite
from tdxkit.mail.post import LORE
from tdxkit.view.kit import theme
from tdxkit.view.kit.svg import Markup, element, framed, joined, link, style, visible

# What in the words of `where` has an address of its own: an address, a mail by its Message-ID, a commit of Linux.
_ADDRESS, _MAIL, _COMMIT = (
    r"https?://[^\s,;]+",
    r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+",
    r"(?:Linux|torvalds/linux,) commit [0-9a-f]{8,40}",
)
_LINKED = re.compile(f"({_ADDRESS}|{_MAIL}|{_COMMIT})")
LINUX = "https://git.kernel.org/linus/"
CHECKED = {"read": "the text was read", "run": "run or measured here", "inferred": "inferred from other texts"}
_S = ".tdx.tdx-sources"
STYLE = (
    f"{_S}{{color:var(--tdx-ink);font-size:13px;line-height:1.45;max-width:1100px;margin:6px 0;overflow-wrap:anywhere}}"
    f"{_S} ul{{list-style:none;margin:0;padding:0}}{_S} li{{margin:0;padding:4px 0 4px 12px;border-left:3px solid var(--tdx-line)}}{_S} li+li{{margin-top:4px}}"
    f".tdx a{{color:var(--tdx-a0);text-decoration:underline;text-underline-offset:2px}}.tdx a:focus-visible{{outline:2px solid var(--tdx-a0);outline-offset:2px}}"
    f"{_S} code{{background:var(--tdx-panel);color:inherit;border:1px solid var(--tdx-line);border-radius:4px;padding:0 5px;font-size:12px;white-space:nowrap}}"
    f"{_S} small{{display:block;color:var(--tdx-soft);font-size:12.5px}}"
)


def address(words: str) -> str:
    """The page of the web that such words stand for.

    >>> address("20250609091121.2497429-1-x@example.org"), address("Linux commit 1db2a6e1e29f")
    ('https://lore.kernel.org/r/20250609091121.2497429-1-x@example.org', 'https://git.kernel.org/linus/1db2a6e1e29f')
    """
    if words.startswith("http"):
        return words
    return LORE + words if "@" in words else LINUX + words.rpartition(" ")[2]


def with_links(text: str) -> Markup:
    """A text in which each address, Message-ID and commit of Linux is a link."""
    parts = _LINKED.split(text)  # what was captured stands at the odd places
    return joined(*(link(address(part), part) if k % 2 else part for k, part in enumerate(parts)))


def address_of(source_id: str) -> str:
    """The one page of the web that a source has; "" where it has none, or several."""
    found = _LINKED.findall(cite(source_id).where)
    return address(found[0]) if len(found) == 1 else ""


def short(source_id: str) -> Markup:
    """A source in a line of others: its id, as a link where it has one address, with its title for whoever rests on it."""
    page = address_of(source_id)
    inner = link(page, source_id) if page else source_id
    return element("span", inner, title=cite(source_id).title, class_="tdx-source")


@dataclass(frozen=True, slots=True, repr=False)
class Sources:
    """Some sources in a list, as markup and as text."""

    sources: tuple[Source, ...]

    def __str__(self) -> str:
        return visible("\n".join(f"{source.id}: {source}" for source in self.sources))

    __repr__ = __str__

    def html(self) -> Markup:
        """A list with a row for each: its id, what was read, where, when, and how it was checked."""
        return framed(style(theme.css() + STYLE), element("ul", *map(_row, self.sources)), class_="tdx-sources")

    def _repr_mimebundle_(self, **kwargs) -> dict:
        return {"text/html": str(self.html()), "text/plain": str(self)}


def _row(source: Source) -> Markup:
    dated = f", {source.date}" if source.date else ""
    how = CHECKED[source.checked] + (f" ({source.read_in})" if source.read_in else "")
    return element(
        "li",
        element("code", source.id),
        " ",
        with_links(source.title),
        element("small", with_links(source.where), f"{dated}; {how}"),
    )


def sources(*ids: str) -> Sources:
    """The sources of these ids, in this order; InputError for an id that is not there."""
    return Sources(tuple(map(cite, ids)))
