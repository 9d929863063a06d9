"""Fields beside a text in C: what each CPU runs, names with numbers, a choice."""

import re
from collections.abc import Iterable, Mapping, Sequence

import ipywidgets as w

from tdxkit.errors import InputError, printable
from tdxkit.view.kit import theme
from tdxkit.view.kit.svg import style

STYLE = (
    '.tdx-fields :is(textarea, input){font:13px/1.45 var(--jp-ui-font-family, system-ui, "DejaVu Sans", sans-serif) !important}'
    ".tdx-fields :is(textarea, input)::placeholder{color:var(--tdx-soft);opacity:1}"
    ".tdx-mails textarea{white-space:pre;tab-size:8}"  # a patch's lines are not broken
)
WIDE = {"description_width": "auto"}
FOUND = "empty: get, use, put, by their names"
RUNS = "statements of C, one line that every CPU runs, or a line for each; empty: what ends in _get, the use of a page, what ends in _put"


def run_field(run: Iterable[str]) -> w.Textarea:
    """What the CPUs run, a line each, or one for all."""
    return w.Textarea(
        value="\n".join(run), placeholder=FOUND, tooltip=RUNS, rows=2, description="each CPU runs:", style=WIDE, layout=w.Layout(flex="3 1 320px"),
    )  # fmt: skip


def lines_of(field: w.Textarea) -> tuple[str, ...]:
    """Its lines that are not blank."""
    return tuple(line for line in field.value.split("\n") if line.strip())


def word_field(name: str, value: str, example: str) -> w.Text:
    """A line for a word or two."""
    return w.Text(value=value, placeholder=example, description=name, style=WIDE, layout=w.Layout(flex="1 1 230px"))


def number_field(name: str, example: str, values: Mapping[str, int]) -> w.Text:
    """A line for names with numbers."""
    return word_field(name, ", ".join(f"{word}={value}" for word, value in values.items()), example)


def numbers_in(written: str) -> tuple[dict[str, int], list[str]]:
    """NAME=VALUE with commas or blanks between them, `--stub` and `--set` before them or not, as they were copied; and what is none."""
    tidy = re.sub(r"\s*=\s*", "=", re.sub(r"(?<!\S)--(?:stub|set)[\s=]", " ", written[:4000]))
    found, odd = {}, []
    for part in filter(None, re.split(r"[,;\s]+", tidy)):
        name, sign, value = part.partition("=")
        try:
            if not (sign and name and len(value) < 40):
                raise ValueError
            found[name] = int(value, 0)
        except ValueError:
            odd.append(part)
    return found, odd


def check_numbers(field: w.Text) -> None:
    """InputError for the first part of a field that is no name with a number."""
    _, odd = numbers_in(field.value)
    if odd:
        name = re.match(r"[A-Za-z_]\w*(?==|$)", odd[0])
        example = f"{name[0]}=0" if name else field.placeholder.partition(",")[0]
        rule = "it is NAME=NUMBER, with commas between several"
        raise InputError(f'"{field.description.rstrip(":")}", {printable(odd[0])}', rule, f"write it like {example}")


def choice(name: str, options: object, value: object) -> w.Dropdown:
    """A list to choose from, as wide as what is in it."""
    return w.Dropdown(
        options=options, value=value, description=f"{name}:", style=WIDE, layout=w.Layout(width="max-content", margin="2px 14px 2px 2px")
    )  # fmt: skip


def fields_row(*fields: w.Widget) -> w.HBox:
    """Fields side by side, in rows as wide as the page allows."""
    look = w.HTML(str(style(theme.css() + STYLE)), layout={"display": "none"})
    row = w.HBox([*fields, look], layout={"flex_flow": "row wrap", "width": "100%", "max_width": "1100px"})
    for word in ("tdx", "tdx-fields"):
        row.add_class(word)
    return row


def columns_of(*columns: w.Widget | Sequence[w.Widget]) -> w.HBox:
    """Columns side by side, each a widget or several below each other; below each other where the page is narrow."""
    half = {"flex": "1 1 420px", "min_width": "0"}
    made = [one if isinstance(one, w.Widget) else w.VBox(list(one), layout=half) for one in columns]
    return w.HBox(made, layout={"flex_flow": "row wrap", "width": "100%", "max_width": "1180px"})
