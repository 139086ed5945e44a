"""One gesture per file: press, move, release, cancel. Nothing is written before release, then one command is run."""
