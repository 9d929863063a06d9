"""What a reader wrote into a box is kept by the browser: when it comes back, what is said of it, and what forgets it."""

import pytest

from tdxkit.view.editor import widget
from tdxkit.view.kit import scripts
from tests.view.pages import FakeModel

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
HTML = "<!doctype html><div class=tdx><div id=place></div><button id=after>a</button></div>"
BEGUN = "int f(void)\n{\n}\n"
MINE = "int f(void)\n{\n\treturn 7; /* <b>mine</b> */\n}\n"


class AtAnAddress(FakeModel):
    """The same in a page of an address, for which a browser keeps things."""

    ADDRESS = "http://notebook.test/"


@pytest.fixture
def box(chromium):
    """`box(begun, text)` opens a box in a page again and again, as after a reload; what the browser keeps is its own."""
    context = chromium.new_context()
    context.route("http://notebook.test/", lambda route: route.fulfill(body=HTML, content_type="text/html"))
    made = []

    def open_(begun=BEGUN, text=None, before=""):
        page = context.new_page()
        if before:
            page.add_init_script(before)
        values = {
            "text": begun if text is None else text,
            "begun": begun,
            "language": "c",
            "label": "Your code",
            "marks": "[]",
        }
        made.append(AtAnAddress(page, scripts.script(widget.PAGE, "box.js"), values, HTML))
        return made[-1]

    yield open_
    assert [said for one in made for said in one.leave()] == []
    context.close()


def area(one):
    return one.page.locator("textarea")


def writes(one, text):
    area(one).fill(text)
    one.page.locator("#after").focus()


def line(one):
    return one.page.locator(".tdx-editor > .tdx-written")


def told(one):
    return [message["text"] for message in one.sent if "text" in message]


def test_a_box_that_nobody_has_written_into_says_nothing(box):
    assert line(box()).count() == 0
    one = box()
    assert line(one).count() == 0 and area(one).input_value() == BEGUN and told(one) == []


def test_what_was_written_is_there_again_said_above_the_text_and_told_to_the_kernel(box):
    writes(box(), MINE)
    one = box()
    assert area(one).input_value() == MINE and told(one) == [MINE] and one.page.evaluate("model.values.text") == MINE
    assert line(one).inner_text() == "What you wrote here last, kept by this browser. Begin anew"
    assert line(one).get_attribute("role") == "status"
    assert one.page.locator(".tdx-editor").evaluate("e => e.firstElementChild.className") == "tdx-written"
    assert one.page.evaluate("document.activeElement.tagName") == "BODY", "the page takes no focus by itself"


def test_one_may_begin_anew_and_change_ones_mind_with_a_key_alone(box):
    writes(box(), MINE)
    one = box()
    one.page.get_by_role("button", name="Begin anew").focus()
    one.press("Enter")
    assert area(one).input_value() == BEGUN and line(one).inner_text() == "As it began. Put back what I wrote"
    assert line(box()).count() == 0, "what began anew is no draft"
    one.press("Enter")
    assert area(one).input_value() == MINE and told(one) == [MINE, BEGUN, MINE]
    assert line(one).inner_text().endswith("Begin anew")
    assert area(box()).input_value() == MINE


def test_written_back_to_the_beginning_it_is_forgotten(box):
    one = box()
    writes(one, MINE)
    writes(one, BEGUN)
    assert one.page.evaluate("localStorage.length") == 0 and line(box()).count() == 0


def test_even_an_empty_text_is_what_was_written(box):
    writes(box(), "")
    one = box()
    assert area(one).input_value() == "" and line(one).count() == 1


def test_a_text_that_the_kernel_has_already_is_not_written_over(box):
    writes(box(), MINE)
    one = box(text="of the kernel")
    assert area(one).input_value() == "of the kernel" and line(one).count() == 0 and told(one) == []


@pytest.mark.parametrize("other", [BEGUN + "\n", BEGUN.replace("f", "g"), BEGUN[:-1] + " ", "int\tf(void)\n{\n}\n", ""])
def test_another_box_has_its_own(box, other):
    writes(box(), MINE)
    assert area(box(begun=other)).input_value() == other
    writes(box(begun=other), "of the other")
    assert area(box()).input_value() == MINE and area(box(begun=other)).input_value() == "of the other"


@pytest.mark.parametrize(
    "before",
    [
        "Object.defineProperty(window, 'localStorage', { get() { throw new Error('no'); } })",
        "Storage.prototype.setItem = () => { throw new DOMException('it is full', 'QuotaExceededError'); }",
    ],
    ids=["none", "full"],
)
def test_where_a_browser_keeps_nothing_the_box_is_as_ever(box, before):
    one = box(before=before)
    writes(one, MINE)
    assert told(one) == [MINE] and area(one).input_value() == MINE
    assert line(box(before=before)).count() == 0
