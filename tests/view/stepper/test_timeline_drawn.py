"""Where each part of the stepper's timeline stands, computed here again from what a step, a row and a form are."""

import pytest
from drawn import parts, px, size

from tdxkit.view.stepper.payload import StepRow
from tdxkit.view.stepper.timeline import causes, nothing, rows_of, stretches, timeline

ROOMY = {"top": 18, "actor": 24, "bar": 16, "track": 20, "bottom": 6}
COMPACT = {"top": 15, "actor": 18, "bar": 12, "track": 17, "bottom": 4}


def step(actor, broken=(), reads=()):
    return StepRow(actor, "label", "sentence", [], None, None, [], list(broken), [], "", list(reads))


def track(kind, values, name="row", role=""):
    return {"kind": kind, "name": name, "key": name, "role": role, "values": values}


def run(who, *tracks, marks=(), actors=("CPU 0", "CPU 1", "CPU 2"), **more):
    """Data of a run in which these actors move, a number each."""
    steps = [one if isinstance(one, StepRow) else step(one) for one in who]
    plain = {
        "actors": list(actors),
        "roles": list(range(len(actors))),
        "tracks": list(tracks),
        "keys": ["x", "y"],
        "marks": list(marks),
        "offset": 0,
    }
    return {**plain, "steps": steps, **more}


def left_of(data, width=908):
    """Where the columns begin: after the longest name, within bounds."""
    names = (*data["actors"], *(one["name"] for one in data["tracks"]))
    widest = next((most for below, most in ((360, 92), (560, 172), (800, 232)) if width < below), 300)
    return min(max(6.3 * max(map(len, names)) + 26, 70), widest)


@pytest.mark.parametrize("form, high", [("roomy", ROOMY), ("compact", COMPACT)])
@pytest.mark.parametrize("position", [0, 1, 4])
def test_a_lane_a_row_a_block_a_step_and_a_frame_around_the_present(form, high, position):
    data = run([0, 0, 1, 0], track("fact", [False, True, True, False, False], "a longer name", "pair"))
    left, wide = 6.3 * 13 + 26, 56
    below = high["top"] + 3 * high["actor"]
    whole = below + high["track"] + high["bottom"]
    made = timeline(data, position, form=form)
    assert size(made) == (908, whole) and f'aria-label="Timeline of 4 steps, at step {position}"' in made
    block = lambda k, y: f"M{px(left + k * wide + 1)} {y}h54v{high['bar']}h-54z"  # noqa: E731
    lanes = ["".join(block(k, high["top"]) for k in (0, 1, 3)), block(2, high["top"] + high["actor"]), ""]
    names = [f"text 0 {high['top'] + k * high['actor'] + high['bar'] - 4} 'CPU {k}' a{k}" for k in range(3)]
    y = below + high["track"] / 2 - 2
    names.append(f"text 0 {px(y + 4)} 'a longer name' soft")
    bar = f"path M{px(left + 1)} {px(y)}H{px(left + 2 * wide - 1)} pair/"
    ahead = [f"path {d} a{k}/1" for k, d in enumerate(lanes)] + [f"{bar}2"]
    hatch = ["", " url(#tdx0-h1)", " url(#tdx0-h2)"]
    been = [
        part for k, d in enumerate(lanes) for part in (f"path {d} a{k}", *([f"path {d}{hatch[k]}"] if k else []))
    ] + [f"{bar}6"]
    patterns = ["path M0 6L6 0 paper/1", "path M0 0L6 6 paper/1"]
    here = left + (position - 0.5) * wide - 29 if position else left - 3
    frame = f"rect {px(here)} 12 {58 if position else 2}×{whole - 13} none ink/1.5 rx=4"
    clip = f"rect 0 0 {px(left + position * wide)}×{whole}"
    assert parts(made) == [clip, *patterns, *names, *ahead, *been, frame]
    assert made.count('width="6" height="6" patternUnits') == 2


def test_columns_share_the_width_and_stay_below_56_px():
    for steps, columns, wide in ((100, 0, (908 - 70 - 4) / 100), (4, 0, 56), (4, 50, (908 - 70 - 4) / 50)):
        data = run([0] * steps, columns=columns, actors=("A",))
        (clip, *_, frame) = parts(timeline(data, 1))
        assert clip == f"rect 0 0 {px(70 + wide)}×{18 + 24 + 6}" and f" {px(wide + 2)}×" in frame
    assert parts(timeline(run([], actors=("A",)), 0))[0] == "rect 0 0 70×48"


