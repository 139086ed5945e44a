"""The data panel: settings at the left, facts beside them, a preview in the room that is left."""

from __future__ import annotations

from typing import Any

import msgspec
from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from designer.core import changes as ch
from designer.core.commands import SetData
from designer.core.errors import Refused
from designer.core.settings import DataSettings
from designer.core.text import count, tr
from designer.data.prepare import Prepared, prepare, scaling_of
from designer.data.sources import SOURCES, DataSource
from designer.editing.workspace import Workspace
from designer.look.fonts import px
from designer.look.theme import theme_changed
from designer.look.widgets import Label, Panel, clear
from designer.panels.data.facts import ClassBars, SplitBar, kind_icon
from designer.panels.data.preview import DataPreview
from designer.panels.data.warm import Warmer
from designer.panels.fields import values
from designer.panels.fields.editors import Combo, field_for
from designer.panels.fields.rows import SettingRow
from engine.catalog import ParamInfo

_SHARE = "Part of the samples that is held back for {use}: 0.2 is a fifth."
_FIXED = (
    values.number("validation", 0.2, 0.0, 0.9, False, tr(_SHARE, use=tr("the validation line of the curves")), 0.05),
    values.number("test", 0.2, 0.0, 0.9, False, tr(_SHARE, use=tr("the score at the end")), 0.05),
    values.number("seed", 0, 0, None, True, tr("Fixes what is drawn and how it is split."), 1),
)
SCALINGS = ("auto", "none", "minmax", "standard")
NARROW = 700
_KINDS = {"image": "pictures", "points": "points", "sequence": "sequences"}


