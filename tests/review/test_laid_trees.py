"""The files of a series as one text: what is taken, in which order and with how much space, and which file a hunk without a name is for."""

import pytest

from tdxkit.mail.hunks import Hunk
from tdxkit.mail.patchdiff import PatchFile
from tdxkit.review import applied
from tdxkit.review.applied import Tree, before_of


def hunk(*rows: str, at=1, removed=0) -> Hunk:
    kept = sum(row[0] == " " for row in rows)
    added = sum(row[0] == "+" for row in rows)
    return Hunk(at, at, removed + kept, at, added + kept, "", rows, True, range(2, 2 + len(rows)))


def new(path: str, text: str) -> PatchFile:
    rows = text.splitlines()
    return PatchFile(
        path,
        "",
        "new",
        (Hunk(1, 0, 0, 1, len(rows), "", tuple(f"+{row}" for row in rows), True, range(2, 2 + len(rows))),),
    )


def tree(**files: str) -> Tree:
    made = Tree()
    made.lay([new(f"{name}.c", text) for name, text in files.items()], 1)
    return made


def text(made: Tree, *names: str, **more) -> str:
    return made.text(names, **more).text


def test_neighbours_stay_neighbours_and_others_are_a_line_apart():
    body = "int a;\nint b;\nint c;\nvoid f(void) { a = b; }\n"
    assert text(tree(x=body), "f") == "/* x.c */\nint a;\nint b;\n\nvoid f(void) { a = b; }\n"
    assert text(tree(x=body.replace("int c;\n", "")), "f") == "/* x.c */\nint a;\nint b;\nvoid f(void) { a = b; }\n"


def test_two_on_one_line_come_once():
    found = tree(x="int a; int b;\nvoid f(void) { a = b; }\n").text(["f"])
    assert found.text == "/* x.c */\nint a; int b;\nvoid f(void) { a = b; }\n"
    assert found.spans == {"f": (3, 3)} and found.files == ("x.c",) * 3


def test_of_two_files_each_is_named_once():
    found = tree(a="int a;\n", b="void f(void)\n{\n\ta = 1;\n}\n").text(["f"])
    assert found.text == "/* a.c */\nint a;\n\n/* b.c */\nvoid f(void)\n{\n\ta = 1;\n}\n"
    assert (
        found.spans == {"f": (5, 8)} and [row is None for row in found.rows] == [True, False, True, True] + [False] * 4
    )
    odd = Tree()
    odd.lay([new("a b.c", "int a;\nvoid f(void) { a = 1; }\n")], 1)
    assert text(odd, "f").startswith("int a;\n"), "a name with a blank stands in no comment"


def test_what_a_hunk_that_did_not_fit_may_have_changed():
    before = "int a;\n\nvoid f(void)\n{\n\ta = 1;\n}\n\nvoid g(void)\n{\n\ta = 2;\n}\n"
    made = Tree(before=lambda path: before)
    bad = PatchFile("x.c", "", "change", (hunk(" \ta = 9;", "+\ta = 3;", " }", at=5),))
    assert made.lay([bad], 2)
    found = made.text(["f", "g"])
    assert found.doubts and set(found.doubted) <= {"f", "g"} and not found.fresh
    clean = Tree(before=lambda path: before).text
    good = Tree(before=lambda path: before)
    good.begin("x.c")
    assert good.text(["f"]).doubted == () and not good.text(["f"]).fresh and clean


def test_every_line_of_its_functions_has_to_be_brought_by_a_patch():
    before = "int a;\nvoid f(void)\n{\n\ta = 1;\n}\n"
    made = Tree(before=lambda path: before)
    made.lay(
        [
            PatchFile(
                "x.c",
                "",
                "change",
                (hunk(" int a;", " void f(void)", " {", "-\ta = 1;", "+\ta = 2;", " }", removed=1),),
            )
        ],
        1,
    )
    assert not made.text(["f"]).fresh and made.text(["f"]).brought(1) == {5}
    assert tree(x=before).text(["f"]).fresh
    only = Tree(before=lambda path: "int a;\n")
    only.lay([PatchFile("x.c", "", "change", (hunk(" int a;", "+void f(void) { a = 1; }"),))], 1)
    assert only.text(["f"]).fresh, "the variable is none of its functions"


def test_a_file_that_is_no_c_is_not_laid_whatever_becomes_of_it():
    made = tree(x="int a;\n")
    made.files["doc.rst"] = made.files["x.c"]
    made.lay([PatchFile("doc.rst", "", "gone")], 2)
    assert "doc.rst" in made.files
    made.lay([PatchFile("x.c", "", "gone")], 2)
    assert "x.c" not in made.files


def test_a_rename_takes_what_is_known_of_the_file_before():
    made = Tree(before=lambda path: "int a;\n" if path == "old.c" else None)
    made.lay([PatchFile("new.c", "old.c", "rename")], 1)
    assert [(path, chunk.text) for path, chunk in made.chunks()] == [("new.c", "int a;")]
    copy = Tree(before=lambda path: "int a;\n")
    copy.lay([PatchFile("x.c", "other.c", "change", (hunk(" int a;", "+int b;"),))], 1)
    assert [*copy.files] == ["x.c"]


def test_a_change_without_hunks_is_a_doubt_of_its_patch():
    made = tree(x="int a;\n")
    ((path, doubt),) = made.lay([PatchFile("x.c", "", "change")], 3)
    assert (path, doubt.patch, doubt.line, doubt.why) == ("x.c", 3, 0, "its hunks are not here")


def test_a_hunk_without_a_name_goes_to_the_one_file_that_it_fits():
    nameless = PatchFile("", "", "change", (hunk(" int only_here;", "+int more;", at=2),))
    made = tree(a="int a;\nint only_here;\n", b="int b;\n")
    made.lay([nameless], 2)
    assert "int more;" in made.files["a.c"].chunks[0].text and [*made.files] == ["a.c", "b.c"]
    both = tree(a="int a;\nint only_here;\n", b="int b;\nint only_here;\n")
    both.lay([nameless], 2)
    assert "int more;" not in both.files["a.c"].chunks[0].text + both.files["b.c"].chunks[0].text


def test_conditions_keep_what_they_hold_and_files_beside_stand_around():
    made = tree(x="void f(void) { g(); h(); }\n")
    beside = "#ifdef X\n#ifdef Y\nstruct early { int x; };\n#endif\n#endif\nvoid g(void) { struct early e; e.x = 1; }\nvoid h(void) { }\n"
    made.before = lambda path: beside
    made.begin("beside.c", beside=True)
    words = text(made, "f").split()
    order = [words.index(word) for word in ("early", "f(void)", "g(void)", "h(void)")]
    assert order == sorted(order)


def test_a_function_that_is_cut_is_a_part_of_it_and_a_prototype_is_none():
    made = tree(x="static void f(void)\n{\n\tone();\n", y="void g(void);\n_Bool h(void)\n{\n", z="{\n\tx(1);\n")
    assert made.parts() == {"f", "h"}


@pytest.mark.parametrize(("size", "read"), [(10, True), (11, False)])
def test_a_file_of_a_tree_has_a_limit(tmp_path, monkeypatch, size, read):
    monkeypatch.setattr(applied, "MOST_FILE", 10)
    (tmp_path / "a.c").write_text("x" * size)
    assert (before_of({}, [tmp_path])("a.c") is not None) == read


def test_a_given_file_is_that_whose_path_ends_most_alike():
    before = before_of({"x/a.c": "one", "y/a.c": "two"})
    assert before("z/y/a.c") == "two" and before("z/x/a.c") == "one" and before("b.c") is None
