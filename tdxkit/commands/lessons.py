"""`lessons`: the notebooks, how long each takes, and how much each asks."""

from tdxkit.commands import print_json


def configure(parser):
    """The form."""
    parser.add_argument("--json", action="store_true", help="name, minutes, gates and exercises of each, as data")


def run(args):
    """A line a notebook, counted from the notebooks themselves."""
    from tdxkit.lessons.notebooks import lessons
    from tdxkit.text import columns

    found = lessons()
    if args.json:
        print_json({"notebooks": [one.as_json() for one in found]})
        return
    rows = [tuple(one.as_json().values()) for one in found]
    total = ("all", *(sum(row[k] for row in rows) for k in (1, 2, 3)))
    print("\n".join(columns(("notebook", "minutes", "gates", "exercises"), [*rows, total])))
