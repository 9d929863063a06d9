"""Executable models of three kernel changes: Dynamic PAMT for TDX, memory attributes, MSR 0x3A at vCPU hotplug.

`import tdxkit` loads nothing but this line of text; import the model you want, e.g. ``from tdxkit import status``.
"""

__version__ = "0.15.0"
