"""What a person asks of a finding in C: what the module answered, what the get returned, which file is meant, what was taken off."""

import pytest

from tdxkit.c.naming import scenario_of
from tdxkit.cli import main
from tdxkit.explore import explore, replay, replay_steps
from tdxkit.facts import data_path
from tdxkit.view.own_board import judge_own
from tdxkit.view.write_board import write_own

RACY = """static DEFINE_SPINLOCK(door);

int shed_get(kvm_pfn_t pfn)
{
	atomic_t *users = tdx_find_pamt_refcount(pfn);
	struct page *pages[2];
	int ret = 0;

	if (atomic_inc_not_zero(users))
		return 0;
	if (alloc_pamt_array(pages))
		return -ENOMEM;
	spin_lock(&door);
	if (tdh_phymem_pamt_add(pfn, pages)) {
		ret = -EIO;
		goto out;
	}
	atomic_set(users, 1);
	spin_unlock(&door);
	return 0;
out:
	spin_unlock(&door);
	free_pamt_array(pages);
	return ret;
}

void shed_put(kvm_pfn_t pfn)
{
	struct page *pages[2];

	if (atomic_dec_and_lock(tdx_find_pamt_refcount(pfn), &door)) {
		tdh_phymem_pamt_remove(pfn, pages);
		spin_unlock(&door);
		free_pamt_array(pages);
	}
}
"""
TWO = "int left, seen;\n\nvoid one(void)\n{\n\tleft = 1;\n}\n\nvoid other(void)\n{\n\tseen = left;\n}\n"


@pytest.fixture
def there(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "shed.c").write_text(RACY)
    return tmp_path


def ran(capsys, *words):
    code = main(list(words))
    out, err = capsys.readouterr()
    return code, out, err


def run_of(memory="sc"):
    one = scenario_of(RACY).on(memory)
    return replay(one, explore(one).schedule)


def test_a_failed_get_says_what_add_answered_and_what_the_get_returned(there, capsys):
    code = run_of().code.replace("text:", "shed:")
    for command in ("replay", "packet"):
        out = " ".join(ran(capsys, command, "shed.c", code)[1].split())
        assert "TDX_HPA_RANGE_NOT_FREE" in out and "The get returned -EIO." in out, out
    assert "14: TDH.PHYMEM.PAMT.ADD(region) = TDX_HPA_RANGE_NOT_FREE\n" in ran(capsys, "replay", "shed.c", code)[1]


def test_what_the_scenario_made_fail_says_its_answer_too():
    run = replay_steps(scenario_of("v2-add-fails"), ((0, 0), (0, 0), (0, 0), (0, 0), (0, 1)))
    assert "TDH.PHYMEM.PAMT.ADD(region) = TDX_OPERAND_BUSY" in str(run)
    assert run.steps[-1].sentence == "Another SEAMCALL holds the 2M entry: the module answers TDX_OPERAND_BUSY."


def test_a_step_says_what_it_read_and_what_it_made_of_it():
    said = {step.label: step.sentence for step in run_of().steps}
    assert said["atomic_inc_not_zero(refcount[0])"] == "atomic_inc_not_zero(refcount[0]): 0"
    assert said["atomic_set(refcount[0], 1)"] == "atomic_set(refcount[0], 1): 1"


def test_on_tso_an_unlock_that_waits_is_no_lock_let_go():
    steps = [step for step in run_of("tso").steps if step.kind in ("unlock", "store")]
    assert steps and {step.sentence for step in steps} <= {
        "Its unlock of door waits in the buffer.",
        "atomic_set(refcount[0], 1): the store waits in the buffer",
    }
    assert "It lets go of door." in {step.sentence for step in run_of().steps}


def test_of_what_no_get_and_put_are_run_no_round_has_a_cost():
    assert "a round costs" not in str(write_own(TWO, run=("one();", "other();")))
    assert "a round costs" in str(judge_own(data_path("designs/v6.c").as_posix()))


def test_which_of_several_files_is_meant(there, capsys):
    (there / "bad.c").write_text(RACY.replace("&door);\n\tfree", "&dor);\n\tfree"))
    assert ran(capsys, "lens", "v6", "shed.c", "bad.c")[2].startswith("tdxkit: bad.c, line 22, column 15: `dor`")
    assert ran(capsys, "explore", "bad.c")[2].startswith("tdxkit: line 22, column 15: `dor`")


def test_quoted_c_says_that_its_marks_were_taken_off(there, capsys):
    (there / "answer").write_text("".join(f"> {line}\n" for line in RACY.splitlines()))
    said = "read without its marks of quoting; lines are those of the paste"
    assert said in ran(capsys, "explore", "answer")[1] and said not in ran(capsys, "explore", "shed.c")[1]


def test_prose_that_quotes_python_is_not_python(there, capsys):
    (there / "notes.md").write_text(
        "# A put\n\nWrite it so:\n\ndef put(m, region):\n    yield 'look'\n\nand it's judged.\n"
    )
    (there / "model").write_text("def put(m, region):\n    yield 'look'\n")
    assert "notes.md: no function and no declaration of C stands in it" in ran(capsys, "explore", "notes.md")[2]
    assert "model: it is Python, and C is read here" in ran(capsys, "explore", "model")[2]


def test_help_says_what_each_option_is(capsys):
    for command, wanted in (
        ("lens", "times get, use, put on each CPU (1)"),
        ("explore", "movers; of Python of your own all"),
    ):
        assert wanted in " ".join(ran(capsys, command, "--help")[1].split())


def test_no_number_stands_for_what_is_assigned(there, capsys):
    (there / "slip.c").write_text(RACY.replace("ret = -EIO", "reet = -EIO"))
    said = "line 15, column 3: `reet`: it is not declared; did you mean ret? else declare it in the text\n"
    assert ran(capsys, "explore", "slip.c")[2] == f"tdxkit: {said}"
