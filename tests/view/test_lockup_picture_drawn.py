"""Where each part of a lockup's timeline stands, computed from the verdict's own times: 714 px for the whole, four lanes of 34 px, the saw below."""

import pytest
from drawn import parts, px, rooms, size

from tdxkit.linux.softlockup.lockup import lockup
from tdxkit.linux.softlockup.watchdog import SECOND
from tdxkit.units import GIB
from tdxkit.view.lockup_picture import watchdog_picture

UNIT = 1 << 30  # ns, in which the watchdog counts
ROLES = {"reserve": "a0", "store": "a1", "check": "a2"}
CASES = {
    "reported": lockup(1500 * GIB),
    "batches": lockup(940 * GIB, preempt="none", patch="v1", others=1),
    "shared": lockup(3072 * GIB, preempt="voluntary", others=3),
    "patched": lockup(4096 * GIB, preempt="voluntary", patch="v2", others=3),
    "quiet": lockup(64 * GIB, others=1),
    "idle": lockup(1900 * GIB, from_idle=True),
    "very long": lockup(64 << 40, cost="thunk"),
}


@pytest.fixture(params=CASES)
def judged(request):
    return CASES[request.param]


def end_of(judged):
    """The end of what is drawn: ten minutes at most."""
    return min(judged.end, 600 * SECOND)


def place(judged, at):
    return 118 + 714 * min(max(at, 0), end_of(judged)) / end_of(judged)


def shown(judged):
    return [sample for sample in judged.samples if sample.at <= end_of(judged)]


DRAWN = {id(judged): watchdog_picture(judged) for judged in CASES.values()}


def drawn(judged):
    return parts(DRAWN[id(judged)].svg)


def has(judged, expected, kind):
    """Of this kind there is what is expected, and nothing else, in any order."""
    assert sorted(part for part in drawn(judged) if kind(part)) == sorted(expected)


def test_each_lane_has_its_name_and_the_picture_its_size(judged):
    told = drawn(judged)
    assert [part for part in told if part.startswith("text 10 ")][2:6] == [
        f"text 10 {57 + 34 * k} '{name}' 11.5/600"
        for k, name in enumerate(("qemu-kvm", "stopper", "timer", "other tasks"))
    ]
    assert size(DRAWN[id(judged)].svg) == (860, 338)
    role = "bad" if judged.lockup else "ok"
    head, said = DRAWN[id(judged)].text.splitlines()[:2]
    assert told[:2] == [f"text 10 18 {head!r} 13.5/700", f"text 10 35 {said!r} {role}"]


def test_a_loop_is_as_long_as_it_has_the_cpu_dashed_where_it_gives_way(judged):
    bars, words = [], []
    for one in judged.stretches:
        if one.end <= one.start or one.start >= end_of(judged):
            continue
        left, wide = place(judged, one.start), max(place(judged, one.end) - place(judged, one.start), 0.8)
        role, seconds = ROLES[one.loop], (one.end - one.start) / SECOND
        look = f"{role}/1 dash=5 3" if one.stops else f"{role}/2.4"
        bars.append(f"rect {px(left)} 44 {px(wide)}×18 {role}-bg {look} rx=2")
        how = f"gives way at {', '.join(one.stops)}" if one.stops else "unbroken"
        options = [f"{one.loop} {seconds:.1f} s, {how}", f"{one.loop} {seconds:.0f} s"]
        if fits := [said for said in options if 6.2 * len(said) <= wide]:
            words.append(f"text {px(left + wide / 2)} 57 '{fits[0]}' {role} 10.5/600 middle")
    has(judged, bars, lambda part: part.startswith("rect") and " 44 " in part)
    has(judged, words, lambda part: part.startswith("text") and " 57 " in part and "10.5/600" in part)


