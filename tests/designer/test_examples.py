"""Examples: each opens without errors, and training it afresh reaches its stated score."""

from __future__ import annotations

from pathlib import Path

import pytest

from designer.core.analysis import Analysis
from designer.core.problems import validate
from designer.core.project import read
from designer.core.resources import resource
from tests.tools.make_examples import EXAMPLES, trained

FILES = sorted(resource("examples").glob("*.keras"))
SCORES = {
    "1-iris": ("accuracy", 0.93),
    "2-moons": ("accuracy", 0.95),
    "3-digits": ("accuracy", 0.97),
    "4-digits-residual": ("accuracy", 0.97),
    "6-two-branches": ("accuracy", 0.94),
    "7-tiny-transformer": ("accuracy", 0.97),
}


def test_every_example_is_there() -> None:
    assert [path.stem for path in FILES] == list(EXAMPLES)


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_an_example_opens_trained_and_without_errors(path: Path) -> None:
    project = read(path, read_only=True)
    assert project.weights is not None
    assert project.runs
    problems = validate(project.document, Analysis(project.document))
    assert [p.sentence for p in problems if p.severity == "error"] == []
    assert project.document.state() == EXAMPLES[path.stem]().state()


@pytest.mark.parametrize("name", EXAMPLES)
def test_training_an_example_reaches_its_score(name: str) -> None:
    test = trained(EXAMPLES[name]()).runs[0].test
    if name in SCORES:
        metric, least = SCORES[name]
        assert test[metric] >= least
    else:
        assert test["mean_absolute_error"] <= 0.06
