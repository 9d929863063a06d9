"""Paste a series: how it is asked for, what each row of verdicts is coloured by, when it is stale, and a verdict's head, text and packet."""

import json
import re
from types import SimpleNamespace

import pytest

from tdxkit.c.oftext import OfC
from tdxkit.errors import InputError
from tdxkit.review.racing import Racing
from tdxkit.view import series_board, verdict_view
from tdxkit.view.kit.choices import Copied
from tdxkit.view.kit.files import File
from tdxkit.view.region_picture import region
from tdxkit.view.series_board import review_series
from tdxkit.view.verdict_view import Seen, folded, listed


@pytest.fixture
def box(monkeypatch):
    """An empty one that only says what it would judge."""
    board = review_series()
    monkeypatch.setattr(series_board, "reviewed_job", lambda *given: given)
    board.given = []
    monkeypatch.setattr(board, "soon", board.given.append)
    return board


def test_what_is_typed_in_the_fields_goes_with_the_mails(box):
    box.mails.value, box.get.value, box.put.value, box.run.value = "m", " g ", " p ", "f();\n\ng();"
    box.stubs.value, box.memory.value, box.base.value = "lookup=3", "tso", "int a;"
    box._files = {"a.c": "b"}
    box.judge()
    racing = Racing("g", "p", ("f();", "g();"), None, None, "tso", {"stubs": {"lookup": 3}})
    assert box.given == [(b"m", racing, "int a;", {"a.c": "b"})] and box._judged == box._stands()


def test_a_board_begins_with_what_it_is_given(monkeypatch):
    board = review_series("m", "f();", get="g", put="p", stubs={"a": 1}, base="b", memory="tso", waits=True)
    said = (board.get.value, board.put.value, board.run.value, board.stubs.value, board.base.value, board.memory.value)
    assert said == ("g", "p", "f();", "a=1", "b", "tso") and board.words == "not judged yet: Judge the series"
    assert [label for label, _ in board.memory.options] == ["sequentially consistent", "x86-TSO"]
    blank = review_series(" \n")
    assert blank.words == "paste the mails of a series, or open an mbox; then Judge the series"
    other = review_series(run=["a();", "b();"], memory="pso")
    assert other.run.value == "a();\nb();" and other.memory.options[-1] == ("pso", "pso")
    judged = []
    monkeypatch.setattr(series_board.SeriesBoard, "judge", lambda self, change=None: judged.append(self.mails.value))
    review_series("m")
    review_series("m", waits=True)
    assert judged == ["m"]


def test_one_mbox_is_opened_at_a_time_and_several_files_before_the_series(box):
    assert [json.loads(one.look)["several"] for one in (box.file, box.files)] == [False, True]
    assert json.loads(box.files.look)["accept"] == ".c,.h" and ".mbox" in json.loads(box.file.look)["accept"]
    assert "tdx-mails" in box.mails._dom_classes, "the lines of a patch are not broken"


class Large(bytes):
    """A file that is said to have so many bytes."""

    def __len__(self):
        return self.size


@pytest.mark.parametrize("more, taken", [(0, True), (1, False)])
def test_a_file_before_the_series_has_four_mib_at_most(box, more, taken):
    large = Large(b"i")
    large.size = (4 << 20) + more
    box.files.value = (File("small.c", b"i"), File("a.c", large))
    assert ("a.c" in box._files) == taken
    assert taken or box.words == "! a.c: a file of C has at most 4 MiB; paste the functions in question"


def test_a_long_name_of_a_file_is_cut_in_what_is_said_of_it(box):
    large = Large(b"i")
    large.size = 5 << 20
    box.files.value = (File("n" * 100, large),)
    assert box.words.startswith(f"! {'n' * 80}…: a file of C has at most 4 MiB")


def test_what_is_shown_is_stale_once_something_else_stands_there(box):
    box.mails.value = "m"
    assert "tdx-stale" not in box.shown._dom_classes, "nothing was judged yet"
    box.judge()
    box.reviewed = SimpleNamespace(found=[])
    box.say("")
    box._changed_since({"owner": box.get, "new": ""})
    assert "tdx-stale" not in box.shown._dom_classes and box.words == "", "it is as it was"
    for field in (box.get, box.put, box.run, box.stubs, box.memory, box.base, box.mails):
        box.shown.remove_class("tdx-stale")
        box.say("")
        was, field.value = field.value, "tso" if field is box.memory else "x"
        assert box.words == "changed since it was judged; Judge the series again", field.description
        assert "tdx-stale" in box.shown._dom_classes
        field.value = was


