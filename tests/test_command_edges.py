"""The command line at its edges: what its exit codes are, what becomes of its streams, and what it says where nothing can be said."""

import io
import os
import sys

import pytest

from tdxkit import __version__, cli
from tdxkit.cli import COMMANDS, main
from tdxkit.errors import InputError, TdxkitError
from tdxkit.kinds import ALLOC, Act, alloc
from tdxkit.work import Cancelled


def ran(monkeypatch, what):
    """main() where a command does this."""
    monkeypatch.setattr(cli, "_run", lambda name, rest: what())
    return main(["list"])


def raising(error):
    def raises():
        raise error

    return raises


@pytest.mark.parametrize("word", ["-h", "--help", "help"])
def test_help_is_no_mistake_and_no_words_at_all_are_one(word, capsys):
    assert main([word]) == 0
    asked = capsys.readouterr().out
    assert main([]) == 2
    assert capsys.readouterr().out == asked and asked.startswith("usage: python -m tdxkit COMMAND")
    assert [line.split()[0] for line in asked.splitlines()[2:]] == [*COMMANDS]


def test_the_version_is_that_of_the_package(capsys):
    assert main(["--version"]) == 0 and capsys.readouterr().out == f"tdxkit {__version__}\n"


def test_a_command_that_is_none_is_said_with_what_may_be_meant(capsys):
    assert main(["hotplg"]) == 2
    assert capsys.readouterr().err.endswith("try hotplug\n")
    assert main(["x" * 9]) == 2
    assert capsys.readouterr().err.endswith(f"try one of {', '.join(COMMANDS)}\n")


def test_the_help_of_a_command_is_given(capsys):
    assert main(["list", "--help"]) == 0 and capsys.readouterr().out.startswith("usage: tdxkit list")


def test_the_words_of_this_process_are_read_where_none_are_given(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["tdxkit", "--version"])
    assert main() == 0 and capsys.readouterr().out == f"tdxkit {__version__}\n"


def test_a_readers_own_file_is_run_apart_and_nothing_else_is(monkeypatch):
    apart = []
    monkeypatch.setattr("tdxkit.commands.apart.apart", lambda job: apart.append(1) or 7)
    monkeypatch.setattr(cli, "_run", lambda name, rest: 0)
    for words, whole, code in (
        (["explore", "a.py:put"], True, 7),
        (["explore", "v2"], True, 0),
        (["explore", "a.py:put"], False, 0),
    ):
        monkeypatch.setattr(sys, "argv", ["tdxkit", *words])
        assert main(None if whole else words) == code
    assert apart == [1]


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (InputError("a", "b", "c"), 2, "tdxkit: a: b; c\n"),
        (
            MemoryError(),
            2,
            "tdxkit: memory: there is not enough for this; ask for less (--bound), or give a smaller file\n",
        ),
        (KeyboardInterrupt(), 130, "tdxkit: stopped\n"),
        (ModuleNotFoundError("no", name="plotly"), 2, None),
    ],
)
def test_what_a_user_may_cause_is_one_line_and_a_code(monkeypatch, capsys, error, code, said):
    before = sys.stdout
    assert ran(monkeypatch, raising(error)) == code and sys.stdout is before
    line = capsys.readouterr().err
    assert line == said if said else line.count("\n") == 1 and "plotly" in line


class Pipe(io.StringIO):
    """A stream that somebody closed, or that has no room."""

    def __init__(self, error):
        super().__init__()
        self.error = error

    def write(self, text):
        raise self.error

    def flush(self):
        raise self.error


@pytest.mark.parametrize(
    ("error", "code"), [(BrokenPipeError(32, "Broken pipe"), 0), (OSError(28, "No space left on device"), 2)]
)
def test_what_cannot_be_written_is_answered_for(monkeypatch, capsys, error, code):
    dropped = []
    monkeypatch.setattr(cli, "_drop", lambda stream: dropped.append(stream))
    monkeypatch.setattr(sys, "stdout", Pipe(error))
    assert ran(monkeypatch, lambda: 0) == code and len(dropped) == 1
    said = capsys.readouterr().err
    assert said == (
        "tdxkit: output: it cannot be written (No space left on device); make room, or send it elsewhere\n"
        if code
        else ""
    )


def test_a_complaint_that_nobody_can_receive_goes_nowhere(monkeypatch):
    dropped = []
    monkeypatch.setattr(cli, "_drop", lambda stream: dropped.append(stream))
    monkeypatch.setattr(sys, "stderr", Pipe(OSError(5, "gone")))
    assert cli._complain("x", 2) == 2 and len(dropped) == 1


def test_a_complaint_is_cut(capsys):
    cli._complain("x" * 2000, 2)
    assert capsys.readouterr().err == f"tdxkit: {'x' * 2000}\n"
    cli._complain("x" * 2001, 2)
    assert capsys.readouterr().err == f"tdxkit: {'x' * 2000}…\n"


def test_a_stream_that_is_dropped_is_the_null_device(tmp_path):
    with open(tmp_path / "a", "w") as stream:
        cli._drop(stream)
        stream.write("lost")
    assert (tmp_path / "a").read_text() == ""
    cli._drop(io.StringIO())  # has no number, and that is no harm


def test_closed_streams_are_opened_on_nothing_and_odd_letters_are_escaped(monkeypatch):
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii"))
    monkeypatch.setattr(sys, "stdin", None)
    monkeypatch.setattr(sys, "stderr", None)
    cli._mend_streams()
    print("é", file=sys.stdout, flush=True)
    assert raw.getvalue() == b"\\xe9\n"
    assert sys.stdin.read() == "" and sys.stdin.name == sys.stderr.name == os.devnull
    sys.stderr.write("x")
    sys.stdin.close()
    sys.stderr.close()


def test_standard_input_keeps_its_letters(monkeypatch):
    given = io.TextIOWrapper(io.BytesIO(b""), encoding="ascii", errors="strict")
    monkeypatch.setattr(sys, "stdin", given)
    cli._mend_streams()
    assert given.errors == "strict"


@pytest.mark.parametrize("code", [*cli.CONTROLS, *cli.TURNERS])
def test_hidden_characters_are_written_as_json_escapes_them(code):
    made = io.StringIO()
    cli.Plain(made).write(f"a{chr(code)}b\t\n")
    assert made.getvalue() == f"a\\u{code:04x}b\t\n"


def test_what_is_printed_is_escaped_in_a_command(monkeypatch, capsys):
    assert ran(monkeypatch, lambda: print("a\x1b[31mb")) in (0, None)
    assert capsys.readouterr().out == "a\\u001b[31mb\n"


@pytest.mark.parametrize(
    ("act", "sleeps"),
    [
        (alloc("alloc_page", "gfp"), True),
        (alloc("alloc_page", "GFP_ATOMIC"), False),
        (alloc("alloc_page", "GFP_NOWAIT"), False),
        (alloc("alloc_page", "x", "alloc with GFP_ATOMIC"), False),
        (alloc("alloc_page", "x", sleeps=False), False),
        (alloc("alloc_page", "GFP_ATOMIC", sleeps=True), False),
        (Act("words"), False),
        (Act("words", ALLOC), False),
    ],
)
def test_who_asks_for_memory_may_sleep_unless_its_words_say_otherwise(act, sleeps):
    assert act.sleeps is sleeps


def test_who_is_cancelled_is_told_what_to_do():
    assert str(Cancelled()) == "the work: it was cancelled; start it again" and isinstance(Cancelled(), TdxkitError)
