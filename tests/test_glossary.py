"""The glossary has one word for one thing, each said in a sentence, each source known."""

import re
from pathlib import Path

import pytest

from tdxkit.facts import cite, load_toml

GLOSSARY = load_toml("glossary.toml")
ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize("key", GLOSSARY)
def test_entry(key):
    entry = GLOSSARY[key]
    assert set(entry) == {"word", "means", "source"}
    assert key == re.sub(r"[^a-z0-9]+", "-", entry["word"].lower()).strip("-")
    assert entry["means"].endswith(".") and entry["means"][0].isupper() and len(entry["means"]) <= 200
    assert ". " not in entry["means"].replace("PAMT.", ""), "one sentence"
    assert entry["source"] == "own" or cite(entry["source"]).id == entry["source"]


def test_one_word_has_one_meaning_and_one_meaning_one_word():
    for field in ("word", "means"):
        values = [entry[field].lower() for entry in GLOSSARY.values()]
        assert len(values) == len(set(values))


def test_our_own_words_are_in_use():
    """The field's words are for looking up; one of our own that nothing says is one too many."""
    files = [*(ROOT / "tdxkit").rglob("*.py"), *(ROOT / "notebooks").glob("*.ipynb"), ROOT / "README.md"]
    text = "\n".join(file.read_text(encoding="utf-8").lower() for file in files)
    ours = list(GLOSSARY)[list(GLOSSARY).index("run") :]
    assert [key for key in ours if GLOSSARY[key]["word"].lower() not in text] == []