def test_blocks_run_together_where_columns_are_narrow_and_the_frame_stays_visible():
    data = run([0] * 300 + [1] * 300, actors=("A", "B"))
    wide = 834 / 600
    told = parts(timeline(data, 300))
    assert (
        f"path M70 18h{px(300 * wide)}v16h-{px(300 * wide)}z a0" in told
        and f"path M{px(70 + 300 * wide)} 42h{px(300 * wide)}v16h-{px(300 * wide)}z a1" in told
    )
    assert told[-1].startswith(f"rect {px(70 + 299.5 * wide - 2.5)} 12 5×")
    apart = parts(timeline(run([0] * 208, actors=("A",)), 0))  # just 4 px: each its own block
    assert apart[2].count("z") == 208
    assert parts(timeline(run([0] * 209, actors=("A",)), 0))[2].count("z") == 1


@pytest.mark.parametrize(
    "width, most", [(320, 92), (359, 92), (360, 172), (559, 172), (560, 232), (799, 232), (800, 300)]
)
def test_a_name_is_cut_at_what_the_width_leaves_it(width, most):
    data = run([0], actors=("n" * 100,))
    room = int((most - 12) / 6.3)
    told = parts(timeline(data, 0, width))
    assert f"text 0 30 '{'n' * (room - 1)}…' a0" in told and f"<title>{'n' * 100}</title>" in timeline(data, 0, width)
    whole = run([0], actors=("n" * int((most - 26) / 6.3),))
    assert "…" not in "".join(parts(timeline(whole, 0, width)))


def test_a_rule_that_holds_is_a_line_and_one_that_is_broken_dashed_with_a_cross():
    data = run([0, 0, 0], track("rule", [True, True, False, False]), actors=("A",))
    left, y = left_of(data), 18 + 24 + 20 / 2 - 2
    for past, thick, cross in ((0, 1, 1.5), (1, 3, 3)):
        x = left + 56
        made = [
            f"path M{px(left + 1)} {px(y)}H{px(x - 1)} ok/{thick}", f"path M{px(x + 1)} {px(y)}H{px(left + 167)} bad/{thick} dash=5 4",
            f"path M{px(x + 28 - 5)} {px(y - 5)}l10 10m0-10l-10 10 bad/{cross}",
        ]  # fmt: skip
        told = [part for part in parts(timeline(data, 0)) if "ok/" in part or "bad/" in part]
        assert told[3 * past : 3 * past + 3] == made
    many = run([0] * 600, track("rule", [True, False] + [True] * 599), actors=("A",))
    assert f"path M{px(left_of(many) + 1)} 45l10 10m0-10l-10 10" in " ".join(parts(timeline(many, 0))), (
        "the cross stays off the name"
    )


def test_a_lock_is_a_box_in_its_holder_s_colour_with_its_name_where_that_fits():
    data = run([0] * 4, track("lock", [-1, 1, 1, 0, [0, 1]]), actors=("CPU 0", "CPU 1"))
    left, y = left_of(data), 18 + 48 + 10 - 2
    at = lambda k, n: (px(left + 56 * k + 1), px(56 * n - 2), px(left + 56 * (k + n / 2)))  # noqa: E731
    expected = []
    for ahead in (True, False):
        for k, n, words, role, dash, over in (
            (0, 2, "CPU 1", "a1", "", "url(#tdx0-h1)"),
            (2, 1, "CPU 0", "a0", "", ""),
            (3, 1, "CPU 0, CPU 1", "shared", " dash=4 2", ""),
        ):
            x, wide, middle = at(k, n)
            expected.append(f"rect {x} {px(y - 6)} {wide}×12 {'none' if ahead else role} {role}/1{dash} rx=2")
            expected += [f"rect {x} {px(y - 6)} {wide}×12 {over} rx=2"] if over and not ahead else []
            if 56 * n - 2 >= 5.8 * len(words) + 4:
                ink = f"{role}" if ahead else f"paper {role}/1"
                expected.append(f"text {middle} {px(y + 3.8)} '{words}' {ink} middle")
    told = [
        part for part in parts(timeline(data, 0)) if "rx=2" in part or (part.startswith("text") and "middle" in part)
    ]
    assert told == expected


