"""The training bar and the training settings."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QCheckBox, QComboBox, QLineEdit, QPushButton
from pytestqt.qtbot import QtBot

from designer.core.commands import SetParams
from designer.core.settings import Choice
from designer.editing.workspace import Workspace
from designer.look import theme
from designer.panels.training import TrainingBar, TrainingPanel
from designer.panels.training.forecast import Forecaster, duration
from designer.training.session import Outcome, Progress, Session
from engine import catalog
from tests.designer.drawing import blank, classifier, residual

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def session() -> Iterator[Session]:
    session = Session()
    yield session
    session.state = "idle"


@pytest.fixture
def workspace(open_workspace: Any) -> Workspace:
    return open_workspace(classifier())


@pytest.fixture
def bar(workspace: Workspace, session: Session, show: Callable[..., Any]) -> TrainingBar:
    return show(TrainingBar(workspace, session), 1440, 44)


def be(session: Session, state: str, progress: Progress | None = None) -> None:
    """The session says that it is in this state."""
    session.state = state
    if progress is not None:
        session.progress = progress
    session.state_changed.emit(state)
    if progress is not None:
        session.progressed.emit(progress)


RUNNING = Progress(13, 30, 21, 45, 3.2, 270.4)


def test_train_asks_for_a_run(bar: TrainingBar, qtbot: QtBot) -> None:
    with qtbot.waitSignal(bar.train_requested) as asked:
        qtbot.mouseClick(bar.train, LEFT)
    assert asked.args == [0, 0]
    for button, wanted in ((bar.batch, [1, 1]), (bar.epoch, [1, 0])):
        with qtbot.waitSignal(bar.train_requested) as asked:
            qtbot.mouseClick(button, LEFT)
        assert asked.args == wanted


def test_progress_is_told_in_words_and_by_the_bar(bar: TrainingBar, session: Session) -> None:
    assert not bar.stop.isEnabled()
    be(session, "running", RUNNING)
    assert bar.train.text() == "Pause"
    assert bar.train.width() == 92
    assert bar.train.grab().toImage().pixelColor(46, 5) == theme.LIGHT.color("selection")
    assert bar.words.text() == "<b>Epoch 13 of 30</b>&nbsp; batch 21 of 45"
    assert bar.left.text() == "42 % · 3 s left"
    assert bar.speed.text() == "270 batches/s"
    assert bar.bar.value() == round(1000 * (12 * 45 + 21) / (30 * 45))
    assert bar.stop.isEnabled()
    assert not bar.batch.isEnabled()
    be(session, "paused")
    assert bar.train.text() == "Resume"
    assert "paused" in bar.words.text()
    be(session, "idle")
    assert bar.train.text() == "Train"
    assert not bar.bar.isVisible()


def test_the_last_result_stands_there_when_idle(bar: TrainingBar) -> None:
    bar.say_result("Run 1", "finished · validation accuracy 99.2 %")
    assert bar.words.text() == "<b>Run 1</b>&nbsp; finished · validation accuracy 99.2 %"
    assert not bar._sign.isHidden()


def test_an_error_blocks_and_leads_to_itself(
    open_workspace: Any, session: Session, show: Callable[..., Any], qtbot: QtBot
) -> None:
    workspace = open_workspace(residual())
    node = workspace.document.node_named("conv_2")
    bar = show(TrainingBar(workspace, session), 1440, 44)
    workspace.run(SetParams(node.id, {"padding": "valid"}))
    workspace.check()
    assert bar.repair.isVisible()
    assert bar.repair.text() == "Repair 1 problem to train"
    assert bar.train.property("blocked") is True
    assert not bar.batch.isEnabled()
    asked: list[Any] = []
    bar.train_requested.connect(lambda *a: asked.append(a))
    for button in (bar.repair, bar.train):
        with qtbot.waitSignal(workspace.focus_requested) as gone:
            qtbot.mouseClick(button, LEFT)
        assert gone.args == [workspace.document.node_named("add").id]
    assert not asked
    workspace.undo()
    workspace.check()
    assert not bar.repair.isVisible()


def test_without_data_it_says_what_to_do(open_workspace: Any, session: Session, show: Callable[..., Any]) -> None:
    bar = show(TrainingBar(open_workspace(blank(None)), session), 1440, 44)
    assert not bar.train.isEnabled()
    assert bar.words.text() == "Add an input and a layer to train."


def test_a_narrow_bar_keeps_icons_and_names(bar: TrainingBar, qtbot: QtBot) -> None:
    assert bar.stop.text() == "Stop"
    bar.resize(700, 44)
    assert bar.stop.text() == ""
    assert bar.stop.accessibleName() == "Stop"
    assert not bar.stop.icon().isNull()


def test_a_forecast_counts_and_times_only_what_was_measured(
    bar: TrainingBar, workspace: Workspace, session: Session
) -> None:
    assert bar.forecast.text() == "<b>Forecast</b> 20 epochs × 34 batches"
    session.progress = Progress(20, 20, 34, 34, 0.0, 136.0)
    session.finished.emit(Outcome("done"))
    assert bar.forecast.text() == "<b>Forecast</b> 20 epochs × 34 batches, about 5 s"
    workspace.run(SetParams(workspace.document.node_named("conv").id, {"filters": 64}))  # type: ignore[union-attr]
    assert "about" not in bar.forecast.text(), "the time of another network"
    workspace.undo()
    assert "about 5 s" in bar.forecast.text()


def test_a_few_batches_are_no_measure() -> None:
    forecaster, document = Forecaster(), classifier()
    forecaster.measure(document, Progress(1, 1, 1, 34, 0.0, 900.0))
    plan = forecaster.plan(document)
    assert plan is not None
    assert plan.seconds is None


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.2, "1 s"), (4.7, "5 s"), (59, "59 s"), (125, "2 min 5 s"), (3840, "1 h 4 min")]
)
def test_durations_in_words(seconds: float, words: str) -> None:
    assert duration(seconds) == words


# Settings.
@pytest.fixture
def panel(workspace: Workspace, show: Callable[..., Any]) -> TrainingPanel:
    return show(TrainingPanel(workspace), 900, 260)


def enter(qtbot: QtBot, panel: TrainingPanel, name: str, text: str) -> None:
    edit = panel.findChild(QLineEdit, name)
    edit.setFocus()
    edit.selectAll()
    qtbot.keyClicks(edit, text)
    qtbot.keyClick(edit, Qt.Key.Key_Return)


def pick(panel: TrainingPanel, name: str, words: str) -> None:
    box = panel.findChild(QComboBox, name)
    box.activated.emit(box.findText(words))


def test_numbers_are_typed_and_undone(panel: TrainingPanel, workspace: Workspace, qtbot: QtBot) -> None:
    enter(qtbot, panel, "edit_epochs", "7")
    enter(qtbot, panel, "edit_batch_size", "64")
    training = workspace.document.training
    assert (training.epochs, training.batch_size) == (7, 64)
    workspace.undo()
    assert workspace.document.training.batch_size == 32
    assert panel.findChild(QLineEdit, "edit_batch_size").text() == "32"
    enter(qtbot, panel, "edit_epochs", "0")
    assert panel.findChild(QLineEdit, "edit_epochs").property("state") == "error"
    assert workspace.document.training.epochs == 7


@pytest.mark.parametrize("known", catalog.describe("optimizer"), ids=lambda c: c.name)
def test_every_optimizer_can_be_chosen(panel: TrainingPanel, workspace: Workspace, known: Any) -> None:
    if known.name == "LossScaleOptimizer":  # wraps another one; mixed precision uses it
        assert panel.findChild(QComboBox, "optimizer").findText(known.name) < 0
        return
    pick(panel, "optimizer", known.name)
    assert workspace.document.training.optimizer.name == known.name
    shown = {p.name for p in known.params if not p.advanced and not p.group}
    assert all(panel.findChild(object, f"row_{name}") is not None for name in shown - {"name"})


def test_the_learning_rate_may_follow_a_schedule(panel: TrainingPanel, workspace: Workspace, qtbot: QtBot) -> None:
    enter(qtbot, panel, "edit_learning_rate_value", "0.01")
    assert workspace.document.training.optimizer == Choice("Adam", {"learning_rate": 0.01})
    pick(panel, "edit_learning_rate", "CosineDecay")
    rate = workspace.document.training.optimizer.params["learning_rate"]
    assert rate["class_name"] == "CosineDecay"
    enter(qtbot, panel, "edit_decay_steps", "500")
    assert workspace.document.training.optimizer.params["learning_rate"]["config"]["decay_steps"] == 500
    from engine import optimizers

    made = optimizers.deserialize({"class_name": "Adam", "config": dict(workspace.document.training.optimizer.params)})
    assert made.get_config()["learning_rate"]["config"]["decay_steps"] == 500


def test_losses_and_metrics_fit_the_data(panel: TrainingPanel, workspace: Workspace, qtbot: QtBot) -> None:
    loss = panel.findChild(QComboBox, "loss")
    assert loss.itemText(0) == "auto: sparse categorical crossentropy"
    pick(panel, "loss", "SparseCategoricalCrossentropy")
    assert workspace.document.training.loss == Choice("SparseCategoricalCrossentropy")
    accuracy = panel.findChild(QCheckBox, "metric_accuracy")
    assert accuracy.isChecked()
    qtbot.mouseClick(accuracy, LEFT, pos=QPoint(8, accuracy.height() // 2))
    assert workspace.document.training.metrics == ()
    accuracy = panel.findChild(QCheckBox, "metric_accuracy")
    qtbot.mouseClick(accuracy, LEFT, pos=QPoint(8, accuracy.height() // 2))
    assert workspace.document.training.metrics is None


def test_callbacks_come_and_go(panel: TrainingPanel, workspace: Workspace, qtbot: QtBot) -> None:
    menu = panel.findChild(QPushButton, "addCallback").menu()
    next(action for action in menu.actions() if action.text() == "EarlyStopping").trigger()
    assert workspace.document.training.callbacks[0].name == "EarlyStopping"
    enter(qtbot, panel, "edit_patience", "9")
    assert workspace.document.training.callbacks[0].params["patience"] == 9
    panel._remove_callback(0)
    assert workspace.document.training.callbacks == ()
    assert workspace.history.undo_text == "Undo: remove EarlyStopping"
