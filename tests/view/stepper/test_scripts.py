"""The page's script: many modules, one text, the same for the widget and the page; and an author sees a change live."""

import base64
import gc
import gzip
import re
import sys
import types
import weakref
from itertools import combinations

import pytest

from tdxkit.view.kit import scripts as kit_scripts
from tdxkit.view.stepper import Stepper, scripts
from tdxkit.view.stepper.graph_data import EdgeRow, NodeRow
from tdxkit.view.stepper.payload import LineRow, StepRow, WaitRow

FILES = {
    path.name: path.read_text(encoding="utf-8")
    for path in (
        *scripts.PAGE.iterdir(),
        *(kit_scripts.KIT / f"{name}.js" for name in ("data_in", "copy", "kept", "tell")),
    )
}


def test_widget_and_page_get_the_same_script_and_style(bad_run):
    stepper, made = Stepper(bad_run), scripts.script()
    assert stepper.get_state(["_esm", "_css"]) == {"_esm": made, "_css": scripts.style()}
    page = stepper.html()
    [code] = re.findall(r'class="tdx-code" [^>]*>([^<]*)<', page)
    assert gzip.decompress(base64.b64decode(code)).decode() == f'{made}\nmountHere("{scripts.version()}");'
    assert scripts.style() in page
    assert "</script" not in made and "</style" not in scripts.style()


def test_every_module_is_there_once_and_after_what_it_imports():
    order, other = scripts.modules(), kit_scripts.modules(scripts.PAGE, scripts.LADDER)
    everything = sorted(name for name in FILES if name.endswith(".js"))
    assert sorted({*order, *other}) == everything and (order[-1], other[-1]) == (scripts.ENTRY, scripts.LADDER)
    for files in (order, other):
        for name in files:
            needed = re.findall(r'from "(?:\./|\.\./\.\./kit/page/)(\S+?)"', FILES[name])
            assert all(files.index(one) < files.index(name) for one in needed), name
    made = scripts.script()
    assert "import" not in re.findall(r"^\w+", made, re.MULTILINE) and made.count("export default") == 1


def test_no_name_stands_at_the_top_of_two_modules():
    top = re.compile(r"^(?:export )?(?:async )?(?:function|class|const|let) (\w+)", re.MULTILINE)
    names = {name: set(top.findall(text)) for name, text in FILES.items() if name.endswith(".js")}
    assert len(names) > 5 and all(names.values())
    for one, other in combinations(names, 2):
        assert not names[one] & names[other], (one, other)


def test_what_is_imported_is_exported():
    for text in (t for name, t in FILES.items() if name.endswith(".js")):
        for names, source in re.findall(r'^import \{([^}]*)\} from "\./(\S+?)"', text, re.MULTILINE):
            exported = re.findall(r"^export (?:async )?(?:function|class|const) (\w+)", FILES[source], re.MULTILINE)
            assert set(re.findall(r"\w+", names)) <= set(exported)


@pytest.mark.parametrize("name", FILES)
def test_no_line_is_longer_than_a_screen(name):
    assert max(map(len, FILES[name].splitlines())) <= 120


def test_no_module_counts_the_slots_of_a_row():
    """They are named in Python; a script that says [3] for one would not notice that they moved."""
    counted = re.compile(r"\b(?:step|edge|node|wait|line|next|place|row)\[\d")
    assert [name for name, text in FILES.items() if counted.search(text)] == []
    used = "".join(FILES.values())
    for slots in (StepRow, LineRow, WaitRow, NodeRow, EdgeRow):
        for slot in set(slots._fields) - {"holder"}:
            assert re.search(rf"\b{slot}\b", used), f"no script uses {slot}"


def test_a_closed_stepper_is_forgotten(bad_run):
    stepper = Stepper(bad_run)
    seen = weakref.ref(stepper)
    stepper.close()
    del stepper
    gc.collect()
    assert seen() is None


def test_an_author_sees_a_change_live(monkeypatch, tmp_path, bad_run):
    """anywidget's own watcher, given the whole folder: a fake watchfiles tells it of one change, and what is shown follows."""
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    watched = []

    def watch(path, stop_event):
        watched.append(path)
        (tmp_path / "dom.js").write_text(FILES["dom.js"] + "const changed = 1;\n", encoding="utf-8")
        yield {("modified", str(tmp_path / "dom.js"))}

    fake = types.ModuleType("watchfiles")
    fake.watch, fake.Change = watch, types.SimpleNamespace(deleted="deleted", modified="modified", added="added")
    monkeypatch.setitem(sys.modules, "watchfiles", fake)
    monkeypatch.setattr(scripts, "PAGE", tmp_path)
    monkeypatch.setattr(scripts.Live, "watch_in_thread", lambda self: None)
    monkeypatch.setenv("ANYWIDGET_HMR", "1")
    live = scripts.given.__wrapped__(scripts.script)
    assert isinstance(live, scripts.Live) and "const changed = 1;" not in str(live)

    class Watched(Stepper):
        _esm = live

    stepper = Watched(bad_run)
    assert "const changed = 1;" not in stepper._esm
    list(live.watch())
    assert watched == [tmp_path] and "const changed = 1;" in stepper._esm and stepper._esm == scripts.script()


def test_a_reader_s_script_is_plain_text(monkeypatch):
    monkeypatch.delenv("ANYWIDGET_HMR", raising=False)
    assert isinstance(scripts.given.__wrapped__(scripts.script), str)
