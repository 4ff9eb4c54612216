"""Search spaces: domains, and the spaces made of them."""

from coursekit.spaces.domains import Boolean, Choice, Conditional, Domain
from coursekit.spaces.numbers import Float, Integer
from coursekit.spaces.space import Configuration, Parameter, Space

__all__ = [
    "Boolean",
    "Choice",
    "Conditional",
    "Configuration",
    "Domain",
    "Float",
    "Integer",
    "Parameter",
    "Space",
]
