"""A board in a real Lab: ten clicks on its switches, and neither the page nor the kernel keeps what was there before."""

import nbformat
from nbformat import v4

BOARD = "from tdxkit.view.patch_switches import PatchSwitches\n\nboard = PatchSwitches()\nboard"
ALIVE = (
    "from ipywidgets.widgets.widget import _instances\n\n"
    "print(sum(type(w).__name__ == 'Stepper' for w in _instances.values()), 'alive')"
)


def test_ten_clicks_leave_one_stepper_on_the_page_and_in_the_kernel(lab, open_notebook):
    cells = [v4.new_code_cell(BOARD, id="board"), v4.new_code_cell(ALIVE, id="alive")]
    metadata = {"language_info": {"name": "python"}, "kernelspec": {"name": "python3", "display_name": "Python 3"}}
    nbformat.write(v4.new_notebook(cells=cells, metadata=metadata), lab.root / "board.ipynb")
    page = open_notebook("board.ipynb")
    page.run_all()
    board = page.cell("board")
    steppers = board.locator(".tdx-stepper")
    steppers.wait_for()
    for number in (4, 5, 6, 7, 8, 9, 10, 11, 4, 5):  # patches 5 to 12, then 5 and 6 once more
        board.get_by_role("checkbox").nth(number).click()
        page.until("panel.sessionContext.session.kernel.status === 'idle'")
    for _ in range(20):  # a click may still be on its way: Lab lets widgets and cells take turns of their own
        page.run("alive")
        page.until("panel.sessionContext.session.kernel.status === 'idle'")
        said = page.cell("alive").locator(".jp-OutputArea").inner_text().strip()
        if said == "1 alive":
            break
        page.page.wait_for_timeout(200)
    assert said == "1 alive"
    assert steppers.count() == 1
    steppers.get_by_label("Next").click()
    assert steppers.locator(".tdx-count b").inner_text() == "1"
    assert page.outside == [] and page.complaints == []
