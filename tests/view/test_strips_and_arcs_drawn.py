"""Where each part stands of the counters' strips, of the arcs between patches, and of two versions side by side."""

from types import SimpleNamespace

import pytest
from drawn import parts, px, size

from tdxkit.linux.refcount.counters import build
from tdxkit.linux.refcount.memory_map import memory_map, told
from tdxkit.review.patches import after_edges, needs_edges, series
from tdxkit.units import human
from tdxkit.view.counter_picture import counter_picture
from tdxkit.view.needs_view import needs_picture
from tdxkit.view.version_lines import side_by_side


def strip(start, end, top, y, role, label="", dash=""):
    """A part of a strip of 588 px for the page frames below `top`: 5 px wide at least, its label where that has room."""
    x, wide = 6 + 588 * start / top, max(588 * (end - start) / top, 5)
    x = min(x, 594 - wide)
    made = [f"rect {px(x)} {y} {px(wide)}×30 {role}-bg {role}/1{dash}"]
    return made + (
        [f"text {px(x + wide / 2)} {y + 19} '{label}' middle"] if label and 6.6 * len(label) + 8 <= wide else []
    )


def pages(start, end, top, role):
    """Bytes of the array, page by page where one is 9 px wide; a page serves 2 GiB."""
    if 588 * 4096 * 128 / top < 9:
        return strip(start * 128, end * 128, top, 106, role, human(end - start))
    return [
        part
        for byte in range(start, end, 4096)
        for part in strip(byte * 128, (byte + 4096) * 128, top, 106, role, "4 KiB")
    ]


@pytest.mark.parametrize(
    "text, version",
    [
        ("0-2G+4K, 4G-64G", "v2"),
        ("0-2G+4K, 4G-64G", "v4"),
        ("0-62G+4K", "v4"),
        ("0-2G", "v6"),
        ("2G-2G+4K", "v3"),
        ("0-2G, 1T-1T+4G", "v4"),
        ("0-2G+4K, 4G-62G+4K", "v2"),
        ("0-300G", "v6"),
    ],
)
def test_memory_and_counters_have_one_scale(text, version):
    memory = memory_map(text)
    array = build(version, memory, dynamic_pamt=True)
    holes = () if array.failed else array.holes(memory)
    top = max([one.end for one in memory] + [array.length * 128])
    ranges = "range" if len(memory) == 1 else "ranges"
    usable = human(4096 * sum(one.end - one.start for one in memory))
    expected = [
        "text 6 16 'Physical memory' 11.5/600",
        f"text 594 16 '{usable} in {len(memory)} {ranges}' soft end",
        "path M6 56L594 56 edge/1",
    ]
    for one in memory:
        expected += strip(one.start, one.end, top, 26, "used", human(4096 * (one.end - one.start)))
    for one in holes:
        expected += strip(one.start, one.end, top, 26, "bad")
    if holes:
        x, more = (
            6 + 588 * (holes[0].start + holes[0].end) / 2 / top,
            f", and {len(holes) - 1} more" if len(holes) > 1 else "",
        )
        words = f"no counter for {told(holes[0])}{more}"
        at = (max(x - 5, 6), f"✗ {words}", "") if x < 300 else (min(x + 5, 594), f"{words} ✗", " end")
        expected.append(f"text {px(at[0])} 71 '{at[1]}' bad 11.5/600{at[2]}")
    expected.append(f"text 6 96 'Counters of {version}, 4 bytes for each 2 MiB' 11.5/600")
    expected.append(f"text 594 96 '{human(array.length)} reserved, {human(array.bytes)} of memory behind it' soft end")
    expected += strip(0, array.length * 128, top, 106, "free", dash=" dash=4 3")
    left = array.left_behind
    for start, end in array.mapped:
        expected += pages(start, min([end, *(s for s, e in left if s < end and e > start)]), top, "pair")
    expected += [part for start, end in left for part in pages(start, end, top, "exclusive")]
    expected += [f"text 300 126 '✗ {array.failed}' bad 11.5/600 middle"] if array.failed else []
    for k, anchor in enumerate(("", " middle", " middle", " middle", " end")):
        x = px(6 + 147 * k)
        expected += [
            f"path M{x} 140L{x} 146 edge/1",
            f"text {x} 159 '{human(top * k // 4 * 4096) if k else 0}' soft{anchor}",
        ]
    there = [
        ("used", "memory"),
        *[("pair", "counters")] * (array.bytes > array.leaked),
        *[("exclusive", "stays behind ↯")] * bool(array.leaked),
    ]
    there += [("bad", "no counter ✗")] * bool(holes) + [("free", "address space only")] * (array.length > array.bytes)
    x = 6
    for role, words in there:
        expected += [
            f"rect {px(x)} 180 14×14 {role}-bg {role}/1{' dash=4 3' if role == 'free' else ''}",
            f"text {px(x + 20)} 191 '{words}'",
        ]
        x += 44 + 6.3 * len(words)
    picture = counter_picture(memory, array)
    assert sorted(parts(picture.svg)) == sorted(expected) and size(picture.svg) == (600, 206)
    assert picture.text.splitlines()[:2] == [
        f"memory: {', '.join(map(told, memory))}", f"counters of {version}: {human(array.length)} reserved, {human(array.bytes)} of memory behind",
    ]  # fmt: skip
    assert ("behind them serve" in picture.text) == bool(array.mapped) and (
        f"↯ {human(array.leaked)} stay" in picture.text
    ) == bool(array.leaked)


