"""Finding good models in production: the package behind the course, and what stays after it."""

__version__ = "0.1.0"
