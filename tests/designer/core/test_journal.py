"""Recovery journals come back as they were; damaged ones end in a sentence; previous versions are kept."""

from __future__ import annotations

import os
from pathlib import Path

import hypothesis
import hypothesis.strategies as st
import pytest

from designer.core.commands import SetParams
from designer.core.journal import RECORD, Journal, snapshot_of
from designer.core.project import Project, RunRecord
from designer.core.versions import LIMIT, Versions
from engine.core.errors import LoadError
from tests.designer.drawing import classifier, residual


def project(path: Path | None = None) -> Project:
    runs = [RunRecord(1, "done", 7, 2, {"loss": [1.0, 0.5]}, {"accuracy": 0.9}, 3.0)]
    return Project(residual(), b"weights", runs, path, False)


def test_a_project_comes_back_as_it_was(tmp_path: Path) -> None:
    made = project(tmp_path / "digits.keras")
    Journal(tmp_path / "j").write(snapshot_of(made))
    back = Journal(tmp_path / "j").read()
    assert back.document.state() == made.document.state()
    assert (back.weights, back.runs, back.path, back.read_only) == (b"weights", made.runs, made.path, False)
    assert back.told == []


def test_only_the_last_state_stays(tmp_path: Path) -> None:
    made, journal = project(), Journal(tmp_path / "j")
    journal.write(snapshot_of(made))
    conv = made.document.node_named("conv_1")
    assert conv is not None
    SetParams(conv.id, {"filters": 9}).do(made.document)
    made.weights = b"other"
    journal.write(snapshot_of(made))
    assert journal.read().document.nodes[conv.id].params["filters"] == 9
    assert len(list((tmp_path / "j").glob("*.weights"))) == 1
    journal.clear()
    assert not journal.exists
    assert list((tmp_path / "j").iterdir()) == []
    journal.discard()
    assert not (tmp_path / "j").exists()


def test_a_snapshot_does_not_follow_later_edits(tmp_path: Path) -> None:
    made = project()
    before, snapshot = made.document.state(), snapshot_of(made)
    SetParams(made.document.node_named("conv_1").id, {"filters": 9}).do(made.document)  # type: ignore[union-attr]
    made.runs.append(made.runs[0])
    Journal(tmp_path).write(snapshot)
    back = Journal(tmp_path).read()
    assert back.document.state() == before
    assert len(back.runs) == 1


def test_a_write_that_breaks_off_leaves_the_state_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made, journal = project(), Journal(tmp_path)
    journal.write(snapshot_of(made))
    before = made.document.state()
    SetParams(made.document.node_named("conv_1").id, {"filters": 9}).do(made.document)  # type: ignore[union-attr]

    def broken(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", broken)
    with pytest.raises(OSError, match="No space left"):
        journal.write(snapshot_of(made))
    assert journal.read().document.state() == before
    assert sorted(p.suffix for p in tmp_path.iterdir()) == [".json", ".weights"]


def test_lost_weights_are_told(tmp_path: Path) -> None:
    Journal(tmp_path).write(snapshot_of(project()))
    for path in tmp_path.glob("*.weights"):
        path.unlink()
    back = Journal(tmp_path).read()
    assert back.weights is None
    assert "weights were not recovered" in back.told[0]


@hypothesis.given(data=st.data())
def test_damaged_records_end_in_a_sentence(data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("j")
    journal = Journal(folder)
    journal.write(snapshot_of(Project(classifier())))
    whole = bytearray((folder / RECORD).read_bytes())
    place = data.draw(st.integers(0, 10**6)) % len(whole)
    if data.draw(st.booleans()):
        whole[place] ^= data.draw(st.integers(1, 255))
    else:
        del whole[place:]
    (folder / RECORD).write_bytes(whole)
    with pytest.raises(LoadError, match="The recovery journal is damaged"):
        journal.read()


def test_a_weights_name_cannot_lead_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "secret.weights").write_bytes(b"secret")
    snapshot = snapshot_of(project())
    journal = Journal(tmp_path / "j")
    snapshot.entry.weights = "../secret"
    journal.write(type(snapshot)(snapshot.entry, None))
    assert journal.read().weights is None


def test_versions_keep_what_was_there(tmp_path: Path) -> None:
    versions, file = Versions(tmp_path / "versions"), tmp_path / "a.keras"
    versions.keep(file)
    assert versions.of(file) == []
    for number in range(LIMIT + 3):
        file.write_bytes(b"%d" % number)
        os.utime(file, ns=(10**18 + number * 10**9,) * 2)
        versions.keep(file)
        versions.keep(file)
    kept = versions.of(file)
    assert [v.path.read_bytes() for v in kept] == [b"%d" % n for n in range(LIMIT + 2, 2, -1)]
    assert kept[0].when > kept[-1].when
    assert versions.of(tmp_path / "b.keras") == []