@pytest.mark.parametrize(
    "value, words, role",
    [
        ("firmware", "firmware", "exclusive"),
        ([1], "CPU 1", "a1"),
        ([0, 1], "CPU 0, CPU 1", "shared"),
        (1, "CPU 1", "a1"),
    ],
)
def test_a_lock_may_be_a_stranger_s_or_shared_by_one(value, words, role):
    data = run([0] * 4, track("lock", [-1, *[value] * 4]), actors=("CPU 0", "CPU 1"))
    told = " ".join(parts(timeline(data, 0)))
    assert f"'{words}' {role} middle" in told and f"×12 {role} {role}/1" in told
    assert ("dash=4 2" in told) == isinstance(value, list) and ("12 url(#tdx0-h1)" in told) == (role == "a1")


@pytest.mark.parametrize("values", [[5, 5, 7, 7, 7, 3], [-2, -2, -2, -2, 1, 1], [4, 4, 4, 4, 4, 4]])
def test_numbers_are_stairs_between_their_least_and_their_most(values):
    data = run([0] * 5, track("value", list(map(str, values))), track("fact", [True] * 6, "f", "used"), actors=("A",))
    left, y = left_of(data), 18 + 24 + 10 - 2
    if len(set(values)) == 1:
        assert "V" not in " ".join(parts(timeline(data, 0))), "what never changes has no row"
        return
    level = lambda value: y + 5 - 10 * (value - min(values)) / max(max(values) - min(values), 1)  # noqa: E731
    runs, begin = [], 1
    for k in range(2, 7):
        if k == 6 or values[k] != values[begin]:
            runs.append((begin - 1, k - 1, values[begin]))
            begin = k
    path = "".join(
        f"{'V' if k else f'M{px(left)} '}{px(level(value))}H{px(left + 56 * stop)}"
        for k, (_, stop, value) in enumerate(runs)
    )
    digits = [
        f"text {px(left + 28 * (start + stop))} {px(level(value) + 3.8)} '{value}'" for start, stop, value in runs
    ]
    told = [
        part
        for part in parts(timeline(data, 0))
        if (part.startswith(f"path M{px(left)} ") and "V" in part) or ("'" in part and "middle" in part)
    ]
    ahead, been = (
        [f"path {path} soft/1", *(f"{one} soft middle" for one in digits)],
        [f"path {path} ink/2", *(f"{one} middle" for one in digits)],
    )
    assert told == ahead + been


def test_a_digit_stands_only_where_it_has_room_and_words_are_boxes():
    narrow = run([0] * 200, track("value", ["1", "1", *["22"] * 199]), actors=("A",))
    assert "'1'" not in " ".join(parts(timeline(narrow, 0))) and "'22' soft middle" in " ".join(
        parts(timeline(narrow, 0))
    )
    words = run([0, 0], track("value", ["", "free", ""]), actors=("A",))
    told = [part for part in parts(timeline(words, 0)) if "soft/1" in part and "rect" in part]
    assert [part.split()[3:] for part in told] == [
        ["54×12", "none", "soft/1", "rx=2"],
        ["54×12", "soft", "soft/1", "rx=2"],
    ]


@pytest.mark.parametrize("columns, there", [(1, False), (2, False), (3, True), (40, True)])
def test_a_digit_needs_the_room_of_its_letters_and_five_px(columns, there):
    data = run([0] * 200, track("value", ["1"] * (1 + columns) + ["22"] * (200 - columns)), actors=("A",))
    step = (908 - left_of(data)) / 200
    assert (columns * step >= 5.8 + 5) == there
    assert ("'1' soft middle" in " ".join(parts(timeline(data, 0)))) == there


