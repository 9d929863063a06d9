"""Paste the mails of a series: a verdict for each patch, the worst race stepped in the lines that were posted, and its packet to take away.

review_series()                              # an empty box
review_series(mails, get="pair_get", put="pair_put")
review_series(mails, run=("take();", "drop();"), stubs={"lookup": 0}, base="==> a/b.c <==\\nint users;\\n…", memory="tso")
"""

import re
from collections.abc import Iterable, Mapping

import ipywidgets as w

from tdxkit.errors import InputError, TdxkitError, printable
from tdxkit.explore.buffers import MEMORIES, SC
from tdxkit.intake import Source, name_of, pasted
from tdxkit.review.racing import Racing
from tdxkit.review.reviewed import Beside, Reviewed, reviewed_job
from tdxkit.review.verdict import Verdicts
from tdxkit.review.verdicts_text import summary, table, told
from tdxkit.rules import SIGNS
from tdxkit.units import human
from tdxkit.view.box_words import in_the_box, of_the_box
from tdxkit.view.fields import (
    check_numbers,
    choice,
    fields_row,
    lines_of,
    number_field,
    numbers_in,
    run_field,
    word_field,
)
from tdxkit.view.kit.choices import Choices, Row
from tdxkit.view.kit.files import Files
from tdxkit.view.kit.svg import element, framed, visible
from tdxkit.view.kit.upload import PASTE_LIMIT
from tdxkit.view.kit.verdict import ROLE
from tdxkit.view.kit.work import WorkBoard
from tdxkit.view.lens_view import costs_table, partings_table
from tdxkit.view.own_board import MEMORY
from tdxkit.view.verdict_view import Seen, folded, listed

MAIL_FILES = ".txt,.mbox,.mbx,.eml,.patch,.diff,.gz"
THREAD = "thread.mbox"  # what a paste is called in a command
UNSEEN = {"description_width": "0px"}  # a name for who hears the page; who sees it reads it inside
BASE = "files before the series"
MOST_NOTES = 8
MOST_BASE = 4 << 20  # bytes of a file before the series
HEADER = ("patch", "verdict", "title", "changes", "the model finds")
WORDS = (  # beside those of the box
    (r"give the file as it was before, --base FILE", f'paste the file as it was before under "{BASE}"'),
    (r", --base FILE\b", f' under "{BASE}"'),
    (r"--base(?: FILE)?\b", f'"{BASE}"'),
    (r"--(get|put)(?: NAME)?\b", r'"\1"'),
)


