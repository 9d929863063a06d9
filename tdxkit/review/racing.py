"""What is raced of a series, by the words of a command: a get and a put by name or by how they are called, or what statements call."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tdxkit.c.given import statements
from tdxkit.c.kernel.pages import PREDICATES, WRAPPERS
from tdxkit.c.lexing import lexed
from tdxkit.c.softirqs import of_statements
from tdxkit.errors import InputError
from tdxkit.explore.buffers import SC
from tdxkit.linux.refcount.own import roles_of


@dataclass(frozen=True)
class Racing:
    """What is raced: a get and a put by name, or what `run` says, else the functions that end so; `how`: the other options of `of_text`."""

    get: str = ""
    put: str = ""
    run: tuple[str, ...] = ()
    threads: int | None = None
    rounds: int | None = None
    memory: str = SC
    how: Mapping[str, Any] = field(default_factory=dict)

    def roots(self, functions: Sequence[str]) -> tuple[str, ...]:
        """The names that are raced, of a text with these functions. InputError where several may be meant."""
        if self.run:
            sets = (re.split(r"[.\[]|->", str(name))[0] for name in self.how.get("sets") or ())
            words = (word for words in self._statements() for word in _names(words))
            return tuple(dict.fromkeys([*words, *sets]))
        if self.get and self.put:
            return self.get, self.put
        ends = [{name for name in functions if name == way or name.endswith(f"_{way}")} for way in ("get", "put")]
        stems = {name[:-3] for name in ends[0]} & {name[:-3] for name in ends[1]}
        if len(stems) > 1:
            rule = f"{', '.join(sorted(f'{stem}get' for stem in stems))} have a put each"
            raise InputError("what is raced", rule, "give --get NAME --put NAME, or --run 'STATEMENTS'")
        stem = next(iter(stems), None)
        found = (self.get or f"{stem}get", self.put or f"{stem}put") if stem is not None else (self.get, self.put)
        return found if all(found) else ()

    def check(self) -> None:
        """InputError for statements that are none, and roles that there are not: before any patch, for they go with all of them."""
        for number, words in enumerate(self.run, 1):
            statements(f"--run {number}", words)
        if of_statements(softirq := str(self.how.get("softirq") or "")):
            statements("--softirq", softirq)
        roles_of(self.how.get("roles") or (), self.threads)

    def called(self) -> tuple[str, ...]:
        """The functions that are raced, by their names, as far as those are given."""
        calls = (word for words in self._statements() for word in re.findall(r"\b([A-Za-z_]\w*)\s*\(", words))
        return tuple(dict.fromkeys(calls)) if self.run else tuple(filter(None, (self.get, self.put)))

    def _statements(self) -> tuple[str, ...]:
        return (*self.run, str(self.how.get("softirq") or ""))

    @property
    def others(self) -> tuple[str, ...]:
        """Functions that are not the text's: stubs, and around a get and a put those of the model."""
        return (*(self.how.get("stubs") or ()), *(() if self.run else (*WRAPPERS, *PREDICATES)))

    def means(self, name: str) -> bool:
        """May a function be one that is raced?"""
        if self.run:
            return name in self.roots(())
        return name in (self.get, self.put) or (not (self.get and self.put) and name.endswith(("_get", "_put")))


def _names(words: str) -> list[str]:
    try:
        return [token.text for token in lexed(words) if token.kind == "name"]
    except InputError:
        return []
