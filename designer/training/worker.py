"""The training process: a job on standard input, events on standard output. It knows no window."""

from __future__ import annotations

import math
import os
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from designer.core.errors import Refused
from designer.core.text import tr
from designer.training import protocol as p

EVENTS_A_SECOND = 30


class Control:
    """What the other side asks for while training runs."""

    def __init__(self) -> None:
        self.stop = False
        self._go = threading.Event()
        self._go.set()

    @property
    def paused(self) -> bool:
        return not self._go.is_set()

    def handle(self, word: str) -> None:
        """Take in "stop", "pause" or "resume"."""
        if word == "pause":
            self._go.clear()
        elif word in ("resume", "stop"):
            self.stop |= word == "stop"
            self._go.set()

    def wait(self) -> None:
        """Wait while paused."""
        self._go.wait()

    def listen(self, stream: BinaryIO) -> None:
        """Follow commands, one JSON object {"t": word} a line, until the stream ends (which stops training)."""
        for line in stream:
            try:
                self.handle(str(msgspec.json.decode(line).get("t")))
            except (msgspec.DecodeError, AttributeError):
                continue
        self.handle("stop")


def adapt(model: Any, x: Any) -> None:
    """Let the layers that keep figures of the data (Normalization) find them, those nearest to the input first."""
    from engine import models

    for layer in model.layers:
        if hasattr(layer, "adapt") and layer.weights:
            first = layer.input is model.inputs[0]
            layer.adapt(x if first else models.Model(model.inputs, layer.input).predict(x, verbose=0))


class Trainer:
    """Runs one job."""

    def __init__(self, job: p.Job, out: Any, control: Control) -> None:
        self._job, self._out, self._control = job, out, control
        self.reason, self.sentence, self.done = "done", "", 0
        self._started = time.monotonic()

    def say(self, event: p.Event) -> None:
        """Send an event."""
        self._out.write(p.encode(event))
        self._out.flush()

    def run(self) -> None:
        """Load, build, train, test, tell."""
        from designer.data.prepare import prepare
        from engine import saving
        from engine.utils import set_random_seed

        job = self._job
        set_random_seed(job.seed)
        data = prepare(job.data)
        model = saving.model_from_config(job.config)
        if job.weights:
            saving.load_weights_bytes(model, Path(job.weights).read_bytes())
        x, y = data.parts["train"]
        if not job.weights:
            adapt(model, x)
        batches = math.ceil(len(x) / job.batch_size)
        self.say(p.Started(model.count_params(), batches, job.epochs, job.first_epoch))
        model.fit(
            x,
            y,
            batch_size=job.batch_size,
            epochs=job.first_epoch + job.epochs,
            initial_epoch=job.first_epoch,
            validation_data=data.part("validation"),
            shuffle=job.shuffle,
            verbose=0,
            callbacks=[*self._callbacks(), reporter(self, model)],
        )
        test = self._test(model, data.part("test"))
        weights = self.save(model) if self.reason != "nan" else None
        seconds = time.monotonic() - self._started
        self.say(p.Finished(self.reason, self.done, self.sentence, weights, test, seconds))

    def _callbacks(self) -> list[Any]:
        from engine.core import registry

        found = []
        for described in self._job.callbacks:
            cls = registry.lookup("callback", str(described.get("name")))
            if cls is None:
                raise Refused(tr("The callback {name} is not known here.", name=repr(described.get("name"))))
            found.append(cls(**described.get("params", {})))
        return found

    def _test(self, model: Any, part: Any) -> dict[str, float]:
        if part is None or self.reason in ("nan", "stopped") or self._job.limit:
            return {}
        logs = model.evaluate(*part, batch_size=256, verbose=0, return_dict=True)
        return {name: float(value) for name, value in logs.items()}

    def save(self, model: Any) -> str:
        """Write the weights so that the file is always whole."""
        from engine import saving

        target = Path(self._job.out)
        handle, name = tempfile.mkstemp(dir=target.parent, suffix=".part")
        with os.fdopen(handle, "wb") as stream:
            stream.write(saving.weights_bytes(model))
        os.replace(name, target)
        return str(target)

    def check(self, logs: dict[str, float], epoch: int, batch: int, model: Any) -> bool:
        """Whether the figures are still numbers; tells the likely cause when not."""
        if math.isfinite(logs.get("loss", 0.0)):
            return True
        self.reason = "nan"
        rate = float(model.optimizer.learning_rate)
        self.sentence = tr(
            "Loss stopped being a number in epoch {epoch}, batch {batch}. The learning rate {rate:g} is the likely "
            "cause. Try {better:g}.",
            epoch=epoch,
            batch=batch,
            rate=rate,
            better=rate / 10 if rate <= 0.01 else 0.001,
        )
        return False

    @property
    def job(self) -> p.Job:
        return self._job

    @property
    def control(self) -> Control:
        return self._control


