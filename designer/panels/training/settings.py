"""The panel with the training settings: optimizer, loss, metrics, epochs, batch size, seed, callbacks."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from operator import attrgetter
from typing import Any

import msgspec
from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QCheckBox, QGridLayout, QMenu, QScrollArea, QVBoxLayout, QWidget

from designer.core import changes as ch
from designer.core.commands import SetTraining
from designer.core.settings import Choice, TrainingSettings
from designer.core.text import tr
from designer.data.prepare import output_for
from designer.data.sources import SOURCES
from designer.editing.workspace import Workspace
from designer.look.fonts import px
from designer.look.theme import theme_changed
from designer.look.widgets import Button, IconButton, Label, Panel, clear
from designer.panels.fields import values
from designer.panels.fields.editors import Combo, field_for
from designer.panels.fields.rows import SettingRow
from engine import catalog
from engine.catalog import ParamInfo
from engine.core.naming import to_snake_case

_CLASSIFICATION = ("SparseCategoricalCrossentropy",)
_REGRESSION = ("MeanSquaredError", "MeanAbsoluteError", "MeanSquaredLogarithmicError", "Huber", "LogCosh", "Poisson")
_METRICS = {
    "classification": ("accuracy", "sparse_top_k_categorical_accuracy"),
    "regression": (
        "mean_absolute_error",
        "mean_squared_error",
        "root_mean_squared_error",
        "mean_absolute_percentage_error",
        "r2_score",
    ),
}
_METRIC_WORDS = {
    "sparse_top_k_categorical_accuracy": "among the best 5",
    "mean_absolute_error": "mean absolute error",
    "mean_absolute_percentage_error": "mean error in per cent",
    "r2_score": "explained variance (R²)",
}
_CALLBACKS = ("EarlyStopping", "ReduceLROnPlateau", "TerminateOnNaN")
_HIDDEN = ("name", "verbose", "loss_scale_factor", "reduction", "dtype", "axis", "ignore_class")
_NARROWEST, _WIDEST = 196, 264


_NUMBERS = (
    values.number("epochs", 20, 1, None, True, tr("How often the network sees all training data.")),
    values.number("batch_size", 32, 1, None, True, tr("Samples between two steps of the optimizer.")),
    values.number(
        "seed",
        0,
        0,
        None,
        True,
        "Fixes the first weights and the order of the data, so that a run can be repeated exactly.",
    ),
)


class TrainingPanel(Panel):
    """Columns side by side: how long, optimizer, loss and metrics, callbacks."""

    def __init__(self, workspace: Workspace, parent: QWidget | None = None) -> None:
        super().__init__("training", tr("Training settings"), parent)
        self._workspace = workspace
        self._identity: Any = None
        self._parts: list[QWidget] = []
        self._follow: list[Callable[[TrainingSettings], None]] = []
        self._page = QWidget()
        self._columns = QGridLayout(self._page)
        self._columns.setContentsMargins(12, 8, 12, 8)
        self._columns.setHorizontalSpacing(20)
        self._columns.setVerticalSpacing(12)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(self._page)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(area)
        workspace.changed.connect(self._on_changes)
        theme_changed.connect(self._restyle)
        self.refresh()

    @property
    def _settings(self) -> TrainingSettings:
        return self._workspace.document.training

    def _on_changes(self, changes: list[ch.Change]) -> None:
        if any(isinstance(c, (ch.TrainingChanged, ch.DataChanged)) for c in changes):
            self.refresh()

    def refresh(self) -> None:
        """Show the settings as they are; rows are built anew only when other ones are needed."""
        settings = self._settings
        identity: tuple[Any, ...] = (settings.optimizer.name, settings.loss and settings.loss.name, self._task())
        identity += (settings.metrics is None, tuple(c.name for c in settings.callbacks))
        if identity != self._identity:
            self._identity = identity
            self._build()
        for follow in self._follow:
            follow(settings)

    def _classes(self) -> int:
        source = SOURCES.get(self._workspace.document.data.source or "")
        return len(source.classes) if source is not None else 0

    def _task(self) -> str:
        source = SOURCES.get(self._workspace.document.data.source or "")
        return source.task if source is not None else ""

    def _run(self, words: str, gesture: int | None = None, **changed: Any) -> None:
        settings = msgspec.structs.replace(self._settings, **changed)
        if settings != self._settings:
            self._workspace.run(SetTraining(settings, words, gesture))

    # Building.
    def _build(self) -> None:
        self._follow.clear()
        clear(self._columns)
        self._parts = []
        for make in (self._length, self._optimizer, self._loss, self._callbacks):
            column = QWidget()
            column.setMinimumWidth(px(_NARROWEST))
            column.setMaximumWidth(px(_WIDEST))
            layout = QVBoxLayout(column)
            layout.setContentsMargins(0, 0, 0, 0)
            layout.setSpacing(6)
            make(layout)
            layout.addStretch(1)
            self._parts.append(column)
        self._arrange()

    def _arrange(self) -> None:
        """As many columns side by side as there is room for."""
        across = max(1, min(len(self._parts), self.width() // (px(_NARROWEST) + 20)))
        for place, part in enumerate(self._parts):
            self._columns.addWidget(part, place // across, place % across)
        for column in range(5):
            self._columns.setColumnStretch(column, 4 if column < across else 1 if column == across else 0)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def _restyle(self, _: object = None) -> None:
        self._identity = None
        self.refresh()

    def _length(self, column: QVBoxLayout) -> None:
        column.addWidget(Label(tr("How long"), "small", weight=600))
        for info in _NUMBERS:
            self._row(column, info, attrgetter(info.name), self._set_number)
        shuffle = QCheckBox(tr("Shuffle before each epoch"))
        shuffle.setObjectName("edit_shuffle")
        shuffle.clicked.connect(lambda on: self._run(tr("set shuffle to {v}", v="on" if on else "off"), shuffle=on))
        self._follow.append(lambda s: shuffle.setChecked(s.shuffle))
        column.addWidget(shuffle)

    def _set_number(self, info: ParamInfo, value: Any, gesture: int | None) -> None:
        words = tr("set {key} to {value}", key=values.words(info.name).lower(), value=value)
        self._run(words, gesture, **{info.name: value})

    def _row(self, column: QVBoxLayout, info: ParamInfo, get: Callable[[TrainingSettings], Any],
             change: Callable[[ParamInfo, Any, int | None], None]) -> SettingRow:  # fmt: skip
        row = SettingRow(field_for(info, self._workspace.history.new_gesture))
        row.field.edited.connect(lambda value, gesture: change(info, value, gesture))
        row.reset_requested.connect(lambda: change(info, info.default, None))

        def follow(settings: TrainingSettings) -> None:
            value = get(settings)
            row.field.show_value(value)
            row.set_changed(values.plain(value) != values.plain(info.default))

        self._follow.append(follow)
        column.addWidget(row)
        return row

    def _choice(self, column: QVBoxLayout, title: str, name: str, entries: Iterable[tuple[str, Any]], chosen: Any,
                pick: Callable[[Any], None]) -> None:  # fmt: skip
        box = Combo()
        box.setObjectName(name)
        box.setAccessibleName(title)
        for words, data in entries:
            box.addItem(words, data)
        place = next((i for i in range(box.count()) if box.itemData(i) == chosen), -1)
        if place < 0:
            box.addItem(str(chosen), chosen)
            place = box.count() - 1
        box.setCurrentIndex(place)
        box.activated.connect(lambda i: pick(box.itemData(i)))
        column.addWidget(Label(title, "small", weight=600))
        column.addWidget(box)

    # Optimizer.
    def _optimizer(self, column: QVBoxLayout) -> None:
        known = [c for c in catalog.describe("optimizer") if c.name != "LossScaleOptimizer"]
        chosen = self._settings.optimizer
        entries = [(c.name, c.name) for c in known]
        self._choice(column, tr("Optimizer"), "optimizer", entries, chosen.name, self._pick_optimizer)
        described = next((c for c in known if c.name == chosen.name), None)
        for info in described.params if described is not None else ():
            shown = not info.advanced and not info.group and info.name not in _HIDDEN
            if shown or info.name in chosen.params:
                self._row(column, info, partial(_optimizer_param, info), self._set_optimizer)

    def _pick_optimizer(self, name: str) -> None:
        kept = {k: v for k, v in self._settings.optimizer.params.items() if k == "learning_rate"}
        names = {p.name for p in catalog.component("optimizer", name).params}
        self._run(tr("use {name}", name=name), optimizer=Choice(name, {k: v for k, v in kept.items() if k in names}))

    def _set_optimizer(self, info: ParamInfo, value: Any, gesture: int | None) -> None:
        self._run(_words(info, value), gesture, optimizer=_with(self._settings.optimizer, info, value))

    # Loss and metrics.
    def _loss(self, column: QVBoxLayout) -> None:
        source = SOURCES.get(self._workspace.document.data.source or "")
        fitting = output_for(source) if source is not None else None
        auto = tr("auto") + (f": {fitting.loss.replace('_', ' ')}" if fitting is not None else "")
        task = self._task()
        names = (
            _CLASSIFICATION if task == "classification" else _REGRESSION if task else (*_CLASSIFICATION, *_REGRESSION)
        )
        known = {c.name for c in catalog.describe("loss")}
        entries = [(auto, None), *((n, n) for n in names if n in known)]
        loss = self._settings.loss
        self._choice(column, tr("Loss"), "loss", entries, loss.name if loss is not None else None, self._pick_loss)
        for info in catalog.component("loss", loss.name).params if loss is not None and loss.name in known else ():
            if not info.advanced and info.name not in _HIDDEN:
                self._row(column, info, partial(_loss_param, info), self._set_loss)
        self._metrics(column, task, fitting.metrics if fitting is not None else ())

    def _pick_loss(self, name: str | None) -> None:
        self._run(tr("use {name}", name=name or tr("the loss that fits the data")), loss=Choice(name) if name else None)

    def _set_loss(self, info: ParamInfo, value: Any, gesture: int | None) -> None:
        if self._settings.loss is not None:
            self._run(_words(info, value), gesture, loss=_with(self._settings.loss, info, value))

    def _metrics(self, column: QVBoxLayout, task: str, fitting: tuple[str, ...]) -> None:
        column.addWidget(Label(tr("Metrics"), "small", weight=600))
        chosen = self._settings.metrics if self._settings.metrics is not None else fitting
        known = {to_snake_case(c.name) for c in catalog.describe("metric")} | {"accuracy"}
        for name in dict.fromkeys([*_METRICS.get(task, ()), *chosen]):
            pointless = name == "sparse_top_k_categorical_accuracy" and self._classes() <= 5
            if name not in known or (pointless and name not in chosen):
                continue
            box = QCheckBox(tr(_METRIC_WORDS.get(name, name.replace("_", " "))))
            box.setToolTip(name)
            box.setObjectName(f"metric_{name}")
            box.clicked.connect(lambda on, n=name: self._set_metric(n, on, fitting))
            self._follow.append(partial(_check_metric, box, name, fitting))
            column.addWidget(box)

    def _set_metric(self, name: str, on: bool, fitting: tuple[str, ...]) -> None:
        now = self._settings.metrics if self._settings.metrics is not None else fitting
        metrics = (*now, name) if on else tuple(m for m in now if m != name)
        shown = name.replace("_", " ")
        words = tr("watch {name}", name=shown) if on else tr("stop watching {name}", name=shown)
        self._run(words, metrics=None if metrics == fitting else metrics)

    # Callbacks.
    def _callbacks(self, column: QVBoxLayout) -> None:
        column.addWidget(Label(tr("Callbacks"), "small", weight=600))
        known = {c.name: c for c in catalog.describe("callback")}
        for place, chosen in enumerate(self._settings.callbacks):
            remove = IconButton("delete", tr("Remove {name}", name=chosen.name))
            remove.clicked.connect(lambda _=False, i=place: self._remove_callback(i))
            head = QGridLayout()
            head.addWidget(Label(chosen.name, "small"), 0, 0)
            head.addWidget(remove, 0, 1)
            head.setColumnStretch(0, 1)
            column.addLayout(head)
            for info in known[chosen.name].params if chosen.name in known else ():
                if not info.advanced and info.name not in (
                    *_HIDDEN,
                    "min_delta",
                    "baseline",
                    "start_from_epoch",
                    "mode",
                ):
                    self._callback_row(column, place, info)
        add = Button(tr("Add a callback"), "zoom-in")
        add.setObjectName("addCallback")
        menu = QMenu(add)
        for name in _CALLBACKS:
            if name in known:
                menu.addAction(name, partial(self._add_callback, name)).setToolTip(known[name].summary)
        menu.setToolTipsVisible(True)
        add.setMenu(menu)
        column.addWidget(add)

    def _callback_row(self, column: QVBoxLayout, place: int, info: ParamInfo) -> None:
        def get(settings: TrainingSettings) -> Any:
            callbacks = settings.callbacks
            return callbacks[place].params.get(info.name, info.default) if place < len(callbacks) else info.default

        def change(about: ParamInfo, value: Any, gesture: int | None) -> None:
            callbacks = list(self._settings.callbacks)
            callbacks[place] = _with(callbacks[place], about, value)
            self._run(_words(about, value), gesture, callbacks=tuple(callbacks))

        self._row(column, info, get, change)

    def _add_callback(self, name: str) -> None:
        start = {"EarlyStopping": {"patience": 5, "restore_best_weights": True}, "ReduceLROnPlateau": {"patience": 3}}
        added = Choice(name, dict(start.get(name, {})))
        self._run(tr("add {name}", name=name), callbacks=(*self._settings.callbacks, added))

    def _remove_callback(self, place: int) -> None:
        callbacks = list(self._settings.callbacks)
        removed = callbacks.pop(place)
        self._run(tr("remove {name}", name=removed.name), callbacks=tuple(callbacks))


def _words(info: ParamInfo, value: Any) -> str:
    shown = "its default" if values.plain(value) == values.plain(info.default) else values.shown(info, value) or "none"
    return tr("set {key} to {value}", key=values.words(info.name).lower(), value=shown)


def _with(choice: Choice, info: ParamInfo, value: Any) -> Choice:
    """The choice with one setting changed; defaults are not kept."""
    params = {**choice.params, info.name: values.plain(value)}
    if values.plain(value) == values.plain(info.default):
        params.pop(info.name)
    return Choice(choice.name, params)


def _check_metric(box: QCheckBox, name: str, fitting: tuple[str, ...], settings: TrainingSettings) -> None:
    box.setChecked(name in (fitting if settings.metrics is None else settings.metrics))


def _optimizer_param(info: ParamInfo, settings: TrainingSettings) -> Any:
    return settings.optimizer.params.get(info.name, info.default)


def _loss_param(info: ParamInfo, settings: TrainingSettings) -> Any:
    return settings.loss.params.get(info.name, info.default) if settings.loss is not None else info.default
