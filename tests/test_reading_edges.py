"""What comes from outside, byte by byte: how far it is looked ahead, what is binary, how much gzip may unpack to; and a run's marks."""

import gzip
import io

import pytest

from tdxkit import intake
from tdxkit.intake import Broken, _LookedAt, _Stored, is_binary, opened
from tdxkit.run import Recorder, Run
from tdxkit.text import Pattern


class Dribble(io.RawIOBase):
    """Gives piece by piece; after the last one it fails, or ends."""

    def __init__(self, *pieces: bytes, fails=False):
        self.pieces, self.fails, self.asked = list(pieces), fails, 0

    def read(self, size=-1):
        self.asked += 1
        if not self.pieces and self.fails:
            raise Broken("pipe", "gone")
        return self.pieces.pop(0) if self.pieces else b""

    def readinto(self, buffer):
        piece = self.read()
        buffer[: len(piece)] = piece
        return len(piece)


def test_the_first_bytes_are_waited_for_and_no_more():
    pipe = Dribble(b"ab", b"cd", b"ef")
    looked = _LookedAt(pipe)
    assert looked.look(4) == b"abcd" and pipe.asked == 2, "four are there: nobody waits for a fifth"
    assert looked.look(1) == b"a" and pipe.asked == 2 and looked.look(9) == b"abcdef"
    assert io.BufferedReader(looked).read() == b"abcdef"


def test_what_fails_behind_the_first_bytes_fails_when_it_is_read():
    pipe = Dribble(b"ab", fails=True)
    looked = _LookedAt(pipe)
    assert looked.look(4) == b"ab" == looked.look(4) and pipe.asked == 2, "it is asked once"
    buffer = bytearray(8)
    assert looked.readinto(buffer) == 2 and buffer[:2] == b"ab"
    with pytest.raises(Broken, match="reading stopped"):
        looked.readinto(buffer)


def test_a_stream_is_closed_to_its_source(tmp_path):
    (tmp_path / "a").write_bytes(b"x")
    stream = opened(tmp_path / "a")
    looked, stored = stream._looked, stream._stored
    stream.close()
    assert looked.closed and stored.closed and stored.stream.closed


def test_why_a_reading_stopped_is_cut_and_printable():
    assert Broken("x", "y" * 200).why == "y" * 200 and Broken("x", "y" * 201).why == "y" * 200 + "…"
    assert Broken("x", OSError(5, "a\nb")).why == "a\\nb"


def test_a_pattern_has_no_flags_that_nobody_gave():
    assert Pattern("a").fullmatch("A") is None and Pattern("a").fullmatch("a")


@pytest.mark.parametrize(
    ("size", "controls", "binary"),
    [(1024, 51, False), (1024, 52, True), (1023, 1023, False), (1040, 52, False), (1040, 53, True)],
)
def test_one_byte_in_twenty_that_controls_something_makes_it_binary(size, controls, binary):
    assert is_binary(b"\0" * controls + b"x" * (size - controls)) == binary


def test_how_much_is_left_of_a_source():
    given = io.BytesIO(b"12345")
    given.read(2)
    with opened(given) as stream:
        assert stream.at == (0, 3) and stream.read() == b"345" and stream.at == (3, 3)
    assert opened(b"").at == (0, 0) and not given.closed


def test_what_unpacks_to_more_than_is_free_and_so_many_times_its_size_is_given_up(monkeypatch):
    packed = gzip.compress(b"x" * 10_000)
    for free, growth, read in ((10_000, 0, True), (9_999, 0, False), (0, 10_000, True), (0, 1, False)):
        monkeypatch.setattr(intake, "_FREELY", free)
        monkeypatch.setattr(intake, "_GROWTH", growth)
        with opened(packed) as stream:
            if read:
                assert stream.read() == b"x" * 10_000
            else:
                with pytest.raises(Broken, match="it unpacks to more than"):
                    stream.read()


def test_the_marks_of_gzip_are_looked_at_and_no_byte_more():
    pipe = Dribble(b"\x1f", b"\x8b", b"never asked for")
    stored = _Stored(pipe, "pipe", ours=False)
    assert stored.begins(b"\x1f\x8b") and pipe.asked == 2 and stored.readable()


def run_of(*actors: str, broken=()) -> Run:
    recorder = Recorder({"x": 0})
    for n, actor in enumerate(actors, 1):
        recorder.step(actor, f"step {n}", "", {"x": n}, broken=("r",) * (n in broken))
    return recorder.run("t", ())


def test_the_second_step_has_its_mark_where_another_goes_on():
    assert run_of("A", "B", "B", "A").marks() == (2, 4) and run_of("A", "A", broken=(1,)).marks() == (1,)
    assert str(run_of("A")).split("\n")[1] == "   1  A  step 1   [x 0 → 1]"


def test_a_recorder_keeps_the_difference_to_the_step_before():
    assert [step.changes for step in run_of("A", "A").steps] == [(("x", 0, 1),), (("x", 1, 2),)]
    assert [dict(state) for state in run_of("A", "A").states()] == [{"x": 0}, {"x": 1}, {"x": 2}]
