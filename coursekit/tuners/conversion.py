"""Conversion between Keras Tuner's search spaces and the kit's, with conditions, scopes and scales.

In both, a parameter may exist only beside certain values of others, and a name may repeat under
other conditions; the first existing parameter of a name counts.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from keras_tuner import HyperParameters

from coursekit.spaces import (
    Around,
    Boolean,
    Choice,
    Conditional,
    Domain,
    Float,
    Integer,
    Parameter,
    Space,
)
from coursekit.spaces.domains import STEP
from coursekit.tuners.internals import Parent, kinds, with_same_name, with_values


class AskedSpace(Space):
    """A space that learns which parameters a model does not ask for beside which values.

    A program may ask for a hyperparameter only inside an `if`. A configuration that differs from a
    trained one only in parameters that the training did not ask for is the same to it: both have
    one `key`, so that strategies do not try it again.
    """

    def __init__(self, parameters: Sequence[tuple[str, Domain | Conditional]]) -> None:
        super().__init__(parameters)
        self._same: dict[tuple[str, ...], dict[tuple[Any, ...], Hashable]] = {}

    def learn(self, asked: Sequence[str], configuration: Mapping[str, Any]) -> None:
        """Take in that a training of this configuration asked only for these names."""
        names = tuple(asked)
        values = tuple([configuration[name] for name in names])
        known = self._same.setdefault(names, {})
        if values not in known:
            known[values] = super().key(configuration)
            self.learnt += len(names) < len(configuration)

    def key(self, configuration: Mapping[str, Any]) -> Hashable:
        for names, known in self._same.items():
            if all(name in configuration for name in names):
                values = tuple([configuration[name] for name in names])
                if values in known:
                    return known[values]
        return super().key(configuration)


Beliefs = Mapping[str, Mapping[str, Any]]  # arguments of `Around`, by name of the hyperparameter
NONE: Beliefs = MappingProxyType({})


def from_hyperparameters(hyperparameters: HyperParameters, around: Beliefs = NONE) -> AskedSpace:
    """The space of Keras Tuner's hyperparameters, with what is believed of some of them.

    A hyperparameter that can never exist (no value of its parent meets the condition) is left out.
    Parents come before children, independent of the order of discovery. A `Fixed` is a choice of
    one value.
    Raises ValueError if there are no hyperparameters, or for a range that the kit cannot search.
    """
    seen: dict[str, list[Domain]] = {}
    parameters: list[tuple[str, Domain | Conditional]] = []
    for hp in parents_first(hyperparameters.space):
        parents: dict[str, list[Any]] = {}
        for condition in hp.conditions:
            values = _as_in(seen.get(condition.name, []), condition.values)
            before = parents.get(condition.name, values)  # nested scopes of one parent
            parents[condition.name] = [value for value in before if value in values]
        if all(parents.values()):
            try:
                domain = _domain(hp)
                if hp.name in around:
                    domain = Around(domain, **around[hp.name])
            except ValueError as error:
                raise ValueError(f"hyperparameter {hp.name!r}: {error}") from None
            seen.setdefault(hp.name, []).append(domain)
            parameters.append((hp.name, domain.when(parents) if parents else domain))
    return AskedSpace(parameters)


def to_hyperparameters(space: Space) -> HyperParameters:
    """A space as Keras Tuner's hyperparameters, set to their defaults.

    Keras Tuner has no order among strings: an ordered choice of strings loses its order. It has no
    beliefs either: see `beliefs`.
    Raises TypeError for a choice whose values are not of one type.
    """
    made = HyperParameters()
    for parameter in space.parameters:
        made.merge([_hyperparameter(parameter)])
    return made


def beliefs(space: Space) -> Beliefs:
    """What a space's `Around` say, by name."""
    return {
        parameter.name: {"value": known.value, "spread": known.spread, "trust": known.trust}
        for parameter in space.parameters
        if isinstance(known := parameter.domain, Around)
    }


def parents_first(hyperparameters: Sequence[Any]) -> list[Any]:
    """The same in their order, but parents before children (a worker's come sorted by type).

    A hyperparameter whose parent is missing is left out.
    """
    ordered: list[Any] = []
    waiting = list(hyperparameters)
    while waiting:
        names = {hp.name for hp in waiting}
        ready = [hp for hp in waiting if not any(c.name in names for c in hp.conditions)]
        if not ready:  # a repeated name, under a condition on one that depends on it
            placed = {hp.name for hp in ordered}
            ready = [hp for hp in waiting if all(c.name in placed for c in hp.conditions)]
        if not ready:
            break
        ordered.append(ready[0])
        waiting = [hp for hp in waiting if hp is not ready[0]]
    known = {hp.name for hp in ordered}
    return [hp for hp in ordered if all(c.name in known for c in hp.conditions)]


def defaults(hyperparameters: HyperParameters, configuration: Mapping[str, Any]) -> dict[str, Any]:
    """A configuration, and the defaults of all active hyperparameters that it does not name."""
    made: dict[str, Any] = {}
    for hp in parents_first(hyperparameters.space):
        if hp.name not in made and all(condition.is_active(made) for condition in hp.conditions):
            made[hp.name] = configuration.get(hp.name, hp.default)
    return made