class DataPanel(Panel):
    """Chooses and shows the data."""

    def __init__(self, workspace: Workspace, parent: QWidget | None = None) -> None:
        super().__init__("data", tr("Data"), parent)
        self._workspace = workspace
        self._rows: dict[str, SettingRow] = {}
        self._built: str | None = ""
        self._stale = True
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(0)
        self._later.timeout.connect(self._look)
        self._warmer = Warmer(self)
        self._warmer.ready.connect(self._look)
        self._build()
        workspace.changed.connect(self._on_changes)
        theme_changed.connect(self._restyle)
        self._restyle()
        self.refresh()

    # Building.
    def _build(self) -> None:
        self.source = Combo()
        self.source.setObjectName("dataSource")
        self.source.setAccessibleName(tr("Data"))
        self.source.addItem(tr("No data"), None)
        for known in SOURCES.values():
            self.source.addItem(known.title, known.id)
            self.source.setItemData(self.source.count() - 1, known.summary, Qt.ItemDataRole.ToolTipRole)
        self.source.activated.connect(lambda i: self._choose(self.source.itemData(i)))
        self.scaling = Combo()
        self.scaling.setObjectName("dataScaling")
        self.scaling.setAccessibleName(tr("Scaling"))
        self.scaling.activated.connect(lambda i: self._set(tr("change the scaling"), None, scaling=SCALINGS[i]))
        self._settings, self._options = QWidget(), QVBoxLayout()
        self._options.setSpacing(6)
        column = QVBoxLayout(self._settings)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(_keyed(tr("Data"), self.source))
        column.addLayout(self._options)
        for info in _FIXED[:2]:
            column.addWidget(self._number(info))
        column.addWidget(_keyed(tr("Scaling"), self.scaling))
        column.addWidget(self._number(_FIXED[2]))
        column.addStretch(1)
        self._assemble()

    def _assemble(self) -> None:
        self.title = Label("", "small", weight=600, wrap=True)
        self.types = Label("", "small", "text2", wrap=True)
        self.types.setObjectName("dataTypes")
        self.split, self.classes = SplitBar(), ClassBars()
        self.notes = Label("", "small", "text2", wrap=True)
        self.notes.setObjectName("dataNotes")
        self._facts = QWidget()
        facts = QVBoxLayout(self._facts)
        facts.setContentsMargins(0, 0, 0, 0)
        facts.setSpacing(8)
        for part in (self.title, self.types, self.split, self.classes, self.notes):
            facts.addWidget(part)
        facts.addStretch(1)
        self.preview = DataPreview()
        page = QWidget()
        self._box = QBoxLayout(QBoxLayout.Direction.LeftToRight, page)
        self._box.setContentsMargins(12, 10, 14, 10)
        self._box.setSpacing(24)
        for widget in (self._settings, self._facts):
            self._box.addWidget(widget)
        self._box.addStretch(1)
        self._area = QScrollArea()
        self._area.setWidgetResizable(True)
        self._area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._area.setWidget(page)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 12, 0)
        layout.addWidget(self._area)
        right = QVBoxLayout()
        right.setContentsMargins(0, 10, 0, 8)
        right.addWidget(self.preview)
        layout.addLayout(right, 1)

    def _number(self, info: ParamInfo) -> SettingRow:
        row = SettingRow(field_for(info, self._workspace.history.new_gesture))
        row.field.edited.connect(lambda value, gesture: self._set_number(info, value, gesture))
        row.reset_requested.connect(lambda: self._set_number(info, info.default, None))
        self._rows[info.name] = row
        return row

    def _restyle(self, _: object = None) -> None:
        for i in range(1, self.source.count()):
            self.source.setItemIcon(i, kind_icon(SOURCES[str(self.source.itemData(i))].kind))
        self.source.setIconSize(QSize(px(24), px(16)))
        self._hold_widths()

    def _hold_widths(self) -> None:
        narrow = self.width() < px(NARROW)
        direction = QBoxLayout.Direction.TopToBottom if narrow else QBoxLayout.Direction.LeftToRight
        self._box.setDirection(direction)
        self._settings.setFixedWidth(px(264))
        self._facts.setFixedWidth(px(264) if narrow else px(216))
        self._area.setFixedWidth(px(264) + 36 + (0 if narrow else px(216) + 24))
        self.preview.setVisible(self.width() > self._area.width() + px(180))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._hold_widths()

    def sizeHint(self) -> QSize:
        return QSize(px(600), px(200))

    # Changing.
    def _choose(self, source: str | None) -> None:
        title = SOURCES[source].title if source else tr("none")
        self._set(tr("choose the data {title}", title=title), None, source=source, options={})

    def _set_number(self, info: ParamInfo, value: Any, gesture: int | None) -> None:
        words = tr("set {key} of the data to {value}", key=values.words(info.name).lower(), value=value)
        if value is None:
            value = info.default
        if any(info.name == fixed.name for fixed in _FIXED):
            self._set(words, gesture, **{info.name: value})
        else:
            self._set(words, gesture, options={**self._workspace.document.data.options, info.name: value})

    def _set(self, words: str, gesture: int | None, **changed: Any) -> None:
        settings = msgspec.structs.replace(self._workspace.document.data, **changed)
        if settings != self._workspace.document.data:
            self._workspace.run(SetData(settings, words, gesture))

    # Following.
    def _on_changes(self, changes: list[ch.Change]) -> None:
        if any(isinstance(c, ch.DataChanged) for c in changes):
            self.refresh()

    def refresh(self) -> None:
        """Show the settings as they are; the data are loaded when the panel can be seen."""
        settings = self._workspace.document.data
        source = SOURCES.get(settings.source or "")
        self.source.setCurrentIndex(max(self.source.findData(settings.source), 0))
        if self._built != settings.source:
            self._built = settings.source
            self._build_options(source)
        for name, row in self._rows.items():
            chosen = getattr(settings, name) if hasattr(settings, name) else _option(source, settings, name)
            row.field.show_value(chosen)
            row.set_changed(values.plain(chosen) != values.plain(row.field.info.default))
        self._fill_scalings(settings, source)
        self._stale = True
        if self.isVisible():
            self._later.start()

    def _build_options(self, source: DataSource | None) -> None:
        clear(self._options)
        fixed = {info.name for info in _FIXED}
        self._rows = {name: row for name, row in self._rows.items() if name in fixed}
        for option in source.options if source is not None else ():
            step = 100 if option.name == "samples" else 1 if option.whole else 0.05
            info = values.number(
                option.name, option.default, option.minimum, option.maximum, option.whole, option.doc, step
            )
            self._options.addWidget(self._number(info))

    def _fill_scalings(self, settings: DataSettings, source: DataSource | None) -> None:
        words = _scaling_words()
        fitting = words[scaling_of(DataSettings(scaling="auto"), source)] if source is not None else ""
        self.scaling.clear()
        self.scaling.addItem(tr("auto: {what}", what=fitting) if fitting else tr("auto"))
        self.scaling.addItems([words[name] for name in SCALINGS[1:]])
        self.scaling.setCurrentIndex(SCALINGS.index(settings.scaling) if settings.scaling in SCALINGS else 0)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._stale:
            self._later.start()

    def _look(self) -> None:
        """Load, and show what there is."""
        settings = self._workspace.document.data
        source = SOURCES.get(settings.source or "")
        if source is not None and not self._warmer.is_ready:
            self._facts.hide()
            self.preview.say(tr("Loading …"), source.summary)
            self._warmer.start()
            return
        self._stale = False
        self._facts.setVisible(source is not None)
        if source is None:
            self.preview.say(tr("No data chosen"), tr("Choose a built-in set at the left."))
            return
        self.title.setText(source.title)
        try:
            data = prepare(settings)
        except Refused as refusal:
            self.notes.setText(refusal.sentence)
            self.notes.set_token("error")
            self.preview.say(tr("Nothing to show"), refusal.sentence)
            return
        self._show_facts(data, settings)
        self.preview.show_data(data)

    def _show_facts(self, data: Prepared, settings: DataSettings) -> None:
        counts = {name: len(y) for name, (_, y) in data.parts.items()}
        kind, axes = tr(_KINDS.get(data.source.kind, "rows")), data.source.shape(settings.options)
        shape = tr("{n} numbers", n=axes[0]) if len(axes) == 1 else "×".join(str(d) for d in axes)
        ends = tr("{n} classes", n=len(data.source.classes)) if data.source.classes else tr("a number to predict")
        scaled = _scaling_words()[scaling_of(settings, data.source)]
        words = tr("{n:,} {kind} of {shape}", n=sum(counts.values()), kind=kind, shape=shape)
        self.types.setText(f"{words} · {ends} · {scaled}")
        self.split.show_counts(counts)
        self.classes.show_classes(data.source.classes, data.class_counts)
        self.notes.setText("\n".join(_notes(data, settings)))
        self.notes.set_token("text2")


