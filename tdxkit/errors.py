"""Errors that teach: each names the thing, the rule it broke and what to do next, on one line."""

from collections.abc import Callable


def printable(value: object, limit: int = 60) -> str:
    """Outside text made fit for one line of a terminal: control characters shown as escapes, cut at `limit` characters."""
    text = str.__str__(value) if isinstance(value, str) else said(value, repr)
    cut = text[:limit]
    safe = "".join(
        c if c.isprintable() else c.encode("unicode_escape", "backslashreplace").decode("ascii") for c in cut
    )
    return safe + ("…" if len(text) > limit else "")


def said(value: object, how: Callable[[object], str] = str) -> str:
    """What a value says of itself, or of what type it is where it cannot say: nested too deep, too many digits, a text of the reader's
    own that fails."""
    try:
        return str.__str__(how(value))
    except Exception:
        return f"a {type(value).__name__}"


class TdxkitError(Exception):
    """Base of every error this package raises on purpose.

    >>> print(TdxkitError("--threads 99", "a scenario has 1 to 7 threads", "give a smaller number"))
    --threads 99: a scenario has 1 to 7 threads; give a smaller number
    """

    def __init__(self, thing: str, rule: str, action: str):
        self.thing, self.rule, self.action = thing, rule, action
        super().__init__(f"{thing}: {rule}; {action}")

    def stands(self, place: str) -> None:
        """It was met at a place that whoever raised it does not know."""
        self.thing = f"{place}{self.thing}"
        self.args = (f"{self.thing}: {self.rule}; {self.action}",)


class InputError(TdxkitError, ValueError):
    """Something from outside (argument, file, schedule code, text box) does not have the form it must have."""


def not_installed(error: ImportError) -> TdxkitError:
    """A package that is optional for the rest and is not here, or not in the version that is needed, said in one line; of a module of ours it is a bug: raised."""
    package = (error.name or "").partition(".")[0]
    if package in ("", "tdxkit"):
        raise error
    if not isinstance(error, ModuleNotFoundError):
        return TdxkitError(
            package, "another version of it is installed than this needs", "take the Python of the checkout, .venv/bin/python, or pip install -r requirements.txt"
        )  # fmt: skip
    return TdxkitError(package, "this needs a package that is not installed", f"pip install {package}")


class ModelError(TdxkitError):
    """A model, ours or a reader's, broke a rule of the engine that runs it.

    Whoever listens (`Ear`) hears of it, even where the model catches it.
    """

    def __init__(self, thing: str, rule: str, action: str):
        super().__init__(thing, rule, action)
        if Ear.hears is not None:
            Ear.hears.append(self)


class Ear:
    """What is heard of models' mistakes while a step runs. Not a ContextVar: a collected generator may run a step's clean-up inside its
    `set`, and CPython 3.11 does not survive that."""

    hears: list[ModelError] | None = None


def hush() -> None:
    """From here on nothing counts of what a model breaks: it runs for nothing, on values that are made up."""
    Ear.hears = None
