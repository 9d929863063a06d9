"""Colours by role, for light and dark, as CSS variables; contrast is computed here and held in a test.

A colour never says anything alone: each actor also has a hatching of its own, each role a dash, a shape or a word beside it.
JupyterLab writes `data-jp-theme-light` on the body, VS Code's notebooks `data-vscode-theme-kind`, the Sphinx book `data-theme` on the page;
a page that has none of them follows `prefers-color-scheme`. The paper is Lab's own (`--jp-layout-color0`), so a view melts into the notebook that holds it.

>>> contrast("#ffffff", "#000000")
21.0
>>> ROLES["pair"].light
'#5a3ea6'
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from zlib import crc32

# How far a colour stands from its ground at least, as WCAG 2 asks it (AA): text to be read, and what is a mark or an edge.
TEXT_CONTRAST, MARK_CONTRAST = 4.5, 3.0
# The paper views stand on: our own, and what Lab's two themes put in its place.
PAPERS = {"light": ("#ffffff",), "dark": ("#111418", "#111111")}


@dataclass(frozen=True, slots=True)
class Role:
    """What a colour means, on light and on dark paper; `both` is for charts, which cannot know the paper they stand on."""

    name: str
    light: str
    dark: str
    both: str
    meaning: str

    def tint(self, theme: str) -> str:
        """The faint ground in this colour, `theme` being light or dark."""
        colour, share = (self.light, 0.12) if theme == "light" else (self.dark, 0.2)
        return mix(colour, PAPERS[theme][0], share)


ROLES = {
    role.name: role
    for role in (
        Role("a0", "#0b62a8", "#7cc0ff", "#2f7fc6", "the first actor"),
        Role("a1", "#8a4b00", "#ffc06b", "#b26d1a", "the second actor"),
        Role("a2", "#0b665e", "#5fd4c4", "#1d8a80", "the third actor"),
        Role("a3", "#98206a", "#ff9fd4", "#c2478f", "the fourth actor"),
        Role("a4", "#545c00", "#ced76a", "#7b831c", "the fifth actor"),
        Role("a5", "#46566b", "#b7c4d6", "#71829a", "the sixth actor"),
        Role("a6", "#7a3b2e", "#f0b3a3", "#b06553", "the seventh actor"),
        Role("free", "#5b6470", "#a3adb9", "#7d8794", "free: nobody's"),
        Role("shared", "#1c5f8f", "#8cc8f2", "#3d83b8", "held shared"),
        Role("exclusive", "#9a3412", "#ffab85", "#c8623a", "held exclusive"),
        Role("pair", "#5a3ea6", "#c3b2ff", "#8468d6", "a page pair is in place"),
        Role("used", "#00646e", "#62d0dc", "#168a96", "in use by a TD"),
        Role("ok", "#1f7a3d", "#6fd391", "#2f9255", "a rule that holds"),
        Role("bad", "#b3121f", "#ff8f98", "#dc4450", "broken"),
    )
}
ACTORS = tuple(name for name in ROLES if name[0] == "a" and name[1:].isdigit())
# Ground colours: (light, dark).
GROUND = {
    "ink": ("#16191d", "#e8ebef"),  # text
    "soft": ("#57606b", "#a3adb9"),  # notes, and lines not reached yet: as faint as text may be
    "line": ("#d9dee4", "#2f373f"),  # rules between parts: they say nothing, so they may be fainter than a mark
    "edge": ("#7a8490", "#7f8b98"),  # what has to be seen without being read: ticks, the border under the pointer
    "panel": ("#f6f8fa", "#1a1f25"),  # the ground of controls and of the state
    "hot": ("#fff3b0", "#4a4310"),  # the ground of a value that just changed
}
# What a chart may stand on, which cannot know it: white, and the dark papers of pages.
CHART_PAPERS = ("#ffffff", "#111111", "#111418", "#212121")
# For charts: one grey that is readable on either paper, and a fainter one for grids.
BOTH_INK, BOTH_GRID = "#7c858f", "rgba(128,136,146,.28)"

_VS_CODE = "data-vscode-theme-kind"
_DARK_IN = ('[data-jp-theme-light="false"]', 'html[data-theme="dark"]', *(f'[{_VS_CODE}="vscode-{kind}"]' for kind in ("dark", "high-contrast")))  # fmt: skip
_KNOWS_ITSELF = f"body:not([data-jp-theme-light],[{_VS_CODE}])"


def actor_role(index: int) -> str:
    """The role of an actor's lane, by its place; the eighth starts again with the first."""
    return ACTORS[index % len(ACTORS)]