def _domain(hp: Any) -> Domain:
    if isinstance(hp, kinds.Boolean):
        return Boolean()
    if isinstance(hp, kinds.Fixed):
        return Choice([hp.value])
    if isinstance(hp, kinds.Choice):
        values = list(dict.fromkeys(hp.values))
        return Choice(values, ordered=bool(hp.ordered) and len(values) > 1)
    if not isinstance(hp, (kinds.Int, kinds.Float)):
        raise TypeError(f"{hp!r} is not one of Keras Tuner's own kinds of hyperparameters")
    log, kind = hp.sampling != "linear", Integer if isinstance(hp, kinds.Int) else Float
    step = None if kind is Integer and not log and hp.step == 1 else hp.step
    domain = kind(hp.min_value, hp.max_value, step, log)
    if hp.sampling == "reverse_log":
        return ReverseLog(domain)
    if isinstance(domain, Float) and not domain.items and domain.low < hp.default < domain.high:
        return WithDefault(domain.low, domain.high, None, log, hp.default)
    return domain


def _hyperparameter(parameter: Parameter) -> Any:
    name, domain = parameter.name, parameter.domain
    given: dict[str, Any] = {
        "conditions": [Parent(name, list(values)) for name, values in parameter.conditions.items()]
    }
    scale = "linear"
    if isinstance(domain, Around):
        domain = domain.domain
    if isinstance(domain, ReverseLog):
        scale, domain = "reverse_log", domain.mirrored
    elif isinstance(domain, (Integer, Float)) and domain.log:
        scale = "log"
    if isinstance(domain, (Integer, Float)):
        kind = kinds.Int if isinstance(domain, Integer) else kinds.Float
        if isinstance(domain, WithDefault):
            given["default"] = domain.default
        return kind(name, domain.low, domain.high, domain.step, scale, **given)
    if not isinstance(domain, Choice):
        raise TypeError(f"{name}={domain!r}: Keras Tuner has integers, floats, choices, booleans")
    types = {type(item) for item in domain.items}
    if len(types) > 1:
        raise TypeError(f"{name} is {domain.describe()}: in Keras Tuner all values have one type")
    if len(domain.items) == 1:
        return kinds.Fixed(name, domain.items[0], **given)
    if types == {bool}:
        return kinds.Boolean(name, **given)
    return kinds.Choice(name, list(domain.items), domain.ordered and types != {str}, **given)


def _as_in(domains: Sequence[Domain], values: Sequence[Any]) -> list[Any]:
    """The values in the domains' types: Keras Tuner compares 1, 1.0 and True as equal."""
    found = []
    for value in values:
        same = [value]
        if isinstance(value, (bool, int, float)) and value == value:
            same += [kind(value) for kind in (bool, int, float) if abs(value) < 2**53]
        found += [v for v in same if v == value and any(v in d for d in domains)][:1]
    return found


@dataclass(frozen=True)
class WithDefault(Float):
    """A continuum whose values, as listed for a grid, include its default, as in Keras Tuner."""

    default: float = 0.0

    def values(self, resolution: int | None = None) -> Iterator[float]:
        return iter(sorted({*super().values(resolution), float(self.default)}))


@dataclass(frozen=True)
class ReverseLog(Domain):
    """Numbers from low to high, densest near high: a reversed log scale."""

    mirrored: Integer | Float

    @property
    def items(self) -> Sequence[Any]:  # type: ignore[override]
        return tuple(self.values()) if self.count < 2**20 else ()

    @property
    def count(self) -> int | float:
        return self.mirrored.count

    def _turn(self, value: Any) -> Any:
        low, high = self.mirrored.low, self.mirrored.high
        return min(max(low + high - value, low), high)

    def __contains__(self, value: object) -> bool:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return False
        low, high = self.mirrored.low, self.mirrored.high
        return low <= value <= high and self._turn(value) in self.mirrored

    def position(self, value: Any) -> int:
        return int(self.count) - 1 - self.mirrored.position(self._turn(value))

    def at(self, u: float) -> Any:
        return self._turn(self.mirrored.at(1 - u))

    def where(self, value: Any) -> float:
        return 1 - self.mirrored.where(self._turn(value))

    def values(self, resolution: int | None = None) -> Iterator[Any]:
        if resolution is None and isinstance(self.mirrored, Integer) and not self.mirrored.step:
            return iter(range(self.mirrored.low, self.mirrored.high + 1))  # not as a list
        return iter([self._turn(value) for value in self.mirrored.values(resolution)][::-1])

    def ends(self, value: Any) -> tuple[float, float]:
        low, high = self.mirrored.ends(self._turn(value))
        return 1 - high, 1 - low

    def near(self, value: Any, step: float = STEP) -> Iterator[Any]:
        return (self._turn(each) for each in self.mirrored.near(self._turn(value), step))

    def describe(self) -> str:
        return f"{self.mirrored.describe()} (reversed log)"


def merged(known: HyperParameters, present: HyperParameters) -> HyperParameters:
    """The known hyperparameters, then those that only the present program has.

    Raises ValueError if the present program changes a known hyperparameter.
    """
    made = with_values(known, known.values)
    for hp in present.space:
        same = [e for e in with_same_name(known, hp.name) if e.conditions == hp.conditions]
        if not same:
            made.merge([hp])
        elif same[0].get_config() | {"default": None} != hp.get_config() | {"default": None}:
            raise ValueError(
                f"the search so far had {same[0]!r}, now it is {hp!r}: overwrite=True starts "
                "again, another project_name keeps both"
            )
    return made
