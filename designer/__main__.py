"""`python -m designer`: the command line, the window, or (for the window's own use) the training process."""

from __future__ import annotations

import sys


def main() -> int:
    """Choose the role before anything heavy is imported."""
    if sys.argv[1:2] == ["--train-worker"]:
        from designer.training.worker import main as worker

        return worker()
    from designer.cli import main as command_line

    return command_line()


def gui() -> int:
    """The window, for the start menu."""
    from designer.cli import open_window

    return open_window(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
