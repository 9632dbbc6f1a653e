"""What the reference implementations say. A fault inside one of them is the verdict `crash`, never hidden as another."""

import logging
import warnings

from stix2 import parse as stix2_parse
from stix2.equivalence.pattern import equivalent_patterns
from stix2matcher.matcher import MatcherException, Pattern as MatcherPattern
from stix2patterns.exceptions import ParseException
from stix2patterns.validator import run_validator
from stix2validator import ValidationOptions, validate_instance
from stix2validator import output as validator_output
from stix2validator import validator as validator_module

logging.disable(logging.CRITICAL)
warnings.filterwarnings("ignore")
validator_output.set_silent(True)


def check(case):
    try:
        return "invalid" if run_validator(case["pattern"], case.get("version", "2.1")) else "valid"
    except Exception as error:  # noqa: BLE001 - a fault of the reference is a verdict of its own
        return f"crash {type(error).__name__}"


def match(case):
    try:
        pattern = MatcherPattern(case["pattern"], case.get("version", "2.1"))
    except ParseException:
        return "error"
    except Exception as error:  # noqa: BLE001
        return f"crash {type(error).__name__}"
    try:
        return "match" if pattern.match(case["observations"]) else "no-match"
    except MatcherException:
        return "error"
    except Exception as error:  # noqa: BLE001
        return f"crash {type(error).__name__}"


def equivalent(case):
    try:
        return equivalent_patterns(case["a"], case["b"], case.get("version", "2.1"))
    except ParseException:
        return "error"
    except Exception as error:  # noqa: BLE001
        return f"crash {type(error).__name__}"


def identifier(case):
    """The id python-stix2 gives to an object that comes without one; `None` when it gives a random one."""
    content = {key: value for key, value in case["object"].items() if key != "id"}
    try:
        given = stix2_parse(content, version="2.1", allow_custom=True)["id"]
    except Exception as error:  # noqa: BLE001
        return f"crash {type(error).__name__}: {error}"
    return given if given[-22:-21] == "5" else None


_schemas = {}


def _load_schema(path, load=validator_module.load_schema):
    # The reference reads the same schema file again for every object; kept in memory it gives the same answers faster.
    # A copy is needed: it writes into what it was given.
    import copy

    if path not in _schemas:
        _schemas[path] = load(path)
    return copy.deepcopy(_schemas[path])


validator_module.load_schema = _load_schema


def validate(case):
    """Returns (verdict, messages).

    The reference fails on many malformed objects in the checks that follow its schemas; what its schemas said before
    that is its verdict, and only a fault on an object its schemas accept is a `crash`.
    """
    options = ValidationOptions(version="2.1", silent=True)
    try:
        result = validate_instance(case["object"], options)
    except Exception as error:  # noqa: BLE001
        return _by_schema(case["object"], options, error)
    return ("valid" if result.is_valid else "invalid"), [str(error)[:300] for error in result.errors]


def _by_schema(thing, options, error):
    if not isinstance(thing, dict) or "type" not in thing or "id" not in thing:
        return "invalid", [str(error)[:300]]
    try:
        messages = [str(each)[:300] for generator, _ in validator_module._schema_validate(thing, options) for each in generator]
    except Exception as again:  # noqa: BLE001
        return f"crash {type(again).__name__}", [str(again)[:300]]
    return ("invalid", messages) if messages else (f"crash {type(error).__name__}", [str(error)[:300]])
