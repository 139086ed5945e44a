"""Boxes around things in pictures: nine ways of writing them, moving them with the picture, comparing them.

A format's name tells its four numbers: "xyxy" and "yxyx" two corners, "xywh" a corner and the size, "center_..." the
middle and the size; "rel_..." counts in shares of the picture's width and height instead of pixels.
"""

from __future__ import annotations

import math
from typing import Any

from engine import ops
from engine.core import config

FORMATS = (
    "xyxy",
    "yxyx",
    "xywh",
    "center_xywh",
    "center_yxhw",
    "rel_xyxy",
    "rel_yxyx",
    "rel_xywh",
    "rel_center_xywh",
)
_ENCODINGS = ("center_xywh", "center_yxhw")


def convert_format(
    boxes: Any, source: str, target: str, height: Any = None, width: Any = None, dtype: str = "float32"
) -> Any:
    """Boxes (..., 4) in another format; of a dict, the entry "boxes".

    Args:
        boxes: an array or tensor, or a dict with "boxes" (changed in place, as Keras does).
        source: its format.
        target: the format wanted.
        height, width: the picture's size in pixels; needed between relative and absolute formats.
        dtype: of the result.

    Raises:
        ValueError: not four numbers a box, an unknown format, or a size that is missing.
    """
    if isinstance(boxes, dict):
        boxes["boxes"] = convert_format(boxes["boxes"], source, target, height, width, dtype)
        return boxes
    if ops.shape(boxes)[-1] != 4:
        raise ValueError(
            f"`boxes` must be a tensor with the last dimension of 4. Received: boxes.shape={ops.shape(boxes)}"
        )
    source, target = source.lower(), target.lower()
    if source not in FORMATS or target not in FORMATS:
        raise ValueError(
            f"Invalid source or target format. Supported formats: {FORMATS}. Received: source={source}, target={target}"
        )
    relative = source.startswith("rel_"), target.startswith("rel_")
    if any(relative) and (width is None or height is None):
        raise ValueError(
            "convert_format() must receive `height` and `width` transforming between relative and absolute formats. "
            f"convert_format() received source=`{source}`, target=`{target}`, but height={height} and width={width}."
        )
    boxes = ops.cast(boxes, dtype)
    if source == target:
        return boxes
    low, high = _corners(boxes, source)
    if relative[0] != relative[1]:
        size = ops.stack([ops.cast(width, dtype), ops.cast(height, dtype)], axis=-1)
        low, high = (low * size, high * size) if relative[0] else (low / size, high / size)
    return _written(low, high, target)


def densify(bounding_boxes: Any) -> dict[str, Any]:
    """Boxes and labels as two tensors; of lists of different lengths, the short ones are filled with zeros and -1.

    Args:
        bounding_boxes: "boxes" (boxes, 4) or (batch, boxes, 4), and "labels"; as arrays or as lists.

    Raises:
        ValueError: something else.
    """
    if not isinstance(bounding_boxes, dict) or not {"boxes", "labels"} <= bounding_boxes.keys():
        raise ValueError(
            "Expected `bounding_boxes` agurment to be a dict with keys 'boxes' and 'labels'. Received: "
            f"bounding_boxes={bounding_boxes}"
        )
    boxes, labels = bounding_boxes["boxes"], bounding_boxes["labels"]
    if isinstance(boxes, list):
        boxes, labels = _filled(boxes, labels)
    boxes, labels = ops.convert_to_tensor(boxes, "float32"), ops.convert_to_tensor(labels)
    if len(boxes.shape) not in (2, 3):
        raise ValueError(
            "Expected `bounding_boxes['boxes']` to have rank 2 or 3, with shape (num_boxes, 4) or (batch_size, "
            f"num_boxes, 4). Received: bounding_boxes['boxes'].shape={tuple(boxes.shape)}"
        )
    return {**bounding_boxes, "boxes": boxes, "labels": labels}


def _filled(boxes: list[Any], labels: Any) -> tuple[list[Any], list[Any]]:
    """Lists of boxes for each picture, all as long as the longest."""
    if len(boxes) != len(labels):
        raise ValueError(
            "If `bounding_boxes['boxes']` and `bounding_boxes['labels']` are both lists, they must have the same "
            f"length. Received: len(bounding_boxes['boxes'])={len(boxes)} and "
            f"len(bounding_boxes['labels'])={len(labels)}"
        )
    if not boxes or len(ops.shape(boxes[0])) == 1:
        return boxes, list(labels)
    most = max(len(one) for one in boxes)
    return (
        [[*one, *[[0.0] * 4] * (most - len(one))] for one in boxes],
        [[*one, *[-1] * (most - len(one))] for one in labels],
    )


