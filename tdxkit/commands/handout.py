"""`handout`: a page for the table of a room, as HTML that prints on one sheet."""


def configure(parser):
    """The codes of the day."""
    parser.add_argument(
        "--code",
        action="append",
        default=[],
        metavar='"CODE = WORDS"',
        help="a code of the day and what it shows, as often as there are codes (three lines to write on)",
    )


def run(args):
    """Write the page to standard output."""
    from tdxkit.view.handout import handout

    pairs = [text.partition("=") for text in args.code]
    print(handout(*((code.strip(), shows.strip()) for code, _, shows in pairs)), end="")
