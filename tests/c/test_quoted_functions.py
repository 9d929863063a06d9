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
    text = "> what do you have in mind?\n> void a(void)\n> {\n> }\n\nThis:\n\nint n;\nvoid a(void)\n{\n\tn++;\n\n\tWARN_ON(n > 1);\n}\n"
    found = judge(scenario_of(text, run=("a();",))).result
    assert found.property == "WARN_ON() of line 13 never fires"
    assert "read as what the mail says" in found.remarks and "line 6: no C, left out" in found.remarks


HEAD = "From: A <a@example.org>\nSubject: Re: locks\nMessage-ID: <1@example.org>\n"


@pytest.mark.parametrize("sign", ["", "> "])
@pytest.mark.parametrize("encoded", [False, True])
def test_a_mail_with_a_header_and_a_signature(sign, encoded):
    body = "I think of this:\n\n" + "\n".join(sign + row[2:] for row in QUOTED.splitlines()) + "\n\nRight?\n-- \nA;\n"
    head = HEAD + "Content-Transfer-Encoding: quoted-printable\n" * encoded
    found = judge(scenario_of(head + "\n" + (body.replace("=", "=3D") if encoded else body), run=("a();",))).result
    assert found.property == f"WARN_ON() of line {11 + encoded} never fires" and not found.doubt


def test_prose_alone_is_refused():
    with pytest.raises(InputError, match="no function and no declaration of C stands in it"):
        scenario_of(HEAD + "\nIs that so?\n> I think it is.\n", run=("a();",))


def test_what_stands_between_blank_lines_inside_a_function_is_c():
    text = HEAD + "\nThis:\n\nint n;\nvoid a(void)\n{\n\n\tif (n++ > 5)\n\n\t\treturn;\n\n\tWARN_ON(n > 1);\n}\n"
    assert judge(scenario_of(text, run=("a();",))).result.property == "WARN_ON() of line 15 never fires"
