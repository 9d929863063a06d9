"""Where each part of the pictures of MSR 0x3A stands: a slot of 44 px an access, a lane of 40 px a vCPU, a gap of 34 px a pause."""

import pytest
from drawn import parts, px, size

from tdxkit.linux.msr.hotplug import hotplug
from tdxkit.linux.msr.register import Event
from tdxkit.view.msr_view import access_picture, register_bits, vcpus


def event(cpu, time=None, op="read", value=5, fault=False, note="", pid=7, name="qemu"):
    return Event(cpu, pid, 0, time, op, 0x3A, value, fault, name, note)


EVENTS = [
    event(None, 1.0, note="a note"), event(1, 1.5, "write", 0x1234567, True), event(0, 1.9, "write", 0x12345678),
    event(0, 2.9, fault=True), event(1, 1.5), event(10, 1.6), event(2, 1.7),
]  # fmt: skip
LANES = ["thread 7", "vCPU 0", "vCPU 1", "vCPU 2", "vCPU 10"]  # by kind, then by number


def lane(event):
    return f"vCPU {event.vcpu}" if event.vcpu is not None else "thread 7"


def mark(x, y, event, word):
    """A ring or a square 3 px above the middle of its lane, a cross where it was refused, the value below, and the reach of the pointer."""
    role = "bad" if event.fault else "a1" if event.op == "write" else "a0"
    if event.op == "write":
        made = [f"rect {px(x - 6.5)} {px(y - 9.5)} 13.0×13.0 {role} rx=2"]
    else:
        made = [f"circle {px(x)} {px(y - 3)} 6 paper {role}/2.2"]
    if event.fault:
        made += [
            f"path M{px(x - 9)} {px(y - 12)}L{px(x + 9)} {px(y + 6)} bad/2",
            f"path M{px(x - 9)} {px(y + 6)}L{px(x + 9)} {px(y - 12)} bad/2",
        ]
    made += [f"text {px(x + 9)} {px(y - 6)} '*' soft"] if event.note else []
    return [
        *made,
        f"text {px(x)} {px(y + 15)} '{word}' 10/400 middle",
        f"rect {px(x - 22)} {px(y - 20)} 44×40 transparent",
    ]


def key(x):
    """What the three marks mean, in the upper right corner."""
    return [
        f"circle {x} 14 5 paper a0/2", f"rect {x + 52} 9 10×10 a1 rx=2",
        f"path M{x + 116} 9L{x + 126} 19 bad/2", f"path M{x + 116} 19L{x + 126} 9 bad/2",
        f"text {x + 10} 18 'read' soft", f"text {x + 68} 18 'write' soft", f"text {x + 132} 18 'refused (#GP)' soft",
    ]  # fmt: skip


def as_written(told):
    return [part.replace("13×13", "13.0×13.0") for part in told]


def test_each_access_stands_in_its_slot_and_lane_and_pauses_are_gaps():
    words = ["5", "1234567", "123456…", "—", "5", "5", "5"]
    x, expected = 114, []
    for k, one in enumerate(EVENTS):
        pause = EVENTS[k].time - EVENTS[k - 1].time if k else 0
        if abs(pause) >= 1:
            said = f"{pause:.1f} s" if pause > 0 else "back in time"
            expected += [
                f"path M{x - 5} 44L{x - 5} 246 edge/1 dash=2 5",
                f"text {x - 10} 240 '{said}' soft 10.5/400 middle".replace(" middle", f" at=rotate(-90 {x - 10} 240)"),
            ]
            x += 34
        if not k or abs(pause) >= 1:
            expected.append(f"text {px(x - 6.5)} 38 '{one.time:.6f} s' soft 10.5/400")
        expected += mark(x, 46 + 40 * LANES.index(lane(one)) + 20, one, words[k])
        x += 44
    wide = x - 22 + 8
    rows = [
        part
        for k, name in enumerate(LANES)
        for part in (f"text 10 {70 + 40 * k} '{name}' 11.5/600", f"path M82 {66 + 40 * k}L{wide} {66 + 40 * k} line/1")
    ]
    picture = access_picture(EVENTS)
    expected = ["text 10 18 'Who touched MSR 0x3A' 13.5/700", *key(max(wide, 560) - 250), *rows, *expected]
    assert as_written(parts(picture.svg)) == expected
    assert size(picture.svg) == (max(wide, 560), 46 + 5 * 40 + 8)


def test_a_wide_timeline_is_as_wide_as_its_accesses_and_says_how_many_are_left():
    picture = access_picture([event(0, k / 100) for k in range(100)], 3)
    assert size(picture.svg) == (92 + 40 * 44 + 8, 46 + 40 + 22)
    assert "text 92 100 '57 accesses more' soft" in parts(picture.svg) and picture.text.endswith(
        "\n  … 57 accesses more"
    )
    assert [part for part in parts(picture.svg) if part.startswith("circle 16")] == [
        "circle 1610 14 5 paper a0/2",
        "circle 1610 63 6 paper a0/2.2",
        "circle 1654 63 6 paper a0/2.2",
        "circle 1698 63 6 paper a0/2.2",
    ]
    last = access_picture([event(0, k / 100) for k in range(100)], 60)
    assert "more" not in last.text and size(last.svg)[1] == 46 + 40 + 8


