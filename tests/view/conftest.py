"""A small race made by hand, as a run and as a graph, so that the views are tested without the explorer."""

from types import SimpleNamespace

import pytest
from ipywidgets import Widget
from ipywidgets.widgets.widget import _instances

from tdxkit.card import Card
from tdxkit.run import Line, Recorder, Text, Track, Wait
from tdxkit.view.stepper import Stepper
from tdxkit.view.stepper.graph_data import graph_data
from tests.view.pages import IMPORT, FakeModel

ACTORS = ("CPU 0", "CPU 1")
RULE = "REMOVE must find a pair"
LINES = (
    "def put(m, region):",
    '    yield "atomic_dec_and_test(refcount)"',
    "    m.refcount[region] -= 1",
    "    yield from spin_lock(m)",
    '    yield "read refcount"',
    '    yield "TDH.PHYMEM.PAMT.REMOVE(region)"',
    "    m.pair[region] = False",
    "    m.pamt_lock = None",
    "    return",
    "# the same text for both CPUs,",
    "# and longer than a lane is high",
    "# so that it has to scroll",
    "# down here",
)
TEXTS = {"put": Text("tdx_pamt_put, as posted in v2", LINES)}
TRACKS = (
    Track("pamt_lock", "pamt_lock", "lock"),
    Track("pair in the region", "pair[0]", "fact"),
    Track(RULE, RULE, "rule"),
)
CARD = Card(("the order of the atomics",), ("one region; hides contention of neighbours",), ("weak memory",))
# What each place does: (label, line). A place is where an actor stands before its step.
PLACES = (("atomic_dec_and_test(refcount)", 1), ("spin_lock(pamt_lock)", 3), ("read refcount", 4), ("TDH.PHYMEM.PAMT.REMOVE(region)", 5), ("spin_unlock(pamt_lock)", 7))  # fmt: skip
FIRST = {"refcount[0]": 2, "pair[0]": True, "pamt_lock": None, "last": "—"}


def moves(shared: dict, places: tuple, a: int):
    """What actor a can do: [(choice, label, sentence, shared after, places after, broken)]; reading refcount is a choice here."""
    at, name, now = places[a], ACTORS[a], dict(shared)

    def to(place, sentence, broken=(), choice=0):
        moved = (*places[:a], place, *places[a + 1 :])
        return choice, PLACES[at][0], sentence, dict(now), moved, tuple(broken)

    if at == 0:
        now["refcount[0]"] -= 1
        return [to(1, f"{name} lets go of its reference")]
    if at == 1:
        if shared["pamt_lock"]:
            return []
        now["pamt_lock"] = name
        return [to(2, f"{name} takes pamt_lock")]
    if at == 2:
        return [to(3, f"{name} reads 0"), to(4, f"{name} reads 1", choice=1)]
    if at == 3:
        broken = [] if shared["pair[0]"] else [RULE]
        now["pair[0]"], now["last"] = False, "TDX_SUCCESS" if not broken else "TDX_NO_PAMT_PAGE_PAIR"
        return [to(4, f"{name} asks the module to remove the pair", broken)]
    if at == 4:
        now["pamt_lock"] = None
        return [to(5, "")]
    return []


def why(shared, places, a):
    held = shared["pamt_lock"]
    return f"{ACTORS[a]} waits for pamt_lock, held by {held}" if places[a] == 1 and held else ""


def waiting(shared, places, a):
    said = why(shared, places, a)
    return Wait(ACTORS[a], shared["pamt_lock"], said, what="pamt_lock") if said else None


def line(places, a):
    return Line("put", PLACES[places[a]][1]) if places[a] < len(PLACES) else None


def build_run(picks: str, actors=ACTORS, title="Two CPUs give back one page pair", **more):
    """The run in which CPUs move in the order of `picks`, such as "0011"; each takes its first choice."""
    shared, places = FIRST, (0, 0)
    recorder = Recorder(shared)
    for pick in map(int, picks):
        before = line(places, pick)
        _, label, sentence, shared, places, broken = moves(shared, places, pick)[0]
        waits = [Wait(actors[a], shared["pamt_lock"], w) for a in (0, 1) if (w := why(shared, places, a))]
        recorder.step(
            actors[pick],
            label,
            sentence,
            shared,
            line=before,
            next=line(places, pick),
            waits=tuple(waits),
            broken=broken,
        )
    more = {
        "texts": TEXTS,
        "tracks": TRACKS,
        "card": CARD,
        "code": "sample:2x1:9f3c A2",
        "subtitle": "a sample",
        **more,
    }
    return recorder.run(title, actors, start={a: Line("put", 1) for a in actors}, **more)


