"""Several callers of one function at once, without errors.

LocalStack 4.14.0 walks through a function's execution environments while another caller may add one, which
Python answers with "dictionary changed size during iteration": the invocation fails, and its messages come
again only after their visibility timeout.
"""

from collections import defaultdict
from collections.abc import Iterable

from localstack.services.lambda_.invocation.assignment import AssignmentService


class SteadyDict(dict):
    """A dict whose values, once asked for, stay as they were at that moment."""

    def values(self) -> Iterable:
        return list(super().values())


def make_steady() -> None:
    """Have every AssignmentService from now on keep its environments in a SteadyDict. Does nothing the second time."""
    if AssignmentService.__init__ is not _init:
        AssignmentService.__init__ = _init


_original_init = AssignmentService.__init__


def _init(self: AssignmentService) -> None:
    _original_init(self)
    self.environments = defaultdict(SteadyDict)
