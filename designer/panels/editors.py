"""Editors of settings, made from the catalogue's description of a parameter."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from PySide6.QtWidgets import QCheckBox, QComboBox, QLineEdit, QWidget

from designer.core.text import tr
from engine import catalog
from engine.catalog import ParamInfo

Changed = Callable[[Any], None]
_KINDS = {
    "Initializer": "initializer",
    "Regularizer": "regularizer",
    "Constraint": "constraint",
    "Activation": "activation",
}


def editor_for(info: ParamInfo, value: Any, changed: Changed) -> QWidget:
    """A widget that shows `value` and calls `changed` with what the person sets. Bad text stays and is marked."""
    name = info.name.replace("_", " ")
    if info.type == "bool":
        widget: QWidget = _switch(value, changed)
    elif info.choices:
        widget = _combo([str(c) for c in info.choices], value, changed)
    elif info.type in _KINDS:
        widget = _objects(info, value, changed)
    else:
        widget = _text(info, value, changed)
    widget.setAccessibleName(name)
    widget.setToolTip(info.doc)
    widget.setObjectName(f"edit_{info.name}")
    return widget


def _switch(value: Any, changed: Changed) -> QCheckBox:
    box = QCheckBox(tr("on"))
    box.setChecked(bool(value))
    box.toggled.connect(changed)
    return box


def _combo(words: list[str], value: Any, changed: Changed) -> QComboBox:
    box = QComboBox()
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    box.setMinimumContentsLength(6)
    box.addItems(words)
    if value is not None and str(value) not in words:
        box.addItem(str(value))
    box.setCurrentText("" if value is None else str(value))
    box.textActivated.connect(changed)
    return box


def _objects(info: ParamInfo, value: Any, changed: Changed) -> QComboBox:
    """Names of a kind of object; objects with settings of their own show their name."""
    names = [c.name for c in catalog.describe(_KINDS[info.type])]
    words = ([tr("none")] if info.nullable else []) + names
    shown = value
    if isinstance(value, dict):
        shown = value.get("class_name") or value.get("name")
    if value is None:
        shown = tr("none")

    def choose(text: str) -> None:
        if text == tr("none"):
            changed(None)
        elif info.type == "Activation":
            changed(text)
        else:
            changed(
                {"class_name": text, "config": {}, "module": f"keras.{_KINDS[info.type]}s", "registered_name": None}
            )

    return _combo(words, shown, choose)


def _text(info: ParamInfo, value: Any, changed: Changed) -> QLineEdit:
    field = QLineEdit(shown(info, value))
    field.setMinimumWidth(60)

    def finish() -> None:
        if not field.isModified():
            return
        field.setModified(False)
        try:
            parsed = parse(info, field.text())
        except ValueError as error:
            mark(field, str(error))
            return
        mark(field, "")
        changed(parsed)

    field.editingFinished.connect(finish)
    return field


def mark(field: QLineEdit, reason: str) -> None:
    """Mark a field as wrong with the reason, or as right."""
    field.setProperty("bad", bool(reason))
    field.setProperty("invalid", bool(reason))
    field.setToolTip(reason)
    field.style().unpolish(field)
    field.style().polish(field)


def shown(info: ParamInfo, value: Any) -> str:
    """A value as text."""
    if value is None:
        return ""
    if isinstance(value, (list, tuple)):
        separator = " × " if info.type == "Dims" else ", "
        return separator.join("" if v is None else str(v) for v in value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def parse(info: ParamInfo, text: str) -> Any:
    """The value a text means.

    Raises:
        ValueError: it means none; the sentence says what is expected.
    """
    text = text.strip()
    if not text:
        if info.nullable:
            return None
        raise ValueError(tr("{name} has to be given.", name=info.name.replace("_", " ")))
    if info.type in ("Dims", "Shape"):
        parts = [part.strip() for part in text.replace("×", ",").replace("x", ",").split(",") if part.strip()]
        numbers = [_whole(info, part) for part in parts]
        if info.type == "Shape":
            return numbers
        return numbers[0] if len(numbers) == 1 else numbers
    if info.type == "int":
        return _whole(info, text)
    if info.type in ("float", "LearningRate"):
        return _number(info, text)
    if info.type == "Any":
        try:
            return json.loads(text)
        except json.JSONDecodeError:
            return text
    return text


def _whole(info: ParamInfo, text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise ValueError(
            tr("{name} is a whole number. Got {text}.", name=info.name.replace("_", " "), text=repr(text))
        ) from None


def _number(info: ParamInfo, text: str) -> float:
    try:
        return float(text.replace(",", "."))
    except ValueError:
        raise ValueError(
            tr("{name} is a number. Got {text}.", name=info.name.replace("_", " "), text=repr(text))
        ) from None
