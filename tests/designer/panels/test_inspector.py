"""The inspector: typed values, steps, choices, objects, several layers, names, refusals."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QApplication, QCheckBox, QComboBox, QLabel, QLineEdit, QMenu, QScrollArea
from pytestqt.qtbot import QtBot

from designer.core.catalog import FAMILIES, family
from designer.core.problems import Repair
from designer.editing.placing import starting_params
from designer.editing.workspace import Workspace
from designer.look import theme
from designer.look.widgets import Chip
from designer.panels.fields import values
from designer.panels.inspector import InspectorPanel
from engine import catalog
from engine.catalog import Spec
from tests.designer.core.test_hostile_projects import VALUES
from tests.designer.drawing import CONV, add, classifier, line, residual

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def workspace(open_workspace: Any) -> Workspace:
    return open_workspace(classifier())


@pytest.fixture
def inspector(workspace: Workspace, show: Callable[..., Any]) -> InspectorPanel:
    return show(InspectorPanel(workspace))


def select(workspace: Workspace, *names: str) -> None:
    found = [workspace.document.node_named(name) for name in names]
    workspace.selection.set([node.id for node in found if node is not None])


def params(workspace: Workspace, name: str) -> dict[str, Any]:
    node = workspace.document.node_named(name)
    assert node is not None
    return dict(node.params)


def field(inspector: InspectorPanel, name: str) -> Any:
    row = inspector.row(name)
    assert row is not None, f"no row for {name}"
    return row.field.control


def enter(qtbot: QtBot, edit: QLineEdit, text: str) -> None:
    edit.setFocus()
    edit.selectAll()
    qtbot.keyClicks(edit, text)
    qtbot.keyClick(edit, Qt.Key.Key_Return)


def test_nothing_selected_says_what_to_do(inspector: InspectorPanel) -> None:
    words = [label.text() for label in inspector.findChildren(QLabel) if label.isVisible()]
    assert "Nothing selected." in words
    assert "Click a layer to see and change its settings." in words


def test_head_and_rows_of_one_layer(inspector: InspectorPanel, workspace: Workspace) -> None:
    select(workspace, "conv")
    assert inspector.head.name.text() == "conv"
    assert inspector.head.words.text() == "Conv2D · Convolution"
    assert field(inspector, "filters").text() == "4"
    assert field(inspector, "kernel_size").text() == "3 × 3"
    assert field(inspector, "padding").currentText() == "same"
    assert inspector.findChild(QLabel, "costParameters").text() == "3·3·1·4 + 4 = 40"
    assert inspector.findChild(QLabel, "costMultiplyAdds").text() == "8·8·36 = 2,304"
    assert "same" in inspector.findChild(QLabel, "shapeRule").text()


def test_a_typed_value_is_one_step_that_undo_takes_back(
    inspector: InspectorPanel, workspace: Workspace, qtbot: QtBot
) -> None:
    select(workspace, "conv")
    enter(qtbot, field(inspector, "filters"), "12")
    assert params(workspace, "conv")["filters"] == 12
    assert workspace.history.undo_text == "Undo: set conv filters to 12"
    workspace.undo()
    assert params(workspace, "conv")["filters"] == 4
    assert field(inspector, "filters").text() == "4"


@pytest.mark.parametrize(("typed", "kept"), [("5", [5, 5]), ("3, 5", [3, 5]), ("1x7", [1, 7])])
def test_sizes_are_typed_in_several_ways(
    inspector: InspectorPanel, workspace: Workspace, qtbot: QtBot, typed: str, kept: list[int]
) -> None:
    select(workspace, "conv")
    enter(qtbot, field(inspector, "kernel_size"), typed)
    assert params(workspace, "conv")["kernel_size"] == kept


def test_a_bad_value_keeps_the_text_and_tells_the_rule(
    inspector: InspectorPanel, workspace: Workspace, qtbot: QtBot
) -> None:
    select(workspace, "conv")
    before = workspace.document.state()
    edit = field(inspector, "filters")
    enter(qtbot, edit, "many")
    assert edit.text() == "many"
    assert edit.property("state") == "error"
    reason = inspector.findChild(QLabel, "reason_filters")
    assert not reason.isHidden()
    assert "many" in reason.text()
    assert "whole number" in reason.text()
    assert workspace.document.state() == before
    qtbot.keyClick(edit, Qt.Key.Key_Escape)
    assert edit.text() == "4"
    assert reason.isHidden()


def test_steps_of_one_visit_are_one_undo(inspector: InspectorPanel, workspace: Workspace, qtbot: QtBot) -> None:
    select(workspace, "conv")
    edit = field(inspector, "filters")
    edit.setFocus()
    for _ in range(3):
        qtbot.keyClick(edit, Qt.Key.Key_Up)
    assert params(workspace, "conv")["filters"] == 7
    workspace.undo()
    assert params(workspace, "conv")["filters"] == 4


def test_choices_and_switches(inspector: InspectorPanel, workspace: Workspace, qtbot: QtBot) -> None:
    select(workspace, "conv")
    padding: QComboBox = field(inspector, "padding")
    padding.setFocus()
    qtbot.keyClick(padding, Qt.Key.Key_V)
    if params(workspace, "conv").get("padding") == "same":
        qtbot.keyClick(padding, Qt.Key.Key_Return)
    assert params(workspace, "conv").get("padding", "valid") == "valid"
    bias: QCheckBox = field(inspector, "use_bias")
    qtbot.mouseClick(bias, LEFT, pos=QPoint(8, bias.height() // 2))
    assert params(workspace, "conv")["use_bias"] is False
    assert bias.text() == "off"


def test_changed_settings_are_bold_and_go_back(inspector: InspectorPanel, workspace: Workspace, qtbot: QtBot) -> None:
    select(workspace, "conv")
    row = inspector.row("activation")
    assert row is not None
    assert row.changed
    assert row.key.font().weight() == 600
    row.reset_requested.emit()
    assert "activation" not in params(workspace, "conv")
    assert not row.changed
    assert row.key.font().weight() == 400


def test_the_menu_of_a_row_names_the_default(
    inspector: InspectorPanel, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    select(workspace, "conv")
    seen: list[QAction] = []
    monkeypatch.setattr(QMenu, "popup", lambda menu, *_: seen.extend(menu.actions()))
    row = inspector.row("padding")
    assert row is not None
    row.key.customContextMenuRequested.emit(QPoint(2, 2))
    entry = next(action for action in seen if action.objectName() == "resetSetting")
    assert entry.text() == "Back to the default: valid"
    entry.trigger()
    assert "padding" not in params(workspace, "conv")
    entry.parent().deleteLater()


def test_an_object_has_settings_of_its_own(inspector: InspectorPanel, workspace: Workspace, qtbot: QtBot) -> None:
    select(workspace, "conv")
    box: QComboBox = field(inspector, "kernel_regularizer")
    box.activated.emit(box.findText("L2"))
    kept = params(workspace, "conv")["kernel_regularizer"]
    assert kept["class_name"] == "L2"
    row = inspector.row("kernel_regularizer")
    assert row is not None
    assert row.field.extra is not None
    inner = row.field.extra.findChild(QLineEdit, "edit_l2")
    enter(qtbot, inner, "0.5")
    assert params(workspace, "conv")["kernel_regularizer"]["config"]["l2"] == 0.5
    box.activated.emit(0)
    assert "kernel_regularizer" not in params(workspace, "conv")


def test_several_layers_are_changed_together(open_workspace: Any, show: Callable[..., Any], qtbot: QtBot) -> None:
    document = line(("Input", "in", {}), ("Conv2D", "a", CONV), ("Conv2D", "b", {**CONV, "filters": 8}))
    workspace = open_workspace(document)
    inspector = show(InspectorPanel(workspace))
    select(workspace, "a", "b")
    edit = field(inspector, "filters")
    assert edit.text() == ""
    assert edit.placeholderText() == "mixed"
    assert inspector.head.name.text() == "2 layers"
    enter(qtbot, edit, "6")
    assert params(workspace, "a")["filters"] == params(workspace, "b")["filters"] == 6
    workspace.undo()
    assert (params(workspace, "a")["filters"], params(workspace, "b")["filters"]) == (4, 8)


def test_a_name_is_edited_in_place_and_refused_in_words(
    inspector: InspectorPanel, workspace: Workspace, qtbot: QtBot
) -> None:
    select(workspace, "conv")
    enter(qtbot, inspector.head.name, "first")
    assert workspace.document.node_named("first") is not None
    enter(qtbot, inspector.head.name, "flatten")
    assert workspace.document.node_named("first") is not None
    assert inspector.head.name.text() == "flatten"
    assert "Another layer is called flatten" in inspector.head.reason.text()


def test_freeze_and_bypass(open_workspace: Any, show: Callable[..., Any], qtbot: QtBot) -> None:
    workspace = open_workspace(residual())
    inspector = show(InspectorPanel(workspace))
    select(workspace, "norm")
    qtbot.mouseClick(inspector._buttons.freeze, LEFT)
    assert not workspace.document.node_named("norm").trainable
    assert inspector._buttons.freeze.text() == "Unfreeze"
    qtbot.mouseClick(inspector._buttons.bypass, LEFT)
    assert workspace.document.node_named("norm").bypassed
    select(workspace, "flatten")
    assert not inspector._buttons.freeze.isEnabled()
    assert not inspector._buttons.bypass.isEnabled()
    assert "changes the shape" in inspector._buttons.bypass.toolTip()


def test_a_repair_is_shown_in_the_rows(open_workspace: Any, show: Callable[..., Any]) -> None:
    from designer.core.commands import SetParams

    workspace = open_workspace(residual())
    node = workspace.document.node_named("conv_2")
    workspace.run(SetParams(node.id, {"padding": "valid"}))
    workspace.check()
    inspector = show(InspectorPanel(workspace))
    select(workspace, "conv_2")
    repair: Repair = workspace.errors[0].repairs[0]
    workspace.set_preview(repair)
    row = inspector.row("padding")
    assert row is not None
    assert not row.preview.isHidden()
    assert row.preview.accessibleName() == "valid becomes same"
    workspace.set_preview(None)
    assert not row.field.isHidden()


def test_what_the_engine_says_stands_under_the_row(inspector: InspectorPanel, workspace: Workspace) -> None:
    from designer.core.commands import SetParams

    select(workspace, "conv")
    workspace.run(SetParams(workspace.selection.ids[0], {"filters": -3}))
    reason = inspector.findChild(QLabel, "reason_filters")
    assert not reason.isHidden()
    assert "-3" in reason.text()


@pytest.mark.parametrize("name", [name for name in FAMILIES if family(name)])
def test_every_layer_of_the_catalogue_can_be_inspected(
    name: str, open_workspace: Any, show: Callable[..., Any]
) -> None:
    """Rows for all its settings, none wider than the panel, and showing them changes nothing."""
    document, members = line(source=None), family(name)
    for known in members:
        add(document, known.name, known.name.lower(), **starting_params(known.name, Spec((None, 8, 8, 4), "float32")))
    workspace = open_workspace(document)
    inspector = show(InspectorPanel(workspace), 256, 560)
    inspector._more_open = True
    before = document.state()
    for known in members:
        select(workspace, known.name.lower())
        for param in known.params:
            if param.name not in ("name", "data_format"):
                assert field(inspector, param.name).accessibleName()
        width = inspector.findChild(QScrollArea).widget().minimumSizeHint().width()
        assert width <= 256, f"{known.name}: rows are wider than the panel"
    assert document.state() == before
    assert workspace.history.count() == 0


@pytest.mark.parametrize(("text", "value"), [("0.3", 0.3), ("-0.1, 0.25", [-0.1, 0.25]), ("[0.1 0.2]", [0.1, 0.2])])
def test_a_range_is_one_number_or_two(
    text: str, value: Any, open_workspace: Any, show: Callable[..., Any], qtbot: QtBot
) -> None:
    document = line(source=None)
    add(document, "RandomRotation", "turn", factor=0.1)
    workspace = open_workspace(document)
    inspector = show(InspectorPanel(workspace))
    select(workspace, "turn")
    enter(qtbot, field(inspector, "factor"), text)
    assert params(workspace, "turn")["factor"] == value
    for wrong in ("1 2 3", "much", "7"):
        enter(qtbot, field(inspector, "factor"), wrong)
        assert params(workspace, "turn")["factor"] == value
    assert "a number or two numbers from -1 to 1" in inspector.findChild(QLabel, "reason_factor").text()


@pytest.mark.parametrize("scale", [0.8, 1.5, 3.0])
def test_rows_fit_at_every_text_scale(
    inspector: InspectorPanel, workspace: Workspace, qapp: QApplication, scale: float
) -> None:
    select(workspace, "conv")
    before = inspector.findChild(Chip).sizeHint().width()
    theme.apply(qapp, theme.LIGHT, scale)
    area = inspector.findChild(QScrollArea)
    assert area.widget().minimumSizeHint().width() <= inspector.minimumWidth() == max(round(224 * scale), 200)
    assert inspector.head.name.font().pixelSize() == round(15 * scale)
    inspector.head.refuse("Another layer is called so.")
    inspector.head.refuse("")
    assert inspector.head.name.font().pixelSize() == round(15 * scale), "a mark has taken the font away"
    assert inspector.findChild(Chip).sizeHint().width() == pytest.approx(before * scale, rel=0.25)


def test_layers_of_several_types_are_compared_by_their_own_defaults(
    open_workspace: Any, show: Callable[..., Any]
) -> None:
    document = line(("Input", "in", {}), ("LSTM", "a", {"units": 4}), ("Dense", "b", {"units": 4}), source="sines")
    workspace = open_workspace(document)
    inspector = show(InspectorPanel(workspace))
    select(workspace, "a", "b")
    assert field(inspector, "units").text() == "4"
    assert field(inspector, "activation").currentIndex() == -1, "tanh and linear are not the same"


@pytest.mark.parametrize("name", VALUES)
def test_settings_of_the_wrong_kind_are_shown_as_text(name: str) -> None:
    for component in catalog.describe("layer"):
        for info in component.params:
            assert isinstance(values.shown(info, VALUES[name]), str)


@pytest.mark.parametrize("name", ["evil", "lists", "huge", "class", "known class"])
def test_layers_with_settings_of_the_wrong_kind_can_be_selected(
    name: str, workspace: Workspace, inspector: InspectorPanel
) -> None:
    for kind, setting in (("RandomBrightness", "factor"), ("Conv2D", "strides"), ("Dense", "kernel_initializer")):
        layer = add(workspace.document, kind, f"wrong_{kind.lower()}", "conv", **{setting: VALUES[name]})
        workspace.selection.set([layer])
        QApplication.processEvents()
        assert inspector.row(setting) is not None
