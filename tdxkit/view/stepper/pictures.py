"""What is drawn beside a run: a model's own pictures and who waits for whom, each distinct drawing once."""

from collections.abc import Callable, Iterable

from tdxkit.errors import InputError
from tdxkit.run import State, Wait
from tdxkit.view.kit.svg import Markup

Picture = Callable[[State], Markup]


class Pictures:
    """Each distinct picture once; only what svg.py built is let in."""

    def __init__(self, picture: Picture | None):
        self.picture = picture
        self.made: list[Markup] = []
        self._places: dict[Markup, int] = {}

    def place(self, state: State) -> int:
        """The place of a state's picture among those made."""
        drawn = self.picture(state)
        if not isinstance(drawn, Markup):
            raise InputError(
                "picture(state)",
                "a picture is built with tdxkit.view.kit.svg, which escapes what it holds",
                "return svg.drawing(…)",
            )
        return self.kept(drawn)

    def kept(self, drawn: Markup) -> int:
        """The place of a drawing among those made."""
        if drawn not in self._places:
            self._places[drawn] = len(self.made)
            self.made.append(drawn)
        return self._places[drawn]


class Waits(Pictures):
    """A picture of who waits for whom, for each state in which somebody does."""

    def __init__(self, actors: Iterable[str]):
        super().__init__(None)
        self.actors = tuple(actors)

    def place(self, waits: Iterable[Wait]) -> int:  # type: ignore[override]
        """The place of the picture of these waits, -1 where nobody waits."""
        found = [wait for wait in waits if wait.actor in self.actors]
        if not found:
            return -1
        from tdxkit.view.stepper.waits import waits_picture  # networkx, which most runs do without

        return self.kept(waits_picture(self.actors, found))
