"""The ladder of games at hand in a notebook: a row of rungs, and the one that is played below it. It needs no kernel, and no network.

    ladder()          # what the reader has reached is kept by the browser

CSS classes that tests may rely on: `.tdx-rung` (a button each, aria-current: the one that is played; `.tdx-won`), `.tdx-rungs-words`, `.tdx-forget`,
`.tdx-onward` (a button that leads to the next rung), and those of a stepper.
"""

from tdxkit.lessons.ladder import Rung, Score, best, rungs
from tdxkit.text import columns, many
from tdxkit.view.kit import live, scripts, svg
from tdxkit.view.kit.svg import Markup, element, framed, script_json, style, visible
from tdxkit.view.region_picture import region
from tdxkit.view.stepper import scripts as stepping
from tdxkit.view.stepper.walks import walk_of


class Ladder:
    """Every rung of `tdxkit.lessons.ladder`, to be played."""

    needs_kernel = False

    def static(self) -> Markup:
        """The ladder as markup that plays by itself: its rungs in words, their states, style and script."""
        rows = [element("li", element("b", rung.title), f": {rung.text} {_to_beat(best(rung.id))}") for rung in rungs()]
        version, games = stepping.version(), [_game(rung) for rung in rungs()]
        place = element("div", element("ol", *rows), script_json(games), class_="tdx-ladder", data_script=version)
        look = stepping.style() + scripts.lean(scripts.read(stepping.PAGE, "ladder.css"))
        return framed(style(look), place, svg.packed_script(stepping.ladder_script(), f'ladderHere("{version}");'))

    def __str__(self) -> str:
        heads = ("rung", "the game", "what there is to reach", "fewest steps", "fewest switches")
        rows = [(k, rung.title, rung.text, *best(rung.id)) for k, rung in enumerate(rungs(), 1)]
        return visible("\n".join(columns(heads, rows)))

    def _ipython_display_(self) -> None:
        live.display(self)


def ladder() -> Ladder:
    """The ladder of games."""
    return Ladder()


def _to_beat(score: Score) -> str:
    return f"Best: {many(score.steps, 'step')}, or {many(score.switches, 'switch')}."


def _game(rung: Rung) -> dict:
    """A rung as it travels: the states of its design, and what a stepper shows above them."""
    one_region = len(rung.scenario.shared.get("refcount", ())) == 1
    walk = walk_of(rung.scenario, rung.goal, rung.text, region if one_region else None, rung.begin)
    score = best(rung.id)
    walk["game"] = {
        "asks": list(rung.asks),
        "best": score._asdict(),
        "begin": len(rung.begin),
        "after": rung.after,
    }
    top = {"title": rung.title, "subtitle": f"{walk['title']}; {walk['subtitle']}. {_to_beat(score)}"}
    top |= {"views": [walk], "offset": 0, "first": 0, "total": 0, "fog": False}
    return {"id": rung.id, "title": rung.title, "best": score._asdict(), "top": top}
