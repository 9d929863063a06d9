"""Kernel-style C as programs of steps: what a reviewer pastes, every interleaving of it, told in its own lines.

A text goes through `lexing`, `macros` and `habits` (what the kernel writes and C does not have) to `parse`, which makes pycparser's tree of it;
`declare` and `typed` know its types, `statements` and `values` make a generator function of each function, `kernel/` has the kernel's own
functions, `harness` what each CPU runs. `naming` is the one door: a file, a diff, a mail, a text.

Fidelity card
  modelled: the C as it is written: one access of shared memory a step, integers in the widths of x86-64, arithmetic that wraps; sizes,
    alignments and offsets of structs are gcc's, with attributes, bit-fields and #pragma pack; an attribute that would make another type is refused [gcc-layout]
  simplified: operands are taken from left to right, which C leaves open
  simplified: an object is a row of scalars: each may be seen as another of its width, and its first bytes may be read; what else a text does with
    bytes is told and not done. A union is the one member of it that the text uses
  simplified: bit-fields that are neighbours are one memory location, whatever units they lie in, as C11 and the kernel's rules have it: which bytes
    gcc loads and stores may be fewer, so two of them that race here may happen not to in its code [linux-bitfields]
  simplified: whoever runs on a CPU stays there, and no interrupt comes but the softirq that --softirq asks for: this_cpu_inc() is a load and a store, between which another CPU may write
  simplified: where the order of pointers is asked objects lie in memory in the order of their names
  left out: what compilers reorder, join or repeat; memory weaker than x86-TSO; a get or put that is interrupted, unless that is asked for
"""

SOURCES = ("x86-tso", "linux-kcsan", "linux-bitfields", "gcc-layout")
