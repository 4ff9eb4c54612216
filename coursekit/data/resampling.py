"""Operations on images and their labels: subsets, lower resolutions, rotations."""

from __future__ import annotations

import numpy as np

from coursekit.arguments import is_whole


def stratified_order(labels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A random order in which any n neighbours, above all the first n, are stratified.

    labels: shape (images,). Returns indices, shape (images,). Each class is shuffled and spread
    evenly over 0 to 1; the order is the one from left to right.
    """
    draws = rng.random(len(labels))
    position = np.empty(len(labels))
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        members = members[np.argsort(draws[members], kind="stable")]
        position[members] = (np.arange(len(members)) + 0.5) / len(members)
    return np.lexsort((draws, position))


def subset(labels: np.ndarray, size: int | float | None, classes: int, seed: int) -> np.ndarray:
    """The training images to keep, in their usual order."""
    count = len(labels) if size is None else size
    if isinstance(count, float | np.floating) and 0 < count <= 1:
        count = round(float(count) * len(labels))
    if not is_whole(count, classes, len(labels)):
        raise ValueError(
            f"size={size!r}: take {classes} to {len(labels)} training images, or a share above 0 "
            f"and up to 1.0 that gives {classes} images or more"
        )
    return np.sort(stratified_order(labels, np.random.default_rng(seed))[: int(count)])


def area_average(x: np.ndarray, resolution: int) -> np.ndarray:
    """Images of resolution x resolution: each new pixel averages the area that it covers."""

    def weights(pixels: int) -> np.ndarray:
        edges = np.arange(resolution + 1) * (pixels / resolution)
        left, right = edges[:-1, None], edges[1:, None]
        start = np.arange(pixels)
        overlap = np.minimum(right, start + 1) - np.maximum(left, start)
        return (np.maximum(overlap, 0) * (resolution / pixels)).astype(np.float32)

    height, width = x.shape[1:]
    if (height, width) == (resolution, resolution):
        return x
    small = weights(height) @ x @ weights(width).T
    return np.minimum(small, 1, out=small)  # rounded-up weights must stay within 0..1


def rotate(x: np.ndarray, degrees: np.ndarray) -> np.ndarray:
    """Each image rotated about its middle, counter-clockwise; bilinear, 0 beyond the border.

    x: shape (images, height, width). degrees: shape (images,).
    """
    count, height, width = x.shape
    down, right = np.mgrid[:height, :width]
    down, right = down - (height - 1) / 2, right - (width - 1) / 2
    turn = np.deg2rad(degrees)[:, None, None]
    # The source of each new pixel, in an image with a border of zeros.
    row = np.clip(np.cos(turn) * down + np.sin(turn) * right + (height - 1) / 2, -1, height) + 1
    column = np.clip(np.cos(turn) * right - np.sin(turn) * down + (width - 1) / 2, -1, width) + 1
    padded = np.pad(x, ((0, 0), (1, 2), (1, 2)))
    image = np.arange(count)[:, None, None]
    top, left = row.astype(int), column.astype(int)
    below, beside = (row - top).astype(x.dtype), (column - left).astype(x.dtype)
    upper = padded[image, top, left] * (1 - beside) + padded[image, top, left + 1] * beside
    lower = padded[image, top + 1, left] * (1 - beside) + padded[image, top + 1, left + 1] * beside
    return upper * (1 - below) + lower * below
