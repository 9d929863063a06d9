"""What is listed of mails and patches: who has no name, what has no number, the order of an evidence's views, sums, columns and limits."""

from types import SimpleNamespace

import ipywidgets as w
import pytest

from tdxkit.review.patches import totals
from tdxkit.view import evidence_view, mail_charts, patch_graph, patch_switches
from tdxkit.view.evidence_view import evidence_views
from tdxkit.view.mail_charts import contributors, notes_table, series_table, stat_rows, weights
from tdxkit.view.patch_graph import diffstat_table, patch_matrix
from tdxkit.view.patch_switches import PatchSwitches


def who(name, email):
    return type("Who", (), {"name": name, "email": email, "__str__": lambda self: f"{name} <{email}>"})()


def counted(name, email, count):
    return type("Counted", (), {"who": who(name, email), "count": count})()


def file(path="a.c", changes=3, was="", added=(1, 2), removed=(1, 1)):
    return SimpleNamespace(path=path, changes=changes, added=added, removed=removed, renamed_from=was, binary=False)


def post(*files, n=1, total=3, stat=True):
    return SimpleNamespace(
        subject=SimpleNamespace(n=n, total=total), stat=SimpleNamespace(files=files) if stat else None
    )


def test_who_has_no_name_is_called_by_the_address_and_has_the_other_pattern_without_an_entry():
    rows = [counted("A", "a@x", 1200), counted("", "b@x", 3)]
    digest = SimpleNamespace(contributors=rows, unposted=lambda: rows[1:], list="KVM", from_commit="c1", to_commit="c2")
    chart = contributors(digest)
    assert [(t["name"], t["y"], t["x"], t["text"]) for t in chart.traces] == [
        ("with an entry", ["A"], [1200], ["1,200"]),
        ("no entry here", ["b@x"], [3], ["3"]),
    ]
    assert chart.rows == (("A <a@x>", 1200, "yes"), (" <b@x>", 3, "no")) and chart.header == ("who", "mails", "entry")
    assert chart.title == "KVM: who posted, c1 to c2"


def test_a_mail_without_a_number_stands_alone_and_one_without_a_diffstat_has_no_row():
    rows = stat_rows([post(file("a.c")), post(stat=False), post(file("b.c", 9), n=None)]).rows
    assert rows == (("1/3", "a.c", 3, "+1…2", "−1"), ("alone", "b.c", 9, "+1…2", "−1"))


@pytest.mark.parametrize("count, more", [(200, ""), (201, ": the first 200 of 201")])
def test_the_rows_of_diffstats_have_a_title_of_their_own_or_the_one_that_is_given(count, more):
    posts = [post(*[file()] * count)]
    assert stat_rows(posts).title == f"What the diffstats say{more}" and len(stat_rows(posts).rows) == 200
    assert stat_rows(posts, title="T").title == f"T{more}" and stat_rows(posts, "b.c").rows == ()


def test_the_words_of_a_bar_are_what_the_file_gains_and_loses_and_each_way_has_its_pattern():
    files = (file("b", 1, "", (1, 1), (0, 0)), file("c", 5, "", (0, 0), (5, 5)), file("a", 9, "", (4, 4), (5, 5)))
    chart = weights(SimpleNamespace(files=files, files_changed=3, insertions=5, deletions=10))
    assert [(t["name"], t["y"], t["text"]) for t in chart.traces] == [
        ("gains and loses lines", ["a"], ["+4 −5"]),
        ("only gains", ["b"], ["+1"]),
        ("only loses", ["c"], ["−5"]),
    ]
    assert len({t["marker"]["pattern"]["shape"] for t in chart.traces}) == 3
    assert chart.layout["yaxis"]["categoryarray"] == ["a", "c", "b"], "the most first"
    assert chart.rows == (("a", 9, "+4", "−5"), ("c", 5, "+0", "−5"), ("b", 1, "+1", "−0"))


def test_a_series_of_which_nothing_is_at_hand_has_a_dash_and_its_sender_an_address():
    one = SimpleNamespace(
        title="T", label="v1", sender=who("", "a@x"), total=3, cover=None, present=(), gaps=lambda: ["1", "2"]
    )
    assert series_table((one,)).rows == (("T", "v1", "a@x", 3, "no", "—", "1; 2"),)


def test_a_note_about_the_whole_file_has_no_line():
    class Notes(list):
        pass

    made = notes_table(Notes([SimpleNamespace(line=0, what="cut"), SimpleNamespace(line=3, what="odd")]))
    assert made.rows == (("—", "cut"), (3, "odd")) and made.title == "What was left out or guessed"


def told(name):
    return lambda *given: (name, *given)


