"""The ground floor's small modules: sizes and addresses, errors in a line, cards, doors, sources and the words of a verdict."""

import json

import pytest

from tdxkit import card, rules, sources, units
from tdxkit.doors import door
from tdxkit.errors import Ear, InputError, ModelError, TdxkitError, hush, not_installed, printable, said
from tdxkit.facts import Source, cite, load_json
from tdxkit.sources import MODEL, OWN, paragraphs, rows, sources_of

KIB, MIB, GIB, TIB = 1024, 1024**2, 1024**3, 1024**4


def test_pages_and_regions():
    assert (units.PAGE_4K, units.PAGE_2M, units.PAGE_1G, units.U64_MAX) == (4096, 2 * MIB, GIB, 2**64 - 1)
    assert [units.pfn(a) for a in (0, 4095, 4096, 8191, GIB)] == [0, 0, 1, 1, 2**18] and units.hpa(3) == 12288
    assert [units.region_of(a) for a in (0, 2 * MIB - 1, 2 * MIB, 5 * MIB)] == [0, 0, 2 * MIB, 4 * MIB]


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 B"), (1023, "1023 B"), (1024, "1 KiB"), (1025, "1.0 KiB"), (1536, "1.5 KiB"), (MIB - 1, "1024.0 KiB"), (MIB, "1 MiB"), (3 * GIB, "3 GiB"),
     (TIB, "1 TiB"), (1900 * GIB, "1.9 TiB"), (1024 * TIB, "1024 TiB")],
)  # fmt: skip
def test_sizes_for_people(size, text):
    assert units.human(size) == text


@pytest.mark.parametrize(
    ("text", "size"),
    [("1", 1), ("7k", 7 * KIB), (" 3 M ", 3 * MIB), ("1900G", 1900 * GIB), ("2TiB", 2 * TIB), ("2 KiB", 2 * KIB), ("5B", 5), ("5GB", 5 * 10**9), ("2KB", 2000),
     ("3MB", 3 * 10**6), ("4 tb", 4 * 10**12), (str(2**64 - 1), 2**64 - 1), ("0001", 1), ("00000000000000000001", 1)],
)  # fmt: skip
def test_sizes_from_people(text, size):
    assert units.parse_size(text) == size


@pytest.mark.parametrize(
    ("text", "rule"),
    [("0", "between 1 byte"), ("0K", "between 1 byte"), (str(2**64), "between 1 byte"), ("16777216T", "between 1 byte"), ("", "whole number"), ("1.5G", "whole number"),
     ("-1", "whole number"), ("G", "whole number"), ("١", "whole number"), ("1P", "whole number"), ("000000000000000000001", "whole number"), ("1KK", "whole number")],
)  # fmt: skip
def test_what_is_no_size_is_one_line(text, rule):
    with pytest.raises(InputError, match=f"^guest .*: a size .*{rule}"):
        units.parse_size(text, "guest")


@pytest.mark.parametrize(
    ("value", "limit", "text"),
    [("a\tb\x1b[0m", 60, r"a\tb\x1b[0m"), ("abc", 3, "abc"), ("abcd", 3, "abc…"), (["a"], 60, "['a']"), ("\ud800", 9, r"\ud800"), ("é", 9, "é")],
)  # fmt: skip
def test_outside_text_on_one_line(value, limit, text):
    assert printable(value, limit) == text


def test_what_cannot_say_what_it_is_is_named_by_its_type():
    class Mute:
        def __str__(self):
            raise ValueError

    assert said(Mute()) == "a Mute" and said(7) == "7" and said("x", repr) == "'x'"


def test_an_error_names_the_thing_the_rule_and_what_to_do():
    error = InputError("x", "it must be y", "write y")
    assert (str(error), error.thing, error.rule, error.action) == (
        "x: it must be y; write y",
        "x",
        "it must be y",
        "write y",
    )
    error.stands("line 3: ")
    assert str(error) == "line 3: x: it must be y; write y" and isinstance(error, ValueError)


@pytest.mark.parametrize(("name", "package"), [("plotly.graph_objects", "plotly"), ("networkx", "networkx")])
def test_what_is_not_installed_is_said_with_how_to_get_it(name, package):
    assert (
        str(not_installed(ModuleNotFoundError(name=name)))
        == f"{package}: this needs a package that is not installed; pip install {package}"
    )


@pytest.mark.parametrize("name", [None, "tdxkit.view.gone", "tdxkit"])
def test_a_module_of_ours_that_is_missing_is_no_excuse(name):
    with pytest.raises(ModuleNotFoundError):
        not_installed(ModuleNotFoundError(name=name))


def test_who_listens_hears_of_what_a_model_broke(monkeypatch):
    monkeypatch.setattr(Ear, "hears", [])
    error = ModelError("m", "r", "a")
    TdxkitError("x", "r", "a")
    assert Ear.hears == [error]
    hush()
    assert ModelError("m", "r", "a") and Ear.hears is None


