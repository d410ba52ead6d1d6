"""Opens what a child answered without trusting it: it may have been taken over by what it read.

Answers are pickled; they are unpickled by a reader that knows only the project's values and Python's plain ones.
"""

from __future__ import annotations

import io
import pickle
from typing import Any

from aggregator import errors
from aggregator.errors import AggregatorError, Facts, ParseError
from aggregator.errors import gettext_noop as _

RULES = "aggregator.pipeline."  # modules whose functions are run apart, and whose values they answer with
_PLAIN = {"set", "frozenset", "bytearray", "complex"}
MOST = 1000  # characters of a sentence, and of a fact in it


def opened(answer: bytes) -> tuple[str, Any]:
    """Return ("value", what a function returned) or ("error", an AggregatorError).

    An answer that holds anything but values is an error `parser_failed`.
    """
    try:
        kind, value = _Values(io.BytesIO(answer)).load()
        return (kind, value) if kind == "value" else ("error", _error(*value))
    except Exception:
        return "error", ParseError(_("The reader's answer cannot be read."), code="parser_failed")


def _error(template: str, facts: Facts, code: str, permanent: bool, family: str) -> AggregatorError:
    made = getattr(errors, family, ParseError)
    if not (isinstance(made, type) and issubclass(made, AggregatorError)):
        made = ParseError
    said = {str(name): str(value)[:MOST] for name, value in facts.items()}
    return made(str(template)[:MOST], code=str(code), permanent=bool(permanent), facts=said)


class _Values(pickle.Unpickler):
    """Knows the project's values and Python's plain ones, and nothing that acts."""

    def find_class(self, module: str, name: str) -> Any:
        plain = module == "datetime" or (module == "builtins" and name in _PLAIN)
        ours = module.startswith(RULES) or module == "aggregator.errors"
        if (plain or ours) and "." not in name:  # a dotted name leads through a module to what it imports
            found = super().find_class(module, name)
            if isinstance(found, type) and found.__module__ == module:
                return found
        raise pickle.UnpicklingError(f"{module}.{name} is no value")