def test_the_words_name_what_the_mapped_counters_serve():
    memory = memory_map("0-2G+4K, 4G-64G")
    assert (
        "counters with memory behind them serve 0 … 2 GiB, 4 GiB … 64 GiB"
        in counter_picture(memory, build("v2", memory, dynamic_pamt=True)).text
    )


def test_an_array_that_nobody_builds_has_no_strip():
    memory = memory_map("0-2G")
    made = counter_picture(memory, build("v5", memory, dynamic_pamt=False))
    assert not [part for part in parts(made.svg) if " 106 " in part]


def test_each_need_is_an_arc_that_reaches_further_the_longer_it_is():
    needs, after = set(needs_edges()), set(after_edges()) - set(needs_edges())
    y = {patch.n: 74 + 30 * k for k, patch in enumerate(series())}
    x = 26 + 0.75 * (30 + 44 * max(user - needed for user, needed in needs | after) ** 0.5)
    made = needs_picture()
    arcs, heads = [], []
    for user, needed in needs | after:
        role, dash = ("a0", "") if (user, needed) in needs else ("a1", " dash=5 3")
        bend = x - 30 - 44 * (user - needed) ** 0.5
        arcs.append(
            f"path M{x - 12:.0f} {y[user]}C{bend:.0f} {y[user]} {bend:.0f} {y[needed]} {x - 12:.0f} {y[needed]} {role}/1.4{dash}"
        )
        tip = (x - 12, y[needed])
        heads.append(
            f"path M{px(tip[0] - 7)} {tip[1] - 4}L{px(tip[0])} {tip[1]}L{px(tip[0] - 7)} {tip[1] + 4} {role}/1.4"
        )
    told = parts(made.svg)
    assert sorted(part for part in told if "C" in part and part.startswith("path")) == sorted(arcs)
    assert not set(heads) - set(told) and size(made.svg) == (740, 74 + 30 * 12 - 8)
    for patch in series():
        weight = 700 if patch.n <= 4 else 400
        middle = px(round(x, 2))
        assert (
            f"circle {middle} {y[patch.n]} 11 paper ink/1" in told
            and f"text {middle} {y[patch.n] + 4} '{patch.n}' 11.5/600 middle" in told
        )
        assert f"text {px(round(x + 20, 2))} {y[patch.n] + 4} {patch.title!r} 12.5/{weight}" in told


def test_the_arcs_are_explained_and_the_twin_lists_both_kinds():
    made = needs_picture()
    second = 328 + 64 + 6.4 * len("needs it to build")
    key = ["text 8 18 'An arrow goes from a patch to one that it needs:' 12.5/400"]
    for x, role, dash, words in (
        (328, "a0", "", "needs it to build"),
        (second, "a1", " dash=5 3", "makes sense only after it"),
    ):
        key += [
            f"path M{px(x)} 14L{px(x + 34)} 14 {role}/1.4{dash}",
            f"path M{px(x + 27)} 10L{px(x + 34)} 14L{px(x + 27)} 18 {role}/1.4",
            f"text {px(x + 42)} 18 '{words}' soft 12/400",
        ]
    key += [
        "text 8 40 'Bold, 1 to 4:' 12.5/700",
        "text 110 40 'what all the others call; none of them can be switched off' soft 12/400",
    ]
    assert parts(made.svg)[: len(key)] == key
    rows = made.text.splitlines()
    assert (
        rows[0] == "Which patch needs which"
        and rows[1].startswith(" 1 ")
        and ": needs nothing; built on by " in rows[1]
    )
    for patch, row in zip(series(), rows[1:], strict=True):
        needed = sorted(b for a, b in needs_edges() if a == patch.n)
        order = sorted(b for a, b in after_edges() if a == patch.n and b not in needed)
        assert f"needs {', '.join(map(str, needed)) or 'nothing'}" in row
        assert (f", and makes sense only after {', '.join(map(str, order))};" in row) == bool(order)
    assert rows[12].endswith("built on by nobody")


