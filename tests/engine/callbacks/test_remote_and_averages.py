"""RemoteMonitor against a real server on this machine; SwapEMAWeights against the averages the optimizer keeps."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import parse_qs

import numpy as np
import pytest

import engine
from engine import callbacks, optimizers

X = np.random.default_rng(0).normal(size=(40, 4)).astype("float32")
Y = X[:, :1]


@pytest.fixture()
def server() -> Iterator[tuple[str, list[tuple[str, dict[str, str], str]]]]:
    seen: list[tuple[str, dict[str, str], str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            seen.append((self.path, dict(self.headers), body))
            self.send_response(500 if "broken" in self.path else 200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Nothing on the screen."""

    http = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=http.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{http.server_port}", seen
    http.shutdown()
    thread.join()
    http.server_close()


def compiled(**options: Any) -> Any:
    model = engine.Sequential([engine.Input((4,)), engine.layers.Dense(1)])
    model.compile(optimizers.SGD(0.1, **options), "mse", metrics=["mae"])
    return model


def test_figures_reach_a_server_as_json_and_as_a_form(server: Any) -> None:
    root, seen = server
    body = callbacks.RemoteMonitor(root, path="/a", headers={"X-Run": "7"}, send_as_json=True)
    form = callbacks.RemoteMonitor(root, field="figures")
    history = compiled().fit(X, Y, epochs=2, verbose=0, callbacks=[body, form]).history
    assert [path for path, _, _ in seen] == ["/a", "/publish/epoch/end/"] * 2
    for epoch in range(2):
        expected = {"epoch": epoch, "loss": history["loss"][epoch], "mae": history["mae"][epoch]}
        (_, headers, sent), (_, _, fields) = seen[2 * epoch : 2 * epoch + 2]
        assert json.loads(sent) == expected and headers["X-Run"] == "7"
        assert headers["Content-Type"] == "application/json"
        assert json.loads(parse_qs(fields)["figures"][0]) == expected


def test_a_server_that_refuses_does_not_stop_training_and_one_that_is_gone_is_told(server: Any) -> None:
    root, seen = server
    monitor = callbacks.RemoteMonitor(root, path="/broken")
    monitor.on_epoch_end(0, {"loss": np.float32(1.5), "extra": np.array(2)})
    assert json.loads(parse_qs(seen[0][2])["data"][0]) == {"epoch": 0, "loss": 1.5, "extra": 2}
    with pytest.warns(UserWarning, match="Could not reach RemoteMonitor root server at http://127.0.0.1:9"):
        callbacks.RemoteMonitor("http://127.0.0.1:9").on_epoch_end(0, {})


def averages(model: Any) -> list[np.ndarray[Any, Any]]:
    return [v.numpy().copy() for v in model.optimizer._model_variables_moving_average]


def same(a: list[Any], b: list[Any]) -> bool:
    return all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))


class Watch(callbacks.Callback):
    """Weights in the model at each hook."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: dict[str, list[Any]] = {}

    def _note(self, hook: str) -> None:
        self.seen.setdefault(hook, []).append((self.model.get_weights(), averages(self.model)))

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self._note("epoch_begin")

    def on_test_begin(self, logs: Any = None) -> None:
        self._note("test_begin")

    def on_test_end(self, logs: Any = None) -> None:
        self._note("test_end")

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self._note("epoch_end")


def test_validation_sees_the_averages_and_training_its_own_weights() -> None:
    plain, swapped = compiled(use_ema=True, ema_momentum=0.5), compiled(use_ema=True, ema_momentum=0.5)
    swapped.set_weights(plain.get_weights())
    before, watch = Watch(), Watch()
    options: dict[str, Any] = {"epochs": 3, "shuffle": False, "verbose": 0, "validation_data": (X, Y)}
    plain.fit(X, Y, callbacks=[before], **options)
    history = swapped.fit(X, Y, callbacks=[callbacks.SwapEMAWeights(), watch], **options).history
    for (trained, mean), (held, kept) in zip(before.seen["test_begin"], watch.seen["test_begin"], strict=True):
        assert same(held, mean) and same(kept, trained)
    for (trained, mean), (held, kept) in zip(before.seen["test_end"], watch.seen["test_end"], strict=True):
        assert same(held, trained) and same(kept, mean)
    assert same(swapped.get_weights(), plain.get_weights()) and same(swapped.get_weights(), averages(swapped))
    assert swapped.evaluate(X, Y, verbose=0)[0] == pytest.approx(history["val_loss"][-1], rel=1e-6)


def test_swapping_by_epochs_lets_checkpoints_hold_the_averages() -> None:
    plain, swapped = compiled(use_ema=True, ema_momentum=0.5), compiled(use_ema=True, ema_momentum=0.5)
    swapped.set_weights(plain.get_weights())
    before, watch = Watch(), Watch()
    plain.fit(X, Y, epochs=3, shuffle=False, verbose=0, callbacks=[before])
    swap = callbacks.SwapEMAWeights(swap_on_epoch=True)
    swapped.fit(X, Y, epochs=3, shuffle=False, verbose=0, callbacks=[swap, watch])
    for (trained, mean), (held, _) in zip(before.seen["epoch_end"], watch.seen["epoch_end"], strict=True):
        assert same(held, mean) and not same(trained, mean)
    for (trained, _), (held, _) in zip(before.seen["epoch_begin"], watch.seen["epoch_begin"], strict=True):
        assert same(held, trained)
    assert same(swapped.get_weights(), plain.get_weights())


def test_prediction_uses_the_averages_and_gives_the_weights_back() -> None:
    model = compiled(use_ema=True, ema_momentum=0.5)
    for _ in range(3):
        model.train_on_batch(X, Y)
    trained, (kernel, bias) = model.get_weights(), averages(model)
    predicted = model.predict(X, verbose=0, callbacks=[callbacks.SwapEMAWeights()])
    np.testing.assert_allclose(predicted, X @ kernel + bias, rtol=1e-5, atol=1e-6)
    assert same(model.get_weights(), trained)


def test_an_optimizer_without_averages_is_refused() -> None:
    with pytest.raises(ValueError, match="SwapEMAWeights must be used when `use_ema=True`"):
        compiled().evaluate(X, Y, verbose=0, callbacks=[callbacks.SwapEMAWeights()])
