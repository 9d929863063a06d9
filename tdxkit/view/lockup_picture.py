"""A lockup as a timeline: which loop has the CPU and whether it gives way, the watchdog's ticks, and how old its stamp is.

The age climbs in steps at the ticks and falls to nothing where the stopper gets in. Where it stands above the line at a tick, the
watchdog reports.
"""

from tdxkit.linux.softlockup.lockup import Judgement, Stretch, size_text
from tdxkit.linux.softlockup.preempt import MODELS
from tdxkit.linux.softlockup.watchdog import SAMPLE, SECOND, THRESHOLD, UNIT, Sample
from tdxkit.text import many
from tdxkit.view.kit import svg
from tdxkit.view.kit.picture import Picture
from tdxkit.view.kit.svg import Markup, element, line, text

WIDTH, LEFT, RIGHT = 860, 118, 28
LANE, BAR, TOP = 34, 18, 44
AGE_TOP, AGE_HIGH = TOP + 4 * LANE + 20, 104
FOOT = AGE_TOP + AGE_HIGH + 34
LANES = ("qemu-kvm", "stopper", "timer", "other tasks")
ROOM = 9  # px between two ticks from which on each has its own sign
MOST_TICKS = 150  # more would stand in each other's way: the picture then shows the first ones
COLOURS = {"reserve": "a0", "store": "a1", "check": "a2"}


def watchdog_picture(verdict: Judgement) -> Picture:
    """Who had the CPU when, with the watchdog's samples; the same as text."""
    end = min(verdict.end, MOST_TICKS * 4 * SECOND) or 1
    scale = (WIDTH - LEFT - RIGHT) / end

    def x(at: float) -> float:
        return LEFT + min(max(at, 0), end) * scale

    samples = [s for s in verdict.samples if s.at <= end]
    reports = [s for s in samples if s.stuck is not None]
    apart = SAMPLE * scale
    cut = f"; the first {end // SECOND:,} s are shown" if end < verdict.end else ""
    parts = [
        text(10, 18, _title(verdict), font_size=13.5, font_weight=700),
        text(10, 35, _said(verdict) + cut, role=_role(verdict)),
    ]
    parts += [text(10, TOP + k * LANE + 13, name, font_weight=600) for k, name in enumerate(LANES)]
    parts += [_bar(x, s) for s in verdict.stretches if s.end > s.start and s.start < end]
    parts += [_stamp(x(s.at), apart) for s in samples if s.who == "stopper"]
    parts += [_tick(x(s.at), apart) for s in samples if s.who == "timer" and s.stuck is None]
    parts += [_report(x(s.at), s, apart >= ROOM or s in (reports[0], reports[-1])) for s in reports]
    parts += [_wait(x(u.start), x(u.end), 1) for u in verdict.unbroken if u.end - u.start > SECOND]
    parts += _others(x, verdict, end)
    parts += _ages(x, verdict, samples, end)
    parts += _scale(x, end)
    return Picture(svg.drawing(WIDTH, FOOT, _said(verdict) + cut, *parts), _twin(verdict, samples, cut))


def _title(verdict: Judgement) -> str:
    patch = {None: "unpatched", "v1": "version 1: batches", "v2": "patched"}[verdict.work.text.patch]
    return (
        f"{size_text(verdict.work.size)} guest, {verdict.kernel} {MODELS[verdict.preempt].shown}, {patch}, "
        f"costs: {verdict.cost.name}"
    )


def _role(verdict: Judgement) -> str:
    return "bad" if verdict.lockup else "ok"


def _said(verdict: Judgement) -> str:
    if verdict.lockup:
        first, last = verdict.reports[0], verdict.reports[-1]
        found = f"✗ soft lockup in the {verdict.loop} loop: "
        if first is last:
            return f"{found}one report, at {first.at / SECOND:.1f} s: stuck for {first.stuck}s"
        return (
            f"{found}first report at {first.at / SECOND:.1f} s: stuck for {first.stuck}s; "
            f"the last of {len(verdict.reports)} at {last.at / SECOND:.1f} s: {last.stuck}s"
        )
    return f"✓ no lockup in {verdict.seconds:.1f} s; the longest unbroken stretch lasts {verdict.longest.seconds:.1f} s"


