"""The training bar: train, pause, stop, one batch, one epoch, and how far it is."""

from __future__ import annotations

import html

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QVBoxLayout, QWidget

from designer.core import changes as ch
from designer.core.problems import Problem
from designer.core.text import count, tr
from designer.editing.workspace import Workspace
from designer.look.fonts import px
from designer.look.icons import icon, pixmap
from designer.look.theme import theme_changed
from designer.look.widgets import Button, Label, Panel, PrimaryButton
from designer.panels.training.forecast import Forecaster, duration
from designer.training.session import Progress, Session

NARROW, NARROWER = 1000, 640
"""Below the first width (at a text scale of 1) buttons are icons; below the second the forecast goes, too."""
_SIGNS = {"warning": "warn", "info": "accent"}


class TrainingBar(Panel):
    """Buttons at the left, words and progress beside them, the forecast at the right.

    Signals:
        train_requested(epochs, batches): 0 epochs are those of the settings, 0 batches no limit.
    """

    train_requested = Signal(int, int)

    def __init__(self, workspace: Workspace, session: Session, parent: QWidget | None = None) -> None:
        super().__init__("trainingBar", tr("Training"), parent)
        self._workspace, self._session = workspace, session
        self._forecaster = Forecaster()
        self._result: tuple[str, str, str] = ("", "", "")
        self._build_buttons()
        self._build_words()
        self._assemble()
        session.state_changed.connect(self.refresh)
        session.progressed.connect(self._advance)
        session.finished.connect(self._measure)
        workspace.problems_changed.connect(self.refresh)
        workspace.changed.connect(self._on_changes)
        theme_changed.connect(self._dress)
        self._dress()

    # Building.
    def _build_buttons(self) -> None:
        self.train = PrimaryButton(tr("Train"), "train")
        self.train.setObjectName("train")
        self.train.clicked.connect(self.toggle)
        kept = tr("Stop; the weights of the last whole epoch are kept (Shift+F5)")
        self.stop = self._button("stop", tr("Stop"), "stop", kept)
        self.batch = self._button("oneBatch", tr("1 batch"), "step-batch", tr("Learn from one batch (F10)"))
        self.epoch = self._button("oneEpoch", tr("1 epoch"), "step-epoch", tr("Learn from all data once (F11)"))
        self.stop.clicked.connect(self._session.stop)
        self.batch.clicked.connect(lambda: self.train_requested.emit(1, 1))
        self.epoch.clicked.connect(lambda: self.train_requested.emit(1, 0))
        self.repair = Button("", "error", "problem")
        self.repair.setObjectName("repairToTrain")
        self.repair.setToolTip(tr("Go to the first problem (F4)"))
        self.repair.clicked.connect(lambda: self._go_to(self._blocking()))

    def _button(self, name: str, words: str, sign: str, tip: str) -> Button:
        button = Button(words, sign)
        button.setObjectName(name)
        button.setToolTip(tip)
        button.setAccessibleName(words)
        button.setProperty("words", words)
        return button

    def _build_words(self) -> None:
        self._sign = QLabel()
        self.words = Label("", "small")
        self.words.setObjectName("trainingWords")
        self.words.setTextFormat(Qt.TextFormat.RichText)
        self.left = Label("", "small", "text2")
        self.speed = Label("", "small", "text2")
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setRange(0, 1000)
        self.bar.setAccessibleName(tr("Progress of training"))
        self.forecast = Label("", "small", "text2")
        self.forecast.setObjectName("forecast")
        self.forecast.setTextFormat(Qt.TextFormat.RichText)

    def _assemble(self) -> None:
        line = QHBoxLayout()
        line.setSpacing(16)
        line.addWidget(self.words)
        line.addStretch()
        line.addWidget(self.left)
        self._middle = QWidget()
        column = QVBoxLayout(self._middle)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addStretch()
        column.addLayout(line)
        column.addWidget(self.bar)
        column.addStretch()
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 0, 12, 0)
        layout.setSpacing(8)
        for button in (self.train, self.stop, self.batch, self.epoch):
            layout.addWidget(button)
        layout.addSpacing(14)
        for part in (self.repair, self._sign, self._middle, self.speed):
            layout.addWidget(part)
        layout.addStretch(1)
        layout.addWidget(self.forecast)

    def _dress(self, _: object = None) -> None:
        self.setFixedHeight(px(44))
        self.train.setFixedWidth(px(92))
        self.bar.setFixedHeight(px(8))
        self._fit()
        self.refresh()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Words of buttons give way to their icons before anything is cut off."""
        narrow = self.width() < px(NARROW)
        for button in (self.stop, self.batch, self.epoch):
            button.setText("" if narrow else str(button.property("words")))
        self.forecast.setVisible(self.width() >= px(NARROWER))

    def minimumSizeHint(self) -> QSize:
        return QSize(px(92) + 3 * px(40), px(44))

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
        return self._workspace.errors

    def _go_to(self, problems: list[Problem]) -> None:
        node = next((p.node for p in problems if p.node), None)
        if node is not None:
            self._workspace.focus_requested.emit(node)

    def say_result(self, title: str, words: str, sign: str = "success") -> None:
        """What the last run came to: "Run 1", "finished · accuracy 99.2 %" and an icon."""
        self._result = (title, words, sign)
        self.refresh()

    def _measure(self, _: object) -> None:
        self._forecaster.measure(self._workspace.document, self._session.progress)
        self.refresh()

    def _on_changes(self, changes: list[ch.Change]) -> None:
        if not ch.only_appearance(changes):
            self.refresh()

    # States.
    def refresh(self, _: object = None) -> None:
        """Buttons and words for the state of now."""
        state, blocking = self._session.state, self._blocking()
        idle, running = state == "idle", state in ("running", "paused")
        reason = self._not_ready()
        self._dress_train(state, bool(blocking) and idle)
        self.train.setEnabled(running or (idle and not reason))
        tips = {"running": tr("Wait between two batches (F5)"), "paused": tr("Go on (F5)")}
        self.train.setToolTip(tips.get(state, reason or tr("Train the network from the start (F5)")))
        self.stop.setEnabled(not idle and state != "stopping")
        for button in (self.batch, self.epoch):
            button.setEnabled(idle and not reason and not blocking)
        for part in (self.bar, self.left, self.speed):
            part.setVisible(running)
        self._middle.setMinimumWidth(px(300) if running else 0)
        self.repair.setVisible(idle and bool(blocking))
        self.repair.setText(tr("Repair {n} to train", n=count(len(blocking), tr("problem"), tr("problems"))))
        plan = self._forecaster.plan(self._workspace.document) if idle and not reason and not blocking else None
        self.forecast.setText(plan.words() if plan is not None else "")
        self._say(state, bool(blocking), reason)

    def _dress_train(self, state: str, blocked: bool) -> None:
        words = {"running": tr("Pause"), "paused": tr("Resume")}.get(state, tr("Train"))
        self.train.setText(words)
        self.train.setAccessibleName(words)
        active = state in ("running", "paused")
        token = "text" if active else "text2" if blocked else "on_accent"
        self.train.setIcon(icon("pause" if state == "running" else "train", token, px(16), 4))
        self.train.set_flag("running", active)
        self.train.set_flag("blocked", blocked)

    def _not_ready(self) -> str:
        document = self._workspace.document
        if not document.nodes:
            return tr("Add an input and a layer to train.")
        return "" if document.data.source is not None else tr("Choose data to train (Data, below).")

    def _say(self, state: str, blocked: bool, reason: str) -> None:
        title, words, sign = self._result
        if state == "idle" and blocked:
            text, sign = "", ""
        elif state == "idle" and title:
            text = f"<b>{html.escape(title)}</b>&nbsp; {html.escape(words)}"
        elif state == "idle":
            text, sign = reason, ""
        elif state in ("starting", "stopping"):
            text, sign = tr("Starting …") if state == "starting" else tr("Stopping …"), ""
        else:
            self._advance(self._session.progress)
            text, sign = self.words.text(), ""
        self.words.setText(text)
        self._sign.setVisible(bool(sign))
        if sign:
            self._sign.setPixmap(pixmap(sign, px(16), _SIGNS.get(sign, sign)))

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
        speed = progress.batches_per_second
        self.speed.setText(tr("{n:,.0f} batches/s", n=speed) if speed >= 1 else "")
