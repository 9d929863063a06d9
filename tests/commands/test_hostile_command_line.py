"""Every command against hostile and clumsy words, files and streams: one clear line and exit code 2, whatever was typed.

The first tests know nothing of a command but what its parser declares, so a new command is under them from its first day.
"""

import json
import os
import signal
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tdxkit.cli import COMMANDS, main
from tdxkit.commands import Parser
from tdxkit.facts import data_path

pytestmark = pytest.mark.slow

ROOT = str(Path(__file__).parents[2])
# No command takes a word that holds one of these.
POISON = ("\0", "\x1b[2J", "\x07", "\x7f", "\u202e", "\ufeff", "\ud800", os.fsdecode(b"\xff\xfe"))
CODE = ("$(touch owned)", "`touch owned`", "; touch owned", "__import__('os').system('touch owned')", "{0.__class__}%n")
CLUMSY = (
    "",
    " ",
    "-",
    "--",
    "-1",
    "--5",
    "1e999",
    "nan",
    "0.5",
    "²",
    "٣",
    "9" * 5000,
    "x" * 1_000_000,
    "/",
    "..",
    "[" * 999,
    *CODE,
)
# Words that get a command past its first look.
PLAUSIBLE = (
    "v2",
    "v6",
    "0x0",
    "B5",
    "TDH.MEM.PAGE.AUG",
    "example",
    "2",
    "1G",
    "v2:2x1:37b4",
    "A10",
    "TDX_SUCCESS",
    "--json",
    "--",
)
POISONED = st.builds(
    "".join, st.tuples(st.text(max_size=9) | st.sampled_from(CODE), st.sampled_from(POISON), st.text(max_size=9))
)
# What makes an answer short where the words happen to be good ones.
SHORT = {"contention": ["--seconds", "0.01"], "explore": ["--bound", "500"]}
BEFORE = {
    "explore": ["v2"],
    "packet": ["v2"],
    "lens": ["v2"],
    "trace": ["example"],
    "lockup": ["--guest=1G"],
    "decode": ["0x0"],
}


def options(name: str) -> tuple[list[str], list[str]]:
    """The options of a command: those that take a value, those that do not."""
    parser = Parser(prog=name)
    import_module(f"tdxkit.commands.{name}").configure(parser)
    actions = [a for a in parser._actions if a.option_strings and "--help" not in a.option_strings]
    return [a.option_strings[0] for a in actions if a.nargs != 0], [
        a.option_strings[0] for a in actions if a.nargs == 0
    ]


def refused(capsys, words) -> str:
    """The one line that a refusal is."""
    code, (out, err) = main(words), capsys.readouterr()
    shown = [word[:60] for word in words]
    assert (code, out) == (2, ""), (shown, code, out[:300], err[:300])
    assert err.startswith("tdxkit: ") and err.endswith("\n") and err[:-1].isprintable() and len(err) < 2100, (
        shown,
        err[:300],
    )
    assert ": " in err[8:] and "; " in err, f"thing: rule; action, not {err}"
    return err


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    """In an empty folder, which stays empty: nothing that was typed is run."""
    folder = tmp_path / "empty"
    folder.mkdir()
    monkeypatch.chdir(folder)
    yield
    assert not list(folder.iterdir())


STAY = [
    name for name in COMMANDS if name != "lab"
]  # which would take this process's place; test_lab_command.py has what it refuses


@pytest.mark.parametrize("name", STAY)
def test_a_poisoned_word_anywhere_is_one_line_and_two(name, capsys):
    valued, flags = options(name)
    plain = st.sampled_from(PLAUSIBLE) | st.sampled_from(CLUMSY) | st.sampled_from([*valued, *flags, "--nonsense"])

    @settings(max_examples=20, deadline=5000, derandomize=True, suppress_health_check=list(HealthCheck), database=None)
    @given(st.lists(plain, max_size=3), POISONED, st.lists(plain, max_size=2), st.sampled_from(["", *valued, *flags]))
    def attack(before, poison, after, option):
        words = [*before, f"{option}={poison}" if option else poison, *after]
        refused(capsys, [name, *words])

    attack()


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow) if name == "conflicts" else name for name in STAY]
)
def test_every_option_survives_every_clumsy_value(name, capsys):
    valued, flags = options(name)
    before = [name, *BEFORE.get(name, []), *SHORT.get(name, [])]
    for option in valued:
        for value in CLUMSY:
            words = [*before, f"{option}={value}"]
            code, (out, err) = main(words), capsys.readouterr()
            assert code in (0, 1, 2) and "invalid read" not in err, words
            assert code != 2 or (not out and err.count("\n") == 1 and err[:-1].isprintable() and len(err) < 2100), (
                words,
                err,
            )
    for flag in flags:
        refused(capsys, [*before, f"{flag}=1"])


