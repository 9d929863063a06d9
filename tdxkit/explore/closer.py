"""A closer look at a reader's own code: what its text gets wrong, then its steps as they stand and, where that is ok, taken apart into
loads and stores (`split`); the worse of the two counts. See `judging`."""

import ast
from dataclasses import replace
from types import FunctionType

from tdxkit.explore.audit import audit
from tdxkit.explore.guard import Ran, RanAgain, noting
from tdxkit.explore.instruction import Instruction
from tdxkit.explore.moves import follow
from tdxkit.explore.names import walk
from tdxkit.explore.pieces import NotApart, Piece, Pieces, Where
from tdxkit.explore.program import Scenario
from tdxkit.explore.reading import functions_of, refuse
from tdxkit.explore.result import Result
from tdxkit.explore.schedule import parse
from tdxkit.explore.search import AS_IT_STANDS, exploring
from tdxkit.explore.slips import over_keys
from tdxkit.explore.split import split
from tdxkit.explore.tables import Tables
from tdxkit.explore.unmet import never_failed
from tdxkit.explore.unrun import unrun
from tdxkit.explore.whose import ours
from tdxkit.kinds import LOAD, STORE
from tdxkit.work import Job

WORSE = {"ok": 0, "bounded": 1}  # and whatever was found: 2
ASIDE = 3  # remarks of one sort
NO_END_APART = "taken apart, there is no end to it within the bound"


def looking(scenario: Scenario, lines: bool, **how) -> Job[tuple[Result, Scenario]]:
    """The result that counts, with its remarks, and the scenario that its schedule is one of; a job that ticks as `exploring` does."""
    own = functions_of(scenario) if any(thread.foreign for thread in scenario.threads) else []
    told = [remark for function in own for remark in refuse(function, scenario)]
    for rule in scenario.properties:
        if isinstance(rule.check, FunctionType) and not ours(rule.check):
            over_keys(rule.check, scenario)
    if not own and not lines:
        return (yield from exploring(scenario, **how)), scenario
    ran: Ran = {}
    result = yield from noting(ran, exploring(scenario, **how))
    verdict, counts = result.verdict, scenario
    told += [remark for remark in result.remarks if remark != AS_IT_STANDS]
    if own:
        ran = RanAgain(ran)
        result, counts, more = yield from noting(ran, _apart(scenario, result, **how))
        told = more + told + never_failed(scenario, ran)
    never = unrun(own or scenario.texts, ran) if verdict in WORSE or lines else ()
    return replace(result, remarks=tuple(told), unrun=never), counts


def _apart(scenario: Scenario, result: Result, **how) -> Job[tuple[Result, Scenario, list[str]]]:
    """The answer after a look at the loads and stores, whose it is, and the remarks about them."""
    pieces = Pieces(scenario)
    apart, counts = split(scenario, pieces), scenario
    told: list[str] = []
    try:
        if (first := result.verdict) in WORSE:
            second = yield from exploring(apart, **how)
            if WORSE.get(second.verdict, 2) > WORSE[first]:
                told += _between(apart, pieces, second)
                result, counts = second, apart
            elif pieces.pieces and second.verdict == "bounded":
                told.append(_also(pieces, NO_END_APART))
            elif not all(piece.rule for piece in pieces.pieces.values()):
                told.append(_also(pieces))
            if second.verdict == "ok":
                told += pieces.unchecked()
        else:  # it is no ok anyway: a short look, for the remarks
            audit(Tables(apart))
    except NotApart as error:
        told.append(f"{error.thing}: {error.rule}: this is an answer about steps as they stand, and C has smaller ones")
    return result, counts, told + _peeks(pieces) + _sections(pieces) + list(pieces.told)


