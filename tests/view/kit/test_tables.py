"""A table's cells: what a browser must not break at a hyphen."""

import pytest

from tdxkit.view import table


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
