"""Where the program and the references differ on purpose: one narrow predicate each, with the reason.

An entry must be met in every run (`run.py` fails otherwise), so that none outlives its reason. The words of the
specification and the decision are in `docs/adr/0008-differences-from-the-references.md`, under the same name.
"""

import re


class Difference:
    """`holds` says whether the entry explains a disagreement; it looks at the case and at both verdicts."""

    def __init__(self, kind, name, reason, holds):
        self.kind, self.name, self.reason, self.holds, self.met = kind, name, reason, holds, 0


def find(kind, case, mine, theirs):
    """Returns the entry that explains a disagreement, or nothing."""
    for entry in ALL:
        if entry.kind == kind and entry.holds(case, mine, theirs):
            return entry
    return None


def bare(pattern):
    """The pattern without what its strings hold."""
    return re.sub(r"'(?:[^'\\]|\\.)*'", "''", pattern, flags=re.S)


def _text(expression, flags=re.S):
    compiled = re.compile(expression, flags)
    return lambda case: compiled.search(case["pattern"]) is not None


# Syntax of patterns: ours against the validator of stix2-patterns.

_HASH = r"hashes(?:\s*\.\s*(?:[A-Za-z0-9_]+|'[^']*'))"


def _syntax(name, reason, mine, theirs, holds, versions=("2.0", "2.1")):
    return Difference("check", name, reason, lambda case, m, t: m == mine and t == theirs and case.get("version", "2.1") in versions and holds(case))


SYNTAX = [
    _syntax("binary-line-feed", "§9.2 allows base64 as RFC 4648 §4 gives it; MIME wraps it", "valid", "invalid", _text(r"b'[A-Za-z0-9+/=\n]*\n[A-Za-z0-9+/=\n]*'")),
    _syntax("leading-comment", "white space and comments may stand anywhere; the reference looks for a bracket in the raw text", "valid", "invalid",
            _text(r"^[\s(]*(/\*|//)")),
    _syntax("negative-index", "the grammar takes any integer; the reference parses it and then fails", "valid", "crash AttributeError", _text(r"\[\s*-\d+\s*\]")),
    _syntax("hash-index", "an index after `hashes` is no hash name; the reference fails on it", "valid", "crash AttributeError", _text(r"hashes\s*\[\s*[+-]?\d+\s*\]")),
    _syntax("hash-operator", "a part or a range of a hash is no hash; the reference checks every constant", "valid", "invalid",
            _text(_HASH + r"\s*(?:NOT\s*)?(?:LIKE|MATCHES|ISSUBSET|ISSUPERSET|<=?(?!>)|>=?)")),
    _syntax("hash-set", "the reference checks the text of the whole set as one hash", "valid", "invalid", _text(_HASH + r"\s*(?:NOT\s*)?IN\s*\(")),
    _syntax("hash-fuzzy", "SSDEEP and MD6 have no form the specification gives", "valid", "invalid", _text(r"hashes\.'?(SSDEEP|MD6)'?", re.I)),
    _syntax("empty-text", "a pattern has at least one observation; the reference fails on nothing at all", "invalid", "crash UnboundLocalError",
            lambda case: case["pattern"] == ""),
    _syntax("plain-start-stop", "STIX 2.0 part 5 §4.1.2 shows both forms in use; 2.0 content with plain strings is read", "valid", "invalid",
            _text(r"START\s*'|STOP\s*'"), ("2.0",)),
]


# Matching: ours against stix2-matcher.

def _values(thing):
    if isinstance(thing, dict):
        for value in thing.values():
            yield from _values(value)
    elif isinstance(thing, list):
        for value in thing:
            yield from _values(value)
    else:
        yield thing


def _data(case, holds):
    return any(holds(value) for value in _values(case["observations"]))


def _matching(name, reason, verdicts, holds):
    return Difference("match", name, reason, lambda case, m, t: (m, t) in verdicts and holds(case))


