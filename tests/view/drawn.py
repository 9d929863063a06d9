"""A drawing read back, for tests: each element in a line of a few words, and the room that it takes."""

import re
from typing import NamedTuple
from xml.etree import ElementTree

SIZE = 11.5  # of letters, where nothing else is said


def parts(picture) -> list[str]:
    """What a drawing consists of, in its order: `rect X Y WIDE×HIGH`, `circle X Y R`, `path D` or `text X Y WORDS`, then how it looks.

    Of a look: `fill stroke/width`, a dash as `dash=`, letters as `size/weight`, who stands in the middle or ends at X as `middle`, `end`.
    """
    return [_told(node) for node in ElementTree.fromstring(str(picture)).iter() if _tag(node) in _PLACES]


def size(picture) -> tuple[float, float]:
    """How wide and how high a drawing is."""
    return tuple(map(float, ElementTree.fromstring(str(picture)).get("viewBox").split()[2:]))


_PLACES = {"rect": "x y", "circle": "cx cy r", "path": "d", "text": "x y"}


def _tag(node) -> str:
    return node.tag.rpartition("}")[2]


def _told(node) -> str:
    tag = _tag(node)
    words = [tag, *(node.get(name, "?") for name in _PLACES[tag].split())]
    words += [f"{node.get('width')}×{node.get('height')}"] if tag == "rect" else []
    words += [repr(node.text or "")] if tag == "text" else []
    fill, stroke = (_role(node.get(name, "")) for name in ("fill", "stroke"))
    words += [fill] if fill and (tag, fill) not in (("text", "ink"), ("path", "none")) else []
    words += [f"{stroke}/{node.get('stroke-width', 1)}"] if stroke else []
    if tag == "text":
        letters = node.get("font-size", str(SIZE)), node.get("font-weight", "400")
        words += [] if letters == (str(SIZE), "400") else ["/".join(letters)]
        words += [anchor] if (anchor := node.get("text-anchor", "start")) != "start" else []
    more = (("dash", "stroke-dasharray"), ("rx", "rx"), ("at", "transform"), ("clip", "clip-path"))
    words += [f"{short}={node.get(name)}" for short, name in more if node.get(name)]
    return " ".join(words)


def _role(paint: str) -> str:
    return paint[len("var(--tdx-") : -1] if paint.startswith("var") else paint


class Room(NamedTuple):
    """What an element takes: its kind, its words, and its edges."""

    kind: str
    words: str
    left: float
    top: float
    right: float
    foot: float


def rooms(picture) -> list[Room]:
    """The room of each element of a drawing; of a text about, by its letters. What is turned or lies in another coordinate system is left out."""
    found = []
    for node in ElementTree.fromstring(str(picture)).iter():
        of = {"rect": _rect, "circle": _circle, "path": _path, "text": _text}.get(_tag(node))
        if of and not node.get("transform") and (edges := of(node)):
            found.append(Room(_tag(node), node.text or "", *edges))
    return found


def _rect(node):
    x, y, wide, high = (float(node.get(name, 0)) for name in ("x", "y", "width", "height"))
    return x, y, x + wide, y + high


def _circle(node):
    x, y, r = (float(node.get(name)) for name in ("cx", "cy", "r"))
    return x - r, y - r, x + r, y + r


def _text(node):
    letters = float(node.get("font-size", SIZE))
    wide = 0.5 * letters * len(node.text or "")
    x, y = float(node.get("x")), float(node.get("y"))
    left = x - {"start": 0, "middle": wide / 2, "end": wide}[node.get("text-anchor", "start")]
    return (left, y - 0.75 * letters, left + wide, y + 0.2 * letters) if node.text else None


def _path(node):
    if re.search("[a-z]", node.get("d").replace("z", "")):  # relative moves: marks of a size of their own
        return None
    at = [float(n) for n in re.findall(r"-?[\d.]+", re.sub(r"[HV][-\d.]+", "", node.get("d")))]
    return (min(at[::2]), min(at[1::2]), max(at[::2]), max(at[1::2])) if at and "A" not in node.get("d") else None


def px(value: float) -> str:
    """A place as a drawing writes it, with two digits at most."""
    return f"{value:.2f}".rstrip("0").rstrip(".") if value % 1 else f"{value:.0f}"
