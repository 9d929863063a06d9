"""`hotplug`: plug a vCPU into a running guest and see who gives it MSR 0x3A, and what comes of it."""

from argparse import ArgumentTypeError

from tdxkit.commands import print_json, whole

SWITCHES = {
    "smm": (False, "the firmware is built with SMM, the machine has it"),
    "vmx": (True, "CPUID offers VMX"),
    "sgx": (True, "CPUID offers SGX"),
    "sgx-lc": (False, "CPUID offers SGX launch control"),
    "lmce": (False, "local machine checks are offered"),
    "epc": (False, "an EPC backs SGX"),
    "hyperv": (None, "Hyper-V enlightenments (default: on for a Windows guest)"),
}


def configure(parser) -> None:
    """Arguments of the command: one for each switch of a Setup."""
    from tdxkit.linux.msr.switches import FIRMWARE, GUESTS, OPTIONS, VENDORS

    parser.add_argument(
        "--guest", choices=GUESTS, default="windows",
        help="the guest's OS (default: windows, as in the posted trace, whose release the mail does not say)",
    )  # fmt: skip
    parser.add_argument("--firmware", choices=FIRMWARE, default="seabios", help="default: seabios")
    parser.add_argument(
        "--firmware-version",
        "--version",
        dest="version",
        metavar="TAG",
        default="edk2-stable202505",
        help="of OVMF, an edk2-stable tag (default: edk2-stable202505, the last one without the fix)",
    )
    for name, (default, what) in SWITCHES.items():
        flag, dest = [f"--{name}", "--hyper-v"] if name == "hyperv" else [f"--{name}"], name.replace("-", "_")
        parser.add_argument(
            *flag, dest=dest, nargs="?", const=True, default=default, type=_on_off, metavar="on|off", help=what
        )
        parser.add_argument(*(f"--no-{f[2:]}" for f in flag), dest=dest, action="store_false", help=f"--{name} off")
    parser.add_argument("--vendor", choices=VENDORS, default="intel", help="the CPU's maker (default: intel)")
    parser.add_argument(
        "--option",
        choices=OPTIONS,
        default="none",
        help="kvm-win-hack-sgx-cpu-hotplug: off, auto (the posted patch's default) or on; none (the default here): QEMU without the patch",
    )
    parser.add_argument("--preset", metavar="HEX", default="0x0", help="what the new vCPU's register holds already")
    parser.add_argument("--vcpus", type=whole("--vcpus", 1, 64), default=4, help="vCPUs at boot (default: 4)")
    parser.add_argument("--json", action="store_true", help="events, outcome and bug check, as data")
    parser.add_argument(
        "--table", action="store_true", help="every combination of the switches: outcomes and how many lead there"
    )


def run(args) -> int:
    """Run one scenario, or all of them."""
    from tdxkit.linux.msr.hotplug import hotplug
    from tdxkit.linux.msr.register import parse_value
    from tdxkit.linux.msr.switches import Setup

    if args.table:
        return _table(args.json)
    given = {k: v for k, v in vars(args).items() if k not in ("json", "table")}
    result = hotplug(Setup(**{**given, "preset": parse_value(args.preset, "--preset")}))
    if args.json:
        print_json(result.as_json())
        return 0
    print(result)
    print("the posted option: " + "; ".join(f"{gate}: {'yes' if ok else 'no'}" for gate, ok in result.gates) + "\n")
    print(result.run)
    return 0


def _table(as_json: bool) -> int:
    from tdxkit.linux.msr.hotplug import OUTCOMES
    from tdxkit.linux.msr.table import every_result, outcomes, what_matters
    from tdxkit.text import columns

    results = every_result()
    counts, matters = outcomes(results), what_matters(results)
    if as_json:
        print_json({"outcomes": counts, "switches": matters})
        return 0
    ends = [(outcome, count, OUTCOMES[outcome]) for outcome, count in counts.items()]
    turned = [(switch, found["end otherwise"], found["saves"]) for switch, found in matters.items()]
    print(*columns(("it ends", f"of {len(results)}", "that is"), ends), "", sep="\n")
    print(*columns(("this switch alone", "ends otherwise", "the crash (0x3E) goes"), turned), sep="\n")
    return 0


def _on_off(text: str) -> bool:
    try:
        return {
            "on": True,
            "yes": True,
            "true": True,
            "1": True,
            "off": False,
            "no": False,
            "false": False,
            "0": False,
        }[text.lower()]
    except KeyError:
        raise ArgumentTypeError(f"a switch is on or off, not {text[:40]!r}") from None
