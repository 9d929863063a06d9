"""What is said of a report, field by field: as data, in three cells, of the model's answers, and where the model is silent why."""

from types import SimpleNamespace as Made

import pytest

from tdxkit.review.softlockup import judged
from tdxkit.review.softlockup.judged import Finding, Verdict
from tdxkit.review.softlockup.reading import read_report
from tdxkit.review.softlockup.report import posted_text
from tests.review.softlockup.stuck_reports import soft, text, user_of

POSTED = Finding(read_report(posted_text()))


def finding(**more) -> Finding:
    return Finding(read_report(text(soft(**more))))


def test_the_posted_report_as_data():
    data = POSTED.as_json()
    assert data.pop("says") == list(POSTED.says()) and data.pop("stack")[:2] == ["xas_create", "xas_store"]
    (verdict,) = data.pop("verdicts")
    assert data == {
        "kind": "soft lockup", "line": 1, "cpus": [8], "command": "qemu-kvm", "pid": 6372, "time": 26, "unit": "s",
        "release": "6.15.0-rc7.20250520.el9uek.rc1.x86_64", "preempt": "PREEMPT(voluntary)", "model": "voluntary", "loop": "store",
        "asked": "ioctl KVM_SET_MEMORY_ATTRIBUTES", "mixed": False, "doubt": False,
        "call": {"start": 1 << 28, "end": 0x27680000, "pages": 0x17680000, "guest": 1500 << 30},
    }  # fmt: skip
    assert (verdict["kernel"], verdict["preempt"], verdict["build"]) == ("6.15", "voluntary", "dynamic")
    assert verdict["without"]["lockup"] and verdict["without"]["loop"] == "store" and not verdict["patched"]["lockup"]


def test_what_a_report_does_not_say_is_none_in_its_data():
    bare = Finding(
        read_report("INFO: rcu_preempt detected stalls on CPUs/tasks:\n(detected by 3, t=21003 jiffies, g=1, q=2)\n")
    )
    data = bare.as_json()
    assert (data["kind"], data["time"], data["unit"]) == ("RCU stall", 21003, "jiffies")
    for key in ("pid", "command", "release", "preempt", "loop", "asked", "call"):
        assert data[key] is None, key
    crash = Finding(read_report("kernel BUG at mm/slub.c:1!\nRIP: 0010:f+0x1/0x2\n")).as_json()
    assert (crash["time"], crash["unit"], crash["stack"]) == (None, None, ["f"])


def test_three_cells_have_the_sentences_of_their_part():
    first, where, model = POSTED.columns()
    says = POSTED.says()
    assert first == f"{says[0]}. {says[1]}" and where == f"{says[2]}. A{says[3][1:]}"
    assert model == f"{says[4]}. {says[5]}" and says[4].startswith("this workbook's model, Linux 6.15")


def test_a_loop_that_is_not_shown_is_not_named():
    assert finding(frames=("schedule",)).columns()[1].startswith("in xas_create()")
    assert (
        "no function that it was in is shown"
        in Finding(read_report("watchdog: BUG: soft lockup - CPU#1 stuck for 22s! [x:1]\n")).columns()[1]
    )


@pytest.mark.parametrize(
    ("rows", "head"),
    [
        (
            ["INFO: task qemu:12 blocked for more than 120 seconds."],
            "hung task, qemu (thread 12): blocked for more than 120 s",
        ),
        (["watchdog: BUG: soft lockup - CPU#3 stuck for 22s! [a:7]"], "soft lockup on CPU 3, a (thread 7): 22 units"),
        (["watchdog: Watchdog detected hard LOCKUP on cpu 4"], "hard lockup on CPU 4"),
    ],
)
def test_headlines(rows, head):
    assert Finding(read_report(text(rows))).headline().startswith(head)


def test_a_doubt_is_said_and_only_then():
    sure = Made(mixed=False, doubt=False, kind="oops", fields={}, cpus=())
    assert (
        Finding(sure)._whose() == []
        and "other reports begin" in Finding(Made(**vars(sure) | {"doubt": True}))._whose()[0]
    )
    assert "CONFIG_PRINTK_CALLER" in Finding(Made(**vars(sure) | {"mixed": True}))._whose()[0]
    guest = Made(**vars(sure) | {"kind": "soft lockup", "fields": {"hardware": "QEMU Standard PC"}})
    assert (
        "itself a guest" in Finding(guest)._whose()[0]
        and Finding(Made(**vars(guest) | {"kind": "oops"}))._whose() == []
    )


