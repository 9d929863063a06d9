"""How much is printed of what a reader's code says or holds: so many characters, and where there are more a sign that there were."""

import pytest

from tdxkit.errors import InputError, ModelError
from tdxkit.explore.given import given_scenario
from tdxkit.explore.guard import guarded
from tdxkit.explore.outside import Outside, _name
from tdxkit.explore.program import Scenario, Thread
from tdxkit.explore.promela import _comment, promela
from tdxkit.explore.rules import always
from tdxkit.explore.running import begin, holds, mistake, request, rule_of
from tdxkit.explore.schedule import parse
from tdxkit.explore.search import explore
from tdxkit.explore.split import _marked
from tdxkit.explore.tables import Tables
from tdxkit.explore.values import frozen
from tests.explore.small_programs import one
from tests.house import Housed


def program(m):
    yield "a"


LAYOUT = one(Thread(program)).layout


def raises(kind, length):
    """An error that says so many characters."""
    return kind("x" * length)


def named(length):
    """A function with a name of so many characters, which remembers something."""

    def made():
        return length

    made.__name__ = "x" * length
    return made


def a_class(length):
    return type("x" * length, (), {})


def refusal(function, *args):
    with pytest.raises((ModelError, InputError)) as found:
        function(*args)
    return str(found.value)


def printed(length):
    told: list[str] = []
    guarded(print, "x" * length, told=told)
    return told[0]


def of_rule(length):
    def check(m):
        raise raises(ValueError, length)

    return refusal(holds, always("r", check), Tables(one(Thread(program))).view(0))


def of_arguments(length):
    def refuses(m):
        raise raises(TypeError, length)

    return refusal(begin, Thread(refuses), Tables(one(Thread(program))).memory)


class Holder:
    """An object that says so many characters of itself and knows no `n`."""

    def __init__(self, length):
        self.length = length

    def __repr__(self):
        return "x" * self.length


def asked_of(length):
    error = AttributeError("no", name="n", obj=Holder(length))
    return str(mistake(error, "p", LAYOUT))


def made_of(length):
    def writes(m):
        yield "a"
        m.n = "x" * length

    return refusal(explore, one(Thread(writes), properties=(always("small", lambda m: m.n < 1),)))


def in_promela(where):
    """What a model in Promela says of a value or a choice of so many characters, up to the end of the comment."""

    def says(length):
        def picks(m):
            m.n = yield "pick", ("x" * length, "y") if where == "choice" else ("y", "z")

        text = promela(one(Housed(picks), shared={"n": "x" * length if where == "value" else ""})).text
        kept = [row for row in text.splitlines() if ("pick =" in row if where == "choice" else " holds " in row)]
        return "\n".join(kept).encode("ascii").decode().replace("?", "…")

    return says


def changed_key(length):
    """What is said of a dict beside the memory in which the value of a key of so many characters has changed."""
    kept = {Holder(length): 1}
    there = Outside([kept])
    there.settle()
    kept[next(iter(kept))] = 2
    return refusal(there.check)


WIDTHS = {
    "a value in a comment of Promela": (in_promela("value"), 40),
    "a choice in a comment of Promela": (in_promela("choice"), 20),
    "a comment of Promela": (lambda n: _comment("x" * n).replace("?", "…"), 200),
    "a key of what is watched": (lambda n: _name("owner", Holder(n)), 20),
    "a key of a dict that is watched": (lambda n: changed_key(n), 20),
    "a slip": (lambda n: str(mistake(raises(TypeError, n), "p", LAYOUT)), 90),
    "a rule that an error broke": (lambda n: rule_of(raises(ValueError, n), "p", LAYOUT), 160),
    "an assert": (lambda n: rule_of(raises(AssertionError, n), "p", LAYOUT), 160),
    "a rule that cannot be judged": (of_rule, 90),
    "an argument that is missing": (of_arguments, 90),
    "what is asked for a shared variable": (asked_of, 20),
    "a value of another type than before": (made_of, 20),
    "what is printed": (printed, 200),
    "what is yielded": (lambda n: refusal(request, Holder(n), program(None)), 40),
    "a function made by a step": (lambda n: refusal(frozen, named(n), "n"), 40),
    "a class made by a step": (lambda n: refusal(frozen, a_class(n), "n"), 40),
    "an object that cannot be compared": (lambda n: refusal(frozen, Holder(n), "n"), 40),
    "what is no scenario": (lambda n: refusal(given_scenario, "explore", named(n)), 40),
    "what is no program": (lambda n: refusal(Thread, Holder(n)), 40),
    "what are no arguments": (lambda n: refusal(Thread, program, Holder(n)), 40),
    "what is no thread": (lambda n: refusal(Scenario, "s", {}, (Holder(n),)), 40),
    "a part of a code": (lambda n: refusal(parse, f"v:1x1:0000 {'x' * n}"), 20),
}


@pytest.mark.parametrize("name", WIDTHS)
def test_so_much_is_printed_and_no_more(name):
    says, width = WIDTHS[name]
    assert "x" * width in says(width) and "…" not in says(width).replace("(…)", "").replace("(m, …)", "")
    assert "x" * width + "…" in says(width + 1) and "x" * (width + 1) not in says(width + 1)


def test_a_name_stays_within_a_code_when_it_is_marked():
    assert _marked("x" * 34) == "x" * 34 + "+split" and _marked("x" * 35) == "x" * 34 + "+split"
    assert _marked("a+split") == "a+split+split+split" and len(_marked("x" * 40)) == 40
