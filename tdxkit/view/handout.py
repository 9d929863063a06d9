"""A page for the table: words, rules, the language of steps and codes, and the codes of the day. It prints on one sheet of A4.

    handout(("v6:2x1:f5ae A9 B2", "CPU 1 uses the page"))

HTML that stands alone: no script, no picture, nothing from a network.
"""

from itertools import starmap

from tdxkit.errors import InputError, printable
from tdxkit.explore import replay
from tdxkit.explore.schedule import parse
from tdxkit.lessons.words import meaning
from tdxkit.linux.refcount import scenario_of
from tdxkit.rules import known
from tdxkit.view.kit.svg import Markup, element, page, phrase, style

TITLE = "tdxkit: one page for the table"
WORDS = ("TD", "TDX module", "SEAMCALL", "leaf", "PAMT", "region", "page pair", "refcount", "get", "put", "lock promotion", "zap", "mmu_lock", "run", "schedule code", "complete")  # fmt: skip
RULES = (
    "REMOVE must find a pair",
    "a page in use must have its pair",
    "at the end no pair may be left",
    "at the end a refcount must have its pair",
)
STEPS = (
    ("load, store", "one access to shared memory; `users++` is one of each"),
    ("locked", "a read-modify-write instruction: nobody comes in between"),
    ("lock, unlock", "`spin_lock()` waits, `spin_unlock()` lets go"),
    ("seamcall", "a call into the TDX module, with its answer"),
    ("alloc, free", "pages taken from the kernel's memory and given back"),
)
KEYS = (
    ("→ ←", "one step on, back"), ("Home End", "first, last"), ("PgDn PgUp", "next mark"), ("Space", "play"), ("o", "you are the scheduler; again: back"),
    ("1 2 3", "that CPU moves"), ("u, h", "undo, hint"), ("m", "map of the states"), ("l", "Python or C"), ("f", "form: one is for a projector"), ("t", "as text"),
)  # fmt: skip
CODE = (
    ("v6", "the scenario"), ("2x1", "two CPUs, one round each"), ("f5ae", "checksum of the model"), ("A9 B4", "CPU 0 takes nine steps, CPU 1 four"),
    ("+54de38", "mark of what these steps did"), ("stop early", "`v6:2x1:f5ae A9 B2` stands at step 11: all screens at one step"),
)  # fmt: skip
STYLE = """
@page{size:A4;margin:11mm}
body{font:8.8pt/1.25 system-ui,"DejaVu Sans",sans-serif;color:#111;background:#fff;max-width:190mm;margin:0 auto;padding:4mm}
h1{font-size:14pt;margin:0 0 2mm}h2{font-size:10.5pt;margin:2.5mm 0 1mm;border-bottom:1px solid #555}
.cols{display:grid;grid-template-columns:1fr 1fr;gap:7mm}dl{margin:0;display:grid;grid-template-columns:max-content minmax(0,1fr);gap:.4mm 2.5mm}
dt{font-weight:650}dd{margin:0}code,dt{font-family:ui-monospace,"DejaVu Sans Mono",monospace;font-size:.92em}.words dt{font-family:inherit}.wide{display:block}.wide dd{margin:0 0 .8mm 4mm}

ol{margin:0;padding-left:5mm}li code{font-size:1em}.line{border-bottom:1px solid #777;height:5mm}
@media screen and (prefers-color-scheme:dark){body{color:#eee;background:#111418}h2{border-color:#aaa}}
"""


def handout(*codes: tuple[str, str]) -> str:
    """The page, with these codes of the day: (schedule code, what it shows) each. Without any there is room to write some: a race that is printed there is no longer found.

    InputError for a code that does not replay.
    """
    rows = [element("li", element("code", code), f" {shows}") for code, shows in starmap(_replayed, codes)]
    said = [meaning(word) for word in WORDS]
    parts = (
        ("Words", _list([(one.word, one.means) for one in said], "words")),
        ("Rules, and what is said where one breaks", _list([(known(name).defect, f"{name}: {known(name).catches}") for name in RULES], "words wide")),
        ("Kinds of steps", _list(STEPS)),
        ("A schedule code", _list(CODE)),
        ("Keys in a stepper", _list(KEYS)),
        ("Codes of the day", element("ol", *(rows or [element("li", class_="line")] * 3))),
    )  # fmt: skip
    sections = [element("section", element("h2", title), part) for title, part in parts]
    return page(
        TITLE,
        style(STYLE),
        element("h1", TITLE),
        element("div", element("div", sections[0]), element("div", *sections[1:]), class_="cols"),
    )


def _list(rows, kind: str = "") -> Markup:
    return element(
        "dl",
        *(part for name, says in rows for part in (element("dt", name), element("dd", phrase(says)))),
        class_=kind or None,
    )


def _replayed(code: str, shows: str) -> tuple[str, str]:
    parsed = parse(code)
    if not shows.strip():
        raise InputError(f"code {printable(code, 60)}", "it says what it shows", 'write --code "CODE = what it shows"')
    replay(scenario_of(parsed.name, parsed.threads, parsed.rounds), code)
    return code, shows
