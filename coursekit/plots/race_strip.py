"""The strip below the race widget's anytime curves: what one search has tried, trial by trial.

Both are drawn completely and shown up to some moment; see `behind_a_curtain`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from coursekit.extras import from_extras
from coursekit.spaces import Space
from coursekit.spaces.domains import Parameter
from coursekit.theme import INK

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

COLUMNS = 400  # of the strip, along an axis of seconds
SHADES = 0.1, 0.95  # of viridis: from dark to light, so that they differ in grey as well
# For values without an order: each lighter than the last, so that they differ in grey as well.
CATEGORIES = (
    "#4a1c1c", "#a4243b", "#2f6fb0", "#c8641b", "#8f8fd0", "#e58fa8", "#e8b53a", "#f6d9c5"
)  # fmt: skip


def sampled(
    space: Space,
    configurations: Sequence[Mapping[str, Any]],
    scores: Sequence[float] | np.ndarray,
    clock: Sequence[float] | np.ndarray,
    *,
    end: float,
    by_trials: bool = True,
    axes: Axes,
) -> Axes:
    """A strip with a column per trial and a row per parameter, empty where the parameter is
    inactive; below them the score, light for the best.

    Ordered values go from dark for the first to light for the last; each unordered value has its
    own colour.

    configurations, scores: of the trials in order of completion. clock: when each trial finished,
    rising; its column starts where the one before ends. end: of the axis. by_trials: whether the
    clock counts trials.
    """
    with from_extras():
        from matplotlib import colormaps
        from matplotlib.colors import to_rgba_array

    columns = max(1, round(end)) if by_trials else COLUMNS
    middles = (np.arange(columns) + 0.5) * end / columns
    trial = np.searchsorted(clock, middles, side="left")
    table = np.vstack([shades(space, configurations), np.full(len(scores), np.nan), _ranks(scores)])
    there = trial < len(scores)
    strip = np.full((len(table), columns), np.nan)
    strip[:, there] = table[:, trial[there]]
    low, high = SHADES
    colours = colormaps["viridis"](low + (high - low) * np.nan_to_num(strip))
    for row, parameter in enumerate(space.parameters):
        if names := _unordered(parameter):
            places = np.rint(np.nan_to_num(strip[row]) * (len(names) - 1)).astype(int)
            colours[row, :, :3] = to_rgba_array(categories(len(names)))[places, :3]
    colours[..., 3] = np.isfinite(strip)
    rows = len(table)
    axes.imshow(
        colours, aspect="auto", interpolation="none", extent=(0, end, rows - 0.5, -0.5), zorder=2
    )
    names = [parameter.name for parameter in space.parameters]
    axes.set_yticks([*range(len(names)), rows - 1], [*names, "score"])
    axes.tick_params(length=0, labelbottom=False)
    axes.grid(False)
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.set(xlim=(0, end))
    for row, text in enumerate(_ranges(space)):
        if not _same(space) and (values := _unordered(space.parameters[row])):
            _list_colours(axes, row, values)
        elif text:
            axes.annotate(
                text,
                (1, row),
                xycoords=("axes fraction", "data"),
                xytext=(6, 0),
                textcoords="offset points",
                va="center",
                fontsize="small",
            )
    _key(space, axes)
    return axes


def shades(space: Space, configurations: Sequence[Mapping[str, Any]]) -> np.ndarray:
    """The position of each parameter's value in its list, shape (parameters, configurations).

    0 for the first value and 1 for the last, 0.5 if it is the only one; NaN where the parameter is
    inactive.
    """
    points = np.array([space.encode(configuration) for configuration in configurations])
    points = points.reshape(len(configurations), len(space.parameters)).T
    for row, parameter in zip(points, space.parameters, strict=True):
        count = parameter.domain.count
        if 1 < count < np.inf:  # from the middle of its place to the ends of the scale
            row[:] = (row * count - 0.5) / (count - 1)
    return np.asarray(points)


def _ranks(scores: Sequence[float] | np.ndarray) -> np.ndarray:
    """Ranks, 0 for the worst and 1 for the best, ties equal: outliers do not flatten the rest."""
    scores = np.asarray(scores, dtype=float)
    known = np.unique(scores[np.isfinite(scores)])
    if not len(known):
        return np.full(len(scores), np.nan)
    places = np.searchsorted(known, scores) / max(1, len(known) - 1)
    return np.where(np.isfinite(scores), places, np.nan)


def categories(count: int) -> list[str]:
    """`count` colours for unordered values, as different as possible."""
    return [CATEGORIES[round(place)] for place in np.linspace(0, len(CATEGORIES) - 1, count)]


def _unordered(parameter: Parameter) -> Sequence[Any]:
    """The two to eight values of an unordered parameter; empty for other parameters."""
    domain = parameter.domain
    few = not domain.ordered and 2 <= domain.count <= len(CATEGORIES)
    return tuple(domain.items) if few else ()


def _list_colours(axes: Axes, row: int, values: Sequence[Any]) -> None:
    """The values beside a row, each after a patch of its colour."""
    from matplotlib.offsetbox import AnnotationBbox, HPacker, TextArea

    small = {"fontsize": "small"}
    parts = [
        TextArea(text, textprops=small | {"color": colour})
        for value, category in zip(values, categories(len(values)), strict=True)
        for text, colour in (("\N{BLACK SQUARE}", category), (_text(value), INK))
    ]
    box = HPacker(children=parts, align="center", pad=0, sep=3)
    where = ("axes fraction", "data")
    axes.add_artist(
        AnnotationBbox(
            box, (1, row), xybox=(6, 0), xycoords=where, boxcoords="offset points",
            box_alignment=(0, 0.5), frameon=False, pad=0, annotation_clip=False,
        )
    )  # fmt: skip


def _same(space: Space) -> Sequence[Any]:
    """The values that all parameters share, such as a cell's operations; empty if they differ."""
    lists = [tuple(parameter.domain.items) for parameter in space.parameters]
    return lists[0] if len(set(lists)) == 1 and len(lists[0]) <= 8 else ()


