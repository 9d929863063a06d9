"""`report FILE`: what a kernel says when it is stuck, and what this workbook has to say of it. FILE `-` is standard input."""

from tdxkit.commands import print_json
from tdxkit.commands.waiting import wait

SHOWN = 20


def configure(parser) -> None:
    """Arguments of the command."""
    parser.add_argument(
        "file", help="a log, a mail or a paste with soft or hard lockups, RCU stalls, hung tasks or oopses, gzip too; - is standard input; “example” is the posted one",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="every report as data")


def run(args) -> int:
    """Read it, and say of each report what it is."""
    from tdxkit.review.softlockup.judged import Finding

    found = reports_of(args.file)
    findings = [Finding(report, found.banner) for report in found.items]
    if args.json:
        print_json({"items": [one.as_json() for one in findings], "lines": found.lines, "more": found.more})
        return 0
    for one in findings[:SHOWN]:
        first, *rest = one.says()
        print(f"line {one.report.at}: {first}", *(f"    {row}" for row in rest), sep="\n")
    if len(findings) > SHOWN:
        print(f"… and {len(findings) - SHOWN} reports more; --json has them")
    if found.more:
        print("more was given than is read; the rest was left alone")
    return 0


def reports_of(name):
    """The reports in the file of this name, or in a stream."""
    from pathlib import Path

    from tdxkit.review.softlockup.reading import reports_job
    from tdxkit.review.softlockup.report import posted_text
    from tdxkit.review.wanted import wanted

    posted = name == "example" and not Path(name).exists()
    source = posted_text().encode() if posted else name
    return wait(wanted(("report",), reports_job, lambda found: found.items, text=True)(source))
