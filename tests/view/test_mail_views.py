"""Pictures of digests and mails: what they say, that they say all of it, and that a hostile name stays text in a real page."""

import html
import json
import re
from base64 import b64decode
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tdxkit.facts import data_path
from tdxkit.review.clinic import clinic_digest, practice_mbox
from tdxkit.review.compare import compare
from tdxkit.review.evidence import read_evidence
from tdxkit.view.evidence_view import evidence_box, evidence_views
from tdxkit.view.kit import grid, scripts
from tdxkit.view.kit.outputs import outputs
from tdxkit.view.kit.svg import script
from tdxkit.view.lockup_reader import report_reader
from tdxkit.view.mail_charts import contributors, entries, notes_table, series_table, stat_rows, weights
from tdxkit.view.msr_board import trace_reader
from tdxkit.view.patch_graph import (
    MOST,
    diffstat_table,
    files_graph,
    patch_graph,
    patch_matrix,
    series_graph,
    shortest_ends,
)
from tdxkit.view.version_lines import side_by_side

TRACE = data_path("traces/kvm_msr.trace").read_bytes()
HOSTILE = Path(__file__).parents[1] / "data" / "mail"
EVIL = "</script><script>window.hit=1</script><img src=x onerror=window.hit=2>\"'&{{7*7}}\u202egnp"
# What the project itself puts there: the scripts of grids and charts, and the image of a drawing.
OURS = "|".join([
    *(re.escape(script(scripts.read(grid.PAGE, name))) for name in ("grid.js", "named.js")),
    '<img src="data:image/svg\\+xml;base64,[\\w+/=]+" alt="[^"]*" width="\\d+" class="tdx-image"/>',
])  # fmt: skip
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
    alone = {str(row.who) for row in digest.digest.unposted()}
    assert {who for who, _, entry in chart.rows if entry == "no"} == alone
    bars = {trace["name"]: len(trace["y"]) for trace in chart.traces}
    assert bars == {"with an entry": len(chart.rows) - len(alone), "no entry here": len(alone)}
    assert [row[1:] for row in chart.rows] == [(13, "yes"), (4, "yes"), (1, "no"), (1, "yes")]
    drawn = {name: x for trace in chart.traces for name, x in zip(trace["y"], trace["x"])}
    assert drawn == {"Kirill A. Shutemov": 13, "Liam Merwick": 4, "Bobby Eshleman": 1, "Andrey Zhadchenko": 1}
    assert [trace["marker"]["pattern"]["shape"] for trace in chart.traces] == ["", "/"]
    assert all(trace["textposition"] == "outside" for trace in chart.traces), "no dark figure in a dark bar"
    chart.figure()


def test_the_weights_hold_every_file_once_the_heaviest_first_and_add_up(digest):
    stat = digest.posts[0].stat
    chart = weights(stat)
    bars = {name: (x, words) for t in chart.traces for name, x, words in zip(t["y"], t["x"], t["text"])}
    assert sum(x for x, _ in bars.values()) == stat.insertions + stat.deletions == 810
    assert len(bars) == len(stat.files) == len(chart.layout["yaxis"]["categoryarray"])
    assert [row[1] for row in chart.rows] == sorted((f.changes for f in stat.files), reverse=True)
    assert bars["arch/x86/virt/vmx/tdx/tdx.c"] == (380, "+361…379 −1…19") and "+361…379" in str(chart)
    assert {t["name"] for t in chart.traces} == {"gains and loses lines", "only gains", "only loses"}
    chart.figure()


@pytest.mark.parametrize("path", ["a.c", "a//b.c", "/", "a/", "...", "d/" * 90 + "a.c"])
def test_weights_of_odd_paths(path):
    evidence = read_evidence(DIGEST.replace(f"{EVIL}/a.c", path).encode())
    (trace,) = weights(evidence.posts[0].stat).traces
    assert sum(trace["x"]) == 1 and trace["y"][0].endswith(path[-3:])


def test_the_matrix_is_the_series(mails):
    graph = series_graph(mails.series[0])
    assert sorted(p for _, p in graph[("patch", 2)]) == ["include/region.h", "mm/region.c"]
    grid = patch_matrix(graph)
    dots = {(grid.rows[i].whole[0], grid.columns[j].whole) for i, j in grid.cells}
    assert dots == {(str(n), path) for (kind, n) in graph if kind == "patch" for _, path in graph[(kind, n)]}
    assert len(dots) == graph.number_of_edges() == 4 and "mm/region.c: 1–2" in str(grid)
    assert grid.legend == [("●", "used", "the patch touches the file")], "its mails have no lines of single files"
    missing = patch_matrix(series_graph(mails.series[1]))
    assert "no files known" in {row.note for row in missing.rows} and "no files known" in str(missing)


