"""`xarray FILE.jsonl…`: replay vector files against the model of the XArray and of KVM's memory attributes."""

from pathlib import Path


def configure(parser) -> None:
    """One or more vector files; `--all` prints every mismatch, not only the first of each script."""
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE.jsonl", help="vector files, one script a line")
    parser.add_argument("--all", action="store_true", help="print every mismatch, not only the first of each script")


def run(args) -> int:
    """0 if every script agrees, 1 if one does not; the last line counts scripts, commands and mismatches."""
    from tdxkit.linux.memattr.vectors import check

    scripts = commands = mismatches = 0
    for path in args.files:
        for vector, found in check(path):
            scripts, commands, mismatches = scripts + 1, commands + len(vector["cmds"]), mismatches + len(found)
            for mismatch in found if args.all else found[:1]:
                print(mismatch)
    print(f"{scripts} scripts, {commands} commands, {mismatches} mismatches")
    return 1 if mismatches else 0
