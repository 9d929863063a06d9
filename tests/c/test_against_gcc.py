"""The reader's arithmetic is gcc's: random functions have the value that gcc's program has, and C leaves nothing in them open."""

import shutil
import subprocess
from random import Random

import pytest

from tdxkit.c.harness import value_of
from tests.c.value_expression import EXPRESSIONS
from tests.c.value_flow import COMPOUND, DEFAULTS, FORS, JUMPS, LEAVING, WHILES
from tests.c.value_function import FILE_SCOPE, Program, random_function
from tests.c.value_statement import LOCALS, SIMPLE
from tests.c.value_types import CHAR_IS_SIGNED, LITERALS

gcc = pytest.mark.skipif(not shutil.which("gcc"), reason="gcc is not installed")
THOUSAND = [pytest.param(range(first, first + 100), id=f"from-{first}") for first in range(1000, 2000, 100)]

# As the kernel is built for x86-64.
FLAGS = ("-std=gnu11", "-w", "-fwrapv", "-fno-strict-aliasing", f"-f{'' if CHAR_IS_SIGNED else 'un'}signed-char")
UNDEFINED = (
    "-fsanitize=undefined",
    "-fno-sanitize=signed-integer-overflow,shift-base",
    "-fsanitize-undefined-trap-on-error",
)
KERNEL = """#include <stddef.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>
typedef _Bool bool;
enum { false, true };
typedef unsigned char u8;
typedef signed char s8;
typedef unsigned short u16;
typedef short s16;
typedef unsigned int u32;
typedef int s32;
typedef unsigned long long u64;
typedef long long s64;
"""
# Each row of arguments has a process of its own, so that every call finds the file-scope variables as the text has them.
MAIN = """static const struct { long (*call)(long, long); long arguments[ROWS][2]; } tests[] = { TESTS };
int main(void)
{
	for (int row = 0; row < ROWS; row++) {
		if (!fork()) {
			for (size_t n = 0; n < sizeof(tests) / sizeof(tests[0]); n++) {
				printf("%ld\\n", tests[n].call(tests[n].arguments[row][0], tests[n].arguments[row][1]));
				fflush(stdout);
			}
			return 0;
		}
		wait(NULL);
		puts("end");
		fflush(stdout);
	}
}
"""
LIMITS = [sign * (1 << bits) + off for bits in (7, 8, 15, 16, 31, 32) for sign in (1, -1) for off in (-1, 0, 1)]
LIMITS += [0, 1, -1, 2, 5, -3, (1 << 63) - 1, -(1 << 63), 1 - (1 << 63), (1 << 62) + 1]
ROWS = 20


def arguments(seed: int) -> list[tuple[int, int]]:
    """What a function is called with: zeros, ones, limits of the types, small numbers and any."""
    die = Random(f"arguments {seed}")

    def one():
        bits = die.choice((3, 6, 12, 33, 64))
        return die.choice(LIMITS) if die.random() < 0.5 else die.getrandbits(bits) - (1 << (bits - 1))

    return [(0, 0), (1, -1), *((one(), one()) for _ in range(ROWS - 2))]


def values(programs: list[Program], folder, *flags: str, compiler="gcc") -> dict[int, list[int]]:
    """What each function gives for each of its arguments when a compiler has made one program of them all."""
    given = [(p.function, [n & (1 << 64) - 1 for pair in arguments(p.seed) for n in pair]) for p in programs]
    tests = ",\n".join(f"{{ {name}, {{ {', '.join(f'{n:#x}ul' for n in row)} }} }}" for name, row in given)
    main = MAIN.replace("TESTS", tests).replace("ROWS", str(ROWS))
    source, binary = folder / "functions.c", folder / "functions"
    source.write_text("\n".join([KERNEL, *(p.text for p in programs), main]))
    subprocess.run([compiler, *FLAGS, *flags, "-o", binary, source], check=True, timeout=300)
    said = subprocess.run([binary], capture_output=True, text=True, check=True, timeout=120).stdout
    rows = [row.split() for row in said.split("end\n")[:ROWS]]
    for row in rows:
        assert len(row) == len(programs), f"{programs[len(row)].function} ended the program:\n{programs[len(row)].text}"
    return {p.seed: [int(row[n]) for row in rows] for n, p in enumerate(programs)}


