"""Which changes leave the network as it is."""

from __future__ import annotations

from dataclasses import replace

from designer.core import changes as ch
from designer.core.document import Node, Note

NODE = Node("n1", "Dense", "dense", {"units": 4}, (0.0, 0.0))


def test_moves_and_notes_are_appearance_only() -> None:
    moved = ch.NodeChanged(NODE, replace(NODE, position=(8.0, 16.0)))
    note = ch.NoteChanged(None, Note("n2", "why", (0.0, 0.0)))
    assert ch.only_appearance([moved, note])


def test_settings_names_and_switches_are_more() -> None:
    for other in (
        replace(NODE, params={"units": 5}),
        replace(NODE, name="hidden"),
        replace(NODE, trainable=False),
        replace(NODE, position=(8.0, 0.0), bypassed=True),
    ):
        assert not ch.only_appearance([ch.NodeChanged(NODE, other)])
    assert not ch.only_appearance([ch.NodeAdded(NODE)])
