"""What every test stands on: private folders, one font, and guards that fail a test which leaves something behind."""

from __future__ import annotations

import atexit
import gc
import logging
import os
import shutil
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

# All of this has to be set before NumPy, Qt or Keras is imported.
_PRIVATE = Path(tempfile.mkdtemp(prefix="bricklayer-tests-"))
atexit.register(shutil.rmtree, _PRIVATE, ignore_errors=True)
os.environ["QT_QPA_PLATFORM"] = "offscreen"
os.environ["OPENBLAS_NUM_THREADS"] = "1"
os.environ["KERAS_HOME"] = str(_PRIVATE / "keras")
for _name in ("CONFIG", "DATA", "STATE", "CACHE"):
    os.environ[f"XDG_{_name}_HOME"] = str(_PRIVATE / _name.lower())

import hypothesis  # noqa: E402
import pytest  # noqa: E402

hypothesis.settings.register_profile("dev", max_examples=20, deadline=None, derandomize=True, database=None)
hypothesis.settings.register_profile("ci", max_examples=50, deadline=None, derandomize=True, database=None)
hypothesis.settings.register_profile("nightly", max_examples=1000, deadline=None, database=None)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "dev"))

_SECONDS_TO_END = 3.0
"""How long a thread that was told to end may take before it counts as leaked."""

_LASTING_WINDOWS = ("QTipLabel", "QDesktopWidget")
"""Windows that Qt itself keeps for the life of the application."""


class _Records(logging.Handler):
    """Keeps what is logged as WARNING or above."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.kept: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.kept.append(record)


_RECORDS = _Records()
logging.getLogger().addHandler(_RECORDS)


@pytest.fixture(scope="session")
def qapp(qapp: Any) -> Any:
    """The application, with one font on every machine."""
    from PySide6.QtGui import QFont

    qapp.setFont(QFont("DejaVu Sans", 10))
    return qapp


@pytest.fixture(autouse=True)
def _guard_logs(request: pytest.FixtureRequest) -> Iterator[None]:
    _RECORDS.kept.clear()
    yield
    kept = [f"{r.levelname} {r.name}: {r.getMessage()}" for r in _RECORDS.kept]
    _RECORDS.kept.clear()
    if kept and request.node.get_closest_marker("allow_log") is None:
        pytest.fail("Logged without `allow_log`:\n  " + "\n  ".join(kept))


@pytest.fixture(autouse=True)
def _guard_threads(request: pytest.FixtureRequest) -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    if request.node.get_closest_marker("allow_threads") is not None:
        return
    fresh = [thread for thread in threading.enumerate() if thread not in before]
    for thread in fresh:
        thread.join(_SECONDS_TO_END)
    left = [thread.name for thread in fresh if thread.is_alive()]
    if left:
        pytest.fail(f"Threads left running: {', '.join(left)}")


@pytest.fixture(autouse=True)
def _guard_qt() -> Iterator[None]:
    """Running timers and threads, and windows, that were not there before the test."""
    before = _qt_state()
    yield
    left = _qt_state() - before
    if left:
        _let_qt_delete()
        left = _qt_state() - before
    if left:
        pytest.fail("Left behind: " + ", ".join(sorted(name for name, _ in left)))


def _let_qt_delete() -> None:
    from PySide6.QtCore import QCoreApplication, QEvent

    gc.collect()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    QCoreApplication.processEvents()
    # What was deleted may have been held in a circle of Python objects until now.
    gc.collect()


def _qt_state() -> set[tuple[str, int]]:
    """(what, address) of everything in Qt that runs or stands as a window."""
    core = sys.modules.get("PySide6.QtCore")
    application = core.QCoreApplication.instance() if core else None
    if core is None or application is None:
        return set()
    import shiboken6

    found: set[tuple[str, int]] = set()
    for wrapper in shiboken6.getAllValidWrappers():
        if isinstance(wrapper, core.QTimer) and wrapper.isActive():
            name = wrapper.objectName() or f"in {type(wrapper.parent()).__name__}"
            found.add((f"running timer {name}", shiboken6.getCppPointer(wrapper)[0]))
        elif isinstance(wrapper, core.QThread) and wrapper.isRunning() and wrapper is not application.thread():
            found.add(("running QThread", shiboken6.getCppPointer(wrapper)[0]))
    widgets = sys.modules.get("PySide6.QtWidgets")
    for window in widgets.QApplication.topLevelWidgets() if widgets else ():
        if window.metaObject().className() not in _LASTING_WINDOWS:
            name = window.objectName() or type(window).__name__
            found.add((f"window {name}", shiboken6.getCppPointer(window)[0]))
    return found


@pytest.fixture(autouse=True)
def _guard_engine() -> Iterator[None]:
    """Tapes, traces and scopes left open; settings left changed. Automatic names start anew for each test."""
    before = _engine_settings()
    naming = sys.modules.get("engine.core.naming")
    if naming is not None:
        naming.reset_names()
    yield
    state = sys.modules.get("engine.core.state")
    if state is not None:
        left = [name for name in ("trace", "tapes", "autocast") if getattr(state.STATE, name)]
        state.STATE.trace, state.STATE.tapes, state.STATE.autocast = None, (), None
        assert not left, f"Left open in the engine: {', '.join(left)}"
    after = _engine_settings()
    changed = [key for key, value in before.items() if after[key] != value]
    _restore_settings(before)
    assert not changed, f"Engine settings left changed: {', '.join(changed)}"


def _engine_settings() -> dict[str, Any]:
    """Global settings of the engine; those it starts with when it is not imported yet."""
    config = sys.modules.get("engine.core.config")
    dtypes = sys.modules.get("engine.core.dtypes")
    registry = sys.modules.get("engine.core.registry")
    start = {"floatx": "float32", "epsilon": 1e-7, "image_data_format": "channels_last", "kernel_set": "numpy"}
    return {
        **(dict(vars(config.SETTINGS)) if config else start),
        "dtype policy": dtypes.dtype_policy().name if dtypes else "float32",
        "custom object scopes": len(registry._SCOPES) if registry else 0,
    }


def _restore_settings(values: dict[str, Any]) -> None:
    config, dtypes = sys.modules.get("engine.core.config"), sys.modules.get("engine.core.dtypes")
    if config is not None:
        for key, start in vars(type(config.SETTINGS)()).items():
            setattr(config.SETTINGS, key, values.get(key, start))
    if dtypes is not None and dtypes.dtype_policy().name != values["dtype policy"]:
        dtypes.set_dtype_policy(values["dtype policy"])
