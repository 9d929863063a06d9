"""What a reader has answered and solved: one local file, which is only ever added to, and which nothing but this module opens.

    record(Event("gate", "04", "who-takes-it-back", "2", True))
    kept().of("gate", "who-takes-it-back")        # the last such event, None where there is none
    reset("04")                                   # forget a notebook
    notice()                                      # what to say of the file, once: that it cannot be written, or read in parts

Each line is an event as JSON. A line is added in one write to the file's end, so two labs at once lose nothing; a line that is no event, or one of a kind
that this version does not know, is passed over and stays where it is. Where the file cannot be written, events are kept as long as the process lives.
The file lies where programs keep their data for a user, in a browser-only lab beside the notebooks, or where TDXKIT_PROGRESS says; it is never sent anywhere.
"""

import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime
from pathlib import Path

from tdxkit.browser import DRIVE, IN_A_BROWSER
from tdxkit.intake import read_json

VERSION = 1  # of an event's form; one of a later version is read as far as it is understood
MOST = 8 << 20  # bytes that are read, from the file's end
LONGEST = 2_000  # characters of an answer that are kept
VARIABLE = "TDXKIT_PROGRESS"
ON_THE_DRIVE = "my-progress.jsonl"  # beside the notebooks: in a browser nothing else is kept; a hidden file would not be listed there, nor taken along
KINDS = ("gate", "exercise", "reset")


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that a reader did. kind: of `KINDS`; right: did it answer, or pass; of a reset of a notebook only that counts."""

    kind: str
    notebook: str
    name: str = ""
    answer: str = ""
    right: bool = False


@dataclass
class Kept:
    """What the file and this process have. odd: lines that are no events; newer: events of a kind that only a later version knows."""

    events: list[Event] = field(default_factory=list)
    odd: int = 0
    newer: int = 0

    def of(self, kind: str, name: str) -> Event | None:
        """The last event of a kind with this name since its notebook was reset."""
        return next((one for one in reversed(self.since_reset()) if (one.kind, one.name) == (kind, name)), None)

    def passed(self, kind: str, name: str) -> Event | None:
        """The last of these that was right."""
        right = (one for one in reversed(self.since_reset()) if one.right)
        return next((one for one in right if (one.kind, one.name) == (kind, name)), None)

    def since_reset(self) -> list[Event]:
        """The events that count: of each notebook those after its last reset."""
        last = {one.notebook: at for at, one in enumerate(self.events) if one.kind == "reset"}
        return [one for at, one in enumerate(self.events) if at > last.get(one.notebook, -1)]


_unwritten: list[Event] = []  # what no file took
_said: set[str] = set()  # notices that were given
_why = ""  # why the file could not be written


def given() -> str:
    """The file that the environment names; "" where it names none."""
    return os.environ.get(VARIABLE, "")


def place() -> Path:
    """The file."""
    if given():
        return Path(given())
    if IN_A_BROWSER:
        return Path(ON_THE_DRIVE)
    from platformdirs import user_data_path

    return user_data_path("tdxkit", appauthor=False) / "progress.jsonl"


def record(event: Event) -> None:
    """Keep an event. It never fails: what no file takes stays in memory, and `notice` says so."""
    global _why
    row = {
        "v": VERSION,
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        **asdict(event),
        "answer": event.answer[:LONGEST],
    }
    line = json.dumps({key: value for key, value in row.items() if value not in ("", False)}) + "\n"
    try:
        path = place()
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(path, "ab+") as file:
            if file.seek(0, os.SEEK_END) and file.seek(-1, os.SEEK_END) >= 0 and file.read(1) != b"\n":
                line = "\n" + line  # somebody's write was cut off: theirs stays a line of its own
            file.write(line.encode())
        if IN_A_BROWSER and not given() and not DRIVE.is_dir():
            _why = "this page has no drive; one from https:// or 127.0.0.1 has"
    except OSError as error:
        _why = f"{error.strerror or 'it cannot be written'} ({place()})"
        _unwritten.append(event)
    except ImportError:
        _why = "platformdirs is not installed, and TDXKIT_PROGRESS names no file"
        _unwritten.append(event)


def reset(notebook: str) -> None:
    """From now on nothing counts that was done in a notebook ("04"); the lines stay in the file."""
    record(Event("reset", notebook))


def kept() -> Kept:
    """All that is known; nothing where there is no file, or none that can be read."""
    found = Kept()
    for line in _lines():
        event = _event(line)
        if event is None:
            found.odd += 1
        elif event.kind not in KINDS:
            found.newer += 1
        else:
            found.events.append(event)
    found.events += _unwritten
    return found


def whereabouts() -> str:
    """Where it is kept, in words."""
    return "kept nowhere: it counts until the kernel stops" if _why else f"kept in {place()}, and nowhere else"


def notice() -> str:
    """What is to be said of the file, in a line; "" where there is nothing, or it was said."""
    have = kept()
    words = []
    if _why:
        words.append(f"Progress is not kept: {_why}. It counts until the kernel stops.")
    if have.odd:
        words.append(
            f"{have.odd} {'line' if have.odd == 1 else 'lines'} of {place()} cannot be read and {'is' if have.odd == 1 else 'are'} passed over; all others count."
        )
    if have.newer:
        words.append(f"{place()} has entries of a later version, which stay there unread.")
    new = [word for word in words if word not in _said]
    _said.update(new)
    return " ".join(new)


def _lines() -> Iterable[bytes]:
    try:
        with open(place(), "rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - MOST))
            rows = file.read(MOST).split(b"\n")
    except (OSError, ImportError):
        return []
    return [row for row in rows[size > MOST :] if row.strip()]


def _event(line: bytes) -> Event | None:
    """The event of a line, whatever else it says; None where it is none."""
    try:
        row = read_json(line)
    except ValueError:  # bytes that are no text, too
        return None
    if not isinstance(row, dict) or not all(isinstance(row.get(key), str) for key in ("kind", "notebook")):
        return None
    known = {one.name: row[one.name] for one in fields(Event) if one.name in row}
    words = all(isinstance(known.get(key, ""), str) for key in ("name", "answer"))
    return Event(**known) if words and isinstance(known.get("right", False), bool) else None
