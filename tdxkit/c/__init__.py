"""Kernel-style C, read: `parse` makes a tree of a text."""
