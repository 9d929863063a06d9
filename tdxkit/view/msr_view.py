"""Pictures of MSR 0x3A: who touched it on which vCPU and when, the register bit by bit, and every vCPU's register at a step of a run.

    access_picture(trace.events)         # a lane a vCPU, a mark an access; what a value means shows on hover
    register_bits(0x40005)               # the bits
    Stepper(hotplug().run, picture=vcpus)

Thread names and notes in a trace come from outside: they go through `svg.text` and `svg.element` like everything else.
"""

from collections.abc import Sequence

from tdxkit.linux.msr.register import FIELDS, Event, describe, names
from tdxkit.linux.msr.vcpu_life import Register
from tdxkit.review.msr.reading import PHASE_GAP
from tdxkit.review.msr.told import Reading, sentence
from tdxkit.view.kit import svg
from tdxkit.view.kit.bits import MONO, bits
from tdxkit.view.kit.picture import Picture
from tdxkit.view.kit.svg import Markup, element, group
from tdxkit.view.kit.tables import Table, table

SHOWN = 40  # accesses in one timeline
SLOT, LANE, SIDE, TOP = 44, 40, 92, 46
PAUSE = 34  # the width of a pause between two phases
MARK = 6.5


def register_bits(value: int) -> Picture:
    """IA32_FEATURE_CONTROL as a picture; the upper half only where something is set there."""
    width = 64 if value >> 21 else 21
    rows = [(f.name, min(f.high, width - 1), f.low, f.meaning) for f in FIELDS if f.low < width]
    return bits(value, [row for row in rows if row[0] != "reserved"], width=width, title=describe(value))


def access_picture(
    events: Sequence[Event], start: int = 0, title: str = "Who touched MSR 0x3A", notes: bool = True
) -> Picture:
    """Up to SHOWN accesses from number `start` on, in their order, a lane for each vCPU; pauses are drawn as gaps.

    `notes=False` keeps to itself what somebody wrote behind the lines of a trace.
    """
    shown = events[start : start + SHOWN]
    lanes = list(dict.fromkeys(_lane(e) for e in events))[:64]
    shown = [e for e in shown if _lane(e) in lanes]
    twin = _twin(events, shown, start, title, notes)
    if not shown:
        return Picture(svg.drawing(420, 40, twin, svg.text(12, 25, f"{title}: nobody did", role="soft")), twin)
    lanes = [lane for lane in _sorted(lanes) if any(_lane(e) == lane for e in shown)]
    marks, x = [], SIDE + SLOT / 2
    for i, event in enumerate(shown):
        gap = _gap(shown[i - 1], event) if i else None
        if gap is not None:
            marks.append(_pause(x - SLOT / 2 + PAUSE / 2, gap, len(lanes)))
            x += PAUSE
        if (i == 0 or gap is not None) and event.time is not None:
            marks.append(svg.text(x - MARK, TOP - 8, _when(event.time), role="soft", font_size=10.5))
        marks.append(_mark(x, TOP + lanes.index(_lane(event)) * LANE + LANE / 2, event, notes))
        x += SLOT
    wide, tall = x - SLOT / 2 + 8, TOP + len(lanes) * LANE
    parts = [svg.text(10, 18, title, font_size=13.5, font_weight=700), _legend(max(wide, 560) - 250, 18)]
    for k, lane in enumerate(lanes):
        y = TOP + k * LANE + LANE / 2
        parts += [svg.text(10, y + 4, lane[:14], font_weight=600), svg.line((SIDE - 10, y), (wide, y), role="line")]
    rest = len(events) - start - len(shown)
    if rest > 0:
        parts.append(svg.text(SIDE, tall + 14, f"{rest:,} accesses more", role="soft"))
    return Picture(svg.drawing(max(wide, 560), tall + (22 if rest > 0 else 8), twin, *parts, *marks), twin)


def _lane(event: Event) -> str:
    return f"vCPU {event.vcpu}" if event.vcpu is not None else f"thread {event.pid}"


def _sorted(lanes: list[str]) -> list[str]:
    """By kind, then by number: what belongs together stands together, whoever came first."""
    return sorted(lanes, key=lambda lane: (lane.split()[0], int(lane.split()[1]) if lane.split()[1].isdigit() else 0))


def _gap(before: Event, after: Event) -> float | None:
    """The pause in seconds where one is worth drawing."""
    if not isinstance(before.time, float) or not isinstance(after.time, float):  # none, or of a clock that counts
        return None
    pause = after.time - before.time
    return pause if abs(pause) >= PHASE_GAP else None


def _when(time: float) -> str:
    return f"{time:.6f} s" if isinstance(time, float) else str(time)


def _pause(x: float, gap: float, lanes: int) -> Markup:
    foot = TOP + lanes * LANE
    words = f"{gap:.1f} s" if gap > 0 else "back in time"
    break_line = svg.line((x, TOP - 2), (x, foot), role="edge", stroke_dasharray="2 5")
    said = svg.text(
        x - 5, foot - 6, words, role="soft", font_size=10.5, transform=f"rotate(-90 {x - 5:.0f} {foot - 6})"
    )
    return group(break_line, said)


def _said(event: Event, notes: bool) -> str:
    """One access in words: what the hover and the twin say."""
    when = "" if event.time is None else f"{_when(event.time)}  "
    note = f"  {event.note}" if notes and event.note else ""
    name = f" {event.name}" if event.vcpu is None and event.name else ""
    thread = f" (pid {event.pid}{name})" if event.pid is not None else ""
    if event.op == "write":
        did = f"writes {describe(event.value)}" + (" (#GP: refused)" if event.fault else "")
    else:
        did = "reads and takes #GP" if event.fault else f"reads {describe(event.value)}"
    return f"{when}{_lane(event)}{thread} {did}{note}"


