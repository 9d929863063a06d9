"""A program run in one go: `for _ in nap(m): pass`, `list(nap(m))`. Its steps are yielded to nobody, and none of them is a step.

Seen while it happens, whoever does it: a program yields the label of a step, and the step under way does not end with that label.
"""

import inspect
import types

from tdxkit.errors import ModelError
from tdxkit.kinds import Act


class Yielded:
    """The labels that programs yield during one step, and who was to hand them on."""

    def __init__(self) -> None:
        self._found: list[tuple[Act, str, str]] = []

    def note(self, frame: types.FrameType, value: object) -> None:
        """A frame returns or yields a value."""
        label = value[0] if type(value) is tuple and value else value
        if isinstance(label, Act) and frame.f_code.co_flags & inspect.CO_GENERATOR:
            by = frame.f_back
            where = f"line {by.f_lineno} of {by.f_code.co_name}" if by else ""
            self._found.append((label, frame.f_code.co_name, where))

    def check(self, item: object) -> None:
        """ModelError where one of them is not what the step ends with: `item`, None where the program has ended."""
        last = item[0] if type(item) is tuple and item else item
        for label, name, where in self._found:
            if label is not last and str(label) not in str(last):
                raise ModelError(
                    f"{where}: {name}(…)",
                    "it runs in one go there, and its steps are no steps",
                    f"write: yield from {name}(…)",
                )