@pytest.mark.parametrize("name", COMMANDS)
def test_help_is_given_and_pointed_to(name, capsys):
    assert main([name, "--help"]) == 0
    assert COMMANDS[name][:40] in capsys.readouterr().out.replace("\n", " ")
    assert f"see python -m tdxkit {name} --help" in refused(capsys, [name, "--nonsense"])


def test_a_word_without_end_does_not_push_out_the_rule_and_the_action(capsys):
    said = refused(capsys, ["hotplug", "--guest", "x" * 1_000_000])
    assert len(said) < 800 and "choose from" in said and "--help" in said


@pytest.mark.parametrize(
    "word", [*POISON, *CLUMSY, "Decode", "decod", "__init__", "waiting", "../cli", "decode.py"], ids=ascii
)
def test_a_command_that_there_is_none(word, capsys):
    refused(capsys, [word])


def test_near_names_are_offered_and_bare_words_explain_themselves(capsys):
    assert "try decode" in refused(capsys, ["decod"])
    assert main([]) == 2 and "usage" in capsys.readouterr().out
    assert main(["-h"]) == main(["help"]) == main(["--version"]) == 0


READERS = [["decode", "--scan"], ["trace"], ["trace", "--json"], ["digest"], ["series"], ["xarray"], ["explore"]]


def hostile_files(folder):
    """Files that hold what no reader wants, and names that are no files."""
    made = {
        "binary": os.urandom(300_000),
        "nul": bytes(200_000),
        "colours\x1b[31m": b"\x1b[2J\x07\xff\xfe From a@b\n0x\x1b[31m\n",
        "deep": b"[" * 100_000,
        "one-line": b"a" * 3_000_000,
        "half.gz": b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\x4b",
        "surrogates": b'{"id": "\\ud800", "cmds": [], "expect": []}\n',
        "empty": b"",
    }
    for name, raw in made.items():
        (folder / name).write_bytes(raw)
    (folder / "loop").symlink_to(folder / "loop")
    return [
        *(folder / name for name in made),
        folder / "loop",
        folder,
        folder / "none",
        folder / ("n" * 300),
        "/proc/self/mem",
    ]


@pytest.mark.skipif(sys.platform == "win32", reason="symbolic links, /proc")
@pytest.mark.parametrize("command", READERS, ids=" ".join)
def test_files_of_all_kinds(command, tmp_path, capsys):
    folder = tmp_path / "files"
    folder.mkdir()
    for path in hostile_files(folder):
        words = [*command, f"{path}:put" if command == ["explore"] else str(path)]
        code, (out, err) = main(words), capsys.readouterr()
        assert code in (0, 2) and all(line.isprintable() for line in (out + err).splitlines()), (words, code, err[:300])
        assert code == 0 or (out == "" and err.count("\n") == 1), (words, err[:300])
        assert "output: " not in err, "it is the file that cannot be read"
        assert code == 2 or "--json" not in words or json.loads(out)["events"] == []


def test_standard_input_is_read_once_and_may_be_empty(capsys, monkeypatch):
    assert "once" in refused(capsys, ["series", "-", "-"])
    monkeypatch.setattr(sys, "stdin", None)
    assert "digest" in refused(capsys, ["digest", "-"])


def shell(script: str, *words: bytes | str, **environ) -> subprocess.CompletedProcess:
    """A line of sh in which `tdxkit` is the command line, as its own process."""
    function = f'tdxkit() {{ "{sys.executable}" -m tdxkit "$@"; }}\n'
    return subprocess.run(
        ["sh", "-c", function + script, "sh", *words],
        capture_output=True,
        timeout=60,
        env=os.environ | {"PYTHONPATH": ROOT, "PYTHONUNBUFFERED": ""} | environ,  # what is written late fails late
    )