def actor_roles(names: Sequence[str]) -> list[int]:
    """The place of each actor's colour among ACTORS, by its name and not by its order: "teardown" has one colour in every picture. A name that
    ends in a number has that number's (CPU 1); of two that want the same the later takes the next that is free.

    >>> actor_roles(("CPU 0", "CPU 1")), actor_roles(("teardown", "fault")) == actor_roles(("fault", "teardown"))[::-1]
    ([0, 1], True)
    """
    found: dict[str, int] = {}
    for name in sorted(names, key=_wanted):
        taken, wanted = set(found.values()), _wanted(name)[1]
        free = [(wanted + k) % len(ACTORS) for k in range(len(ACTORS)) if (wanted + k) % len(ACTORS) not in taken]
        found[name] = free[0] if free else wanted
    return [found[name] for name in names]


# Parts of a TD's life, which many pictures show: each has its own.
LIFE = ("TD init", "vCPU init", "build", "vCPU run", "fault", "zap", "teardown")


def _wanted(name: str) -> tuple[int, int, str]:
    """Who chooses before whom (CPU 10 after all with a number that is a colour), which colour that name would have, and what decides among equals."""
    if name in LIFE:
        return 0, LIFE.index(name), name
    number = re.search(r"\d+$", name)
    return *divmod(int(number[0]) if number else crc32(name.encode()) % len(ACTORS), len(ACTORS)), name


def channels(colour: str) -> tuple[int, int, int]:
    """Red, green and blue of ``#rrggbb``, each 0 to 255."""
    return tuple(int(colour[i : i + 2], 16) for i in (1, 3, 5))


def mix(colour: str, ground: str, share: float) -> str:
    """`share` (0 to 1) of a colour laid on a ground."""
    mixed = (round(c * share + g * (1 - share)) for c, g in zip(channels(colour), channels(ground)))
    return "#" + "".join(f"{c:02x}" for c in mixed)


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2 defines it, 0 (black) to 1 (white)."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (v / 255 for v in channels(colour))]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """Contrast of two colours as WCAG 2 defines it, 1 to 21."""
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return round((high + 0.05) / (low + 0.05), 2)


def variables(theme: str, paper: str = "") -> dict[str, str]:
    """Every CSS variable of one theme: ``--tdx-pair``, ``--tdx-pair-bg``, ``--tdx-ink`` and so on; `paper`: where it is not the page's own."""
    place = 0 if theme == "light" else 1
    named = {f"--tdx-{name}": pair[place] for name, pair in GROUND.items()}
    for name, role in ROLES.items():
        named[f"--tdx-{name}"] = getattr(role, theme)
        named[f"--tdx-{name}-bg"] = role.tint(theme)
    named["--tdx-paper"] = paper or f"var(--jp-layout-color0, {PAPERS[theme][0]})"
    return named


def css(scope: str = ".tdx") -> str:
    """The variables for all elements that match `scope`: light, dark where the page says so, else as the reader's system is set."""
    light, dark = (";".join(f"{k}:{v}" for k, v in variables(t).items()) for t in ("light", "dark"))
    told = ",".join(f"{where} {scope}" for where in _DARK_IN)
    asked = f'html:not([data-theme="light"]) {_KNOWS_ITSELF} {scope}'
    return (
        f"{scope}{{color-scheme:light;{light}}}\n{told}{{color-scheme:dark;{dark}}}\n"
        f"@media (prefers-color-scheme:dark){{{asked}{{color-scheme:dark;{dark}}}}}\n"
    )


def image_css() -> str:
    """The variables for a drawing that is a file or an image of its own, on paper of its own: its colours follow the reader's system."""
    light, dark = (";".join(f"{k}:{v}" for k, v in variables(t, PAPERS[t][0]).items()) for t in ("light", "dark"))
    return f"svg{{color-scheme:light dark;background:var(--tdx-paper);{light}}}\n@media (prefers-color-scheme:dark){{svg{{{dark}}}}}\n"