def _down_first(form: str) -> bool:
    """Whether y comes before x."""
    return form.removeprefix("rel_").removeprefix("center_").startswith("y")


def _corners(boxes: Any, form: str) -> tuple[Any, Any]:
    """((x, y), (x, y)) of the lower and the higher corner."""
    first, second = boxes[..., :2], boxes[..., 2:]
    if _down_first(form):
        first, second = ops.flip(first, axis=-1), ops.flip(second, axis=-1)
    if "center" in form:
        half = second / 2.0
        return first - half, first + half
    return (first, first + second) if "wh" in form else (first, second)


def _written(low: Any, high: Any, form: str) -> Any:
    """Corners as numbers of a format."""
    first, second = low, high
    if "center" in form:
        first, second = low + (high - low) / 2.0, high - low
    elif "wh" in form:
        second = high - low
    if _down_first(form):
        first, second = ops.flip(first, axis=-1), ops.flip(second, axis=-1)
    return ops.concatenate([first, second], axis=-1)


def _only_corners(form: str, allowed: tuple[str, ...] = ("xyxy",)) -> None:
    if form not in allowed:
        raise NotImplementedError(
            f"This needs boxes in format {' or '.join(allowed)}. Received: bounding_box_format={form}. Convert them "
            "with convert_format first."
        )


def clip_to_image_size(
    bounding_boxes: dict[str, Any], height: Any = None, width: Any = None, bounding_box_format: str = "xyxy"
) -> dict[str, Any]:
    """Boxes cut at the picture's edges; labels of those that vanish become -1.

    Args:
        bounding_boxes: "boxes" (..., 4) and, if there are, "labels" (...).
        height, width: the picture's size, for "xyxy".
        bounding_box_format: "xyxy" or "rel_xyxy".
    """
    _only_corners(bounding_box_format, ("xyxy", "rel_xyxy"))
    relative = bounding_box_format == "rel_xyxy"
    if not relative and (height is None or width is None):
        raise ValueError("`height` and `width` must be set if `format='xyxy'`.")
    boxes = bounding_boxes["boxes"]
    x_limit, y_limit = (1.0, 1.0) if relative else (ops.cast(width, boxes.dtype), ops.cast(height, boxes.dtype))
    boxes = _clipped(boxes, x_limit, y_limit)
    result = {**bounding_boxes, "boxes": boxes}
    if bounding_boxes.get("labels") is not None:
        result["labels"] = ops.where(_area(boxes) > 0, bounding_boxes["labels"], -1)
    return result


def _clipped(boxes: Any, width: Any, height: Any) -> Any:
    parts = [ops.clip(boxes[..., i], 0, limit) for i, limit in enumerate((width, height, width, height))]
    return ops.stack(parts, axis=-1)


def _area(boxes: Any) -> Any:
    return (boxes[..., 2] - boxes[..., 0]) * (boxes[..., 3] - boxes[..., 1])


def crop(boxes: Any, top: Any, left: Any, height: Any, width: Any, bounding_box_format: str = "xyxy") -> Any:
    """Boxes within a part of the picture that begins at (top, left) and has this size."""
    _only_corners(bounding_box_format)
    return _clipped(ops.stack([boxes[..., i] - (top if i % 2 else left) for i in range(4)], axis=-1), width, height)


def pad(
    boxes: Any, top: Any, left: Any, height: Any = None, width: Any = None, bounding_box_format: str = "xyxy"
) -> Any:
    """Boxes of a picture that got rows above and columns to its left."""
    _only_corners(bounding_box_format)
    return ops.stack([boxes[..., i] + (top if i % 2 else left) for i in range(4)], axis=-1)


