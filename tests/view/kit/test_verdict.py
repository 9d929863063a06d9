"""The bar of a verdict: sign, word and sentence beside its colour, the same in its text; and what went wrong, in the same form."""

import pytest

from tdxkit.rules import SIGNS, verdicts
from tdxkit.view.kit.verdict import ROLE, alert, verdict


@pytest.mark.parametrize("kind", [*verdicts(), ""])
def test_a_verdict_is_told_by_sign_and_word_and_not_by_colour_alone(kind):
    bar = verdict(kind, "CPU 0 <waits>")
    word = kind or "not judged"
    assert str(bar) == f"{SIGNS[kind]} {word}: CPU 0 <waits>"
    assert f"<b>{SIGNS[kind]} {word}</b>" in bar.html() and "CPU 0 &lt;waits&gt;" in bar.html()
    assert f"tdx-as-{ROLE.get(kind, 'bad')}" in bar.html() and 'role="status"' in bar.html()


def test_another_word_may_stand_for_it_and_a_note_under_it():
    bar = verdict("violation", "Windows stops", word="crash", note="vCPU 4\u202e")
    assert str(bar).splitlines() == ["✗ crash: Windows stops", "vCPU 4\\u202e"] and "violation" not in bar.html()
    assert "<small>vCPU 4\\u202e</small>" in bar.html()


def test_what_went_wrong_is_read_out_and_typeset_by_nobody():
    said = alert("$x$: <script> is no name")
    assert 'role="alert"' in said and "&lt;script&gt;" in said and "mathjax_ignore" in said
