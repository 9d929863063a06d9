"""`lessons`: the notebooks, how long each takes, and how much each asks."""

from tdxkit.commands import print_json
from tdxkit.errors import InputError


def configure(parser):
    """The form."""
    parser.add_argument(
        "notebook",
        nargs="?",
        metavar="NN",
        help="one of them, such as 04, section by section: its minutes, and what they add up from",
    )
    parser.add_argument(
        "--key", action="store_true", help="of that one: what to say to each answer, each task's solution"
    )
    parser.add_argument("--json", action="store_true", help="name, minutes, gates and exercises of each, as data")


def run(args):
    """A line a notebook, or a line a section of one; counted from the notebooks themselves."""
    from tdxkit.lessons.notebooks import lesson_of, lessons
    from tdxkit.text import columns

    if args.key:
        _key(args.notebook, args.json)
        return
    if args.notebook:
        _sections(lesson_of(args.notebook), args.json)
        return
    found = lessons()
    if args.json:
        print_json({"notebooks": [one.as_json() for one in found]})
        return
    rows = [tuple(one.as_json().values()) for one in found]
    total = ("all", *(sum(row[k] for row in rows) for k in (1, 2, 3)))
    print("\n".join(columns(("notebook", "minutes", "gates", "exercises"), [*rows, total])))


def _key(notebook, as_json):
    from tdxkit.lessons.key import key_of
    from tdxkit.lessons.notebooks import lesson_of

    if not notebook or as_json:
        raise InputError("--key", "it prints the key of one notebook, as text", "write lessons 04 --key")
    print(key_of(lesson_of(notebook).number))


def _sections(lesson, as_json):
    from tdxkit.lessons.minutes import sections
    from tdxkit.text import columns

    found = [one.as_json() for one in sections(lesson.read()) if one.stated]
    if as_json:
        print_json({"notebook": lesson.name, "sections": found})
        return
    rows = [tuple((one | {"extra": "extra" if one["extra"] else ""}).values()) for one in found]
    print("\n".join(columns(("section", "minutes", "", "adds up to", "words", "steps", "gates", "exercises"), rows)))
