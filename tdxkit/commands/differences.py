"""`differences`: the cover letter beside the module's code: differences, added detail, quibbles; each with what a run of the model shows."""

from tdxkit.commands import print_json


def configure(parser):
    """Nothing but the form."""
    parser.add_argument(
        "--json", action="store_true", help='{"format": 1, "items": [{"kind", "letter", "code", "shown"}]}'
    )


def run(args):
    """Four lines a place: what it is, the letter, the code, the run."""
    from tdxkit.seam.differences import DIFFERENCES

    found = [difference.as_json() for difference in DIFFERENCES]
    if args.json:
        print_json(found)
        return
    titles = {"kind": "", "letter": "the cover letter", "code": "the module's code", "shown": "the model"}
    width = max(map(len, titles.values()))
    rows = (
        "\n".join(f"{titles[key]:{width}}  {said}" if titles[key] else said for key, said in item.items())
        for item in found
    )
    print("\n\n".join(rows))
