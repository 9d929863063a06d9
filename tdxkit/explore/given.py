"""What a search is given: a scenario, and nothing that only leads to one."""

import inspect

from tdxkit.errors import ModelError, printable
from tdxkit.explore.program import Scenario


def given_scenario(where: str, value: object) -> None:
    """ModelError for what is no scenario."""
    if isinstance(value, Scenario):
        return
    name = printable(getattr(value, "__name__", type(value).__name__), 40)
    judged = isinstance(getattr(value, "scenario", None), Scenario)
    a_put = inspect.isgeneratorfunction(value)
    write = (
        "its .scenario"
        if judged
        else f"of_programs({name})"
        if a_put
        else "what a function like of_programs(put) returns"
    )
    raise ModelError(f"{where}({name})", "it takes a scenario", f"give it {write}")
