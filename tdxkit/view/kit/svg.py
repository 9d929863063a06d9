"""A small builder of SVG and HTML, and the one place where text is escaped before it becomes markup.

Text goes in as `str` and is escaped; markup is `Markup` and goes in as it is. Nothing else makes a `Markup`, which a test holds;
`style` takes rules that the project wrote itself.

>>> element("text", "a < b", x=3, text_anchor="middle")
'<text x="3" text-anchor="middle">a &lt; b</text>'
>>> drawing(40, 20, "a box", box(1, 1, 38, 18, "2M entry", role="pair")).startswith('<svg viewBox="0 0 40 20"')
True
"""

import json
import re
import unicodedata
from base64 import b64encode
from collections.abc import Mapping
from functools import cache
from gzip import compress
from urllib.parse import urlsplit

from tdxkit.view.kit import scripts

_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;"})
PACKED = 20_000  # characters of JSON from which on it travels packed
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9:-]*")
# Elements and attributes that could run or fetch something have no place in a picture.
_BANNED_ELEMENTS = {"script", "iframe", "object", "embed", "link", "meta", "base", "foreignObject", "image", "img"}
_BANNED_ATTRIBUTES = {"href", "src", "srcdoc", "action", "formaction", "data"}
_CSP = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:"
FONT = "var(--jp-ui-font-family, system-ui, 'DejaVu Sans', sans-serif)"


class Markup(str):
    """Text that is markup already: made here, from escaped parts only."""

    __slots__ = ()


def visible(text: object) -> str:
    """Text with nothing hidden in it: control, bidi and other unseen characters as their escapes, lone surrogates too."""
    text = str(text)
    if text.isascii() and text.isprintable():  # nearly all of it
        return text
    return "".join(c if c in "\n\t " or _plain(c) else c.encode("unicode_escape").decode("ascii") for c in text)


def _plain(c: str) -> bool:
    return "~" >= c > " " or (unicodedata.category(c)[0] not in "C" and unicodedata.category(c) not in ("Zl", "Zp"))


def esc(value: object) -> Markup:
    """Any text made safe as content of an element and inside a quoted attribute; what is `Markup` already stays."""
    if isinstance(value, Markup):
        return value
    return Markup(visible(value).translate(_ESCAPES))


def element(name: str, *children: object, **attributes: object) -> Markup:
    """An element. Attributes: ``stroke_width`` becomes ``stroke-width``, ``class_`` ``class``; None and False leave one out."""
    if not _NAME.fullmatch(name) or name in _BANNED_ELEMENTS:
        raise ValueError(f"{name!r} is no element of a picture")
    return Markup(f"<{name}{_attributes(attributes)}>{joined(*children)}</{name}>")


def _attributes(given: Mapping[str, object]) -> str:
    """Attributes as they stand in a tag."""
    parts = [""]
    for key, value in given.items():
        key = key.rstrip("_").replace("_", "-")
        if key == "viewbox":
            key = "viewBox"
        if not _NAME.fullmatch(key) or key in _BANNED_ATTRIBUTES or key.startswith("on"):
            raise ValueError(f"{key!r} is no attribute of a picture")
        if value is not None and value is not False:
            parts.append(f'{key}="{esc(_short(value))}"')
    return " ".join(parts)


def joined(*parts: object) -> Markup:
    """Markup one after the other; text among it is escaped."""
    return Markup("".join(map(esc, parts)))


def link(url: str, words: object = "") -> Markup:
    """A link to a page of the web, which opens in a tab of its own; ValueError for an address of any other kind."""
    if not re.fullmatch(r"https?://[!#-&(-;=?-\[\]-~]+", url) or not urlsplit(url).hostname:
        raise ValueError(f"{url!r} is no address of a web page")
    return Markup(f'<a href="{esc(url)}" target="_blank" rel="noopener noreferrer">{esc(words or url)}</a>')


def style(css: str) -> Markup:
    """A style element of rules that the project itself wrote: they stand as they are, and cannot end the element."""
    if "<" in css:
        raise ValueError("style rules have no <")
    return Markup(f"<style>{css}</style>")


UNTOUCHED = "tex2jax_ignore mathjax_ignore"  # JupyterLab typesets `$…$` in every output, in names from mails too


def framed(*parts: object, **attributes: object) -> Markup:
    """What goes into a page as one: in the colours of the theme, and left alone by what would typeset it."""
    class_ = " ".join(filter(None, ("tdx", attributes.pop("class_", ""), UNTOUCHED)))
    return element("div", *parts, class_=class_, **attributes)


def alone(picture: Markup, rules: Markup | str = "") -> Markup:
    """A drawing as a file of its own; `rules` is the style element that it needs."""
    start, end = picture.index(">"), picture.index("<svg") + 4
    head = f'{picture[:end]} xmlns="http://www.w3.org/2000/svg"{picture[end:start]}>'
    return Markup(f"{head}{esc(rules)}{picture[start + 1 :]}")


