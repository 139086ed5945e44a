"""The training bar: train, pause, stop, one batch, one epoch, and how far it is."""

from __future__ import annotations

import math

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QMouseEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QVBoxLayout, QWidget

from designer.core.document import Document
from designer.core.problems import Problem
from designer.core.text import count, tr
from designer.data.sources import SOURCES
from designer.editing.workspace import Workspace
from designer.look.fonts import px
from designer.look.icons import bind_icon, pixmap
from designer.look.theme import theme_changed
from designer.look.widgets import Button, Label, PrimaryButton
from designer.training.session import Progress, Session

_NARROW = 980


class TrainingBar(QWidget):
    """Buttons at the left, words and progress beside them, the plan at the right.

    Signals:
        train_requested(epochs, batches): 0 epochs are those of the settings, 0 batches no limit.
    """

    train_requested = Signal(int, int)

    def __init__(self, workspace: Workspace, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("trainingBar")
        self.setAccessibleName(tr("Training"))
        self._workspace, self._session = workspace, session
        self._result: tuple[str, str, str] = ("", "", "")
        self.train = PrimaryButton(tr("Train"), "train")
        self.train.setObjectName("train")
        self.stop = self._button(
            "stop", tr("Stop"), "stop", tr("Stop; the weights of the last whole epoch are kept (Shift+F5)")
        )
        self.batch = self._button("oneBatch", tr("1 batch"), "step-batch", tr("Learn from one batch (F10)"))
        self.epoch = self._button("oneEpoch", tr("1 epoch"), "step-epoch", tr("Learn from all data once (Ctrl+F10)"))
        self.train.clicked.connect(self.toggle)
        self.stop.clicked.connect(session.stop)
        self.batch.clicked.connect(lambda: self.train_requested.emit(1, 1))
        self.epoch.clicked.connect(lambda: self.train_requested.emit(1, 0))
        self._build()
        session.state_changed.connect(self.refresh)
        session.progressed.connect(self._advance)
        workspace.problems_changed.connect(self.refresh)
        workspace.changed.connect(self.refresh)
        theme_changed.connect(self._dress)
        self._dress()

    def _button(self, name: str, words: str, icon: str, tip: str) -> Button:
        button = Button(words, icon)
        button.setObjectName(name)
        button.setToolTip(tip)
        button.setAccessibleName(words)
        return button

    def _build(self) -> None:
        self._sign = QLabel()
        self.words = Label("", "small")
        self.words.setObjectName("trainingWords")
        self.words.setTextFormat(Qt.TextFormat.RichText)
        self.left = Label("", "small", "text2")
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setRange(0, 1000)
        self.bar.setAccessibleName(tr("Progress of training"))
        line = QHBoxLayout()
        line.setSpacing(16)
        line.addWidget(self.words)
        line.addStretch()
        line.addWidget(self.left)
        self._middle = QWidget()
        column = QVBoxLayout(self._middle)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(3)
        column.addStretch()
        column.addLayout(line)
        column.addWidget(self.bar)
        column.addStretch()
        self.speed = Label("", "small", "text2")
        self.forecast = Label("", "small", "text2")
        self.forecast.setObjectName("forecast")
        self.forecast.setTextFormat(Qt.TextFormat.RichText)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 0, 12, 0)
        layout.setSpacing(8)
        for button in (self.train, self.stop, self.batch, self.epoch):
            layout.addWidget(button)
        layout.addSpacing(14)
        for part in (self._sign, self._middle, self.speed):
            layout.addWidget(part)
        layout.addStretch(1)
        layout.addWidget(self.forecast)
        self._middle.installEventFilter(self)

    def _dress(self, _: object = None) -> None:
        self.setFixedHeight(px(44))
        self.train.setFixedWidth(px(92))
        self.bar.setFixedHeight(8)
        self.refresh()

    def resizeEvent(self, event: QResizeEvent) -> None:
        narrow = self.width() < px(_NARROW)
        for button, words in ((self.stop, tr("Stop")), (self.batch, tr("1 batch")), (self.epoch, tr("1 epoch"))):
            button.setText("" if narrow else words)
        self.forecast.setVisible(not narrow)
        super().resizeEvent(event)

    # What the buttons do.
    def toggle(self) -> None:
        """Train, pause or go on; with errors, go to the first one."""
        state = self._session.state
        if state == "running":
            self._session.pause()
        elif state == "paused":
            self._session.resume()
        elif state == "idle":
            blocking = self._blocking()
            if blocking:
                self._go_to(blocking)
            elif self.train.isEnabled():
                self.train_requested.emit(0, 0)

    def _blocking(self) -> list[Problem]:
        return [p for p in self._workspace.problems if p.severity == "error"]

    def _go_to(self, problems: list[Problem]) -> None:
        node = next((p.node for p in problems if p.node), None)
        if node is not None:
            self._workspace.focus_requested.emit(node)

    def eventFilter(self, watched: object, event: QEvent) -> bool:
        if (
            isinstance(event, QMouseEvent)
            and event.type() == QEvent.Type.MouseButtonPress
            and self._session.state == "idle"
        ):
            self._go_to(self._blocking())
        return False

    def say_result(self, title: str, words: str, sign: str = "success") -> None:
        """What the last run came to: "Run 1", "finished · accuracy 99.2 %" and an icon."""
        self._result = (title, words, sign)
        self.refresh()

    # States.
    def refresh(self, _: object = None) -> None:
        """Buttons and words for the state of now."""
        state, blocking = self._session.state, self._blocking()
        idle = state == "idle"
        reason = self._not_ready(blocking)
        running = state in ("running", "paused")
        self.train.setText({"running": tr("Pause"), "paused": tr("Resume")}.get(state, tr("Train")))
        bind = "pause" if state == "running" else "train"
        if self.train.property("icon") != bind:
            self.train.setProperty("icon", bind)
            bind_icon(self.train, bind, "on_accent")
        self.train.setEnabled(running or (idle and (not reason or bool(blocking))))
        self.train.set_flag("blocked", bool(blocking) and idle)
        tips = {"running": tr("Wait between two batches (F5)"), "paused": tr("Go on (F5)")}
        self.train.setToolTip(tips.get(state, reason or tr("Train the network from the start (F5)")))
        self.stop.setEnabled(not idle and state != "stopping")
        for button in (self.batch, self.epoch):
            button.setEnabled(idle and not reason)
        self.bar.setVisible(running)
        self.left.setVisible(running)
        self.speed.setVisible(running)
        self._middle.setFixedWidth(px(300)) if running else self._middle.setMaximumWidth(px(620))
        if not running:
            self._middle.setMinimumWidth(0)
        self.forecast.setText(_forecast(self._workspace.document) if idle and not reason else "")
        self._say(state, blocking, reason)

    def _not_ready(self, blocking: list[Problem]) -> str:
        document = self._workspace.document
        if blocking:
            return tr("Repair {n} to train", n=count(len(blocking), tr("problem"), tr("problems")))
        if not document.nodes:
            return tr("Add an input and a layer to train.")
        return "" if document.data.source is not None else tr("Choose data to train (Data, below).")

    def _say(self, state: str, blocking: list[Problem], reason: str) -> None:
        title, words, sign = self._result
        token = "text"
        if state == "idle" and blocking:
            text, sign, token = f"<b>{reason}</b>", "error", "error"
        elif state == "idle" and reason and not title:
            text, sign = reason, ""
        elif state == "idle":
            text = f"<b>{title}</b>&nbsp; {words}" if title else ""
        elif state in ("starting", "stopping"):
            text, sign = tr("Starting …") if state == "starting" else tr("Stopping …"), ""
        else:
            self._advance(self._session.progress)
            text, sign = self.words.text(), ""
        self.words.setText(text)
        self.words.set_token(token)
        self._sign.setVisible(bool(sign) and bool(text))
        if sign:
            self._sign.setPixmap(pixmap(sign, px(16), {"warning": "warn", "info": "accent"}.get(sign, sign)))

    def _advance(self, progress: Progress) -> None:
        if self._session.state not in ("running", "paused"):
            return
        self.bar.setValue(round(progress.fraction * 1000))
        epoch = tr("Epoch {e} of {n}", e=max(progress.epoch, 1), n=progress.epochs)
        batch = tr("batch {b} of {n}", b=progress.batch, n=progress.batches) if progress.batches else ""
        paused = tr("paused · ") if self._session.state == "paused" else ""
        self.words.setText(f"<b>{epoch}</b>&nbsp; {paused}{batch}")
        left = "" if progress.seconds_left is None else " · " + tr("{t} left", t=duration(progress.seconds_left))
        self.left.setText(f"{progress.fraction * 100:.0f} %{left}")
        self.speed.setText(
            tr("{n:,.0f} batches/s", n=progress.batches_per_second) if progress.batches_per_second else ""
        )


def duration(seconds: float) -> str:
    """A time in words: "3 s", "2 min 5 s", "1 h 4 min"."""
    whole = max(round(seconds), 0)
    if whole < 60:
        return tr("{s} s", s=whole)
    if whole < 3600:
        return tr("{m} min {s} s", m=whole // 60, s=whole % 60)
    return tr("{h} h {m} min", h=whole // 3600, m=whole % 3600 // 60)


def _forecast(document: Document) -> str:
    """How much training is planned: epochs and batches."""
    source = SOURCES.get(document.data.source or "")
    if source is None:
        return ""
    data, training = document.data, document.training
    total = source.rows if source.rows is not None else source.value("samples", data.options)
    rows = total - round(total * data.validation) - round(total * data.test)
    batches = math.ceil(max(rows, 0) / training.batch_size)
    epochs = count(training.epochs, tr("epoch"), tr("epochs"))
    return tr("<b>Plan</b> {e} × {b}", e=epochs, b=count(batches, tr("batch"), tr("batches")))
