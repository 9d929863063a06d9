"""What stops the site from being made: one line that says what and how, and never half a site."""

import json
import os
import subprocess

import pytest

from tools import bundle, lite, served
from tools.lite import pyodide_wanted
from tools.placed import Stopped
from tools.start_page import start_page


def test_the_kernel_says_which_pyodide_it_wants(tmp_path):
    (tmp_path / "a.js").write_text("no word of it")
    with pytest.raises(Stopped, match="it names no Pyodide"):
        pyodide_wanted(tmp_path)
    (tmp_path / "b.js").write_text('x="https://cdn.example/pyodide/v314.0.6/full/pyodide.mjs"')
    assert pyodide_wanted(tmp_path) == "314.0.6"


@pytest.fixture
def registry(tmp_path, monkeypatch):
    """An npm that gives Pyodide in a version of its own, or fails."""
    monkeypatch.setattr(lite, "CACHE", tmp_path)

    def gives(version):
        def run(command, cwd, **_):
            if version is None:
                return subprocess.CompletedProcess(command, 1, "", "npm error code ENOTFOUND\nnpm error network\n")
            (cwd / "package").mkdir()
            (cwd / "package/package.json").write_text(json.dumps({"version": version}))
            subprocess.check_call(["tar", "czf", cwd / "p.tgz", "-C", cwd, "package"])
            __import__("shutil").rmtree(cwd / "package")
            return subprocess.CompletedProcess(command, 0, "p.tgz\n", "")

        monkeypatch.setattr(lite.subprocess, "run", run)

    return gives


def test_another_version_than_the_kernel_wants_is_refused_and_not_kept(registry, tmp_path):
    registry("315.0.0")
    with pytest.raises(
        Stopped, match=r"the kernel wants 314.0.6, the registry gave 315.0.0; pin the kernel and Pyodide together"
    ):
        lite.pyodide("314.0.6")
    assert list(tmp_path.iterdir()) == []
    registry("314.0.6")
    assert lite.pyodide("314.0.6") == tmp_path / "pyodide-314.0.6"
    registry(None)
    assert lite.pyodide("314.0.6").is_dir(), "what was fetched once is not fetched again"


def test_no_network_and_no_npm_are_a_line_each(registry, monkeypatch):
    registry(None)
    with pytest.raises(Stopped, match=r"npm pack .*network; is there a network, and a registry that answers"):
        lite.pyodide("314.0.6")
    monkeypatch.setattr(lite.shutil, "which", lambda *_, **__: None)
    with pytest.raises(Stopped, match="npm: it is not here; make env-site installs it"):
        lite.pyodide("314.0.6")


@pytest.mark.parametrize(
    "error, said",
    [
        (Stopped("npm: it is not here"), "site: npm: it is not here"),
        (OSError(28, "No space left on device", "/somewhere"), "site: /somewhere: No space left on device; make room"),
    ],
)
def test_a_build_that_fails_is_a_line_and_the_old_site_stays(tmp_path, monkeypatch, capsys, error, said):
    out = tmp_path / "dist" / "site"
    out.mkdir(parents=True)
    (out / "index.html").write_text("the old one")

    def lay(work):
        (work / "half").touch()
        raise error

    monkeypatch.setattr(lite, "lay", lay)
    monkeypatch.setattr(lite, "CACHE", tmp_path / "cache")
    assert lite.main(["--out", str(out)]) == 1
    err = capsys.readouterr().err
    assert err.startswith(said) and len(err.splitlines()) == 1
    assert (out / "index.html").read_text() == "the old one" and os.listdir(out.parent) == ["site"]


def test_the_start_page_names_every_notebook_and_the_lab_s_own_settings():
    page = start_page()
    assert page.count("<tr><td>") == 11 and 'id="jupyter-config-data"' in page and "$" not in page
    assert "http://" not in page and "https://" not in page


def test_a_bundle_without_its_parts_and_a_server_without_pages_are_a_line_each(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(bundle, "ROOT", tmp_path)
    assert bundle.main(["--out", str(tmp_path / "room.zip")]) == 1
    err = capsys.readouterr().err
    assert err.startswith("bundle: ") and err.endswith("make site first\n") and not (tmp_path / "room.zip").exists()
    assert served.main([str(tmp_path)]) == 1
    assert capsys.readouterr().err.endswith("make site first\n")


@pytest.mark.slow
def test_a_port_that_is_taken_is_a_line(tmp_path, capsys):
    (tmp_path / "index.html").touch()
    with served.Served(tmp_path) as other:
        assert served.main(["--port", str(other.port), str(tmp_path)]) == 1
    err = capsys.readouterr().err
    assert err.startswith(f"port {other.port}: ") and "name another" in err and len(err.splitlines()) == 1
    assert served.main(["--port", "99999", str(tmp_path)]) == 1


@pytest.mark.slow
def test_it_is_served_without_headers_that_isolate_the_page(tmp_path):
    import urllib.request

    (tmp_path / "index.html").write_text("here")
    with served.Served(tmp_path) as there:
        answer = urllib.request.build_opener(urllib.request.ProxyHandler({})).open(there.url(""))
        names = {name.lower() for name in answer.headers}
        assert answer.read() == b"here" and not {one for one in names if one.startswith("cross-origin")}
        assert [(one.path, one.status, one.size) for one in there.log] == [("/", 200, 4)] and there.size() == 4e-6