def test_a_tick_is_a_ring_or_a_dash_a_report_a_cross_with_its_number_and_a_stamp_a_bar(judged):
    apart = 4 * SECOND * 714 / end_of(judged)
    rings, crosses, stamps = [], [], []
    reports = [sample for sample in shown(judged) if sample.stuck is not None]
    for sample in shown(judged):
        x = place(judged, sample.at)
        if sample.who == "stopper":
            wide = min(5, apart / 2)
            stamps.append(f"rect {px(x - wide / 2)} 80 {px(wide)}×14 ok rx=1")
        elif sample.stuck is None:
            rings.append(
                f"path M{px(x)} 117L{px(x)} 125 soft/1" if apart < 9 else f"circle {px(x)} 121 3 paper soft/1.4"
            )
        else:
            crosses += [f"path M{px(x - 5)} {121 - d}L{px(x + 5)} {121 + d} bad/2.2" for d in (5, -5)]
            if apart >= 9 or sample in (reports[0], reports[-1]):
                crosses.append(f"text {px(x)} 140 '{sample.stuck}s' bad 11.5/700 middle")
    has(judged, stamps, lambda part: " ok rx=1" in part)
    has(judged, rings, lambda part: part.endswith(" soft/1.4") or part.endswith("125 soft/1"))
    has(judged, crosses, lambda part: "bad/2.2" in part or (" 140 " in part and part.startswith("text")))


def test_who_is_kept_out_has_a_dotted_line_and_other_tasks_their_share(judged):
    dotted, boxes = [], []
    wait = lambda left, right, y: f"path M{px(left + 4)} {y}L{px(max(right - 4, left + 4))} {y} bad/2 dash=2 4"  # noqa: E731
    for one in judged.unbroken:
        if one.end - one.start > SECOND:
            dotted.append(wait(place(judged, one.start), place(judged, one.end), 87))
    for one in judged.stretches if judged.others else ():
        left, right = place(judged, one.start), place(judged, one.end)
        if one.start >= end_of(judged) or right - left < 2:
            continue
        if not one.stops:
            dotted.append(wait(left, right, 155))
            continue
        boxes.append(f"rect {px(left)} 146 {px(right - left)}×18 a4-bg a4/1 dash=5 3 rx=2")
        said = f"{judged.others} of {judged.others + 1} parts of the time"
        if right - left > 6.2 * len(said):
            boxes.append(f"text {px((left + right) / 2)} 159 '{said}' a4 10.5/400 middle")
    has(judged, dotted, lambda part: "bad/2 dash=2 4" in part)
    has(judged, boxes, lambda part: " a4-bg " in part or " a4 " in part)
    nobody = "text 118 159 'nobody else wants this CPU' soft 10.5/400"
    assert (nobody in drawn(judged)) == (not judged.others)


def test_the_saw_is_the_time_since_the_stamp_at_each_sample(judged):
    samples, end = shown(judged), end_of(judged)
    most = max(26, *(sample.age + 4 for sample in samples))
    y = lambda units: 304 - min(units, most) / most * 104  # noqa: E731
    points, last = [(118, y(-samples[0].stamp / UNIT))], None
    for sample in samples:
        if sample.who == "stopper":
            points += [] if last is None else [(place(judged, sample.at), y((sample.at - last) / UNIT))]
            points.append((place(judged, sample.at), 304))
            last = sample.at
        else:
            last = sample.stamp
            points.append((place(judged, sample.at), y((sample.at - last) / UNIT)))
    points.append((place(judged, end), y((end - last) / UNIT)))
    saw = "L".join(f"{px(round(a, 2))} {px(round(b, 2))}" for a, b in points)
    has(judged, [f"path M{saw} ink/1.6"], lambda part: "ink/1.6" in part)
    line = px(y(20))
    figures = [f"text 112 {px(y(20) + 4)} '20' bad 11.5/700 end", "text 112 308 '0' soft end"]
    oldest = max(sample.age for sample in samples)
    if abs(y(oldest) - y(20)) >= 13 and 304 - y(oldest) >= 13:
        figures.append(f"text 112 {px(y(oldest) + 4)} '{oldest}' soft end")
    has(judged, figures, lambda part: part.endswith(" end"))
    has(
        judged,
        [f"path M118 {line}L832 {line} bad/1 dash=6 4", "path M118 304L832 304 line/1"],
        lambda part: "bad/1" in part or "line/1" in part,
    )
    has(
        judged,
        [f"circle {px(place(judged, s.at))} {px(y(s.age))} 4 bad" for s in samples if s.stuck],
        lambda part: part.endswith(" 4 bad"),
    )
    heads = ["text 10 190 'age of stamp' 11.5/600", "text 101 190 'in 2³⁰ ns' soft"]
    has(judged, heads, lambda part: " 190 '" in part)


