"""The controller: a policy as a map of decisions that moves, sample by sample."""

from __future__ import annotations

from typing import Any

import ipywidgets as w

from coursekit.plots.policy_maps import Draw, draws, policy_map, rewards, tell
from coursekit.strategies.reinforce import Reinforce
from coursekit.widgets.panel import draw, status
from coursekit.widgets.played import Played
from coursekit.widgets.sliders import scale
from coursekit.worlds import World

PACE = 500  # milliseconds a sample while it plays
RATES = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
NONE = "none"
BASELINES = (NONE, 0.5, 0.8, 0.9, 0.95, 0.99)
ENTROPIES = (0.0, 0.01, 0.03, 0.1, 0.3, 1.0)
POLICIES = {"a table": "tabular", "an LSTM": "lstm"}


class WithoutBaseline(Reinforce):
    """Counts each score as it is, in units of the scores' spread; to see what a baseline does."""

    @property
    def baseline(self) -> float:
        return 0.0

    def advantage(self, score: float) -> float:
        super().advantage(score)
        return score / self.moving.spread


class Controller(Played):
    """Samples from a policy and shows how each reward moves it.

    Sliders set learning rate, baseline (the decay of the moving average, or none) and entropy
    weight, a menu the policy; the search runs again and is shown at the same sample. The controller
    may draw a candidate again, as in the paper.

    world: one that answers at once. trials: samples in total. seed: of the search. policy:
    "tabular" or "lstm". Raises ValueError for a setting that its slider does not have.
    """

    def __init__(
        self,
        world: World,
        *,
        policy: str = "tabular",
        learning_rate: float = 0.1,
        baseline_decay: float | None = 0.9,
        entropy_weight: float = 0.0,
        trials: int = 150,
        seed: int = 0,
    ) -> None:
        self.world, self.trials, self.seed = world, trials, seed
        self.draws: list[Draw] = []
        self.policy = w.Dropdown(
            options=list(POLICIES.items()), value=_among("policy", policy, POLICIES.values()),
            description="policy", style={"description_width": "100px"},
            layout=w.Layout(width="300px"),
        )  # fmt: skip
        self.learning_rate = _steps("learning rate", RATES, learning_rate)
        self.baseline_decay = _steps(
            "baseline", BASELINES, NONE if baseline_decay is None else baseline_decay
        )
        self.entropy_weight = _steps("entropy", ENTROPIES, entropy_weight)
        moments = self.moments("sample", trials, pace=PACE)
        self.line, self.figure = w.HTML(), w.HTML()
        controls = [self.policy, self.learning_rate, self.baseline_decay, self.entropy_weight]
        for control in controls:
            control.observe(lambda _: self.search(), names="value")
        wrap = w.Layout(flex_flow="row wrap")
        self.box = w.VBox([w.HBox(controls, layout=wrap), moments, self.line, self.figure])
        self.search()

    def search(self) -> None:
        """Search with the present values of the controls; the present sample stays."""
        decay = self.baseline_decay.value
        made = WithoutBaseline if decay == NONE else Reinforce
        controller = made(
            self.world.space,
            policy=self.policy.value,
            learning_rate=self.learning_rate.value,
            baseline_decay=0.9 if decay == NONE else decay,
            entropy_weight=self.entropy_weight.value,
            repeats=True,
        )
        self.values = controller.values
        self.draws = draws(controller, self.world, trials=self.trials, seed=self.seed)
        self.moment.max = self.clock.max = len(self.draws)
        self.update()

    def update(self) -> None:
        """Show the present sample in the line and the figure."""
        self.line.value = status(self.tell(self.moment.value))
        self.figure.value = self._figure(self.moment.value)

    def tell(self, now: int) -> str:
        """Sample number `now` in words."""
        return tell(self.draws, self.values, now, percent=self.world.percent)

    def _figure(self, now: int) -> str:
        at = self.draws[max(now, 1) - 1]
        chances, earlier = (at.after, at.before) if now else (at.before, None)

        def paint(above: Any, below: Any) -> str:
            taken = at.taken if now else None
            policy_map(chances, self.values, taken=taken, before=earlier, axes=above)
            above.set_title("chance of each decision, %: drawn (framed), risen ▲, fallen ▼")
            rewards(self.draws, now=now, percent=self.world.percent, axes=below)
            return f"The policy of a controller. {self.tell(now)}"

        height = 0.36 * len(self.values) + 0.5
        return draw(paint, width=9.0, height=height + 2.4, rows=(height, 2.2))

    def static(self) -> str:
        now = self.moment.value or len(self.draws)
        return status(self.tell(now)) + self._figure(now)

    def __repr__(self) -> str:
        return f"Controller of {self.world}: {self.tell(self.moment.value)}"


def _among(name: str, value: Any, known: Any) -> Any:
    if value not in list(known):
        raise ValueError(f"{name}={value!r}: there are {', '.join(map(str, known))}")
    return value


def _steps(description: str, options: tuple[Any, ...], value: Any) -> w.SelectionSlider:
    chosen = _among(description.replace(" ", "_"), value, options)
    return scale(description, options, chosen, label=100)
