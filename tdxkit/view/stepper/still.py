"""The stepper without a script, as markup and as text: pure functions of a run's data (payload.py) and a position."""

from tdxkit.run import answered
from tdxkit.text import many
from tdxkit.view.kit import theme
from tdxkit.view.kit.svg import Markup, element, esc, image, joined, style
from tdxkit.view.stepper.graph_data import EdgeRow
from tdxkit.view.stepper.payload import StepRow
from tdxkit.view.stepper.timeline import causes, steps_of, timeline

# What the timeline has from the page's style, for where it is an image.
PLOT = (
    "text{font:11.5px system-ui,'DejaVu Sans',sans-serif}.tdx-name{font-weight:650}.tdx-held{font-size:10px;font-weight:650;paint-order:stroke;"
    "stroke-width:2px}.tdx-digit{font-size:10.5px;font-weight:650;paint-order:stroke;stroke:var(--tdx-paper);stroke-width:3px}.tdx-parts{font-weight:700}"
)


def said(data: dict, position: int) -> tuple[str, str, bool]:
    """(what, sentence, broken) for a position: the words under the controls."""
    if not position:
        n = data["total"] if data["offset"] else len(data["steps"])
        if data["offset"]:
            return f"Step {data['offset']:,}", f"What was before is not in this stretch of {n:,} steps.", False
        return "Start", data.get("hint") or f"Nothing has happened yet. {many(n, 'step')} {follow(n)}.", False
    step = StepRow(*data["steps"][position - 1])
    where = f"Step {position + data['offset']:,} · {data['actors'][step.actor]}"
    rules = {
        t["key"]: t["broken"] for t in data["tracks"] if t["kind"] == "rule"
    }  # of a standstill the rule that it breaks
    what = f"Broken here: {', '.join(rules.get(rule, rule) for rule in step.broken)}" if step.broken else where
    return what, step.sentence or step.label, bool(step.broken)


def follow(n: int) -> str:
    """The verb that goes with so many steps."""
    return "follows" if n == 1 else "follow"


def fogged(data: dict, seen: int) -> dict:
    """The same run as one sees it who has been as far as position `seen`."""
    tracks = [{**track, "values": track["values"][: seen + 1]} for track in data["tracks"]]
    marks, keys = [k for k in data["marks"] if k <= seen], [track["key"] for track in data["tracks"]]
    columns = max(len(data["steps"]), data.get("columns", 0))
    return {
        **data,
        "steps": data["steps"][:seen],
        "tracks": tracks,
        "marks": marks,
        "beside": keys,
        "columns": columns,
        "parts": 0,
    }


def because(data: dict, position: int) -> str:
    """What the step to a position read that others wrote, in a sentence or two; "" where it read nothing of theirs."""
    actors, steps, found = data["actors"], steps_of(data), []
    for wrote, read, key, missed in causes(data, position):
        when = "" if read == position else f" in step {read + data['offset']:,}"
        if wrote <= 0:
            by = f"as step {wrote + data['offset']:,} left it"
        elif missed:
            by = f"before what {actors[steps[wrote - 1].actor]} stored in step {wrote + data['offset']:,} had left its buffer"
        else:
            by = f"as {actors[steps[wrote - 1].actor]} left it in step {wrote + data['offset']:,}"
        found.append(f"It read {key}{when} {by}.")
    return " ".join(found)


def changed(data: dict, position: int) -> list[str]:
    """What the step to a position changed, each as ``name old → new``."""
    if not position:
        return []
    state = list(data["first"])
    for step in data["steps"][: position - 1]:
        for key, value in StepRow(*step).changes:
            state[key] = value
    return [f"{data['keys'][i]} {state[i]} → {new}" for i, new in StepRow(*data["steps"][position - 1]).changes]


