"""How long a text of C takes to become a tree: each shipped design, about 100 lines of them, 1,000 lines, and texts made to be slow.

    python benchmarks/bench_c_front.py

`tree` is all of it, `tokens` the lexer alone, `macros` lexer and macros; the least of nine runs, in ms. pycparser's own part is in `tree`.
"""

import contextlib
from collections.abc import Callable
from time import perf_counter

from tdxkit.c.directives import preprocessed
from tdxkit.c.lexing import lexed
from tdxkit.c.parse import parsed
from tdxkit.errors import InputError
from tdxkit.facts import data_path

SLOW = {
    "a billion laughs": "#define a0 ha\n" + "".join(f"#define a{k} {f'a{k - 1} ' * 10}\n" for k in range(1, 30)) + "a29\n",
    "30,000 tokens": "int x;\n" * 10_000,
    "types in types": "int f(void) { return " + "(int[" * 28 + "1" + "]){1}" * 28 + "; }",
    "a million parentheses": "(" * 1_000_000,
}  # fmt: skip


def least(work: Callable[[], object], runs: int = 9) -> float:
    """The least time of some runs, in ms."""
    times = []
    for _ in range(runs):
        start = perf_counter()
        with contextlib.suppress(InputError):
            work()
        times.append(perf_counter() - start)
    return 1000 * min(times)


def line(name: str, text: str, runs: int = 9) -> str:
    """A line of the table."""
    times = [
        least(lambda: lexed(text), runs),
        least(lambda: preprocessed(lexed(text), {}, []), runs),
        least(lambda: parsed(text), runs),
    ]
    return f"  {name:24} {text.count(chr(10)):6} lines " + " ".join(f"{time:9.2f}" for time in times)


def main() -> None:
    """Print the table."""
    texts = {path.name: path.read_text(encoding="utf-8") for path in sorted(data_path("designs").glob("*.c"), key=str)}
    print(f"C to a tree, ms{'':33} tokens    macros      tree")
    for name, text in texts.items():
        print(line(name, text))
    print(line("two designs", texts["v6.c"] + texts["v5.c"].partition("DEFINE_FREE")[0] + texts["v4.c"]))
    print(line("twenty designs", "".join(texts.values()), 3))
    for name, text in SLOW.items():
        print(line(name, text, 3))


if __name__ == "__main__":
    main()
