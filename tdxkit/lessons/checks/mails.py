"""Answers that are a mail about the practice series, or a line of it: held against the mails of data/ and what the search finds in them."""

import re
from collections.abc import Iterator
from difflib import SequenceMatcher
from typing import NamedTuple

from tdxkit.errors import InputError, printable
from tdxkit.explore.schedule import HEAD, PART
from tdxkit.explore.telling import replay
from tdxkit.lessons.checks.series import after, practised
from tdxkit.lessons.exercises import Exercise, Said, Sheet
from tdxkit.mail.post import Post
from tdxkit.mail.subject import Subject, subject
from tdxkit.review.verdict import Verdict
from tdxkit.rules import known
from tdxkit.run import Run
from tdxkit.text import many

MOST = 100_000  # characters of a mail
FEWEST_WORDS = 12  # of one's own, below a cited line
QUOTED = re.compile(r"[ \t]{0,3}>[ \t]?(.*)")
SUBJECT = re.compile(r"(?im)^subject:[ \t]*(.{1,400}(?:\n[ \t]+.{1,400}){0,3})")
WROTE = re.compile(r"On .{1,120} wrote:\s*")
CODE = re.compile(r"(?<![^\s`'\"(])" + HEAD.pattern.replace("(", "(?:") + r"(?=\s)")


class Reply(NamedTuple):
    """A mail that answers. cited, own: its lines with their numbers, those that are quoted without the mark."""

    about: Subject | None
    cited: tuple[tuple[int, str], ...]
    own: tuple[tuple[int, str], ...]

    @property
    def words(self) -> str:
        """What its author wrote, on one line."""
        return " ".join(" ".join(line for _, line in self.own).split())


class Asked(NamedTuple):
    """A thing that a review mail has: what it is, and what is wrong with it, "" where nothing is."""

    what: str
    wrong: str


def unsaid(answer: object, exercise: Exercise, *, old: int, new: int) -> Said:
    """A line of the series as it ends in one version which the version before does not have, or has elsewhere; comments and headers do not count."""
    if not isinstance(answer, str):
        raise InputError(f"answer {printable(answer, 40)}", "a line of C is asked for", "give it as a text, in quotes")
    line = _bare(answer.strip().removeprefix("+"))
    before, now = ([_bare(row) for row in _text(version).splitlines()] for version in (old, new))
    if line not in now:
        was = f" Version {old} had it: give one that is there now." if line in before else ""
        return Said(
            False,
            f"No line of the series as it ends in version {new} reads {printable(answer.strip(), 60) or 'so'}.{was}",
        )
    same = SequenceMatcher(None, before, now, autojunk=False).get_matching_blocks()
    kept = {block.b + k for block in same for k in range(block.size)}
    new_ones = [at for at, row in enumerate(now) if row == line and at not in kept]
    if not line or not new_ones:
        return Said(False, "That line stands in both versions, in the same place.")
    last = practised(new).last
    assert last is not None
    return Said(True, f"It came with {last.scenario.own.origin(new_ones[0] + 1)}, and the cover has no word of it.")


def review(answer: object, exercise: Exercise, *, version: int) -> Said:
    """A review mail: which patch it answers, a line of that patch, the rule that breaks, a schedule that shows it, and words of its author's."""
    mail = reply(answer)
    first = practised(version).breaks
    assert first is not None
    runs: list[Run] = []
    asked = tuple(_asked(mail, version, first, runs))
    missing = [one for one in asked if one.wrong]
    sheet = Sheet(
        "What a review mail has", ("", "asked", "yours"), tuple(("✗" if w else "✓", a, w or "there") for a, w in asked)
    )
    if missing:
        more = f" And {many(len(missing) - 1, 'thing')} more: see the table." if missing[1:] else ""
        return Said(False, missing[0].wrong + more, sheets=(sheet,))
    return Said(
        True,
        f"It can be sent: whoever gets it can run the schedule again, after {first.label}.",
        runs[0],
        first.scenario,
        sheets=(sheet,),
    )


def reply(answer: object) -> Reply:
    """A text as a mail that answers. InputError for what is no text, or too long."""
    if not isinstance(answer, str):
        raise InputError(f"answer {printable(answer, 40)}", "a mail is asked for", "give it as a text")
    if len(answer) > MOST:
        raise InputError("the mail", f"it has more than {MOST:,} characters", "cite less")
    head, _, body = answer.lstrip("\n").partition("\n\n")
    found = SUBJECT.search(head)
    skipped = answer.count("\n") - body.count("\n") if found else 0
    cited, own = [], []
    for number, line in enumerate((body if found else answer).splitlines(), 1 + skipped):
        if quoted := QUOTED.fullmatch(line):
            cited.append((number, quoted[1]))
        elif not WROTE.fullmatch(line):
            own.append((number, line))
    return Reply(subject(" ".join(found[1].split())) if found else None, tuple(cited), tuple(own))


