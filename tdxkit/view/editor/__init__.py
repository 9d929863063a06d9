"""A box for code, C or Python: line numbers, colours, and a mark at each line of which something is to be said."""

from tdxkit.view.editor.widget import CodeBox, Mark

__all__ = ["CodeBox", "Mark"]
