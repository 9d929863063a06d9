"""A trace full of markup, pasted into the reader in a real Lab: it is shown as text, nothing runs, nothing is fetched."""

import nbformat
from nbformat import v4

HOSTILE = (
    "<img src=//example.org/x onerror=pwn()>",
    "<script>pwn()</script>",
    '"><svg onload=pwn()>',
    "<iframe src=javascript:pwn()>",
)
TAIL = " [007] .....   380.398695: kvm_msr: msr_read 3a = 0x0   "


def test_markup_in_a_trace_stays_text(lab, open_notebook):
    setup = v4.new_code_cell("from tdxkit.view.msr_board import trace_reader\n\ntrace_reader()", id="reader")
    metadata = {"language_info": {"name": "python"}, "kernelspec": {"name": "python3", "display_name": "Python 3"}}
    nbformat.write(v4.new_notebook(cells=[setup], metadata=metadata), lab.root / "hostile-trace.ipynb")
    page = open_notebook("hostile-trace.ipynb")
    page.run_all()
    page.page.evaluate("() => { window.ran = []; window.pwn = () => window.ran.push(1) }")

    cell = page.cell("reader")
    lines = [f"{name}-{k + 1}{TAIL}{note}" for k, name in enumerate(HOSTILE) for note in HOSTILE]
    cell.locator("textarea").fill("\n".join([*lines, *HOSTILE]))
    cell.get_by_text("Read the paste").click()
    cell.get_by_text("16 kvm_msr events").wait_for()

    output = cell.locator(".jp-OutputArea")
    shown = output.inner_text() + "".join(output.locator("svg title").all_text_contents())
    for name in HOSTILE:
        assert shown.count(name) >= 2, name  # in a hover, and among the lines that could not be read
    assert output.locator("img:not(.tdx-image), script, iframe, svg svg").count() == 0

    buffer = b"\0\xff" * 20 + "\n".join(["", *lines[:3]]).encode()
    upload = {"name": HOSTILE[0], "mimeType": "text/plain", "buffer": buffer}
    with page.page.expect_file_chooser() as chosen:
        cell.get_by_text("Open a trace").click()
    chosen.value.set_files([upload])
    cell.get_by_text("3 kvm_msr events").wait_for()

    page.page.wait_for_timeout(300)
    assert page.page.evaluate("() => window.ran") == []
    assert page.outside == [] and page.complaints == []
