"""The files of `data/`: facts with their sources, read once and never changed."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tdxkit.errors import InputError, printable


def data_path(name: str) -> Path:
    """Where a data file lies: inside the installed package, or beside it in a checkout."""
    here = Path(__file__).parent  # not importlib.resources: that alone costs a command as much as an interpreter
    packaged = here / "data" / name
    return packaged if packaged.is_file() else here.parent / "data" / name


@cache
def load_json(name: str) -> dict:
    """A JSON file of `data/`, parsed; treat it as frozen."""
    return json.loads(data_path(name).read_bytes())


@cache
def load_toml(name: str) -> dict:
    """A TOML file of `data/`, parsed; treat it as frozen."""
    import tomllib  # only citations need it

    return tomllib.loads(data_path(name).read_text(encoding="utf-8"))


@dataclass(frozen=True, slots=True)
class Source:
    """Where a fact was read: a mail, a file of the kernel or of the TDX module, a page."""

    id: str
    title: str
    where: str
    date: str = ""

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
