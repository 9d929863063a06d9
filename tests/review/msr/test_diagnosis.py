"""The claims of the mail, held against the posted trace and the model."""

from dataclasses import replace

from tdxkit.facts import data_path
from tdxkit.linux.msr import register as msr
from tdxkit.linux.msr.hotplug import REPORTED, hotplug
from tdxkit.review.msr.claims import CLAIMS
from tdxkit.review.msr.reading import read_trace

VERDICTS = {claim.says: claim.true for claim in CLAIMS}


def test_what_the_trace_shows_is_in_the_trace():
    with data_path("traces/kvm_msr.trace").open("rb") as lines:
        events = read_trace(lines).events
    writes = [e for e in events if e.op == "write"]
    assert [e.vcpu for e in writes] == [0, 3, 2, 1] and max(e.time for e in writes) - writes[0].time < 0.001
    assert [e.value for e in events if e.vcpu == 4] == [0, 0] and 4 not in {e.vcpu for e in writes}
    assert VERDICTS["Windows writes the register at start-up"] == "no" and VERDICTS["the new vCPU holds 0"] == "yes"


def test_the_trace_alone_names_no_writer():
    """A burst is strong evidence; that firmware wrote came from the thread and from firmware's source."""
    assert [c.says for c in CLAIMS if c.shown_by == "trace"] == ["the new vCPU holds 0"]
    writer = next(c for c in CLAIMS if c.says.startswith("Windows writes"))
    assert "cannot name the writer" in writer.because and "firmware" in writer.shown_by


def test_all_seven_statements_are_judged_and_an_opinion_is_called_one():
    assert len(CLAIMS) == 7 and {c.true for c in CLAIMS} == {"yes", "no", "in part", "open", "an opinion"}
    assert VERDICTS["this is a Windows bug"] == "open"
    assert [c.says for c in CLAIMS if c.true == "an opinion"] == [
        "so many releases are affected that a hack is worth it"
    ]


def test_what_the_review_shows_is_what_the_model_does():
    without = hotplug(replace(REPORTED, sgx=False))
    assert without.values == (5, 5, 5, 5, 0) and without.outcome == "tolerated"
    assert VERDICTS["Windows expects the same value"] == VERDICTS["with SGX off the register is 0x5"] == "in part"


def test_bit_18_is_the_enable_not_the_support():
    supported = msr.Cpuid(vmx=True, sgx=True)
    assert msr.encls(0x5, supported) and not msr.encls(0x40005, supported)
    assert VERDICTS["bit 18 says that SGX is supported"] == "no"
