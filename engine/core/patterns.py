"""Regular expressions that may come from files: those that could take forever are refused."""

from __future__ import annotations

import re

_LENGTH = 200
_OPEN_ENDED = 3
_REPEATED_GROUP = re.compile(r"\)\s*[*+{]")


def compile_pattern(text: str) -> re.Pattern[str]:
    """The compiled expression.

    Raises:
        ValueError: it is none, or it repeats groups, refers back or has more than three open repeats, so that matching
            a name could take very long.
    """
    plain = re.sub(r"\\[^0-9]", "", text)
    risky = _REPEATED_GROUP.search(plain) or re.search(r"\\[0-9]|\(\?P=", plain)
    if len(text) > _LENGTH or risky or len(re.findall(r"[*+]|\{\d*,", plain)) > _OPEN_ENDED:
        raise ValueError(
            f"The pattern {text[:80]!r} repeats too much to be matched in bounded time. "
            "Write it without repeated groups and with at most three `*` or `+`."
        )
    try:
        return re.compile(text)
    except re.error as error:
        raise ValueError(f"{text!r} is not a regular expression: {error}.") from error
