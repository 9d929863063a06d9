"""The digest reader against a made-up digest with every trap, against itself, and against a real one if you have it."""

import json
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tdxkit.cli import main
from tdxkit.commands.digest import as_text
from tdxkit.errors import InputError
from tdxkit.facts import load_toml
from tdxkit.linux.softlockup.kernels import FIRST, FIXES, PATCHED_STABLE
from tdxkit.mail.people import Person
from tdxkit.review.clinic import cases, clinic_digest
from tdxkit.review.digest import RULE, read_digest
from tdxkit.review.grouping import series_of
from tdxkit.review.series import bare
from tdxkit.review.trailers import meaning
from tdxkit.view.mail_charts import trailers_table

FIXTURE = Path(__file__).parent.parent / "data" / "mail" / "digest.txt"
TEXT = FIXTURE.read_text()


def read(text: str):
    return read_digest(text.encode())


@pytest.fixture(scope="module")
def digest():
    return read_digest(FIXTURE)


def test_heads_and_tables(digest):
    assert (digest.list, digest.from_commit, digest.to_commit) == ("TOY", "0a1b2c3d4", "4d3c2b1a0")
    assert [(row.who, row.count) for row in digest.domains] == [("example.org", 9), ("example.net", 1)]
    assert [row.who.name for row in digest.contributors] == [
        "Reviewer T. One",
        "Reviewer Two",
        'Reviewer "Three", Esq.',
        "Reviewer Four",
    ]


def test_somebody_may_be_counted_without_an_entry(digest):
    assert [row.who.email for row in digest.unposted()] == ["four@example.net"]
    assert "without an entry: Reviewer Four <four@example.net>" in as_text(digest)


def test_entries_and_not_what_imitates_them(digest):
    assert [(p.subject.role, p.subject.n, p.subject.total, p.subject.version) for p in digest.entries] == [
        ("cover", 0, 4, 3),
        ("patch", 1, 4, 3),
        ("patch", 1, 2, 2),
        ("cover", 0, 2, 2),
        ("patch", None, None, 1),
    ]
    assert any("imitates a heading" in str(note) for note in digest.notes)
    assert digest.entries[0].message.stat.files_changed == 3  # the cover goes on behind the imitation


def test_an_empty_list_of_patches_is_said_and_a_missing_one_is_not():
    head, title, rest = TEXT.partition("===== Patch list in this time period =====\n")
    assert read(head + title + "\n" + rest[rest.index("=====") :]).patch_list == ()
    empty = read(clinic_digest())
    assert empty.patch_list == () and "the section “Patch list” names nothing" in as_text(empty)
    assert empty.as_json()["patch_list"] == []
    missing = read(head + rest[rest.index("=====") :])
    assert (
        missing.patch_list is None and missing.as_json()["patch_list"] is None and "Patch list" not in as_text(missing)
    )
    assert "names 2 patches" in as_text(read(head + title + "\none\ntwo\n\n" + rest[rest.index("=====") :]))


def test_branch_base_version_and_trailers_are_told():
    said = as_text(read(clinic_digest())) + "\n"
    for line in (
        "branch: git://git.kernel.org/pub/scm/linux/kernel/git/kas/linux.git tdx/dpamt",
        "based on kvm-6.16-1",
        "version 1: https://lore.kernel.org/all/20250605152502.919385-1-liam.merwick@oracle.com",
        'Fixes: 5a475554db1e ("KVM: Introduce per-page memory attributes")',
        "Suggested-by: Sean Christopherson <seanjc@google.com>",
        "Resolves: #2669",
    ):
        assert f"{'':16}{line}\n" in said


def test_trailers_mean_something():
    assert meaning("Cc", "stable@vger.kernel.org # 6.12.x").endswith("into each stable tree from 6.12 on")
    assert (
        meaning("Cc", "<stable@vger.kernel.org>").endswith("into the stable trees")
        and meaning("Cc", "x@y") == "who is to see it"
    )
    assert meaning("Frobbed-by", "x") == ""
    posts = read(clinic_digest()).entries
    assert all(meaning(t.key, t.value) for post in posts for t in post.message.trailers)
    rows = trailers_table(posts).rows
    assert len(rows) == 7 and [row[1] for row in rows[3:]] == ["Fixes", "Cc", "Suggested-by", "Signed-off-by"]


