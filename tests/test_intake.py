"""The one way in: every source gives the same bytes, every complaint has the same form, and whoever opened a stream closes it."""

import ast
import gzip
import io
import json
import os
import sys
import threading
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tdxkit.cli import main
from tdxkit.errors import InputError
from tdxkit.facts import data_path
from tdxkit.intake import STRIDE, Broken, opened, pasted, peek, read_json
from tdxkit.review.softlockup.report import posted_text

ROOT = Path(__file__).parent.parent
DATA = b"one\ntwo\r\n\nthree"


class Dribble(io.RawIOBase):
    """A stream that gives a byte at a time and cannot say where it is, as the slowest pipe."""

    def __init__(self, data):
        self.data = data

    def readable(self):
        return True

    def readinto(self, buffer):
        piece, self.data = self.data[:1], self.data[1:]
        buffer[: len(piece)] = piece
        return len(piece)


def sources(data, folder, monkeypatch):
    """The same bytes in every way that there is."""
    path = folder / "file"
    path.write_bytes(data)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
    yield from ("-", str(path), path, data, io.BytesIO(data), io.BufferedReader(io.BytesIO(data)), Dribble(data))
    with path.open("rb") as file:
        yield file


@pytest.mark.parametrize("pack", [bytes, gzip.compress, lambda d: gzip.compress(d[:5]) + gzip.compress(d[5:])])
def test_every_source_gives_the_same_bytes_packed_or_not(pack, tmp_path, monkeypatch):
    for source in sources(pack(DATA), tmp_path, monkeypatch):
        with opened(source) as stream:
            assert peek(stream, 3) == DATA[:3] or isinstance(source, Dribble)
            assert stream.readline() + stream.read1(2) + stream.read() == DATA
            assert stream.at[0] == len(pack(DATA)) and stream.at[1] in (0, stream.at[0])


@given(st.binary(max_size=300), st.booleans(), st.integers(1, 9))
@settings(deadline=None)
def test_any_bytes_come_out_as_they_went_in(data, packed, size):
    with opened(Dribble(gzip.compress(data)) if packed else data) as stream:
        if not packed and data[:2] == b"\x1f\x8b":
            return
        assert b"".join(iter(lambda: stream.read1(size), b"")) == data


def test_what_was_given_stays_open_and_what_was_opened_is_closed(tmp_path):
    mine = io.BytesIO(DATA)
    with opened(mine) as stream, opened(stream) as same:
        assert same is stream
    assert stream.closed and not mine.closed


@pytest.mark.skipif(not os.path.exists("/proc/self/fd"), reason="/proc")
def test_no_file_stays_open_whoever_still_holds_the_stream(tmp_path):
    path, before = tmp_path / "x", os.listdir("/proc/self/fd")
    path.write_bytes(gzip.compress(DATA))
    held = opened(path)
    held.close()
    assert os.listdir("/proc/self/fd") == before
    path.write_bytes(bytes(9000))
    with pytest.raises(InputError, match="binary") as error:
        opened(path, text=True)
    assert os.listdir("/proc/self/fd") == before and held and error


@pytest.mark.parametrize(
    "source, said",
    [
        ("/nowhere/x", "/nowhere/x: no such file or directory; give the path of a file"),
        ("/", "/: is a directory; give the path of a file"),
        ("", "no name: no such file or directory; give the path of a file"),
        ("a\0b", "a\\x00b: that is no file name; give the path of a file"),
        ("\ud800", "\\ud800: that is no file name; give the path of a file"),
        ("n" * 300, "n" * 200 + "…: file name too long; give the path of a file"),
        (Path("-"), "-: no such file or directory; give the path of a file"),
    ],
    ids=ascii,
)
def test_one_form_of_complaint(source, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError) as error:
        opened(source)
    assert str(error.value) == said


def test_no_standard_input_in_a_notebook(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO("x"))
    with pytest.raises(InputError, match="standard input: there is none here"):
        opened("-")