def _bar(x, stretch: Stretch) -> Markup:
    """A loop: in its colour where it gives way, with a heavy frame where it does not."""
    left, wide, y = x(stretch.start), max(x(stretch.end) - x(stretch.start), 0.8), TOP
    role = COLOURS.get(stretch.loop, "free")
    how = "gives way at " + ", ".join(stretch.stops) if stretch.stops else "unbroken"
    frame = {
        "fill": f"var(--tdx-{role}-bg)",
        "stroke": f"var(--tdx-{role})",
        "stroke_width": 1 if stretch.stops else 2.4,
    }
    dash = "5 3" if stretch.stops else None
    parts = [
        element("title", f"{stretch.loop}: {stretch.pages:,} pages in {stretch.seconds:.1f} s, {how}"),
        element("rect", x=left, y=y, width=wide, height=BAR, rx=2, stroke_dasharray=dash, **frame),
    ]
    words = f"{stretch.loop} {stretch.seconds:.1f} s, {how}"
    if wide < 6.2 * len(words):
        words = f"{stretch.loop} {stretch.seconds:.0f} s"
    if wide >= 6.2 * len(words):
        parts.append(text(left + wide / 2, y + 13, words, role=role, anchor="middle", font_size=10.5, font_weight=600))
    return svg.group(*parts)


def _stamp(at: float, apart: float) -> Markup:
    wide = min(5, 0.5 * apart)
    return element("rect", x=at - wide / 2, y=TOP + LANE + 2, width=wide, height=BAR - 4, rx=1, fill="var(--tdx-ok)")


def _wait(left: float, right: float, lane: int) -> Markup:
    """Where somebody is kept out."""
    y = TOP + lane * LANE + BAR / 2
    return line((left + 4, y), (max(right - 4, left + 4), y), role="bad", stroke_width=2, stroke_dasharray="2 4")


def _others(x, verdict: Judgement, end: int) -> list[Markup]:
    """The other tasks' share of the CPU, and where they are kept out."""
    y, n = TOP + 3 * LANE, verdict.others
    if not n:
        return [text(LEFT, y + 13, "nobody else wants this CPU", role="soft", font_size=10.5)]
    made = []
    for s in verdict.stretches:
        wide = x(s.end) - x(s.start)
        if s.start >= end or wide < 2:
            continue
        if s.stops:
            frame = {"fill": "var(--tdx-a4-bg)", "stroke": "var(--tdx-a4)", "stroke_dasharray": "5 3"}
            made.append(element("rect", x=x(s.start), y=y, width=wide, height=BAR, rx=2, **frame))
            said = f"{n} of {n + 1} parts of the time"
            if wide > 6.2 * len(said):
                made.append(text(x(s.start) + wide / 2, y + 13, said, role="a4", anchor="middle", font_size=10.5))
        else:
            made.append(_wait(x(s.start), x(s.end), 3))
    return made


def _tick(at: float, apart: float) -> Markup:
    """A tick that reports nothing: a ring, or a dash where rings would touch."""
    y = TOP + 2 * LANE + BAR / 2
    if apart < ROOM:
        return line((at, y - 4), (at, y + 4), role="soft")
    return element("circle", cx=at, cy=y, r=3, fill="var(--tdx-paper)", stroke="var(--tdx-soft)", stroke_width=1.4)


def _report(at: float, sample: Sample, told: bool) -> Markup:
    """A tick that reports; below it the number that it prints, of the first and the last at least."""
    y = TOP + 2 * LANE + BAR / 2
    cross = [line((at - 5, y - d), (at + 5, y + d), role="bad", stroke_width=2.2) for d in (5, -5)]
    said = text(at, y + 19, f"{sample.stuck}s", role="bad", anchor="middle", font_weight=700) if told else ""
    title = element("title", f"{sample.at / SECOND:.1f} s: reports {sample.stuck}s")
    return svg.group(title, *cross, said)


