"""Hashes against published vectors: those of FarmHash's own library, SipHash's reference, BigQuery's pages."""

from __future__ import annotations

import numpy as np
import pytest

from engine.kernels.hashing import fingerprint64, joined, siphash64

FARM = {
    0: 11160318154034397263,
    1: 5161771770385946686,
    3: 4662423180930907492,
    4: 13909349088106176104,
    7: 17233423938440663304,
    8: 12627020141284786728,
    15: 3575310498258597009,
    16: 9887023220782602712,
    17: 16960068419638019727,
    24: 6496452274876097831,
    32: 3992320350721670009,
    33: 12457070707786611405,
    50: 11016165110267852539,
    64: 11083064061832698092,
    65: 444801980686921533,
    100: 10952504393083410351,
    127: 5926385096735868780,
    128: 15838856113771212233,
    129: 5067021833811671751,
    200: 202520530910294351,
    256: 12105616336390207267,
    300: 13110221519668930530,
}
"""Fingerprint of the bytes (7 i + n) mod 256, by their number n; every branch of the hash is among them."""

SIP = {0: 0x726FDB47DD0E0E31, 1: 0x74F839C593DC67FD, 8: 0x93F5F5799A932462, 15: 0xA129CA6149BE45E5}
"""SipHash-2-4 of the bytes 0, 1, ..., n - 1 under the key 0, 1, ..., 15 (the reference's vectors)."""


def message(length: int) -> bytes:
    return bytes((7 * i + length) % 256 for i in range(length))


def test_fingerprints_are_those_of_farmhash() -> None:
    assert [int(h) for h in fingerprint64([message(n) for n in FARM])] == list(FARM.values())


def test_texts_of_one_length_are_hashed_together_as_they_are_alone() -> None:
    texts = [bytes([i, 255 - i]) * 40 for i in range(20)] + [b"", b"x", b""]
    assert [int(h) for h in fingerprint64(texts)] == [int(fingerprint64([t])[0]) for t in texts]


def test_fingerprints_are_those_of_bigquery() -> None:
    found = fingerprint64([b"1footrue", b"2applefalse", b"3true"]).astype("int64")
    assert found.tolist() == [-1541654101129638711, 2794438866806483259, -4880158226897771312]


def test_siphash_gives_the_reference_vectors() -> None:
    key = (0x0706050403020100, 0x0F0E0D0C0B0A0908)
    assert [int(h) for h in siphash64([bytes(range(n)) for n in SIP], key)] == list(SIP.values())


@pytest.mark.parametrize("count", [0, 3])
def test_joined_fingerprints_depend_on_the_order(count: int) -> None:
    rng = np.random.default_rng(1)
    first, second = rng.integers(0, 2**63, (2, count)).astype("uint64")
    assert len(joined(first, second)) == count
    assert not count or (joined(first, second) != joined(second, first)).all()
