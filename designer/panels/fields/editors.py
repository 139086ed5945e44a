"""Editors of settings, made from the catalogue's description of a parameter; one class for each way of editing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent, QWheelEvent
from PySide6.QtWidgets import QCheckBox, QComboBox, QGridLayout, QLineEdit, QSizePolicy, QVBoxLayout, QWidget

from designer.core.text import tr
from designer.editing.placing import starting_params
from designer.look.fonts import font, px
from designer.look.theme import theme_changed
from designer.look.widgets import Label, clear, flag
from designer.panels.fields import values
from engine import catalog
from engine.catalog import Component, ParamInfo

NewGesture = Callable[[], int]
KEY_WIDTH, INDENT = 92, 12
"""Width of the column of keys; how far the settings of an object stand in."""


class Field(QWidget):
    """An editor of one setting.

    Signals:
        edited(value, gesture): the person set a value; steps of one gesture carry its number, others None.
        refused(sentence): the text means no value; empty when it does again.
    """

    edited = Signal(object, object)
    refused = Signal(str)
    extra: QWidget | None = None
    """What stands below the row, over its whole width: the settings of a chosen object."""

    def __init__(self, info: ParamInfo, new_gesture: NewGesture) -> None:
        super().__init__()
        self.info = info
        self._new_gesture = new_gesture
        self._gesture: int | None = None

    def show_value(self, value: Any) -> None:
        """Show a value of the document."""
        raise NotImplementedError

    def show_mixed(self) -> None:
        """Show that the selected layers differ."""
        raise NotImplementedError

    def mark(self, bad: bool) -> None:
        """Mark as wrong, or as right."""

    def text_of(self, value: Any) -> str:
        """A value in words, for previews."""
        return values.shown(self.info, value) or tr("none")

    def _adopt(self, control: QWidget) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(control)
        self.setFocusProxy(control)
        control.setObjectName(f"edit_{self.info.name}")
        control.setAccessibleName(values.words(self.info.name))
        control.setAccessibleDescription(self.info.doc)
        control.setToolTip(self.info.doc)
        self.control = control


class TextField(Field):
    """Numbers, shapes and texts. Up and Down step numbers; a text that means no value stays and is marked."""

    def __init__(self, info: ParamInfo, new_gesture: NewGesture, placeholder: str = "") -> None:
        super().__init__(info, new_gesture)
        self.line = QLineEdit()
        self._adopt(self.line)
        self.line.setPlaceholderText(placeholder or (tr("none") if info.nullable else ""))
        self._value: Any = None
        self._bad = False
        self.line.editingFinished.connect(self._finish)
        self.line.installEventFilter(self)
        theme_changed.connect(self._dress)
        self._dress()

    def _dress(self, _: object = None) -> None:
        self.line.setFont(font("small", mono=self.info.type != "str"))

    def show_value(self, value: Any) -> None:
        self._value = value
        text = values.shown(self.info, value)
        if self.line.hasFocus() and self.line.isModified() or self._bad and values.plain(value) == self._before_bad:
            return
        if self.line.text() != text:
            self.line.setText(text)
        self.line.setCursorPosition(len(text) if self.line.hasFocus() else 0)
        self._bad = False

    def show_mixed(self) -> None:
        self._value = None
        self.line.setPlaceholderText(tr("mixed"))
        self.line.clear()

    def mark(self, bad: bool) -> None:
        flag(self.line, "state", "error" if bad else "")

    def _finish(self) -> None:
        if not self.line.isModified():
            return
        self.line.setModified(False)
        try:
            value = values.parse(self.info, self.line.text())
        except ValueError as error:
            self._bad, self._before_bad = True, values.plain(self._value)
            self.refused.emit(str(error))
            return
        self._bad = False
        self.refused.emit("")
        if values.plain(value) != values.plain(self._value) or value is None:
            self._gesture = None
            self.edited.emit(value, None)
        self.show_value(value)

    def _step(self, up: bool) -> bool:
        try:
            current = values.parse(self.info, self.line.text())
        except ValueError:
            return False
        moved = values.step(self.info, current, up)
        if moved is None:
            return current is not None
        if self._gesture is None:
            self._gesture = self._new_gesture()
        self.line.setModified(False)
        self.line.setText(values.shown(self.info, moved))
        self.refused.emit("")
        self.edited.emit(moved, self._gesture)
        return True

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.FocusIn:
            self._gesture = None
        elif isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            if event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down):
                return self._step(event.key() == Qt.Key.Key_Up)
            if event.key() == Qt.Key.Key_Escape and (self.line.isModified() or self._bad):
                self._bad = False
                self.line.setModified(False)
                self.show_value(self._value)
                self.refused.emit("")
                return True
        return False


class Combo(QComboBox):
    """A choice as wide as its place. The mouse wheel passes over it, so that scrolling a panel changes nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(4)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.currentTextChanged.connect(self.setToolTip)

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()


