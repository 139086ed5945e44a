"""The command line: answers, exit codes, and sentences instead of tracebacks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from designer.cli import main
from designer.core.commands import SetParams
from designer.core.project import Project, read, write
from tests.designer.drawing import classifier, residual


@pytest.fixture
def project(tmp_path: Path) -> str:
    path = tmp_path / "net.keras"
    write(Project(classifier()), path)
    return str(path)


def test_info_lists_layers(project: str, capsys: Any) -> None:
    assert main(["info", project]) == 0
    text = capsys.readouterr().out
    assert "8×8×4" in text
    assert main(["info", project, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["layers"][1]["name"] == "conv"


def test_check_finds_errors_with_exit_code_one(tmp_path: Path, capsys: Any) -> None:
    document = residual()
    SetParams(document.node_named("conv_2").id, {"padding": "valid"}).do(document)  # type: ignore[union-attr]
    write(Project(document), tmp_path / "bad.keras")
    assert main(["check", str(tmp_path / "bad.keras")]) == 1
    text = capsys.readouterr().out
    assert "8 ≠ 6" in text
    assert "Set conv_2 padding to same" in text


def test_train_keeps_weights_and_the_run(project: str, tmp_path: Path, capsys: Any) -> None:
    out = str(tmp_path / "trained.keras")
    assert main(["train", project, "--epochs", "2", "-o", out, "--quiet"]) == 0
    trained = read(out)
    assert trained.weights is not None
    assert len(trained.runs[0].history["loss"]) == 2
    assert "after 2 epochs" in capsys.readouterr().out
    assert read(project).weights is None


def test_train_in_json_gives_one_event_a_line(project: str, capsys: Any) -> None:
    assert main(["train", project, "--epochs", "1", "--json"]) == 0
    events = [json.loads(line)["t"] for line in capsys.readouterr().out.splitlines()]
    assert events[0] == "started"
    assert events[-1] == "finished"


def test_export_writes_code(project: str, tmp_path: Path, capsys: Any) -> None:
    assert main(["export", project, "--to", "keras"]) == 0
    text = capsys.readouterr().out
    assert main(["export", project, "-o", str(tmp_path / "net.py")]) == 0
    assert (tmp_path / "net.py").read_text() == text


@pytest.mark.parametrize("content", [b"", b"no zip at all", b"PK\x03\x04" + bytes(100)])
def test_files_that_are_none_end_in_one_sentence(content: bytes, tmp_path: Path, capsys: Any) -> None:
    path = tmp_path / "odd.keras"
    path.write_bytes(content)
    for command in ("info", "check", "export", "train"):
        assert main([command, str(path)]) == 2
        said = capsys.readouterr().err
        assert said.startswith("odd.keras was not opened:")
        assert len(said.splitlines()) == 1


def test_missing_file_and_missing_screen(tmp_path: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert main(["info", str(tmp_path / "gone.keras")]) == 2
    assert "is not there" in capsys.readouterr().err
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    assert main([]) == 2
    assert "bricklayer train PROJECT" in capsys.readouterr().err
