"""`read FILE`: one door for what a reviewer has at hand: tells by content what it is, and prints what that kind's own command prints."""

import re
import sys
from argparse import Namespace
from os.path import isfile

from tdxkit.commands import named_kind, print_json
from tdxkit.errors import InputError
from tdxkit.text import plural

MAY_BRING_C = ("mbox", "patch")
_MESSAGE_ID = re.compile(rb"^Message-ID:", re.IGNORECASE | re.MULTILINE)


def configure(parser) -> None:
    """Arguments of the command."""
    parser.add_argument(
        "file",
        help="C, a digest, mails, a patch, a trace, a log, a report of a stuck kernel or a guest's crash line, gzip too; - is standard input",
    )
    parser.add_argument("--json", action="store_true", help="what the kind's own command gives, with the kind")


def run(args) -> int:
    """Look at the first bytes, then open the reader of that kind; whatever it says and returns is the answer."""
    from tdxkit.intake import HEAD, is_binary, no_text, opened
    from tdxkit.review.recognise import BY_NAME, KINDS, also, recognise

    with opened(args.file) as stream:
        head = stream.head(HEAD)
        kind = recognise(head)
        if kind is None or not kind.command:
            if is_binary(head):
                raise no_text(stream.title)
            known = "; ".join(f"{one.called}: {one.command}" for one in KINDS if one.command and one.name != "panic")
            what = (
                f"it is {kind.called}, which no command reads yet"
                if kind
                else "it looks like nothing that is read here"
            )
            raise InputError(stream.title, what, f"give what one of these reads ({known})")
        if kind.name in MAY_BRING_C and (found := _get_and_put(stream)):
            _say(f"{stream.title}: it is {kind.called}; python -m tdxkit {kind.command} reads it as that")
            with named_kind("C"):
                return _explored(args, found)
        long = len(head) == HEAD
        if kind.name == "log" and long and _has_reports(args.file):
            kind = BY_NAME["report"]
        has_c = kind.name == "mbox" and len(_MESSAGE_ID.findall(head)) <= 1 and _has_c(stream)
        with named_kind(kind.name):
            code = _c(stream, args) if kind.name == "C" else _READERS[kind.name](stream, args.json)
        if has_c:
            _say(f"{stream.title}: C stands in it; python -m tdxkit explore {stream.title} --run 'STATEMENTS' runs it")
        for other in also(kind, head):
            _say(f"{stream.title}: it has {other.called} too; python -m tdxkit {other.command} reads it")
        if kind.name == "log" and long and not _is_file(args.file):
            _say(
                f"{stream.title}: told by its first {HEAD >> 10} KiB; python -m tdxkit report FILE looks for reports of a stuck kernel in all of it"
            )
        return code


def _has_reports(source: str) -> bool:
    """A log is told by its beginning, and a report stands anywhere in it: where it can be read twice, it is."""
    from tdxkit.commands.waiting import wait
    from tdxkit.review.softlockup.reading import reports_job

    try:
        return _is_file(source) and bool(wait(reports_job(source)).items)
    except InputError:  # none, or not to be read: its own reader says it
        return False


def _is_file(source: str) -> bool:
    return source != "-" and isfile(source)


def _say(row: str) -> None:
    print(row, file=sys.stderr)


def _get_and_put(stream):
    """The scenario of a get and a put in C that a mail or a patch brings as whole functions; None where it does not, or they are not read."""
    from tdxkit.c.lexing import MOST_TEXT
    from tdxkit.c.naming import of_text
    from tdxkit.errors import TdxkitError

    data = stream.head(MOST_TEXT + 1)
    if len(data) > MOST_TEXT or (b"@@ -" not in data and len(_MESSAGE_ID.findall(data)) > 1):
        return None  # a thread without a diff: its answers are what is asked for
    try:
        return of_text(data.decode("utf-8", "surrogateescape"), stream.title)
    except TdxkitError:
        return None


def _has_c(stream) -> bool:
    """Do whole functions of C stand in a mail or a patch?"""
    from tdxkit.c.lexing import MOST_TEXT
    from tdxkit.c.paste import language_of, pasted
    from tdxkit.errors import TdxkitError

    try:
        return language_of(pasted(stream.head(MOST_TEXT + 1).decode("utf-8", "surrogateescape")).text) == "c"
    except TdxkitError:
        return False


def _explored(args, scenario) -> int:
    """What `explore FILE` says."""
    from tdxkit.commands import Parser, explore

    parser = Parser(prog="tdxkit explore")
    explore.configure(parser)
    return explore.answer(
        parser.parse_args(
            [f"./{args.file}" if args.file[:1] == "-" != args.file else args.file, *["--json"] * args.json]
        ),
        scenario,
    )


def _c(stream, args) -> int:
    """What the text is; with a get and a put also what `explore FILE` says."""
    from tdxkit.c.look import looked
    from tdxkit.c.naming import of_text, read
    from tdxkit.c.paste import pasted

    source = "-" if args.file == "-" else stream.title
    text = read(stream)
    try:
        found = looked(pasted(text, stream.title), "" if source == "-" else args.file, text)
        scenario = of_text(text, source) if found.get else None
    except InputError as error:
        raise InputError(
            error.thing, error.rule, f"{error.action} (python -m tdxkit explore {stream.title} takes options)"
        ) from None
    if not args.json:
        print(found)
    elif scenario is None:
        print_json(found.as_json())
    return 0 if scenario is None else _explored(args, scenario)


def _digest(stream, as_json: bool) -> int:
    from tdxkit.commands import digest

    return digest.run(Namespace(file=stream, json=as_json)) or 0


def _series(stream, as_json: bool) -> int:
    from tdxkit.commands import series

    return series.run(Namespace(files=[stream], json=as_json, explore=False)) or 0


def _trace(stream, as_json: bool) -> int:
    from tdxkit.commands import trace

    return trace.run(Namespace(file=stream, msr="3a", json=as_json))


def _report(stream, as_json: bool) -> int:
    from tdxkit.commands import report

    return report.run(Namespace(file=stream, json=as_json))


def _log(stream, as_json: bool) -> int:
    from tdxkit.commands import decode

    return decode.run(Namespace(value=[], leaf=None, scan=stream, json=as_json))


def _status(stream, as_json: bool) -> int:
    from tdxkit.commands import decode

    values = stream.read(4096).decode("utf-8", "replace").lstrip("\ufeff").split()
    return decode.run(Namespace(value=values, leaf=None, scan=None, json=as_json))


def _panic(stream, as_json: bool) -> int:
    from tdxkit.commands.waiting import wait
    from tdxkit.review.msr.panic import PROCESSORS_DIFFER, differing_bits, panic_job

    panic = wait(panic_job(stream))
    if as_json:
        print_json(panic.as_json())
        return 0
    print(panic)
    if panic.code == PROCESSORS_DIFFER:  # of others nobody says what the parameters have to do with each other
        bits = differing_bits(*panic.parameters[:2])
        where = f"{plural(len(bits), 'bit')} {', '.join(map(str, bits))}"
        print(f"its first two parameters differ in {where}" if bits else "its first two parameters are the same")
    return 0


_READERS = {
    "digest": _digest, "mbox": _series, "patch": _series, "trace": _trace, "report": _report, "panic": _panic, "status": _status, "log": _log,
}  # fmt: skip
