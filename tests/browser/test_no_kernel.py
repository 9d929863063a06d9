"""A board whose kernel is gone says so in red and dims what it shows, however the kernel went; one that is only busy is waited for."""

import os
import signal
import time

import pytest

NONE = "No kernel hears this any more: run the cell again."
FIRST, BOARD = "decode-one", "type-a-status"
GONE = {
    "restarted": lambda page: page._panel("await panel.sessionContext.session.kernel.restart();"),
    "shut down": lambda page: page._panel("await panel.sessionContext.shutdown();"),
    "restarted elsewhere": lambda page: page._panel(
        "const { kernel } = panel.sessionContext.session, token = document.cookie.match('_xsrf=([^;]*)')[1];"
        "await fetch(`/api/kernels/${kernel.id}/restart`, { method: 'POST', headers: { 'X-XSRFToken': token } });"
    ),
    "killed": lambda page: os.kill(page.process, signal.SIGKILL),
}


@pytest.fixture
def decoder(lab, chromium):
    """Notebook 06 with its decoder; a page that loses its kernel may complain in the console."""
    page = chromium.open(lab, "06-status-codes.ipynb")
    page.page.set_default_timeout(20_000)
    page.run("tools")
    page.write(FIRST, "import os; print('process', os.getpid())")
    page.run(FIRST)
    page.process = int(page.cell(FIRST).get_by_text("process ").last.inner_text().split()[-1])
    page.run(BOARD)
    yield page
    page.close()


@pytest.mark.parametrize("how", GONE)
def test_a_board_without_a_kernel_says_so_and_dims_what_it_shows(decoder, how):
    cell = decoder.cell(BOARD)
    box, shown = cell.get_by_role("textbox", name="Status"), cell.locator(".tdx-shown")
    box.fill("0x8000030800000001")
    box.press("Enter")
    assert cell.get_by_text(NONE).count() == 0 and shown.evaluate("it => getComputedStyle(it).opacity") == "1"
    GONE[how](decoder)
    for _ in range(40):  # a kernel that begins anew takes its time, and is asked again with every use
        box.fill("0xC000060000000000")
        box.press("Enter")
        if cell.get_by_role("alert").get_by_text(NONE).count():
            break
        time.sleep(0.5)
    assert cell.get_by_role("alert").get_by_text(NONE).is_visible()
    assert shown.evaluate("it => getComputedStyle(it).opacity") == "0.65"
    if how == "restarted":
        decoder.run(FIRST)
        decoder.run(BOARD)
        assert cell.get_by_text(NONE).count() == 0


def test_a_kernel_that_is_busy_is_waited_for(decoder):
    cell = decoder.cell(BOARD)
    decoder._panel("panel.sessionContext.session.kernel.requestExecute({ code: 'import time; time.sleep(3)' });")
    box = cell.get_by_role("textbox", name="Status")
    box.fill("0xC000060000000000")
    box.press("Enter")
    for _ in range(4):
        assert cell.get_by_text(NONE).count() == 0
        time.sleep(0.5)
    cell.get_by_text("C000060000000000").first.wait_for()
    assert cell.get_by_text(NONE).count() == 0