class ChoiceField(Field):
    """One of a few values."""

    def __init__(self, info: ParamInfo, new_gesture: NewGesture) -> None:
        super().__init__(info, new_gesture)
        self._values = ([None] if info.nullable else []) + list(info.choices or ())
        self.box = Combo()
        self.box.addItems([tr("as set globally") if v is None else str(v) for v in self._values])
        self._adopt(self.box)
        self.box.activated.connect(lambda i: self.edited.emit(self._values[i], None) if i < len(self._values) else None)

    def show_value(self, value: Any) -> None:
        if value not in self._values:
            self._values.append(value)
            self.box.addItem(str(value))
        self.box.setCurrentIndex(self._values.index(value))

    def show_mixed(self) -> None:
        self.box.setPlaceholderText(tr("mixed"))
        self.box.setCurrentIndex(-1)

    def mark(self, bad: bool) -> None:
        flag(self.box, "state", "error" if bad else "")


class SwitchField(Field):
    """On or off."""

    def __init__(self, info: ParamInfo, new_gesture: NewGesture) -> None:
        super().__init__(info, new_gesture)
        self.box = QCheckBox(tr("off"))
        self._adopt(self.box)
        self.box.clicked.connect(lambda on: self.edited.emit(bool(on), None))

    def show_value(self, value: Any) -> None:
        self.box.setTristate(False)
        self.box.setChecked(bool(value))
        self.box.setText(tr("on") if value else tr("off"))

    def show_mixed(self) -> None:
        self.box.setTristate(True)
        self.box.setCheckState(Qt.CheckState.PartiallyChecked)
        self.box.setText(tr("mixed"))

    def text_of(self, value: Any) -> str:
        return tr("on") if value else tr("off")


