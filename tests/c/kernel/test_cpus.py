"""smp_processor_id() and current: another one on each CPU, the same all the time on one; what may not be done with a task."""

from pathlib import Path

import pytest

from tdxkit.c.harness import scenario_of_c, value_of
from tdxkit.errors import InputError, ModelError
from tdxkit.explore.search import explore
from tdxkit.explore.telling import replay
from tdxkit.facts import data_path

OWNER = "struct task_struct *owner; atomic_t taken; int n;\n"
IN = "if (!atomic_cmpxchg(&taken, 0, 1)) { WRITE_ONCE(owner, current); n++; WARN_ON(READ_ONCE(owner) != current); WRITE_ONCE(owner, NULL); atomic_set(&taken, 0); }"
HEAD = "_get(kvm_pfn_t pfn)\n{\n"


def fired(text, *run, memory="sc", **more):
    result = explore(scenario_of_c(text, run=run, **more), "none", memory=memory)
    return result.property if result.verdict == "violation" else ""


@pytest.mark.parametrize("memory", ["sc", "tso"])
@pytest.mark.parametrize("word", ["smp_processor_id", "raw_smp_processor_id"])
def test_the_number_is_the_cpu_s(word, memory):
    for number, threads in ((0, 1), (1, 2), (3, 4)):
        assert "WARN_ON()" in fired("", f"WARN_ON({word}() == {number});", threads=threads, memory=memory)
        assert not fired("", f"WARN_ON({word}() > {number});", threads=threads, memory=memory)
    assert not fired("", "int n = 3; n++;", f"WARN_ON({word}() != 1);", memory=memory)
    assert fired("", f"WARN_ON({word}() != 1);", "int n;", memory=memory)


@pytest.mark.parametrize("memory", ["sc", "tso"])
def test_current_is_the_same_on_one_cpu_and_another_on_others(memory):
    assert not fired(OWNER, "WARN_ON(current != current || !current);", memory=memory)
    assert not fired(OWNER, IN + " WARN_ON(READ_ONCE(owner) == current);", memory=memory)
    assert fired(OWNER, "WRITE_ONCE(owner, current); WARN_ON(READ_ONCE(owner) != current);", memory=memory)


def test_a_function_far_in_and_one_with_objects_on_its_stack_know_it_too():
    text = "int deep(int *x) { int y[2] = { 5, 6 }; int *p = y; p[1] += *x; return p[1] + smp_processor_id(); }\n"
    text += "int middle(void) { int x = 10, *p = &x; return deep(p); }\n"
    assert not fired(text, "int z = 1, *q = &z; WARN_ON(middle() != 16 || *q != 1);", "WARN_ON(middle() != 17);")
    assert value_of(text, "middle", ()) == 16


def test_a_get_and_a_put_ask_for_it():
    text = Path(data_path("designs/v6.c")).read_text(encoding="utf-8")
    assert HEAD in text
    for number, verdict in ((1, "violation"), (2, "ok")):
        asks = text.replace(HEAD, f"{HEAD}\tWARN_ON(smp_processor_id() == {number});\n")
        assert explore(scenario_of_c(asks), "none").verdict == verdict


def test_who_does_not_ask_has_no_number():
    same = scenario_of_c("int n;", run=("n++;",))
    assert same.threads[0] == same.threads[1]


@pytest.mark.parametrize(
    "run,error,said",
    [
        ("smp_processor_id(1);", InputError, "it takes 0 arguments, and gets 1"),
        ("n = current->pid;", InputError, "struct task_struct has no such member here; paste the struct's definition"),
        (
            "struct t *t = (struct t *)current; n = t->x;",
            ModelError,
            "`current` of CPU 0: what is in a task is not modelled; compare it",
        ),
    ],
)
def test_what_is_not_known_of_a_task(run, error, said):
    with pytest.raises(error) as told:
        fired("int n; struct t { int x; };", run)
    assert said in str(told.value)


def test_a_variable_of_the_text_is_its_own():
    assert not fired("int current = 4;", "WARN_ON(current != 4);")


def test_the_run_names_the_task():
    scenario = scenario_of_c(OWNER, run=("owner = current; WARN_ON(owner != current);",))
    told = str(replay(scenario, explore(scenario).schedule))
    assert "owner CPU 0's task, 0 → CPU 1's task, 0" in told
