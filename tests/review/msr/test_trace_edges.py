"""A trace at its edges: how long a line may be, two clocks in one trace, what is remembered, and what is named of a bad line."""

import pytest

from tdxkit.errors import InputError
from tdxkit.review.msr import trace
from tdxkit.review.msr.trace import MAX_BAD, MAX_LINE, TraceReader, parse, read_events

GOOD = "qemu-1 [001] ..... {}: kvm_msr: msr_read 3a = 0x5"
ONE = GOOD.format("1.000000")


@pytest.mark.parametrize("end", ["\n", ""])
def test_a_line_of_so_many_bytes_is_read_and_a_longer_one_is_named(end):
    for width, skipped in ((MAX_LINE, 0), (MAX_LINE + 1, 1)):
        events, counts = parse(f"{ONE}\n{'#'.ljust(width)}{end}")
        assert (len(events), counts.lines, counts.skipped) == (1, 2, skipped)
        assert [bad.why for bad in counts.bad] == ["longer than 1024 bytes"] * skipped


def test_a_line_that_comes_in_pieces_is_one_and_its_rest_is_skipped():
    reader = TraceReader()
    for piece in (b"#" * 600, b"#" * 600, b"#" * 600 + b"\n", ONE.encode() + b"\n"):
        events = reader.feed(piece)
    assert len(events) == 1 and (reader.counts.lines, reader.counts.skipped) == (2, 1)


def test_an_event_of_another_clock_is_named_and_the_next_line_is_not():
    events, counts = parse("\n".join([ONE, GOOD.format("123456"), "nothing", ONE]))
    assert len(events) == 2 and counts.clock == "seconds"
    assert [bad.why == "its clock is another one than that of the events before" for bad in counts.bad] == [True, False]
    assert [bad.line for bad in counts.bad] == [2, 3]


def test_twenty_bad_lines_are_named_and_sixty_characters_of_each():
    events, counts = parse("\n".join([ONE, *(["x" * 61 + " kvm_msr: y"] * (MAX_BAD + 1))]))
    assert (
        len(counts.bad) == MAX_BAD and counts.skipped == MAX_BAD + 1 and {bad.start for bad in counts.bad} == {"x" * 60}
    )
    assert all(bad.why for bad in counts.bad) and len(events) == 1


def test_events_and_other_lines_of_one_piece_are_both_read():
    other = "qemu-1 [001] ..... 1.000000: kvm_exit: reason X rip 0x1"
    events, counts = parse("\n".join([ONE, f"{ONE} kvm_msr:", other, "", ONE, ""]))
    assert len(events) >= 2 and counts.other == 1 and counts.events == len(events) and counts.lines == 5
    assert parse(f"{ONE}\n{ONE}\n")[1].events == 2


def test_lost_events_are_counted_with_or_without_events():
    assert parse("CPU:1 [LOST 12 EVENTS]\n" + ONE)[1].lost == 12 and parse(ONE)[1].lost == 0


def test_no_more_is_remembered_than_there_is_room_for(monkeypatch):
    monkeypatch.setattr(trace, "_CACHE", 3)
    cache: dict = {}
    asked = []
    for key in (b"a", b"b", b"c", b"d"):
        assert trace._remember(cache, key, lambda key: asked.append(key) or (key,)) == (key,)
        assert len(cache) <= 3
    assert [*cache] == [b"d"] and asked == [b"a", b"b", b"c", b"d"]


def test_what_is_binary_is_refused():
    with pytest.raises(InputError, match="it is binary"):
        list(read_events(b"\x00\x01\x02" * 2000, TraceReader()))


def test_a_text_may_come_as_lines():
    assert len(parse([ONE, ONE])[0]) == len(parse(f"{ONE}\n{ONE}")[0]) == len(parse(f"{ONE}\n{ONE}".encode())[0]) == 2
