"""Completion status codes: what a SEAMCALL left in RAX, in words, and what KVM does with it.

>>> decode(0xC000_0306_0000_0001).name, code("TDX_SUCCESS")
('TDX_PAMT_PAGE_NOT_EMPTY', 0)
"""

from tdxkit.status.codes import code, with_operand
from tdxkit.status.decoding import Decoded, Field, decode
from tdxkit.status.kernel import Action
from tdxkit.status.lower import Details

__all__ = ["Action", "Decoded", "Details", "Field", "code", "decode", "scan", "with_operand"]


def scan(text: str):
    """Every status in a log, in order, as a tuple of `tdxkit.status.scanning.Found`."""
    from tdxkit.status.scanning import scan  # its patterns take as long to compile as one status to decode

    return scan(text)