def versions(*pairs, titles=("v1", "v2")):
    """A comparison of two versions as the picture sees it."""
    verdict = lambda word: [pair for pair in pairs if pair.verdict == word]  # noqa: E731
    old, new = (SimpleNamespace(label=label, title="the series") for label in titles)
    return SimpleNamespace(pairs=pairs, old=old, new=new, verdict=verdict)


LOOKS = {
    "same": ("ok", 1.5, "", "="),
    "kept": ("soft", 1.5, "", "="),
    "changed": ("a0", 3, "", "≠"),
    "retitled": ("a1", 2, " dash=6 4", "~"),
}


def pair(old, new, verdict, files=()):
    side = lambda n: (n, f"title {n}") if n else None  # noqa: E731
    return SimpleNamespace(old=side(old), new=side(new), verdict=verdict, files=files)


def test_patches_that_went_on_are_joined_and_the_others_have_a_sign():
    pairs = [
        pair(2, 1, "changed", ("a.c", "b.c")),
        pair(1, 2, "same"),
        pair(3, 3, "retitled"),
        pair(5, 4, "kept"),
        pair(None, 5, "added"),
        pair(4, None, "dropped"),
        pair(6, None, "alone"),
    ]
    left, right = (
        {n: 62 + 26 * k for k, n in enumerate((1, 2, 3, 4, 5, 6))},
        {n: 62 + 26 * k for k, n in enumerate((1, 2, 3, 4, 5))},
    )
    expected = ["text 0 16 'the series' 13.5/600", "text 440 40 'version 1' soft end", "text 560 40 'version 2' soft"]
    for one in pairs[:4]:
        role, thick, dash, sign = LOOKS[one.verdict]
        a, b = left[one.old[0]], right[one.new[0]]
        expected += [
            f"path M454 {a}L546 {b} {role}/{thick}{dash}",
            f"circle 500 {px((a + b) / 2)} 9 paper {role}/1",
            f"text 500 {px((a + b) / 2 + 4)} '{sign}' {role} 11.5/700 middle",
        ]
    for n, y in left.items():
        expected.append(f"text 440 {y + 4} 'title {n} · {n}' end")
        expected += {
            4: [f"text 458 {y + 4.5} '×' bad 15/700 middle"],
            6: [f"text 458 {y + 4.5} '?' soft 15/700 middle"],
        }.get(n, [])
    for n, y in right.items():
        expected.append(f"text 560 {y + 4} '{n} · title {n}'")
        expected += [f"text 542 {y + 4.5} '+' ok 15/700 middle"] if n == 5 else []
    x, foot = 0, 62 + 26 * 6 + 6
    for word, role, sign in (
        ("same", "ok", "="),
        ("kept", "soft", "="),
        ("changed", "a0", "≠"),
        ("retitled", "a1", "~"),
        ("added", "ok", "+"),
        ("dropped", "bad", "×"),
        ("alone", "soft", "?"),
    ):
        expected += [f"text {x} {foot} '{sign}' {role} 13/700", f"text {x + 14} {foot} '1 {word}' soft"]
        x += 40 + 7 * len(f"1 {word}")
    made = side_by_side(versions(*pairs)).svg
    norm = lambda told: sorted(part.replace(".0 ", " ") for part in told)  # noqa: E731
    assert norm(parts(made)) == norm(expected) and size(made) == (1000, foot + 8)
    assert (
        "<title>changed: a.c, b.c</title>" in made
        and "<title>same</title>" in made
        and "<title>4: title 4 (dropped)</title>" in made
    )
    assert (
        'aria-label="Version 1 beside version 2: 1 same, 1 kept, 1 changed, 1 retitled, 1 added, 1 dropped, 1 alone"'
        in made
    )


def test_sixty_rows_are_drawn_long_titles_are_cut_and_nothing_known_is_said():
    many = [pair(n, n, "same") for n in range(1, 62)]
    made = side_by_side(versions(*many)).svg
    assert size(made)[1] == 62 + 26 * 60 + 14 and made.count("<circle") == 60
    long = SimpleNamespace(old=(1, "t" * 66), new=(1, "t" * 67), verdict="changed", files=())
    told = parts(side_by_side(versions(long)).svg)
    assert f"text 440 66 '{'t' * 66} · 1' end" in told and f"text 560 66 '1 · {'t' * 65}…'" in told
    empty = side_by_side(versions()).svg
    assert "no patches known" in empty and size(empty)[1] == 62 + 26 + 14
    assert len(
        parts(
            side_by_side(
                SimpleNamespace(**{**vars(versions()), "new": SimpleNamespace(label="v2", title="s" * 120)})
            ).svg
        )[0]
    ) == len(f"text 0 16 '{'s' * 100}' 13.5/600")
