"""What a mail says that brings no diff: its own lines, and those that it quotes, each where it stands in the paste and the others empty."""

from collections.abc import Iterator, Mapping

from tdxkit.mail.aftertext import AfterText, Stretch
from tdxkit.mail.lines import Notes
from tdxkit.mail.pasted import Mail, mails_in, pasted_lines
from tdxkit.mail.quoting import unquoted_text

SIGNATURE = "-- "


def said_in(paste: str) -> Iterator[AfterText]:
    """Of each mail what it says itself, and then what it quotes; of what is no mail and quotes nothing, nothing. Where own lines stand between
    quoted ones, some of those may have been cut out.

    >>> own, quoted = said_in("They wrote:\\n> int a;\\nWhy?\\n> int b;")
    >>> own.text, quoted.text, quoted.stretches
    ('They wrote:\\n\\nWhy?\\n', '\\nint a;\\n\\nint b;', (Stretch(first=2, last=4, whole=False),))
    """
    lines = pasted_lines(paste, Notes())
    for mail in mails_in(lines[: len(lines) - (not lines[-1])], Notes()):
        said = dict(zip(mail.numbers, _signed_off(mail)))
        quoted = {number: line for number, line in said.items() if line.startswith(">")}
        own = {number: line for number, line in said.items() if number not in quoted}
        if len(mail.head) or quoted:
            yield _text(own, len(lines), "plain", "read as what the mail says", True)
        bare = unquoted_text([*quoted.values()]) if quoted else None
        if bare is not None:
            between = sum(bool(line.strip()) and min(quoted) < number < max(quoted) for number, line in own.items())
            left = f", without {between} line{'s' if between > 1 else ''} of its own in between" if between else ""
            yield _text(
                dict(zip(quoted, bare)), len(lines), "quoted", f"read as what the mail quotes{left}", not between
            )


def _signed_off(mail: Mail) -> list[str]:
    """A mail's lines up to its signature."""
    lines = list(mail.lines)
    return lines[: lines.index(SIGNATURE)] if SIGNATURE in lines and len(mail.head) else lines


def _text(said: Mapping[int, str], count: int, kind: str, remark: str, whole: bool) -> AfterText:
    rows = [said.get(number, "") for number in range(1, count + 1)]
    filled = [number for number, row in enumerate(rows, 1) if row.strip()] or [1]
    return AfterText(
        "\n".join(rows), tuple(range(1, count + 1)), (), kind, (remark,), (Stretch(filled[0], filled[-1], whole),)
    )