def test_the_scale_has_round_seconds_up_to_thirteen_of_them(judged):
    seconds = end_of(judged) / SECOND
    step = next(step for step in (1, 4, 10, 20, 60, 120, 300) if seconds / step <= 12)
    expected = []
    for at in range(0, int(seconds) + 1, step):
        x = px(place(judged, at * SECOND))
        expected += [f"path M{x} 304L{x} 309 edge/1", f"text {x} 322 '{at} s' soft middle"]
    has(judged, expected, lambda part: "edge/1" in part or " 322 '" in part)


def test_no_two_texts_touch_and_all_stand_inside(judged):
    texts = [room for room in rooms(DRAWN[id(judged)].svg) if room.kind == "text"]
    for k, one in enumerate(texts):
        assert one.left >= 0 and one.right <= 860 and one.foot <= 338
        for other in texts[:k]:
            assert (
                one.right <= other.left or other.right <= one.left or one.foot <= other.top or other.foot <= one.top
            ), (one, other)


def test_the_text_has_each_loop_tick_and_the_stamps_that_count(judged):
    rows = DRAWN[id(judged)].text.splitlines()[2:]
    loops = [row for row in rows if " for " in row]
    assert len(loops) == sum(one.end - one.start >= SECOND / 10 for one in judged.stretches)
    for row, one in zip(loops, (one for one in judged.stretches if one.end - one.start >= SECOND / 10)):
        how = "gives way at " + ", ".join(one.stops) if one.stops else "unbroken"
        assert row == f"  {one.start / SECOND:7.1f} s  {one.loop:8} for {(one.end - one.start) / SECOND:.1f} s, {how}"
    ticks = [
        f"  {s.at / SECOND:7.1f} s  tick: stamp {s.age} units old" + f", reports {s.stuck}s" * (s.stuck is not None)
        for s in shown(judged)
        if s.who == "timer"
    ]
    assert [row for row in rows if "tick" in row] == ticks
    stamped = [
        f"  {s.at / SECOND:7.1f} s  the stopper stamps"
        for s in shown(judged)
        if s.who == "stopper" and (judged.loop_at(s.at) == "" or s.at == judged.longest.end)
    ]
    assert [row for row in rows if "stopper" in row] == stamped
    others = [row for row in rows if "the CPU where" in row]
    assert len(others) == bool(judged.others)


@pytest.mark.parametrize(
    "others, said",
    [
        (1, "  1 other task shares the CPU where the loops give way, and waits elsewhere"),
        (3, "  3 other tasks share the CPU where the loops give way, and wait elsewhere"),
    ],
)
def test_the_other_tasks_are_counted_in_words(others, said):
    assert said in watchdog_picture(lockup(940 * GIB, others=others)).text.splitlines()


def test_a_verdict_is_a_sentence():
    said = lambda name: watchdog_picture(CASES[name]).text.splitlines()[1]  # noqa: E731
    one, many = CASES["reported"].reports, CASES["very long"].reports
    assert (
        len(one) == 1
        and said("reported")
        == f"✗ soft lockup in the store loop: one report, at {one[0].at / SECOND:.1f} s: stuck for {one[0].stuck}s"
    )
    assert said("very long") == (
        f"✗ soft lockup in the {CASES['very long'].loop} loop: first report at {many[0].at / SECOND:.1f} s: stuck for {many[0].stuck}s; "
        f"the last of {len(many)} at {many[-1].at / SECOND:.1f} s: {many[-1].stuck}s; the first 600 s are shown"
    )  # fmt: skip
    calm = CASES["quiet"]
    assert (
        said("quiet")
        == f"✓ no lockup in {calm.seconds:.1f} s; the longest unbroken stretch lasts {calm.longest.seconds:.1f} s"
    )
