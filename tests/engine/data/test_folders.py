"""Folders of pictures, texts and sounds: files found and ordered as Keras does, contents as written."""

from __future__ import annotations

import os

os.environ.setdefault("KERAS_BACKEND", "numpy")

import io
import wave
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras.src.utils import dataset_utils
from PIL import Image

import engine
from engine.data.audio import audio_dataset_from_directory, read_wav, resample
from engine.data.images import (
    array_to_img,
    image_dataset_from_directory,
    img_to_array,
    load_img,
    save_img,
    smart_resize,
)
from engine.data.text import text_dataset_from_directory


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    for name, count in (("cats", 5), ("dogs", 4), (".hidden", 1)):
        (tmp_path / name / "deep").mkdir(parents=True)
        for i in range(count):
            pixels = rng.integers(0, 256, (6 + i, 9, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / name / ("deep" if i == 2 else ".") / f"{name}{i}.png")
    (tmp_path / "cats" / "notes.txt").write_text("no picture")
    return tmp_path


def loaded(dataset: Any) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    batches = list(dataset)
    return np.concatenate([x for x, _ in batches]), np.concatenate([y for _, y in batches])


@pytest.mark.parametrize("shuffle", [False, True])
def test_files_are_found_in_the_order_of_keras(pictures: Path, shuffle: bool, capsys: Any) -> None:
    ours = image_dataset_from_directory(pictures, seed=3, shuffle=shuffle, image_size=4)
    assert "Found 9 files belonging to 2 classes." in capsys.readouterr().out
    paths, labels, names = dataset_utils.index_directory(
        str(pictures), "inferred", (".png",), shuffle=shuffle, seed=3, verbose=False
    )
    assert [os.path.realpath(p) for p in ours.file_paths] == [os.path.realpath(p) for p in paths]
    assert ours.class_names == names == ["cats", "dogs"]
    if not shuffle:
        assert loaded(ours)[1].tolist() == labels.tolist()


def test_pictures_come_as_they_were_drawn(pictures: Path) -> None:
    x, y = loaded(image_dataset_from_directory(pictures, shuffle=False, image_size=(6, 9), batch_size=2, verbose=False))
    assert x.shape == (9, 6, 9, 3)
    assert x.dtype == np.float32
    assert y.tolist() == [0] * 5 + [1] * 4
    assert y.dtype == np.int32
    np.testing.assert_array_equal(x[0], np.asarray(Image.open(pictures / "cats" / "cats0.png")))
    first = image_dataset_from_directory(
        pictures, shuffle=False, image_size=(6, 9), data_format="channels_first", verbose=False
    )
    np.testing.assert_array_equal(loaded(first)[0], x.transpose(0, 3, 1, 2))


def test_labels_take_the_form_asked_for(pictures: Path) -> None:
    def labels(**arguments: Any) -> Any:
        return loaded(image_dataset_from_directory(pictures, shuffle=False, verbose=False, image_size=2, **arguments))[
            1
        ]

    assert labels(label_mode="binary").tolist() == [[0.0]] * 5 + [[1.0]] * 4
    assert labels(label_mode="categorical").tolist() == [[1.0, 0.0]] * 5 + [[0.0, 1.0]] * 4
    assert labels(class_names=["dogs", "cats"]).tolist() == [0] * 4 + [1] * 5
    assert labels(labels=list(range(10)), label_mode="int").tolist() == list(range(10))
    images = list(image_dataset_from_directory(pictures, labels=None, verbose=False, image_size=2, batch_size=None))
    assert [i.shape for i in images] == [(2, 2, 3)] * 9 + [(2, 2, 3)]


def test_a_split_parts_the_files_without_overlap(pictures: Path, capsys: Any) -> None:
    arguments: dict[str, Any] = {"validation_split": 0.3, "seed": 1, "image_size": 2}
    training, validation = image_dataset_from_directory(pictures, subset="both", **arguments)
    assert "Using 7 files for training.\nUsing 2 files for validation." in capsys.readouterr().out
    assert sorted(training.file_paths + validation.file_paths) == sorted(
        image_dataset_from_directory(pictures, image_size=2).file_paths
    )
    assert image_dataset_from_directory(pictures, subset="validation", **arguments).file_paths == validation.file_paths


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"labels": "cats"}, "`labels` argument should be a list/tuple"),
        ({"labels": [1, 2]}, r"len\(labels\) is 2 while we found 10 files"),
        ({"label_mode": "words"}, "`label_mode` argument must be one of"),
        ({"class_names": ["birds"]}, r"Expected: \['cats', 'dogs'\]"),
        ({"labels": None, "class_names": ["cats"]}, "`class_names` cannot be specified"),
        ({"validation_split": 0.5}, "If `subset` is set, `validation_split` must be set"),
        ({"validation_split": 0.5, "subset": "both"}, "you must provide a `seed`"),
        ({"validation_split": 2, "subset": "both"}, "between 0 and 1"),
        ({"color_mode": "cmyk"}, "`color_mode` must be one of"),
        ({"image_size": (1, 2, 3)}, "Invalid `image_size`"),
        ({"interpolation": "magic"}, "`interpolation` should be one of"),
        ({"crop_to_aspect_ratio": True, "pad_to_aspect_ratio": True}, "Only one of"),
    ],
)
def test_arguments_that_do_not_go_together_are_refused(
    pictures: Path, arguments: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ValueError, match=sentence):
        image_dataset_from_directory(pictures, **arguments)


