"""The designer's typed refusal."""

from __future__ import annotations


class Refused(ValueError):
    """An edit that cannot be made. The sentence says why and what to do; nothing has changed."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence
