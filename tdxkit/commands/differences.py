"""`differences`: places where the cover letter and the module's code differ, each with what a run of the model shows."""

from tdxkit.commands import print_json


def configure(parser):
    """Nothing but the form."""
    parser.add_argument("--json", action="store_true", help='{"format": 1, "items": [{"letter", "code", "shown"}]}')


def run(args):
    """Three lines a place: the letter, the code, the run."""
    from tdxkit.seam.differences import DIFFERENCES

    found = [difference.as_json() for difference in DIFFERENCES]
    if args.json:
        print_json(found)
        return
    titles = {"letter": "the cover letter", "code": "the module's code", "shown": "the model"}
    width = max(map(len, titles.values()))
    print("\n\n".join("\n".join(f"{titles[key]:{width}}  {said}" for key, said in item.items()) for item in found))