def test_folders_without_files_are_told(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="No image files found in directory"):
        image_dataset_from_directory(tmp_path)
    with pytest.raises(ValueError, match="There is no folder"):
        image_dataset_from_directory(tmp_path / "missing")


@pytest.mark.parametrize("mode", ["rgb", "rgba", "grayscale"])
@pytest.mark.parametrize("keep", [False, True])
def test_pictures_load_as_with_keras(pictures: Path, mode: str, keep: bool) -> None:
    path = str(pictures / "cats" / "cats1.png")
    for interpolation in ("nearest", "bilinear", "lanczos"):
        arguments: dict[str, Any] = {
            "color_mode": mode, "target_size": (5, 4), "interpolation": interpolation, "keep_aspect_ratio": keep,
        }  # fmt: skip
        ours, theirs = load_img(path, **arguments), keras.utils.load_img(path, **arguments)
        assert ours.mode == theirs.mode
        np.testing.assert_array_equal(np.asarray(ours), np.asarray(theirs))
    with pytest.raises(ValueError, match="color_mode must be"):
        load_img(path, "cmyk")
    with pytest.raises(TypeError, match="path should be path-like"):
        load_img(3)


@pytest.mark.parametrize("shape", [(4, 5, 1), (4, 5, 3), (4, 5, 4)])
@pytest.mark.parametrize("scale", [True, False])
def test_arrays_and_pictures_turn_into_each_other_as_with_keras(shape: tuple[int, ...], scale: bool) -> None:
    array = np.random.default_rng(1).uniform(0, 255, shape)
    ours, theirs = array_to_img(array, scale=scale), keras.utils.array_to_img(array, scale=scale)
    assert ours.mode == theirs.mode
    np.testing.assert_array_equal(np.asarray(ours), np.asarray(theirs))
    for data_format in ("channels_last", "channels_first"):
        np.testing.assert_array_equal(
            img_to_array(ours, data_format), keras.utils.img_to_array(theirs, data_format=data_format)
        )
    if not scale:
        np.testing.assert_array_equal(img_to_array(ours), np.floor(array))


def test_saved_pictures_come_back(tmp_path: Path) -> None:
    array = np.random.default_rng(2).integers(0, 256, (4, 5, 4)).astype("float32")
    save_img(tmp_path / "a.png", array, scale=False)
    np.testing.assert_array_equal(img_to_array(load_img(tmp_path / "a.png", "rgba")), array)
    save_img(tmp_path / "a.jpg", array, scale=False)
    assert load_img(tmp_path / "a.jpg").size == (5, 4)
    memory = io.BytesIO((tmp_path / "a.png").read_bytes())
    np.testing.assert_array_equal(img_to_array(load_img(memory, "rgba")), array)
    with pytest.raises(ValueError, match="Unsupported channel number: 2"):
        array_to_img(np.zeros((2, 2, 2)))


