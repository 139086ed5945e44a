"""What layers keep in files of their own (vocabularies): layers see folders, archives hold members."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.core.errors import LoadError
from engine.saving.limits import refuse
from engine.saving.walk import saveables

FOLDER = "assets"


def assets_of(model: Any) -> dict[str, bytes]:
    """The "assets/..." members of a model's file: what its layers write in `save_assets(dir_path)`."""
    found: dict[str, bytes] = {}
    for path, obj in saveables(model):
        if hasattr(obj, "save_assets"):
            with tempfile.TemporaryDirectory(prefix="assets-") as folder:
                obj.save_assets(folder)
                for file in sorted(Path(folder).rglob("*")):
                    if file.is_file():
                        found[_member(path, file.relative_to(folder).as_posix())] = file.read_bytes()
    return found


def _member(path: str, name: str) -> str:
    return "/".join(part for part in (FOLDER, path, name) if part)


def load_assets(model: Any, assets: Mapping[str, bytes]) -> None:
    """Give each layer of a model its files of the archive, in a folder, through `load_assets(dir_path)`.

    Raises:
        LoadError: a layer cannot use what is in them.
    """
    if not assets:
        return
    for path, obj in saveables(model):
        start = _member(path, "") + "/"
        own = {name[len(start) :]: content for name, content in assets.items() if name.startswith(start)}
        if own and hasattr(obj, "load_assets"):
            _load(obj, start, own)


def _load(obj: Any, start: str, files: Mapping[str, bytes]) -> None:
    with tempfile.TemporaryDirectory(prefix="assets-") as folder:
        for name, content in files.items():
            target = Path(folder, *name.split("/"))
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        try:
            obj.load_assets(os.fspath(folder))
        except LoadError:
            raise
        except (ValueError, KeyError, TypeError, OSError, RuntimeError) as error:
            raise refuse(start + next(iter(files)), f"{obj.name} cannot use it: {error}") from error