class ObjectField(Field):
    """An object of the catalogue by name, with the object's own settings under it."""

    def __init__(self, info: ParamInfo, new_gesture: NewGesture) -> None:
        super().__init__(info, new_gesture)
        self._kind = values.OBJECT_KINDS[info.type]
        self._known = [c for c in catalog.describe(self._kind) if not info.choices or c.name in info.choices]
        self._first = {"activation": "", "schedule": tr("constant")}.get(
            self._kind, tr("none") if info.nullable else ""
        )
        self.box = Combo()
        self.box.addItems(([self._first] if self._first else []) + [c.name for c in self._known])
        self._adopt(self.box)
        self.box.activated.connect(self._choose)
        self.extra = QWidget()
        self._inner = QGridLayout(self.extra)
        self._inner.setContentsMargins(INDENT, 0, 0, 0)
        self._inner.setHorizontalSpacing(4)
        self._inner.setVerticalSpacing(4)
        self._fields: dict[str, Field] = {}
        self._shown: Component | None = None
        self._value: Any = None
        self._rate: TextField | None = None

    def show_value(self, value: Any) -> None:
        self._value = value
        if self._kind == "activation" and value is None:
            value = "linear"
        known = values.component_of(self._kind, value)
        if known is not None:
            self.box.setCurrentText(known.name)
        elif value is None or self._kind == "schedule":
            self.box.setCurrentIndex(0 if self._first else -1)
        else:
            self._add_unknown(value)
        self._show_inner(known, value)

    def _add_unknown(self, value: Any) -> None:
        name = str(value.get("class_name", value)) if isinstance(value, dict) else str(value)
        if self.box.findText(name) < 0:
            self.box.addItem(name)
        self.box.setCurrentText(name)

    def show_mixed(self) -> None:
        self.box.setPlaceholderText(tr("mixed"))
        self.box.setCurrentIndex(-1)
        self._show_inner(None, None)

    def text_of(self, value: Any) -> str:
        known = values.component_of(self._kind, value)
        if known is not None:
            return known.name
        return tr("linear") if self._kind == "activation" and value is None else super().text_of(value)

    def mark(self, bad: bool) -> None:
        ChoiceField.mark(self, bad)  # type: ignore[arg-type]

    def _choose(self, index: int) -> None:
        index -= 1 if self._first else 0
        if index < 0:
            value: Any = self._constant_rate() if self._kind == "schedule" else None
        elif index >= len(self._known):
            return
        else:
            known = self._known[index]
            value = values.object_value(self._kind, known, self._required(known))
        if self._kind == "activation" and value == "linear" and self.info.nullable:
            value = None
        self.edited.emit(value, None)

    def _constant_rate(self) -> float:
        return float(self.info.default) if isinstance(self.info.default, (int, float)) else 0.001

    def _required(self, known: Component) -> dict[str, Any]:
        """Something to start with where an object has to be told a number."""
        if self._kind == "layer":
            return starting_params(known.name)
        start: dict[str, Any] = {
            "initial_learning_rate": self._constant_rate(),
            "decay_steps": 1000,
            "first_decay_steps": 1000,
        }
        start |= {
            "decay_rate": 0.9,
            "boundaries": [1000],
            "values": [self._constant_rate(), self._constant_rate() / 10],
        }
        start |= {"l1": 0.01, "l2": 0.01}
        return {p.name: start[p.name] for p in known.params if p.required and p.name in start}

    def _show_inner(self, known: Component | None, value: Any) -> None:
        if known is not self._shown or (known is None and self._kind == "schedule" and self._rate is None):
            self._build_inner(known)
        if self._rate is not None:
            self._rate.show_value(value)
        config = values.config_of(value)
        for param in known.params if known is not None else ():
            if param.name in self._fields:
                self._fields[param.name].show_value(config.get(param.name, param.default))

    def _build_inner(self, known: Component | None) -> None:
        clear(self._inner)
        self._fields, self._shown, self._rate = {}, known, None
        if known is None and self._kind == "schedule":
            self._rate = TextField(self.info, self._new_gesture)
            self._rate.control.setObjectName(f"edit_{self.info.name}_value")
            self._rate.edited.connect(self.edited)
            self._rate.refused.connect(self.refused)
            self._inner.addWidget(_inner_key(tr("Value")), 0, 0)
            self._inner.addWidget(self._rate, 0, 1)
        for row, param in enumerate(p for p in (known.params if known else ()) if not p.advanced and p.name != "name"):
            field = field_for(param, self._new_gesture)
            field.edited.connect(lambda v, gesture, p=param: self._set_inner(p, v, gesture))
            field.refused.connect(self.refused)
            self._fields[param.name] = field
            self._inner.addWidget(_inner_key(values.words(param.name)), row, 0)
            self._inner.addWidget(field, row, 1)
        self._inner.setColumnStretch(1, 1)
        if self.extra is not None:
            self.extra.setVisible(self._inner.count() > 0)

    def _set_inner(self, param: ParamInfo, value: Any, gesture: int | None) -> None:
        if self._shown is None:
            return
        config = values.config_of(self._value)
        config[param.name] = value
        if not param.required and values.plain(value) == values.plain(param.default):
            config.pop(param.name)
        self.edited.emit(values.object_value(self._kind, self._shown, config), gesture)


def _inner_key(words: str) -> Label:
    """The name of a setting inside an object, so wide that its field stands under the others."""
    key = Label(words, "small", "text2", wrap=True)
    key.setFixedWidth(px(KEY_WIDTH) - INDENT)
    return key


def field_for(info: ParamInfo, new_gesture: NewGesture, placeholder: str = "") -> Field:
    """The editor that fits a parameter."""
    if info.type == "bool":
        return SwitchField(info, new_gesture)
    if info.type in values.OBJECT_KINDS:
        return ObjectField(info, new_gesture)
    if info.choices:
        return ChoiceField(info, new_gesture)
    return TextField(info, new_gesture, placeholder)
