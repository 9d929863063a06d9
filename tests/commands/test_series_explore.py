"""`series --explore`: the same verdicts in every dress, out of git too; holes, exit codes, what is taken away; two versions; bisection."""

import json
import os
import shutil
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from tdxkit.cli import main
from tests.mail import disguises
from tests.mail.disguises import DISGUISES, SERIES, TEXTS, diff_of, patch_mail

RUN = ("--run", "if (!toy_get()) { toy_use(); toy_put(); }")
VERDICTS = [(1, "ok"), (2, "violation"), (3, "violation"), (4, "ok")]
GIT = pytest.mark.skipif(not shutil.which("git"), reason="git is not installed")


def ran(capsys, *words):
    code = main([str(word) for word in words])
    return code, *capsys.readouterr()


def verdicts(capsys, *words):
    code, out, _ = ran(capsys, "series", *words, "--explore", "--json")
    assert code == 0
    return json.loads(out)["patches"]


@pytest.fixture
def mbox(tmp_path):
    file = tmp_path / "toy.mbox"
    file.write_bytes(disguises.as_mbox())
    return file


@pytest.mark.slow
@pytest.mark.parametrize("dress", DISGUISES, ids=lambda dress: dress.__name__)
def test_the_same_verdicts_in_every_dress(capsys, tmp_path, dress):
    file = tmp_path / "paste"
    file.write_bytes(dress())
    found = verdicts(capsys, file, *RUN)
    assert [(one["n"], one["verdict"]) for one in found] == VERDICTS
    assert [one["functions"] for one in found] == [
        ["toy_use", "toy_get", "toy_put"],
        ["toy_get", "toy_put"],
        ["toy_get"],
        ["toy_get", "toy_put"],
    ]
    steps = {one["steps"] for one in found if one["verdict"] == "violation"}
    assert len(steps) == 2 and [one["missing"] for one in found] == [[]] * 4


def test_what_is_printed(capsys, mbox):
    code, out, err = ran(capsys, "series", mbox, "--explore", *RUN)
    rows = out.splitlines()
    assert (code, err) == (0, "")
    assert rows[0] == "toy: switch the power by users  v2, 4 patches at hand"
    assert [row.split()[:3] for row in rows[2:6]] == [
        ["1/4", "✓", "ok"],
        ["2/4", "✗", "violation"],
        ["3/4", "✗", "violation"],
        ["4/4", "✓", "ok"],
    ]
    assert "BUG_ON() of line 8 (1/4, line " in rows[3]
    assert rows[6:8] == [
        "first broken by 2/4: toy: count users without the lock",
        "healed by 4/4: toy: look at the count again under the lock",
    ]
    assert rows[8].startswith("step through it: python -m tdxkit series ")


def test_the_exit_code_says_what_was_asked(capsys, mbox):
    assert ran(capsys, "series", mbox, "--explore", *RUN, "--fail-on", "bad")[0] == 1
    assert ran(capsys, "series", mbox, "--explore", *RUN, "--fail-on", "deadlock")[0] == 0
    code, out, err = ran(capsys, "series", mbox, "--explore", "--run", "nobody();")
    assert code == 2 and "no patch was judged" in err and "changes nothing that is raced" in out


def test_what_is_taken_away_replays(capsys, mbox, tmp_path):
    [_, second, *_] = verdicts(capsys, mbox, *RUN)
    text = tmp_path / "after-2.c"
    text.write_text(ran(capsys, "series", mbox, "--explore", *RUN, "--after", "2")[1])
    code, out, _ = ran(capsys, "replay", text, *RUN, second["schedule"])
    assert code == 0 and "BUG_ON() of line 8 fires" in out
    code, out, _ = ran(capsys, "series", mbox, "--explore", *RUN, "--packet", "--after", "2")
    assert code == 0 and max(map(len, out.partition("-- >8 --")[0].splitlines())) <= 76
    assert "  - 2/4 is <20250101.2-one@example.org>" in out and "Where its lines were posted:" in out
    lines = disguises.parts(SERIES[1])[1].split("\n")
    posted = next(row for row in out.splitlines() if "2/4, line" in row)
    place = int(posted.rpartition(" ")[2].partition("-")[0])
    assert lines[place - 1].startswith("+\t") and "toy_users" in lines[place - 1]
    for words, said in (
        (("--after", "9x"), "--after 9x: no patch of this number"),
        (("--packet", "--after", "1"), "--packet: no race was found"),
    ):
        code, _, err = ran(capsys, "series", mbox, "--explore", *RUN, *words)
        assert code == 2 and said in err


