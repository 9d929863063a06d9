"""Pictures: the only place that knows ipywidgets, anywidget, plotly and networkx. Each has a text twin, `str(view)`."""
