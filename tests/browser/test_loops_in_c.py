"""Notebook 07's two loops in a real Lab: stepped in Python and in C, the lines that the patch adds told by a sign."""

import pytest


@pytest.fixture
def lab_page(open_notebook):
    page = open_notebook("07-memory-attributes.ipynb")
    page.run_all()
    page.page.set_default_timeout(30_000)
    yield page
    assert page.complaints == [] and page.outside == []
    assert all("it waits for your answer" in said for said in page.cell_errors())


def test_the_loops_in_both_languages_and_the_three_lines(lab_page):
    asked = lab_page.cell("set-stepper")
    asked.locator(".tdx-gate input").fill("2")
    asked.get_by_role("button", name="Answer").click()
    plain = asked.locator(".tdx-stepper")
    plain.get_by_role("button", name="C", exact=True).click()
    head = plain.locator(".tdx-lane-head span")
    for _ in range(2):
        plain.get_by_role("button", name="Next", exact=True).click()
    assert head.inner_text() == "kvm_range_has_memory_attributes(62, 66): not in this C"
    values = plain.locator(".tdx-state dl")
    assert values.evaluate("e => e.scrollHeight <= e.clientHeight"), "no list that scrolls beside free room"
    plain.get_by_role("button", name="Next", exact=True).click()
    assert plain.locator("li.tdx-now").inner_text().strip().startswith("err = xa_reserve(")
    assert plain.locator("ins").count() == 0
    plain.locator("[role=slider]").first.focus()
    lab_page.page.keyboard.press("l")
    assert plain.locator("li.tdx-now").inner_text().strip() == "yield Did(name, gfn, rc)"

    asked = lab_page.cell("patch-stepper")
    asked.get_by_role("radio").nth(2).check()
    asked.get_by_role("button", name="Answer").click()
    patched = asked.locator(".tdx-stepper")
    assert patched.locator("li.tdx-now").inner_text().split() == ["+", "cond_resched();"]
    assert (
        patched.locator("ins").count() == 2
        and patched.locator("ins").first.get_attribute("title") == "added by the patch"
    )
    patched.get_by_role("button", name="Last", exact=True).click()
    patched.get_by_role("button", name="as text").click()
    assert patched.locator(".tdx-panel pre").inner_text().count("_each: + cond_resched();") == 8