def as_text(data: dict, lines: str = "python") -> str:
    """A run in words, a line a step; `lines` of "c": each with its line of C, where the run has them."""
    c = data.get("c") if lines == "c" else None
    width = max((len(a) for a in data["actors"]), default=0)
    rows, state = (
        [said for said in (data["title"], data["subtitle"], c["ours"] if c else "") if said],
        list(data["first"]),
    )
    for k, step in enumerate(steps_of(data), 1 + data["offset"]):
        what = "; ".join(f"{data['keys'][i]} {state[i]} → {value}" for i, value in step.changes)
        for i, value in step.changes:
            state[i] = value
        at = _line_of(c, k - 1 - data["offset"]) if c else ""
        rows.append(
            f"{k:4}  {data['actors'][step.actor]:{width}}  {answered(step.label, step.kind, step.sentence)}"
            + (f"   [{what}]" if what else "")
            + at
        )
        rows += [f"      !! {said}" for said in step.wrong]
    return "\n".join(rows)


def _line_of(c: dict, k: int) -> str:
    """The line of C of a step."""
    line, _ = c["lines"][k]
    if line is None:
        return ""
    text, index = line
    _, lines, added, first = c["texts"][text]
    number = f"{first + index}  " if first else ""
    return f"   {number}{text}: {'+ ' * (index in added)}{lines[index].strip()}"


def still(data: dict, position: int, style: Markup | str = "") -> Markup:
    """One view without a script: title, sentence, timeline and picture as images, and the run as text under a fold. Images stay where a
    page takes SVG, styles and scripts out, as a notebook does that nobody trusts yet; `style`: rules for what is in them."""
    position, fog = max(0, min(position, len(data["steps"]))), data.get("fog")
    shown = fogged(data, position) if fog else data
    what, sentence, broken = said(data, position)
    head = element(
        "div",
        element("h3", data.get("name") or data["title"]),
        element("div", data["subtitle"], class_="tdx-sub"),
        class_="tdx-titles",
    )
    say = element(
        "p", element("b", what), " ", element("span", sentence), *(element("code", one, class_="tdx-chip") for one in changed(data, position)),
        class_="tdx-say" + (" tdx-broken" if broken else ""),
    )  # fmt: skip
    pictures = [image(timeline(shown, position), f"Timeline: {what}, {sentence}", style)]
    if data["pictures"]:
        place = data["pic"][position] if data["pic"] else data["pics"][data["graph"]["nodes"][0][0]]
        pictures.append(image(data["pictures"][place], "The state at this step", style))
    if (waiting := data["waiting"][position] if data.get("waiting") else -1) >= 0:
        pictures.append(image(data["waitPictures"][waiting], "Who waits for whom", style))
    whole = "the whole run as text" if fog else "as text"
    fold = element("details", element("summary", whole), element("pre", esc(as_text(data))), class_="tdx-panel")
    trust = element(
        "p",
        "To step through it, trust this notebook: View, Activate Command Palette, Trust Notebook.",
        class_="tdx-untrusted",
    )
    return element(
        "div", element("div", head, class_="tdx-head"), trust, say, element("div", *pictures, class_="tdx-timeline"), fold,
        class_="tdx-still", role="group", aria_label=f"Stepper: {data['title']}",
    )  # fmt: skip


def views(top: dict, position: int) -> Markup:
    """All that travels, at a position in it."""
    rules = style(theme.image_css() + PLOT)
    return joined(*(still(view, position - view["offset"], rules) for view in top["views"]))


def walk_as_text(data: dict) -> str:
    """A graph to walk, in words: its size, the goal, and what each actor can do first."""
    g = data["graph"]
    rows = [data["title"], *([data["subtitle"]] if data["subtitle"] else [])]
    rows.append(f"{len(g['nodes']):,} states, {sum(map(len, g['edges'])):,} moves; you choose who moves next.")
    if g["goal"]:
        rows.append(f"Goal: break the rule “{g['goal']}”. {g['goalText']}".rstrip())
    for edge in (EdgeRow(*row) for row in g["edges"][0]):
        rows.append(f"  {g['actors'][edge.actor]} can begin with {g['strings'][edge.label]}")
    return "\n".join(rows)