class SeriesBoard(WorkBoard):
    """See the module. `reviewed`: what came of the last thread, `seen`: the verdict that is shown."""

    def __init__(self, text: str, racing: Racing, base: str, stubs: Mapping[str, int], waits: bool):
        self.reviewed: Reviewed | None = None
        self.seen: Seen | None = None
        self._opened: tuple[str, bytes] | None = None
        self._files: dict[str, str] = {}
        self._tables: list[Choices] = []
        self._judged: tuple = ()
        wide = w.Layout(width="calc(100% - 4px)", max_width="1100px", height="260px")
        hint = "Paste the mails here, one below the other: raw mails, an mbox, what git format-patch writes"
        # Told as they are typed: a box that tells when it is left tells after the click that leaves it.
        self.mails = w.Textarea(
            value=text,
            placeholder=hint,
            continuous_update=True,
            tooltip="The mails of the series",
            description="The mails of the series",
            style=UNSEEN,
            layout=wide,
        )
        self.mails.add_class("tdx-mails")
        self.file = Files("Open an mbox", MAIL_FILES)
        self.opened = w.HTML()
        self.get, self.put = (
            word_field(f"{name}:", getattr(racing, name), f"what ends in _{name}") for name in ("get", "put")
        )
        self.run, self.stubs = run_field(racing.run), number_field("stubs:", "lookup=0, charge=-12", stubs)
        options = list(MEMORY.items()) + ([] if racing.memory in MEMORIES else [(racing.memory, racing.memory)])
        self.memory = choice("memory", options, racing.memory)
        self.fields = fields_row(self.get, self.put, self.run, self.stubs)
        self.base = w.Textarea(value=base, placeholder="The file as it was before, or several, each under a line ==> NAME <==", tooltip=BASE, description=BASE, style=UNSEEN, continuous_update=True, layout=w.Layout(width="100%", height="90px"))  # fmt: skip
        self.files = Files("Open files", ".c,.h", several=True)
        before = w.Accordion([w.VBox([self.base, self.files])], titles=(BASE,), selected_index=0 if base else None, layout=w.Layout(max_width="1100px"))  # fmt: skip
        start = w.Button(description="Judge the series", icon="gavel", layout=w.Layout(width="160px"))
        start.on_click(lambda _: self.settled(self.judge))
        super().__init__([self.file, self.opened], self.mails, self.fields, [self.memory], before, start=start)
        self.file.observe(self._uploaded, "value")
        self.files.observe(self._take, "value")
        for field in (self.mails, self.get, self.put, self.run, self.stubs, self.memory, self.base):
            field.observe(self._changed_since, "value")
        if text.strip() and not waits:
            self.judge()
        else:
            paste = "paste the mails of a series, or open an mbox; then Judge the series"
            self.say("not judged yet: Judge the series" if text.strip() else paste)

    def judge(self, _change: object = None) -> None:
        """Judge what is in the box, or in the file that was opened."""
        try:
            check_numbers(self.stubs)
            if bool(self.get.value.strip()) != bool(self.put.value.strip()) and not lines_of(self.run):
                raise InputError('"get" and "put"', "one of them is empty", "name both, or none")
            how = {"stubs": numbers_in(self.stubs.value)[0]}
            racing = Racing(
                self.get.value.strip(), self.put.value.strip(), lines_of(self.run), None, None, self.memory.value, how
            )
            job = reviewed_job(self._source(), racing, self.base.value, self._files)
        except TdxkitError as error:
            self._complain(error)
            return
        self._judged = self._stands()
        self.soon(job)

    def _source(self) -> Source:
        """The bytes to read."""
        if self._opened:  # then nothing is pasted
            return self._opened[1]
        if not self.mails.value.strip():
            raise InputError("the box", "there is nothing in it", "paste the mails of a series, or open an mbox")
        if len(self.mails.value) > PASTE_LIMIT:
            raise InputError(
                "the box", f"it takes {PASTE_LIMIT:,} characters", "save the mails as a file, and open that"
            )
        return pasted(self.mails.value, PASTE_LIMIT)

    def _uploaded(self, change) -> None:
        """An mbox from the reader's disk stands in place of what was pasted."""
        if change["new"]:
            name, data = change["new"][0]
            self.file.value = ()
            self.mails.value, self._opened = "", (name, data)
            self.opened.value = str(framed(element("span", f"opened: {name}, {human(len(data))}")))
            self.judge()

    def _take(self, change) -> None:
        """Files before the series, by their names."""
        if change["new"]:
            given = dict(change["new"])
            self.files.value = ()
            if large := next((name for name, data in given.items() if len(data) > MOST_BASE), None):
                self._complain(
                    InputError(
                        printable(large, 80),
                        f"a file of C has at most {human(MOST_BASE)}",
                        "paste the functions in question",
                    )
                )
                return
            self._files = {name: data.decode("utf-8", "surrogateescape") for name, data in given.items()}
            self.say(f"{BASE}: {', '.join(self._files)}; Judge the series")

    def _stands(self) -> tuple:
        fields = (self.mails, self.get, self.put, self.run, self.stubs, self.memory, self.base)
        return (*(field.value for field in fields), self._opened, *self._files)

    def _changed_since(self, change) -> None:
        if change["owner"] is self.mails and change["new"].strip():
            self._opened, self.opened.value = None, ""
        if self.reviewed and self._judged != self._stands():
            self.shown.add_class("tdx-stale")
            self.say("changed since it was judged; Judge the series again")

    def under_way(self, done: float, total: float) -> str:
        """How far the reading or the search is."""
        return f"{done:,.0f} of {total:,.0f} at most" if total else f"{done:,.0f}"

    def given_up(self) -> tuple[str, None]:
        """After a cancel what was shown stays."""
        return "cancelled: no verdict; what is shown is older", None

    def finished(self, result: Reviewed) -> tuple[str, list]:
        """The tables, and the worst below them."""
        self.reviewed = result
        self._tables = [_table(each) for each in result.found]
        for number, one in enumerate(self._tables):
            one.observe(lambda change, number=number: self._chosen(number, change["new"]), "chosen")
        worst = result.worst
        self.seen = self._seen(*worst) if worst else None
        if worst:
            number = result.found.index(worst[0])
            with self._tables[number].hold_trait_notifications():
                self._tables[number].set_trait("chosen", worst[0].patches.index(worst[1]))
        count = sum(len(each.judged) for each in result.found)
        return f"{count} judged" if count else "no patch was judged: each row says what is wanted", self._views()

    def _chosen(self, number: int, row: int) -> None:
        """Show this row's verdict."""
        if row < 0 or not self.reviewed:
            return
        each = self.reviewed.found[number]
        if self.seen and self.seen.one is each.patches[row]:
            return
        for other, one in enumerate(self._tables):
            if other != number:
                one.chosen = -1
        self.seen = self._seen(each, each.patches[row])
        self.show(self._views())

    def _seen(self, each: Verdicts, one) -> Seen:
        several = len(self.reviewed.found) > 1
        base = [*map(_plain, self._files), *(["before.c"] if self.base.value.strip() else [])]
        return Seen(each, one, (_plain(self._opened[0]) if self._opened else THREAD,), f"{each.series.label}:{one.n}" if several else "", base)  # fmt: skip

    def _views(self) -> list:
        """All that is shown, from top to bottom."""
        assert self.reviewed
        views: list = []
        for each, made in zip(self.reviewed.found, self._tables):
            views += [made, listed(_said(line) for line in summary(each))]
        notes = [*(_said(note) for each in self.reviewed.found for note in each.notes), *self.reviewed.notes]
        if notes:
            more = [f"and {len(notes) - MOST_NOTES} more"] if len(notes) > MOST_NOTES else []
            views.append(listed([*notes[:MOST_NOTES], *more], "Noted"))
        views += self.seen.things() if self.seen else []
        return views + [view for one in self.reviewed.beside for view in _beside(one)]

    def _complain(self, error: Exception) -> None:
        super()._complain(_of_the_board(error) if isinstance(error, TdxkitError) else error)

    def __str__(self) -> str:
        if not self.reviewed:
            return "nothing judged yet: paste the mails of a series, or open an mbox"
        parts = ["\n".join(_said(line) for line in told(each)) for each in self.reviewed.found]
        parts += [str(self.seen)] if self.seen else []
        parts += ["\n".join([str(one.seen or one.why), *one.rows]) for one in self.reviewed.beside]
        return visible("\n\n".join([*self.reviewed.notes, *parts]))


