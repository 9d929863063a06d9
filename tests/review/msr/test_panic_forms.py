"""The crash's parameters in every form that people paste, and what is refused for the right reason."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tdxkit.errors import InputError
from tdxkit.review.msr.panic import POSTED, panic_job, read_panic, tells_of_one
from tdxkit.work import drive

EVENT = (
    '{"timestamp": {"seconds": 1727713849, "microseconds": 506000}, "event": "GUEST_PANICKED", "data": {"action": "pause", "info": '
    '{"type": "hyper-v", "arg1": 62, "arg2": 1177411667286, "arg3": 2276923295062, "arg4": 0, "arg5": 0}}}'
)


def test_qemus_own_event_is_decimal():
    panic = read_panic(EVENT)
    assert (panic.code, panic.name) == (0x3E, "MULTIPROCESSOR_CONFIGURATION_NOT_SUPPORTED")
    assert panic.parameters == (0x11223344556, 0x21223344556, 0, 0)


numbers = st.tuples(*[st.integers(0, 2**64 - 1)] * 5)


def info(args, order, first):
    fields = (
        [("type", "hyper-v")] * first + [(f"arg{n + 1}", args[n]) for n in order] + [("type", "hyper-v")] * (not first)
    )
    return dict(fields)


def libvirt(a, order, first):
    return "panic hyper-v: " + ", ".join(f"arg{n}='{v:#x}'" for n, v in enumerate(a, 1))


FORMS = {
    "libvirt": libvirt,
    "libvirt, bare": lambda a, o, f: libvirt(a, o, f).replace("'", ""),
    "domstate": lambda a, o, f: "paused (crashed: " + libvirt(a, o, f).removeprefix("panic ") + ")",
    "event": lambda a, o, f: json.dumps({"event": "GUEST_PANICKED", "data": {"action": "pause", "info": info(a, o, f)}}),
    "event, over lines": lambda a, o, f: json.dumps({"event": "GUEST_PANICKED", "data": {"info": info(a, o, f)}}, indent=2),
    "details": lambda a, o, f: json.dumps({"action": "pause", "info": info(a, o, f)}, separators=(",", ":")),
    "monitor": lambda a, o, f: f"event GUEST_PANICKED at 1727713849.506000 for domain 'win': {json.dumps({'info': info(a, o, f)})}",
    "debug log": lambda a, o, f: f"qemuMonitorJSONIOProcessLine:205 : Line [{json.dumps({'event': 'GUEST_PANICKED', 'data': {'info': info(a, o, f)}})}]",
    "in a JSON log": lambda a, o, f: json.dumps({"level": "info", "msg": json.dumps({"event": "GUEST_PANICKED", "info": info(a, o, f)})}),
    "python": lambda a, o, f: repr({"event": "GUEST_PANICKED", "data": {"info": info(a, o, f)}}),
    "go": lambda a, o, f: "{Type:hyper-v " + " ".join(f"Arg{n}:{v}" for n, v in enumerate(a, 1)) + "}",
    "kubevirt": lambda a, o, f: "reason: GuestPanicked: " + ", ".join(f"'{v:#x}'" for v in a),
    "kvm": lambda a, o, f: "kvm [4711]: vcpu0, guest rIP: 0xfffff8 hv crash (" + " ".join(f"{v:#x}" for v in a) + ")",
    "vmware": lambda a, o, f: "\n".join(f"2025-01-01T10:00:00.000Z vcpu-0 - WinBSOD: Synthetic MSR[0x4000010{n}] {v:#x}" for n, v in enumerate(a)),
    "trace": lambda a, o, f: "\n".join(f"CPU 0/KVM-1 [000] ..... 1.00000{n}: kvm_msr: msr_write 4000010{n} = {v:#x}" for n, v in enumerate(a)),
}  # fmt: skip


def quoted_printable(text, width):
    text, lines = text.replace("=", "=3D"), []
    while text:
        cut = next(
            (c for c in range(width, width - 3, -1) if "=" not in text[max(0, c - 2) : c]), width
        )  # never inside =3D
        lines, text = [*lines, text[:cut]], text[cut:]
    return "=\n".join(lines)


WRAPS = {
    "as it is": lambda t, w: t,
    "quoted": lambda t, w: "\n".join(f">> {line}" for line in t.split("\n")),
    "quoted-printable": quoted_printable,
    "a stamp in front": lambda t, w: f"2025-06-09 10:00:00.000+0000: {t}",
    "noise around": lambda t, w: f"noise 0x1 arg7=3 type: x\n{t}\nmore noise: 17\n",
}


@given(
    numbers,
    st.permutations(range(5)),
    st.booleans(),
    st.sampled_from(sorted(FORMS)),
    st.sampled_from(sorted(WRAPS)),
    st.integers(20, 76),
)
@settings(max_examples=300, deadline=None)
def test_every_form_in_every_dress_is_read_back(args, order, first, form, wrap, width):
    text = WRAPS[wrap](FORMS[form](args, order, first), width)
    panic = read_panic(text)
    assert (panic.code, *panic.parameters) == args, text


def test_a_mail_breaks_the_line_between_arguments():
    text = ">>> panic hyper-v: arg1=3D'0x3e', arg2=3D'0x46d359bbdff',\n>>> arg3=3D'0x56d359bbdff', arg4=3D'0x0', arg5=3D'0x0'\n>>>=20\n>>> Presumably"
    assert read_panic(text) == read_panic(POSTED)


def test_of_several_crashes_the_first_is_read():
    cut = POSTED.rpartition(", ")[0]  # a line that was cut does not lend its numbers to the next
    assert read_panic(f"{cut}\n{POSTED}\n{EVENT}") == read_panic(POSTED)
    assert read_panic(f"{EVENT}\n{POSTED}") == read_panic(EVENT)


@pytest.mark.parametrize(
    "text, why, action",
    [
        ('{"event": "GUEST_PANICKED", "data": {"action": "pause"}}', "has no parameters (pvpanic tells none)", "hv-crash"),
        ("event GUEST_CRASHLOADED at 1.0 for domain x", "has no parameters", "hv-crash"),
        ('{"event": "GUEST_PANICKED", "data": {"info": {"error-code": 0, "message": "TD misconfiguration", "type": "tdx"}}}', "type tdx has no bug check", "hyper-v"),
        ("panic s390: core='0' psw-mask='0x2' reason='disabled-wait'", "type s390 has no bug check", "hyper-v"),
        (POSTED.replace("arg5", "arg4"), "it lacks arg5", "paste all of it"),
        (POSTED.rpartition(", ")[0], "it lacks arg5", "paste all of it"),
        (POSTED.replace("0x3e", "0x" + "1" * 17), "it lacks arg1", "paste all of it"),
        (POSTED.replace("0x56d359bbdff", "1234567"), "hex with 0x, or decimal in JSON", "paste all of it"),
        (EVENT.replace("1177411667286", str(2**64)), "64 bits at most", "paste all of it"),
        ("hello", "it names hyper-v and arg1 to arg5", "GUEST_PANICKED"), ("", "it names hyper-v", "paste"),
    ],
)  # fmt: skip
def test_what_is_refused_and_why(text, why, action):
    with pytest.raises(InputError) as error:
        read_panic(text)
    assert why in error.value.rule and action in error.value.action and "\n" not in str(error.value)


@given(st.text(max_size=200) | st.text("arg12345=:'\"0x \n>{}hyper-v,", max_size=200))
def test_any_text_is_read_or_refused(text):
    try:
        read_panic(text)
    except InputError as error:
        assert "\n" not in str(error)


def test_from_a_file_and_as_data(tmp_path):
    (tmp_path / "log").write_text("noise\n" * 1000 + EVENT + "\n")
    panic = drive(panic_job(tmp_path / "log"))
    assert panic.as_json() == {
        "code": "0x3e", "name": "MULTIPROCESSOR_CONFIGURATION_NOT_SUPPORTED", "parameters": ["0x11223344556", "0x21223344556", "0x0", "0x0"],
        "differing_bits": [40, 41],
    }  # fmt: skip


@pytest.mark.slow
def test_a_long_hostile_text_takes_linear_time():
    for text in ("=\n" * (300_000), "arg1='" * (100_000), "> " * (300_000), '"type": ' * (60_000)):
        assert not tells_of_one(text)
        with pytest.raises(InputError):
            read_panic(text)
