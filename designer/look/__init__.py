"""How Bricklayer looks: colour tokens, type scale, icons and small widgets. Knows nothing of documents."""