@pytest.mark.skipif(os.geteuid() == 0 if hasattr(os, "geteuid") else True, reason="root reads everything")
def test_a_file_that_must_not_be_read(tmp_path):
    (tmp_path / "secret").write_bytes(DATA)
    (tmp_path / "secret").chmod(0)
    with pytest.raises(InputError, match="permission denied"):
        opened(tmp_path / "secret")


@pytest.mark.parametrize("cut", [3, 11, -1, -9, 5000])
def test_gzip_that_was_cut_gives_what_there_is_and_then_says_so(cut):
    data = os.urandom(40_000)
    got = []
    with pytest.raises(Broken, match="reading stopped") as error, opened(gzip.compress(data)[:cut]) as stream:
        while piece := stream.read1(1000):
            got.append(piece)
    assert data.startswith(b"".join(got)) and (cut != -9 or len(b"".join(got)) > 39_000)
    assert error.value.why and "\n" not in str(error.value)


def test_gzip_with_a_wrong_checksum_is_broken():
    packed = bytearray(gzip.compress(DATA))
    packed[-6] ^= 1
    with pytest.raises(Broken), opened(bytes(packed)) as stream:
        stream.read()


class Failing(io.RawIOBase):
    def readable(self):
        return True

    def readinto(self, buffer):
        raise OSError(5, "Input/output error")


def test_a_device_that_fails_is_one_line():
    with pytest.raises(Broken, match=r"what was given: reading stopped \(Input/output error\); give a file"):
        opened(Failing())


@pytest.mark.slow
def test_a_bomb_is_read_in_little_memory():
    bomb = gzip.compress(bytes(200 << 20), 1)
    tracemalloc.start()
    with opened(bomb) as stream:
        total = sum(map(len, iter(lambda: stream.read1(STRIDE), b"")))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert total == 200 << 20 and peak < 4 << 20


@pytest.mark.parametrize(
    "head, binary",
    [
        (b"\x7fELF" + bytes(4000), True),
        (os.urandom(9000), True),
        ("Zeilen für alle\n".encode("utf-16") * 99, True),
        ("Zeilen für alle\n".encode("latin-1") * 99, False),
        ("行を読む\n".encode("shift_jis") * 200, False),
        (b"\x1b[31mred\x1b[0m\ttab\r\n" * 200, False),
        (b"[ 1.0] a line of a log\n" * 90 + bytes(90), False),
        (bytes(900), False),  # too short to be judged
        (b"", False),
    ],
    ids=range(9),
)
def test_binary_where_text_is_needed(head, binary):
    for source in (head, gzip.compress(head)):
        if binary:
            with pytest.raises(InputError, match="binary"):
                opened(source, text=True)
        else:
            opened(source, text=True).close()
        opened(source).close()


def test_pastes_are_cut_and_never_fail():
    assert pasted("für", 2) == "fü".encode() and pasted("a\ud800", 9) == b"a?" and pasted(5, 9) == b"5"


# Every command that reads, against every way in.
MAILS = data_path("practice.mbox").read_bytes()
TRACE = data_path("traces/kvm_msr.trace").read_bytes()
READS = {
    ("trace",): (TRACE, "18 kvm_msr events"),
    ("trace", "--json"): (TRACE, '"read": 18'),
    ("decode", "--scan"): (b"noise\nSEAMCALL TDH_MEM_PAGE_AUG failed: 0x8000020000000001\n", "1 status found"),
    ("report",): (posted_text().encode(), "a guest of 1,500 GiB"),
    ("read",): (TRACE, "18 kvm_msr events"),
    ("digest",): ((ROOT / "tests/data/mail/digest.txt").read_bytes(), "TOY: "),
    ("series",): (MAILS, "3 patches"),
    ("xarray",): ((ROOT / "tests/data/xarray/shrink.jsonl").read_bytes(), " 0 mismatches"),
}


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
@pytest.mark.parametrize("command", READS, ids=" ".join)
def test_every_command_reads_every_way_in(command, packed, tmp_path, monkeypatch, capsys):
    data, said = READS[command]
    data = gzip.compress(data) if packed else data
    (tmp_path / "file.dat").write_bytes(data)
    answers = []
    for name in (str(tmp_path / "file.dat"), "-"):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
        assert main([*command, name]) == 0
        answers.append(capsys.readouterr())
        assert said in answers[-1].out
    assert answers[0].out == answers[1].out


