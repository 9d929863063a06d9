"""The step player: widget (one anywidget that is given a whole run and steps in the browser), payload and graph_data (runs and graphs as
plain data), lanes (the still picture, for where no script runs), and the page's own scripts and style.
"""

from tdxkit.doors import door

__all__, __getattr__ = door(__name__, widget="Stepper")
