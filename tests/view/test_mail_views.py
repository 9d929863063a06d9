"""Pictures of digests and mails: what they say, that they say all of it, and that a hostile name stays text in a real page."""

import html
import json
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tdxkit.facts import data_path
from tdxkit.review.clinic import clinic_digest, practice_mbox
from tdxkit.review.compare import compare
from tdxkit.review.evidence import read_evidence
from tdxkit.view.evidence_box import evidence_box, evidence_views, outputs
from tdxkit.view.lockup_reader import report_reader
from tdxkit.view.mail_charts import contributors, entries, notes_table, series_table, treemap
from tdxkit.view.msr_board import trace_reader
from tdxkit.view.patch_graph import MOST, diffstat_table, draw_patch_graph, files_graph, patch_graph, series_graph
from tdxkit.view.version_lines import side_by_side

TRACE = data_path("traces/kvm_msr.trace").read_bytes()
HOSTILE = Path(__file__).parents[1] / "data" / "mail"
EVIL = "</script><script>window.hit=1</script><img src=x onerror=window.hit=2>\"'&{{7*7}}\u202egnp"
MAIL, DIGEST = ((HOSTILE / name).read_text(encoding="utf-8") for name in ("hostile.mbox", "hostile-digest.txt"))


@pytest.fixture(scope="module")
def mails():
    return read_evidence(practice_mbox())


@pytest.fixture(scope="module")
def digest():
    return read_evidence(clinic_digest().encode())


def hostile():
    """Everything drawn from a hostile mbox of two versions, and from a hostile digest."""
    two = MAIL + MAIL.replace("v2 1/2", "v3 1/2").replace("+x", "+y")
    return [read_evidence(two.encode()), read_evidence(DIGEST.encode())]


def test_contributors_count_as_the_digest_does(digest):
    chart = contributors(digest.digest)
    assert [row[1:] for row in chart.rows] == [(13, "yes"), (4, "yes"), (1, "no"), (1, "yes")]
    drawn = {name: x for trace in chart.traces for name, x in zip(trace["y"], trace["x"])}
    assert drawn == {"Kirill A. Shutemov": 13, "Liam Merwick": 4, "Bobby Eshleman": 1, "Andrey Zhadchenko": 1}
    assert [trace["marker"]["pattern"]["shape"] for trace in chart.traces] == ["", "/"]
    chart.figure()


def test_the_treemap_holds_every_file_once_and_adds_up(digest):
    stat = digest.posts[0].stat
    chart = treemap(stat)
    (trace,) = chart.traces
    assert sum(trace["values"]) == stat.insertions + stat.deletions == 810
    assert len(trace["ids"]) == len(set(trace["ids"])) and set(trace["parents"]) - {""} <= set(trace["ids"])
    assert [row[0] for row in chart.rows] == [f.path for f in stat.files]
    assert "+361…379" in str(chart) and "+361…379 −1…19" in trace["text"]
    chart.figure()


@pytest.mark.parametrize("path", ["a.c", "a//b.c", "/", "a/", "..."])
def test_treemaps_of_odd_paths(path):
    evidence = read_evidence(DIGEST.replace(f"{EVIL}/a.c", path).encode())
    (trace,) = treemap(evidence.posts[0].stat).traces
    assert len(trace["ids"]) == len(set(trace["ids"])) and sum(trace["values"]) == 1


def test_the_patch_graph_is_the_series(mails):
    graph = series_graph(mails.series[0])
    assert sorted(p for _, p in graph[("patch", 2)]) == ["include/region.h", "mm/region.c"]
    picture = draw_patch_graph(graph)
    assert picture.svg.count("<path") - picture.svg.count('stroke="var(--tdx-line)"') == graph.number_of_edges() == 4
    assert "mm/region.c: 1–2" in str(picture)
    missing = draw_patch_graph(series_graph(mails.series[1]))
    assert "stroke-dasharray" in missing.svg and "no files known" in str(missing)


