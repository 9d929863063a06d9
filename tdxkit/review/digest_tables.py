"""The tables at the top of a digest, who is counted how often, and the ledger that judges doubtful headings by them."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from tdxkit.mail.lines import Notes
from tdxkit.mail.people import Person, person
from tdxkit.mail.subject import Subject
from tdxkit.work import Job, Tick

_TABLE = re.compile(r"Top (\d{1,4}) contributor( Email domain)?s \(Based on Email Body\)\s*")
_COUNT = re.compile(r" *(\d{1,9}) +(\S.{0,4000}?)\s*")
MESSAGES_TITLE = "===== Patch Commit Messages ===="
LIST_TITLE = "===== Patch list in this time period ====="

Line = tuple[int, str | Tick]  # number 0: no line but a tick, to be passed on


@dataclass(frozen=True, slots=True)
class Counted:
    """A row of a table: a person, or a mail domain, and how many mails."""

    who: Person | str
    count: int


class Table:
    """A table of the digest's top: `limit` rows at most are printed, so only a shorter one is known to be whole."""

    def __init__(self):
        self.rows: list[Counted] = []
        self.limit = 0

    @property
    def whole(self) -> bool:
        return len(self.rows) < self.limit


def tables_of(lines: Iterator[Line], notes: Notes) -> Job[tuple[tuple[Table, Table], tuple[str, ...] | None]]:
    """Domains, people and the list of patches, up to the messages; a section ends where the next one's title stands.

    The list is empty where its section names nothing, and None where there is no such section.
    """
    domains, people = tables = Table(), Table()
    listed: list[str] = []
    has_list = False
    into: Table | list | None = None
    for number, line in lines:
        if not number:
            yield line
        elif found := _TABLE.fullmatch(line[:200]):
            into = domains if found[2] else people
            into.limit = int(found[1])
        elif line.rstrip() == LIST_TITLE:
            into, has_list = listed, True
        elif line.rstrip() == MESSAGES_TITLE:
            return tables, tuple(listed) if has_list else None
        elif not line.strip():
            continue
        elif into is listed:
            listed.append(line)
        elif isinstance(into, Table) and (found := _COUNT.fullmatch(line)):
            into.rows.append(Counted(person(found[2]) if into is people else found[2], int(found[1])))
        else:
            notes.add(number, f"no row of a table: {line}")
    notes.add(0, "the digest ends before its messages")
    return tables, tuple(listed) if has_list else None


class Ledger:
    """Who is counted, and how much of it the entries so far explain: the judge of doubtful headings."""

    def __init__(self, tables: tuple[Table, Table]):
        people = tables[1]
        self.counted = {row.who.email: row.count for row in people.rows}
        self.whole = people.whole
        self.mails: Counter[str] = Counter()  # by author
        self.series: Counter[tuple] = Counter()
        self.seen: set[tuple[str, str]] = set()

    def doubt(self, who: Person, what: Subject, after_total: bool) -> str:
        """Why an entry of this author cannot be one of this digest; empty if it can.

        An entry ends with the total of its diffstat, if it has one: a heading `after_total` needs no more than a counted author.
        """
        count = self.counted.get(who.email)
        if count is None and self.whole:
            return "the table of contributors does not count its author"
        if after_total or count is None:
            return ""
        if (who.email, what.text) in self.seen:
            return "the same author and subject stood before"
        before = self.mails[who.email]
        if before <= count < before + self._more(who, what):
            return f"its author is counted {count} times, which the other entries explain"
        return ""

    def book(self, who: Person, what: Subject) -> None:
        """Take an entry as one of the digest's: its series accounts for so many of its author's mails."""
        self.seen.add((who.email, what.text))
        more = self._more(who, what)
        self.mails[who.email] += more
        self.series[self._key(who, what)] += more

    def _more(self, who: Person, what: Subject) -> int:
        """Mails that this entry speaks of beyond those of its series that are booked: all its patches, and the cover."""
        booked = self.series[self._key(who, what)]
        return max(booked, what.total or 1) + (what.n == 0) - booked

    @staticmethod
    def _key(who: Person, what: Subject) -> tuple:
        return who.email, what.version, what.total or what.text