def one(n=2, verdict="ok", judged=True, label="2/5", title="T"):
    return SimpleNamespace(n=n, verdict=verdict, judged=judged, label=label, title=title)


def test_each_verdict_has_its_colour_and_a_button_where_there_is_more_to_see(monkeypatch):
    patches = [one(), one(3, "violation"), one(4, "bounded"), one(5, None, None), one(0, "ok", True, "before", "none")]
    rows = [(f"l{k}", f"w{k}", "c", "give -D A=1" if k == 3 else "f") for k in range(5)]
    monkeypatch.setattr(series_board, "table", lambda each: rows)
    made = series_board._table(SimpleNamespace(patches=patches, series=SimpleNamespace(title="S", label="v1")))
    assert made.title == "S, v1" and [row.role for row in made.rows] == ["ok", "bad", "free", "soft", "ok"]
    assert [row.more for row in made.rows] == ["v1 l0, ok", "v1 l1, violation", "v1 l2, bounded", "", "v1 l4, ok"]
    assert [row.cells[2] for row in made.rows] == ["T", "T", "T", "T", ""], "before the series there is no title"
    assert made.rows[3].cells[4] == "write #define A 1 at the top" and made.rows[0].at == 1


@pytest.mark.parametrize("several", [False, True])
def test_a_verdict_is_asked_for_by_the_names_of_its_files_and_among_several_by_its_version(several, box, monkeypatch):
    monkeypatch.setattr(series_board, "Seen", lambda *given: given)
    each = SimpleNamespace(series=SimpleNamespace(label="v2"))
    box.reviewed = SimpleNamespace(found=[each] * (1 + several))
    assert box._seen(each, one()) == (each, one(), ("thread.mbox",), "v2:2" if several else "", [])
    box._opened, box._files, box.base.value = ("-a.mbox", b""), {"b.c": "", "-c.c": ""}, " int a; "
    assert box._seen(each, one())[2:] == (("./-a.mbox",), "v2:2" if several else "", ["b.c", "./-c.c", "before.c"])


def test_the_text_of_a_board_has_the_notes_each_series_what_is_shown_and_what_is_held_beside(box, monkeypatch):
    monkeypatch.setattr(series_board, "told", lambda each: [f"told {each}", "--base FILE"])
    beside = [SimpleNamespace(seen="lens", why="", rows=["- a"]), SimpleNamespace(seen=None, why="no put", rows=[])]
    box.reviewed = SimpleNamespace(found=["s1", "s2"], notes=("a note",), beside=beside)
    parts = ["a note", 'told s1\n"files before the series"', 'told s2\n"files before the series"']
    assert str(box) == "\n\n".join([*parts, "lens\n- a", "no put"])
    box.seen = "seen"
    assert str(box) == "\n\n".join([*parts, "seen", "lens\n- a", "no put"])


@pytest.mark.parametrize(
    "counts, said", [((2, 1), "3 judged"), ((0, 0), "no patch was judged: each row says what is wanted")]
)
def test_how_many_patches_were_judged_is_said(counts, said, box, monkeypatch):
    monkeypatch.setattr(series_board, "_table", lambda each: series_board.Choices("", ("a",), []))
    monkeypatch.setattr(box, "_views", lambda: ["views"])
    found = [SimpleNamespace(judged=("x",) * count) for count in counts]
    box.seen = "older"
    assert box.finished(SimpleNamespace(found=found, worst=None)) == (said, ["views"])
    assert box.seen is None and [table.chosen for table in box._tables] == [-1, -1]