def held_together(programs: list[Program], one: dict[int, list[int]], other: dict[int, list[int]], what: str):
    """Two ways to run the same functions give the same: whoever sees this fail has to mend the generator, not the reader."""
    apart = [p for p in programs if one[p.seed] != other[p.seed]]
    shortest = min((p.text for p in apart), key=len, default="")
    assert not apart, f"{what}: {len(apart)} of {len(programs)} differ; the shortest:\n{shortest}"


def agreed(seeds, folder) -> tuple[list[Program], dict[int, list[int]]]:
    """Functions and what gcc gives for them, however hard it optimises."""
    programs = [random_function(seed) for seed in seeds]
    plain, optimised = values(programs, folder, "-O0"), values(programs, folder, "-O2")
    held_together(programs, plain, optimised, "-O0 against -O2")
    return programs, plain


def wrong(program: Program, wanted: list[int]) -> str:
    """The first arguments for which the reader has another value than gcc, or none; "" where there are none."""
    for pair, want in zip(arguments(program.seed), wanted):
        try:
            got = value_of(program.text, program.function, pair)
        except Exception as error:
            got = f"{type(error).__name__}: {error}"
        if got != want:
            return f"{program.function}{pair} is {want} by gcc and for the reader {got}"
    return ""


def hold_against_gcc(seeds, folder):
    """Fails with the shortest function that the reader has wrong, and with what those show oftener than the right ones."""
    programs, wanted = agreed(seeds, folder)
    said = {p: line for p in programs if (line := wrong(p, wanted[p.seed]))}
    if said:
        right = [p for p in programs if p not in said]
        all_of_them = {feature for p in said for feature in p.features}
        telling = sorted(all_of_them, key=lambda f: (share(right, f) - share(said, f), f))[:3]
        shortest = min(said, key=lambda p: len(p.text))
        what = f"{len(said)} of {len(programs)} are wrong, rather those with {telling}"
        pytest.fail(f"{what}; the shortest: {said[shortest]}\n{shortest.text}")


def share(programs, feature: str) -> float:
    """How many of the functions show a feature."""
    return sum(feature in p.features for p in programs) / max(1, len(programs))


@pytest.mark.slow
@gcc
def test_ten_random_functions_have_the_value_that_gcc_gives(tmp_path):
    hold_against_gcc(range(10), tmp_path)


@gcc
@pytest.mark.slow
@pytest.mark.parametrize("seeds", THOUSAND)
def test_a_thousand_random_functions_have_the_value_that_gcc_gives(seeds, tmp_path):
    hold_against_gcc(seeds, tmp_path)


def left_open(seeds, folder):
    """Fails where C leaves something open: gcc's checks end the program, memory is filled in another way, clang has another order."""
    asked = ["gcc", "-ftrivial-auto-var-init=zero", "-E", "-xc", "/dev/null"]
    if subprocess.run(asked, capture_output=True).returncode:
        pytest.skip("gcc is older than 12 and cannot fill variables that have no value")
    programs = [random_function(seed) for seed in seeds]
    zeros = values(programs, folder, "-O0", "-ftrivial-auto-var-init=zero")
    pattern = values(programs, folder, "-O0", "-ftrivial-auto-var-init=pattern", *UNDEFINED)
    held_together(programs, zeros, pattern, "variables without a value")
    if shutil.which("clang"):
        held_together(programs, zeros, values(programs, folder, "-O1", compiler="clang"), "gcc against clang")


@pytest.mark.slow
@gcc
def test_c_leaves_nothing_open_in_ten_random_functions(tmp_path):
    left_open(range(10), tmp_path)


@gcc
@pytest.mark.slow
@pytest.mark.parametrize("seeds", THOUSAND)
def test_c_leaves_nothing_open_in_a_thousand_random_functions(seeds, tmp_path):
    left_open(seeds, tmp_path)


@pytest.mark.slow
def test_random_functions_show_every_feature_that_is_drawn():
    functions = [random_function(seed) for seed in range(150)]
    assert functions[7] == random_function(7)
    tables = (EXPRESSIONS, LITERALS, LOCALS, SIMPLE, COMPOUND, JUMPS, LEAVING, FORS, WHILES, DEFAULTS, FILE_SCOPE)
    assert {feature for table in tables for feature in table} - {f for one in functions for f in one.features} == set()
