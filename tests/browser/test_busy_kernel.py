"""A kernel that is busy while a reader types: what is judged is what is seen, and not what the kernel had heard before."""

import pytest

from tests.browser.test_paste_a_series import LAST, MAILS, judge, paste
from tools.lab import Lab

# Where widgets share the shell with the cells: a kernel without subshells, or a reader who has switched them off.
ONE_SHELL = {"@jupyterlab/apputils-extension:kernels-settings": {"commsOverSubshells": "disabled"}}
BUSY = (
    "panel.sessionContext.session.kernel.requestExecute({code: 'import time; time.sleep(2)', silent: true}); return 0;"
)


@pytest.fixture
def board(chromium, lab):
    with Lab(lab.folder, settings=ONE_SHELL) as one:
        page = chromium.open(one, "09-patch-review.ipynb")
        page.run("tools")
        page.run("your-series")
        page.cell("your-series").locator(".tdx-mails textarea").wait_for()
        page._panel(BUSY)
        yield page.cell("your-series")
        assert page.complaints == []
        page.close()


def test_a_paste_that_the_page_has_kept_back_is_what_the_button_judges(board):
    for text in ("what is this", MAILS.replace(LAST, "x86/tdx: seen")):
        paste(board, text)
        board.page.wait_for_timeout(200)
    judge(board)
    board.locator(".tdx-choices", has_text="x86/tdx: seen").wait_for()
    assert board.locator("[role=alert]").count() == 0
