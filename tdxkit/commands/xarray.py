"""`xarray FILE.jsonl…`: replay vector files against the model of the XArray and of KVM's memory attributes."""

from tdxkit.errors import InputError


def configure(parser) -> None:
    """One or more vector files; `--all` prints every mismatch, not only the first of each script."""
    parser.add_argument(
        "files", nargs="+", metavar="FILE.jsonl", help="vector files, one script a line, gzip too; - is standard input"
    )
    parser.add_argument("--all", action="store_true", help="print every mismatch, not only the first of each script")


def run(args) -> int:
    """0 if every script agrees, 1 if one does not; the last line counts scripts, commands and mismatches."""
    from tdxkit.commands.waiting import wait
    from tdxkit.linux.memattr.vectors import check_job

    if args.files.count("-") > 1:
        raise InputError("xarray - -", "standard input can be read once", "give - once")
    files = [wait(check_job(name)) for name in args.files]
    differing = [found for file in files for found in file.differing]
    for found in differing:
        for mismatch in found if args.all else found[:1]:
            print(mismatch)
    scripts, commands = sum(f.scripts for f in files), sum(f.commands for f in files)
    print(f"{scripts} scripts, {commands} commands, {sum(map(len, differing))} mismatches")
    return 1 if differing else 0
