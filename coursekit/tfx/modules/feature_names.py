"""The names of an image example's features, before and after Transform."""

IMAGE, LABEL = "image", "label"
