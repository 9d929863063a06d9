"""`sources`: what each row of data, each model and each paragraph of a notebook rests on."""

from tdxkit.commands import print_json
from tdxkit.errors import InputError, printable


def configure(parser):
    """A source or a place to look for, or one of the two tags that are no source."""
    parser.add_argument(
        "what", nargs="?", help="a source (tdx-v6), or a part of a place (bugs.toml, refcount/v2, notebooks/04)"
    )
    kind = parser.add_mutually_exclusive_group()
    kind.add_argument("--own", dest="tag", action="store_const", const="own", help="only our own judgement and wording")
    kind.add_argument(
        "--model", dest="tag", action="store_const", const="model", help="only what a cell or a test shows"
    )
    parser.add_argument(
        "--json", action="store_true", help='{"format": 1, "notebooks", "items": [{"place", "source", …}]}'
    )


def run(args):
    """One line for each place and source, counts at the end."""
    from tdxkit.sources import notebooks, places, tags

    every = list(places())
    found = [p for p in every if args.what is None or asked(p, args.what, tags())]
    if not found and args.what not in tags():
        from tdxkit.text import near

        meant = near(args.what, {*tags(), *(p.place for p in every)})
        action = f"did you mean {meant}?" if meant else "python -m tdxkit sources lists all"
        raise InputError(f"sources {printable(args.what)}", "no source and no place has this name", action)
    found = [p for p in found if args.tag in (None, p.source)]
    if args.json:
        print_json({"notebooks": len(notebooks()), "items": [as_item(p) for p in found]})
    else:
        print("\n".join(report(args.what, found, len(notebooks()))))


def asked(place, what: str, tags: set[str]) -> bool:
    """A tag asks for what carries it, anything else for the places that have it in their name."""
    return place.source == what if what in tags else bool(what.strip()) and what.lower() in place.place.lower()


def as_item(place) -> dict:
    """A place as JSON has it: null where nothing was to be checked or it has no version."""
    return {
        "place": place.place,
        "source": place.source,
        "checked": place.checked or None,
        "read_in": place.read_in or None,
    }


def report(what: str | None, found: list, read: int) -> list[str]:
    """The table, with what a source is above it where one was asked for."""
    from tdxkit.facts import cite, load_toml
    from tdxkit.text import columns, many

    head = [str(cite(what)), ""] if what in load_toml("sources.toml") else []
    own, model = (sum(p.source == tag for p in found) for tag in ("own", "model"))
    read_in = {p.source for p in found} - {"own", "model", ""}
    where = many(read, "notebook") + " read" if read else "no notebooks beside the package: a checkout lists theirs too"
    rest = (
        f"{len(found) - own - model:,} from {many(len(read_in), 'source')}, {model:,} shown by a model, {own:,} our own"
    )
    body = columns(("place", "source", "checked", "read in"), found) if found else []
    return [*head, *body, *([""] if found else []), f"{many(len(found), 'entry')}: {rest}; {where}"]
