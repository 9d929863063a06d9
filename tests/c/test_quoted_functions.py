"""A function that an answer quotes, with its writer's own words above, below and between."""

import pytest

from tdxkit.c.naming import scenario_of
from tdxkit.errors import InputError
from tdxkit.explore.judging import judge

QUOTED = "> int n;\n> void a(void)\n> {\n> \tn++;\n> \tWARN_ON(n != 2);\n> }\n"
SPLIT = QUOTED.replace("> \tWARN_ON", "\nWhy is that so?\n\n> \tWARN_ON")


@pytest.mark.parametrize(
    ("text", "line", "doubt"),
    [
        ("On Monday somebody wrote:\n" + QUOTED, 6, ""),
        ("On Monday somebody wrote:\n" + QUOTED.replace("> ", ">> "), 6, ""),
        ("On Monday somebody wrote:\n" + QUOTED.replace("> ", ">"), 6, ""),
        (QUOTED + "\nI do not see what keeps them apart (see above).\n", 5, ""),
        (SPLIT, 8, "lines may be missing in the paste"),
    ],
)
def test_the_function_is_read_at_the_lines_of_the_mail(text, line, doubt):
    scenario = scenario_of(text, run=("a();",))
    found = judge(scenario).result
    assert (found.verdict, found.property) == ("violation", f"WARN_ON() of line {line} never fires")
    assert found.doubt == doubt and any(r.startswith("read as what the mail quotes") for r in found.remarks)


def test_what_an_answer_itself_brings_is_read_and_not_what_it_quotes():
    text = "> what do you have in mind?\n\nint n;\nvoid a(void)\n{\n\tn++;\n}\n"
    with pytest.raises(InputError, match="line 1"):  # where the question stands, which is no C
        scenario_of(text, run=("a();",))
