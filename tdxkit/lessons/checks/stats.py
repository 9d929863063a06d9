"""Answers about diffstats: what a last line makes of its rows, and whether a cover says what its patches come to."""

from tdxkit.errors import InputError, printable
from tdxkit.lessons.checks.series import practised
from tdxkit.lessons.exercises import Exercise, Said
from tdxkit.mail.diffstat import FileStat, diffstats
from tdxkit.text import many

MOST = 300  # characters of a line


def totals(answer: object, exercise: Exercise, *, rows: list[str]) -> Said:
    """The last line of a diffstat with which each of its rows is known exactly."""
    if not isinstance(answer, str) or len(answer) > MOST or "\n" in answer.strip():
        raise InputError(
            f"answer {printable(answer, 60)}",
            "one line is asked for, as git ends a diffstat",
            'give it in quotes: "3 files changed, … insertions(+), … deletions(-)"',
        )
    line = f" {answer.strip()}"
    found = next((stat for _, at, stat in diffstats([*rows, line]) if at == len(rows)), None)
    if found is None:
        raise InputError(
            f"answer {printable(answer, 60)}",
            "it does not end a diffstat",
            f'write it as git does: "{len(rows)} files changed, … insertions(+), … deletions(-)"',
        )
    if found.files_changed != len(rows):
        return Said(False, f"There are {many(len(rows), 'row')}, and it says {found.files_changed}.")
    changed, said = sum(row.changes for row in found.files), found.insertions + found.deletions
    if changed != said:
        return Said(False, f"The rows have {changed} changed lines, and it adds up to {said}.")
    if not found.consistent:
        return Said(False, f"No counts that git draws in these bars come to {found.insertions} added lines.")
    if loose := next((row for row in found.files if not row.exact), None):
        low, high = loose.removed
        return Said(
            False,
            f"It fits the bars, and leaves room: {loose.path} may have removed anything from {low} to {high} lines.",
        )
    return Said(True, "; ".join(f"{row.path} +{row.added[0]} −{row.removed[0]}" for row in found.files) + ".")


def row_of_cover(answer: object, exercise: Exercise, *, version: int, path: str) -> Said:
    """The number that a cover's row has to have for a file that its series brings: what the patches leave of it in the end."""
    if type(answer) is not int:
        raise InputError(
            f"answer {printable(answer, 40)}", "a number of lines is asked for", "give a whole number, such as 12"
        )
    series = practised(version).series
    rows: list[FileStat] = [
        file for post in series.patches.values() if post.diff for file in post.diff.stat.files if file.path == path
    ]
    added, removed = sum(row.added[0] for row in rows), sum(row.removed[0] for row in rows)
    stated = (
        next((row.changes for row in series.cover.stat.files if row.path == path), 0)
        if series.cover and series.cover.stat
        else 0
    )
    if answer == added - removed:
        return Said(True, f"{answer}: {added} lines come and {removed} go again. The cover says {stated}.")
    if answer == stated:
        return Said(False, f"That is what the cover says. Add up what the patches do to {path}.")
    if answer == added + removed:
        return Said(
            False,
            "That adds lines that go to lines that come. The cover compares the tree before with the tree after: what one patch brings and another takes out is in neither.",
        )
    if answer == added:
        return Said(False, f"So many lines come; {removed} of them do not stay to the end.")
    return Said(False, f"The patches add {added} lines to {path} in all; look which of them are gone at the end.")
