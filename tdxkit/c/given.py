"""Statements that are given beside a text, as --run and --softirq: they must be whole by themselves, for they become the body of a function behind it."""

from tdxkit.c.lexing import FIRST, Token, lexed, place
from tdxkit.errors import InputError

CLOSER = {"(": ")", "[": "]", "{": "}"}
WRITE = "write it like {} 'take(); drop();'"


def statements(option: str, words: str) -> None:
    """InputError where the statements of an option, such as "--run 1", are none, or would end the function that they stand in."""
    try:
        tokens = lexed(words)
    except InputError as error:
        raise InputError(f"{option}, {error.thing}", error.rule, error.action) from None
    if not tokens:
        raise InputError(option, "there is nothing in it", _write(option))
    opened: list[Token] = []
    for token in tokens:
        if token.text == "#" and token.before == FIRST:
            raise _wrong(
                option,
                token,
                "a directive stands in the text, not between statements",
                "put it there, or give a macro by -D NAME=VALUE",
            )
        if token.text in CLOSER:
            opened.append(token)
        elif token.text in CLOSER.values() and (not opened or CLOSER[opened.pop().text] != token.text):
            raise _wrong(option, token, "it closes what is not open", "take it out, or open it before")
    if opened:
        raise _wrong(option, opened[-1], "it is never closed", f"close it with {CLOSER[opened[-1].text]}")
    if tokens[-1].text not in (";", "}"):
        raise _wrong(option, tokens[-1], "a statement ends with ;", _write(option))


def _write(option: str) -> str:
    return WRITE.format(option.partition(" ")[0])


def _wrong(option: str, token: Token, rule: str, action: str) -> InputError:
    return InputError(f"{option}, {place(token.line, token.column, token.text)}", rule, action)
