"""The training bar, and the panel with the training settings."""

from __future__ import annotations

from functools import partial
from typing import Any

import msgspec
from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QProgressBar,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from designer.core import changes as ch
from designer.core.commands import SetTraining
from designer.core.settings import Choice
from designer.core.text import count, tr
from designer.editing.workspace import Workspace
from designer.look.fonts import px
from designer.look.widgets import Button, Label, PrimaryButton
from designer.panels.editors import editor_for
from designer.training.session import Progress, Session
from engine import catalog

_HIDDEN = ("LossScaleOptimizer",)
_LOSSES = ("MeanSquaredError", "MeanAbsoluteError", "Huber", "LogCosh", "SparseCategoricalCrossentropy")


class TrainingBar(QWidget):
    """Train, stop, one batch, one epoch, and how far it is.

    Signals:
        train_requested(int, int): epochs (0: as set) and batches (0: no limit).
    """

    train_requested = Signal(int, int)

    def __init__(self, workspace: Workspace, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("trainingBar")
        self.setFixedHeight(px(44))
        self._workspace, self._session = workspace, session
        self.train = PrimaryButton(tr("Train"), "train")
        self.train.setObjectName("train")
        self.train.setFixedWidth(px(92))
        self.train.clicked.connect(self.toggle)
        self.stop = Button(tr("Stop"), "stop")
        self.stop.setObjectName("stop")
        self.stop.clicked.connect(session.stop)
        self.batch = Button(tr("1 batch"), "step-batch")
        self.batch.setObjectName("oneBatch")
        self.batch.clicked.connect(lambda: self.train_requested.emit(1, 1))
        self.epoch = Button(tr("1 epoch"), "step-epoch")
        self.epoch.setObjectName("oneEpoch")
        self.epoch.clicked.connect(lambda: self.train_requested.emit(1, 0))
        self.words = Label("", "small")
        self.words.setObjectName("trainingWords")
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setFixedWidth(300)
        self.bar.setFixedHeight(8)
        self.bar.setRange(0, 1000)
        self.bar.setAccessibleName(tr("Progress of training"))
        middle = QVBoxLayout()
        middle.setSpacing(3)
        middle.addStretch()
        middle.addWidget(self.words)
        middle.addWidget(self.bar)
        middle.addStretch()
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 0, 12, 0)
        for widget in (self.train, self.stop, self.batch, self.epoch):
            row.addWidget(widget)
        row.addSpacing(12)
        row.addLayout(middle)
        row.addStretch()
        self._result = ""
        session.state_changed.connect(lambda _: self.refresh())
        session.progressed.connect(self._advance)
        workspace.problems_changed.connect(lambda _: self.refresh())
        workspace.changed.connect(lambda _: self.refresh())
        self.refresh()

    def toggle(self) -> None:
        """Train, pause or go on."""
        if self._session.state == "running":
            self._session.pause()
        elif self._session.state == "paused":
            self._session.resume()
        elif self._session.state == "idle":
            if self._workspace.errors:
                problem = self._workspace.errors[0]
                if problem.node:
                    self._workspace.focus_requested.emit(problem.node)
            else:
                self.train_requested.emit(0, 0)

    def say_result(self, words: str) -> None:
        """What the last run came to."""
        self._result = words
        self.refresh()

    def refresh(self) -> None:
        """Buttons and words for the state of now."""
        state, errors = self._session.state, self._workspace.errors
        idle = state == "idle"
        ready = bool(self._workspace.document.nodes) and self._workspace.document.data.source is not None
        self.train.setText({"running": tr("Pause"), "paused": tr("Resume")}.get(state, tr("Train")))
        self.train.setEnabled((idle and ready) or state in ("running", "paused"))
        self.train.set_flag("blocked", bool(errors) and idle)
        self.stop.setEnabled(not idle and state != "stopping")
        self.batch.setEnabled(idle and ready and not errors)
        self.epoch.setEnabled(idle and ready and not errors)
        self.bar.setVisible(not idle)
        self.words.set_token("error" if errors and idle else "text")
        if idle and errors:
            self.words.setText(tr("Repair {n} to train", n=count(len(errors), tr("problem"), tr("problems"))))
        elif idle:
            self.words.setText(self._result)
        elif state in ("starting", "stopping"):
            self.words.setText(tr("Starting …") if state == "starting" else tr("Stopping …"))

    def _advance(self, progress: Progress) -> None:
        if not self._session.is_active or not progress.batches:
            return
        self.bar.setValue(round(progress.fraction * 1000))
        left = "" if progress.seconds_left is None else tr(" · {s:.0f} s left", s=progress.seconds_left)
        self.words.setText(
            tr(
                "Epoch {e} of {es}, batch {b} of {bs}, {p:.0%}{left}",
                e=progress.epoch,
                es=progress.epochs,
                b=progress.batch,
                bs=progress.batches,
                p=progress.fraction,
                left=left,
            )
        )


