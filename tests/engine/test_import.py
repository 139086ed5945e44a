"""`import engine` is light, and every public name leads somewhere."""

from __future__ import annotations

import subprocess
import sys

import pytest

import engine
from engine import utils

HEAVY = ("PySide6", "h5py", "pandas", "numba", "sklearn", "scipy", "keras", "designer")


def loaded_after(statement: str) -> set[str]:
    code = f"import sys; {statement}; print(' '.join(m for m in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return {name.split(".")[0] for name in done.stdout.split()}


def test_import_engine_loads_nothing_else() -> None:
    assert not loaded_after("import engine").intersection({*HEAVY, "numpy"})


def test_building_a_model_loads_no_heavy_library() -> None:
    statement = (
        "import engine; "
        "m = engine.Sequential([engine.Input((4,)), engine.layers.Dense(2)]); m.compile('adam', 'mse'); "
        "import engine.saving, engine.catalog"
    )
    assert not loaded_after(statement).intersection(HEAVY)


@pytest.mark.parametrize("name", engine.__all__)
def test_public_name_resolves(name: str) -> None:
    assert getattr(engine, name) is not None
    assert name in dir(engine)


@pytest.mark.parametrize("name", sorted(utils._NAMES))
def test_utility_resolves(name: str) -> None:
    assert callable(getattr(utils, name))


def test_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="nothing_like_this"):
        _ = engine.nothing_like_this
