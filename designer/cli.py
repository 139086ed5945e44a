"""The command `bricklayer`: without arguments the window, with a word one of the headless commands.

Exit codes: 0 done; 1 the network has errors; 2 wrong use or a file that cannot be read; 3 training failed; 130 stopped.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import signal
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from designer import __version__
from designer.core.errors import Refused
from designer.core.text import tr

OK, PROBLEMS, USAGE, FAILED, STOPPED = 0, 1, 2, 3, 130
COMMANDS = ("train", "export", "check", "info", "bench")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; the exit status."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if not words or (words[0] not in COMMANDS and not words[0].startswith("-")):
        return open_window(words)
    options = _parser().parse_args(words)
    run: Callable[[argparse.Namespace], int] = options.run
    try:
        return run(options)
    except Refused as error:
        return _complain(error.sentence, PROBLEMS)
    except (OSError, ValueError) as error:
        return _complain(_file_words(error, options), USAGE)
    except KeyboardInterrupt:
        return STOPPED


def _file_words(error: Exception, options: argparse.Namespace) -> str:
    name = Path(getattr(options, "project", "") or "").name
    if isinstance(error, FileNotFoundError):
        return tr("{name} is not there. Check the path.", name=error.filename or name)
    if isinstance(error, OSError):
        return tr("{name}: {reason}.", name=error.filename or name, reason=error.strerror or error)
    return tr("{name} was not opened: {reason}", name=name, reason=error)


def _complain(sentence: str, status: int) -> int:
    print(sentence, file=sys.stderr)
    return status


def open_window(arguments: Sequence[str]) -> int:
    """Open the window, on a machine that has a screen."""
    screen = any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"))
    if sys.platform.startswith("linux") and not screen:
        words = tr("There is no screen here; to train a project without one, type: bricklayer train PROJECT")
        return _complain(words, USAGE)
    from designer.app.main import run

    return run(list(arguments))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="bricklayer", description="Design neural networks. Without a command the window opens."
    )
    parser.add_argument("--version", action="version", version=f"Bricklayer {__version__}")
    commands = parser.add_subparsers(required=True)

    def command(name: str, run: Callable[[argparse.Namespace], int], summary: str) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=summary, description=summary)
        made.set_defaults(run=run)
        if name != "bench":
            made.add_argument("project", help="a .keras project, or any .keras file made by Keras")
        made.add_argument("--json", action="store_true", help="answer in JSON, one object a line")
        return made

    train = command("train", _train, "Train a project and keep the weights in it.")
    train.add_argument("--epochs", type=int, help="instead of the project's own number")
    train.add_argument("--batch-size", type=int)
    train.add_argument("--seed", type=int)
    train.add_argument("-o", "--output", help="write the trained project here instead of over the old one")
    train.add_argument("--quiet", action="store_true", help="say only how it ended")
    export = command("export", _export, "Write the project as source code.")
    export.add_argument("--to", choices=("keras",), default="keras")
    export.add_argument("-o", "--output", default="-", help="file, or - for standard output")
    command("check", _check, "List the network's problems.")
    command("info", _info, "Tell layers, shapes, parameters and data.")
    bench = command("bench", _bench, "Measure start, canvas and training on this computer.")
    bench.add_argument("--quick", action="store_true", help="fewer repetitions")
    return parser


def _open(options: argparse.Namespace) -> Any:
    from designer.core import project

    return project.read(options.project)


def _say(options: argparse.Namespace, **facts: Any) -> None:
    if options.json:
        print(json.dumps(facts, ensure_ascii=False), flush=True)


# check, info, export.
def _check(options: argparse.Namespace) -> int:
    from designer.core.analysis import Analysis
    from designer.core.problems import validate

    document = _open(options).document
    problems = validate(document, Analysis(document))
    errors = sum(problem.severity == "error" for problem in problems)
    for problem in problems:
        _say(options, severity=problem.severity, layer=problem.name, sentence=problem.sentence,
             repairs=[repair.title for repair in problem.repairs])  # fmt: skip
        if not options.json:
            print(f"{problem.severity}: {problem.name + ' ' if problem.name else ''}{problem.sentence}")
            for step in problem.derivation:
                print(f"    {step.name}: {step.rule}" + ("" if step.failing else f" → {step.shape}"))
            for repair in problem.repairs:
                print(tr("  repair: {title} ({effect})", title=repair.title, effect=repair.effect))
    if not errors and not options.json:
        print(tr("No errors. Every shape is known."))
    return PROBLEMS if errors else OK


def _info(options: argparse.Namespace) -> int:
    from designer.core.analysis import Analysis
    from designer.core.ports import shape_text

    project = _open(options)
    document = project.document
    analysis = Analysis(document)
    rows = []
    for i in document.topological():
        node, info = document.nodes[i], analysis.info(i)
        rows.append(
            {"name": node.name, "type": node.type, "shape": shape_text(info.output), "parameters": info.parameters}
        )
    facts = {
        "name": document.name,
        "layers": rows,
        "parameters": analysis.parameters,
        "memory_bytes": analysis.memory_bytes,
        "data": document.data.source,
        "trained": project.weights is not None,
        "runs": [{"number": r.number, "reason": r.reason, "test": r.test} for r in project.runs],
        "told": project.told,
    }
    _say(options, **facts)
    if not options.json:
        print(_table(rows))
        size = analysis.memory_bytes / 1024
        print(
            tr(
                "{n:,} parameters ({size:,.1f} KB), data: {data}",
                n=analysis.parameters,
                size=size,
                data=document.data.source,
            )
        )
        for run in project.runs:
            test = ", ".join(f"{name} {value:.4f}" for name, value in run.test.items())
            print(tr("run {n}: {reason}, test {test}", n=run.number, reason=run.reason, test=test or "-"))
        for sentence in project.told:
            print(sentence)
    return OK


def _table(rows: list[dict[str, Any]]) -> str:
    cells = [
        [r["name"], r["type"], r["shape"], "?" if r["parameters"] is None else f"{r['parameters']:,}"] for r in rows
    ]
    widths = [max((len(row[i]) for row in cells), default=0) for i in range(4)]
    return "\n".join("  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip() for row in cells)


def _export(options: argparse.Namespace) -> int:
    from designer.codegen.keras import to_keras

    text = to_keras(_open(options).document).text
    if options.output == "-":
        sys.stdout.write(text)
    else:
        Path(options.output).write_text(text, encoding="utf-8")
    return OK


# train.
def _train(options: argparse.Namespace) -> int:
    import msgspec

    from designer.core import project as files
    from designer.core.commands import SetTraining
    from designer.training.jobs import job_for
    from designer.training.worker import Control, Trainer

    project = _open(options)
    changes = {"epochs": options.epochs, "batch_size": options.batch_size, "seed": options.seed}
    training = msgspec.structs.replace(project.document.training, **{k: v for k, v in changes.items() if v is not None})
    if training.epochs < 1 or training.batch_size < 1:
        return _complain(tr("Epochs and batch size are whole numbers of at least 1."), USAGE)
    SetTraining(training).do(project.document)
    watcher, control = _Watcher(options), Control()
    with tempfile.TemporaryDirectory() as folder:
        job = job_for(project.document, Path(folder))
        previous = signal.signal(signal.SIGINT, lambda *_: control.handle("stop"))
        trainer = Trainer(job, watcher, control)
        try:
            trainer.run()
        except MemoryError:
            return _complain(tr("There is not enough memory. Use a smaller batch size or smaller layers."), FAILED)
        finally:
            signal.signal(signal.SIGINT, previous)
        ended = watcher.finished
        if ended is None or ended.weights is None:
            return _complain(ended.sentence if ended else tr("Training ended without a word."), FAILED)
        project.weights = Path(ended.weights).read_bytes()
        number = len(project.runs) + 1
        history = watcher.series.history()
        project.runs.append(
            files.RunRecord(number, ended.reason, job.seed, ended.epochs, history, ended.test, ended.seconds)
        )
        files.write(project, options.output or options.project)
    watcher.close()
    return STOPPED if ended.reason == "stopped" else OK


class _Watcher(io.RawIOBase):
    """Takes the trainer's events: a progress line on a terminal, or JSON lines."""

    def __init__(self, options: argparse.Namespace) -> None:
        from designer.training.metrics import MetricSeries

        self._options = options
        self._live = sys.stderr.isatty() and not options.quiet and not options.json
        self.series = MetricSeries()
        self.finished: Any = None
        self._epochs = self._batches = 0

    def write(self, line: Any) -> int:
        from designer.training import protocol as p

        event = p.decode_event(bytes(line))
        if self._options.json:
            sys.stdout.write(bytes(line).decode())
            sys.stdout.flush()
        if isinstance(event, p.Started):
            self._epochs, self._batches = event.epochs, event.batches
        elif isinstance(event, p.Batch) and self._live:
            share = (event.epoch - 1 + event.batch / self._batches) / self._epochs
            bar = "█" * int(share * 30)
            print(
                f"\r{bar:<30} {share:4.0%}  epoch {event.epoch}/{self._epochs}  {_figures(event.logs)}",
                end="",
                file=sys.stderr,
            )
        elif isinstance(event, p.Epoch):
            self.series.add(event)
            if not self._options.quiet and not self._options.json:
                start = "\r\033[K" if self._live else ""
                print(f"{start}epoch {event.epoch}/{self._epochs}  {_figures(event.logs)}", file=sys.stderr, flush=True)
        elif isinstance(event, p.Finished):
            self.finished = event
        return len(line)

    def flush(self) -> None:
        """Lines are written at once."""

    def close(self) -> None:
        if self.finished is not None and not self._options.json:
            test = _figures(self.finished.test)
            print(
                tr(
                    "{reason} after {n} epochs. Test: {test}",
                    reason=self.finished.reason,
                    n=self.finished.epochs,
                    test=test or "-",
                )
            )
        super().close()


def _figures(logs: dict[str, float]) -> str:
    return "  ".join(f"{name} {value:.4f}" for name, value in logs.items())


def _bench(options: argparse.Namespace) -> int:
    folder = Path(__file__).resolve().parent.parent / "tests" / "benchmarks"
    if not folder.is_dir():
        return _complain(tr("The benchmarks come with the source code, which is not here."), USAGE)
    import importlib.util

    for path in sorted(folder.glob("*_bench.py")):
        spec = importlib.util.spec_from_file_location(path.stem, path)
        if spec is None or spec.loader is None:
            continue
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        for name, value in module.run(quick=options.quick).items():
            goal = module.GOALS.get(name)
            _say(options, bench=path.stem, name=name, milliseconds=value, goal=goal)
            if not options.json:
                told = "" if goal is None else f"goal {goal:8.1f}  {tr('met') if value <= goal else tr('missed')}"
                print(f"{path.stem.removesuffix('_bench'):<8} {name:<50} {value:9.2f} ms  {told}")
    return OK