def test_the_twelve_patches_as_a_graph():
    all_of_it = files_graph()
    assert all_of_it.number_of_nodes() == 12 + 18
    picture = draw_patch_graph(all_of_it)
    assert str(picture).count("\n") == 12 + 18
    assert "arch/x86/virt/vmx/tdx/tdx.c +2 −1" in str(picture) and "arch/x86/virt/vmx/tdx/tdx.c +2 −1" in picture.svg
    assert "KVM: TDX: Reclaim PAMT memory (+12 −3): arch/x86/kvm/vmx/tdx.c +12 −3" in str(picture)
    assert ">+216</text>" in picture.svg and ">+55 −11</text>" in picture.svg
    assert "tdx_errno.h moved to arch/x86/include/asm/tdx_errno.h" in str(picture)


def test_the_diffstats_add_up_to_the_cover_but_for_what_cancels_out():
    *patches, summed, cover = diffstat_table().rows
    assert [row[0] for row in patches] == list(range(1, 13)) and patches[7][2:] == (4, 55, 11)
    assert (summed[3:], cover[3:]) == ((678, 84), (667, 73)) and "11 lines cancel out" in str(diffstat_table())


def test_a_huge_series_is_drawn_in_part_and_said():
    graph = patch_graph(dict.fromkeys(range(1, 500), "t"), {n: [f"d{n}/f"] for n in range(1, 500)})
    picture = draw_patch_graph(graph)
    assert "more in the text" in picture.svg and picture.svg.count("<circle") <= 3 * MOST
    assert "d499/f: 499" in str(picture)
    assert draw_patch_graph(patch_graph({}, {})).svg.startswith("<svg")


def test_versions_side_by_side(mails):
    comparison = compare(*mails.series[:2])
    picture = side_by_side(comparison)
    assert str(picture) == str(comparison)
    for pair in comparison.pairs:
        assert html.unescape(picture.svg).count(f"({pair.verdict})") >= 1
    assert "2 added" in picture.svg and "1 retitled" in picture.svg
    assert side_by_side(compare(mails.series[3], mails.series[2])).svg


def test_tables_say_what_is_missing(mails):
    assert "missing of 4: 1" in str(series_table(mails.series)) and "no diffstat" in str(entries(mails.posts))
    assert "290" in str(notes_table(mails.notes))


class Tags(HTMLParser):
    """Which elements and attributes a page really holds."""

    def __init__(self):
        super().__init__()
        self.found, self.handlers = set(), []

    def handle_starttag(self, tag, attrs):
        self.found.add(tag)
        self.handlers += [k for k, _ in attrs if k.startswith("on") or k in ("href", "src")]


def test_hostile_names_make_no_element():
    for evidence in hostile():
        views = evidence_views(evidence)
        assert len(views) >= 3
        for output in outputs(views):
            tags = Tags()
            tags.feed(output["data"].get("text/html", ""))
            assert not tags.found & {"script", "img", "b", "svg/onload=window.hit=3"} and not tags.handlers
            for mime, value in output["data"].items():
                if "plotly" in mime:
                    assert "<script" not in json.dumps(value) and "<img" not in json.dumps(value)
            assert "\u202e" not in str(output["data"].get("text/html", ""))


def test_the_box_reads_pastes_and_refuses():
    box = evidence_box()
    box.begin(practice_mbox())
    assert box.result.mailbox.mails == 11
    box.begin(b"<b>junk")
    assert "there is no mail in it" in box.said.value and box.result.mailbox.mails == 11
    box.begin(clinic_digest().encode())
    assert box.result.digest.list == "KVM"


@pytest.mark.parametrize(
    "box, given, command",
    [(evidence_box, TRACE, "trace FILE"), (trace_reader, practice_mbox(), "series FILE"), (report_reader, TRACE, "trace FILE"), (report_reader, b"SEAMCALL (34) failed: 0xc000050500000000", "decode --scan FILE")],
)  # fmt: skip
def test_a_box_given_another_kind_says_which_command_reads_it(box, given, command):
    box = box()
    box.begin(given)
    assert (
        'role="alert"' in box.said.value
        and f"python -m tdxkit {command} reads it" in box.said.value
        and box.result is None
    )
