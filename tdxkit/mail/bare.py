"""What is no mail but brings a patch, put into a mail's form: an entry of `git log -p` or `git show`, a diff with or without text above it."""

import re
from dataclasses import replace

from tdxkit.mail.mbox import RawMail

_AUTHOR = re.compile(rb"^(?:Author|From):[ \t]+(\S.*?)\s*$", re.MULTILINE)
_DATE = re.compile(rb"^(?:AuthorDate|Date):[ \t]+(\S.*?)\s*$", re.MULTILINE)
_TITLE = re.compile(rb"^(?:Subject|Description):[ \t]+(\S.*?)\s*$", re.MULTILINE)
_ON_PAGE = re.compile(
    rb"^\s*(\S[^\n@<>]{0,80}?) (\S+) at ([\w-]+(?:\.[\w-]+)+)\s*$", re.MULTILINE
)  # a list's archive: "One one at example.org"
_FIELD = re.compile(rb"[A-Z][A-Za-z-]{1,40}:(?:\s|$)|\s|From [0-9a-f]{7,}|#|$")
_DIFF = re.compile(rb"^(?:diff |--- \S|Index: \S|Submodule )", re.MULTILINE)
_HUNK = re.compile(rb"^(?:> ?){0,9}(?:diff |--- \S|Index: \S|Submodule |@@ -\d)", re.MULTILINE)
_SCANNED = 64 * 1024  # bytes above a diff in which its author and title are looked for
_CUT = 200


def as_mail(raw: RawMail, hunks: bool = False) -> RawMail:
    """The same with a header: who wrote it and its title, as far as it says so. `hunks`: it may begin with one, or be quoted."""
    begin = found.start() if (found := (_HUNK if hunks else _DIFF).search(raw.data)) else len(raw.data)
    above = raw.data[: min(begin, _SCANNED)]
    body, first = raw.data, raw.body or raw.line
    if raw.bare == "commit":
        head, _, text = above.partition(b"\n\n")
        first += head.count(b"\n") + 3  # below the line "commit …", which is not in the data
        lines = [line.removeprefix(b"    ") for line in text.split(b"\n")]
        title = next((line for line in lines if line.strip()), b"")
        body = b"\n".join(lines) + raw.data[len(above) :]
    else:
        head = above
        found = _TITLE.search(head)
        prose = next((line for line in above.splitlines() if line.strip() and not _FIELD.match(line)), b"")
        title = found[1] if found else prose.strip()
        if not _AUTHOR.search(head) and (page := _ON_PAGE.search(head[:4000])):
            head = b"From: %s <%s@%s>\n" % page.groups() + head
    fields = [b"Subject: " + (title.strip()[:_CUT] or b"a diff without a title")]
    for name, form in ((b"From: ", _AUTHOR), (b"Date: ", _DATE)):
        fields += [name + found[1][:_CUT]] if (found := form.search(head)) else []
    data = b"\n".join(fields).replace(b"\r", b"") + b"\n\n" + body
    return replace(raw, data=data, bare=raw.bare or "text", body=first)
