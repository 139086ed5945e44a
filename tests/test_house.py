"""The house: the way in from a checkout, what the build declares, and the rules every file keeps."""

from __future__ import annotations

import ast
import importlib.util
import re
import tomllib
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
SOURCES = sorted(path for folder in ("engine", "designer") for path in (ROOT / folder).rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))


@pytest.fixture
def dev(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    spec = importlib.util.spec_from_file_location("dev", ROOT / "packaging" / "dev.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "prepare", lambda purpose: True)
    return module


@pytest.fixture
def calls(dev: ModuleType, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    made: list[list[str]] = []
    monkeypatch.setattr(dev.subprocess, "call", lambda command, **kwargs: made.append(command) or 0)
    monkeypatch.setattr(dev, "qt_is_ready", lambda plugins: True)
    return made


def without_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("sys.platform", "linux")


def test_run_without_a_screen_says_so_in_one_sentence(
    dev: ModuleType, calls: list[list[str]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    without_screen(monkeypatch)
    assert dev.main(["run"]) == 2
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert "bricklayer train PROJECT" in told
    assert not calls


def test_run_without_a_screen_still_runs_headless_commands(
    dev: ModuleType, calls: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    without_screen(monkeypatch)
    assert dev.main(["run", "info", "x.keras"]) == 0
    assert calls[0][1:] == ["info", "x.keras"]


def test_run_with_a_screen_starts_the_app(
    dev: ModuleType, calls: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DISPLAY", ":0")
    assert dev.main(["run"]) == 0
    assert Path(calls[0][0]).stem == "bricklayer"


def test_every_check_runs_even_if_an_earlier_one_fails(
    dev: ModuleType, calls: list[list[str]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ran: list[str] = []

    def echo(command: list[str]) -> tuple[int, str]:
        ran.append(" ".join(command))
        return (1, "bad") if "mypy" in command else (0, "==== 7 passed in 1.0s ====")

    monkeypatch.setattr(dev, "echo", echo)
    assert dev.main(["test", "-k", "x"]) == 1
    expected = ("ruff check", "ruff format", "mypy", "lint-imports", "pytest")
    assert all(name in command for name, command in zip(expected, ran, strict=True))
    assert ran[-1].endswith("-k x")
    told = capsys.readouterr().out
    assert "FAILED (1)" in told
    assert told.rstrip().endswith("7 passed in 1.0s ====")


def test_output_of_a_check_is_shown_and_its_last_line_kept(dev: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    import sys

    status, last = dev.echo([sys.executable, "-c", "print('one'); print('two'); print(); raise SystemExit(3)"])
    assert (status, last) == (3, "two")
    assert "one\ntwo" in capsys.readouterr().out


@pytest.mark.parametrize(("arguments", "status"), [([], 2), (["dance"], 2), (["--help"], 0)])
def test_usage(dev: ModuleType, arguments: list[str], status: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert dev.main(arguments) == status
    assert "dev.py test" in capsys.readouterr().err


def test_packaging_is_no_package() -> None:
    """A package of this name would hide the library `packaging` from pip and pytest."""
    assert not list((ROOT / "packaging").rglob("__init__.py"))


def test_ci_runs_the_one_command() -> None:
    assert "python packaging/dev.py test" in (ROOT / ".ci" / "run").read_text()


def test_declared_commands_exist() -> None:
    project: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    for entry in {**project["scripts"], **project["gui-scripts"]}.values():
        module, _, function = entry.partition(":")
        path = ROOT / Path(*module.split(".")).with_suffix(".py")
        names = {n.name for n in ast.parse(path.read_text()).body if isinstance(n, ast.FunctionDef)}
        assert function in names, f"{entry} leads nowhere"


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_source_keeps_the_rules(path: Path) -> None:
    text = path.read_text()
    module = ast.parse(text)
    assert text.count("\n") <= 500, "longer than 500 lines"
    assert ast.get_docstring(module) or not text.strip(), "no module docstring"
    functions = [n for n in ast.walk(module) if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef))]
    long = [f.name for f in functions if (f.end_lineno or 0) - f.lineno > 70]
    assert not long, f"functions of more than 70 lines: {long}"
    assert not re.search(r"\b(TODO|FIXME|XXX)\b", text)


@pytest.mark.parametrize("path", TESTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_test_file_hides_nothing(path: Path) -> None:
    if path == Path(__file__):
        return
    marks = re.findall(r"pytest\.mark\.(?:skip|skipif|xfail)\b|pytest\.(?:skip|xfail|importorskip)\(", path.read_text())
    assert not marks