def _ranges(space: Space) -> list[str]:
    """The text beside each row: its first and last value."""
    if _same(space):
        return [""] * len(space.parameters)
    found = []
    for parameter in space.parameters:
        first, last = parameter.domain.at(0.0), parameter.domain.at(1.0)
        found.append(f"{_text(first)} to {_text(last)}" if first != last else _text(first))
    return found


def _text(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _key(space: Space, axes: Axes) -> None:
    """Below the strip: the colour of each value, or which end of a range is dark."""
    from matplotlib import colormaps
    from matplotlib.patches import Patch

    low, high = SHADES
    names = [_text(value) for value in _same(space)] or ["first value", "last value"]
    spread = np.linspace(low, high, len(names)) if len(names) > 1 else [(low + high) / 2]
    colours: Sequence[Any] = colormaps["viridis"](spread)
    if _same(space) and _unordered(space.parameters[0]):
        colours = categories(len(names))
    patches = [
        Patch(facecolor=colour, edgecolor=INK, linewidth=0.5, label=name)
        for colour, name in zip(colours, names, strict=True)
    ]
    axes.legend(
        handles=patches,
        loc="upper left",
        bbox_to_anchor=(0, -0.06),
        ncols=len(patches),
        frameon=False,
        fontsize="small",
        handlelength=1,
        columnspacing=1.2,
        borderaxespad=0,
    )


def spread_out(
    axes: Axes, bands: Mapping[str, np.ndarray], text: Callable[[float], str] = "{:.1f}".format
) -> None:
    """Fit the y axis to the upper nine tenths of the lower quartiles: the start is left out.

    A contestant that ends below nine tenths of all the others is cut off and named in the corner.

    axes: with anytime curves. bands: their runs, shape (runs, points) each, in the axes' unit.
    text: how a height is written.
    """
    lows = {name: _quartiles(runs) for name, runs in bands.items()}
    ends = {name: float(np.median(runs[:, -1])) for name, runs in bands.items()}
    behind = [
        name
        for name in bands
        if len(bands) > 2 and ends[name] < _tenth([lows[each] for each in bands if each != name])
    ]
    bottom = _tenth([low for name, low in lows.items() if name not in behind])
    top = float(axes.dataLim.y1)  # of the bands, or of the optimum
    if top - bottom > 1e-6:  # more than rounding
        margin = 0.1 * (top - bottom)
        axes.set_ylim(bottom - margin, top + margin)
    if behind:
        named = ", ".join(f"{name} ({text(ends[name])})" for name in behind)
        axes.annotate(
            f"below: {named}",
            (0.99, 0.02),
            xycoords="axes fraction",
            ha="right",
            fontsize="small",
            color=INK,
        )


def _quartiles(runs: np.ndarray) -> np.ndarray:
    """The lower quartiles, at the points where all runs have a result."""
    return np.quantile(runs[:, np.isfinite(runs).all(axis=0)], 0.25, axis=0)


def _tenth(lows: Sequence[np.ndarray]) -> float:
    points = np.concatenate(lows)
    return float(np.quantile(points, 0.1)) if len(points) else np.inf


def swatch(line: Line2D) -> str:
    """A curve's dash, marker and colour as a small inline SVG: what a legend shows."""
    with from_extras():
        from matplotlib.colors import to_hex
        from matplotlib.markers import MarkerStyle

    colour = to_hex(line.get_color())
    marker = MarkerStyle(str(line.get_marker()))
    path = marker.get_path().transformed(marker.get_transform())
    outline = " ".join(
        f"{20 + 7 * x:.1f},{7 - 7 * y:.1f}" for polygon in path.to_polygons() for x, y in polygon
    )
    # Only this attribute keeps the dash pattern unscaled by the line's width.
    dash = line._unscaled_dash_pattern[1]  # type: ignore[attr-defined]
    dashes = " ".join(f"{2 * length:g}" for length in dash or ())
    return (
        '<svg width="40" height="14" aria-hidden="true" style="vertical-align:middle">'
        f'<line x1="0" y1="7" x2="40" y2="7" stroke="{colour}" stroke-width="2" '
        f'stroke-dasharray="{dashes}"/><polygon points="{outline}" fill="{colour}"/></svg>'
    )


def behind_a_curtain(axes: Axes) -> None:
    """Leave one clipping rectangle in the axes, that of their contents: grid and lines across the
    whole width need none. A narrower rectangle in the finished SVG shows less of the time."""
    for line in [*axes.get_xgridlines(), *axes.get_ygridlines()]:
        line.set_clip_on(False)
    for line in axes.get_lines():
        if line.get_transform() == axes.get_yaxis_transform(which="grid"):
            line.set_clip_on(False)