_EITHER = {("match", "no-match"), ("no-match", "match")}
MATCHING = [
    _matching("not-order", "§9.6.1: NOT negates the result, and an incomparable pair is false", _EITHER, _text(r"NOT\s*[<>]=?\s")),
    _matching("not-exists", "§9.6: NOT EXISTS is true where nothing is there; the reference leaves the NOT out", _EITHER, _text(r"NOT\s+EXISTS")),
    _matching("exists-crash", "the reference fails where EXISTS is joined to another test",
              {(mine, f"crash {fault}") for mine in ("match", "no-match") for fault in ("TypeError", "ValueError", "AttributeError")}, _text(r"EXISTS")),
    _matching("other-networks", "§9.6.1 speaks of IPv4 and IPv6 CIDR blocks; the reference knows IPv4 from /1 to /32", {("match", "error"), ("no-match", "error")},
              lambda case: re.search(r"ISSU[BP]", case["pattern"]) and (re.search(r"'[0-9a-f]*:[0-9a-f:]*(/\d+)?'|'[0-9.]+/0'", case["pattern"]) or _data(case, lambda v: isinstance(v, str) and v.endswith("/0")))),
    _matching("bare-network", "a single address is the network of itself", {("match", "error"), ("no-match", "error")},
              lambda case: re.search(r"ISSU[BP]", case["pattern"]) and (re.search(r"ISSUBSET\s*'[0-9.]+'", case["pattern"]) or
                                                                       ("ISSUPERSET" in case["pattern"] and _data(case, lambda v: isinstance(v, str) and re.fullmatch(r"[0-9.]+", v))))),
    _matching("network-and-text", "§9.6.1: what cannot be compared is false, not a fault", {("match", "error"), ("no-match", "error")},
              lambda case: re.search(r"(?:name|path|url:value|thing:value)\S*\s+(?:NOT )?ISSU[BP]", case["pattern"])),
    _matching("bad-network-unreached", "a constant that cannot be evaluated is a fault whatever the data", {("error", "no-match"), ("error", "match")},
              _text(r"ISSU(?:BSET|PERSET)\s*'(?![0-9.]+(/\d+)?'|[0-9a-f:.]+(/\d+)?')")),
    _matching("short-address", "inet_aton reads `192.0.519`; dotted-quad notation has four parts", _EITHER,
              lambda case: re.search(r"ISSU[BP]", case["pattern"]) and _data(case, lambda v: isinstance(v, str) and re.fullmatch(r"\d+(\.\d+){0,2}(/\d+)?", v))),
    _matching("like-line-feed", "§9.6.1: `%` is any run of characters and the whole value is compared", _EITHER,
              lambda case: "LIKE" in case["pattern"] and _data(case, lambda v: isinstance(v, str) and "\n" in v)),
    _matching("matches-line-feed", "§9.6.1 asks for DOTALL in MATCHES", _EITHER,
              lambda case: "MATCHES" in case["pattern"] and _data(case, lambda v: isinstance(v, str) and "\n" in v)),
    _matching("boolean-in-numbers", "a boolean is no number; to Python True equals 1", _EITHER,
              lambda case: re.search(r"IN \([^)]*[01]", case["pattern"]) and _data(case, lambda v: isinstance(v, bool))),
    _matching("octets-in-texts", "IN is a row of equalities, and octets equal text of Latin-1", _EITHER, _text(r"(?:_bin|_hex)\s+(?:NOT )?IN \('")),
    _matching("octets-like", "octets are compared as Latin-1 text; the reference reads UTF-8", {("match", "crash UnicodeDecodeError"), ("no-match", "crash UnicodeDecodeError")},
              _text(r"(?:_bin|_hex)\s+(?:NOT )?LIKE")),
    _matching("bad-expression", "an expression that does not compile is an evaluation error; the reference lets the fault of its library through", {("error", "crash error")},
              _text("MATCHES")),
    _matching("look-around", "expressions run in linear time; look-around and back-references are refused", {("error", "match"), ("error", "no-match")}, _text(r"\(\?[=!<]|\\[1-9]")),
    _matching("long-numbers", "numbers are compared exactly; the reference reads a fraction as a double", _EITHER, _text(r"\d{16,}\.\d")),
    _matching("long-fractions", "instants are compared to the last digit; the reference cuts at microseconds", _EITHER, _text(r"\.\d{7,}Z'")),
]


# Equivalence: ours against stix2.equivalence.pattern.

def _equivalence(name, reason, mine, theirs, holds):
    return Difference("equivalent", name, reason, lambda case, m, t: m in mine and t in theirs and holds(case["a"] + "\n" + case["b"]))


def _has(expression):
    compiled = re.compile(expression, re.S)
    return lambda text: compiled.search(text) is not None


EQUIVALENCE = [
    _equivalence("not-unequal", "§9.6: NOT != is =", {True}, {False}, _has(r"NOT (!=|<>)")),
    _equivalence("set-as-or", "§9.6: IN is a row of equalities", {True}, {False}, _has(r" IN \(")),
    _equivalence("set-crash", "the reference fails on a set for an address or a registry key", {True, False}, {"crash AttributeError"},
                 _has(r"(ipv[46]-addr:value|windows-registry-key:\w+) (NOT )?IN ")),
    _equivalence("and-across-types", "the reference fails where no object can satisfy an AND", {True, False}, {"crash ValueError"}, _has(" AND ")),
    _equivalence("not-crash", "the reference fails when it sorts a test and its negation", {True, False}, {"crash TypeError"}, _has("NOT ")),
]


# Ids: ours against python-stix2.

def _hashes(case):
    return case["object"].get("hashes") or {}


PREFERRED = {"MD5", "SHA1", "SHA256", "SHA512"}
IDENTIFIERS = [
    Difference("id", "smallest-hash", "§2.9 names no order beyond four algorithms; the order of members is no property of an object",
               lambda case, m, t: len(_hashes(case)) > 1 and not PREFERRED & {re.sub("[-_]", "", name).upper() for name in _hashes(case)}
               and next(iter(_hashes(case))) != min(_hashes(case))),
]


VALIDITY = []

ALL = SYNTAX + MATCHING + EQUIVALENCE + IDENTIFIERS + VALIDITY