def review_series(
    text: str = "", run: Iterable[str] | str = (), *, get: str = "", put: str = "", stubs: Mapping[str, int] | None = None, base: str = "", memory: str = SC,
    waits: bool = False,
) -> SeriesBoard:  # fmt: skip
    """A board that judges the mails of a series. text: what the box holds at first; get, put, run, stubs, memory: as `series --explore` takes
    them; base: the files before the series, as text; waits: nothing is judged before the button is pressed."""
    run = (run,) if isinstance(run, str) else tuple(run)
    return SeriesBoard(text, Racing(get, put, run, memory=memory), base, stubs or {}, waits)


def _plain(name: str) -> str:
    """A file's name in a command that is to be copied: nothing hidden in it, and no option."""
    name = name if name.isprintable() else THREAD
    return f"./{name}" if name[:1] == "-" else name


def _table(each: Verdicts) -> Choices:
    """The verdicts of one series."""
    rows = []
    for one, (label, verdict, changes, finds) in zip(each.patches, table(each)):
        role = ROLE.get(one.verdict or "", "bad") if one.verdict else "soft"
        more = f"{each.series.label} {label}, {one.verdict}" if one.judged else ""
        rows.append(Row((label, verdict, one.title if one.n else "", changes, _said(finds)), more, role))
    return Choices(f"{each.series.title}, {each.series.label}", HEADER, rows)


def _beside(one: Beside) -> list:
    """Two versions in the lens."""
    head = f"{one.old} and {one.new}, as they stand after their last patches"
    if one.seen is None:
        return [listed([f"{SIGNS['']} {one.why}"], head)]
    views = [
        listed(["the first step at which they part, what a round costs, how they can end"], head),
        partings_table(one.seen),
    ]
    views += [costs_table(one.seen)] if one.seen.paired else []
    views += [folded("how they can end, and in how many interleavings", str(one.seen))]
    return views + ([folded("what changed in get and put, step by step", "\n".join(one.rows))] if one.rows else [])


def _said(words: str) -> str:
    """A line in the board's words where it names options."""
    words = in_the_box(words)
    for option, field in WORDS:
        words = re.sub(option, field, words)
    return words


def _of_the_board(error: TdxkitError) -> TdxkitError:
    error = of_the_box(error)
    thing = "the mails" if error.thing == name_of(b"") else error.thing
    return InputError(*map(_said, (thing, error.rule, error.action)))