def test_the_stable_tag_is_what_became_of_it():
    """Asked from 6.12 on; the releases that carry the patch are of no older tree. The commit it fixes is the one that 6.8 brought."""
    assert min(PATCHED_STABLE) == (6, 12) and FIRST == (6, 8)
    fixes, stable, *_ = read(clinic_digest()).entries[3].message.trailers
    assert fixes.value.startswith(FIXES) and stable.value.endswith("# 6.12.x")


def test_cover_taken_apart(digest):
    cover = digest.entries[0].message
    (log,) = cover.shortlog
    assert log.count == len(log.titles) == 4
    assert log.titles[2] == "[NOT-FOR-UPSTREAM] toy: print the counts in a place that needs a long title"
    (change,) = cover.changelog
    assert (change.to, change.since) == (3, None)
    assert change.items == ("The first change, wrapped on two lines;", "The second change;")
    assert cover.branches == (("git://git.example.org/toy.git", "toy/count"),)
    other = digest.entries[3].message
    assert [(c.since, c.to, len(c.items)) for c in other.changelog] == [(1, 2, 1)]
    assert other.base == "toy-1.2-3"
    assert other.previous == ((1, "https://lore.kernel.org/all/20250101.1-1-two@example.org"),)
    assert [t.key for t in digest.entries[2].message.trailers] == ["Fixes", "Cc", "Signed-off-by"]
    assert digest.entries[2].message.trailers[1].value == "stable@example.org # 6.12.x"
    assert [t.key for t in digest.entries[4].message.trailers] == ["Resolves", "Signed-off-by"]


def test_what_follows_a_shortlog_is_no_change():
    text = TEXT.replace(
        "  Documentation/toy: say how\n", "  Documentation/toy: say how\n\n - a bullet of the text\n", 1
    )
    assert [len(c.items) for c in read(text).entries[0].message.changelog] == [2]


def test_a_mail_without_a_diffstat_is_read_and_said(digest):
    last = digest.entries[4]
    assert last.stat is None and last.files == () and last.missing() == ("no diffstat",)
    assert any("no diffstat" in str(note) and note.line == last.line for note in digest.notes)
    entry = digest.as_json()["entries"][4]
    assert entry["files"] == [] and entry["files_changed"] == entry["insertions"] == entry["deletions"] == 0


