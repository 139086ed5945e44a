"""Draws `resources/screenshots/digits.png`: the digits example, trained here and now, in the real window."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(ROOT))

from PySide6.QtTest import QTest  # noqa: E402
from PySide6.QtWidgets import QApplication  # noqa: E402

from designer.app.settings import Settings  # noqa: E402
from designer.app.window import MainWindow  # noqa: E402
from designer.look import theme  # noqa: E402

LIMIT = 120
"""Seconds that the training may take."""


def main() -> int:
    app = QApplication(sys.argv[:1])
    theme.apply(app, theme.LIGHT, 1.0)
    window = MainWindow(Settings())
    window.resize(1440, 900)
    window.show()
    window.open_example(str(ROOT / "resources" / "examples" / "4-digits-residual.keras"))
    editor = window.editor
    QTest.qWait(500)
    ended: list[object] = []
    editor.session.finished.connect(ended.append)
    editor.bar.train.click()
    begun = time.monotonic()
    while not ended and time.monotonic() - begun < LIMIT:
        QTest.qWait(20)
    nodes = editor.workspace.document.nodes.values()
    editor.workspace.selection.set([next(n.id for n in nodes if n.name == "conv_2")])
    editor.canvas.fit()
    QTest.qWait(6000)
    window.grab().save(str(ROOT / "resources" / "screenshots" / "digits.png"))
    editor.mark_saved()
    window.close()
    return 0 if ended else 1


if __name__ == "__main__":
    sys.exit(main())
