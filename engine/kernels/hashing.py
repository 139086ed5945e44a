"""Stable hashes of texts, whole columns at a time: FarmHash's Fingerprint64 and SipHash-2-4.

Texts of one length are the rows of a byte matrix, so that each step of the arithmetic is one array operation.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

Words = np.ndarray[Any, np.dtype[np.uint64]]
Bytes = np.ndarray[Any, np.dtype[np.uint8]]

_K0, _K1, _K2 = (np.uint64(k) for k in (0xC3A5C85C97CB3127, 0xB492B66FBE98F273, 0x9AE16A3B2F90404F))
_CROSS = np.uint64(0xC6A4A7935BD1E995)
_SEED = 81


def _u(number: int) -> np.uint64:
    return np.uint64(number & 0xFFFFFFFFFFFFFFFF)


def _word(rows: Bytes, at: int, size: int = 8) -> Words:
    """`size` bytes of each row from position `at`, as little-endian numbers."""
    part = np.ascontiguousarray(rows[:, at : at + size])
    return part.view(f"<u{size}")[:, 0].astype(np.uint64)


def _rotate(x: Words, by: int) -> Words:
    """Bits moved to the right, those that fall out put in front."""
    return x >> _u(by) | x << _u(64 - by)


def _left(x: Words, by: int) -> Words:
    return x << _u(by) | x >> _u(64 - by)


def _mix(x: Words) -> Words:
    return x ^ x >> _u(47)


def _pair(u: Words, v: Words, multiplier: Any) -> Words:
    a = _mix((u ^ v) * multiplier)
    return _mix((v ^ a) * multiplier) * multiplier


def _up_to_16(rows: Bytes) -> Words:
    length = rows.shape[1]
    multiplier = _K2 + _u(2 * length)
    if length >= 8:
        a, b = _word(rows, 0) + _K2, _word(rows, length - 8)
        return _pair(_rotate(b, 37) * multiplier + a, (_rotate(a, 25) + b) * multiplier, multiplier)
    if length >= 4:
        first, last = _word(rows, 0, 4), _word(rows, length - 4, 4)
        return _pair(_u(length) + (first << _u(3)), last, multiplier)
    if length:
        first, middle, last = (_word(rows, at, 1) for at in (0, length >> 1, length - 1))
        y, z = first + (middle << _u(8)), _u(length) + (last << _u(2))
        return _mix(y * _K2 ^ z * _K0) * _K2
    return np.full(len(rows), _K2)


def _up_to_32(rows: Bytes) -> Words:
    length = rows.shape[1]
    multiplier = _K2 + _u(2 * length)
    a, b = _word(rows, 0) * _K1, _word(rows, 8)
    c, d = _word(rows, length - 8) * multiplier, _word(rows, length - 16) * _K2
    return _pair(_rotate(a + b, 43) + _rotate(c, 30) + d, a + _rotate(b + _K2, 18) + c, multiplier)


def _up_to_64(rows: Bytes) -> Words:
    length = rows.shape[1]
    multiplier = _K2 + _u(2 * length)
    a, b = _word(rows, 0) * _K2, _word(rows, 8)
    c, d = _word(rows, length - 8) * multiplier, _word(rows, length - 16) * _K2
    y = _rotate(a + b, 43) + _rotate(c, 30) + d
    z = _pair(y, a + _rotate(b + _K2, 18) + c, multiplier)
    e, f = _word(rows, 16) * multiplier, _word(rows, 24)
    g, h = (y + _word(rows, length - 32)) * multiplier, (z + _word(rows, length - 24)) * multiplier
    return _pair(_rotate(e + f, 43) + _rotate(g, 30) + h, e + _rotate(f + a, 18) + g, multiplier)


class _Long:
    """The state with which texts of more than 64 bytes are read, 64 bytes a round."""

    def __init__(self, rows: Bytes) -> None:
        self.rows = rows
        self.v = self.w = (np.zeros(len(rows), np.uint64),) * 2
        y = _SEED * int(_K1) + 113
        self.y = np.full(len(rows), _u(y))
        self.z = _mix(self.y * _K2 + _u(113)) * _K2
        self.x = _u(_SEED * int(_K2)) + _word(rows, 0)

    def _weak(self, at: int, a: Words, b: Words) -> tuple[Words, Words]:
        w, x, y, z = (_word(self.rows, at + 8 * i) for i in range(4))
        a = a + w
        b = _rotate(b + a + z, 21)
        c, a = a, a + x + y
        return a + z, b + _rotate(a, 44) + c

    def round(self, at: int, multiplier: Any, weight: int) -> None:
        """Take in the 64 bytes from `at`; the last round weighs some sums by 9."""
        rows, (v0, v1), (w0, w1) = self.rows, self.v, self.w
        x = _rotate(self.x + self.y + v0 + _word(rows, at + 8), 37) * multiplier
        y = _rotate(self.y + v1 + _word(rows, at + 48), 42) * multiplier
        x = x ^ w1 * _u(weight)
        y = y + v0 * _u(weight) + _word(rows, at + 40)
        z = _rotate(self.z + w0, 33) * multiplier
        self.v = self._weak(at, v1 * multiplier, x + w0)
        self.w = self._weak(at + 32, z + w1, y + _word(rows, at + 16))
        self.x, self.y, self.z = z, y, x


def _beyond_64(rows: Bytes) -> Words:
    length = rows.shape[1]
    state = _Long(rows)
    for at in range(0, (length - 1) // 64 * 64, 64):
        state.round(at, _K1, 1)
    multiplier = _K1 + ((state.z & _u(0xFF)) << _u(1))
    w0 = state.w[0] + _u((length - 1) & 63)
    v0 = state.v[0] + w0
    state.w, state.v = (w0 + v0, state.w[1]), (v0, state.v[1])
    state.round(length - 64, multiplier, 9)
    (v0, v1), (w0, w1) = state.v, state.w
    low = _pair(v0, w0, multiplier) + _mix(state.y) * _K0 + state.z
    return _pair(low, _pair(v1, w1, multiplier) + state.x, multiplier)


def _farm(rows: Bytes) -> Words:
    length = rows.shape[1]
    if length <= 16:
        return _up_to_16(rows)
    return _up_to_32(rows) if length <= 32 else _up_to_64(rows) if length <= 64 else _beyond_64(rows)


def _by_length(texts: Sequence[bytes], hash_rows: Callable[[Bytes], Words]) -> Words:
    result = np.empty(len(texts), np.uint64)
    places: dict[int, list[int]] = {}
    for i, text in enumerate(texts):
        places.setdefault(len(text), []).append(i)
    for length, found in places.items():
        rows = np.frombuffer(b"".join([texts[i] for i in found]), np.uint8).reshape(len(found), length)
        result[found] = hash_rows(rows)
    return result


def fingerprint64(texts: Sequence[bytes]) -> Words:
    """FarmHash's Fingerprint64 of each text (Google's FarmHash, the portable "na" variant)."""
    return _by_length(texts, _farm)


def siphash64(texts: Sequence[bytes], key: tuple[int, int]) -> Words:
    """SipHash-2-4 of each text under a key of two 64-bit numbers (Aumasson and Bernstein, 2012)."""
    return _by_length(texts, lambda rows: _sip(rows, key))


def _sip(rows: Bytes, key: tuple[int, int]) -> Words:
    k0, k1 = _u(key[0]), _u(key[1])
    count, length = rows.shape
    start = (0x736F6D6570736575, 0x646F72616E646F6D, 0x6C7967656E657261, 0x7465646279746573)
    state: Any = [np.full(count, _u(s) ^ k) for s, k in zip(start, (k0, k1, k0, k1), strict=True)]
    whole = length // 8 * 8
    tail = np.zeros((count, 8), np.uint8)
    tail[:, : length - whole] = rows[:, whole:]
    tail[:, 7] = length & 0xFF
    for word in (*(_word(rows, at) for at in range(0, whole, 8)), _word(tail, 0)):
        state[3] = state[3] ^ word
        state = _sip_round(_sip_round(state))
        state[0] = state[0] ^ word
    state[2] = state[2] ^ _u(0xFF)
    for _ in range(4):
        state = _sip_round(state)
    mixed: Words = state[0] ^ state[1] ^ state[2] ^ state[3]
    return mixed


def _sip_round(state: list[Any]) -> list[Any]:
    a, b, c, d = state
    a, c = a + b, c + d
    b, d = _left(b, 13) ^ a, _left(d, 16) ^ c
    a = _left(a, 32)
    c, a = c + b, a + d
    b, d = _left(b, 17) ^ c, _left(d, 21) ^ a
    return [a, b, _left(c, 32), d]


def joined(first: Words, second: Words) -> Words:
    """One fingerprint from two, in this order."""
    mixed = (first ^ _CROSS ^ _mix(second * _CROSS) * _CROSS) * _CROSS
    return _mix(_mix(mixed) * _CROSS)