def _asked(mail: Reply, version: int, first: Verdict, runs: list[Run]) -> Iterator[Asked]:
    about = _which(mail, version, first)
    yield Asked("Subject: the patch that it answers", about)
    post = None if about or mail.about is None else practised(version).series.patches[mail.about.n or 1]
    yield Asked("> the line that it is about", _line(mail, post, version))
    yield Asked("which patch is the first after which a rule breaks", _first(mail, first))
    yield Asked("the rule, in the words of the verdict", _rule(mail, first))
    yield Asked("a schedule code that shows it", _schedule(mail, first, runs))
    yield Asked("what happens, below the cited line, in words of your own", _words(mail))


def _which(mail: Reply, version: int, first: Verdict) -> str:
    """What is wrong with the patch that a mail answers."""
    series, about = practised(version).series, mail.about
    if about is None:
        return "It has no subject: begin with Subject: Re: and the subject of the patch, then an empty line."
    if not about.reply:
        return "Its subject has no Re: in front, so it would post a patch and answer none."
    if about.version != version or about.total != series.total or about.n is None:
        return f"Its subject is that of no mail of version {version}: [PATCH v{version} N/{series.total}]."
    if about.n == 0:
        return "It answers the cover. Answer the patch whose line you cite: there the author looks for it."
    if about.n not in series.patches:
        return f"There is no patch {about.n} in version {version}."
    if _bare(about.title) != _bare(series.patches[about.n].subject.title):
        return f"{about.n}/{about.total} has another title."
    one = after(version, about.n)
    if one.judged is None:
        return f"{one.label} changes nothing that is raced."
    if about.n > first.n:
        return f"A rule breaks before {one.label} is in, so this patch is not what brings it."
    return ""


def _line(mail: Reply, post: Post | None, version: int) -> str:
    """What is wrong with what a mail cites."""
    changed = [line for _, line in mail.cited if line[:1] in ("+", "-") and line[1:].strip()]
    if not changed:
        return "It cites no line of the patch: > and then the line, with its + or -, as it stands in the mail."
    if post is None:
        return "Which patch its lines are of cannot be looked up before the subject is right."
    here = _lines(post)
    for line in changed:
        if _signed(line) not in here:
            patches = practised(version).series.patches.values()
            other = next((one for one in patches if _signed(line) in _lines(one)), None)
            where = (
                f"it stands in {other.subject.n}/{other.subject.total}"
                if other
                else f"no patch of version {version} has it"
            )
            return f"{printable(line.expandtabs(1), 60)} is no line of the patch that it answers: {where}."
    return ""


def _first(mail: Reply, first: Verdict) -> str:
    """What is wrong with the patch that a mail names as the one after which a rule breaks."""
    if (mail.about and mail.about.n == first.n) or first.label in mail.words:
        return ""
    return "It does not say after which patch a rule breaks first; write its number, such as 1/4, where it is not the one that you answer."


def _rule(mail: Reply, first: Verdict) -> str:
    name = first.judged.result.property
    rule = known(name)
    words = mail.words.casefold()
    if any(said.casefold() in words for said in (name, rule.defect if rule else name)):
        return ""
    return "It does not name the rule that breaks, or what is the case then, in the words of the verdict."


def _schedule(mail: Reply, first: Verdict, runs: list[Run]) -> str:
    """What is wrong with the schedule codes of a mail; the run of a good one goes to `runs`."""
    wrong = ""
    for code in codes(mail.words):
        try:
            run = replay(first.scenario, code)
        except InputError as error:
            wrong = wrong or f"{error}."
            continue
        if any(first.judged.result.property in step.broken for step in run.steps):
            runs.append(run)
            return ""
        wrong = wrong or "Its schedule runs, and breaks not the rule that it has to show."
    return (
        wrong
        or "It has no schedule code: nobody can run again what it says. Copy the whole, from the name to the % and its digits."
    )


def _words(mail: Reply) -> str:
    """What is wrong with a mail's own words."""
    top = min((number for number, line in mail.cited if line[:1] in ("+", "-")), default=0)
    if _counted(" ".join(line for number, line in mail.own if number > top)) >= FEWEST_WORDS:
        return ""
    if _counted(mail.words) >= FEWEST_WORDS:
        return "Its words stand above the line that they are about; on a list they stand below."
    return "It says too little of its own: who does what, and who believes what meanwhile?"


def _counted(text: str) -> int:
    """How many words there are beside schedule codes."""
    text = " ".join(text.split())
    for code in codes(text):
        text = text.replace(code, " ")
    return len(re.findall(r"[A-Za-z]{2,}", text))


def codes(text: str) -> Iterator[str]:
    """The schedule codes in a text: a head, and the parts behind it, over ends of lines too."""
    for head in CODE.finditer(text):
        parts = [head[0]]
        for word in text[head.end() :].split():
            word = word.rstrip(".,;:)`'\"")
            if not (PART.fullmatch(word) or re.fullmatch(r"[+@%]\w{1,20}", word)):
                if word != "\\":
                    break
                continue
            parts.append(word)
        yield " ".join(parts)


def _text(version: int) -> str:
    """The C of a version as it ends."""
    last = practised(version).last
    assert last is not None
    return last.scenario.own.text


def _lines(post: Post) -> set[str]:
    """The lines that a patch adds and removes."""
    return {_signed(line) for file in post.diff.files for line in file.changed} if post.diff else set()


def _signed(line: str) -> str:
    return line[:1] + _bare(line[1:])


def _bare(text: str) -> str:
    return " ".join(text.split())
