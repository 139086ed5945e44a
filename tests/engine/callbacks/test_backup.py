"""Trainings that are killed and go on: with a real process and a real SIGKILL."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import engine
from engine import callbacks

ROOT = Path(__file__).resolve().parents[3]
X = np.random.default_rng(0).normal(size=(20, 4)).astype("float32")
Y = X[:, :1]


def run(folder: Path, save_freq: str, *place: int) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.engine.callbacks.interrupted", str(folder), save_freq, *map(str, place)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)


def test_a_killed_training_ends_like_one_that_was_not(tmp_path: Path) -> None:
    whole = json.loads(run(tmp_path / "whole", "epoch").stdout)
    killed = run(tmp_path / "backup", "epoch", 2, 1)
    assert killed.returncode == -signal.SIGKILL and killed.stdout == ""
    saved = json.loads((tmp_path / "backup" / "training_metadata.json").read_text())
    assert saved == {"epoch": 2, "batch": 0}
    rest = json.loads(run(tmp_path / "backup", "epoch").stdout)
    assert rest["epochs"] == [2, 3, 4] and rest["iterations"] == whole["iterations"] == 20
    assert rest["losses"] == whole["losses"][2:] and rest["weights"] == whole["weights"]
    assert not rest["left"]


def test_backups_by_batches_keep_every_step_and_the_epoch(tmp_path: Path) -> None:
    run(tmp_path / "backup", "3", 2, 2)
    saved = json.loads((tmp_path / "backup" / "training_metadata.json").read_text())
    assert saved == {"epoch": 2, "batch": 0}  # the ninth batch of training, begun in epoch 2
    again = run(tmp_path / "backup", "3", 3, 3)
    assert again.returncode == -signal.SIGKILL
    saved = json.loads((tmp_path / "backup" / "training_metadata.json").read_text())
    assert saved["epoch"] == 3
    rest = json.loads(run(tmp_path / "backup", "3").stdout)
    # 9 steps were kept of the first run, 6 of the second (epoch 2 anew and half of 3), then epochs 3 and 4.
    assert rest["epochs"] == [3, 4] and rest["iterations"] == 9 + 6 + 8


def small() -> Any:
    model = engine.Sequential([engine.Input((4,)), engine.layers.Dense(1)])
    model.compile("adam", "mse")
    return model


def interrupted(folder: Path, **options: Any) -> Any:
    class Stop(callbacks.Callback):
        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            if epoch == 3:
                raise KeyboardInterrupt

    model = small()
    backup = callbacks.BackupAndRestore(folder, **options)
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, Y, epochs=5, verbose=0, callbacks=[backup, Stop()])
    return model


def test_the_backup_before_the_last_stands_in_for_a_damaged_one(tmp_path: Path) -> None:
    interrupted(tmp_path / "b", double_checkpoint=True)
    (tmp_path / "b" / "latest.weights.h5").write_bytes(b"damaged")
    history = small().fit(X, Y, epochs=5, verbose=0, callbacks=[callbacks.BackupAndRestore(tmp_path / "b")])
    assert history.epoch == [2, 3, 4]


def test_a_damaged_backup_without_another_is_told(tmp_path: Path) -> None:
    interrupted(tmp_path / "b")
    (tmp_path / "b" / "latest.weights.h5").write_bytes(b"damaged")
    with pytest.raises(ValueError, match="latest.weights.h5"):
        small().fit(X, Y, epochs=5, verbose=0, callbacks=[callbacks.BackupAndRestore(tmp_path / "b")])


def test_the_folder_can_be_kept_and_the_next_fit_starts_at_its_own_epoch(tmp_path: Path) -> None:
    model = interrupted(tmp_path / "b")
    backup = callbacks.BackupAndRestore(tmp_path / "b", delete_checkpoint=False)
    assert model.fit(X, Y, epochs=5, verbose=0, callbacks=[backup]).epoch == [3, 4]
    assert sorted(p.name for p in (tmp_path / "b").iterdir()) == ["latest.weights.h5", "training_metadata.json"]
    assert model.fit(X, Y, epochs=5, verbose=0, callbacks=[backup]).epoch == []
    assert model.fit(X, Y, epochs=2, verbose=0).epoch == [0, 1]


def test_what_does_not_go_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="Empty `backup_dir`"):
        callbacks.BackupAndRestore("")
    with pytest.raises(ValueError, match="`save_freq`"):
        callbacks.BackupAndRestore(tmp_path, save_freq="batch")
    backup = callbacks.BackupAndRestore(tmp_path)
    backup.set_model(engine.Sequential([engine.layers.Dense(1)]))
    with pytest.raises(ValueError, match="must be built before"):
        backup.on_train_begin()
