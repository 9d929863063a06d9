"""Views inside an ipywidgets Output: charts with their tables, pictures, tables, as the front end wants them."""

from collections.abc import Iterable

from tdxkit.view.kit.charts import Chart


def bundle(thing: object) -> dict[str, object]:
    """What the front end needs to show a view: its mime bundle."""
    return thing.bundle() if isinstance(thing, Chart) else thing._repr_mimebundle_()


def outputs(things: Iterable[object]) -> tuple[dict, ...]:
    """Views as an Output widget holds them; a chart brings its table along."""
    shown = []
    for thing in things:
        shown.append({"output_type": "display_data", "metadata": {}, "data": bundle(thing)})
        if isinstance(thing, Chart):
            table = {"text/html": str(thing.table_html()), "text/plain": "(the same as a table)"}
            shown.append({"output_type": "display_data", "metadata": {}, "data": table})
    return tuple(shown)