def affine_transform(
    boxes: Any,
    angle: Any,
    translate_x: Any,
    translate_y: Any,
    scale: Any,
    shear_x: Any,
    shear_y: Any,
    height: Any,
    width: Any,
    center_x: Any = None,
    center_y: Any = None,
    bounding_box_format: str = "xyxy",
) -> Any:
    """The smallest upright boxes around boxes that turn, move, grow and lean with their picture.

    Args:
        boxes: (batch, boxes, 4).
        angle: degrees, (batch,).
        translate_x, translate_y: shares of the picture's size, (batch,).
        scale: (batch,).
        shear_x, shear_y: degrees, (batch,).
        height, width: the picture's size.
        center_x, center_y: what stays in place, in shares of the size; the middle by default.
        bounding_box_format: "xyxy".
    """
    _only_corners(bounding_box_format)
    matrix = _matrix(
        0.5 if center_x is None else center_x, 0.5 if center_y is None else center_y,
        angle, translate_x, translate_y, scale, shear_x, shear_y, height, width,
    )  # fmt: skip
    boxes = ops.cast(boxes, matrix.dtype)
    x, y = ops.take(boxes, [0, 2, 2, 0], axis=-1), ops.take(boxes, [1, 1, 3, 3], axis=-1)
    points = ops.stack([x, y, ops.ones_like(x)], axis=-1)
    moved = ops.einsum("bnpk,bjk->bnpj", points, matrix)
    return ops.concatenate([ops.min(moved, axis=2), ops.max(moved, axis=2)], axis=-1)


def _matrix(
    center_x: Any, center_y: Any, angle: Any, translate_x: Any, translate_y: Any, scale: Any, shear_x: Any,
    shear_y: Any, height: Any, width: Any,
) -> Any:  # fmt: skip
    """(batch, 2, 3): how points move; the inverse of how the picture is sampled."""
    turn, lean_x, lean_y = (-ops.convert_to_tensor(a, "float32") * (math.pi / 180.0) for a in (angle, shear_x, shear_y))
    middle_x, middle_y = center_x * (width - 1), center_y * (height - 1)
    from_x, from_y = middle_x - translate_x * (width - 1), middle_y - translate_y * (height - 1)
    a = ops.cos(turn - lean_y) / ops.cos(lean_y)
    b = a * ops.tan(lean_x) + ops.sin(turn)
    c = -ops.sin(turn - lean_y) / ops.cos(lean_y)
    d = ops.cos(turn) - c * ops.tan(lean_x)
    rows = []
    for (first, second), middle in (((d, -b), middle_x), ((-c, a), middle_y)):
        first, second = first * scale, second * scale
        rows.append(ops.stack([first, second, middle - first * from_x - second * from_y], axis=-1))
    return ops.stack(rows, axis=1)


def encode_box_to_deltas(
    anchors: Any,
    boxes: Any,
    anchor_format: str,
    box_format: str,
    encoding_format: str = "center_yxhw",
    variance: Any = None,
    image_shape: Any = None,
) -> Any:
    """How far boxes lie from anchors, in anchor sizes, and the logarithm of how much larger they are.

    Args:
        anchors: (boxes, 4).
        boxes: (boxes, 4) or (batch, boxes, 4).
        anchor_format, box_format: their formats.
        encoding_format: "center_yxhw" or "center_xywh": the order of the result.
        variance: four numbers to divide by.
        image_shape: (height, width, channels), for relative formats.
    """
    variance = _variance(variance)
    _check_encoding("encoding_format", encoding_format)
    height, width = _size(image_shape)
    base = convert_format(anchors, anchor_format, encoding_format, height, width)
    boxes = convert_format(boxes, box_format, encoding_format, height, width)
    base_size = ops.maximum(base[..., 2:], config.epsilon())
    size = ops.maximum(boxes[..., 2:], config.epsilon())
    deltas = ops.concatenate([(boxes[..., :2] - base[..., :2]) / base_size, ops.log(size / base_size)], axis=-1)
    return deltas if variance is None else deltas / variance


def decode_deltas_to_boxes(
    anchors: Any,
    boxes_delta: Any,
    anchor_format: str,
    box_format: str,
    encoded_format: str = "center_yxhw",
    variance: Any = None,
    image_shape: Any = None,
) -> Any:
    """The inverse of `encode_box_to_deltas`; for dicts, level by level."""
    variance = _variance(variance)
    _check_encoding("encoded_format", encoded_format)
    height, width = _size(image_shape)

    def decode(anchor: Any, deltas: Any) -> Any:
        base = convert_format(anchor, anchor_format, encoded_format, height, width)
        deltas = deltas if variance is None else deltas * variance
        size = base[..., 2:]
        box = ops.concatenate([deltas[..., :2] * size + base[..., :2], ops.exp(deltas[..., 2:]) * size], axis=-1)
        return convert_format(box, encoded_format, box_format, height, width)

    if isinstance(anchors, dict) and isinstance(boxes_delta, dict):
        return {level: decode(anchor, boxes_delta[level]) for level, anchor in anchors.items()}
    return decode(anchors, boxes_delta)