def _between(apart: Scenario, pieces: Pieces, result: Result) -> list[str]:
    """Where in the schedule another thread comes into a step, and what to write if it is one instruction."""
    tables = Tables(apart)
    found: dict[Where, tuple[Piece, str, int]] = {}
    steps = parse(result.schedule).steps if result.schedule else ()
    open_: dict[int, Piece] = {}
    for number, (k, _, move) in enumerate(follow(tables, steps), 1):
        open_.pop(k, None)
        for piece in open_.values():
            found.setdefault(piece.where, (piece, apart.actors[k], number))
        piece_ahead = pieces.pieces.get(tables.places[move.outcome.after].label)
        if piece_ahead:
            open_[k] = piece_ahead
    if not found and result.verdict == "bounded":
        return [_also(pieces, NO_END_APART)]
    if not found:
        verb = "taken apart, it breaks: give each a yield of its own, or say that it is one instruction"
        return [_also(pieces, verb)]
    return [
        f"{piece.where}: its {_what(pieces, piece)} is a step of its own, and {actor} comes in before it (step {number}); "
        f"{_write(pieces, piece)}"
        for piece, actor, number in list(found.values())[:ASIDE]
    ]


def _what(pieces: Pieces, piece: Piece) -> str:
    return f"{piece.what} of {pieces.layout.labels[piece.slot]}" if piece.what else "call"


def _write(pieces: Pieces, piece: Piece) -> str:
    """What to write where the pieces of a step on this variable are one instruction."""
    if not piece.what:
        return "a call of the module is one step: give it a yield of its own"
    if piece.rule:
        return "in C a rule's look is a load too, and comes later: hold a lock over both; always(…) judges every moment"
    name = pieces.layout.names[piece.slot]
    said = (
        Instruction(piece.said, pieces.layout, pieces.lock_names) if piece.said and name in piece.said.operand else None
    )
    if piece.said and said and (STORE, piece.slot) in piece.before:
        if piece.what == STORE:
            return f"{piece.said.does} stores once: give the rest a yield of its own"
        if said.gives_back:
            return f"{piece.said.does} is over where another variable is touched: keep what it gives back before that, and look at that"
        better = "atomic_dec_and_test" if "dec" in piece.said.does else "atomic_inc_return"
        return f'{piece.said.does} gives nothing back; one that does is yield locked("{better}", "{name}")'
    if piece.said and said and (LOAD, piece.slot) in piece.before:
        if said.tests:
            return f"{piece.said.does} is over where another variable is touched: touch that one before it or after it"
        return f'{piece.said.does} tests nothing; one that does is yield conditional("atomic_add_unless", "{name}")'
    if piece.slot in pieces.locks:
        return f'a test and a set are two; if they are one instruction, say so: yield lock("spin_lock", "{name}")'
    same = [p for p in pieces.pieces.values() if p.where.code is piece.where.code and p.slot == piece.slot]
    whats = {what for p in same for what, slot in (*p.before, (p.what, p.slot)) if slot == piece.slot}
    if whats != {LOAD, STORE}:
        return "no instruction does both: hold a lock over them, or show that it may come in"
    change = {_change(p.where) for p in same} - {""}
    if any(p.before.count((LOAD, p.slot)) > 1 for p in same) or len(change) != 1:
        return f'if it is one instruction, say so: yield conditional("atomic_add_unless", "{name}")'
    return f'if it is one instruction, say so: yield locked("{change.pop()}", "{name}")'


def _change(where: Where) -> str:
    """The atomic that a line with += or -= would be."""
    for node in walk(where.code):
        if isinstance(node, ast.AugAssign) and node.lineno == where.line:
            return {ast.Add: "atomic_inc", ast.Sub: "atomic_dec"}.get(type(node.op), "")
    return ""


def _also(pieces: Pieces, verb: str = "judged load by load and store by store as well") -> str:
    """The lines whose steps were taken apart."""
    lines: dict[str, set[int]] = {}
    for piece in pieces.pieces.values():
        if piece.rule and not all(p.rule for p in pieces.pieces.values()):
            continue
        lines.setdefault(piece.where.code.co_name, set()).add(piece.where.line)
    said = "; ".join(f"line {', '.join(map(str, sorted(rows)))} of {name}" for name, rows in lines.items())
    return f"{said}: more than one load or store under one yield; {verb}" if said else verb


def _peeks(pieces: Pieces) -> list[str]:
    return [
        f"{where}: it reads m.{name}, which the kernel cannot see: PAMT.ADD and PAMT.REMOVE answer it"
        for where, name in pieces.peeks
    ]


def _sections(pieces: Pieces) -> list[str]:
    return [
        f"{where}: {name} is taken and let go under one yield, so nobody ever meets it taken: give each its own"
        for where, name in pieces.sections
    ]
