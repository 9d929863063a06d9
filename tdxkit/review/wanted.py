"""What commands and boxes that read one kind share: given another kind, they say what it is and which command reads that."""

from collections.abc import Callable
from typing import TypeVar

from tdxkit.errors import InputError
from tdxkit.intake import HEAD, Source, Stream, opened, peek
from tdxkit.work import Job

T = TypeVar("T")


def wanted(
    kinds: tuple[str, ...], job: Callable[[Stream], Job[T]], found: Callable[[T], object] = bool, *,
    text: bool = False, told: Callable[[InputError], None] | None = None,
) -> Callable[[Source], Job[T]]:  # fmt: skip
    """`job` for a source that should be of one of these kinds (names of `recognise.KINDS`). Where it refuses, or `found` says that nothing
    came of it, and the source looks like another kind, the complaint names that kind and its command; `told` hears it where nothing is an
    answer too. `text` refuses what is binary.

    A reader that finds its own kind in another, a trace in a mail, is right.
    """

    def read(source: Source) -> Job[T]:
        with opened(source, text=text) as stream:
            head = peek(stream, HEAD)
            try:
                result = yield from job(stream)
            except InputError:
                if other := wrong_kind(head, stream.title, kinds):
                    raise other from None
                raise
            if not found(result) and (other := wrong_kind(head, stream.title, kinds)):
                if told is None:
                    raise other
                told(other)
            return result

    return read


def wrong_kind(head: bytes, title: str, kinds: tuple[str, ...]) -> InputError | None:
    """The complaint about what begins so and is none of these kinds: what it is and which command reads it. None where it may well be one."""
    from tdxkit.review.recognise import BY_NAME, recognise  # here, not above: only a mistake needs it

    kind = recognise(head)
    if kind is None or kind.name in kinds:
        return None
    *first, last = [BY_NAME[name].called for name in kinds]
    called = f"{', '.join(first)} or {last}" if first else last
    action = f"python -m tdxkit {kind.command} reads it" if kind.command else "no command reads it yet"
    return InputError(title, f"it is {kind.called}, and this reads {called}", action)
