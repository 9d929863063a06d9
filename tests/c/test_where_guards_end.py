"""What a guard holds is given back at the } of its scope, whichever way out is taken."""

from tdxkit.c.harness import scenario_of_c
from tdxkit.errors import TdxkitError
from tdxkit.explore.telling import replay_steps

TEXT = """static DEFINE_SPINLOCK(door);
static int users;

static int one(int a)
{
	guard(spinlock)(&door);
	if (a)
		return 1;
	users++;
	return users;
}

static void two(void)
{
	scoped_guard(spinlock, &door) {
		users++;
		if (users)
			break;
	}
	scoped_guard(spinlock, &door)
		users++;
	{
		guard(spinlock)(&door);
		if (users)
			goto out;
	}
out:
	users = 0;
}
"""


def unlocks(call):
    one = scenario_of_c(TEXT, run=(call,), threads=1)
    first = {f.__name__: f.__code__.co_firstlineno for f in one.texts}
    steps = 0
    while True:
        try:
            run = replay_steps(one, [(0, 0)] * (steps + 1))
        except TdxkitError:
            break
        steps += 1
    run = replay_steps(one, [(0, 0)] * steps)
    return [first[s.line.text] + s.line.index for s in run.steps if s.kind == "unlock"]


def test_they_are_lit_at_the_brace():
    assert unlocks("one(0);") == unlocks("one(1);") == [11]
    assert unlocks("two();") == [19, 21, 26]
