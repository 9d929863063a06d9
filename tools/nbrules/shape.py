"""A notebook as a lesson: it opens and ends like the others, says how long it takes, and each section of it runs alone.

Of notebooks with a number, "# 04 · …", alone.
"""

import ast
import builtins
import re
import symtable
from collections.abc import Iterator

from tdxkit.lessons.minutes import sections, words
from tdxkit.lessons.notebooks import MINUTES
from tools.nbrules import Finding, Notebook, cells, imported, rule

TOOLS = "tools"  # the cell that imports
HOOK, LONGEST = 120, 60  # words; minutes
GIVEN = {*dir(builtins), "display", "get_ipython"}  # names that a notebook has
PARTS = ("Key points", "What the model", "From a shell")  # how the headings at its end begin, in order
BELOW = ("### What people think", "### For reviewers")  # under Key points
NEXT = re.compile(r"\*\*Next:\*\* \[[^\]]+\]\(([^)]+)\)")


def numbered(nb: Notebook) -> str:
    """A lesson's number, such as "04"; "" for a notebook that is none."""
    first = next((text for _, text, _ in cells(nb)), "")
    found = re.match(r"# (\d\d) ", first)
    return found[1] if found else ""


@rule
def opens_like_the_others(nb: Notebook) -> Iterator[Finding]:
    """The reader who has an hour and wants to know in half a minute whether to spend it here."""
    if not numbered(nb):
        return
    (first, text, _), *rest = cells(nb)
    hook = text.partition("\n")[2].partition("**About")[0]
    if (count := words(hook)) > HOOK:
        yield first, f"its hook has {count} words; at most {HOOK} stand before **About … minutes**"
    for said, what in (
        ("\nAfterwards you can", "what one can do afterwards"),
        ("Before: ", "what is to be read before"),
    ):
        if said not in text:
            yield first, f'it does not say {what}; write "{said.strip()} …"'
    if not rest or rest[0][0] != TOOLS or rest[0][2]["cell_type"] != "code":
        yield first, f"the cell after it is the one that imports, with the id {TOOLS}"


@rule
def imports_stand_on_top(nb: Notebook) -> Iterator[Finding]:
    """The reader who comes back next day, runs the first cell and then the one they were at, and is told NameError."""
    if numbered(nb):
        for cell_id, text, _ in cells(nb, "code"):
            if cell_id != TOOLS and (names := sorted(set(imported(text)))):
                yield cell_id, f"it imports from {names[0]}; the cell {TOOLS} imports all that the notebook needs"


@rule
def a_section_stands_alone(nb: Notebook) -> Iterator[Finding]:
    """The instructor who skips a section, and whose room is told NameError in the next one."""
    if not numbered(nb):
        return
    sources = {cell_id: text for cell_id, text, _ in cells(nb, "code")}
    brought, _ = names_of(sources.get(TOOLS, ""))
    for section in sections(nb):
        here = set(brought)
        for cell_id in section.cells:
            if cell_id == TOOLS or cell_id not in sources:
                continue
            made, needed = names_of(sources[cell_id])
            for name in sorted(needed - here - GIVEN):
                yield (
                    cell_id,
                    f'{name} is made in another section; make it in "{section.title}", or in the cell {TOOLS}',
                )
            here |= made


@rule
def minutes_add_up(nb: Notebook) -> Iterator[Finding]:
    """The instructor whose room is not done, and the reader whose evening is over: the minutes stated are those that reading, steps and tasks come to."""
    if not numbered(nb):
        return
    (first, text, _), *_ = cells(nb)
    core = sum(one.stated for one in sections(nb) if not one.extra)
    extra = sum(one.stated for one in sections(nb) if one.extra)
    for one in sections(nb):
        if one.stated and abs(one.stated - one.adds_up) > 1 + one.adds_up / 10:
            yield one.at, f'"{one.title}" says {one.stated} minutes and adds up to {one.adds_up:.1f}'
        if not one.stated and (one.gates or one.exercises):
            yield one.at, f'"{one.title}" asks something and says no minutes; it adds up to {one.adds_up:.1f}'
    found = MINUTES.search(text)
    if not found or int(found[1]) != core:
        yield first, f"its core sections have {core} minutes together; say **About {core} minutes**"
    if extra and f"{extra} more" not in text:
        yield first, f"its extra sections have {extra} minutes together; say {extra} more"
    if core > LONGEST:
        yield first, f"{core} minutes; at most {LONGEST}, the rest is an extra or folded"


@rule
def ends_like_the_others(nb: Notebook) -> Iterator[Finding]:
    """The reader who skims: what to keep, what people get wrong, what to do with it, where to go, and how to say that a sentence is wrong."""
    if not (number := numbered(nb)):
        return
    heads = [one.title for one in sections(nb)]
    for part in PARTS:
        if not any(head.startswith(part) for head in heads[-len(PARTS) :]):
            yield "notebook", f'it does not end with the sections {", ".join(PARTS)}: "{part}" is missing'
    text = "\n".join(text for _, text, _ in cells(nb, "markdown"))
    for part in BELOW:
        if part not in text:
            yield "notebook", f'"{part}" is missing under Key points'
    if len(NEXT.findall(text)) != 1:
        yield "notebook", f"{len(NEXT.findall(text))} links **Next:** […](…); one leads on"
    if not any(f'this_is_wrong("{number}")' in text for _, text, _ in cells(nb, "code")):
        yield "notebook", f'no cell shows this_is_wrong("{number}")'


def names_of(text: str) -> tuple[set[str], set[str]]:
    """The names that a cell makes, and those that it needs from before. None of a cell that does not parse."""
    try:
        top = symtable.symtable(text, "cell", "exec")
    except SyntaxError:
        return set(), set()
    made = {one.get_name() for one in top.get_symbols() if one.is_assigned() or one.is_imported() or one.is_namespace()}
    needed = {one.get_name() for one in top.get_symbols() if one.is_referenced()} - made
    waiting = list(top.get_children())
    while waiting:
        inner = waiting.pop()
        needed |= {one.get_name() for one in inner.get_symbols() if one.is_global() and one.is_referenced()} - made
        waiting += inner.get_children()
    return made - _of_comprehensions(ast.parse(text)), needed


def _of_comprehensions(tree: ast.AST) -> set[str]:
    """Names that only comprehensions bind: Python 3.12 counts them among those of the block around them."""
    inner = {
        id(name) for node in ast.walk(tree) if isinstance(node, ast.comprehension) for name in ast.walk(node.target)
    }
    bound = [node for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)]
    return {node.id for node in bound if id(node) in inner} - {node.id for node in bound if id(node) not in inner}
