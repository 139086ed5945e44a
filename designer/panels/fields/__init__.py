"""Editors of settings, made from the catalogue: what the inspector and the training settings are built of."""
