"""Grading a class: notebooks in, a gradebook and feedback pages out, whatever is inside them.

The controller (`grader`) holds the answers and never runs a submission. The fork server
(`fork_server`) holds no answers. Each submission runs in a child of it (`child`), isolated
(`isolation`), which returns plain data (`wire`); the controller compares.
"""

from typing import TYPE_CHECKING

from coursekit.lazy import lazily

if TYPE_CHECKING:
    from coursekit.grading.marking_page import show

__all__ = ["show"]
__getattr__ = lazily(__name__, {"show": "marking_page"}, __all__)  # the server needs none of it
