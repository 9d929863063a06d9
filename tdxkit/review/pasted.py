"""What mails and logs do to a text that people paste: dates in front of its lines, marks of quoting, quoted-printable. One place for all readers.

>>> unfolded("> panic=20hyper-v:=20arg1=3D'0x=\\n> 3e'")
"panic hyper-v: arg1='0x3e'"
"""

import re

MONTH = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
CLOCK = r"\d\d:\d\d:\d\d(?:[.,]\d{1,9})?"
# A date and its time, as the journal, syslog, dmesg -T, ts and netconsole write them.
DATE = (
    rf"(?:(?:[A-Z][a-z]{{2}} )?\d{{4}}-\d\d-\d\d[T ]{CLOCK}(?: ?(?:Z|UTC|[+-]\d\d:?\d\d))?"
    rf"|(?:[A-Z][a-z]{{2}},? )?{MONTH} {{1,2}}\d{{1,2}} (?:\d{{4}} )?{CLOCK}(?: \d{{4}})?(?: (?:UTC|MSK|[A-Z]{{2,3}}T))?)"
)
_QUOTING = re.compile(r"^(?:[ \t]{0,3}>)+[ \t]?", re.MULTILINE)
_SOFT_BREAK, _ENCODED = re.compile(r"=[ \t]*\r?\n(?:(?:[ \t]*>)+[ \t]?)?"), re.compile(r"=3D|=\r?\n")
_BLANK = re.compile(r"=20$|(?<!\w)=20(?==|\s)|=20(?==20)")
SOFT_BREAK_AT = 60  # a shorter line that ends with = was not broken by a mailer


def unfolded(text: str) -> str:
    """A text without what mail does to it: soft line breaks, quoted-printable, marks of quoting."""
    if "=3D" in text or _ENCODED.search(text):
        text = _SOFT_BREAK.sub("", text).replace("=3D", "=").replace("=20", " ").replace("=22", '"')
    return _QUOTING.sub("", text)


def unescaped(line: str) -> str:
    """A line of which nobody knows whether it is quoted-printable: only what could hardly be anything else is undone.

    >>> unescaped("(t=3D20 jiffies)=20"), unescaped("(t=20 jiffies)")
    ('(t=20 jiffies) ', '(t=20 jiffies)')
    """
    return _BLANK.sub(" ", line).replace("=3D", "=") if "=" in line else line
