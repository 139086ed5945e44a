"""What panels with settings are built of: the row of a setting, and a section that folds."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QGridLayout, QLineEdit, QMenu, QSizePolicy, QVBoxLayout, QWidget

from designer.core.text import tr
from designer.look.fonts import font, px
from designer.look.painting import rounded, text_width
from designer.look.theme import theme, theme_changed
from designer.look.widgets import Label, SectionHeader
from designer.panels.fields import values
from designer.panels.fields.editors import KEY_WIDTH, Field


class PreviewBox(QWidget):
    """In the place of a field: the old value struck out, an arrow, the new value."""

    def __init__(self) -> None:
        super().__init__()
        self._words = ("", "")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme_changed.connect(self.update)

    def show_change(self, old: str, new: str) -> None:
        """Show a change."""
        self._words = (old, new)
        self.setAccessibleName(tr("{old} becomes {new}", old=old, new=new))
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(px(80), px(26))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, current = QPainter(self), theme()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = QRectF(self.rect())
        rounded(painter, area, 5, current.color("success_ground"), current.color("success"), 2, (5, 3))
        old, new = self._words
        struck = font("micro", True)
        struck.setStrikeOut(True)
        x = 10.0
        looks = (
            (struck, old, "error"),
            (font("micro", True), " → ", "text2"),
            (font("micro", True, 600), new, "success"),
        )
        for letters, text, token in looks:
            painter.setFont(letters)
            painter.setPen(current.color(token))
            painter.drawText(QRectF(x, 0, area.width() - x - 4, area.height()), Qt.AlignmentFlag.AlignVCenter, text)
            x += text_width(text, "micro", True, 600 if text == new else None, True)


class _Key(Label):
    """The name of a setting; its weight tells whether the value differs from the default."""

    def set_weight(self, weight: int | None) -> None:
        role, mono, _ = self._look
        self._look = (role, mono, weight)


class SettingRow(QWidget):
    """Key, field, and the reason under it when the value does not do.

    Signals:
        reset_requested(): back to the default.
    """

    reset_requested = Signal()

    def __init__(self, field: Field, key: str = "") -> None:
        super().__init__()
        self.field = field
        self.setObjectName(f"row_{field.info.name}")
        self.key = _Key(key or values.words(field.info.name), "small", "text2", wrap=True)
        self.key.setToolTip(field.info.doc)
        self.reason = Label("", "micro", "error", wrap=True)
        self.reason.setObjectName(f"reason_{field.info.name}")
        self.preview = PreviewBox()
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(4)
        grid.setVerticalSpacing(3)
        grid.addWidget(self.key, 0, 0, Qt.AlignmentFlag.AlignTop)
        grid.addWidget(field, 0, 1)
        grid.addWidget(self.preview, 0, 1)
        if field.extra is not None:
            grid.addWidget(field.extra, 1, 0, 1, 2)
        grid.addWidget(self.reason, 2, 0, 1, 2)
        grid.setColumnStretch(1, 1)
        self.reason.hide()
        self.preview.hide()
        self._refusal = self._complaint = ""
        self._changed = False
        field.refused.connect(self._on_refused)
        theme_changed.connect(self._resize)
        self._resize()
        for part in (self.key, field.control):
            part.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
            part.customContextMenuRequested.connect(lambda at, w=part: self._menu(w, at))

    def _resize(self, _: object = None) -> None:
        self.key.setFixedWidth(px(KEY_WIDTH))
        self.key.setMinimumHeight(px(26))

    @property
    def changed(self) -> bool:
        """Whether the value differs from the default."""
        return self._changed

    def set_changed(self, changed: bool) -> None:
        """Tell a value that differs from the default by the weight of its key."""
        self._changed = changed
        self.key.set_weight(600 if changed else None)
        self.key.set_token("text" if changed else "text2")

    def complain(self, sentence: str) -> None:
        """What the engine says against the value, or nothing."""
        self._complaint = sentence
        self._show_reason()

    def _on_refused(self, sentence: str) -> None:
        self._refusal = sentence
        self._show_reason()

    def _show_reason(self) -> None:
        words = self._refusal or self._complaint
        words = words[:1].upper() + words[1:]
        self.field.mark(bool(words))
        self.reason.setText(words)
        self.reason.setVisible(bool(words))

    def show_preview(self, change: tuple[Any, Any] | None) -> None:
        """Show old and new value in the place of the field, or the field again."""
        self.preview.setVisible(change is not None)
        self.field.setVisible(change is None)
        if self.field.extra is not None:
            self.field.extra.setEnabled(change is None)
        if change is not None:
            self.preview.show_change(self.field.text_of(change[0]), self.field.text_of(change[1]))

    def _menu(self, part: QWidget, at: QPoint) -> None:
        menu = part.createStandardContextMenu() if isinstance(part, QLineEdit) else QMenu(self)
        default = self.field.text_of(self.field.info.default)
        entry = menu.addAction(tr("Back to the default: {value}", value=default), self.reset_requested.emit)
        entry.setObjectName("resetSetting")
        entry.setEnabled(self._changed and not self.field.info.required)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(part.mapToGlobal(at))


class Section(QWidget):
    """A title that folds what stands under it."""

    def __init__(self, title: str, open_: bool = True) -> None:
        super().__init__()
        self.header = SectionHeader(title)
        self.header.setAccessibleName(title)
        self.body = QWidget()
        self.content = QVBoxLayout(self.body)
        self.content.setContentsMargins(12, 2, 12, 8)
        self.content.setSpacing(6)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 4, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.header)
        layout.addWidget(self.body)
        self.header.folded.connect(self._fold)
        self.header.setChecked(open_)
        self._fold(not open_)

    def _fold(self, folded: bool) -> None:
        self.body.setVisible(not folded)
