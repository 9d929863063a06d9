"""The doctor against made-up machines: what is missing is said, with what to do; what is there is not complained about."""

import json
import sys
from pathlib import Path

import pytest

from tdxkit.cli import main
from tdxkit.commands import doctor

ROOT = Path(__file__).parents[2]


def states(checks) -> list[str]:
    return [check.state for check in checks]


@pytest.mark.parametrize(
    "version, state",
    [((3, 10, 9), "missing"), ((3, 11, 0), "ok"), ((3, 14, 2), "ok"), ((3, 15, 0), "note"), ((4, 0, 0), "note")],
)
def test_python(version, state):
    check = doctor.python_check(version)
    assert check.state == state and bool(check.todo) == (state != "ok")


def test_data_is_read_not_only_there(tmp_path):
    assert doctor.data_check().state == "ok"
    assert doctor.data_check(tmp_path).state == "missing"
    (tmp_path / "sources.toml").write_text('[a]\ntitle = "x"\n')
    assert doctor.data_check(tmp_path).found.startswith("1 files")
    (tmp_path / "cut.json").write_text('{"half": ')
    assert doctor.data_check(tmp_path).state == "missing"
    assert doctor.data_check(tmp_path / "nowhere").state == "missing"


def test_pins_are_all_of_requirements_txt():
    lines = [line for line in (ROOT / "requirements.txt").read_text().splitlines() if not line.startswith(("#", "-e"))]
    pins = doctor.pins()
    assert len(pins) == len(lines) >= 5
    assert all(
        line.startswith(f"{name}=={version} ") and "#" in line for line, (name, version) in zip(lines, pins.items())
    )


def test_packages():
    from importlib.metadata import version

    here = version("pytest")
    absent, same, other = doctor.package_checks({"tdxkit-no-such-package": "1", "pytest": here, "PyTest": "0.1"})
    assert [absent.state, same.state, other.state] == ["missing", "ok", "note"]
    assert "requirements.txt" in absent.todo and "0.1" in other.todo and other.found == here


def test_extensions_are_whole_or_missing(tmp_path):
    assert states(doctor.extension_checks([tmp_path])) == ["missing"] * 3
    for name, text in zip(doctor.EXTENSIONS, ['{"version": "5.0"}', '{"vers', "[]"]):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "package.json").write_text(text)
    found = list(doctor.extension_checks([tmp_path / "none", tmp_path]))
    assert states(found) == ["ok", "missing", "missing"] and found[0].found == "5.0"


def test_kernel(tmp_path):
    assert doctor.kernel_check([tmp_path]).state == "missing"
    (tmp_path / "kernels/python3").mkdir(parents=True)
    (tmp_path / "kernels/python3/kernel.json").write_text("{}")
    assert doctor.kernel_check([tmp_path]).state == "ok"


def machine(*programs):
    return lambda name: f"/bin/{name}" if name in programs else None


def test_the_browser_named_goes_first_and_is_never_silently_replaced():
    assert doctor.find_chromium({}, machine("google-chrome")) == "/bin/google-chrome"
    assert doctor.find_chromium({}, machine("chromium", "google-chrome")) == "/bin/chromium"
    assert doctor.find_chromium({"CHROMIUM": "mine"}, machine("mine", "chromium")) == "/bin/mine"
    assert doctor.find_chromium({"CHROMIUM": "mine"}, machine("chromium")) == ""
    assert doctor.find_chromium({}, machine("firefox")) == ""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows always has a browser")
def test_browser():
    assert doctor.browser_check({}, machine("firefox")).state == "ok"
    assert doctor.browser_check({}, machine()).state == "note"
    wrong = doctor.browser_check({"CHROMIUM": "mine\x1b[2J"}, machine("chromium"))
    assert wrong.state == "note" and "\x1b" not in str(wrong)


def test_a_line_a_check_and_the_same_as_json(capsys):
    code = main(["doctor"])
    lines = capsys.readouterr().out.splitlines()
    assert main(["doctor", "--json"]) == code
    answer = json.loads(capsys.readouterr().out)
    assert [list(check) for check in answer["checks"]] == [["name", "state", "found", "todo"]] * len(answer["checks"])
    assert len(lines) == len(answer["checks"]) + 2
    assert all(line.startswith(c["state"]) and c["name"] in line for line, c in zip(lines, answer["checks"]))
    assert answer["ok"] == (code == 0) == all(c["state"] != "missing" for c in answer["checks"])


def test_exit_1_and_the_names_when_something_is_missing(monkeypatch, capsys):
    monkeypatch.setattr(doctor, "pins", lambda: {"tdxkit-no-such-package": "1"})
    assert main(["doctor", "--quiet"]) == 1
    said = capsys.readouterr().out
    assert said.startswith("missing") and "1 missing: tdxkit-no-such-package." in said


def test_a_note_is_no_fault(monkeypatch):
    monkeypatch.setattr(doctor, "checks", lambda: [doctor.Check("browser", "note", "none found", "install one")])
    assert main(["doctor"]) == 0


def test_wrong_argument_is_one_line(capsys):
    assert main(["doctor", "--cure"]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_in_a_browser_it_speaks_of_nothing_that_is_not_there(monkeypatch, capsys):
    monkeypatch.setattr(doctor, "IN_A_BROWSER", True)
    monkeypatch.setattr(doctor, "pins", lambda: {"jupyterlab": "1", "plotly": "1", "pytest": "0.1", "none-such": "1"})
    assert main(["doctor"]) == 1
    said = capsys.readouterr().out
    assert "none-such" in said and "load the page again" in said and "stays in this browser" in said
    assert not any(word in said for word in ("pip", "jupyterlab", "kernel", "extension", "plotly", "make lab"))
