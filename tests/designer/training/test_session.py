"""Training in its own process: runs, pauses, stops in time; crashes and lost numbers become sentences."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from designer.core.commands import SetTraining
from designer.core.settings import Choice, TrainingSettings
from designer.training.jobs import job_for
from designer.training.protocol import decode_event, encode
from designer.training.session import Outcome, Session
from tests.designer.drawing import classifier

LONG = 60_000


def job(folder: Path, epochs: int = 2, **training: Any) -> Any:
    document = classifier()
    SetTraining(TrainingSettings(epochs=epochs, **training)).do(document)
    return job_for(document, folder)


@pytest.fixture
def session(qtbot: Any) -> Any:
    made = Session()
    yield made
    made.close()


def run(qtbot: Any, session: Session, work: Any) -> Outcome:
    with qtbot.waitSignal(session.finished, timeout=LONG) as ended:
        session.start(work)
    outcome: Outcome = ended.args[0]
    return outcome


def test_a_run_gives_curves_weights_and_a_test_score(qtbot: Any, session: Session, tmp_path: Path) -> None:
    outcome = run(qtbot, session, job(tmp_path, epochs=3))
    assert (outcome.reason, outcome.epochs) == ("done", 3)
    assert outcome.test["accuracy"] > 0.5
    assert Path(outcome.weights or "").stat().st_size > 1000
    history = session.series.history()
    assert {len(values) for values in history.values()} == {3}
    assert set(history) == {"accuracy", "loss", "val_accuracy", "val_loss"}
    assert session.progress.fraction == pytest.approx(1.0)
    assert session.state == "idle"


def test_one_batch_stops_after_it(qtbot: Any, session: Session, tmp_path: Path) -> None:
    work = msgspec.structs.replace(job(tmp_path), epochs=1, limit=1)
    outcome = run(qtbot, session, work)
    assert outcome.reason == "done"
    assert session.progress.batches == 34


def test_pause_resume_and_stop_keep_the_weights(qtbot: Any, session: Session, tmp_path: Path) -> None:
    session.start(job(tmp_path, epochs=5000))
    qtbot.waitUntil(lambda: bool(session.series.history().get("loss")), timeout=LONG)
    session.pause()
    qtbot.waitUntil(lambda: session.state == "paused", timeout=LONG)
    session.resume()
    qtbot.waitUntil(lambda: session.state == "running", timeout=LONG)
    with qtbot.waitSignal(session.finished, timeout=LONG) as ended:
        session.stop()
    assert ended.args[0].reason == "stopped"
    assert Path(ended.args[0].weights).exists()


def test_a_killed_worker_is_told_and_the_session_lives(qtbot: Any, session: Session, tmp_path: Path) -> None:
    session.start(job(tmp_path, epochs=5000))
    qtbot.waitUntil(lambda: session.state == "running", timeout=LONG)
    with qtbot.waitSignal(session.finished, timeout=LONG) as ended:
        session._process.kill()  # type: ignore[union-attr]
    assert ended.args[0].reason == "killed"
    assert "ended unexpectedly" in ended.args[0].sentence
    assert run(qtbot, session, job(tmp_path, epochs=1)).reason == "done"


def test_lost_numbers_name_the_learning_rate(qtbot: Any, session: Session, tmp_path: Path) -> None:
    document = classifier()
    from designer.core.commands import SetParams

    SetParams(document.node_named("digit").id, {"activation": "linear"}).do(document)  # type: ignore[union-attr]
    SetTraining(TrainingSettings(Choice("SGD", {"learning_rate": 1e30}), Choice("MeanSquaredError"), (), epochs=3)).do(
        document
    )
    from designer.core.commands import SetData
    from designer.core.settings import DataSettings

    SetData(DataSettings(source="digits")).do(document)
    work = job_for(document, tmp_path)
    config = dict(work.config)
    config["compile_config"] = {**config["compile_config"], "loss": "mean_absolute_error", "metrics": []}
    outcome = run(
        qtbot,
        session,
        dataclasses.replace(work, config=config)
        if dataclasses.is_dataclass(work)
        else msgspec.structs.replace(work, config=config),
    )
    assert outcome.reason in ("nan", "failed")
    assert outcome.sentence


def test_a_worker_that_talks_nonsense_or_cannot_start(qtbot: Any, tmp_path: Path) -> None:
    noise = Session(command=[sys.executable, "-c", "print('hello'); print('{\"t\":\"odd\"}'); print('x' * 100000)"])
    assert run(qtbot, noise, job(tmp_path)).reason == "killed"
    missing = Session(command=[str(tmp_path / "nothing-here")])
    assert run(qtbot, missing, job(tmp_path)).reason == "failed"


def test_failures_are_sentences(qtbot: Any, session: Session, tmp_path: Path) -> None:
    work = job(tmp_path)
    broken = msgspec.structs.replace(work, config={"class_name": "Nothing", "config": {}})
    outcome = run(qtbot, session, broken)
    assert outcome.reason == "failed"
    assert "Traceback" not in outcome.sentence


def test_lines_that_are_no_events_are_passed_over() -> None:
    assert decode_event(b"library says hi") is None
    assert decode_event(b'{"t": "unknown"}') is None
    assert decode_event(encode({"t": "paused"})) is not None
