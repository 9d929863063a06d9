"""In a real Lab: the filter over the known problems, code in the colours of the box, a file opened, and a control that no kernel hears."""

import pytest

from tdxkit.facts import data_path

TRACE = data_path("traces/kvm_msr.trace")


@pytest.fixture
def opened(lab, chromium):
    """A notebook of the workbook with some of its cells run; the console stays silent, and nothing is asked outside."""
    pages = []

    def opened(notebook, *cells):
        page = chromium.open(lab, notebook)
        pages.append(page)
        for cell in ("tools", *cells):
            page.run(cell)
        page.page.set_default_timeout(20_000)
        return page

    yield opened
    for page in pages:
        assert page.complaints == [] and page.outside == []
        page.close()


def test_the_filter_keeps_what_fits_says_how_many_and_gives_all_back(opened):
    cell = opened("03-td-lifecycle.ipynb", "bugs").cell("bugs")
    left, rows = cell.locator("output[role=status]"), cell.locator("tr:has(td)").filter(visible=True)
    left.wait_for()
    choice, words = (
        cell.get_by_role("combobox", name="versions"),
        cell.get_by_role("searchbox", name="with these words"),
    )
    assert left.inner_text() == "all 35 rows" == f"all {rows.count()} rows"
    choice.select_option(label="v3")
    words.fill("ADD fails")
    assert (
        left.inner_text() == "1 of 35 rows"
        and rows.count() == 1
        and rows.first.locator("td, th").first.inner_text() == "B19"
    )
    words.press("a")  # Lab's key for a new cell above
    assert left.inner_text() == "0 of 35 rows" and rows.count() == 0
    cell.get_by_role("button", name="Show all").press("Enter")
    assert rows.count() == 35 and choice.input_value() == ""


def test_code_has_the_colours_of_the_box_and_its_own_text(opened):
    cell = opened("04-refcount-races.ipynb", "tools", "show-put").cell("show-put")
    cell.locator(".tdx-c-keyword").first.wait_for()
    in_c, in_python = (cell.locator(f"pre[data-language={language}]").first for language in ("c", "python"))
    assert (
        "return" in in_c.locator(".tdx-c-keyword").all_inner_texts()
        and "yield" in in_python.locator(".tdx-c-keyword").all_inner_texts()
    )
    assert in_c.text_content().startswith("void region_pair_put(kvm_pfn_t pfn)\n{\n\tatomic_t *users")
    tops = {line.bounding_box()["x"] for line in in_c.locator(".tdx-c-call").all()[1:3]}
    assert min(tops) > in_c.bounding_box()["x"] + 60, "a tab is eight columns wide, from where the code begins"


def test_a_file_is_opened_and_after_a_restart_the_board_says_that_nobody_hears_it(opened, tmp_path):
    page = opened("08-msr-hotplug.ipynb", "reader")
    cell = page.cell("reader")
    button = cell.get_by_role("button", name="Open a trace")
    assert button.inner_text().strip() == "Open a trace", "and no counter"
    cell.locator("input[type=file]").set_input_files(TRACE)
    cell.get_by_text("kvm_msr.trace: 1.6 KiB read").wait_for()
    large = tmp_path / "large.trace"
    large.write_bytes(b"x" * 10_000_001)
    cell.locator("input[type=file]").set_input_files(large)
    cell.get_by_text("large.trace has more than 10 MB").wait_for()
    assert cell.get_by_text("No kernel hears this").count() == 0
    page._panel("await panel.sessionContext.session.kernel.restart();")
    cell.get_by_role("alert").get_by_text("No kernel hears this").wait_for()