def _variance(variance: Any) -> Any:
    if variance is None:
        return None
    tensor = ops.convert_to_tensor(variance, "float32")
    if tensor.shape[-1] != 4:
        raise ValueError(f"`variance` must be length 4, got {variance}")
    return tensor


def _check_encoding(name: str, form: str) -> None:
    if form not in _ENCODINGS:
        raise ValueError(f"`{name}` should be one of 'center_xywh' or 'center_yxhw', got {form}")


def _size(image_shape: Any) -> tuple[Any, Any]:
    return (None, None) if image_shape is None else tuple(image_shape[:2])


def compute_iou(
    boxes1: Any,
    boxes2: Any,
    bounding_box_format: str,
    use_masking: bool = False,
    mask_val: float = -1,
    image_shape: Any = None,
) -> Any:
    """Intersection over union of each box with each: (n, m), or (batch, n, m).

    Args:
        boxes1, boxes2: (n, 4) and (m, 4), each with or without a batch axis.
        bounding_box_format: of both.
        use_masking: whether pairs with a box of negative numbers get `mask_val`.
        mask_val: that value.
        image_shape: (height, width, channels), for relative formats.
    """
    ranks = len(ops.shape(boxes1)), len(ops.shape(boxes2))
    for number, rank in enumerate(ranks, 1):
        if rank not in (2, 3):
            raise ValueError(
                f"compute_iou() expects boxes{number} to be batched, or to be unbatched. Received "
                f"len(boxes1.shape)={ranks[0]}, len(boxes2.shape)={ranks[1]}. Expected either "
                f"len(boxes{number}.shape)=2 AND or len(boxes{number}.shape)=3."
            )
    _need_image_shape(bounding_box_format, image_shape)
    height, width = _size(image_shape)
    first = convert_format(boxes1, bounding_box_format, "xyxy", height, width)
    second = convert_format(boxes2, bounding_box_format, "xyxy", height, width)
    one, other = ops.expand_dims(first, -2), ops.expand_dims(second, -3)
    overlap = _overlap(one, other)
    union = _area(one) + _area(other) - overlap
    result = overlap / (union + config.epsilon())
    if not use_masking:
        return result
    background = ops.logical_or(ops.max(one, axis=-1) < 0.0, ops.max(other, axis=-1) < 0.0)
    return ops.where(background, ops.cast(mask_val, result.dtype), result)


def _overlap(first: Any, second: Any) -> Any:
    low = ops.maximum(first[..., :2], second[..., :2])
    high = ops.minimum(first[..., 2:], second[..., 2:])
    sides = ops.maximum(high - low, 0.0)
    return sides[..., 0] * sides[..., 1]


def _need_image_shape(form: str, image_shape: Any) -> None:
    if "rel" in form and image_shape is None:
        raise ValueError(
            "When using relative bounding box formats (e.g. `rel_yxyx`) the `image_shape` argument must be provided. "
            f"Received `image_shape`: {image_shape}"
        )


def compute_ciou(boxes1: Any, boxes2: Any, bounding_box_format: str, image_shape: Any = None) -> Any:
    """Complete intersection over union of box pairs: also counts distance and proportions (Zheng and others, 2019).

    Args:
        boxes1, boxes2: (..., 4), pair by pair.
        bounding_box_format: of both.
        image_shape: (height, width, channels), for relative formats.
    """
    _need_image_shape(bounding_box_format, image_shape)
    height, width = _size(image_shape)
    first = convert_format(boxes1, bounding_box_format, "xyxy", height, width)
    second = convert_format(boxes2, bounding_box_format, "xyxy", height, width)
    small = config.epsilon()
    (w1, h1), (w2, h2) = ((b[..., 2] - b[..., 0], b[..., 3] - b[..., 1] + small) for b in (first, second))
    overlap = _overlap(first, second)
    iou = overlap / (w1 * h1 + w2 * h2 - overlap + small + small)
    around = ops.maximum(first[..., 2:], second[..., 2:]) - ops.minimum(first[..., :2], second[..., :2])
    diagonal = ops.sum(around**2, axis=-1) + small
    apart = (first[..., :2] + first[..., 2:]) / 2 - (second[..., :2] + second[..., 2:]) / 2
    v = (4 / math.pi**2) * (ops.arctan(w2 / h2) - ops.arctan(w1 / h1)) ** 2
    alpha = v / (v - iou + (1 + small))
    return iou - (ops.sum(apart**2, axis=-1) / diagonal + v * alpha)
