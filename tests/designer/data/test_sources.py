"""Data: exported lines give the same numbers; splits and scaling keep their promises."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from designer.core.errors import Refused
from designer.core.settings import DataSettings
from designer.data.prepare import code, output_for, prepare
from designer.data.sources import SOURCES


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("scaling", ["auto", "minmax"])
def test_exported_lines_give_the_same_arrays(source: str, scaling: str) -> None:
    settings = DataSettings(source=source, scaling=scaling, seed=3)
    data, names = prepare(settings), dict[str, Any]()
    exec("\n".join(code(settings)), names)  # noqa: S102  (our own lines)
    for part, suffix in (("train", "train"), ("validation", "val"), ("test", "test")):
        x, y = data.parts[part]
        np.testing.assert_array_equal(x, names[f"x_{suffix}"])
        np.testing.assert_array_equal(y, names[f"y_{suffix}"])
        assert x.shape[1:] == data.source.shape(settings.options)
        assert x.dtype == np.float32


@pytest.mark.parametrize("source", [s for s in SOURCES.values() if s.classes], ids=lambda s: s.id)
def test_splits_are_seeded_stratified_and_apart(source: Any) -> None:
    settings = DataSettings(source=source.id, scaling="none", seed=1)
    first, again = prepare(settings), prepare(settings)
    other = prepare(DataSettings(source=source.id, scaling="none", seed=2))
    np.testing.assert_array_equal(first.parts["train"][0], again.parts["train"][0])
    assert not np.array_equal(first.parts["train"][0], other.parts["train"][0])
    shares = [np.bincount(y, minlength=len(source.classes)) / len(y) for _, y in first.parts.values()]
    np.testing.assert_allclose(shares[0], shares[1], atol=0.06)
    assert sum(len(y) for _, y in first.parts.values()) == sum(first.class_counts)


def test_the_scaler_learns_from_the_training_part_only() -> None:
    x, _ = prepare(DataSettings(source="wine")).parts["train"]
    np.testing.assert_allclose(x.mean(0), 0, atol=1e-5)
    np.testing.assert_allclose(x.std(0), 1, atol=1e-4)
    held, _ = prepare(DataSettings(source="wine")).parts["test"]
    assert np.abs(held.mean(0)).max() > 1e-3


def test_what_fits_the_end_of_a_network() -> None:
    assert output_for(SOURCES["digits"]).units == 10
    assert output_for(SOURCES["diabetes"]).loss == "mean_squared_error"


def test_impossible_shares_are_refused() -> None:
    with pytest.raises(Refused, match="take all the data"):
        prepare(DataSettings(source="iris", validation=0.5, test=0.5))
    with pytest.raises(Refused, match="No data are chosen"):
        prepare(DataSettings())
    with pytest.raises(Refused, match="too few"):
        prepare(DataSettings(source="iris", validation=0.0, test=0.01))
