"""Where icons, examples and themes lie: inside the installed package, or beside it in a checkout."""

from __future__ import annotations

from pathlib import Path

_HERE = Path(__file__).resolve().parent.parent


def resource(name: str) -> Path:
    """Path of a file or folder of the resources, for example "examples/iris.keras"."""
    installed = _HERE / "resources"
    root = installed if installed.is_dir() else _HERE.parent / "resources"
    return root / name
