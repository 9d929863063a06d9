"""What commands that read one kind share: given another kind, they say which command reads that."""

import sys
from collections.abc import Callable
from typing import TypeVar

from tdxkit.commands.waiting import wait
from tdxkit.errors import InputError
from tdxkit.intake import Source, Stream, opened, peek
from tdxkit.work import Job

T = TypeVar("T")


def wait_for(
    kinds: tuple[str, ...], source: Source, job: Callable[[Stream], Job[T]], found: Callable[[T], object] = bool, text: bool = False,
    drive: Callable[[Job[T]], T] = wait, strict: bool = True,
) -> T:  # fmt: skip
    """Drive a job that reads one of these kinds. Where it refuses, or `found` says that nothing came of it, and the source looks like
    another kind, the complaint names that kind and its command. A reader that finds its own kind in another, a trace in a mail, is right;
    one that is not `strict` answers with nothing too, and the other kind is named on standard error."""
    from tdxkit.review.recognise import HEAD, wrong_kind

    with opened(source, text=text) as stream:
        head = peek(stream, HEAD)
        try:
            result = drive(job(stream))
        except InputError:
            if other := wrong_kind(head, stream.title, kinds):
                raise other from None
            raise
        if not found(result) and (other := wrong_kind(head, stream.title, kinds)):
            if strict:
                raise other
            print(f"{other}", file=sys.stderr)
        return result
