"""The panels around the canvas, one a file. No panel knows another; they meet in the workspace."""