@pytest.mark.parametrize("shape", [(9, 6, 3), (2, 6, 11, 3)])
def test_smart_resize_cuts_and_resizes_as_keras(shape: tuple[int, ...]) -> None:
    x = np.random.default_rng(3).uniform(0, 255, shape).astype("float32")
    for interpolation in ("nearest", "bilinear"):
        ours = smart_resize(x, (4, 4), interpolation)
        theirs = keras.preprocessing.image.smart_resize(x, (4, 4), interpolation)
        assert isinstance(ours, np.ndarray)
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-4)
    with pytest.raises(ValueError, match="tuple of 2 integers"):
        smart_resize(x, (4,))


def test_texts_come_as_written(tmp_path: Path) -> None:
    for name, text in (("bad", "nie wieder"), ("good", "schön"), ("good", "größer")):
        (tmp_path / name).mkdir(exist_ok=True)
        (tmp_path / name / f"{len(text)}.txt").write_text(text, encoding="utf-8")
    ((texts, labels),) = text_dataset_from_directory(tmp_path, shuffle=False, verbose=False, max_length=6)
    assert texts.tolist() == ["nie wi", "schön", "größer"]
    assert labels.tolist() == [0, 1, 1]


def write_wav(path: Path, samples: np.ndarray[Any, Any], width: int, rate: int) -> None:
    scaled = np.round(samples * 2 ** (8 * width - 1)).astype(np.int64) + (128 if width == 1 else 0)
    data = scaled.astype("<i8").reshape(-1, 1).view(np.uint8)[:, :width].tobytes()
    with wave.open(str(path), "wb") as file:
        file.setnchannels(samples.shape[1])
        file.setsampwidth(width)
        file.setframerate(rate)
        file.writeframes(data)


@pytest.mark.parametrize("width", [1, 2, 3, 4])
def test_sounds_come_as_played(tmp_path: Path, width: int) -> None:
    samples = np.random.default_rng(4).uniform(-0.9, 0.9, (50, 2))
    write_wav(tmp_path / "a.wav", samples, width, 8000)
    read, rate = read_wav(str(tmp_path / "a.wav"))
    assert rate == 8000
    assert read.dtype == np.float32
    np.testing.assert_allclose(read, samples, atol=2.0 ** (1 - 8 * width) + 1e-7)


def test_sounds_are_filled_up_cut_and_brought_to_one_rate(tmp_path: Path) -> None:
    for name, count in (("high", 40), ("low", 60)):
        (tmp_path / name).mkdir()
        tone = 0.5 * np.sin(2 * np.pi * 4 * np.arange(count) / count)[:, None]
        write_wav(tmp_path / name / "a.wav", tone, 2, 1000)
    ((sounds, labels),) = audio_dataset_from_directory(tmp_path, shuffle=False, verbose=False)
    assert sounds.shape == (2, 60, 1)
    assert not sounds[0, 40:].any()
    assert labels.tolist() == [0, 1]
    ((cut, _),) = audio_dataset_from_directory(tmp_path, shuffle=False, verbose=False, output_sequence_length=50)
    assert cut.shape == (2, 50, 1)
    tone = 0.5 * np.sin(2 * np.pi * 4 * np.arange(40) / 40)[:, None].astype("float32")
    finer = 0.5 * np.sin(2 * np.pi * 4 * np.arange(80) / 80)[:, None]
    np.testing.assert_allclose(resample(tone, 1000, 2000), finer, atol=1e-6)
    with pytest.raises(ValueError, match="cannot be read as WAV"):
        (tmp_path / "x.wav").write_bytes(b"no sound")
        read_wav(str(tmp_path / "x.wav"))


def test_pictures_train_a_model(pictures: Path) -> None:
    data = image_dataset_from_directory(pictures, image_size=(8, 8), batch_size=4, seed=0, verbose=False)
    model = engine.Sequential(
        [engine.layers.Rescaling(1 / 255), engine.layers.Flatten(), engine.layers.Dense(2, "softmax")]
    )
    model.compile("adam", "sparse_categorical_crossentropy")
    losses = model.fit(data, epochs=8, verbose=0).history["loss"]
    assert losses[-1] < losses[0]