def _ages(x, verdict: Judgement, samples, end: int) -> list[Markup]:
    """The saw: units since the stamp over time, and since the report's period began where that is another."""
    most = max([THRESHOLD + 6, *(s.age + 4 for s in samples)])
    foot = AGE_TOP + AGE_HIGH

    def y(units: float) -> float:
        return foot - min(units, most) / most * AGE_HIGH

    points, last = [], None
    for sample in samples:
        if sample.who == "stopper":
            if last is not None:
                points.append((x(sample.at), y((sample.at - last) / UNIT)))
            points.append((x(sample.at), y(0)))
            last = sample.at
        else:
            last = sample.stamp
            points.append((x(sample.at), y((sample.at - last) / UNIT)))
    if last is not None:
        points.append((x(end), y((end - last) / UNIT)))
    if points:
        first = samples[0].stamp
        points.insert(0, (x(0), y((0 - first) / UNIT)))
    made = [
        svg.group(
            text(10, AGE_TOP - 10, "age of stamp", font_weight=600), text(101, AGE_TOP - 10, "in 2³⁰ ns", role="soft")
        )
    ]
    made.append(line((LEFT, y(THRESHOLD)), (WIDTH - RIGHT, y(THRESHOLD)), role="bad", stroke_dasharray="6 4"))
    made.append(text(LEFT - 6, y(THRESHOLD) + 4, f"{THRESHOLD}", role="bad", anchor="end", font_weight=700))
    oldest = max((s.age for s in samples), default=0)
    for units in sorted({0, oldest}):  # only where no other figure stands
        if all(abs(y(units) - y(other)) >= 13 for other in {THRESHOLD, 0} - {units}):
            made.append(text(LEFT - 6, y(units) + 4, f"{units}", role="soft", anchor="end"))
    made.append(line((LEFT, foot), (WIDTH - RIGHT, foot), role="line"))
    if len(points) > 1:
        made.append(line(*points, role="ink", stroke_width=1.6))
    return made + [element("circle", cx=x(s.at), cy=y(s.age), r=4, fill="var(--tdx-bad)") for s in samples if s.stuck]


def _scale(x, end: int) -> list[Markup]:
    step = next((s for s in (1, 4, 10, 20, 60, 120, 300) if end / SECOND / s <= 12), 600)
    foot = AGE_TOP + AGE_HIGH
    made = []
    for at in range(0, end // SECOND + 1, step):
        here = x(at * SECOND)
        made += [
            line((here, foot), (here, foot + 5), role="edge"),
            text(here, foot + 18, f"{at} s", role="soft", anchor="middle"),
        ]
    return made


def _twin(verdict: Judgement, samples, cut: str) -> str:
    rows = [_title(verdict), _said(verdict) + cut]
    for s in verdict.stretches:
        if s.seconds >= 0.1:
            how = "gives way at " + ", ".join(s.stops) if s.stops else "unbroken"
            rows.append(f"  {s.start / SECOND:7.1f} s  {s.loop:8} for {s.seconds:.1f} s, {how}")
    if verdict.others:
        one, several = ("shares", "waits"), ("share", "wait")
        shares, waits = one if verdict.others == 1 else several
        rows.append(
            f"  {many(verdict.others, 'other task')} {shares} the CPU where the loops give way, and {waits} elsewhere"
        )
    for s in samples:
        if s.who == "timer":
            rows.append(
                f"  {s.at / SECOND:7.1f} s  tick: stamp {s.age} units old"
                + (f", reports {s.stuck}s" * (s.stuck is not None))
            )
        elif verdict.loop_at(s.at) == "" or s.at == verdict.longest.end:
            rows.append(f"  {s.at / SECOND:7.1f} s  the stopper stamps")
    return "\n".join(rows)
