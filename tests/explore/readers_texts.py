"""Functions of texts that Python finds, as a reader's file has them; small trees of such texts."""

import ast
import linecache

HEAD = "import functools, math, os, random, time, types\nfrom functools import partial\nfrom datetime import datetime\n"


def written(text, name="f", file="<text of a reader>"):
    """A function of a text, with its text where Python finds it."""
    text = HEAD + text
    linecache.cache[file] = len(text), None, text.splitlines(True), file
    exec(compile(text, file, "exec"), there := {"__name__": "reader"})
    return there[name]


def nodes(text):
    return ast.parse(text).body


def expression(text):
    return ast.parse(text, mode="eval").body
