"""A reader's own get and put: what may be declared and asked for, at the edges, and what is said of the rest."""

from functools import partial
from pathlib import Path

import pytest

from tdxkit.errors import InputError, ModelError
from tdxkit.explore.rules import always
from tdxkit.linux.refcount import scenario, scenario_of, v6
from tdxkit.linux.refcount.own import CARD, around, of_programs, roles_of
from tdxkit.linux.refcount.own_file import LARGEST, of_python
from tdxkit.linux.refcount.own_text import line_at, line_of, names_in, text_of, tidy
from tdxkit.linux.refcount.registry import MOST_REGIONS

RULE = always("small", lambda m: m.refcount[0] < 9)
PUT = "from tdxkit.linux.refcount import v6\ndef put(m, region):\n    yield from v6.put(m, region)\n"


def mine(m, region):
    yield "look"


def plain(m, region):
    return 0


def three(m, region, more):
    yield "look"


@pytest.mark.parametrize(
    "wrong, said",
    [
        ({"put": plain}, "plain: a program is a generator function"), ({"put": three}, r"three: it is called as \(m, region\)"), ({"get": plain}, "plain: a program"),
        ({"shared": [1]}, "SHARED: it maps each name"), ({"locks": 5}, "LOCKS: it is a tuple"), ({"mutexes": 5}, "MUTEXES: it is a tuple"),
        ({"rules": 5}, "RULES: it is a tuple"), ({"rules": ("x",)}, "RULES: x: it holds rules"), ({"rules": (None,)}, "RULES: None: it holds rules"), ({"shared": {"pair": 1}}, "shared variable pair: every get and put"),
        ({"shared": {"pamt_lock": False}}, "shared variable pamt_lock"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_the_readers_mistake(wrong, said):
    with pytest.raises(ModelError, match=said):
        of_programs(**{"put": mine} | wrong)


@pytest.mark.parametrize(
    "wrong, said",
    [
        ({"regions": 0}, "regions 0: there are 1 to 4"), ({"regions": MOST_REGIONS + 1}, "regions 5"), ({"regions": True}, "regions True"), ({"regions": "2"}, "regions 2"),
        ({"roles": ("steal",)}, "role steal: a CPU does life, get, put"), ({"roles": "get, ,put"}, "role : a CPU does"), ({"roles": ("steal",), "threads": 5}, "role steal"),
        ({"roles": ("get", "put"), "threads": 3}, "3 threads: there are 2 roles"), ({"faults": ("enomen",)}, "fault enomen: .*try enomem"), ({"faults": "enomem,"}, "fault : nothing goes wrong"), ({"faults": "zzz"}, "fault zzz: .*page-by-page"),
        ({"rounds": 0}, "rounds 0"), ({"threads": 99}, "threads 99"),
    ],
)  # fmt: skip
def test_a_size_or_a_name_that_is_none_is_bad_input(wrong, said):
    with pytest.raises(InputError, match=said):
        of_programs(mine, **wrong)


def test_words_with_commas_and_tuples_mean_the_same():
    words = of_programs(mine, roles="get, put", faults="enomem, add-fails", locks="a", rules=RULE)
    tuples = of_programs(mine, roles=("get", "put"), faults=("enomem", "add-fails"), locks=("a",), rules=(RULE,))
    for made in (words, tuples):
        assert [k for k, v in made.constants.items() if v] == ["memory_may_run_out", "add_may_fail"] and made.locks == (
            "pamt_lock",
            "a",
        )
        assert RULE in made.properties and made.subtitle.startswith("2 CPUs: get, put, 1 × each")
        assert made.title == "mine: a reader's own put, memory may run out, ADD may fail" and made.card == CARD
    assert roles_of("", None) == roles_of((), 7) == () and roles_of("life,get", 2) == ("life", "get")
    assert (
        around(("get", "put"), 2, ("enomem",)) == ("--roles", "get,put", "--regions", "2", "--faults", "enomem")
        and around() == ()
    )


def test_locks_begin_free_and_stand_beside_pamt_lock():
    made = of_programs(mine, mine, shared={"n": 3}, locks=("a", "pamt_lock"), mutexes=("b", "a"))
    first = dict(zip(made.layout.labels, made.layout.first))
    assert (
        (first["a"], first["b"], first["n"]) == (False, False, 3)
        and made.locks == ("pamt_lock", "a", "b")
        and made.mutexes == ("b", "a")
    )
    assert made.title.startswith("mine: a reader's own get and put") and of_programs().title.startswith(
        "mine: a reader's own nothing"
    )


def test_two_cpus_or_as_many_as_there_are_roles_and_again_at_another_size():
    made = of_programs(mine, threads=3, rounds=2)
    assert (made.count, made.rounds, of_programs(mine).count, of_programs(mine, roles=("get",) * 4).count) == (
        3,
        2,
        2,
        4,
    )
    grown = scenario_of(made, 2, 1)
    assert (grown.count, grown.rounds, grown.name, grown.own) == (2, 1, made.name, made.own) and scenario_of(
        made
    ) is made
    assert (scenario_of("v6").count, scenario_of("v6", 3).count, scenario_of(mine, 4, 2).rounds) == (2, 3, 2)
    with pytest.raises(InputError, match="roles of v6: it goes with a file of your own"):
        scenario_of("v6", roles=("get",))
    with pytest.raises(InputError, match=r"scenario 5: it is a name, FILE.py:put or a function"):
        scenario_of(5)


def test_a_design_in_the_place_of_one_is_named_among_the_options():
    assert (
        of_programs(v6.put, v6.get).own.options == ("--put", "v6", "--get", "v6") and of_programs(v6.put).own.text == ""
    )
    own = of_programs(mine, three and mine).own
    assert own.target == "mine" and own.options == ("--get", "mine")
    assert of_programs(partial(mine)).own.text == "" and of_programs(partial(mine)).own.target == "mine"
    assert of_programs(mine, rules=(RULE,)).own.text == "" and "def mine(m, region):" in of_programs(mine).own.text


@pytest.mark.parametrize(
    "name, said",
    [
        ("x.py", "FILE.py:FUNCTION"),
        ("x.py:", "FILE.py:FUNCTION"),
        ("x.py:1a", "FILE.py:FUNCTION"),
        ("none.py:put", "none.py"),
    ],
)
def test_a_file_is_named_with_its_function(name, said):
    with pytest.raises(InputError, match=said):
        scenario_of(name)


@pytest.mark.slow
def test_a_file_has_a_size_and_must_run(tmp_path):
    path = tmp_path / "r.py"
    path.write_text(PUT + "#" * (LARGEST - len(PUT)))
    assert scenario_of(f"{path}:put").own.target == "put" and LARGEST == 1 << 20
    path.write_text(PUT + "#" * (LARGEST + 1 - len(PUT)))
    with pytest.raises(InputError, match="at most 1 MiB"):
        scenario_of(f"{path}:put")
    for text, said in (
        ("def put(:\n", "line 1: it is not Python"),
        ("1/0\n", "stops with ZeroDivisionError"),
        ("raise SystemExit(3)\n", "stops with SystemExit"),
    ):
        path.write_text(text)
        with pytest.raises(ModelError, match=said):
            scenario_of(f"{path}:put")
    path.write_text(PUT + "n = 5\n")
    with pytest.raises(InputError, match=r"n in .*it is a generator function"):
        scenario_of(f"{path}:n")
    with pytest.raises(InputError, match=r"--get pt: neither .* nor a design has it; try put"):
        scenario_of(f"{path}:put", get="pt")
    with pytest.raises(InputError, match=r"--put v6: .*names the put already"):
        scenario_of(f"{path}:put", put="v6")
    assert scenario_of(f"{path}", put="put", get="v2").own.options == ("--get", "v2", "--put", "put")
    assert scenario_of(f"{path}:put", label="x.y").name == "x.y" and scenario_of(f"{path}:put").name == "r.put"


def test_a_text_is_a_file_without_a_name():
    made = of_python(PUT)
    assert (made.name, made.own.file, made.own.target, made.own.text) == (
        "text.put",
        "",
        "put",
        PUT,
    ) and made.count == 2
    with pytest.raises(InputError, match="no put"):
        of_python("x = 1")


@pytest.mark.parametrize("text, clean", [("a\r\nb\r", "a\nb\n"), ("a", "a\n"), ("a\n\n \n", "a\n"), ("", "\n")])
def test_a_text_is_made_tidy(text, clean):
    assert tidy(text) == clean


def test_what_a_function_uses_is_found_in_what_is_inside_it_too():
    def outer():
        return [len(x) for x in sorted(RULE)] + (lambda: mine)()

    assert {"len", "sorted", "RULE", "mine"} <= set(names_in(outer.__code__)) and text_of((partial(mine),), {}) == ""
    assert (
        text_of((mine,), {"SHARED": {"n": 1}, "LOCKS": ()})
        == "SHARED = {'n': 1}\n\n\ndef mine(m, region):\n    yield \"look\"\n"
    )
    assert text_of((mine,), {"RULES": object()}) == ""


def test_the_line_of_an_error_is_the_readers():
    try:
        plain(None, 1 // 0)
    except ZeroDivisionError as error:
        assert line_of(error).endswith(": plain(None, 1 // 0)") and line_of(error).split(":")[0].isdigit()
    assert line_of(ValueError()) == "" and scenario("v6").own is None


def helper(m):
    return len(m.pair)


def leans_on_others(m, region):
    yield helper(m), partial(three)


def test_a_line_is_found_in_what_a_function_uses_by_name():
    first = helper.__code__.co_firstlineno
    assert line_at((leans_on_others,), "helper", first + 1) == "return len(m.pair)"
    assert line_at((partial(mine), mine), "mine", mine.__code__.co_firstlineno) == "def mine(m, region):"
    assert line_at((leans_on_others,), "mine", first) == line_at((v6.put,), "put", 1) == ""


@pytest.mark.slow
def test_a_whole_scenario_has_the_size_that_is_asked_for_and_nothing_else_is(tmp_path, monkeypatch):
    text = "from dataclasses import replace\nfrom tdxkit.linux.refcount import scenario\nRACE = scenario('v2')\nFIXED = replace(RACE, make=None)\n"
    monkeypatch.chdir(tmp_path)
    (path := Path("mine.py")).write_text(text)
    sizes = [
        (one.count, one.rounds)
        for one in (scenario_of(f"{path}:RACE", *size) for size in ((), (3,), (None, 2), (2, 1)))
    ]
    assert sizes == [(2, 1), (3, 1), (2, 2), (2, 1)]
    assert scenario_of(f"{path}:RACE", 3).own.target == "RACE" and scenario_of(f"{path}:FIXED", 2).count == 2
    with pytest.raises(InputError, match=r"with 3 × 1: it was made with 2 × 1"):
        scenario_of(f"{path}:FIXED", 3)
    with pytest.raises(InputError, match=r"get of mine\.py:RACE: it is a whole scenario"):
        scenario_of(f"{path}:RACE", get="v2")