def test_json_has_the_keys_it_promises(capsys):
    assert main(["digest", str(FIXTURE), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert list(found) == ["format", "list", "from", "to", "domains", "contributors", "entries", "patch_list"]
    assert list(found["entries"][0]) == [
        "title", "subject", "author", "version", "n", "total", "role", "files", "files_changed", "insertions", "deletions",
        "branches", "base", "previous", "trailers",
    ]  # fmt: skip
    other, patch = found["entries"][3], found["entries"][2]
    assert (
        found["entries"][0]["branches"] == [["git://git.example.org/toy.git", "toy/count"]]
        and other["base"] == "toy-1.2-3"
    )
    assert other["previous"] == [[1, "https://lore.kernel.org/all/20250101.1-1-two@example.org"]]
    assert patch["trailers"][1] == ["Cc", "stable@example.org # 6.12.x"]
    renamed = found["entries"][1]["files"][0]
    assert renamed == {"path": "toy/new/count.h", "changes": 4, "added": [2, 2], "removed": [2, 2]}
    bounded = found["entries"][0]["files"]
    assert [(f["changes"], f["added"], f["removed"]) for f in bounded] == [
        (108, [108, 108], [0, 0]),
        (6, [3, 5], [1, 3]),  # 3 of 4 removed lines are not in big.c, which has one at least
        (380, [377, 379], [1, 3]),
    ]


def test_link_by_sender_version_and_total_not_by_place(digest):
    series = series_of(digest.entries)
    assert [(s.title, s.cover is not None, s.present, s.missing) for s in series] == [
        ("toy: count what is in use", True, (1,), (2, 3, 4)),
        ("toy: less of a loop", True, (1,), (2,)),
        ("toy: a mail without a diffstat", False, (1,), ()),
    ]
    assert series[1].titles == {1: "toy: go round less often", 2: "toy: mend a comment"}


HEAD, _, ENTRIES = TEXT.partition("===== Patch Commit Messages ====\n\n")
FIRST_BODY = "A made-up cover. Repository and branch:"


@pytest.mark.parametrize(
    "fake",
    [
        "New:  toy: x\n[PATCH] toy: x\nAuthor: Reviewer Four <four@example.net>\n",
        f"{RULE}\n\nNew:  toy: x\n[PATCH] toy: x\nAuthor: Somebody Else <else@example.org>\n\ntext",
        f"{RULE}\n\nNew:  toy: x\n[PATCH] toy: y\nAuthor: Reviewer Four <four@example.net>\n\ntext",
        f"{RULE}\n\nNew:  toy: x\nsome text\n[PATCH] toy: x\nAuthor: Reviewer Four <four@example.net>\n",
        f"{RULE}\n\n{ENTRIES.partition(chr(10) * 2)[0]}\n\nthe cover quotes its own heading",
        f"{RULE}\n\nNew:  toy: x\n[PATCH 1/9] toy: x\nAuthor: Reviewer T. One <one@example.org>\n\nmore than he is counted for",
        "===== Patch list in this time period =====\n\nTop 15 contributors (Based on Email Body)\n\n      7  X <x@y>",
    ],
    ids=["no rule", "not counted", "title differs", "subject late", "repeated", "over the count", "sections"],
)
def test_imitations_change_nothing(fake):
    before, after = read(TEXT), read(TEXT.replace(FIRST_BODY, f"{FIRST_BODY}\n\n{fake}\n", 1))
    assert after.as_json() == before.as_json()


def test_a_patch_that_quotes_its_own_heading_is_one_entry():
    quoted = "New:  toy: give the counters a home\n[PATCHv3 01/04] toy: give the counters a home\nAuthor: Reviewer T. One <one@example.org>\n"
    after = read(TEXT.replace("\nText.\n", f"\nText.\n\n{RULE}\n\n{quoted}\nmore text\n", 1))
    assert after.as_json() == read(TEXT).as_json() and "stood before" in str(after.notes)


def test_a_true_heading_after_an_entry_without_diffstat_is_believed():
    text = TEXT.replace(
        "New:  toy: go round less often",
        "New:  toy: pull\n[GIT PULL] toy: pull\nAuthor: Reviewer Four <four@example.net>\n\nPlease.\n\n"
        + RULE + "\n\nNew:  toy: go round less often",
        1,
    )  # fmt: skip
    found = read(text)
    assert len(found.entries) == 6 and found.unposted() == ()
    pull = found.entries[2]
    assert pull.subject.role == "cover" and "no diff: a pull request names a branch instead" in pull.missing()
    assert found.entries[3].subject.n == 1


def test_the_clinic_digest_reads_as_its_data_says():
    data, digest = load_toml("series.toml"), read(clinic_digest())
    assert not len(digest.notes)
    posts = [(s, p) for s in data["series"] for p in s["post"]]
    assert len(posts) == len(digest.entries) == 5
    for (series, fact), post in zip(posts, digest.entries):
        stat = post.stat
        assert (stat.insertions, stat.deletions, stat.consistent) == (fact["insertions"], fact["deletions"], True)
        assert post.author == Person(series["author"], series["email"]) and post.subject.version == series["version"]
        if post.subject.n == 0:
            assert list(post.message.shortlog[0].titles) == series["titles"]
            assert len(post.message.changelog[0].items) == len(series["changelog"])
        for (plus, minus), file in zip(fact.get("counted", []), stat.files):
            assert file.added[0] <= plus <= file.added[1] and file.removed[0] <= minus <= file.removed[1]
    assert sum(row.count for row in digest.contributors) == 19 == (12 + 1) + (3 + 1) + 1 + 1


def test_every_series_of_the_clinic_has_a_model_to_open():
    from tdxkit.cli import COMMANDS
    from tdxkit.facts import cite

    for one in cases():
        assert one.models and one.ask.endswith("?") and cite(one.source)
        assert len(one.facts) > 3 and all(fact.endswith(".") and fact.split()[0] in str(one) for fact in one.facts)
        assert {m.command for m in one.models} <= COMMANDS.keys()
    first, _, last = cases()
    assert len(first.changes) == 9 and "exported by the patch that needs it" in " ".join(str(first).split())
    assert "branch: git://git.kernel.org/pub/scm/linux/kernel/git/kas/linux.git tdx/dpamt" in str(first)
    assert last.found[0] == "based on kvm-6.16-1" and last.found[1].startswith(
        "version 1: https://lore.kernel.org/all/20250605"
    )
    titles = [p["title"] for p in load_toml("patches.toml")["patch"]]
    assert [bare(t) for t in load_toml("series.toml")["series"][0]["titles"]] == [bare(t) for t in titles]


def test_bad_lines_are_counted_named_and_the_rest_is_read(capsys, tmp_path):
    lines = TEXT.splitlines()
    lines[5] = "      many example.org"
    lines.insert(13, "\x00\x01 no row")
    path = tmp_path / "bad.txt"
    path.write_bytes("\n".join(lines).encode() + b"\n\xff\xfe latin \xe9\n")
    assert main(["digest", str(path), "--json"]) == 0
    out, err = capsys.readouterr()
    assert len(json.loads(out)["entries"]) == 5
    assert "line 6: no row of a table" in err and "line 14" in err and "NUL" in err and "Windows-1252" in err


def test_cut_anywhere_never_a_traceback():
    raw = TEXT.encode()
    for end in range(0, len(raw), 97):
        try:
            digest = read_digest(raw[:end])
        except InputError as error:
            assert "\n" not in str(error)
        else:
            assert digest.list == "TOY"
    assert any(
        "cut" in str(n) or "without" in str(n) or "no diffstat" in str(n)
        for n in read_digest(raw[: len(raw) - 300]).notes
    )


@pytest.mark.parametrize(
    "text", [b"", b"\x7fELF\x00\x01" * 5000, b"From x to y\n", b"\xff" * 100, "From a to b".encode("utf-16")]
)
def test_no_digest_is_said_in_one_line(text, tmp_path, capsys):
    path = tmp_path / "x"
    path.write_bytes(text)
    assert main(["digest", str(path)]) == 2
    err = capsys.readouterr().err
    assert "a digest begins with" in err.splitlines()[-1] and "Traceback" not in err


def test_utf16_is_read_for_what_it_is(digest):
    assert read_digest(TEXT.encode("utf-16")).as_json() == digest.as_json()


def test_crlf_makes_no_difference(digest):
    assert read(TEXT.replace("\n", "\r\n")).as_json() == digest.as_json()


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_noise_in_a_body_never_changes_the_heads(data):
    """Any line thrown in anywhere after the tables leaves heads, tables and every other entry's subject alone."""
    lines = ENTRIES.splitlines()
    at = data.draw(st.integers(0, len(lines)))
    noise = data.draw(st.text(max_size=90))
    found = read(f"{HEAD}===== Patch Commit Messages ====\n\n" + "\n".join([*lines[:at], noise, *lines[at:]]))
    assert found.list == "TOY" and len(found.contributors) == 4
    assert 4 <= len(found.entries) <= 5


@pytest.mark.skipif("TDXKIT_DIGEST" not in os.environ, reason="set TDXKIT_DIGEST to the KVM digest to compare with it")
def test_the_real_digest_and_the_clinic_agree():
    real, ours = read_digest(os.environ["TDXKIT_DIGEST"]), read(clinic_digest())
    assert real.as_json() == ours.as_json() and not len(real.notes)
    for one, other in zip(real.entries, ours.entries):
        assert one.message.shortlog == other.message.shortlog and one.message.trailers == other.message.trailers
        assert [len(c.items) for c in one.message.changelog] == [len(c.items) for c in other.message.changelog]
