"""What a search found, in a bar: the verdict in words, what was asked, and its schedule; all that the search says is folded below.

verdict_of(explore(scenario("v2")))
"""

from dataclasses import dataclass

from tdxkit.explore.result import Result
from tdxkit.rules import verdicts
from tdxkit.text import many
from tdxkit.view.kit import theme, verdict
from tdxkit.view.kit.svg import Markup, element, framed, style

_F = ".tdx.tdx-found"
STYLE = (
    f"{_F}{{color:var(--tdx-ink);font-size:13px;max-width:1100px}}{_F} summary{{cursor:pointer;color:var(--tdx-soft)}}"
    f"{_F} summary:focus-visible{{outline:2px solid var(--tdx-a0);outline-offset:2px}}"
    f"{_F} pre{{margin:4px 0 8px;padding:6px 10px;background:var(--tdx-panel);color:inherit;white-space:pre-wrap;font-size:12px;line-height:1.4}}"
)


@dataclass(frozen=True, slots=True, repr=False)
class Found:
    """A result of a search, as a bar and as text."""

    result: Result

    @property
    def bar(self) -> verdict.Bar:
        """The verdict, and under it how much was looked at and how to see it."""
        one = self.result
        size = f"{one.scenario}: {many(one.threads, 'CPU')} × {many(one.rounds, 'round')}"
        seen = f"{many(one.states, 'state')}, {'all there are' if one.complete else 'and there are more'}"
        code = [f"{many(one.steps, 'step')}, {many(one.switches, 'switch')}: {one.schedule}"] if one.schedule else []
        said = (one.defect or verdicts()[one.verdict]) + one.but
        return verdict.verdict(one.verdict, said, note="; ".join([size, seen, *code]))

    def __str__(self) -> str:
        return f"{self.bar}\n{self.result}"

    __repr__ = __str__

    def html(self) -> Markup:
        """The bar, and what else there is to say under a fold."""
        whole = element(
            "details", element("summary", "all that the search says"), element("pre", str(self.result), tabindex=0)
        )
        return framed(style(theme.css() + STYLE), self.bar.html(), whole, class_="tdx-found")

    def _repr_mimebundle_(self, **kwargs) -> dict:
        return {"text/html": str(self.html()), "text/plain": str(self)}


def verdict_of(result: Result) -> Found:
    """The bar of what a search found."""
    return Found(result)