def test_a_card_is_printed_line_by_line_and_goes_on_indented():
    printed = str(card.Card(("a " * 60,), ("b",), ("c",))).splitlines()
    assert (
        printed[0].startswith("modelled: a a") and max(map(len, printed)) <= card.WIDTH and printed[1].startswith("  a")
    )
    assert printed[-2:] == ["simplified: b", "left out: c"] and str(card.Card()) == ""


def test_a_card_ends_at_the_first_empty_line_and_counts_are_put_in():
    class Model:
        """One.

        Fidelity card
          modelled: {leaves} leaves: all
          not a kind: of ours

          left out: what stands behind an empty line
        """

        @staticmethod
        def card_counts():
            return {"leaves": 7}

    assert card.card_of(Model) == card.Card(("7 leaves: all not a kind: of ours",), (), ())


def test_a_door_lends_what_it_names_and_nothing_else():
    names, get = door("tdxkit", run="Run Step", text="many")
    assert names == ["Run", "Step", "many"] and get("many")(1, "state") == "1 state"
    with pytest.raises(AttributeError, match=r"module 'tdxkit' has no attribute 'words'"):
        get("words")


def test_a_citation_says_what_where_and_when():
    assert str(Source("i", "T", "W", "D")) == "T (W, D)" and str(Source("i", "T", "W")) == "T (W)"
    assert Source("i", "T", "W")[3:] == ("", "read", "")
    with pytest.raises(InputError, match=r"source no\\nne: a citation names an id"):
        cite("no\nne")


ROWS = {
    "about": "x", "source": {"plain": "model"}, "checked": "run", "plain": [1], "named": [{"id": "a", "source": "own"}, {"n": 5, "checked": "read"}, {}], "mixed": [{}, 1], "none": [],
}  # fmt: skip


def test_the_rows_of_a_file_and_what_each_rests_on():
    found = {place.place: place for place in rows("data/x", ROWS)}
    assert list(found) == [
        "data/x plain",
        "data/x named a",
        "data/x named 5",
        "data/x named 3",
        "data/x mixed",
        "data/x none",
    ]
    assert found["data/x plain"][1:3] == (MODEL, "run") and found["data/x named a"][1:3] == (OWN, "run")
    assert found["data/x named 5"][1:3] == ("", "read") and found["data/x named 3"].source == ""


def test_paragraphs_of_a_cell():
    text = "# Head\n\none\nline\n<!-- source: own -->\n\n```\na\n\nb\n```\n<!-- source: model -->\n<!-- source: own -->\n\n**Next:** x\n\n~~~\n```\n\n~~~"
    found = paragraphs(text)
    assert [(p.text, p.tags, p.silent) for p in found] == [
        ("# Head", (), True),
        ("one\nline", ("own",), False),
        ("```\na\n\nb\n```", ("model", "own"), False),
        ("**Next:** x", (), True),
        ("~~~\n```\n\n~~~", (), False),
    ]


def test_sources_are_read_off_a_modules_text():
    assert sources_of('A = 1\nSOURCES = ("a", "b")\n') == ("a", "b") and sources_of("SOURCE = 1\nx.SOURCES = 2") == ()


def test_a_rule_is_said_as_a_rule_and_as_what_is_the_case():
    rule = next(iter(rules.rules().values()))
    assert rules.known(rule.id) is rule is rules.known(rule.name) and rules.known("mine") is None
    assert rules.named(rule.id) == rule.name == rules.as_rule(rule.name) and rules.result(
        rule.name
    ) == rule.defect == rules.defect(rule.name)
    assert (
        rules.result("deadlock") == "deadlock"
        and rules.as_rule("deadlock") == load_json("rules.json")["verdict-deadlock"]["must"]
    )
    assert set(rules.verdicts()) == set(rules.SIGNS) - {""} and json.dumps(rules.verdicts())


@pytest.mark.parametrize(
    ("name", "text_said", "of_text"),
    [("WARN_ON() of line 3, column 5 never fires", "WARN_ON() of line 3, column 5 fires", True), ("BUG() of --run 2, line 1 never fires", "BUG() of --run 2, line 1 fires", True),
     ("line 9: NULL is followed", "line 9: NULL is followed", True), ("mine", "broken: mine", False)],
)  # fmt: skip
def test_a_check_of_the_text_itself_says_all_that_a_rule_would(name, text_said, of_text):
    assert (
        rules.defect(name) == text_said
        and rules.of_text(name) is of_text
        and rules.told(name) == (text_said if of_text else name)
    )


def test_notebooks_of_a_checkout_are_in_order():
    names = [path.name[:2] for path in sources.notebooks()]
    assert names == sorted(names) and names[0] == "00" and len(names) == 11
