"""Search spaces: domains, the spaces made of them, chains of layers and cells."""

from coursekit.spaces.domains import Boolean, Choice, Conditional, Domain
from coursekit.spaces.growing import Growing
from coursekit.spaces.macro import Chain, Layer
from coursekit.spaces.micro import Block, BlockCells, Cells, Edge, EdgeCells, Graph
from coursekit.spaces.numbers import Float, Integer
from coursekit.spaces.skeleton import Part, Skeleton
from coursekit.spaces.space import Configuration, Parameter, Space

__all__ = [
    "Block",
    "BlockCells",
    "Boolean",
    "Cells",
    "Chain",
    "Choice",
    "Conditional",
    "Configuration",
    "Domain",
    "Edge",
    "EdgeCells",
    "Float",
    "Graph",
    "Growing",
    "Integer",
    "Layer",
    "Parameter",
    "Part",
    "Skeleton",
    "Space",
]
