"""Space: named parameters, some of which exist only when others have certain values.

A configuration is a plain dict with a value for each parameter that exists. A space is also a unit
cube with one axis for each parameter: `decode` turns any point into a configuration, `encode` turns
a configuration into the middle of its interval on each axis (NaN where no parameter exists).
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from coursekit.spaces import counting
from coursekit.spaces.domains import SIGMA, STEP, Choice, Conditional, Domain, Parameter

Configuration = dict[str, Any]


class Space:
    """Parameters in order, each a domain; any of them may be conditional (`Domain.when`).

    parameters: a mapping from names to domains, or pairs. In pairs a name may repeat: of several
        parameters with one name, the first that exists counts.

    Raises ValueError for a condition on a parameter that does not come earlier, or on a value
    that the parent cannot have.
    """

    learnt = 0  # how often a subclass has learnt that other configurations have one `key`

    def __init__(
        self,
        parameters: Mapping[str, Domain | Conditional] | Sequence[tuple[str, Domain | Conditional]],
    ) -> None:
        pairs = parameters.items() if isinstance(parameters, Mapping) else parameters
        self.parameters: tuple[Parameter, ...] = tuple(_parameter(name, d) for name, d in pairs)
        if not self.parameters:
            raise ValueError("a space needs at least one parameter")
        self._check_conditions()
        # What the inner loops need, without attribute look-ups.
        self._rows = [
            (p.name, p.domain, p.exists if p.conditions else None) for p in self.parameters
        ]
        names = [parameter.name for parameter in self.parameters]
        self._repeated = len(set(names)) < len(names)
        self._plain = not self._repeated and not any(p.conditions for p in self.parameters)
        self._every = list(range(len(self.parameters)))
        self._free = [i for i in self._every if self.parameters[i].domain.count > 1]

    def _check_conditions(self) -> None:
        seen: dict[str, list[Domain]] = {}
        for parameter in self.parameters:
            for name, values in parameter.conditions.items():
                if name not in seen:
                    raise ValueError(
                        f"{parameter.name} depends on {name!r}, which is not before it: "
                        f"before it are {list(seen)}"
                    )
                for value in values:
                    if not any(value in domain for domain in seen[name]):
                        raise ValueError(
                            f"{parameter.name} depends on {name}={value!r}, which is not "
                            f"{seen[name][0].describe()}"
                        )
            seen.setdefault(parameter.name, []).append(parameter.domain)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self.parameters)} parameters, {self.count} points)"

    def __len__(self) -> int:
        """The number of parameters (axes of the unit cube)."""
        return len(self.parameters)

    # Existence ------------------------------------------------------------------------------

    def existing(self, configuration: Mapping[str, Any]) -> list[int]:
        """Indices of the parameters that exist in a configuration."""
        if self._plain:
            return self._every
        found: dict[str, int] = {}
        made: Configuration = {}  # conditions ask only about earlier parameters
        for index, (name, _, exists) in enumerate(self._rows):
            if name not in found and (exists is None or exists(made)):
                found[name] = index
                if name in configuration:
                    made[name] = configuration[name]
        return list(found.values())

    def check(self, configuration: Mapping[str, Any]) -> None:
        """Raise ValueError, naming the first fault, if the space lacks this configuration."""
        existing = [self.parameters[index] for index in self.existing(configuration)]
        for parameter in existing:
            if parameter.name not in configuration:
                raise ValueError(
                    f"{parameter.name} is missing: it needs {parameter.domain.describe()}"
                )
            value = configuration[parameter.name]
            if value not in parameter.domain:
                raise ValueError(f"{parameter.name}={value!r} is not {parameter.domain.describe()}")
        extra = sorted(set(configuration) - {parameter.name for parameter in existing})
        if extra:
            known = {parameter.name: parameter.conditions for parameter in self.parameters}
            why = f"is not a parameter of this space, which has {list(known)}"
            if extra[0] in known:
                why = f"exists only when {dict(known[extra[0]])}"
            raise ValueError(f"{extra[0]}={configuration[extra[0]]!r} {why}")

    def complete(
        self, partial: Mapping[str, Any], point: Sequence[float] | np.ndarray | None = None
    ) -> Configuration:
        """A configuration with the values of `partial` where they fit. All others come from a
        point of the unit cube, shape (parameters,), or from the middle of their domains."""
        made: Configuration = {}
        for index, (name, domain, exists) in enumerate(self._rows):
            if name not in made and (exists is None or exists(made)):
                if name in partial and partial[name] in domain:
                    made[name] = partial[name]
                else:
                    made[name] = (
                        domain.middle() if point is None else domain.at(float(point[index]))
                    )
        return made

    # The unit cube --------------------------------------------------------------------------

    def decode(self, point: Sequence[float] | np.ndarray) -> Configuration:
        """The configuration at a point, shape (parameters,), of the unit cube."""
        made: Configuration = {}
        row = point.tolist() if isinstance(point, np.ndarray) else point
        for (name, domain, exists), u in zip(self._rows, row, strict=True):
            if (exists is None or exists(made)) and name not in made:
                made[name] = domain.at(u)
        return made

    def encode(self, configuration: Mapping[str, Any]) -> np.ndarray:
        """A point, shape (parameters,), that decodes to this; NaN where no parameter exists."""
        point = np.full(len(self.parameters), np.nan)
        try:
            for index in self.existing(configuration):
                name, domain, _ = self._rows[index]
                point[index] = domain.where(configuration[name])
        except (KeyError, TypeError, ValueError):
            self.check(configuration)  # its error names the fault
            raise
        return point

    def one_hot(self, points: np.ndarray) -> np.ndarray:
        """Encoded points, shape (n, parameters), as features, shape (n, columns), all in [0, 1].

        An unordered choice has a column for each value, any other parameter one column. An ordered
        parameter that can be absent has a second column: 1 if it exists. Absent values are 0.
        """
        columns = []
        for index, parameter in enumerate(self.parameters):
            u = points[:, index]
            exists = ~np.isnan(u)
            here = np.where(exists, u, 0.0)
            if isinstance(parameter.domain, Choice) and not parameter.domain.ordered:
                total = len(parameter.domain.items)
                place = np.minimum((here * total).astype(int), total - 1)
                columns.append(np.eye(total)[place] * exists[:, None])
            else:
                columns.append(here[:, None])
                if parameter.conditions or self._repeated:
                    columns.append(exists[:, None].astype(float))
        return np.concatenate(columns, axis=1)

    # Points ---------------------------------------------------------------------------------

    def sample(self, rng: np.random.Generator) -> Configuration:
        """A random configuration: each existing parameter is uniform on its unit interval."""
        return self.decode(rng.random(len(self.parameters)))

    def key(self, configuration: Mapping[str, Any]) -> Hashable:
        """A hashable form of a configuration: equal for equal configurations only."""
        if self._plain:
            return tuple([configuration[name] for name, _, _ in self._rows])
        return tuple(sorted(configuration.items()))

    def canonical(self, configuration: Mapping[str, Any]) -> Hashable:
        """Equal for configurations that build the same model; cell spaces override it."""
        return self.key(configuration)

    def mutate(
        self, configuration: Mapping[str, Any], rng: np.random.Generator, sigma: float = SIGMA
    ) -> Configuration:
        """Change one decision: an existing parameter gets another value (`Domain.other`).

        Parameters that begin to exist are sampled; those that cease to exist are dropped.
        """
        free = self._free
        if not self._plain:
            here = set(self.existing(configuration))
            free = [index for index in free if index in here]
        if not free:
            raise ValueError("nothing to mutate: every parameter has one value only")
        name, domain, _ = self._rows[free[int(rng.integers(len(free)))]]
        changed = {**configuration, name: domain.other(configuration[name], rng, sigma)}
        return changed if self._plain else self.complete(changed, rng.random(len(self)))

    def neighbours(
        self, configuration: Mapping[str, Any], step: float = STEP
    ) -> Iterator[Configuration]:
        """Every configuration one step away (`Domain.near`), in order; new parameters take the
        middle of their domains."""
        for index in self.existing(configuration):
            name, domain, _ = self._rows[index]
            for value in domain.near(configuration[name], step):
                changed = {**configuration, name: value}
                yield changed if self._plain else self.complete(changed)

    def enumerate(
        self,
        resolution: int | Mapping[str, int] | None = None,
        *,
        given: Mapping[str, Any] | None = None,
    ) -> Iterator[Configuration]:
        """All configurations in order, the last parameter fastest, generated lazily.

        resolution: the most values that a number gets, for all or by name; needed for a
            continuum. Unordered choices give all their values.
        given: values that are fixed where their parameters exist.
        """
        fast = given or {}
        each = resolution if isinstance(resolution, Mapping) else {}
        unknown = sorted(set(each) - {parameter.name for parameter in self.parameters})
        if unknown:
            raise ValueError(
                f"resolution for {unknown[0]!r}, which is not a parameter of this space"
            )
        most = None if isinstance(resolution, Mapping) else resolution

        def extend(made: Configuration, index: int) -> Iterator[Configuration]:
            while index < len(self._rows):
                name, domain, exists = self._rows[index]
                index += 1
                if name in made or not (exists is None or exists(made)):
                    continue
                if name in fast and fast[name] in domain:
                    made[name] = fast[name]
                    continue
                for value in domain.values(each.get(name, most)):
                    yield from extend({**made, name: value}, index)
                return
            yield made

        return extend({}, 0)

    @cached_property
    def count(self) -> int | float:
        """The exact number of configurations; math.inf for a continuum."""
        return counting.count(self.parameters)


def _parameter(name: str, domain: Domain | Conditional) -> Parameter:
    if not isinstance(name, str) or not name:
        raise TypeError(f"a parameter's name is a string, not {name!r}")
    if isinstance(domain, Conditional):
        return Parameter(name, domain.domain, dict(domain.conditions))
    if isinstance(domain, Domain):
        return Parameter(name, domain, {})
    raise TypeError(f"{name}={domain!r} is not a domain: use Integer, Float, Choice or Boolean")
