"""An answer about C names the statements that no run came to, and an ok that rests on nothing says so first."""

import json

import pytest

from tdxkit.c.naming import scenario_of
from tdxkit.cli import main
from tdxkit.explore.judging import judge
from tdxkit.review.own import answering
from tdxkit.work import drive

TEXT = """static int x;
static int over;
static int w(int v)
{
	if (v > 3)
		return -1;
	for (int i = 0; i < v; i++) {
		if (x < 0) {
			x = 2;
			x = 3;
		}
		x = v; if (v == 9) x = 4;
	}
	switch (v) {
	case 1:
		over = 1;
		break;
	default:
		over = 2;
		goto out;
	}
	over = 3;
out:
	return 0;
}
static int helper(int v)
{
	int a;
	int b = v;

	a = x;
	return a + b;
}
static void never(void)
{
	helper(1);
}
"""
ALONE = "all of helper, never, which nothing here calls"


def judged(*run, text=TEXT, **more):
    return judge(scenario_of(text, run=run, **more)).result


@pytest.mark.parametrize("memory", ["sc", "tso"])
def test_the_statements_that_no_run_came_to(memory):
    found = judge(scenario_of(TEXT, run=("w(1);",)).on(memory)).result
    assert found.unrun == ("line 6, 9–10, 19–20 of w", "part of line 12 of w", ALONE)
    assert not found.doubt
    assert judged("w(1);", "w(2);").unrun == ("line 6, 9–10 of w", "part of line 12 of w", ALONE)
    assert judged("w(1); w(2);", "w(4);").unrun == ("line 9–10 of w", "part of line 12 of w", ALONE)


def test_of_a_run_too_and_what_is_called_by_what_never_runs():
    found = judged("if (w(1)) helper(x);\nw(2);", "x = 1;")
    assert found.unrun[-3:] == ("all of helper", "part of line 1 of --run 1", "all of never, which nothing here calls")


def test_each_search_has_marks_of_its_own_whoever_takes_turns():
    from tdxkit.explore.judging import judging

    one, other = judging(scenario_of(TEXT, run=("w(1);",))), judging(scenario_of(TEXT, run=("w(1);",)).on("tso"))
    next(one), next(other)
    first = drive(one).result
    assert first.unrun == drive(other).result.unrun == ("line 6, 9–10, 19–20 of w", "part of line 12 of w", ALONE)
    assert judged("w(4);").unrun[0] == "line 7–24 of w"


PAIR = """static DEFINE_SPINLOCK(lock);
int t_get(unsigned long pfn) { if (%s) return 0; spin_lock(&lock); spin_unlock(&lock); return 0; }
void t_put(unsigned long pfn) { spin_lock(&lock); spin_unlock(&lock); }
"""


def test_an_ok_of_what_took_no_step_is_no_plain_one(capsys, tmp_path):
    found = judged("w(4);", "x = 1;")
    assert (found.verdict, found.doubt) == ("ok", "--run 1 takes no step in any run and of 16 lines only 4 ever ran")
    assert judged("x = 1;").doubt == ""
    text = PAIR % "1"
    one = scenario_of(text)
    held = judge(one.without(*(rule.name for rule in one.properties))).result
    assert (held.verdict, held.doubt) == ("ok", "t_get takes no step in any run")
    held = judge(one.make(2, 1).without(*(rule.name for rule in one.properties))).result
    assert held.doubt == "t_get takes no step in any run"
    (tmp_path / "t.c").write_text(TEXT)
    assert main(["explore", str(tmp_path / "t.c"), "--run", "w(4);"]) == 0
    said = capsys.readouterr().out.splitlines()[0]
    assert said.startswith(
        "t, 2 threads × 1 round: ok, but --run 1 takes no step in any run and of 15 lines only 3 ever ran; never executed: "
    )
    assert main(["explore", str(tmp_path / "t.c"), "--run", "w(4);", "--json", "--lines"]) == 0
    assert json.loads(capsys.readouterr().out)["doubt"].startswith("--run 1 takes no step")
    assert "--run 1 takes no step in any run" in drive(answering(scenario_of(TEXT, run=("w(4);",)))).head


def test_lines_of_what_breaks_are_told_where_they_are_asked_for():
    scenario = scenario_of(TEXT, run=("WARN_ON(w(1) != 1);",))
    assert judge(scenario).result.unrun == ()
    assert judge(scenario, lines=True).result.unrun[0] == "line 6, 9–10, 19–20 of w"