def reporter(trainer: Trainer, model: Any) -> Any:
    """The callback that sends events and obeys commands."""
    from engine.callbacks import Callback

    class Reporter(Callback):
        def __init__(self) -> None:
            super().__init__()
            self._epoch = self._seen = 0
            self._last = self._begun = 0.0

        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            self._epoch, self._begun = epoch + 1, time.monotonic()

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            figures = {name: float(value) for name, value in (logs or {}).items()}
            self._seen += 1
            now = time.monotonic()
            if not trainer.check(figures, self._epoch, batch + 1, model):
                self.model.stop_training = True
            elif now - self._last >= 1 / EVENTS_A_SECOND or trainer.job.limit:
                self._last = now
                trainer.say(p.Batch(self._epoch, batch + 1, figures))
            if trainer.job.limit and self._seen >= trainer.job.limit:
                self.model.stop_training = True
            self._obey()

        def _obey(self) -> None:
            if trainer.control.paused:
                trainer.say(p.Paused())
                trainer.control.wait()
                trainer.say(p.Resumed())
            if trainer.control.stop and trainer.reason == "done":
                trainer.reason = "stopped"
            if trainer.control.stop:
                self.model.stop_training = True

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            if trainer.reason in ("nan", "stopped"):
                return
            figures = {name: float(value) for name, value in (logs or {}).items()}
            trainer.done = epoch + 1
            trainer.say(p.Epoch(epoch + 1, figures, time.monotonic() - self._begun))
            trainer.save(model)

        def on_train_end(self, logs: Any = None) -> None:
            planned = trainer.job.first_epoch + trainer.job.epochs
            if trainer.reason == "done" and trainer.done < planned and not trainer.job.limit:
                trainer.reason = "early"

    return Reporter()


def serve(source: BinaryIO, out: BinaryIO) -> int:
    """Run the job on the first line of `source`; commands follow on further lines. Exit status."""
    control = Control()
    try:
        job = p.decode_job(source.readline())
    except msgspec.DecodeError as error:
        out.write(p.encode(p.Failed(tr("The worker was given no job it can read: {error}.", error=error))))
        return 2
    threading.Thread(target=control.listen, args=(source,), daemon=True).start()
    trainer = Trainer(job, out, control)
    try:
        trainer.run()
    except Exception as error:  # noqa: BLE001  (the worker's top: every failure becomes a sentence)
        import traceback

        traceback.print_exc(file=sys.stderr)
        trainer.say(p.Failed(_sentence(error, job)))
        return 1
    return 0


def _sentence(error: Exception, job: p.Job) -> str:
    if isinstance(error, MemoryError):
        return tr(
            "There is not enough memory for batches of {size:,}. Use a smaller batch size or smaller layers.",
            size=job.batch_size,
        )
    text = str(error).strip() or type(error).__name__
    return tr("Training stopped: {text}", text=text)


def main() -> int:
    """The worker process."""
    from engine import config

    config.disable_traceback_filtering()  # what goes wrong here is for those who mend it
    status = serve(sys.stdin.buffer, sys.stdout.buffer)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)  # a thread still waits for commands; nothing is left to clean up
