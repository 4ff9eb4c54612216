"""Search spaces: domains, the spaces made of them, chains of layers and cells."""

from coursekit.spaces.around import Around
from coursekit.spaces.domains import Boolean, Choice, Conditional, Domain, Parameter
from coursekit.spaces.incremental import Incremental
from coursekit.spaces.macro import Chain, Layer
from coursekit.spaces.micro import Block, BlockCells, CellSpace, Edge, EdgeCells, Graph
from coursekit.spaces.numbers import Float, Integer
from coursekit.spaces.skeleton import Part, Skeleton
from coursekit.spaces.space import Configuration, Space

__all__ = [
    "Around",
    "Block",
    "BlockCells",
    "Boolean",
    "CellSpace",
    "Chain",
    "Choice",
    "Conditional",
    "Configuration",
    "Domain",
    "Edge",
    "EdgeCells",
    "Float",
    "Graph",
    "Incremental",
    "Integer",
    "Layer",
    "Parameter",
    "Part",
    "Skeleton",
    "Space",
]
