"""The answer key of a notebook, for whoever leads a room: each question with what to say to every answer, each task with its hints and solution.

    print(key_of("04"))

It is the data of the notebook itself, so it cannot say something else than the notebook does.
"""

from collections.abc import Iterator
from difflib import unified_diff

from tdxkit.lessons.exercises import Exercise, exercises
from tdxkit.lessons.gates import Gate, gates

SHORT = 12  # lines of an answer that is shown whole


def key_of(number: str) -> str:
    """The key of a notebook ("04") as text: ✓ the right answer, ✗ a wrong one, each with what to say."""
    parts = [*(_gate(one) for one in gates(number)), *(_exercise(one) for one in exercises(number))]
    return "\n\n".join("\n".join(part) for part in parts)


def _gate(gate: Gate) -> Iterator[str]:
    yield f"{gate.name}: {gate.asks}"
    if gate.number is None:
        for one in gate.options:
            yield f"  {'✓' if one.right else '✗'} {one.says}"
            yield f"      {one.why}"
    else:
        yield f"  ✓ {gate.said}"
        yield f"      {gate.why}"
        for belief in gate.beliefs:
            yield f"  ✗ {belief.number:,}"
            yield f"      {belief.why}"
    yield f"  then: {' '.join(gate.after.split())}"


def _exercise(task: Exercise) -> Iterator[str]:
    yield f"{task.name} ({task.kind}): {task.asks}"
    for k, hint in enumerate(task.hints, 1):
        yield f"  hint {k}: {hint}"
    yield from _answer("✓", task, task.solution)
    yield f"      {task.why}"
    for wrong in task.wrong:
        yield from _answer("✗", task, wrong.answer)
        yield f"      {wrong.says}"


def _answer(mark: str, task: Exercise, answer: object) -> Iterator[str]:
    """An answer; of one that is written into a longer text only the lines that it takes out and puts in, with one around them."""
    lines = str(answer).splitlines()
    begins = task.begins.splitlines()
    if begins and len(lines) > SHORT:
        lines = [line for line in unified_diff(begins, lines, n=1, lineterm="") if not line.startswith(("---", "+++"))]
    for line in lines:
        yield f"  {mark} {line}"
