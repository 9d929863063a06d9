"""`words`: what a word of the workbook means, or a key in brackets; without one all words."""

from tdxkit.commands import print_json


def configure(parser):
    """Which word, and the form."""
    parser.add_argument(
        "word",
        nargs="*",
        help="a word, several for one of several, a source's id such as tdx-v6, a problem such as B16",
    )
    parser.add_argument("--json", action="store_true", help="word, meaning and source, as data")


def run(args):
    """The meaning of one, or every word with its own."""
    from tdxkit.lessons.words import meaning, words

    found = [meaning(" ".join(args.word))] if args.word else list(words().values())
    if args.json:
        print_json([one._asdict() for one in found])
        return
    for one in found:
        print(f"{one.word}: {one.means}" + ("" if one.source in ("own", one.word) else f" ({one.source})"))
