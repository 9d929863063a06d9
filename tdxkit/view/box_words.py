"""What the command line would say, said of the fields of the box: the one place in which its options become fields.

in_the_box("define it in the text, or give --stub lookup=0")     # … or write lookup=0 under "stubs"
"""

import re

from tdxkit.errors import InputError, TdxkitError

RUNS = '"each CPU runs"'
WORDS = (  # the longer before what is a part of it
    (r"give --stub (\w+=\S+)", r'write \1 under "stubs"'),
    (r"give -D (\w+)=(\S+)", r"write #define \1 \2 at the top"),
    (r"give a macro by -D NAME=VALUE", "write a #define there"),
    (r"-D (\w+) defines it", r"#define \1 at the top defines it"),
    (r"give --(?:get|put) NAME, or what each CPU runs: --run 'STATEMENTS'", f"name the functions under {RUNS}"),
    (r"say what the softirq runs: --softirq 'STATEMENTS'", "say what the softirq runs, in C"),
    (r"--run (\d+), line 1, column (\d+)", rf"{RUNS}, row \1, column \2"),
    (r"--run (\d+)", rf"{RUNS}, row \1"),
    (r"in a --run of its own", f"in a row of its own under {RUNS}"),
    (r"write it like --run '(.*)'", r"write it like \1"),
    (r"--run 'STATEMENTS'", RUNS),
    (r"--run\b", RUNS),
    (r"--stub\b(?= ?)", '"stubs",'),
    (r"let the text, or --set,", 'let the text, or "first values",'),
    (r": --set NAME=1", ': write NAME=1 under "first values"'),
    (r"--set\b", '"first values",'),
    (r"--may-fail\b", '"may fail",'),
    (r"python -m tdxkit read FILE tells what it is", "paste the functions themselves, whole"),
)  # fmt: skip


def in_the_box(said: str) -> str:
    """A line with the box's fields where it names options."""
    for option, field in WORDS:
        said = re.sub(option, field, said)
    return said


def of_the_box(error: TdxkitError) -> TdxkitError:
    """The same of an error; the error itself where it names none."""
    parts = tuple(map(in_the_box, (error.thing, error.rule, error.action)))
    return error if parts == (error.thing, error.rule, error.action) else InputError(*parts)
