"""``tdxkit decode VALUE… [--leaf NAME] [--json]`` and ``tdxkit decode --scan FILE|- [--json]``."""

import sys

from tdxkit.errors import InputError


def configure(parser) -> None:
    """Values, or a log to look through."""
    parser.add_argument("value", nargs="*", help="0x… with up to 16 digits, or a name like TDX_OPERAND_BUSY|RCX")
    parser.add_argument("--leaf", metavar="NAME", help="the SEAMCALL that returned it, like TDH.MEM.PAGE.AUG")
    parser.add_argument("--scan", metavar="FILE", help="find every status in a log, gzip too; - is standard input")
    parser.add_argument("--json", action="store_true", help="as data")


def run(args) -> int:
    """Decode what was given; 0 whatever the statuses say."""
    if args.scan is None:
        return _values(args)
    if args.value or args.leaf is not None:
        raise InputError(
            "decode --scan", "a log names its own values and leaves", "leave out VALUE and --leaf, or leave out --scan"
        )
    return _scan(args)


def _values(args) -> int:
    from tdxkit.status.decoding import decode

    if not args.value:
        raise InputError("decode", "nothing to decode", "give a status like 0x8000030800000001, or --scan FILE")
    decoded = [decode(value, args.leaf) for value in args.value]
    if args.json:
        from tdxkit.commands import print_json

        print_json([one.as_json() for one in decoded])
    else:
        print("\n\n".join(map(str, decoded)))
    return 0


def _scan(args) -> int:
    from tdxkit.commands.waiting import wait
    from tdxkit.review.wanted import wanted
    from tdxkit.status.scanning import scan_job
    from tdxkit.text import many

    found = wait(wanted(("log", "report"), scan_job, text=True, told=_say)(args.scan))
    if args.json:
        from tdxkit.commands import print_json

        print_json([f.as_json() for f in found])
        return 0
    for f in found:
        print(f"{f.line}: {f.said}")
    print(many(len(found), "status"), "found")
    return 0


def _say(other: InputError) -> None:
    """Nothing found is an answer; that the file is another reader's is said beside it."""
    print(other, file=sys.stderr)
