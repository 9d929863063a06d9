"""The wheels of the browser's Python: their lock, what is left out of them, and what stops them from being had."""

import subprocess
import zipfile

import pytest

from tools import wheels
from tools.placed import Stopped
from tools.wheels import locked


def wheel(folder, name, version="1.0", needs=(), files=("{name}/__init__.py",)):
    """A wheel with these requirements."""
    path = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as made:
        for file in files:
            made.writestr(file.format(name=name), "")
        meta = [f"Name: {name}", f"Version: {version}", *(f"Requires-Dist: {need}" for need in needs)]
        made.writestr(f"{name}-{version}.dist-info/METADATA", "\n".join(meta) + "\n\nRequires-Dist: of-the-text\n")
    return path


def test_the_lock_has_what_each_wheel_brings_and_needs(tmp_path):
    found = [
        wheel(
            tmp_path,
            "one",
            needs=["two>=1; python_version >= '3'", "never; sys_platform == 'linux'", "three; extra == 'x'"],
        ),
        wheel(tmp_path, "two", files=("two.py", "deep/er.py", "two.data/scripts/x.py")),
    ]
    made = locked(found, {"info": {"python": "3.14.2"}, "packages": {"numpy": {}}})
    assert made["info"] == {"python": "3.14.2"} and sorted(made["packages"]) == ["one", "two"]
    assert made["packages"]["one"]["depends"] == ["two"] and made["packages"]["two"]["depends"] == []
    assert made["packages"]["two"]["imports"] == ["deep", "two"] and len(made["packages"]["one"]["sha256"]) == 64


def test_a_wheel_that_needs_what_is_not_there_is_named(tmp_path):
    found = [wheel(tmp_path, "one", needs=["two", "three"]), wheel(tmp_path, "two", needs=["three"])]
    with pytest.raises(Stopped, match=r"one needs three; two needs three, which it does not name") as stopped:
        locked(found, {})
    assert "\n" not in str(stopped.value)


def test_the_pins_of_the_browser_are_whole_and_each_in_one_version():
    lines = [line.split("#")[0].strip() for line in wheels.PINS.read_text().splitlines() if not line.startswith("#")]
    names = [line.split("==")[0] for line in lines]
    assert all("==" in line for line in lines) and len(set(names)) == len(names)
    with_lab = dict(
        line.split("#")[0].strip().split("==")
        for line in (wheels.ROOT / "requirements.txt").read_text().splitlines()
        if "==" in line
    )
    both = {name: version for name, version in (line.split("==") for line in lines) if name in with_lab}
    assert len(both) >= 7 and both == {name: with_lab[name] for name in both}, "what runs there is what was tested here"


def test_what_nothing_opens_there_is_left_out_and_the_rest_is_as_it_was(tmp_path):
    out = tmp_path / "lean"
    out.mkdir()
    stay = ["jedi/third_party/typeshed/stdlib/3/os.pyi", "jedi/api.py", "jedi/tests.py"]
    go = [
        "jedi/third_party/typeshed/stubs/six/six.pyi",
        "jedi/third_party/django-stubs/x.pyi",
        "jedi/api/tests/test_it.py",
        "jedi-1.0.data/data/share/jupyter/labextensions/jedi/main.js",
    ]
    whole = wheel(tmp_path, "jedi", files=[*stay, *go])
    small = wheels.lean(whole, out)
    with zipfile.ZipFile(whole) as before, zipfile.ZipFile(small) as after:
        names = after.namelist()
        assert sorted(names) == sorted([*stay, "jedi-1.0.dist-info/METADATA"]) and len(before.namelist()) == len(
            names
        ) + len(go)
        assert all(after.read(name) == before.read(name) for name in names)
    again = tmp_path / "again"
    again.mkdir()
    assert wheels.lean(whole, again).read_bytes() == small.read_bytes(), "a browser keeps it by its bytes"


def test_a_wheel_with_nothing_to_leave_out_stays_the_file_that_was_fetched(tmp_path):
    out = tmp_path / "lean"
    out.mkdir()
    whole = wheel(tmp_path, "one", files=("one.py", "testsuite/it.py"))
    assert wheels.lean(whole, out).read_bytes() == whole.read_bytes()


def test_wheels_that_cannot_be_had_leave_no_half_of_them(tmp_path, monkeypatch):
    monkeypatch.setattr(wheels, "CACHE", tmp_path)
    failed = subprocess.CompletedProcess(
        [], 1, "", "WARNING: Location 'x' is ignored\nERROR: No matching distribution found for ipython==9\n"
    )
    monkeypatch.setattr(wheels.subprocess, "run", lambda *_, **__: failed)
    with pytest.raises(
        Stopped,
        match=r"requirements-browser.txt: ERROR: No matching distribution found for ipython==9; is there a network",
    ):
        wheels.wheels()
    assert list(tmp_path.iterdir()) == []
