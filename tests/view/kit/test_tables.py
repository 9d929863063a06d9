"""A table's cells: what a browser must not break at a hyphen."""

import pytest

from tdxkit.view import table
from tdxkit.view.kit import svg


@pytest.mark.parametrize(
    ("said", "cell"),
    [
        ("-ENOMEM", '<td class="tdx-word">-ENOMEM</td>'),
        ("no memory, vcpu->mutex: -ENOMEM", None),
        ("the last one-off pair - nothing else", "<td>the last one-off pair - nothing else</td>"),
    ],
)
def test_an_errno_and_a_member_stay_on_one_line(said, cell):
    html = table(("what",), [(said,)]).html()
    if cell is None:
        words = [f'<span class="tdx-word">{word}</span>' for word in ("vcpu-&gt;mutex:", "-ENOMEM")]
        cell = f"<td>no memory, {words[0]} {words[1]}</td>"
    assert cell in html
    assert ".tdx-word{white-space:nowrap}" in html


def test_a_sentence_with_markup_in_it_stays_text():
    html = table(("what",), [("a -<b>x</b> and <i>",)]).html()
    assert "<b>" not in html and "<i>" not in html
    assert str(table(("what",), [("kvm->lock, held",)])).endswith("kvm->lock, held")


def test_figures_stand_to_the_right_and_thousands_are_set_apart():
    made = table(
        ("design", "states", "longest", "release", "code", "of"),
        [("a", 343894, "7.5 µs", "6.15", "0x10", "—"), ("b", 7, "12 µs", "6.12.107", "0x2", "none")],
    )
    html = made.html()
    assert '<td class="tdx-figure">343,894</td>' in html and '<td class="tdx-figure">12 µs</td>' in html
    assert html.count('<th scope="col" class="tdx-figure">') == 2, (
        "releases, addresses and a column of nothing are words"
    )
    assert str(made).splitlines()[1:] == [
        "a       343,894   7.5 µs  6.15      0x10  —",
        "b             7    12 µs  6.12.107  0x2   none",
    ]


def test_a_broken_row_has_a_sign_and_a_tint_and_a_total_is_bold():
    made = table(
        ("design", "states"),
        [("v1", 1), ("v6", 2), ("all", 3)],
        "T",
        [1],
        broken=[0],
        totals=[2],
        lit="new",
        fault="breaks",
    )
    html = made.html()
    assert '<tr class="tdx-broken"><td class="tdx-sign">✗</td><td class="tdx-word">v1</td>' in html
    assert '<tr class="tdx-total"><td class="tdx-sign"></td>' in html and '<tr class="tdx-marked">' in html
    assert '<i class="tdx-broken">✗</i>breaks' in html and '<i class="tdx-marked">&gt;</i>new' in html
    assert str(made).splitlines() == [
        "T",
        "  design  states",
        "✗ v1           1",
        "> v6           2",
        "  all          3",
    ]
    assert 'tdx-legend">' not in table(("a",), [("b",)]).html() and 'tdx-sign">' not in table(("a",), [("b",)]).html()


def test_a_wide_table_can_be_reached_and_names_are_left_alone():
    wide = table([f"column {k}" for k in range(9)], [("$alloc",) * 9], "Costs").html()
    assert '<div class="tdx-wide" tabindex="0" role="group" aria-label="table: Costs">' in wide
    assert "mathjax_ignore" in wide and "tabindex" not in table(("a", "b"), [(1, 2)]).html()


def test_only_a_table_that_is_told_to_has_links_and_only_into_the_web():
    said = "see https://example.org/a?b=1&c=2, Message-ID 2025.3254-2-a.z@host.com and javascript:alert(1)"
    html = table(("what",), [(said,)], links=True).html()
    assert 'href="https://example.org/a?b=1&amp;c=2" target="_blank" rel="noopener noreferrer"' in html
    assert 'href="https://lore.kernel.org/r/2025.3254-2-a.z@host.com"' in html and html.count("<a ") == 2
    assert "<a " not in table(("what",), [(said,)]).html()


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "//host/x",
        "http://a b",
        'https://a"onclick=x',
        "https://",
        " https://a",
    ],
)
def test_what_is_no_address_in_the_web_is_no_link(url):
    with pytest.raises(ValueError):
        svg.link(url)