posix = pytest.mark.skipif(sys.platform == "win32", reason="sh")


@posix
@pytest.mark.parametrize(
    "script, code, said",
    [
        ("{ tdxkit seamcall; echo code=$? >&2; } | true", 0, ""),
        ("{ tdxkit --help; echo code=$? >&2; } | true", 0, ""),
        ("tdxkit decode 0x0 >&-; echo code=$?", 0, ""),
        ("tdxkit decode nothing 2>&-; echo code=$?", 2, ""),
        ("tdxkit decode nothing >&- 2>&- <&-; echo code=$?", 2, ""),
        ("tdxkit digest - <&-; echo code=$?", 2, "a digest begins with"),
        ("tdxkit seamcall >/dev/full; echo code=$?", 2, "output: it cannot be written (No space left on device)"),
        ("tdxkit decode nothing 2>/dev/full; echo code=$?", 2, ""),
        ("tdxkit trace example --json >/dev/full; echo code=$?", 2, "output: it cannot be written"),
    ],
)
def test_streams_that_are_closed_or_full(script, code, said):
    if "/dev/full" in script and not os.path.exists("/dev/full"):
        pytest.skip("no /dev/full here")
    done = shell(script)
    both = (done.stdout + done.stderr).decode()
    assert f"code={code}\n" in both and said in both, both
    assert len(both.splitlines()) == 1 + bool(said), "no traceback, no second complaint"


@posix
@pytest.mark.parametrize(
    "script, code, said",
    [
        ("{ installed seamcall; echo code=$? >&2; } | true", 0, ""),
        ("installed seamcall >/dev/full; echo code=$?", 2, "output: it cannot"),
    ],
)
def test_the_installed_command_has_no_second_complaint_either(script, code, said):
    """Its last words are Python's own, which would try once more to write what could not be written."""
    if "/dev/full" in script and not os.path.exists("/dev/full"):
        pytest.skip("no /dev/full here")
    call = "import sys; from tdxkit.cli import main; sys.exit(main())"
    done = shell(f'installed() {{ "{sys.executable}" -c "{call}" "$@"; }}\n{script}')
    both = (done.stdout + done.stderr).decode()
    assert f"code={code}\n" in both and said in both and len(both.splitlines()) == 1 + bool(said), both


@posix
def test_bytes_that_are_no_text_and_a_terminal_without_letters():
    done = shell('tdxkit explore "$1"', b"\xff\xfe\x1b[2J")
    assert (
        done.returncode == 2
        and done.stderr.count(b"\n") == 1
        and b"\x1b" not in done.stderr
        and b"\xff" not in done.stderr
    )
    plain = shell("tdxkit life", PYTHONIOENCODING="ascii")
    assert plain.returncode == 0 and plain.stdout.isascii()
    for encoding in ("ascii", "latin-1"):
        answer = shell('tdxkit series "$1" --json', str(data_path("practice.mbox")), PYTHONIOENCODING=encoding)
        titles = {one["title"] for one in json.loads(answer.stdout.decode(encoding))["series"]}
        assert answer.returncode == 0 and {"region: fixes für 6.15", "region: one » too many"} <= titles


@posix
def test_the_asserts_of_a_readers_model_are_rules_under_python_O(tmp_path):
    (tmp_path / "mine.py").write_text(
        "def put(m, region):\n    yield 'look'\n    assert m.refcount[region] == 9, 'nine'\n"
    )
    answer = shell('tdxkit explore "$1" --json', f"{tmp_path}/mine.py:put", PYTHONOPTIMIZE="1")
    assert json.loads(answer.stdout)["property"] == "nine"


@posix
def test_ctrl_c_is_one_line(tmp_path):
    os.mkfifo(tmp_path / "pipe")  # a reading that waits for ever
    process = subprocess.Popen(
        [sys.executable, "-m", "tdxkit", "digest", str(tmp_path / "pipe")],
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        preexec_fn=lambda: signal.signal(
            signal.SIGINT, signal.default_int_handler
        ),  # a background job's children ignore it
    )
    with open(tmp_path / "pipe", "wb"):  # opens as soon as the other end is open
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=20)[1]
    assert said == b"tdxkit: stopped\n" and process.returncode == 130
