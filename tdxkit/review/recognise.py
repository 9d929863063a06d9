"""What somebody gives us, told by its first bytes: the one place that knows how each kind looks, and which command reads it.

    >>> recognise(b"SEAMCALL (34) failed: 0xc000050500000000\\n").name
    'log'

A kind is asked for in the order of KINDS, the surest first: a digest and a mail say what they are, a trace is one line that is an event,
a report and a crash their own first words. A log is what is left of a kernel's words. Mail and patches may bring a get and a put in C: `read` looks.
"""

import re
from collections.abc import Callable
from typing import NamedTuple

from tdxkit.errors import InputError
from tdxkit.intake import HEAD
from tdxkit.review.digest import is_digest
from tdxkit.review.msr.panic import tells_of_one
from tdxkit.review.msr.trace import parse
from tdxkit.review.pasted import unfolded
from tdxkit.review.softlockup.reading import read_report
from tdxkit.status import scan
from tdxkit.status.decoding import parse as parse_status

_LINES = 2000


class Kind(NamedTuple):
    """One kind: its name, what to call it, how the command that reads it is called ("" for none), and whether a text looks like it."""

    name: str
    called: str
    command: str
    looks: Callable[[str], bool]


_SEPARATOR = re.compile(r"From \S.{0,200}(?:[0-9]{1,2}:[0-9]{2}|[0-9]{4}$)", re.MULTILINE)
_FIELD = re.compile(r"([A-Za-z][A-Za-z0-9-]{0,76}):(?:[ \t]|$)")
_OF_A_MAIL = {
    "from",
    "to",
    "cc",
    "subject",
    "date",
    "message-id",
    "in-reply-to",
    "references",
    "received",
    "return-path",
    "mime-version",
}
_DIFF = re.compile(r"^(?:diff --git |--- \S.*\n\+\+\+ \S|Index: \S.*\n=|commit [0-9a-f]{12,40}\b)", re.MULTILINE)
_CUT_EVENT = re.compile(r"^.{0,160}\bkvm_msr:? {1,30}msr_(?:read|write) ", re.MULTILINE)
_STUCK = re.compile(
    r"soft lockup|LOCKUP on cpu|INFO: (?:rcu_|task \S)|rcu: INFO: rcu|detected .{0,20}stall|\bOops: |BUG: unable to handle|general protection fault|kernel BUG at"
)
_OF_A_REPORT = re.compile(r"^.{0,80}(?:Call [Tt]race:|RIP: [0-9a-f]{4}:)", re.MULTILINE)
_KERNEL_SAYS = re.compile(
    r"^(?:[> \t]{0,20})(?:.{0,80}\bkernel: |<\d{1,3}>|\[[ ]{0,8}\d{1,10}\.\d{6}\] ?|.{0,80}\b(?:virt/tdx|kvm_intel|tdx): )",
    re.MULTILINE,
)
_C_DIRECTIVE = re.compile(r"^[ \t]*#[ \t]*(?:include[ \t]*[<\"]|define[ \t]+\w|if(?:n?def)?\b|pragma\b)", re.MULTILINE)
_C_FUNCTION = re.compile(
    r"^(?:static |inline |const |struct |unsigned |void |int |bool |u64 |long )[\w \t*]{0,80}\w\([^;{}]{0,400}\)\s{0,20}\{",
    re.MULTILINE,
)
_C_STATEMENT = re.compile(r"[;{}][ \t]*(?:/\*.*|//.*)?$", re.MULTILINE)


def _is_digest(text: str) -> bool:
    """Its own first lines; a mail may quote them."""
    return is_digest(text) and len(_fields(text.split("\n", 60)) & _OF_A_MAIL) < 2


def _is_mail(text: str) -> bool:
    """A separator or headers come first, a Mailman digest's own included."""
    lines = text.lstrip("\ufeff\r\n \t").split("\n", 60)[:60]
    if _SEPARATOR.match(lines[0]) or re.match(r"Send \S+ mailing list submissions to", lines[0]):
        return True
    dateless = lines[0].startswith("From ")  # a separator
    fields = _fields(lines[dateless:])
    return len(fields & _OF_A_MAIL) >= 2 - dateless or "message-id" in fields


def _fields(lines: list[str]) -> set[str]:
    """The names of the headers that a text begins with."""
    fields = set()
    for line in lines:
        found = _FIELD.match(line)
        if not line.strip() or (not found and not line[:1].isspace()):
            break
        fields |= {found[1].lower()} if found else set()
    return fields


def _is_trace(text: str) -> bool:
    """One event of kvm_msr, cut or whole, or more lines of other events than of anything else."""
    _, counts = parse(text)
    return counts.events > 0 or bool(_CUT_EVENT.search(text)) or counts.other > max(1, counts.skipped)


def _is_report(text: str) -> bool:
    if not _STUCK.search(text) and not (_OF_A_REPORT.search(text) and not scan(text)):
        return False
    try:
        read_report(text)
    except InputError:
        return False
    return True


def _is_patch(text: str) -> bool:
    found = _DIFF.search(text)
    return bool(found and not scan(text[: found.start()]))


def _is_log(text: str) -> bool:
    return bool(scan(text)) or bool(_KERNEL_SAYS.search(text))


def _is_status(text: str) -> bool:
    """Nothing but statuses, one a line, as `decode` takes them."""
    lines = text.split()
    if not 0 < len(lines) <= 20:
        return False
    try:
        return all(parse_status(line) >= 0 for line in lines)
    except InputError:
        return False


def _is_c(text: str) -> bool:
    """Directives or a function's head, and lines that end as C's do."""
    lines = text.count("\n") + 1
    return bool(_C_DIRECTIVE.search(text) or _C_FUNCTION.search(text)) and len(_C_STATEMENT.findall(text)) * 5 > lines


KINDS = (
    Kind("digest", "a mailing-list digest", "digest FILE", _is_digest),
    Kind("mbox", "mail", "series FILE", _is_mail),
    Kind("patch", "a patch without a mail around it", "series FILE", _is_patch),
    Kind("C", "C", "explore FILE", _is_c),
    Kind("trace", "a trace", "trace FILE", _is_trace),
    Kind("report", "a report of a stuck kernel", "report FILE", _is_report),
    Kind("panic", "a guest's crash line", "read FILE", tells_of_one),
    Kind("status", "a completion status", "decode VALUE", _is_status),
    Kind("log", "a kernel's log", "decode --scan FILE", _is_log),
)
_OF_A_LOG = ("report", "panic", "log")
BY_NAME = {kind.name: kind for kind in KINDS}


def recognise(head: bytes) -> Kind | None:
    """The kind of what begins so; None where it looks like none that is known."""
    text = text_of(head)
    return next((kind for kind in KINDS if kind.looks(text)), None)


def text_of(head: bytes) -> str:
    """First bytes as the text by which a kind is told."""
    return unfolded(
        "\n".join(head[:HEAD].decode("utf-8", "replace").replace("\r\n", "\n").split("\n", _LINES)[:_LINES])
    )


def also(kind: Kind, head: bytes) -> tuple[Kind, ...]:
    """What else a log of this kind has, that another command reads: a report among statuses, statuses among a report."""
    text = text_of(head)
    others = (BY_NAME[name] for name in _OF_A_LOG if kind.name in _OF_A_LOG and name != kind.name)
    return tuple(other for other in others if (bool(scan(text)) if other.name == "log" else other.looks(text)))