def test_options_go_with_explore(capsys, mbox):
    for words, named in (
        (RUN, "--run"),
        (("--base", mbox), "--base"),
        (("--fail-on", "bad"), "--fail-on"),
        (("--packet",), "--packet"),
    ):
        code, out, err = ran(capsys, "series", mbox, *words)
        assert (code, out) == (2, "") and err.startswith(f"tdxkit: {named}: it says how a series is explored")


def test_two_versions_stand_side_by_side(capsys, mbox, tmp_path):
    third = tmp_path / "v3.mbox"
    texts = [*TEXTS[:3], TEXTS[3].replace("int first;", "int first = 0;")]
    mails = [
        patch_mail(
            n, diff_of(*pair), f"toy: part {n}" if n > 1 else "toy: switch the power by users", "Text.", "PATCH v3", 3
        )
        for n, pair in enumerate(pairwise(texts), 1)
    ]
    third.write_bytes(b"".join(mails))
    code, out, _ = ran(capsys, "series", mbox, third, "--explore", *RUN)
    assert code == 0 and "v2-after-4" in out and "v3-after-3" in out
    assert "held against each other on" in out


def git(folder, *words):
    one = ("-c", "user.name=One", "-c", "user.email=one@example.org", "-c", "init.defaultBranch=main")
    return subprocess.run(
        ["git", *one, *words], cwd=folder, check=True, capture_output=True, text=True, timeout=60
    ).stdout


@pytest.fixture
def repository(tmp_path):
    """The toy with a commit for each patch, the first brings it."""
    git(tmp_path, "init", "-q")
    for n, text in enumerate(TEXTS[1:], 1):
        (tmp_path / "toy.c").write_text(text)
        git(tmp_path, "add", "toy.c")
        git(tmp_path, "commit", "-qm", f"toy: part {n}")
    return tmp_path


@GIT
def test_a_range_of_commits(capsys, repository, monkeypatch):
    monkeypatch.chdir(repository)
    found = verdicts(capsys, "HEAD~3..", *RUN)
    assert [(one["n"], one["verdict"]) for one in found] == [(0, "ok"), (1, "violation"), (2, "violation"), (3, "ok")]
    for name, said in (("HEAD..HEAD", "it has 0 commits"), ("nowhere..HEAD", "git says: fatal:")):
        code, _, err = ran(capsys, "series", name, "--explore", *RUN)
        assert code == 2 and said in err and len(err.splitlines()) == 1


@pytest.mark.slow
@GIT
def test_through_a_pipe_as_the_readme_says(repository):
    mails = git(repository, "format-patch", "--stdout", "HEAD~3..")
    words = [sys.executable, "-m", "tdxkit", "series", "-", "--explore", "--base", "toy.c", *RUN, "--json"]
    git(repository, "checkout", "-q", "HEAD~3")
    done = subprocess.run(words, input=mails, cwd=repository, capture_output=True, text=True, timeout=60, env=_here())
    assert [one["verdict"] for one in json.loads(done.stdout)["patches"]] == ["ok", "violation", "violation", "ok"]


def _here() -> dict:
    return os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}


@GIT
@pytest.mark.slow
def test_the_readmes_bisect_line_finds_the_commit(tmp_path):
    """Six commits, the third does not parse, the fifth brings the race."""
    line = next(
        row
        for row in (Path(__file__).parents[2] / "README.md").read_text().splitlines()
        if row.startswith("git bisect run ")
    )
    command = (
        line.removeprefix("git bisect run sh -c ")
        .strip("'")
        .replace("dev.c", "toy.c")
        .replace('"f();"', '"if (!toy_get()) { toy_use(); toy_put(); }"')
        .replace("python ", f"{sys.executable} ")
    )
    texts = [TEXTS[1], TEXTS[1] + "\n", TEXTS[1] + "\nint toy_broken(\n", TEXTS[1] + "\n\n", TEXTS[2], TEXTS[3]]
    git(tmp_path, "init", "-q")
    for n, text in enumerate(texts, 1):
        (tmp_path / "toy.c").write_text(text)
        git(tmp_path, "add", "toy.c")
        git(tmp_path, "commit", "-qm", f"commit {n}")
    git(tmp_path, "bisect", "start", "HEAD", "HEAD~5")
    done = subprocess.run(
        ["git", "bisect", "run", "sh", "-c", command],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        env=_here(),
    )
    assert "is the first bad commit" in done.stdout, done.stdout + done.stderr
    assert "commit 5" in done.stdout.partition("is the first bad commit")[2]


