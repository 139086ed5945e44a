"""Data sets that come with the designer, and what is done to them before training."""
