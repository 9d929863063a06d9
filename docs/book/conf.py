"""Sphinx: the notebooks as a book. tools/book.py runs them first and puts what is needed beside this file's copy."""

import tdxkit

project = "tdxkit"
version = release = tdxkit.__version__
extensions = ["myst_nb"]
nb_execution_mode = "off"  # tools/book.py has run them
myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 2
suppress_warnings = ["myst.xref_missing", "myst.header", "mystnb.unknown_mime_type"]
html_theme = "sphinx_book_theme"
html_title = "tdxkit"
html_static_path = ["_static"]
html_css_files = ["book.css"]

html_show_sphinx = False
html_copy_source = False
html_show_sourcelink = False
html_theme_options = {
    "use_download_button": False,
    "use_fullscreen_button": False,
    "home_page_in_toc": True,
    "show_navbar_depth": 1,
}
html_context = {"default_mode": "auto"}  # light or dark, as the reader's system is
