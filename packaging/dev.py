"""The one way in for people who work from a checkout: `run` starts the app, `test` checks everything.

Both make `.venv`, install into it when pyproject.toml changed, and see to Qt's system libraries.
Standard library only; works on Linux, macOS and Windows.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import time
import venv
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / ("python.exe" if os.name == "nt" else "python")
STAMP = VENV / "installed-for"
SUPPORTED = ((3, 11), (3, 14))
HEADLESS_COMMANDS = ("train", "export", "check", "info", "bench", "--help", "-h", "--version")

USAGE = """usage: python packaging/dev.py run [arguments of bricklayer]
       python packaging/dev.py test [arguments of pytest]"""

# Installed on its own and before the rest, so that a CPU build chosen by the person's pip settings is kept.
TORCH = "torch==2.13.0"

QT_PACKAGES = (
    "libegl1 libgl1 libx11-6 libxkbcommon0 libdbus-1-3 libfontconfig1 libfreetype6 libglib2.0-0 libzstd1 zlib1g "
    "libstdc++6 libgcc-s1 fonts-dejavu-core libxcb1 libx11-xcb1 libxcb-cursor0 libxcb-icccm4 libxcb-image0 "
    "libxcb-keysyms1 libxcb-randr0 libxcb-render0 libxcb-render-util0 libxcb-shape0 libxcb-shm0 libxcb-sync1 "
    "libxcb-util1 libxcb-xfixes0 libxcb-xkb1 libxkbcommon-x11-0 libxcb-glx0 libwayland-client0 libwayland-cursor0"
).split()

QT_PROBE = """
import sys
from PySide6.QtCore import QLibraryInfo, QPluginLoader
import PySide6.QtSvg, PySide6.QtWidgets
folder = QLibraryInfo.path(QLibraryInfo.LibraryPath.PluginsPath) + "/platforms/libq"
loaders = [QPluginLoader(folder + name + ".so") for name in sys.argv[1:]]
sys.exit("; ".join(loader.errorString() for loader in loaders if not loader.load()) or 0)
"""


def main(arguments: Sequence[str]) -> int:
    """Run the command named first; the exit status."""
    if not SUPPORTED[0] <= sys.version_info[:2] < SUPPORTED[1]:
        print(f"Bricklayer needs Python 3.11, 3.12 or 3.13; this is {sys.version.split()[0]}.", file=sys.stderr)
        return 2
    command, rest = (arguments[0] if arguments else ""), list(arguments[1:])
    if command == "run":
        return run(rest)
    if command == "test":
        return test(rest)
    print(USAGE, file=sys.stderr)
    return 0 if command in ("-h", "--help") else 2


def run(arguments: list[str]) -> int:
    """Start the app, or one of its headless commands."""
    if not prepare("run"):
        return 1
    if not (arguments and arguments[0] in HEADLESS_COMMANDS):
        if not has_screen():
            print(
                "There is no screen here (neither DISPLAY nor WAYLAND_DISPLAY is set); "
                f"to train a project without one, type: {BIN / 'bricklayer'} train PROJECT",
                file=sys.stderr,
            )
            return 2
        if not qt_is_ready(("offscreen", "xcb")):
            return 1
    try:
        return subprocess.call([str(BIN / "bricklayer"), *arguments])
    except KeyboardInterrupt:
        return 130


def has_screen() -> bool:
    """Whether a window can be shown."""
    if not sys.platform.startswith("linux"):
        return True
    return any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"))


def test(pytest_arguments: list[str]) -> int:
    """Lint, formatting, types, import contracts and tests: each is run, and one table says how it went."""
    if not prepare("test") or not qt_is_ready(("offscreen",)):
        return 1
    colour = ["--color=yes"] if sys.stdout.isatty() else []
    python = str(PYTHON)
    steps = {
        "ruff check": [python, "-m", "ruff", "check", "."],
        "ruff format": [python, "-m", "ruff", "format", "--check", "."],
        "mypy": [python, "-m", "mypy"],
        "import contracts": [str(BIN / "lint-imports"), "--no-logo"],
        # Files stay whole, so that what a file's tests share is made once.
        "pytest": [python, "-m", "pytest", "-n", "2", "--dist", "loadfile", *colour, *pytest_arguments],
    }
    rows, closing = [], ""
    for name, command in steps.items():
        print(f"\n── {name} " + "─" * (74 - len(name)), flush=True)
        started = time.monotonic()
        status, closing = echo(command)
        rows.append((name, status, time.monotonic() - started))
    print("\n── summary " + "─" * 67)
    for name, status, seconds in rows:
        print(f"{name:<18} {'passed' if status == 0 else f'FAILED ({status})':<12} {seconds:7.1f} s")
    print(closing, flush=True)
    return 0 if all(status == 0 for _, status, _ in rows) else 1


def echo(command: list[str]) -> tuple[int, str]:
    """Run a command, show its output as it comes; its status and its last line."""
    environment = {**os.environ, "PYTHONUNBUFFERED": "1", "PYTHONUTF8": "1"}
    last = ""
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
    ) as process:
        for line in process.stdout or ():
            print(line, end="", flush=True)
            last = line.rstrip() or last
    return process.returncode, last


def prepare(purpose: str) -> bool:
    """Make `.venv` and install into it, unless that was done for this pyproject.toml; "test" includes "run"."""
    digest = hashlib.sha256((ROOT / "pyproject.toml").read_bytes()).hexdigest()
    done = STAMP.read_text().split() if STAMP.exists() else []
    if PYTHON.exists() and digest in done and (purpose in done or "test" in done):
        return True
    if not PYTHON.exists():
        print(f"Making {VENV} ...", flush=True)
        venv.create(VENV, with_pip=True)
    wanted = [[TORCH], ["-e", ".[test]"]] if purpose == "test" else [["-e", "."]]
    print("Installing (the first time takes some minutes) ...", flush=True)
    for packages in wanted:
        if subprocess.call([str(PYTHON), "-m", "pip", "install", "-q", *packages], cwd=ROOT):
            print(f"pip could not install {' '.join(packages)}; its message stands above.", file=sys.stderr)
            return False
    STAMP.write_text(f"{purpose} {digest}\n")
    return True


def qt_is_ready(plugins: tuple[str, ...]) -> bool:
    """Whether Qt finds its system libraries; on Debian and its kin they are installed when that is possible."""
    if not sys.platform.startswith("linux"):
        return True
    problem = qt_problem(plugins)
    if not problem:
        return True
    install = ["apt-get", "install", "-y", "--no-install-recommends", *QT_PACKAGES]
    if shutil.which("apt-get") and os.geteuid() == 0:
        print(f"Qt needs system libraries ({problem}). Installing them ...", flush=True)
        subprocess.call(["apt-get", "update", "-q"])
        subprocess.call(install)
        problem = qt_problem(plugins)
        if not problem:
            return True
    print(f"Qt cannot start: {problem}.", file=sys.stderr)
    if shutil.which("apt-get"):
        print("Type this and start again:\n  sudo " + " ".join(install), file=sys.stderr)
    else:
        print("Install the libraries of Qt's xcb platform with your system's package manager.", file=sys.stderr)
    return False


def qt_problem(plugins: tuple[str, ...]) -> str:
    """What keeps Qt from loading, tried in a process of its own; empty when nothing does."""
    probe = subprocess.run([str(PYTHON), "-c", QT_PROBE, *plugins], capture_output=True, text=True)
    if probe.returncode == 0:
        return ""
    return (probe.stderr.strip().splitlines() or [f"exit status {probe.returncode}"])[-1].rstrip(".")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
