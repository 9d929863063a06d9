"""Views inside an ipywidgets Output: charts with their tables, pictures, tables, as the front end wants them."""

from collections.abc import Iterable

from tdxkit.view.kit.charts import Chart


def outputs(things: Iterable[object]) -> tuple[dict, ...]:
    """Views as an Output widget holds them; a chart brings its table along."""
    bundles = (
        b for thing in things for b in (thing.outputs() if isinstance(thing, Chart) else (thing._repr_mimebundle_(),))
    )
    return tuple({"output_type": "display_data", "metadata": {}, "data": bundle} for bundle in bundles)
