"""The box as the kernel has it: what of a page's messages it takes, and whom it tells of that."""

import pytest

from tdxkit.view.editor import CodeBox, widget


@pytest.fixture
def box():
    """A box on a page; `told` holds what its page is told, `judged` the text of each verdict."""
    made = CodeBox("int a;")
    made.told, made.judged = [], []
    made.send_state = lambda key=None: made.told.append(key)
    made.on_judge(lambda: made.judged.append(made.text))
    return made


def test_what_is_typed_stands_in_the_box_and_is_not_sent_back(box):
    box._handle_custom_msg({"text": "int b;"}, [])
    assert box.text == "int b;" and box.told == [], "the page may be further on"
    box.text = "int c;"
    assert box.told == ["text"]


def test_a_text_has_as_many_letters_as_can_be_read_and_no_more(box):
    most = "x" * widget.MOST
    box._handle_custom_msg({"text": most}, [])
    assert box.text == most
    box._handle_custom_msg({"text": most + "y"}, [])
    assert box.text == most


def test_a_verdict_is_of_the_text_that_came_with_it(box):
    box._handle_custom_msg({"text": "int b;", "judge": True}, [])
    assert box.judged == ["int b;"]


@pytest.mark.parametrize("odd", ["int b;", None, {}, {"text": 7}, {"text": ["x"]}, {"judge": "no"}, {"judge": 1}])
def test_what_no_page_of_ours_sends_changes_nothing(odd, box):
    box._heard(box, odd, [])
    assert (box.text, box.told, box.judged) == ("int a;", [], [])