def _option(source: DataSource | None, settings: DataSettings, name: str) -> Any:
    return source.value(name, settings.options) if source is not None else None


def _scaling_words() -> dict[str, str]:
    return {"none": tr("not scaled"), "minmax": tr("from 0 to 1"), "standard": tr("mean 0, spread 1")}


def _keyed(words: str, field: QWidget) -> QWidget:
    """A row whose field is no setting of the catalogue."""
    line = QWidget()
    row = QHBoxLayout(line)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(4)
    key = KeyLabel(words)
    row.addWidget(key)
    row.addWidget(field, 1)
    return line


class KeyLabel(Label):
    """The name of a field, as wide as those of the rows around it."""

    def __init__(self, words: str) -> None:
        super().__init__(words, "small", "text2", wrap=True)

    def sizeHint(self) -> QSize:
        return QSize(px(92), px(26))

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()


def _notes(data: Prepared, settings: DataSettings) -> list[str]:
    """A sentence for each thing that is missing or odd."""
    found = []
    if not settings.validation:
        found.append(tr("No validation part: the curves show training only."))
    if not settings.test:
        found.append(tr("No test part: no score is told at the end."))
    smallest, largest = min(data.class_counts, default=0), max(data.class_counts, default=0)
    if smallest and largest > 3 * smallest:
        name = data.source.classes[data.class_counts.index(smallest)]
        found.append(
            tr("{name} has only {n}; the largest class has {m:,}.", name=name, m=largest,
               n=count(smallest, tr("sample"), tr("samples")))
        )  # fmt: skip
    return found
