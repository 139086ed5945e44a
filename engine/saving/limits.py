"""What a file may ask for: sizes, depths, names. Everything above a limit is refused before it is used."""

from __future__ import annotations

import json
import re
from typing import Any

from engine.core.errors import LoadError

KIB, MIB = 1024, 1024 * 1024

MEMBERS = 4096
"""Most members an archive may have."""

CONFIG_BYTES = 64 * MIB
METADATA_BYTES = 64 * KIB
ASSET_BYTES = 64 * MIB

DEFLATE_RATIO = 32
"""Most bytes that one compressed byte may stand for, in an archive and in a data set."""

DEFLATE_FLOOR = MIB
"""Compressed data may always unpack to this much."""

DEPTH = 64
NODES = 2_000_000
TEXT = 4 * MIB
"""Nesting, number of values and longest text of a config."""

ARRAYS = 65_536
"""Most groups and data sets in a weights file."""

NAME = re.compile(r"[A-Za-z0-9_.\-/ ]{1,512}")
"""Names of layers and other objects."""


def refuse(member: str, reason: str) -> LoadError:
    """The error for a member of a file; `reason` is a sentence."""
    return LoadError(f"{member}: {reason}" if member else reason, member=member, reason=reason)


def check_name(name: Any, member: str) -> None:
    """Refuse a name that could be taken for a path out of its place, or that Keras would not write."""
    if not isinstance(name, str) or not NAME.fullmatch(name) or ".." in name or name.startswith("/"):
        shown = repr(name if not isinstance(name, str) or len(name) < 80 else name[:77] + "...")
        raise refuse(member, f"the name {shown} holds characters that names of layers do not have.")


def parse_json(data: bytes, member: str, limit: int = CONFIG_BYTES) -> Any:
    """JSON within the limits; no constants outside JSON, no key given twice.

    Raises:
        LoadError: the text is none, or it goes beyond a limit.
    """
    if len(data) > limit:
        raise refuse(member, f"it has {len(data):,} bytes; at most {limit:,} are read.")
    try:
        value = json.loads(
            data.decode("utf-8"),
            object_pairs_hook=lambda pairs: _object(pairs, member),
            parse_constant=lambda text: _constant(text, member),
        )
    except LoadError:
        raise
    except UnicodeDecodeError as error:
        raise refuse(member, f"it is not text in UTF-8 (byte {error.start}).") from error
    except RecursionError as error:
        raise refuse(member, f"it is nested more than {DEPTH} levels deep.") from error
    except ValueError as error:
        raise refuse(member, f"it is not JSON: {error}.") from error
    check_tree(value, member)
    return value


def _object(pairs: list[tuple[str, Any]], member: str) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise refuse(member, f"the key {twice!r} stands twice in one object.")
    return result


def _constant(text: str, member: str) -> Any:
    raise refuse(member, f"it holds {text}, which is no number.")


def check_tree(value: Any, member: str) -> None:
    """Refuse nesting beyond `DEPTH`, more than `NODES` values, and texts longer than `TEXT`."""
    count, level = 0, [value]
    for _ in range(DEPTH):
        count += len(level)
        if count > NODES:
            raise refuse(member, f"it holds more than {NODES:,} values.")
        if any(isinstance(item, str) and len(item) > TEXT for item in level):
            raise refuse(member, f"it holds a text of more than {TEXT:,} characters.")
        level = [child for item in level for child in _children(item)]
        if not level:
            return
    raise refuse(member, f"it is nested more than {DEPTH} levels deep.")


def _children(item: Any) -> Any:
    if isinstance(item, dict):
        return item.values()
    return item if isinstance(item, list) else ()
