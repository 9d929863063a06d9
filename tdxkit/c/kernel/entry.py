"""What a function of the kernel is to the reader: how it is called, its program, what it gives.

A program takes the memory, then its arguments, and yields a label at each step, like any model of this workbook. What a function takes is a
letter for each argument: `v` a value, `p` a pointer, `T` a value of the type that the pointer before points to, `t` a type, `s` a variable in which the flags of interrupts are saved, `-` what the model
does not know, such as a format; `…` whatever else there is, which is not known either.
"""

from collections.abc import Callable
from typing import NamedTuple

from tdxkit.c.types import INT, Type
from tdxkit.explore.rules import Property


class Entry(NamedTuple):
    """A function of the kernel. `returns`: None for the type that the pointer points to; `steps`: it is a program with steps; `stack`: it writes
    to what lies on the CPU's stack, and takes and gives it; `needs`: an object of the kernel's own that it works on; `rules`: what it asks for."""

    name: str
    program: Callable
    takes: str = ""
    returns: Type | None = INT
    steps: bool = True
    stack: bool = False
    needs: str = ""
    rules: tuple[Property, ...] = ()
