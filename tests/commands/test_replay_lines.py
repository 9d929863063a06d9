"""`replay --lines`: the line that takes each step, of the model or of its C; refused in a line where there is none."""

from tdxkit.cli import main
from tdxkit.explore import explore
from tdxkit.facts import data_path
from tdxkit.linux.refcount import scenario

CODE = explore(scenario("v2")).schedule


def said(capsys, *args):
    code = main(list(args))
    out = capsys.readouterr()
    return code, out.out, out.err


def test_a_design_in_c_and_in_python(capsys):
    code, out, _ = said(capsys, "replay", "v2", CODE, "--lines", "c")
    assert code == 0 and "   region_pair_put: if (!atomic_dec_and_test(users))\n" in out
    assert "   the use of the page: TDH.MEM.PAGE." in out and "yield from spin_lock" not in out
    _, out, _ = said(capsys, "replay", "v2", CODE, "--lines", "python")
    assert '   put: yield locked("atomic_dec_and_test", "refcount")\n' in out
    _, plain, _ = said(capsys, "replay", "v2", CODE)
    assert "yield" not in plain and len(plain.splitlines()) == len(out.splitlines())


def test_a_file_of_c_has_its_own_lines(capsys, tmp_path):
    (path := tmp_path / "race.c").write_text(data_path("write-your-own.c").read_text(encoding="utf-8"))
    _, out, _ = said(capsys, "explore", str(path))
    schedule = next(line for line in out.splitlines() if "race:2x1:" in line)
    schedule = schedule[schedule.index("race:2x1:") :].split("  ")[0].split(" (")[0].strip("'")
    code, out, _ = said(capsys, "replay", str(path), schedule, "--lines", "c")
    assert code == 0 and "   pair_put: tdh_phymem_pamt_remove(pfn, pages);\n" in out
    code, _, err = said(capsys, "replay", str(path), schedule, "--lines", "python")
    assert code == 2 and "--lines python: this is C; use --lines c" in err and err.count("\n") == 1


def test_a_softirq_has_its_lines_in_c(capsys):
    schedule = explore(scenario("v5-softirq")).schedule
    code, out, _ = said(capsys, "replay", "v5-softirq", schedule, "--lines", "c")
    assert code == 0 and "softirq on CPU 0  atomic_dec_and_test(refcount)" in out
    assert "scoped_pamt_put: if (!atomic_dec_and_test(users))\n" in out


def test_what_has_no_c_is_refused(capsys):
    schedule = explore(scenario("v3-not-zeroed")).schedule
    code, _, err = said(capsys, "replay", "v3-not-zeroed", schedule, "--lines", "c")
    assert code == 2 and "no C stands beside this scenario; use --lines python" in err and err.count("\n") == 1