def judged(monkeypatch, schedule="s:1", packet="packet", **more):
    """A verdict whose run has three steps; what it is taken away by is only named."""
    shown = {}
    monkeypatch.setattr(verdict_view, "replay", lambda one, code: "run" if code == "s:1" else code)
    monkeypatch.setattr(verdict_view, "packet", packet if callable(packet) else lambda run, one: packet)
    monkeypatch.setattr(verdict_view, "by_shell", lambda one, files, where, base: f"{files} {where} {base}")
    monkeypatch.setattr(verdict_view, "Stepper", lambda run, **how: shown.update(how) or "stepper")
    monkeypatch.setattr(
        verdict_view, "opinion_box", lambda opinion, source=True, head="": shown.update(opinion=opinion, source=source, head=head) or "box"
    )  # fmt: skip
    result = SimpleNamespace(schedule=schedule, defect=more.pop("defect", "no pair"))
    own = OfC("int a;\nint b;\n", "f.c", "t")
    plain = {
        "n": 2, "label": "2/5", "title": "T", "message_id": "<m@b>", "verdict": "violation", "defect": "no pair", "judged": SimpleNamespace(result=result),
        "scenario": SimpleNamespace(own=own, shared=("refcount",)), "text": SimpleNamespace(rows=[1] * 2, brought=lambda n: {2}),
    }  # fmt: skip
    each = SimpleNamespace(series=SimpleNamespace(patches={2: SimpleNamespace(author="A <a@b>")}))
    return each, SimpleNamespace(**plain | more), shown


def test_a_race_is_shown_with_its_mail_its_box_its_run_and_what_is_taken_away(monkeypatch):
    each, of, shown = judged(monkeypatch)
    seen = Seen(each, of, ("thread.mbox",), "v1:2", ["b.c"])
    monkeypatch.setattr(seen, "run", range(3))
    head, box, stepper, packet, command, text = seen.things()
    assert "<b>After 2/5</b> T<div>Message-ID m@b, A &lt;a@b&gt;</div>" in head and "tdx-which" in head
    assert (box, stepper, seen.packet, seen.command) == ("box", "stepper", "packet", "('thread.mbox',) v1:2 ['b.c']")
    assert (shown["head"], shown["source"], shown["opinion"].in_c) == ("✗ violation: no pair", False, True)
    assert (shown["picture"], shown["position"]) == (region, 3) and shown["replay"]("another") == "another"
    assert isinstance(packet, Copied) and (packet.text, command.text) == (seen.packet, seen.command)
    assert "<details>" in text and "the C as it stands after 2/5, 2 lines" in text


def test_a_patch_is_asked_for_by_its_number_and_beside_other_counters_stands_no_region(monkeypatch):
    each, of, shown = judged(monkeypatch)
    of.scenario.shared = ("users",)
    seen = Seen(each, of)
    seen.run = range(1)
    assert seen.things() and shown["picture"] is None and seen.command == "() 2 ()"


def test_what_holds_has_no_run_and_its_text_is_open(monkeypatch):
    each, of, shown = judged(monkeypatch, schedule="", defect="", verdict="ok")
    seen = Seen(each, of, ("t",))
    *before, text = seen.things()
    assert len(before) == 2 and before[1] == "box"
    assert (seen.run, seen.packet, seen.command, shown["head"]) == (None, "", "", "")
    assert '<details open="open">' in text and str(seen) == f"After 2/5 · T · Message-ID m@b, A <a@b>\n\n{seen.text}"


def test_before_a_series_there_is_no_mail(monkeypatch):
    each, of, _ = judged(monkeypatch, n=0, label="before the series", message_id="", schedule="")
    seen = Seen(each, of)
    assert seen.line == ("before the series", "", "")
    assert seen.text_head == "the C as it stands before the series, 2 lines"
    assert [row[0] for row in seen.text.split("\n")] == [" ", " "], "nothing was brought"
    assert "<b>before the series</b><div></div>" in seen.things()[0]


def test_a_packet_that_cannot_be_made_says_why(monkeypatch):
    def refuse(run, one):
        raise InputError("the run", "it is too long", "take a shorter one")

    each, of, _ = judged(monkeypatch, packet=refuse)
    seen = Seen(each, of)
    assert seen.packet == "no packet: the run: it is too long; take a shorter one" and seen.command


def test_a_text_is_folded_under_its_head_unless_it_is_to_be_open():
    assert '<details><summary>h</summary><pre tabindex="0">t</pre></details>' in folded("h", "t")
    assert '<details open="open">' in folded("h", "t", unfold=True)
    assert re.sub("<style>.*?</style>", "", listed(["a", "b"], "h")).count("<b>h</b><ul><li>a</li><li>b</li></ul>") == 1
    assert "<b>" not in listed(["a"])
