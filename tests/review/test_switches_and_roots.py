"""What stands beside the verdicts: the twelve patches as switches, files that ask after which patch they are, which get and put are raced."""

import pytest

from tdxkit.errors import InputError
from tdxkit.review.applied import alike, at_patch, named_as, names_in
from tdxkit.review.patches import (
    FOUNDATION,
    TOTAL,
    after_edges,
    file_edges,
    needs_edges,
    prefix,
    series,
    users_of,
    without,
)
from tdxkit.review.racing import Racing
from tdxkit.review.wanting import some


def test_the_edges_of_the_series_and_its_prefixes():
    assert (12, {1, 2, 3, 4}) == (TOTAL, FOUNDATION) and prefix(0) == set() and prefix(12) == {*range(1, 13)}
    for bad in (-1, 13):
        with pytest.raises(InputError):
            prefix(bad)
    for bad in (0, 13):
        with pytest.raises(InputError, match="the patches are 1 to 12"):
            without(bad)
    assert without(12) == prefix(11) and without(5) == prefix(12) - {5}
    with pytest.raises(InputError, match="leave out one of 5 to 12"):
        without(4)
    assert needs_edges() == tuple((p.n, q) for p in series() for q in p.needs) and all(
        a > b for a, b in (*needs_edges(), *after_edges())
    )
    assert file_edges([3]) == tuple((3, path) for path in series()[2].files) and len(file_edges()) == sum(
        len(p.files) for p in series()
    )
    assert 8 in users_of(7) and users_of(12) == () and str(series()[4]).startswith("05/12 ")


@pytest.mark.parametrize(
    ("condition", "after"),
    [(">= 2", {2, 3}), ("> 2", {3}), ("<= 2", {1, 2}), ("< 2", {1}), ("== 2", {2}), ("!= 2", {1, 3})],
)
def test_a_file_beside_asks_after_which_patch_it_is(condition, after):
    text = f"#if PATCH {condition}\nint a;\n#else\nint b;\n#endif\nint c;"
    for patch in (1, 2, 3):
        assert at_patch(text, patch).split() == ["int", "a;" if patch in after else "b;", "int", "c;"]


def test_conditions_in_conditions_and_of_something_else():
    text = "#ifdef X\nint a;\n#if PATCH > 1\nint b;\n#endif\n#else\nint c;\n#endif"
    assert at_patch(text, 1).split("\n") == ["#ifdef X", "int a;", "", "", "", "#else", "int c;", "#endif"]
    assert at_patch(text, 2).split("\n")[3] == "int b;"
    inside = "#if PATCH > 1\n#ifdef X\nint a;\n#endif\n#endif\n#endif"
    assert at_patch(inside, 1).split("\n") == ["", "", "", "", "", "#endif"]
    assert at_patch(inside, 2).split("\n") == ["", "#ifdef X", "int a;", "#endif", "", "#endif"]


def test_names_and_paths():
    assert (
        names_in("static int f(struct x *p)") == "f"
        and names_in("int x;") == ""
        and some(["a", "b", "c", "d", "e"]) == "a() and b() and c() and d()"
    )
    assert [alike(*pair) for pair in (("a/b/c", "x/b/c"), ("a/b", "a/c"), ("c", "a/c"), ("a/c", "a/c"))] == [2, 0, 1, 2]
    assert named_as("") == "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391", "as git hash-object has it"


@pytest.mark.parametrize(
    ("racing", "functions", "roots"),
    [
        (Racing(), ["a_get", "a_put"], ("a_get", "a_put")),
        (Racing(), ["get", "put"], ("get", "put")),
        (Racing(), ["a_get", "b_put"], ()),
        (Racing(), ["target", "aget", "aput"], ()),
        (Racing(get="x"), ["a_get", "a_put"], ("x", "a_put")),
        (Racing(put="x"), ["a_get", "a_put"], ("a_get", "x")),
        (Racing(get="x", put="y"), [], ("x", "y")),
        (Racing(get="x"), [], ()),
    ],
)
def test_which_get_and_put_are_raced(racing, functions, roots):
    assert racing.roots(functions) == roots


def test_two_pairs_are_asked_for():
    with pytest.raises(InputError, match="a_get, b_get have a put each"):
        Racing().roots(["b_get", "b_put", "a_get", "a_put"])
    assert (
        Racing(run=("f(); g(); f();",)).called() == ("f", "g")
        and Racing(get="x").called() == ("x",)
        and Racing().called() == ()
    )
