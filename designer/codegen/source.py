"""Python source that a careful person would write: literals, calls, and line breaks as `ruff format` makes them."""

from __future__ import annotations

import keyword
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

LIMIT = 88


class Code:
    """An expression that is written as it stands (a name, or a call built with `call`)."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return self.text


def literal(value: Any) -> str:
    """`value` as Python source: double quotes, tuples for sequences, short numbers."""
    if isinstance(value, Code):
        return value.text
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, tuple):
        inner = ", ".join(literal(v) for v in value)
        return f"({inner},)" if len(value) == 1 else f"({inner})"
    if isinstance(value, list):
        return "[" + ", ".join(literal(v) for v in value) + "]"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{literal(k)}: {literal(v)}" for k, v in value.items()) + "}"
    return repr(value)


def _quoted(text: str) -> str:
    plain = repr(text)
    if plain.startswith("'") and '"' not in text:
        return '"' + plain[1:-1].replace("\\'", "'") + '"'
    return plain


def _number(value: float) -> str:
    if not math.isfinite(value):
        return f'float("{value}")'
    short = f"{value:.6g}"
    text = short if math.isclose(float(short), value, rel_tol=1e-7) else repr(value)
    if "e" in text:
        mantissa, exponent = text.split("e")
        return f"{mantissa}e{int(exponent)}" if int(exponent) < 0 else repr(float(text))
    return text if "." in text else text + ".0"


def call(function: str, positional: Sequence[Any] = (), named: Mapping[str, Any] | None = None) -> Code:
    """`function(positional, name=value)`."""
    parts = [literal(v) for v in positional] + [f"{k}={literal(v)}" for k, v in (named or {}).items()]
    return Code(f"{function}({', '.join(parts)})")


def identifier(name: str) -> str:
    """A layer's name as a variable: letters, digits and underscores, no keyword."""
    text = re.sub(r"\W+", "_", name).strip("_") or "value"
    if text[0].isdigit():
        text = f"layer_{text}"
    return f"{text}_" if keyword.iskeyword(text) else text


def wrapped(line: str, limit: int = LIMIT) -> list[str]:
    """A statement broken into lines of at most `limit` characters at its brackets, as the usual formatters do."""
    indent = len(line) - len(line.lstrip())
    if len(line) <= limit:
        return [line]
    opening, closing = _last_group(line)
    if opening < 0:
        return [line]
    head, body, tail = line[: opening + 1], line[opening + 1 : closing], line[closing:]
    parts = split_arguments(body)
    inner = " " * (indent + 4)
    if len(parts) > 0 and len(inner) + len(body) <= limit and not body.rstrip().endswith(","):
        return [head, inner + body.strip(), " " * indent + tail]
    lines = [head]
    for part in parts:
        lines.extend(wrapped(f"{inner}{part},", limit))
    return [*lines, " " * indent + tail]


def _last_group(line: str) -> tuple[int, int]:
    """The bracket pair to break: the last one, or the one before it when the last holds only a name."""
    pairs = _top_pairs(line)
    if not pairs:
        return -1, -1
    last = pairs[-1]
    content = line[last[0] + 1 : last[1]]
    if len(pairs) > 1 and re.fullmatch(r"[\w.]*|\[[\w, ]*\]|[\w, ]*", content) and pairs[-2][1] + 1 == last[0]:
        return pairs[-2]
    return last


def _top_pairs(line: str) -> list[tuple[int, int]]:
    pairs, depth, start = [], 0, -1
    for i, c in _outside_strings(line):
        if c in "([{":
            if depth == 0:
                start = i
            depth += 1
        elif c in ")]}":
            depth -= 1
            if depth == 0 and i > start + 1:
                pairs.append((start, i))
    return pairs


def split_arguments(body: str) -> list[str]:
    """The comma-separated parts of a bracket's content, nested brackets left whole."""
    parts, depth, start = [], 0, 0
    for i, c in _outside_strings(body):
        if c in "([{":
            depth += 1
        elif c in ")]}":
            depth -= 1
        elif c == "," and depth == 0:
            parts.append(body[start:i].strip())
            start = i + 1
    rest = body[start:].strip()
    return [*parts, rest] if rest else parts


def _outside_strings(text: str) -> list[tuple[int, str]]:
    found, quote, skip = [], "", False
    for i, c in enumerate(text):
        if skip:
            skip = False
        elif quote:
            skip = c == "\\"
            quote = "" if c == quote else quote
        elif c in "\"'":
            quote = c
        else:
            found.append((i, c))
    return found
