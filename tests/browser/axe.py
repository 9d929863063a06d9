"""axe-core over the outputs of a page: what is wrong for those who cannot see, point or tell colours apart."""

import json
from importlib.resources import files

SCRIPT = (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
WEIGHTS = ("moderate", "serious", "critical")
RUN = """async within => {
  const found = await axe.run({ include: within.map(one => [one]) }, { resultTypes: ['violations'], preload: false });
  return found.violations.map(({ id, impact, nodes }) => [impact, id, nodes.map(node => node.target.join(' '))]);
}"""


def violations(page, within=(".jp-OutputArea-output",)) -> list[tuple[str, str, tuple[str, ...]]]:
    """(impact, rule, elements) for each rule of weight that a page breaks within these elements."""
    page.evaluate(f"() => {{ if (!window.axe) {{ (0, eval)({json.dumps(SCRIPT)}); }} }}")
    there = [one for one in within if page.locator(one).count()]
    found = page.evaluate(RUN, there) if there else []
    return [(impact, rule, tuple(targets)) for impact, rule, targets in found if impact in WEIGHTS]
