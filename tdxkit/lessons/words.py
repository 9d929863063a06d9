"""The words of the workbook, each in a sentence: data/glossary.toml; and what a key in brackets leads to, a source's or a known problem's.

meaning("zap").means
meaning("B16").means     # a known problem of data/bugs.toml; the id of a source of data/sources.toml is taken too
"""

import re
from functools import cache
from typing import NamedTuple

from tdxkit.errors import InputError, printable
from tdxkit.facts import cite, load_toml
from tdxkit.text import near


class Word(NamedTuple):
    """A word as it is written, what it means in a sentence, and the id of the source ("own": common in the field, or our choice)."""

    word: str
    means: str
    source: str


@cache
def words() -> dict[str, Word]:
    """Every word of the glossary, by its key: small letters, digits and dashes."""
    return {key: Word(**entry) for key, entry in load_toml("glossary.toml").items()}


def key_of(text: str) -> str:
    """The key under which a word would stand.

    >>> key_of("TDX module"), key_of("mmu_lock")
    ('tdx-module', 'mmu-lock')
    """
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def meaning(text: str) -> Word:
    """What a word means, in the singular or the plural; of a key in brackets what it leads to. InputError where nobody says."""
    key = key_of(text)
    for one in (key, key.removesuffix("s"), key.removesuffix("es")):
        if one in words():
            return words()[one]
    if (bug := _bugs().get(text.strip(" ()").upper())) is not None:
        return bug
    if (source := text.strip(" ()`").lower()) in load_toml("sources.toml"):
        return Word(source, f"A source: {cite(source)}.", source)
    there = near(text.lower(), [one.word for one in words().values()])
    raise InputError(
        f"word {printable(text, 60)}",
        "the glossary does not have it",
        f"try {there}" if there else "python -m tdxkit words lists all",
    )


@cache
def bracketed() -> tuple[Word, ...]:
    """What a key in brackets stands for: each known problem, and each source."""
    sources = (Word(key, f"A source: {cite(key)}.", key) for key in load_toml("sources.toml"))
    return (*_bugs().values(), *sources)


@cache
def _bugs() -> dict[str, Word]:
    rows = {key: row for key, row in load_toml("bugs.toml").items() if key[:1] == "B"}
    return {
        key: Word(key, f"A known problem of {row['versions']}: {row['problem']}.", row["source"])
        for key, row in rows.items()
    }
