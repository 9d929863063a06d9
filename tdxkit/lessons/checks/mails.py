"""Answers that are a mail about the practice series, or a line of it: held against the mails of data/ and what the search finds in them."""

import re
from collections.abc import Iterator
from difflib import SequenceMatcher
from typing import NamedTuple

from tdxkit.errors import InputError, printable
from tdxkit.explore.telling import replay
from tdxkit.lessons.checks.replies import Reply, codes, reply
from tdxkit.lessons.checks.series import after, practised
from tdxkit.lessons.exercises import Exercise, Said, Sheet
from tdxkit.mail.post import Post
from tdxkit.review.verdict import Verdict
from tdxkit.rules import known
from tdxkit.run import Run
from tdxkit.text import many

FEWEST_WORDS = 12  # of one's own, below a cited line
NEAR = 200  # characters before the words of a rule in which somebody may deny them
# What ends so denies what follows: a word that does, and a few more up to the end with nothing that parts them.
NEGATED = re.compile(
    r"(?i)\b(?:no|not|never|none|nobody|nothing|nowhere|neither|nor|cannot|\w+n['’]t|lie|untrue|false|impossible)"
    r"(?: (?!(?:and|but|so|when|while|where|because|then|before|after) )[\w'’-]+){0,5}[ \"'`“‘]*$"
)


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
        f"All that can be looked for is there, and its schedule runs again, after {first.label}. Whether its words are true only a reader can say: hold them against the run.",
        runs[0],
        first.scenario,
        sheets=(sheet,),
    )


def _asked(mail: Reply, version: int, first: Verdict, runs: list[Run]) -> Iterator[Asked]:
    about = _which(mail, version, first)
    yield Asked("Subject: the patch that it answers", about)
    post = None if about or mail.about is None else practised(version).series.patches[mail.about.n or 1]
    schedule = _schedule(mail, first, runs)
    shown = runs[0] if runs else replay(first.scenario, first.judged.result.schedule)
    yield Asked("> the line that it is about", _line(mail, post, version, _passed(shown, first)))
    yield Asked("which patch is the first after which a rule breaks", _first(mail, first))
    yield Asked("the rule, in the words of the verdict", _rule(mail, first))
    yield Asked("a schedule code that shows it", schedule)
    yield Asked("what happens, below the cited line, in words of your own", _words(mail, _rule_words(first)))


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


def _line(mail: Reply, post: Post | None, version: int, passed: set[tuple[str, int]]) -> str:
    """What is wrong with what a mail cites."""
    cited = [line for _, line in mail.changed]
    if not cited:
        return "It cites no line of the patch: > and then the line, with its + or -, as it stands in the mail."
    if post is None:
        return "Which patch its lines are of cannot be looked up before the subject is right."
    here = _lines(post)
    for line in cited:
        if _signed(line) not in here:
            patches = practised(version).series.patches.values()
            other = next((one for one in patches if _signed(line) in _lines(one)), None)
            where = (
                f"it stands in {other.subject.n}/{other.subject.total}"
                if other
                else f"no patch of version {version} has it"
            )
            return f"{printable(line.expandtabs(1), 60)} is no line of the patch that it answers: {where}."
    if not {*map(_signed, cited)} & _lines(post, passed):
        return "The run that breaks the rule goes through none of the lines that it cites: cite one at which a CPU stands in it, or one beside that."
    return ""


def _passed(run: Run, first: Verdict) -> set[tuple[str, int]]:
    """Where the lines were posted that a run goes through: those at which it takes a step, and what stands with them up to a blank line."""
    own = first.scenario.own
    rows = own.text.splitlines()
    found: set[int] = set()
    for at in {run.texts[step.line.text].first + step.line.index for step in run.steps if step.line}:
        for way in (-1, 1):
            number = at
            while 0 < number <= len(rows) and rows[number - 1].strip():
                found.add(number)
                number += way
    return {(origin.message_id, origin.line) for number in found if (origin := own.origin(number))}


def _first(mail: Reply, first: Verdict) -> str:
    """What is wrong with the patch that a mail names as the one after which a rule breaks."""
    if (mail.about and mail.about.n == first.n) or first.label in mail.words:
        return ""
    return "It does not say after which patch a rule breaks first; write its number, such as 1/4, where it is not the one that you answer."


def _rule(mail: Reply, first: Verdict) -> str:
    """What is wrong with how a mail names the rule; once in plain words is enough."""
    words = mail.words.casefold()
    at = [found.start() for said in _rule_words(first) for found in re.finditer(re.escape(said), words)]
    before = [words[max(0, end - NEAR) : end] for end in at]
    if not before:
        return "It does not name the rule that breaks, or what is the case then, in the words of the verdict."
    denied = [found for text in before if (found := NEGATED.search(text))]
    if len(denied) == len(before):
        return f"Before the words of the rule stands “{denied[0][0].split()[0]}”, so it is read as if nothing broke: say plainly what happens."
    return ""


def _rule_words(first: Verdict) -> tuple[str, ...]:
    """What the rule that breaks is called, and what is the case then, in small letters."""
    name = first.judged.result.property
    rule = known(name)
    return tuple(said.casefold() for said in (name, rule.defect if rule else name))


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


def _words(mail: Reply, rule: tuple[str, ...]) -> str:
    """What is wrong with a mail's own words; those of the rule are the verdict's."""
    top = min((number for number, _ in mail.changed), default=0)
    if _counted(" ".join(line for number, line in mail.own if number > top), rule) >= FEWEST_WORDS:
        return ""
    if _counted(mail.words, rule) >= FEWEST_WORDS:
        return "Its words stand above the line that they are about; on a list they stand below."
    return "It says too little of its own: who does what, and who believes what meanwhile?"


def _counted(text: str, rule: tuple[str, ...]) -> int:
    """How many words there are beside schedule codes and the words of the rule."""
    text = " ".join(text.split())
    for code in codes(text):
        text = text.replace(code, " ")
    text = text.casefold()
    for said in rule:
        text = text.replace(said, " ")
    return len(re.findall(r"[a-z]{2,}", text))


def _text(version: int) -> str:
    """The C of a version as it ends."""
    last = practised(version).last
    assert last is not None
    return last.scenario.own.text


def _lines(post: Post, where: set[tuple[str, int]] | None = None) -> set[str]:
    """The lines that a patch adds and removes; with `where` those that it adds at one of these places, and what goes in the same hunks."""
    found: set[str] = set()
    for hunk in (hunk for file in post.diff.files for hunk in file.hunks) if post.diff else ():
        rows = [
            (line, (post.message_id.strip("<>"), number - post.body + 1))
            for line, number in zip(hunk.lines, hunk.numbers)
        ]
        added = [line for line, place in rows if line[:1] == "+" and (where is None or place in where)]
        gone = [line for line in hunk.lines if line[:1] == "-"] if added or where is None else []
        found |= {_signed(line) for line in (*added, *gone)}
    return found


def _signed(line: str) -> str:
    return line[:1] + _bare(line[1:])


def _bare(text: str) -> str:
    return " ".join(text.split())