def build_graph():
    """Every state of the sample, in the form of tdxkit.explore.reachable.Graph."""
    start = (tuple(FIRST.items()), (0, 0))
    order, at, edges, shared = [start], {start: 0}, [], {}
    for state in order:
        row = []
        for a in (0, 1):
            for choice, label, sentence, after, places, broken in moves(dict(state[0]), state[1], a):
                to = (tuple(after.items()), places)
                if to not in at:
                    at[to] = len(order)
                    order.append(to)
                row.append(
                    SimpleNamespace(
                        actor=a,
                        choice=choice,
                        target=at[to],
                        label=label,
                        sentence=sentence,
                        broken=broken,
                        kind="",
                        deed=7 * a + choice + 1,
                        reads=(),
                        stores=(),
                    )
                )
        edges.append(tuple(row))
    nodes = []
    for values, places in order:
        state = dict(values)
        nodes.append(SimpleNamespace(
            shared=shared.setdefault(values, len(shared)), lines=tuple(line(places, a) for a in (0, 1)),
            waits=tuple(waiting(state, places, a) for a in (0, 1)), finished=tuple(p == len(PLACES) for p in places),
        ))  # fmt: skip
    return SimpleNamespace(
        actors=ACTORS, shared=tuple(map(dict, shared)), nodes=tuple(nodes), edges=tuple(edges), complete=True, cut=frozenset(),
    )  # fmt: skip


def _span(fixture_name, config):
    """How long a browser lives: the whole session where all that runs needs one. Among other tests it ends with its module, for while it
    is there no test can have an event loop of its own."""
    return "session" if config.getoption("markexpr").startswith("browser and") else "module"


@pytest.fixture(scope=_span)
def chromium():
    """A browser to open pages from files."""
    from tools.lab import Chromium

    with Chromium() as opened:
        yield opened.browser


@pytest.fixture(scope=_span)
def blank(chromium):
    """One page for all the small things that are rendered one after the other."""
    context = chromium.new_context()
    yield context.new_page()
    context.close()


@pytest.fixture
def timed(chromium):
    """A page in which time stands still until a test lets it go on: `timed.clock.run_for(milliseconds)`."""
    context = chromium.new_context()
    page = context.new_page()
    page.clock.install(time=0)
    page.clock.pause_at(1_000)
    yield page
    context.close()


@pytest.fixture
def fake(blank):
    """`fake(script, values, html="")` renders a widget's script in a page with a model that no kernel hears."""
    made = []

    def open_(script, values, html='<div class="tdx-live"><div id="place"></div></div>', page=None):
        made.append(FakeModel(page or blank, script, values, html))
        return made[-1]

    yield open_
    for one in made:
        assert one.leave() == []


@pytest.fixture(scope=_span)
def parts(chromium):
    """A page in which `script` holds every function that the stepper's modules export."""
    from tdxkit.view.stepper import scripts

    page = chromium.new_page()
    page.set_content('<div id="place" class="tdx tdx-stepper"></div>')
    page.evaluate(IMPORT, scripts.script())
    yield page
    page.close()


@pytest.fixture(scope="session")
def make_run():
    return build_run


@pytest.fixture(scope="session")
def bad_run():
    """Both CPUs remove the one pair: breaks at step 9 of 10."""
    return build_run("0100001111")


@pytest.fixture
def live_widgets():
    """The widgets of a class that are alive: those that a kernel would hold and a page could show."""
    return lambda kind=Widget: [widget for widget in _instances.values() if isinstance(widget, kind)]


@pytest.fixture
def make_graph():
    return build_graph


def build_scheduler(**more):
    """A stepper in which the reader walks the sample, trying to break its rule."""
    begin = build_run("", code="sample:2x1:9f3c", title="You are the scheduler")
    more = {"goal": RULE, "goal_text": "Make a CPU remove a pair that is not there.", **more}
    return Stepper(_walk=graph_data(build_graph(), begin, **more))


@pytest.fixture
def make_scheduler():
    return build_scheduler
