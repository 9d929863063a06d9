"""Completion status codes: what a SEAMCALL left in RAX, in words, and what KVM does with it."""

from tdxkit.status.codes import code, with_operand

__all__ = ["code", "with_operand"]
