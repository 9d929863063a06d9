"""Boards of the kernel side in a real Lab, by keyboard alone: each asks something, and a reader without a mouse finds it."""

import pytest

BOARDS = {
    "03-td-lifecycle.ipynb": ("counter-map", "my-failure"),
    "05-fault-path-pools.ipynb": ("my-pool",),
    "07-memory-attributes.ipynb": ("my-range",),
}


@pytest.fixture(scope="module")
def boards(lab, chromium):
    """The cells with the boards, by their id; the console stays silent, and nothing is asked outside."""
    pages, found = [], {}
    for notebook, cells in BOARDS.items():
        page = chromium.open(lab, notebook, viewport={"width": 1440, "height": 900})
        page.page.set_default_timeout(20_000)
        pages.append(page)
        page.run("tools")
        for cell in cells:
            page.run(cell)
            found[cell] = page.cell(cell)
            found[cell].locator(".tdx-shown > *").first.wait_for()
    yield found
    for page in pages:
        assert page.complaints == [] and page.outside == []
        page.close()


def found(cell):
    return cell.get_by_role("status").filter(has_text="✓ Found: ")


def type_over(cell, name, words):
    """What a reader types into a box instead of what stands there."""
    box = cell.get_by_role("textbox", name=name)
    box.focus()
    box.press("Control+a")
    box.page.keyboard.type(words)
    box.press("Enter")


def test_a_hole_in_the_counters_is_typed_into_the_box(boards):
    cell = boards["counter-map"]
    assert found(cell).count() == 0 and cell.get_by_text("Find: a memory map on which v2").is_visible()
    keys = cell.page.keyboard
    cell.get_by_role("combobox", name="Machine").focus()
    for _ in range(3):
        keys.press("Tab")
    assert cell.get_by_role("textbox", name="Memory").evaluate("it => it === document.activeElement")
    keys.press("Home")
    for _ in "0-2G":
        keys.press("ArrowRight")
    keys.type("+4K")
    keys.press("Enter")
    found(cell).get_by_text("2 GiB … 0x80001000 on 0-2G+4K, 4G-64G").wait_for()
    assert cell.get_by_text("✗ no counter for 2 GiB … 0x80001000").first.is_visible()
    type_over(cell, "Memory", "4G")
    cell.get_by_role("alert").get_by_text("memory range 4G: a range is START-END").wait_for()
    assert cell.locator(".tdx-shown.tdx-stale").count() == 1
    counters = cell.get_by_role("combobox", name="Counters")
    type_over(cell, "Memory", "0-62G+4K")
    counters.focus()
    keys.press("ArrowDown")
    keys.press("ArrowDown")
    assert counters.locator("option:checked").inner_text().startswith("v4")
    cell.get_by_text("left behind").first.wait_for()
    assert found(cell).count() == 1, "once found it stays found"


def test_a_failure_is_chosen_by_its_number(boards):
    cell = boards["my-failure"]
    assert found(cell).count() == 0
    point = cell.get_by_role("combobox", name="What fails")
    point.focus()
    labels = point.locator("option").all_inner_texts()
    at = next(label for label in labels if "PAMT.REMOVE" in label).partition(":")[0]
    cell.page.keyboard.type(at)
    found(cell).get_by_text(f"PAMT.REMOVE fails at point {at}, in teardown, on v2").wait_for()
    cell.locator(".tdx-stepper").get_by_text("TDX_OPERAND_BUSY|RCX (injected)").first.wait_for()
    assert "What is left" in cell.inner_text()


def test_the_smallest_pool_is_found_with_the_arrows(boards):
    cell = boards["my-pool"]
    pool = cell.get_by_role("slider", name="Pool")
    pool.focus()
    for pages in range(9, 1, -1):
        assert found(cell).count() == 0
        cell.page.keyboard.press("ArrowLeft")
        cell.locator(".tdx-slider output", has_text=f"{pages} page").wait_for()
    found(cell).get_by_text("2 pages, one pair").wait_for()


def test_a_range_with_four_levels_is_typed(boards):
    cell = boards["my-range"]
    type_over(cell, "Ranges", "62-66 private; 64-65 shared")
    cell.get_by_text("at the end 3 nodes, 3 values").wait_for()
    assert found(cell).count() == 0
    type_over(cell, "Ranges", "0x40000-0x40004")
    found(cell).get_by_text("xa_reserve(262144)").wait_for()
