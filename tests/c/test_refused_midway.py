"""A search that is refused in the middle: what is known by then is told, and what is not is refused."""

import pytest

from tdxkit.c.harness import scenario_of_c
from tdxkit.errors import ModelError
from tdxkit.explore.search import explore
from tdxkit.explore.telling import replay

T = "struct s { int n; struct s *next; struct list_head l; } *g; int r; static DEFINE_XARRAY(xa);\n"
LOST = "no memory may be lost: somebody points to it, or it is freed"
NEW = "struct s *p = kmalloc(sizeof(*p), GFP_KERNEL);"
LOSES = f"for (;;) {{ {NEW} p->n = 1; }}"
KEEPS = "int i; struct s *t[9]; for (i = 0; i < 9; i++) t[i] = kmalloc(sizeof(*g), GFP_KERNEL); for (i = 0; i < 9; i++) kfree(t[i]);"
TOLD = [  # what CPUs run, the rule that breaks, and after how many steps
    ((LOSES,), LOST, 2),
    ((LOSES, "r = 1;"), LOST, 2),
    ((f"int i; for (i = 0; i < 9; i++) {{ {NEW} WRITE_ONCE(g, p); }}", "r = 1;"), LOST, 4),
    ((f"for (;;) {{ {NEW} p->next = g; g = p; if (p->next) g = NULL; }}", "r = 1;"), LOST, 11),
    ((f"WARN_ON(r); {KEEPS}", "r = 1;"), "WARN_ON() of --run 1, line 1, column 1 never fires", 2),
    ((KEEPS, f"{NEW} p->n = 1;"), LOST, 2),
]
REFUSED = (  # nothing is lost: shared memory, a list, a tree, or the other CPU points to all of them
    (KEEPS, "r = 1;"),
    (f"for (;;) {{ {NEW} p->next = g; g = p; }}", "r = 1;"),
    (f"int i; for (i = 0; i < 9; i++) {{ {NEW} xa_store(&xa, i, p, GFP_KERNEL); }}", "r = 1;"),
    (
        f"LIST_HEAD(mine); int i; for (i = 0; i < 9; i++) {{ {NEW} list_add(&p->l, &mine); }} WARN_ON(list_empty(&mine));",
        "r = 1;",
    ),
    (
        "int i; unsigned long t[9]; for (i = 0; i < 9; i++) t[i] = (unsigned long)&((struct s *)kmalloc(sizeof(*g), GFP_KERNEL))->next; r = !t[i - 1];",
        "r = 1;",
    ),
    (f"{NEW} while (!READ_ONCE(r)) cpu_relax(); kfree(p);", KEEPS.replace("9", "6") + " WRITE_ONCE(r, 1);"),
)


@pytest.mark.parametrize("memory", ["sc", "tso"])
def test_what_is_lost_is_told_though_there_is_no_more(memory):
    for run, rule, steps in TOLD:
        scenario = scenario_of_c(T, run=run).on(memory)
        found = explore(scenario, "none")
        assert (found.verdict, found.property, found.complete) == ("violation", rule, False), run
        assert memory == "tso" or (found.steps, found.exact) == (steps, True), run
        assert any("were not looked for: --run" in line and "wants one more" in line for line in found.remarks)
        assert replay(scenario, found.schedule).steps[-1].broken == (rule,)


def test_what_is_not_lost_is_refused_as_before():
    for run in REFUSED:
        with pytest.raises(ModelError, match="a run has 6 objects of a type at once, and wants one more"):
            explore(scenario_of_c(T, run=run), "none")
    with pytest.raises(ModelError, match="wants one more"):
        explore(scenario_of_c(T, run=(LOSES,)), "none", prop="deadlock")