def test_only_lanes_with_an_access_are_drawn_and_64_at_most():
    picture = access_picture([event(k, 1.0) for k in range(100)], 30)
    names = [part.split("'")[1] for part in parts(picture.svg) if "11.5/600" in part]
    assert names == [f"vCPU {k}" for k in range(30, 64)]


def test_nobody_is_said_in_a_small_picture():
    made = access_picture([], title="T").svg
    assert parts(made) == ["text 12 25 'T: nobody did' soft"] and size(made) == (420, 40)


@pytest.mark.parametrize(
    "one, said",
    [
        (event(4, 1.0, note="why"), "1.000000 s  vCPU 4 (pid 7) reads 0x5 = lock + VMX outside SMX  why"),
        (event(None, 12), "12  thread 7 (pid 7 qemu) reads 0x5 = lock + VMX outside SMX"),
        (event(None, pid=7, name=""), "thread 7 (pid 7) reads 0x5 = lock + VMX outside SMX"),
        (event(4, pid=None, fault=True), "vCPU 4 reads and takes #GP"),
        (event(4, pid=None, op="write", fault=True), "vCPU 4 writes 0x5 = lock + VMX outside SMX (#GP: refused)"),
        (event(4, pid=None, op="write"), "vCPU 4 writes 0x5 = lock + VMX outside SMX"),
    ],
)
def test_an_access_in_words_is_the_same_in_the_text_and_on_hover(one, said):
    picture = access_picture([one])
    assert picture.text.splitlines()[1] == f"  {said}" and f"<title>{said}</title>" in picture.svg


def test_counts_in_place_of_times_make_no_pauses():
    picture = access_picture([event(0, 1), event(0, 100)])
    assert "dash" not in " ".join(parts(picture.svg)) and "text 107.5 38 '1' soft 10.5/400" in parts(picture.svg)
    timeless = access_picture([event(0), event(0)])
    assert not [part for part in parts(timeless.svg) if " 38 " in part]


def test_notes_that_are_kept_back_have_no_star():
    assert "'*'" in str(parts(access_picture(EVENTS).svg)) and "'*'" not in str(
        parts(access_picture(EVENTS, notes=False).svg)
    )


def boxed(x, y, wide, high, title, note, role, dashed):
    return [
        f"rect {px(x)} {px(y)} {wide}×{high} {role}-bg {role}/1{' dash=4 3' if dashed else ''} rx=5",
        f"text {px(x + wide / 2)} {px(y + high / 2 - 1)} '{title}' 11.5/600 middle",
        f"text {px(x + wide / 2)} {px(y + high / 2 + 12)} '{note}' soft 10.5/400 middle",
    ]


@pytest.mark.parametrize("at", ["first", "last"])
def test_each_vcpu_has_its_register_and_its_three_switches_in_a_row(at):
    run = hotplug().run
    begun = at == "first"
    state = run.state(0 if begun else len(run))
    expected = boxed(2, 2, 200, 34, "etc/msr_feature_control", "no file" if begun else "0x40005", "shared", begun)
    for k in range(4 if begun else 5):
        value = 0 if begun or k == 4 else 0x40005
        said = "0x0: not set" if begun else "0x40005" if value else "0x0 differs"
        role = "free" if begun else "ok" if value else "bad"
        expected += boxed(2, 46 + 40 * k, 86, 35, f"vCPU {k}", said, role, not value)
        for i, word in enumerate(("lock", "VMX", "SGX")):
            expected += boxed(
                91 + 37.5 * i,
                46 + 40 * k,
                35,
                35,
                word,
                "on" if value else "off",
                "used" if value else "free",
                not value,
            )
    expected += [] if begun else ["text 4 260 'bug check 0x3E' bad 11.5/700"]
    assert parts(vcpus(state)) == expected and size(vcpus(state)) == (204, 46 + 40 * (4 if begun else 5) + 20)
    assert f'aria-label="vCPU 0 holds {"0x0" if begun else "0x40005"}' in vcpus(state)


@pytest.mark.parametrize("value, bits", [(0x40005, 21), ((1 << 21) - 1, 21), (1 << 21, 64)])
def test_the_upper_half_of_the_register_is_drawn_only_where_something_is_set_there(value, bits):
    cells = [part for part in parts(register_bits(value).svg) if part.startswith("rect") and part.endswith("line/1")]
    assert len(cells) == bits and "reserved  " not in register_bits(value).text