@pytest.mark.parametrize("command", READS, ids=" ".join)
def test_every_command_complains_in_the_same_words(command, tmp_path, capsys):
    for name, rule in ((tmp_path / "none", "no such file or directory"), (tmp_path, "is a directory")):
        assert main([*command, str(name)]) == 2
        out, err = capsys.readouterr()
        assert (out, err) == ("", f"tdxkit: {name}: {rule}; give the path of a file\n")


@pytest.mark.parametrize("command", [c for c in READS if c[0] in ("trace", "decode", "xarray")], ids=" ".join)
def test_half_a_gzip_file_is_no_answer(command, tmp_path, capsys):
    path = tmp_path / "half.gz"
    path.write_bytes(gzip.compress(READS[command][0] + os.urandom(3000).hex().encode())[:-40])
    assert main([*command, str(path)]) == 2
    assert capsys.readouterr().err.startswith(f"tdxkit: {path}: reading stopped (Compressed file ended")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes")
def test_a_pipe_that_dribbles_gzip(tmp_path, capsys):
    pipe, data = tmp_path / "pipe", gzip.compress(TRACE)
    os.mkfifo(pipe)

    def write():
        with pipe.open("wb", buffering=0) as out:
            for k in range(0, len(data), 7):
                out.write(data[k : k + 7])

    writer = threading.Thread(target=write)
    writer.start()
    assert main(["trace", str(pipe)]) == 0
    writer.join()
    assert "18 kvm_msr events" in capsys.readouterr().out


@pytest.mark.slow
def test_nobody_else_opens_what_comes_from_outside():
    """Calls of open() and read_bytes(), and sys.stdin, outside the intake: each of ours, or a program, and why."""
    known = {
        "intake.py": "the one",
        "facts.py": "data of the package",
        "review/clinic.py": "data of the package",
        "commands/doctor.py": "what is installed",
        "linux/refcount/own_file.py": "a program of the reader's",
        "commands/trace.py": "the posted example",
        "commands/spin.py": "what SPIN prints",
        "view/stepper/widget.py": "the widget's own line to its kernel",
        "cli.py": "mends the streams",
        "lessons/progress.py": "the reader's own file, which it wrote itself",
        "lessons/checks/msr.py": "data of the package",
        "lessons/copies.py": "notebooks of the package, and a copy that it only compares",
    }
    found = set()
    for path in (ROOT / "tdxkit").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            name = getattr(node, "func", None) if isinstance(node, ast.Call) else None
            called = getattr(name, "id", getattr(name, "attr", ""))
            stdin = isinstance(node, ast.Attribute) and node.attr == "stdin"
            if called in ("open", "fdopen", "read_bytes") or stdin:
                found.add(str(path.relative_to(ROOT / "tdxkit")))
    assert found == set(known)


def test_what_repeats_is_read_to_its_end_however_small_it_packs():
    """A log may say the same line over and over: a thousand times its size is no bomb while it is small."""
    data = b"virt/tdx: the same line again\n" * 500_000
    packed = gzip.compress(data)
    assert len(data) > 250 * len(packed)
    with opened(packed) as stream:
        assert stream.read() == data


def test_json_that_nests_without_end_is_an_error_of_value_and_no_end_of_a_stack():
    for text in ("[" * 101, '{"a":' * 101, "[" * 100_000, '["\\"' + "[" * 101, '"' + "[" * 101):
        for line in (text, text.encode()):
            with pytest.raises(ValueError):
                read_json(line)
    deep = "[" * 100 + "]" * 100
    side = json.dumps(["]" * 999, "[" * 999, '\\"[' * 999, {"a": [1]}])
    flat = "[" + "[]," * 500 + "[]]"
    for line in (deep, side, flat):
        assert read_json(line) == read_json(line.encode()) == json.loads(line)
    with pytest.raises(ValueError):
        read_json(b"\xff")
