"""Project files: Keras opens them, Keras's files open here, and hostile ones end in a sentence."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from designer.core.building import build_model
from designer.core.commands import SetParams
from designer.core.project import MEMBER, Project, model_parts, read, write
from engine import saving
from engine.core.errors import LoadError
from tests.designer.drawing import classifier, residual

SCRIPT = """
import keras, numpy as np, sys
model = keras.models.load_model(sys.argv[1])
x = np.random.default_rng(0).normal(size=(5, 8, 8, 1)).astype("float32")
np.savez(sys.argv[2], y=model.predict(x, verbose=0))
inputs = keras.Input((8, 8, 1), name="picture")
conv = keras.layers.Conv2D(3, 3, padding="same", activation="relu", name="conv")(inputs)
added = keras.layers.Add(name="sum")([conv, conv])
outputs = keras.layers.Dense(10, activation="softmax", name="out")(keras.layers.Flatten(name="flat")(added))
made = keras.Model(inputs, outputs, name="made")
made.save(sys.argv[3])
np.savez(sys.argv[4], y=made.predict(x, verbose=0))
"""


def test_keras_opens_projects_and_its_files_open_here(tmp_path: Path) -> None:
    document = residual()
    write(Project(document), tmp_path / "ours.keras")
    names = [str(tmp_path / n) for n in ("ours.keras", "ours.npz", "keras.keras", "keras.npz")]
    env = {**os.environ, "KERAS_BACKEND": "numpy"}
    subprocess.run([sys.executable, "-W", "ignore", "-c", SCRIPT, *names], check=True, env=env)
    x = np.random.default_rng(0).normal(size=(5, 8, 8, 1)).astype("float32")
    ours = saving.load_model(names[0])
    np.testing.assert_allclose(ours.predict(x, verbose=0), np.load(names[1])["y"], atol=1e-5)

    project = read(names[2])
    assert [n.name for n in project.document.nodes.values()] == ["picture", "conv", "sum", "flat", "out"]
    assert project.document.nodes["n2"].params["filters"] == 3
    assert len({n.position for n in project.document.nodes.values()}) == 5
    model = build_model(project.document)
    assert project.weights is not None
    saving.load_weights_bytes(model, project.weights)
    np.testing.assert_allclose(model.predict(x, verbose=0), np.load(names[3])["y"], atol=1e-5)


def test_vocabularies_that_a_file_holds_stay_with_their_layers(tmp_path: Path) -> None:
    import engine
    from engine import layers

    words, ids = layers.TextVectorization(output_sequence_length=3, name="words"), layers.StringLookup(name="ids")
    words.adapt(["a good film", "a bad film"])
    ids.adapt(["x", "y", "y"])
    text, key = engine.Input((1,), dtype="string", name="text"), engine.Input((1,), dtype="string", name="key")
    made = engine.Model([text, key], layers.Concatenate(name="both")([words(text), ids(key)]))
    made.save(tmp_path / "made.keras")
    project = read(tmp_path / "made.keras")
    assert not project.told
    write(project, tmp_path / "again.keras")
    data = [np.array([["good film"], ["so so"]]), np.array([["y"], ["z"]])]
    again = saving.load_model(tmp_path / "again.keras")
    np.testing.assert_array_equal(again.predict(data, verbose=0), made.predict(data, verbose=0))
    assert saving.load_model(tmp_path / "again.keras").get_layer("ids").get_vocabulary() == ["[UNK]", "y", "x"]


def test_an_unfinished_network_is_kept_without_a_model(tmp_path: Path) -> None:
    document = residual()
    SetParams(document.node_named("conv_2").id, {"padding": "valid"}).do(document)  # type: ignore[union-attr]
    write(Project(document), tmp_path / "p.keras")
    assert saving.read_archive(tmp_path / "p.keras").config is None
    assert read(tmp_path / "p.keras").document.state() == document.state()


def test_trained_weights_are_kept_byte_for_byte_while_they_fit(tmp_path: Path) -> None:
    document = classifier()
    weights = model_parts(Project(document))[1]
    assert weights is not None
    write(Project(document, weights), tmp_path / "p.keras")
    assert read(tmp_path / "p.keras").weights == weights
    SetParams(document.node_named("conv").id, {"filters": 5}).do(document)  # type: ignore[union-attr]
    write(Project(document, weights), tmp_path / "p.keras")
    assert read(tmp_path / "p.keras").weights is None


def project_bytes() -> bytes:
    stream = io.BytesIO()
    config, weights = model_parts(Project(classifier()))
    import msgspec

    from designer.core.project import record_of

    saving.write_archive(
        stream, config=config, weights=weights, extras={MEMBER: msgspec.json.encode(record_of(classifier()))}
    )
    return stream.getvalue()


def rewritten(member: str, content: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(project_bytes())) as old, zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as new:
        for name in old.namelist():
            if name != member:
                new.writestr(name, old.read(name))
        new.writestr(member, content)
    return stream.getvalue()


def hostile() -> dict[str, bytes]:
    whole = project_bytes()
    record = {"version": 1, "name": "x", "nodes": [], "edges": []}
    node = {"id": "n1", "type": "Dense", "name": "a"}
    loop = {**record, "nodes": [node, {**node, "id": "n2", "name": "b"}]}
    loop["edges"] = [{"source": "n1", "target": "n2"}, {"source": "n2", "target": "n1"}]
    return {
        "nothing": b"",
        "no zip": b"PK\x03\x04 not really",
        "half": whole[: len(whole) // 2],
        "path": rewritten("../evil.py", b"print('boo')"),
        "not json": rewritten(MEMBER, b"{"),
        "wrong type": rewritten(MEMBER, json.dumps({**record, "nodes": [{"id": 5}]}).encode()),
        "unknown field": rewritten(MEMBER, json.dumps({**record, "run": "rm"}).encode()),
        "newer": rewritten(MEMBER, json.dumps({**record, "version": 99}).encode()),
        "circle": rewritten(MEMBER, json.dumps(loop).encode()),
        "twice": rewritten(MEMBER, json.dumps({**record, "nodes": [node, node]}).encode()),
        "deep": rewritten(MEMBER, b"[" * 100_000),
        "lost end": rewritten(MEMBER, json.dumps({**record, "edges": [{"source": "n8", "target": "n9"}]}).encode()),
    }


@pytest.mark.parametrize("name", list(hostile()))
def test_hostile_files_end_in_a_sentence(name: str, tmp_path: Path) -> None:
    path = tmp_path / "hostile.keras"
    path.write_bytes(hostile()[name])
    with pytest.raises(LoadError) as caught:
        read(path)
    assert len(str(caught.value)) > 10


def test_flipped_bytes_never_crash(tmp_path: Path) -> None:
    whole = bytearray(project_bytes())
    rng = np.random.default_rng(1)
    path = tmp_path / "flipped.keras"
    for _ in range(40):
        copy = bytearray(whole)
        for place in rng.integers(0, len(copy), 6):
            copy[place] ^= int(rng.integers(1, 256))
        path.write_bytes(copy)
        try:
            read(path)
        except LoadError as error:
            assert str(error)


def test_a_billion_units_cost_nothing_to_open(tmp_path: Path) -> None:
    document = classifier()
    SetParams(document.node_named("digit").id, {"units": 10**9}).do(document)  # type: ignore[union-attr]
    from designer.core.analysis import Analysis

    analysis = Analysis(document)
    assert analysis.parameters > 10**11
    assert analysis.info(document.node_named("digit").id).output.shape == (None, 10**9)  # type: ignore[union-attr]


BOUNDED = """
import resource, sys
resource.setrlimit(resource.RLIMIT_AS, (3 * 2**30, 3 * 2**30))
from designer.core.analysis import Analysis
from designer.core.problems import validate
from designer.core.project import read
document = read(sys.argv[1]).document
analysis = Analysis(document)
print(analysis.parameters, len(validate(document, analysis)))
"""


def test_a_file_with_a_billion_units_opens_within_bounds(tmp_path: Path) -> None:
    node = {"id": "n1", "type": "Input", "name": "a", "params": {"shape": [1000]}}
    huge = {"id": "n2", "type": "Dense", "name": "b", "params": {"units": 10**9}}
    record = {"version": 1, "name": "x", "nodes": [node, huge], "edges": [{"source": "n1", "target": "n2"}]}
    path = tmp_path / "huge.keras"
    path.write_bytes(rewritten(MEMBER, json.dumps(record).encode()))
    command = [sys.executable, "-W", "ignore", "-c", BOUNDED, str(path)]
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": str(Path(__file__).parents[3])}
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    assert int(done.stdout.split()[0]) == 1001 * 10**9