def test_bad_input_is_a_line_each_and_the_rest_is_done(capsys, tmp_path):
    evil = "\x1b[31m\u202e<img src=x onerror=alert(1)>\\" + "y" * 70_000
    mails = list(SERIES)
    mails[2] = mails[2].replace(b"toy: refuse more users than there is room for", evil.encode())
    other = patch_mail(
        1, diff_of("", "int lone(void)\n{\n\treturn 1;\n}\n", "lone.c"), "lone: comes with it", "Text.", "PATCH", 1
    )
    file = tmp_path / "thread"
    file.write_bytes(b"".join(mails) + other)
    code, out, err = ran(capsys, "series", file, "--explore", *RUN)
    assert (
        code == 0 and "\x1b" not in out + err and "\u202e" not in out + err and max(map(len, out.splitlines())) < 1_000
    )
    assert [row.split()[2] for row in out.splitlines()[2:6]] == ["ok", "violation", "violation", "ok"]
    assert "lone: comes with it  v1, 1 patch at hand" in out and "1/1    –" in out


@pytest.mark.parametrize(("left", "said"), [
    ((1, 2), "3/4 changes toy_get() of an earlier patch: paste 1/4 and 2/4 too"),
    ((1, 2, 3), "4/4 changes toy_get() and toy_put() of an earlier patch: paste 1/4 and 2/4 and 3/4 too"),
])  # fmt: skip
def test_half_a_thread_says_which_mails_are_wanted(capsys, tmp_path, left, said):
    file = tmp_path / "half"
    file.write_bytes(disguises.as_format_patch([mail for n, mail in enumerate(SERIES, 1) if n not in left]))
    code, out, err = ran(capsys, "series", file, "--explore", "--get", "toy_get", "--put", "toy_put")
    assert code == 2 and said in out and "no patch was judged" in err


@pytest.mark.slow
def test_ten_thousand_hunks(capsys, tmp_path):
    rows = [[f"@@ -{k * 20 + 1},7 +{k * 20 + 1},7 @@ void f{k}(void)\n \tint a{k};\n \tint b;\n \n-\told_{n - 1}_{k}();\n+\told_{n}_{k}();\n \treturn 0;\n }}\n \n" for k in range(10_000)] for n in (1, 2)]  # fmt: skip
    file = tmp_path / "many"
    file.write_bytes(
        b"".join(
            patch_mail(
                n, "diff --git a/x.c b/x.c\n--- a/x.c\n+++ b/x.c\n" + "".join(some), f"x: part {n}", "Text.", total=2
            )
            for n, some in enumerate(rows, 1)
        )
    )
    code, out, _ = ran(capsys, "series", file, "--explore", "--run", "f1();")
    assert code == 2 and out.count("changes nothing that is raced") + out.count("f1()") >= 2


@GIT
def test_a_range_with_merges_is_refused(capsys, repository, monkeypatch):
    monkeypatch.chdir(repository)
    git(repository, "checkout", "-qb", "side", "HEAD~1")
    (repository / "other").write_text("x")
    git(repository, "add", "other")
    git(repository, "commit", "-qm", "beside")
    git(repository, "merge", "-q", "--no-edit", "main")
    code, _, err = ran(capsys, "series", "HEAD~3..", "--explore", *RUN)
    assert code == 2 and "1 merges in it" in err and len(err.splitlines()) == 1


def test_two_series_of_one_version_have_each_a_name(capsys, tmp_path):
    file = tmp_path / "both"
    rfc = (
        disguises.as_mbox()
        .replace(b"[PATCH v2", b"[RFC PATCH v2")
        .replace(b"<20250101.", b"<20240101.")
        .replace(b"toy: switch the power by users", b"toy: an idea")
    )
    file.write_bytes(rfc + disguises.as_mbox())
    code, out, _ = ran(capsys, "series", file, "--explore", *RUN)
    assert code == 0 and "--after 'v2#1:3'" in out and "--after 'v2#2:3'" in out
    texts = [ran(capsys, "series", file, "--explore", *RUN, "--after", f"v2#{k}:2")[1] for k in (1, 2)]
    assert texts[0] == texts[1] != ""


@pytest.mark.parametrize(("words", "said"), [
    (("--run", "f("), "--run 1, line 1, column 2: `(`: it is never closed"),
    (("--run", "f();", "--softirq", "g(;"), "--softirq"),
    (("--roles", "z"), "role z: a CPU does life, get, put"),
])  # fmt: skip
def test_what_is_raced_is_looked_at_before_the_patches(capsys, mbox, words, said):
    code, out, err = ran(capsys, "series", mbox, "--explore", *words)
    assert (code, out, len(err.splitlines())) == (2, "", 1) and said in err


def test_a_base_that_is_no_c_by_its_name_is_not_left_out_in_silence(capsys, mbox, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "before.txt").write_text("int a;\n")
    _, out, _ = ran(capsys, "series", mbox, "--explore", *RUN, "--base", "before.txt")
    assert "before.txt is left out: its name does not end in .c or .h" in out