def test_the_twelve_patches_as_a_matrix():
    all_of_it = files_graph()
    assert all_of_it.number_of_nodes() == 12 + 18
    grid = patch_matrix(all_of_it)
    assert str(grid).count("\n") == 12 + 18 and (len(grid.rows), len(grid.columns)) == (12, 18)
    assert "arch/x86/virt/vmx/tdx/tdx.c +2 −1" in str(grid)
    assert "KVM: TDX: Reclaim PAMT memory (+12 −3): arch/x86/kvm/vmx/tdx.c +12 −3" in str(grid)
    assert [row.note for row in grid.rows][3] == "+216" and [row.note for row in grid.rows][7] == "+55 −11"
    assert "tdx_errno.h moved to arch/x86/include/asm/tdx_errno.h" in str(grid)
    first = [min(i for i, k in grid.cells if k == j) for j in range(18)]
    assert first == sorted(first), "files stand in the order in which the patches come to them"
    column = next(
        j
        for j, head in enumerate(grid.columns)
        if head.name == "kvm/vmx/tdx.c" or head.whole == "arch/x86/kvm/vmx/tdx.c"
    )
    assert grid.cells[4, column].said == (
        "5 KVM: TDX: Allocate PAMT memory in __tdx_td_init(): arch/x86/kvm/vmx/tdx.c +6 −10; also touched by patches 1, 6, 8–9"
    )
    assert [sign for sign, *_ in grid.legend] == ["·", "•", "●", "→"]


def test_a_file_is_called_by_as_little_of_its_path_as_tells_it_from_the_others():
    assert shortest_ends(["a/b/c.h", "b/c.h", "c.h", "d.h"]) == ["a/b/c.h", "b/c.h", "c.h", "d.h"]
    names = [column.name for column in patch_matrix(files_graph()).columns]
    assert len(set(names)) == 18 and max(map(len, names)) <= 21


def test_the_diffstats_add_up_to_the_cover_but_for_what_cancels_out():
    *patches, summed, cover = diffstat_table().rows
    assert [row[0] for row in patches] == list(range(1, 13)) and patches[7][2:] == (4, 55, 11)
    assert (summed[3:], cover[3:]) == ((678, 84), (667, 73)) and "11 lines cancel out" in str(diffstat_table())


def test_a_huge_series_is_drawn_in_part_and_said():
    graph = patch_graph(dict.fromkeys(range(1, 500), "t"), {n: [f"d{n}/f"] for n in range(1, 500)})
    grid = patch_matrix(graph)
    assert f"({2 * (499 - MOST)} more in the text)" in grid.html() and len(grid.rows) == len(grid.columns) == MOST
    assert "d499/f: 499" in str(grid)
    assert "<table" in patch_matrix(patch_graph({}, {})).html()
    wide = patch_matrix(patch_graph({1: "t"}, {1: [f"d/f{k}" for k in range(MOST + 1)]}))
    assert "(1 more in the text)" in wide.html() and (len(wide.rows), len(wide.columns)) == (1, MOST)
    whole = patch_matrix(patch_graph({1: "t"}, {1: [f"d/f{k}" for k in range(MOST)]}))
    assert "more in the text" not in whole.html() and len(whole.columns) == MOST


def test_rows_of_diffstats_say_what_they_leave_open(digest):
    """Bounds where a bar has them, a file's old name, the mail that each row stands in; only those with a part of a path."""
    cover, first = digest.posts[:2]
    rows = stat_rows((cover, first)).rows
    assert len(rows) == len(cover.stat.files) + len(first.stat.files) and rows[0][0] == "0/12" and rows[-1][0] == "1/12"
    assert ("0/12", "arch/x86/virt/vmx/tdx/tdx.c", 380, "+361…379", "−1…19") in rows
    errno = stat_rows((cover, first), "errno").rows
    assert [row[:3] for row in errno] == [
        ("0/12", "arch/x86/include/asm/tdx_errno.h", 96),
        ("0/12", "arch/x86/kvm/vmx/tdx_errno.h", 40),
        ("1/12", "arch/x86/include/asm/tdx_errno.h (was arch/x86/kvm/vmx/tdx_errno.h)", 60),
    ]
    assert stat_rows(()).rows == ()


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


IMAGE = "data:image/svg+xml;base64,"


class Tags(HTMLParser):
    """Which elements and attributes a page really holds."""

    def __init__(self):
        super().__init__()
        self.found, self.handlers = set(), []

    def handle_starttag(self, tag, attrs):
        coded = (dict(attrs).get("src") or "").removeprefix(IMAGE)
        if tag == "img" and dict(attrs)["src"] == IMAGE + coded:  # a drawing of ours: what is in it counts
            inner = Tags()
            inner.feed(b64decode(coded).decode())
            self.found, self.handlers = self.found | inner.found, self.handlers + inner.handlers
            attrs = [(k, v) for k, v in attrs if k != "src"]
        else:
            self.found.add(tag)
        self.handlers += [k for k, _ in attrs if k.startswith("on") or k in ("href", "src")]


def test_hostile_names_make_no_element():
    for evidence in hostile():
        views = evidence_views(evidence)
        assert len(views) >= 3
        for output in outputs(views):
            tags = Tags()
            tags.feed(re.sub(OURS, "", output["data"].get("text/html", "")))
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


def test_a_patch_that_nobody_named_is_in_the_graph_with_its_files_and_without():
    found = patch_graph({1: "one"}, {2: ["a/x.c"], 3: []})
    kinds = {node: (data["kind"], data.get("title")) for node, data in found.nodes(data=True)}
    assert kinds == {
        ("patch", 1): ("patch", "one"), ("patch", 2): ("patch", ""), ("patch", 3): ("patch", ""), ("file", "a/x.c"): ("file", None),
    }  # fmt: skip
    assert list(found.edges) == [(("patch", 2), ("file", "a/x.c"))]
