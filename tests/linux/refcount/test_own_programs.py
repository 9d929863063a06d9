"""A reader's own functions, as a notebook has them: the scenario, the text they make, and a packet that replays from the mail alone."""

import linecache
import re
import shlex

import pytest

from tdxkit.cli import main
from tdxkit.errors import InputError, ModelError
from tdxkit.explore import Scenario, Thread, always, explore, replay
from tdxkit.explore.program import BOUND, OWN_BOUND
from tdxkit.explore.schedule import encode
from tdxkit.linux.refcount import of_programs, scenario, scenario_of, v6
from tdxkit.review.lens import lens
from tdxkit.review.packet import packet
from tdxkit.view import Stepper

CELLS = {
    "<cell 1>": "from tdxkit.linux.refcount.module import *\nfrom tdxkit.kinds import locked as atomically\nRETRIES = 2\nprint",
    "<cell 2>": """
def helper(m, region):
    yield atomically("atomic_dec", "refcount")
    m.refcount[region] -= 1
    return m.refcount[region]


undo = 1 / 1  # what stands around a function is not of it
""",
    "<cell 3>": """
def put(m, region):
    yield from spin_lock(m, "mylock")
    if not (yield from helper(m, region)) and RETRIES:
        yield from tdh_phymem_pamt_remove(m, region)
        yield from free_pages(m)
    yield from spin_unlock(m, "mylock")
""",
}


def notebook(**cells):
    """The names that cells leave behind, with their sources where Python looks for them."""
    names = {"__name__": "__main__"}
    for name, text in {**CELLS, **cells}.items():
        linecache.cache[name] = (len(text), None, text.splitlines(True), name)
        exec(compile(text, name, "exec"), names)
    return names


def mine(**more):
    return of_programs(notebook()["put"], locks=("mylock",), **more)


def test_the_text_of_functions_has_what_they_need_and_nothing_else():
    made = mine()
    assert made.own.text.splitlines()[:5] == [
        "from tdxkit.kinds import locked as atomically",
        "from tdxkit.linux.refcount.module import free_pages",
        "from tdxkit.linux.refcount.module import spin_lock",
        "from tdxkit.linux.refcount.module import spin_unlock",
        "from tdxkit.linux.refcount.module import tdh_phymem_pamt_remove",
    ]
    assert "RETRIES = 2\n" in made.own.text and "LOCKS = ('mylock',)" in made.own.text and "undo" not in made.own.text
    changed = notebook(**{"<cell 2>": CELLS["<cell 2>"].replace("-= 1", "-= 2")})["put"]
    assert of_programs(changed, locks=("mylock",)).own.digest != made.own.digest == mine().own.digest


def test_a_packet_of_a_notebooks_put_replays_from_the_mail_alone(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    made = mine()
    mail = packet(replay(made, explore(made).schedule), made)
    name, text = re.search(r"^-- >8 -- (\S+)\n(.*)^-- >8 --$", mail, re.M | re.S).groups()
    (tmp_path / name).write_text(text)
    words = shlex.split(mail[mail.index("python -m tdxkit") : mail.index("-- >8")].replace("\\\n", ""))[3:]
    assert main(words) == 0
    assert "!! a page came into use without a pair" in capsys.readouterr().out


def test_a_packet_that_nobody_could_replay_is_refused():
    made = mine(rules=(always("held", lambda m: True),))
    run = replay(made, explore(made).schedule)
    with pytest.raises(InputError, match="its functions cannot be written as a file"):
        packet(run, made)
    one = mine()
    with pytest.raises(InputError, match="give that: packet"):
        packet(replay(one, explore(one).schedule), "mine")


def test_a_code_of_another_text_is_refused_in_a_stepper_too():
    made = mine()
    code = explore(made).schedule
    other = of_programs(notebook(**{"<cell 2>": CELLS["<cell 2>"] + "\n"})["put"], locks=("mylock",), name="mine")
    assert replay(other, code)  # lines around a function are not its text
    changed = of_programs(notebook(**{"<cell 1>": CELLS["<cell 1>"].replace("2", "3")})["put"], locks=("mylock",))
    with pytest.raises(InputError, match="made from a reader's text whose SHA-256 begins so, and that of mine begins"):
        replay(changed, code)
    said = Stepper(replay(changed, explore(changed).schedule), replay=lambda c: replay(changed, c)).paste(code)
    assert said.startswith("schedule code, end %")


@pytest.mark.slow
def test_lens_and_scheduler_take_a_function_and_a_file(tmp_path):
    put = notebook()["put"]
    made = of_programs(put, locks=("mylock",))
    seen = lens(["v6", made])
    assert {c.version: c.shared["locked"] for c in seen.costs} == {"v6": 0, "mine": 2}
    (path := tmp_path / "own.py").write_text(made.own.text)
    assert lens([f"{path}:put"]).costs[0].alone == seen.costs[1].alone
    game = Stepper.scheduler(f"{path}:put", goal="use-has-pair")
    assert "Goal: break the rule “a page in use must have its pair”" in str(game)
    walk = game._walk["graph"]
    assert walk["tail"] == [f"%{scenario_of(f'{path}:put').own.digest[:8]}"]


def test_a_scenario_at_another_size():
    assert scenario_of(scenario("v2"), 3, 2) == scenario("v2", 3, 2)
    grown = scenario_of(mine(name="grown"), 3)
    assert (grown.name, grown.count, grown.own) == ("grown", 3, mine().own)
    alone = Scenario("alone", {"n": 0}, (Thread(notebook()["put"], (0,)),))
    with pytest.raises(InputError, match="it was made with 1 × 1"):
        scenario_of(alone, 2)


def test_a_search_of_a_readers_own_code_has_a_bound_wherever_it_is_called():
    assert (mine().bound, scenario("v2").bound, of_programs(v6.put, v6.get).bound) == (OWN_BOUND, BOUND, BOUND)


def test_roles_begin_with_what_is_given_back():
    made = of_programs(v6.put, v6.get, roles=("get", "put", "put"), rounds=2, regions=2)
    first = made.layout
    assert dict(zip(first.labels, first.first)) == {
        **{"refcount[0]": 2, "refcount[1]": 2, "pair[0]": True, "pair[1]": True},
        **{"users[0]": 2, "users[1]": 2, "pamt_lock": False},
    }
    assert made.subtitle == "3 CPUs: get, put, put, 2 × each, 2 regions"
    assert explore(made).verdict == "ok"


def test_a_getter_that_loses_a_reference_is_found_though_nobody_gives_it_back():
    def get(m, region):
        if not m.refcount[region]:
            err = yield from v6.get(m, region)
            return err
        yield "atomic_inc, forgotten"
        return 0

    def looks(m, region):
        yield "look"
        return (yield from get(m, region))

    found = explore(of_programs(v6.put, looks, roles="get,get"))
    assert found.property == "at the end the refcount must count the pages in use"
    assert explore(of_programs(v6.put, v6.get, roles="get,get")).verdict == "ok"


def test_a_lock_named_alone_and_a_name_with_markup():
    made = of_programs(notebook()["put"], locks="mylock", name="s6 <b> é'")
    code = explore(made).schedule
    assert code.startswith("s6__b____:2x1:") and replay(made, code).code == code
    assert encode(made, ()).endswith(f"%{made.own.digest[:8]}")


def test_nothing_but_a_name_a_file_a_function_or_a_scenario_is_one():
    with pytest.raises(InputError, match="it is a name, FILE"):
        scenario_of(7)
    with pytest.raises(ModelError, match="a program is a generator function"):
        scenario_of(lambda m, region: None)