@pytest.fixture
def views(monkeypatch):
    """`views(**of)`: what is shown of an evidence, each by its name and what it is made of."""
    for name in ("contributors", "entries", "series_table", "trailers_table", "weights", "notes_table"):
        monkeypatch.setattr(mail_charts, name, told(name))
    for name in ("side_by_side", "patch_matrix"):
        monkeypatch.setattr(evidence_view, name, told(name))
    monkeypatch.setattr(evidence_view, "compare", lambda old, new: f"{old}{new}")
    monkeypatch.setattr(evidence_view, "series_graph", lambda one: one.title)

    def shown(lines=(), **of):
        monkeypatch.setattr(evidence_view, "lineages", lambda series: lines)
        plain = {"series": (), "digest": None, "posts": (), "notes": (), "mailbox": None}
        return evidence_views(SimpleNamespace(**plain | of))

    return shown


def mail(trailers=(), stat=None):
    return SimpleNamespace(message=SimpleNamespace(trailers=trailers), stat=stat)


def test_of_a_digest_who_posted_stands_before_everything_else(views):
    assert views(digest="d", posts=()) == [
        ("contributors", "d"),
        ("entries", ()),
        ("series_table", (), "Series in the digest"),
    ]
    box = SimpleNamespace(mails=9, replies=5, others=4)
    assert views(mailbox=box) == [
        ("series_table", (), "9 mails: 0 post something, 5 answer, 4 do neither")
    ]  # nothing more of what has nothing more


def test_three_pairs_of_versions_are_held_side_by_side_and_the_three_largest_series_drawn(views):
    series = [SimpleNamespace(title=f"s{k}", version=k, touched="x" * k) for k in (1, 0, 4, 2, 3)]
    made = views(lines=("abc", "de", "fg"), series=series)
    assert [what[1] for what in made if what[0] == "side_by_side"] == ["ab", "bc", "de"]
    assert [what[1:] for what in made if what[0] == "patch_matrix"] == [
        (f"s{k}", f"s{k}, version {k}") for k in (4, 3, 2)
    ]
    assert [what[1] for what in views(series=series[:2]) if what[0] == "patch_matrix"] == ["s1"], "none without files"


def test_trailers_the_heaviest_diffstat_and_the_notes_stand_last_where_there_are_any(views):
    light, heavy, empty = (
        SimpleNamespace(files=files, insertions=plus, deletions=minus)
        for files, plus, minus in ((1, 6, 1), (1, 3, 5), ((), 99, 99))
    )
    posts = (mail(stat=light), mail(stat=heavy), mail(("Acked-by",)), mail(stat=empty))
    names = views(posts=posts, notes=("n",))[1:]
    assert names == [("trailers_table", posts), ("weights", heavy), ("notes_table", ("n",))]
    assert views(posts=(mail(), mail(stat=empty)))[1:] == []


def test_the_diffstats_sums_are_bold_and_the_cover_has_seventeen_files():
    made, (summed, cover, _) = diffstat_table(), totals()
    assert made.totals == {12, 13} and len(made.rows) == 14
    assert made.rows[12] == ("", "the twelve, added up", "", *summed)
    assert made.rows[13] == ("", "the cover, the moved file counted alike", 17, *cover)


@pytest.mark.parametrize("count, more", [(80, ""), (81, " (1 more in the text)")])
def test_eighty_patches_are_drawn(count, more):
    graph = patch_graph.patch_graph(dict.fromkeys(range(1, count + 1), "t"), {1: ["a"]})
    made = patch_matrix(graph, "T")
    assert len(made.rows) == 80 and made.title == f"T{more}" and made.rows[1].note == "no files known"


def test_the_switches_of_patches_stand_in_two_columns_of_six_and_each_lives_the_life_again(monkeypatch):
    lived = []
    life = SimpleNamespace(run="run", leaf="", bugged=False, stopped="", result="clean")
    monkeypatch.setattr(
        patch_switches, "live", lambda version, there, record: lived.append((version, there, record)) or life
    )
    monkeypatch.setattr(patch_switches, "bar", lambda life: life.result)
    monkeypatch.setattr(patch_switches, "Stepper", lambda run, picture, position: w.HTML(f"{run} at {position}"))
    board = PatchSwitches()
    left, right = ([box.description.partition(" ")[0] for box in column.children] for column in board._rows[0].children)
    assert (left, right) == ([f"{n:02}/12" for n in range(1, 7)], [f"{n:02}/12" for n in range(7, 13)])
    assert not any(box.indent for box in board.boxes.values()) and board.shown.children[0].value == "run at 0"
    assert "Patches 1 to 4 cannot be left out" in board._rows[1].value and board.words == "clean"
    board.boxes[7].value = False
    everything = frozenset(range(1, 13))
    assert lived == [("v2", everything, True), ("v2", everything - {7}, True)]


def test_a_patch_without_which_something_fails_is_no_answer_and_two_are_named():
    plain = {"leaf": "", "bugged": False, "stopped": "", "result": "left: 5 pairs"}
    boxes = {n: SimpleNamespace(value=n not in (8, 9)) for n in range(1, 13)}

    def answer(**more):
        return PatchSwitches.answer(SimpleNamespace(life=SimpleNamespace(**plain | more), boxes=boxes))

    assert answer() == "without 8, 9, left: 5 pairs"
    for failed in ({"leaf": "TDH.X"}, {"bugged": True}, {"stopped": "-ENOMEM"}, {"result": "clean"}):
        assert answer(**failed) == ""