def image(picture: Markup, words: str, rules: Markup | str = "") -> Markup:
    """A drawing as an image, which stays where scripts, styles and SVG are taken out; `words` say what it shows."""
    wide = re.search(r'viewBox="0 0 ([\d.]+) ', picture)
    said = _attributes({"alt": words, "width": wide and round(float(wide[1])), "class": "tdx-image"})
    coded = b64encode(alone(picture, rules).encode()).decode()
    return Markup(f'<img src="data:image/svg+xml;base64,{coded}"{said}/>')


def _short(value: object) -> object:
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else value


def drawing(width: float, height: float, label: str, *children: object, **attributes: object) -> Markup:
    """A whole picture, `width` by `height` units, that scales with its place; `label` says in words what it shows."""
    return element(
        "svg", *children, viewbox=f"0 0 {_short(width)} {_short(height)}", role="img", aria_label=label,
        **{"style": f"max-width:{_short(width)}px;width:100%;height:auto;font-family:{FONT}", **attributes},
    )  # fmt: skip


def group(*children: object, **attributes: object) -> Markup:
    """Several elements as one."""
    return element("g", *children, **attributes)


def text(
    x: float, y: float, content: object, *, role: str = "ink", anchor: str = "start", **attributes: object
) -> Markup:
    """A line of text with its foot at (x, y), in a role's colour."""
    size = {"font_size": 11.5, **attributes}
    return element("text", content, x=x, y=y, fill=f"var(--tdx-{role})", text_anchor=anchor, **size)


def box(
    x: float, y: float, width: float, height: float, title: object, note: object = "", *,
    role: str = "free", dashed: bool = False, lit: bool = False,
) -> Markup:  # fmt: skip
    """A box of a role with a title and a smaller note under it; `dashed` for what is not in place, `lit` for what changed."""
    middle, foot = x + width / 2, y + height / 2 + (4 if note == "" else -1)
    frame = element(
        "rect", x=x, y=y, width=width, height=height, rx=5, fill=f"var(--tdx-{role}-bg)", stroke=f"var(--tdx-{role})",
        stroke_width=2 if lit else 1, stroke_dasharray="4 3" if dashed else None,
    )  # fmt: skip
    words = text(middle, foot, title, anchor="middle", font_weight=600)
    small = text(middle, foot + 13, note, role="soft", anchor="middle", font_size=10.5) if note != "" else ""
    return group(frame, words, small)


def line(*points: tuple[float, float], role: str = "soft", **attributes: object) -> Markup:
    """A line through points, in a role's colour."""
    path = "M" + "L".join(f"{_short(float(x))} {_short(float(y))}" for x, y in points)
    return element("path", d=path, fill="none", stroke=f"var(--tdx-{role})", **attributes)


def prose(text: str) -> Markup:
    """Paragraphs as a notebook writes them, in Markdown: code, bold, lists, links. Whatever is HTML in it stays text."""
    return Markup(_markdown()(visible(text)))


def phrase(text: str) -> Markup:
    """The same of a single paragraph, as a part of a line."""
    return Markup(re.sub(r"\A<p>(.*)</p>\n\Z", r"\1", prose(text)))


@cache
def _markdown():
    import mistune  # a notebook's own Markdown comes out of it too, where nbconvert makes a page

    return mistune.create_markdown(escape=True)


def script(code: str) -> Markup:
    """A script element of a module that the project itself wrote: it stands as it is, and cannot end the element."""
    if "</script" in code or "<!--" in code:
        raise ValueError("a script has no </script and no <!--")
    return Markup(f'<script type="module">{code}</script>')


def packed_script(code: str, then: str) -> Markup:
    """The same for a long one, packed as gzip in base64, and a short one that runs it: where a page holds several of one kind, once for all that
    are there. then: what is called at its end, which also tells the kinds apart."""
    box = f'<script type="application/gzip" class="tdx-code" data-then="{esc(then)}">{_gzip(f"{code}{chr(10)}{then}")}</script>'
    return joined(Markup(box), script(scripts.lean(scripts.read(scripts.KIT, "unpack.js"))))


def _gzip(text: str) -> str:
    return b64encode(compress(text.encode(), mtime=0)).decode()


def script_json(value: object) -> Markup:
    """A value as JSON in an element of its own: no ``<`` can end the element early. A large one is packed, as gzip in base64."""
    raw = json.dumps(
        value, separators=(",", ":")
    )  # pure ASCII: line separators and lone surrogates are escapes already
    if len(raw) > PACKED:
        return Markup(f'<script type="application/gzip">{_gzip(raw)}</script>')
    safe = raw.translate({ord("<"): "\\u003c", ord(">"): "\\u003e", ord("&"): "\\u0026"})
    return Markup(f'<script type="application/json">{safe}</script>')


def page(title: str, rules: Markup, *body: object) -> str:
    """A page of its own, that asks nobody outside: its title, style elements, what stands in it."""
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{esc(_CSP)}">'
        f'<meta name="viewport" content="width=device-width"><title>{esc(title)}</title>{rules}</head>\n<body>{joined(*body)}</body></html>\n'
    )
