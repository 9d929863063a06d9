"""Words: every one that a reader may not have met is explained, wherever it is used."""

import json
import re
from pathlib import Path

import pytest

from tdxkit.c.memattr import record_set
from tdxkit.errors import InputError
from tdxkit.explore import explore, replay
from tdxkit.facts import load_json, load_toml
from tdxkit.lessons.exercises import exercises
from tdxkit.lessons.gates import gates
from tdxkit.lessons.words import bracketed, key_of, meaning, words
from tdxkit.linux.host.life import live
from tdxkit.linux.msr.hotplug import hotplug
from tdxkit.linux.refcount import scenario
from tdxkit.linux.refcount.posted import DESIGNS
from tdxkit.seam.runs import accept_run, pamt_add_run, running_vcpu_run, two_walks_run, zero_step_run
from tdxkit.status.codes import codes

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
# What a reviewer of TDX code uses as a matter of course, and a C programmer had not met.
MET_BY_A_READER = """TDCX OP_STATE KOT LP BEPOCH zap softirq GFP_ATOMIC KVM_BUG_ON memslot mmu_lock conversion RCU NO_HZ slab thunk EPC SMM SMI SMX TXT LMCE
INIT SIPI fw_cfg shortlog PAMT"""
IN_TWO = (
    "TLB epoch",
    "top up",
    "HyperTransport hole",
    "Hyper-V enlightenments",
    "SEAM mode",
    "TDX module",
    "page pair",
)
# Of every machine; nobody asks.
PLAIN = re.compile(r"CPUs?|RAM|PCI|OS|VMs?|NULL|FILE|AMD|ID[sS]?|[GMT]B|[GKMT]iB|HTML|JSON|CSV|SVG|URL")
CAPITALS = re.compile(r"(?<![\w./#-])#?[A-Z][A-Za-z]*[A-Z0-9][A-Z0-9a-z]*(?![\w(./])")
SCHEDULE = re.compile(r"[A-Fa-f]\d+")
REGISTER = re.compile(r"R[A-D]X|R\d+|CR\d|E[A-D]X")


def parts_of_names() -> set[str]:
    """What leaves and statuses are called, in parts."""
    leaves = {part for leaf in load_json("seamcalls.json")["leaves"] for part in re.split(r"[._]", leaf["name"])}
    return leaves | {part for name in codes() for part in name.split("_")}


PARTS = parts_of_names()
EXPLAINED = set(re.findall(r"[\w#]+", " ".join(f"{one.word} {one.means}" for one in words().values())))


def is_explained(word: str) -> bool:
    """Is a word in capitals known to everybody, explained, or a part of a name that the model has?"""
    if (
        PLAIN.fullmatch(word)
        or word in PARTS
        or word in EXPLAINED
        or SCHEDULE.fullmatch(word)
        or REGISTER.fullmatch(word)
    ):
        return True
    try:
        return bool(meaning(word))
    except InputError:
        return False


def lacking(text: str) -> set[str]:
    """The words in capitals that nobody explains."""
    text = re.sub(r"<!--.*?-->|```.*?```|`[^`]*`|\]\([^)]*\)", " ", text, flags=re.S)
    return {word for word in CAPITALS.findall(text) if "_" not in word and not is_explained(word)}


def test_a_word_that_the_glossary_lacks_is_found():
    assert lacking("The XQV of a TD, in GiB, by `FOO` and TDH.VP.ENTER (B16)") == {"XQV"}


@pytest.mark.parametrize("word", [*MET_BY_A_READER.split(), *IN_TWO])
def test_what_a_reader_had_not_met_is_explained(word):
    assert len(meaning(word).means) > 30


@pytest.mark.parametrize("path", sorted(NOTEBOOKS.glob("*.ipynb")), ids=lambda path: path.stem)
def test_the_notebooks_use_no_word_that_is_not_explained(path):
    cells = json.loads(path.read_text())["cells"]
    prose = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    asked = [
        part for one in gates(path.stem[:2]) for part in (one.asks, one.after, *(w for o in one.options for w in o[:2]))
    ]
    tasks = [part for one in exercises(path.stem[:2]) for part in (one.asks, one.why, *one.hints)]
    assert lacking("\n".join([prose, *asked, *tasks])) == set()


def runs():
    """Runs of every kind that the notebooks step."""
    for name in DESIGNS:
        one = scenario(name)
        found = explore(one)
        if found.schedule:
            yield replay(one, found.schedule)
    yield live("v6", record=True, huge=True).run
    yield record_set([(62, 66, 8)], "Four pages")
    yield hotplug().run
    yield from (make() for make in (accept_run, pamt_add_run, running_vcpu_run, two_walks_run, zero_step_run))


def test_labels_and_sentences_of_steps_use_no_word_that_is_not_explained():
    said = [part for run in runs() for step in run.steps for part in (step.label, step.sentence, step.actor)]
    assert len(said) > 1000 and lacking("\n".join(said)) == set()


def test_every_key_in_brackets_is_explained():
    known = {one.word for one in bracketed()}
    assert known >= set(load_toml("sources.toml")) and {f"B{k}" for k in range(1, 36)} <= known
    assert meaning("(B16)").means.startswith("A known problem of ") and meaning("tdx-v6").means.startswith("A source: ")


def test_pamt_is_spelled_out_in_the_first_notebook():
    text = (NOTEBOOKS / "00-start-here.ipynb").read_text().lower()
    assert "physical address metadata table" in text


def test_a_word_is_found_in_its_forms():
    assert meaning("zaps") == meaning("zap") == words()["zap"] and meaning("page pairs").word == "page pair"
    assert key_of("TDX module") == "tdx-module" and meaning(" tdx MODULE ").word == "TDX module"


def test_what_nobody_explains_is_refused_with_the_near_ones():
    with pytest.raises(InputError, match="the glossary does not have it; try refcount"):
        meaning("refcuont")
    with pytest.raises(InputError, match="python -m tdxkit words lists all"):
        meaning("xylophone")