def test_over_the_plot_stand_switches_breaks_and_where_two_runs_part():
    data = run([0, 1, step(0, ["rule"]), 0], marks=(2, 3), parts=4)
    left = left_of(data)
    marks = [part for part in parts(timeline(data, 0)) if "edge/1.5" in part or "l-5 8z" in part or "≠" in part]
    assert marks == [
        f"path M{px(left + 56)} 4v6 edge/1.5",
        f"path M{px(left + 2.5 * 56 - 5)} 2h10l-5 8z bad",
        f"text {px(left + 3.5 * 56)} 11 '≠' middle",
    ]
    for who, some, dense in (
        ([0, 1] * 10, range(1, 11), False),
        ([0, 1] * 10, range(1, 12), True),
        ([0] * 600, range(1, 278), False),
        ([0] * 600, range(1, 280), True),
    ):
        ticks = [part for part in parts(timeline(run(who, marks=some, actors=("A", "B")), 0)) if "edge/1.5" in part]
        assert len(ticks) == (0 if dense else len(some))


def test_an_arrow_goes_from_the_end_of_the_step_that_wrote_to_the_one_that_read():
    for wrote, missed in ((1, 0), (1, 1), (3, 0)):
        data = run([0, 0, 0, step(1, reads=[[0, wrote, missed]])], actors=("A", "B"))
        told, left = parts(timeline(data, 4))[-4:], left_of(data)
        x1, y1, x2, y2 = left + 56 * (wrote - 0.5), 26, left + 56 * 3 + 1, 50
        bend = max((x2 - x1) / 2, 14)
        path = f"path M{px(x1)} {y1}C{px(x1 + bend)} {y1} {px(x2 - bend)} {y2} {px(x2)} {y2}"
        assert told == [
            f"{path} paper/5",
            f"{path} ink/2{' dash=4 3' * missed}",
            f"path M{px(x2)} {y2}l-8 -4.5v9z ink paper/1",
            f"circle {px(x1)} {y1} 3 ink paper/1",
        ]
    before = run([0, step(1, reads=[[0, 0, 0]])], actors=("A", "B"))
    assert not [part for part in parts(timeline(before, 2)) if part.startswith("circle")], (
        "what stood there first has no arrow"
    )


def test_a_broken_step_rests_also_on_what_its_actor_read_last():
    steps = [
        step(0),
        step(1, reads=[[0, 1, 0]]),
        step(1, reads=[[1, 1, 1]]),
        step(0, reads=[[0, 2, 0]]),
        step(1, ["rule"]),
    ]
    data = run(steps, offset=10)
    assert causes(data, 5) == [(-9, 3, "y", True)] and causes(data, 0) == []
    assert causes(data, 2) == [(-9, 2, "x", False)] and causes(data, 4) == [(-8, 4, "x", False)]
    assert causes(run([step(1, reads=[[0, 0, 0]]), step(1, ["r"], reads=[[1, 1, 0]])]), 2) == [
        (1, 2, "y", False),
        (0, 1, "x", False),
    ]


@pytest.mark.parametrize(
    "value, none",
    [
        (False, True),
        (None, True),
        (-1, True),
        ("", True),
        ("none", True),
        (0, False),
        (True, False),
        ("0", False),
        ([0], False),
    ],
)
def test_what_is_nothing(value, none):
    assert nothing(value) == none


def test_stretches_are_of_equal_values_and_a_truth_is_no_number():
    assert stretches([9, 1, 1, True, "1", "1"]) == [(0, 2, 1), (2, 3, True), (3, 5, "1")]
    assert stretches([9]) == []


@pytest.mark.parametrize("more", [{"graph": {}}, {"beside": ["row"]}])
def test_a_row_without_anything_stays_in_a_walk_and_beside_a_run_that_has_it(more):
    from tdxkit.view.stepper.timeline import FORMS

    silent = track("lock", [-1, -1])
    assert rows_of(run([0], silent), FORMS["roomy"]) == [] and rows_of(run([0], silent, **more), FORMS["roomy"]) == [
        silent
    ]
    two = run([0], track("rule", [True, False], "one"), track("rule", [False, True], "two"))
    assert [row["values"] for row in rows_of(two, FORMS["roomy"])] == [[0, 1], [1, 0]]
    (folded,) = rows_of(two, FORMS["compact"])
    assert (folded["name"], folded["values"]) == ("2 rules", [1, 1])
    alone = run([0], track("rule", [True, False], "one"))
    assert [row["name"] for row in rows_of(alone, FORMS["compact"])] == ["one"]
