"""A fidelity card in three columns, and sources as links: all of it there, nothing hostile, the text the same."""

import html
import re

import pytest

from tdxkit.card import KINDS, Card, card_of
from tdxkit.errors import InputError
from tdxkit.facts import load_toml
from tdxkit.linux.refcount import v2
from tdxkit.seam import sizes
from tdxkit.view import cards, sources
from tdxkit.view.kit.sources_view import address, with_links


def test_a_card_has_its_three_columns_and_its_sources():
    shown = cards(v2)
    assert [re.sub("<.*", "", head) for head in re.findall(r"<h4>\W* ?(.*?)</h4>", shown.html())] == [
        "Modelled",
        "Simplified",
        "Left out",
    ]
    card = card_of(v2)
    entries = [*card.modelled, *card.simplified, *card.left_out]
    text = html.unescape(re.sub("<[^>]*>", "", shown.html()))
    assert all(entry in text for entry in entries) and shown.html().count("<li>") == len(entries)
    assert "as posted in v2, June 2025</h3>" in shown.html(), "the ids stand in the foot"
    assert str(shown).startswith("tdx_pamt_get() and tdx_pamt_put() as posted in v2") and "sources: tdx-v2-04" in str(
        shown
    )
    assert all(f"{kind}: " in str(shown) for kind in KINDS)


def test_an_empty_column_says_so_and_a_model_without_a_card_is_refused():
    assert "nothing that is worth a word" in cards(sizes).html() and not card_of(sizes).left_out
    with pytest.raises(InputError, match="card of Card"):
        cards(Card)


def test_what_is_hostile_stays_text():
    made = cards(Card(("<script>`$x$`\u202e",))).html()
    assert "&lt;script&gt;<code>$x$</code>\\u202e" in made and "mathjax_ignore" in made


@pytest.mark.slow
def test_each_source_is_shown_with_all_that_is_known_of_it():
    known = load_toml("sources.toml")
    shown = sources(*known)
    for name, entry in known.items():
        assert f"{name}: {entry['title']}" in str(shown) and f"<code>{name}</code>" in shown.html()
    with pytest.raises(InputError):
        sources("no-such-source")


@pytest.mark.parametrize(
    "text, addresses",
    [
        ("KVM mailing list, Message-ID 20240822065544.65013-1-x@bytedance.com and Zsd@google.com", ["https://lore.kernel.org/r/20240822065544.65013-1-x@bytedance.com", "https://lore.kernel.org/r/Zsd@google.com"]),
        ("https://gitlab.com/qemu-project/qemu, hw/i386/pc.c", ["https://gitlab.com/qemu-project/qemu"]),
        ("Linux commit 1db2a6e1e29f, arch/x86", ["https://git.kernel.org/linus/1db2a6e1e29f"]),
        ("a javascript:alert(1) of nobody@", []),
    ],
)  # fmt: skip
def test_what_has_an_address_is_a_link_and_nothing_is_lost(text, addresses):
    made = with_links(text)
    assert re.findall('href="([^"]*)"', made) == addresses and re.sub("<[^>]*>", "", made) == text
    assert all(address(url) == url for url in addresses)
