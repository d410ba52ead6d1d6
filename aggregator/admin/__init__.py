"""The desk's forms: the stock admin on a site of its own."""

from . import rows

__all__ = ["rows"]