def test_the_attributes_of_a_call():
    for attributes, name in ((8, "PRIVATE"), (0, "no attribute")):
        assert f", {name}: GFNs" in finding(user=user_of(attributes=attributes))._call()[0]
    other = finding(user=user_of(asked=0xAE80))
    assert other._call() == ["user space asked for ioctl KVM_RUN"] and finding()._call() == []


def silent(**more) -> str:
    return finding(**more)._silent()


def test_why_the_model_is_silent():
    assert silent(frames=("schedule",)).endswith("KVM_SET_MEMORY_ATTRIBUTES, and this is another")
    assert silent(user=user_of(), preempt=" PREEMPT_RT") == "it has no PREEMPT_RT"
    assert silent(user=user_of(address=1 << 45, size=(64 << 40) + 4096)) == "it judges ranges of up to 64 TiB"
    assert silent().startswith("the range is not known: ")
    bare = Finding(read_report("watchdog: BUG: soft lockup - CPU#1 stuck for 22s! [x:1]\n"))
    assert bare._silent().endswith(": which this was the report does not show")
    for head, why in (
        ("INFO: task qemu:12 blocked for more than 120 seconds.", "a task that sleeps too long holds no CPU"),
        ("watchdog: Watchdog detected hard LOCKUP on cpu 4", "the loops that it models leave interrupts on"),
        ("kernel BUG at mm/slub.c:1!\nRIP: 0010:f+0x1/0x2", "it models no oops, warning or panic"),
    ):
        found = Finding(read_report(f"{head}\nLinux version 6.15.0 PREEMPT_RT\n"))
        assert found._silent() == why and found._model() == [f"this workbook's model has nothing to say of it: {why}"]


def test_sixty_four_tib_are_judged():
    assert finding(user=user_of(address=1 << 46, size=64 << 40))._silent() != "it judges ranges of up to 64 TiB"


def test_where_no_model_is_named_each_is_told_and_it_is_said():
    rows = finding(user=user_of(), preempt="")._model()
    assert "the banner does not say which preemption model runs" in rows[-len(rows) :][0] + rows[1]
    assert not any("the banner does not say" in row for row in POSTED._model())
    assert len([row for row in rows if ": w" in row]) == len(
        {v.words() for v in finding(user=user_of(), preempt="").verdicts}
    )


def answer(lockup=True, rcu_stall=False, chance=1.0, seconds=34.82, stuck=22):
    return Made(
        lockup=lockup, rcu_stall=rcu_stall, chance=chance, loop="store", stuck=stuck, longest=Made(seconds=seconds)
    )


@pytest.mark.parametrize(
    ("one", "words"),
    [
        (answer(lockup=False, seconds=0.04), "no lockup, the CPU is held for 0.0 s at most"),
        (answer(), "a soft lockup, in the store loop, first “stuck for 22s”: the CPU is held for 34.8 s"),
        (
            answer(chance=0.25),
            "a soft lockup in 25% of the watchdog's phases, in the store loop, first “stuck for 22s”: the CPU is held for 34.8 s",
        ),
        (
            answer(rcu_stall=True),
            "a soft lockup, in the store loop, first “stuck for 22s”, and an RCU stall: the CPU is held for 34.8 s",
        ),
    ],
)
def test_an_answer_in_words(one, words):
    assert judged._word(one) == words


def test_two_answers_that_are_the_same_are_said_once():
    one, two = answer(lockup=False), answer()
    assert Verdict(one, one).words() == f"with the patch and without {judged._word(one)}"
    assert Verdict(two, one).words() == f"without the patch {judged._word(two)}; with it {judged._word(one)}"
    assert judged._data(answer(seconds=34.8271, rcu_stall=True)) == {
        "lockup": True, "stuck": 22, "loop": "store", "seconds": 34.83, "rcu_stall": True,
    }  # fmt: skip


def test_what_is_cleared_was_set_before():
    kernel = POSTED.verdicts[0].without.kernel
    for attributes in (0, 8):
        call = judged.MemoryAttributes(0, 1 << 30, attributes)
        work = judged._done(call, kernel, None)
        assert work.clearing == (attributes == 0) and len(work.results) == 1 and work.results[0].ret == 0