class TrainingPanel(QWidget):
    """Optimizer, loss, epochs, batch size, seed."""

    def __init__(self, workspace: Workspace, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("training")
        self._workspace = workspace
        self._layout = QFormLayout(self)
        workspace.changed.connect(self._on_changes)
        self.refresh()

    def _on_changes(self, changes: list[ch.Change]) -> None:
        if any(isinstance(c, ch.TrainingChanged) for c in changes):
            self.refresh()

    def _set(self, words: str, **values: Any) -> None:
        settings = msgspec.structs.replace(self._workspace.document.training, **values)
        if settings != self._workspace.document.training:
            gesture = hash(next(iter(values))) & 0xFFFF if set(values) & {"epochs", "batch_size", "seed"} else None
            self._workspace.run(SetTraining(settings, words, gesture))

    def refresh(self) -> None:
        """Show the settings as they are."""
        focused = self.focusWidget().objectName() if self.focusWidget() else ""
        while self._layout.rowCount():
            self._layout.removeRow(0)
        training = self._workspace.document.training
        self._row(tr("Optimizer"), self._optimizers(training.optimizer))
        known = catalog.component("optimizer", training.optimizer.name)
        for param in known.params:
            if (
                not param.advanced
                and param.group == ""
                and param.name in ("learning_rate", "momentum", "beta_1", "rho")
            ):
                value = training.optimizer.params.get(param.name, param.default)
                editor = editor_for(param, value, partial(self._set_optimizer, param.name, param.default))
                self._row(param.name.replace("_", " ").capitalize(), editor)
        self._row(tr("Loss"), self._losses(training.loss))
        for name, words in (("epochs", tr("Epochs")), ("batch_size", tr("Batch size")), ("seed", tr("Seed"))):
            box = QSpinBox()
            box.setObjectName(f"training_{name}")
            box.setRange(0 if name == "seed" else 1, 999_999)
            box.setValue(getattr(training, name))
            box.setKeyboardTracking(False)
            box.valueChanged.connect(
                lambda v, n=name, w=words: self._set(tr("set {w} to {v}", w=w.lower(), v=v), **{n: v})
            )
            self._row(words, box)
        again = self.findChild(QWidget, focused) if focused else None
        if again is not None:
            again.setFocus()

    def _row(self, words: str, widget: QWidget) -> None:
        widget.setAccessibleName(words)
        if isinstance(widget, QLineEdit):
            widget.setMaximumWidth(160)
        self._layout.addRow(Label(words, "small", "text2"), widget)

    def _optimizers(self, chosen: Choice) -> QComboBox:
        box = QComboBox()
        box.addItems([c.name for c in catalog.describe("optimizer") if c.name not in _HIDDEN])
        box.setCurrentText(chosen.name)
        box.textActivated.connect(lambda name: self._set(tr("use {name}", name=name), optimizer=Choice(name)))
        return box

    def _set_optimizer(self, name: str, default: Any, value: Any) -> None:
        chosen = self._workspace.document.training.optimizer
        params = {**chosen.params, name: value}
        if value == default:
            params.pop(name)
        self._set(
            tr("set {name} to {value}", name=name.replace("_", " "), value=value), optimizer=Choice(chosen.name, params)
        )

    def _losses(self, chosen: Choice | None) -> QComboBox:
        box = QComboBox()
        box.addItem(tr("as fits the data"))
        box.addItems([*_LOSSES])
        if chosen is not None and chosen.name not in _LOSSES:
            box.addItem(chosen.name)
        box.setCurrentText(chosen.name if chosen else tr("as fits the data"))
        box.activated.connect(
            lambda i: self._set(tr("change the loss"), loss=Choice(box.itemText(i)) if i else None, metrics=None)
        )
        return box