def _mark(x: float, y: float, event: Event, notes: bool) -> Markup:
    """A ring for a read, a filled square for a write, a cross over it where it took #GP; the value under it."""
    role = "bad" if event.fault else "a1" if event.op == "write" else "a0"
    ink = f"var(--tdx-{role})"
    if event.op == "write":
        shape = element("rect", x=x - MARK, y=y - MARK - 3, width=2 * MARK, height=2 * MARK, rx=2, fill=ink)
    else:
        shape = element("circle", cx=x, cy=y - 3, r=MARK - 0.5, fill="var(--tdx-paper)", stroke=ink, stroke_width=2.2)
    cross = []
    if event.fault:
        cross = [
            svg.line((x - 9, y - 12), (x + 9, y + 6), role="bad", stroke_width=2),
            svg.line((x - 9, y + 6), (x + 9, y - 12), role="bad", stroke_width=2),
        ]
    value = f"{event.value:x}" if event.op == "write" or not event.fault else "—"
    word = svg.text(
        x, y + 15, value if len(value) < 8 else value[:6] + "…", anchor="middle", font_size=10, font_family=MONO
    )
    reach = element("rect", x=x - SLOT / 2, y=y - LANE / 2, width=SLOT, height=LANE, fill="transparent")
    star = [svg.text(x + 9, y - 6, "*", role="soft")] if notes and event.note else []
    return group(element("title", _said(event, notes)), shape, *cross, *star, word, reach)


def _legend(x: float, y: float) -> Markup:
    ring = element("circle", cx=x, cy=y - 4, r=5, fill="var(--tdx-paper)", stroke="var(--tdx-a0)", stroke_width=2)
    square = element("rect", x=x + 52, y=y - 9, width=10, height=10, rx=2, fill="var(--tdx-a1)")
    cross = (svg.line((x + 116, y - 9), (x + 126, y + 1), role="bad", stroke_width=2), svg.line((x + 116, y + 1), (x + 126, y - 9), role="bad", stroke_width=2))  # fmt: skip
    words = ((10, "read"), (68, "write"), (132, "refused (#GP)"))
    return group(ring, square, *cross, *(svg.text(x + dx, y, word, role="soft") for dx, word in words))


def _twin(events: Sequence[Event], shown: Sequence[Event], start: int, title: str, notes: bool) -> str:
    rows = [title, *("  " + _said(e, notes) for e in shown)]
    if len(events) > start + len(shown):
        rows.append(f"  … {len(events) - start - len(shown):,} accesses more")
    return "\n".join(rows)


def reading_table(reading: Reading) -> Table:
    """A row a vCPU: reads, writes, faults, the last value known; the vCPUs that differ are lit."""
    rows = [
        (
            v.label,
            "—" if v.pid is None else str(v.pid),
            v.reads,
            v.writes,
            v.faults,
            "never seen" if v.value is None else describe(v.value),
        )
        for v in reading.vcpus[:64]
    ]
    lit = [i for i, v in enumerate(reading.vcpus[:64]) if v.label in reading.differs]
    more = f", the first 64 of {len(reading.vcpus)}" if len(reading.vcpus) > 64 else ""
    return table(
        ("vCPU", "pid", "reads", "writes", "#GP", "holds"),
        rows,
        f"MSR {reading.msr:x} on each vCPU{more}",
        lit,
        lit="differs from the others",
    )


def phases_table(reading: Reading) -> Table:
    """The bursts, checks and refusals of a reading in the order of time."""
    told = reading.happened[:40]
    rows = [tuple(sentence(what).split("  ", 1)) for what in told]
    counts = bool(told) and not isinstance(told[0].start, float)
    return table(("from (count)" if counts else "from (s)", "what happened"), rows, "What happened to it")


def vcpus(state) -> Markup:
    """A step of a hotplug run: what QEMU offers firmware, and each vCPU's register with its switches."""
    held = {of.vcpu: of.value for of in state.values() if isinstance(of, Register)}
    count = max(held) + 1
    file = state.get("fw_cfg file")
    parts = [svg.box(2, 2, 200, 34, "etc/msr_feature_control", file or "no file", role="shared", dashed=not file)]
    for k in range(count):
        y, value = 46 + k * 40, held[k]
        same = value == held[0]
        frame = {"role": "bad" if not same else "ok" if value else "free", "dashed": not value}
        parts.append(
            svg.box(
                2,
                y,
                86,
                35,
                f"vCPU {k}",
                f"{value:#x}{'' if value else ': not set'}" if same else f"{value:#x} differs",
                **frame,
            )
        )
        on = names(value)
        for i, (name, short) in enumerate((("lock", "lock"), ("VMX outside SMX", "VMX"), ("SGX", "SGX"))):
            lit = name in on
            role = "used" if lit else "free"
            parts.append(svg.box(91 + i * 37.5, y, 35, 35, short, "on" if lit else "off", role=role, dashed=not lit))
    if state.get("bug check"):
        foot = 46 + count * 40 + 14
        parts.append(svg.text(4, foot, f"bug check {state['bug check']}", role="bad", font_weight=700))
    words = "; ".join(f"vCPU {k} holds {describe(v)}" for k, v in held.items())
    return svg.drawing(204, 46 + count * 40 + 20, words, *parts)
