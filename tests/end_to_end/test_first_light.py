"""The whole road with mouse and keys: draw, choose data, err, repair, train, save, reopen, export, agree with Keras."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QComboBox, QPushButton

from designer.app.settings import Settings
from designer.app.window import MainWindow
from designer.canvas.view import CanvasView
from designer.core.commands import SetTraining
from designer.core.project import read, record_of
from designer.core.settings import Choice
from designer.look import theme
from designer.panels.palette import MIME
from engine import saving

ROOT = Path(__file__).parents[2]
LEFT = Qt.MouseButton.LeftButton
SCRIPT = """
import sys, numpy as np, keras
project, exported, answer = sys.argv[1:]
source = open(exported).read().split("# Training")[0]
names = {}
exec(compile(source, exported, "exec"), names)
built, x = names["model"], names["x_test"]
loaded = keras.models.load_model(project)
built.load_weights(project + ".weights.h5")
np.savez(answer, built=built.predict(x, verbose=0), loaded=loaded.predict(x, verbose=0), x=x, y=names["y_test"])
"""


@pytest.fixture
def window(qtbot: Any, qapp: Any) -> Iterator[MainWindow]:
    theme.apply(qapp, theme.LIGHT, 1.0)
    made = MainWindow(Settings())
    made.resize(1440, 900)
    made.show()
    qtbot.addWidget(made)
    yield made
    if made.is_editing:
        made.editor.mark_saved()
    made.close()


def drop(canvas: CanvasView, kind: str, x: float, y: float) -> str:
    """Drop a layer of the palette on the canvas, as the mouse would; its id."""
    before = set(canvas.workspace.document.nodes)
    data = QMimeData()
    data.setData(MIME, kind.encode())
    place = QPointF(canvas.mapFromScene(QPointF(x, y)))
    copy = Qt.DropAction.CopyAction
    canvas.dropEvent(QDropEvent(place, copy, data, LEFT, Qt.KeyboardModifier.NoModifier))
    (made,) = set(canvas.workspace.document.nodes) - before
    return made


def drag(qtbot: Any, canvas: CanvasView, start: QPoint, end: QPoint) -> None:
    """Press, move and release the left button."""
    view = canvas.viewport()
    qtbot.mousePress(view, LEFT, pos=start)
    for part in (0.3, 0.7, 1.0):
        qtbot.mouseMove(view, start + (end - start) * part)
    qtbot.mouseRelease(view, LEFT, pos=end)


def ports(canvas: CanvasView, source: str, target: str) -> tuple[QPoint, QPoint]:
    """Pixels of an output and of an input."""
    start = canvas.canvas.nodes[source].output_point()
    end = canvas.canvas.nodes[target].input_point(0)
    return canvas.mapFromScene(start), canvas.mapFromScene(end)


def test_first_light(qtbot: Any, window: MainWindow, tmp_path: Path) -> None:
    # A new project from the welcome page.
    qtbot.mouseClick(window.findChild(QPushButton, "welcomeNew"), LEFT)
    editor = window.editor
    canvas, workspace = editor.canvas, editor.workspace
    document = workspace.document

    # Drag the layers of a network that reads pictures.
    canvas.zoom_to(0.75)
    layers = ["Input", "Conv2D", "Conv2D", "MaxPooling2D", "Dropout", "Dense"]
    ids = [drop(canvas, kind, 190.0 * i - 380, 0.0) for i, kind in enumerate(layers)]
    assert [document.nodes[i].type for i in ids] == layers
    canvas.fit()

    # Choose digits with the mouse and keys.
    window.show_panel("data")
    source = editor.data.findChild(QComboBox, "dataSource")
    source.setFocus()
    qtbot.keyClicks(source, "Hand")
    qtbot.keyClick(source, Qt.Key.Key_Return)
    if document.data.source != "digits":
        source.activated.emit(source.findData("digits"))
    assert document.data.source == "digits"

    # Wire them, and see every shape.
    for before, after in zip(ids[:-1], ids[1:], strict=True):
        drag(qtbot, canvas, *ports(canvas, before, after))
    assert len(document.edges) == len(ids) - 1
    shapes = [workspace.analysis.info(i).output for i in ids]
    assert [s.shape for s in shapes if s] == [
        (None, 8, 8, 1), (None, 8, 8, 16), (None, 8, 8, 16), (None, 4, 4, 16), (None, 4, 4, 16), (None, 4, 4, 32),
    ]  # fmt: skip

    # The mistake: the last Dense stands on a picture. Read the problem, use the repairs, undo, redo.
    qtbot.waitUntil(lambda: bool(workspace.errors))
    assert "A row of 10 numbers is needed" in workspace.errors[0].sentence
    assert not editor.bar.batch.isEnabled()
    before = document.state()
    while workspace.errors:
        count = len(workspace.errors)
        first = workspace.errors[0].repairs[0].title
        window.show_panel("problems")
        qtbot.mouseClick(editor.problems.rows[0].findChild(QPushButton, "repair"), LEFT)
        assert workspace.preview is not None
        assert workspace.preview.repair.title == first
        qtbot.mouseClick(editor.problems.findChild(QPushButton, "applyRepair"), LEFT)
        qtbot.waitUntil(lambda n=count, f=first: not workspace.errors or workspace.errors[0].repairs[0].title != f)
    repaired = document.state()
    steps = 0
    while document.state() != before:
        window.actions_by_id["undo"].trigger()
        steps += 1
        assert steps < 5
    qtbot.waitUntil(lambda: bool(workspace.errors))
    for _ in range(steps):
        window.actions_by_id["redo"].trigger()
    assert document.state() == repaired
    qtbot.waitUntil(lambda: not workspace.errors)
    assert {n.type for n in document.nodes.values()} >= {"Flatten", "Dense"}

    # Train, with curves.
    faster = msgspec.structs.replace(
        document.training, epochs=25, seed=3, optimizer=Choice("Adam", {"learning_rate": 0.003})
    )
    workspace.run(SetTraining(faster))
    window.show_panel("curves")
    with qtbot.waitSignal(editor.session.finished, timeout=240_000) as ended:
        qtbot.mouseClick(editor.bar.train, LEFT)
    assert ended.args[0].reason == "done"
    assert editor.curves.points("loss") == 25
    assert editor.curves.points("accuracy") == 25
    assert ended.args[0].test["accuracy"] >= 0.97

    # Save; open it in a process of its own, as after a restart; reopen here.
    path = tmp_path / "digits.keras"
    assert window.save_to(str(path))
    assert not window.is_dirty
    saved = document.state()
    there = tmp_path / "there.py"
    told = subprocess.run(
        [sys.executable, "-m", "tests.end_to_end.driver", "export", f"{path}={there}"],
        env={**os.environ, "PYTHONPATH": str(ROOT)}, cwd=ROOT, text=True, check=True, capture_output=True,
    )  # fmt: skip
    assert json.loads(told.stdout)["state"] == msgspec.json.encode(record_of(document)).decode()
    assert window.open(str(path))
    assert window.editor.workspace.document.state() == saved
    assert window.editor.project.weights is not None

    # Export; run it in a fresh process under Keras with the project's weights.
    exported = tmp_path / "digits.py"
    window.export_to(str(exported), window.editor.code._code.text or _code(window))
    assert exported.read_text() == there.read_text(), "a fresh start writes the same code"
    Path(f"{path}.weights.h5").write_bytes(read(path).weights or b"")
    command = [sys.executable, "-W", "ignore", "-c", SCRIPT, str(path), str(exported), str(tmp_path / "answer.npz")]
    subprocess.run(command, check=True, env={**os.environ, "KERAS_BACKEND": "jax"}, stdout=subprocess.DEVNULL)
    answer = np.load(tmp_path / "answer.npz")
    ours = saving.load_model(path).predict(answer["x"], verbose=0)
    assert np.abs(ours - answer["built"]).max() <= 1e-5
    assert np.abs(ours - answer["loaded"]).max() <= 1e-5
    assert (ours.argmax(1) == answer["y"]).mean() >= 0.97


def _code(window: MainWindow) -> str:
    window.editor.code.refresh()
    return window.editor.code._code.text
