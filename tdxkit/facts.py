"""The files of `data/`: facts with their sources, read once and never changed."""

import json
import os.path
from collections import namedtuple
from functools import cache

from tdxkit.errors import InputError, printable

# Every command reads a fact or two: what this module imports is paid at each start, so no dataclasses, no importlib.resources.


def _find(name: str, under: str = "data") -> str:
    here = os.path.dirname(__file__)
    packaged = os.path.join(here, under, name)
    return packaged if os.path.exists(packaged) else os.path.join(os.path.dirname(here), under, name)


def data_path(name: str):
    """Where a data file lies, as a `pathlib.Path`: inside the installed package, or beside it in a checkout."""
    from pathlib import Path

    return Path(_find(name))


def notebooks_path():
    """The folder of the notebooks, as a `pathlib.Path`: inside the installed package, or beside it in a checkout."""
    from pathlib import Path

    return Path(_find("", "notebooks"))


@cache
def load_json(name: str) -> dict:
    """A JSON file of `data/`, parsed; treat it as frozen."""
    with open(_find(name), "rb") as file:
        return json.load(file)


@cache
def load_toml(name: str) -> dict:
    """A TOML file of `data/`, parsed; treat it as frozen."""
    import tomllib  # only citations need it

    return tomllib.loads(data_path(name).read_text(encoding="utf-8"))


class Source(namedtuple("Source", "id title where date checked read_in", defaults=("", "read", ""))):
    """Where a fact was read: a mail, a file of the kernel or of the TDX module, a page. All four are text."""

    __slots__ = ()

    def __str__(self) -> str:
        return f"{self.title} ({', '.join(filter(None, (self.where, self.date)))})"


def cite(source_id: str) -> Source:
    """The source with this id in `data/sources.toml`; InputError for an id that is not there."""
    entry = load_toml("sources.toml").get(source_id)
    if entry is None:
        raise InputError(
            f"source {printable(source_id)}",
            "a citation names an id of data/sources.toml",
            "add the source there first",
        )
    return Source(source_id, **entry)
