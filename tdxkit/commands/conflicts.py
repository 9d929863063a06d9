"""`conflicts`: which pairs of SEAMCALLs get in each other's way, found by running every pair."""

from tdxkit.commands import print_json
from tdxkit.commands.waiting import wait
from tdxkit.errors import InputError, printable
from tdxkit.text import columns, many
from tdxkit.work import Job


def configure(parser):
    """One or two leaves to look at, the module's version, --json."""
    from tdxkit.seam.versions import LATEST

    parser.add_argument("leaf", nargs="?", help="only the pairs with this leaf (TDG.MEM.PAGE.ACCEPT is the TDCALL)")
    parser.add_argument("other", nargs="?", help="and with this one")
    parser.add_argument("--module", default=LATEST, metavar="VERSION", help=f"version of the TDX module ({LATEST})")
    parser.add_argument(
        "--in-kernel",
        nargs="?",
        const="v6",
        metavar="VERSION",
        help="which of them can meet in KVM, with the locks of the base of this version of the series (v6)",
    )
    parser.add_argument(
        "--play",
        metavar="FILE",
        help="write the two leaves as a page in which you choose who moves next, and tell how they can end",
    )
    parser.add_argument(
        "--json", action="store_true", help='{"pairs": [{"a", "b", "result", "only_if", "result_then"}]}'
    )


def run(args):
    """While a is under way, b is called: "ok" or the busy status it gets; then those that it gets only under a condition."""
    if args.play:
        _play(args.leaf, args.other, args.module, args.play)
        return
    asked = _asked(args.leaf, args.other)
    meet = _in_kernel(args.in_kernel) if args.in_kernel else None
    pairs = wait(_job(asked, args.module), lambda done, total: f"{done} of {many(total, 'pair')}")
    if args.json:
        print_json({"pairs": [pair.as_json() | (_kernel_json(pair, meet) if meet else {}) for pair in pairs]})
        return
    if meet:
        _print_in_kernel([pair for pair in pairs if pair.met or pair.then], meet, args.in_kernel)
        return
    busy = [p for p in pairs if p.met]
    if busy:
        rows = [(p.a, f"{p.b} -> {p.result}") for p in busy]
        print(*columns(("under way", "called meanwhile -> what it gets"), rows), "", sep="\n")
    for words in dict.fromkeys(p.only_if for p in pairs if p.then):
        rows = [(p.a, f"{p.b} -> {p.result}, or {p.result_then}") for p in pairs if p.only_if == words]
        print(f"only if {words}")
        print(*columns(("under way", "called meanwhile -> in most calls, or then"), rows), "", sep="\n")
    more = sum(bool(p.then) and not p.met for p in pairs)
    others = f"{more} more only under that condition, the others" if more else "the others"
    print(
        f"{len(busy)} of {len(pairs)} ordered pairs conflict on one TD and one 2 MiB region, {others} go on side by side."
    )


def _play(leaf: str | None, other: str | None, version: str, path: str) -> None:
    """Write the page of a pair, and say how the two can end."""
    from tdxkit.seam.meeting import CPUS, meeting
    from tdxkit.seam.two_calls import TwoCalls, call_named
    from tdxkit.view.two_calls_board import bar, stepper_of

    if leaf is None or other is None:
        raise InputError("--play", "two calls are put beside each other", "name two leaves before it")
    module, calls = TwoCalls(call_named(leaf), call_named(other), version=version).made()
    met = meeting(module, calls)
    stepper_of(met).html(path)
    rows = [(*end.answers, len(end.path)) for end in met.ends]
    print(bar(met), "", *columns((*(f"{cpu} answers" for cpu in CPUS), "fewest steps"), rows), "", sep="\n")
    print(f"every order of them to be played: {printable(path, 400)}")


def _in_kernel(version: str):
    """(a, b, same TD) -> Meeting in the KVM that the version was cut from; InputError for no version."""
    from tdxkit.linux.host.base import BASES
    from tdxkit.linux.host.kvm.meeting import meeting
    from tdxkit.linux.refcount.posted import posted_named

    base = BASES[posted_named(version).base]
    return lambda a, b, same_td=True: meeting(a, b, base, same_td)


def _kernel_json(pair, meet) -> dict:
    both = {"one_td": meet(pair.a, pair.b), "two_tds": meet(pair.a, pair.b, False)}
    return {"in_kernel": {name: found.as_json() for name, found in both.items()} if pair.met or pair.then else None}


def _print_in_kernel(pairs: list, meet, version: str) -> None:
    """The pairs that collide in the module: first those that KVM lets meet, then what keeps the others apart."""
    from tdxkit.linux.host.kvm.meeting import tally

    answers = [(pair, meet(pair.a, pair.b)) for pair in pairs]
    can = [(p.a, p.b, p.result_then or p.result, m.why, m.remark) for p, m in answers if m.meets]
    if can:
        print(*columns(("under way", "called meanwhile", "what it gets", "where", "but"), can), "", sep="\n")
    reasons = tally(m for _, m in answers)
    if reasons:
        print(*columns(("kept apart by", "pairs"), reasons.most_common()), "", sep="\n")
    print(
        f"{many(len(pairs), 'ordered pair')} of one TD that conflict in the module; in the KVM that {version} was cut from "
        f"{len(can)} can meet, the locks or the TD's phase keep {sum(reasons.values())} apart."
    )


def _asked(leaf: str | None, other: str | None) -> list[tuple[str, str]]:
    """The ordered pairs with these leaves, every pair for none."""
    from tdxkit.seam.conflicts import names
    from tdxkit.seam.scenes import scene_of

    chosen = names()
    leaf_of = {name: scene_of(name).leaf for name in chosen}
    wanted = [scene_of(name.upper()).leaf for name in (leaf, other) if name is not None]
    pairs = [(a, b) for a in chosen for b in chosen]
    if len(wanted) == 2:
        return [(a, b) for a, b in pairs if sorted(wanted) == sorted((leaf_of[a], leaf_of[b]))]
    return [pair for pair in pairs if not wanted or wanted[0] in (leaf_of[name] for name in pair)]


def _job(asked: list[tuple[str, str]], version: str) -> Job[list]:
    from tdxkit.seam.conflicts import conflict

    found = []
    for a, b in asked:
        found.append(conflict(a, b, version))
        yield len(found), len(asked)
    return found
