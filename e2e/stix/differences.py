"""Where the program and the references differ on purpose: one narrow predicate each, with the reason.

An entry must be met in every run (`run.py` fails otherwise), so that none outlives its reason, and it must be named in
`docs/adr/0008-differences-from-the-references.md`, where the decision is.
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
    _syntax("hash-fuzzy", "the specification leaves the form of SSDEEP to another document and does not know MD6", "valid", "invalid", _text(r"hashes\.'?(SSDEEP|MD6)'?", re.I)),
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
    _matching("not-exists", "§9.6 and §9.6.1 contradict each other; NOT negates EXISTS, and the reference leaves the NOT out", _EITHER, _text(r"NOT\s+EXISTS")),
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
    _matching("hash-constant", "a pattern that does not keep its rules matches nothing; the matcher of the reference leaves out the check its validator makes",
              {("error", "no-match"), ("error", "match")}, lambda case: re.search(r"hashes\.'?[A-Za-z0-9-]+'?\s*(NOT\s*)?(=|!=)", case["pattern"])),
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
    _equivalence("not-unequal", "§9.6: NOT != is =; the reference leaves the NOT out", {True, False}, {True, False}, _has(r"NOT (!=|<>)")),
    _equivalence("set-as-or", "§9.6: IN is a row of equalities", {True}, {False}, _has(r" IN \(")),
    _equivalence("set-crash", "the reference fails on a set for an address or a registry key", {True, False}, {"crash AttributeError"},
                 _has(r"(ipv[46]-addr:value|windows-registry-key:\w+) (NOT )?IN ")),
    _equivalence("and-across-types", "the reference fails where no object can satisfy an AND", {True, False}, {"crash ValueError"}, _has(" AND ")),
    _equivalence("not-in-lost", "the reference takes NOT IN and IN of the same members for the same test", {False}, {True},
                 lambda text: re.search(r"NOT IN \(", text) and re.search(r"(?<!NOT) IN \(", text)),
    _equivalence("fractional-within", "WITHIN takes a fraction; the reference fails on it", {True, False}, {"crash ValueError"}, _has(r"WITHIN \d*\.\d+ SECONDS")),
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


# Validity: ours against stix2-validator, whose SHOULDs are warnings as ours are.

def _validity(name, reason, mine, holds):
    """`mine` is the set of error codes of ours that the entry explains, or empty where ours accepts and the reference refuses."""
    wanted = set(mine)

    def explains(case, m, t):
        if wanted:
            return m[0] == "invalid" and set(m[1]) <= wanted and t[0] == "valid" and holds(case, t)
        return m[0] == "valid" and t[0] == "invalid" and holds(case, t)
    return Difference("validate", name, reason, explains)


def _rule(expression, types=None):
    compiled = re.compile(expression, re.S)
    return lambda case, t: compiled.search(case["rule"]) is not None and (types is None or case["object"].get("type") in types)


def _says(expression, rule=".", types=None):
    """The reference's own words, so that nothing else it may find is explained away."""
    compiled, by_rule = re.compile(expression, re.S), _rule(rule, types)
    return lambda case, t: by_rule(case, t) and all(compiled.search(message) for message in t[1])


VALIDITY = [
    # Ours refuses, the reference accepts.
    _validity("reference-type", "the object types a reference may name are part of its property's definition", {"E-204", "E-505"}, _rule(r" to (malware|ipv4-addr|identity|bundle|relationship|marking-definition|x-custom)$")),
    _validity("observable-references", "§2.9: an identifier has a UUID; the reference's schemas of observables take any text", {"E-201", "E-202"}, _rule(r"reference (no identifier|short|variant|version 0|no type|upper type)$")),
    _validity("directory-contents", "§6.3: contains_refs names files and directories", {"E-204"}, _rule("^refers to a url$", {"directory"})),
    _validity("old-observables", "§3.2: STIX 2.0 has no observables at top level, none can be of that version", {"E-304"}, _rule(r"^spec_version '2\.0'$")),
    _validity("sighting-of-observable", "§5.2: sighting_of_ref names a domain object", {"E-204"}, _rule("^of an address$", {"sighting"})),
    _validity("relationship-is-no-observable", "§4.14: object_refs has at least one observable", {"E-505"}, _rule("^references to a relationship only$", {"observed-data"})),
    _validity("whole-number-range", "§2.10: integers lie within 2^53", {"E-105"}, _rule(" huge$")),
    _validity("reserved-names", "§3.8: reserved property names", {"E-127"}, _rule("^reserved ")),
    _validity("nulls-and-emptiness", "§2: no null, no empty list, no empty dictionary, at any depth", {"E-102", "E-103", "E-104"},
              _rule(r"x_object = \{\}|x_deep|(null|empty list) inside$|empty translation$|x_null|x_list")),
    _validity("property-names", "§3.1: the form is of the whole name; the expression of the reference has no end", {"E-128"},
              _rule(r"^property (thing\.x|x_y{18}|Thing|th|x-thing|1thing) = |^short property$")),
    _validity("lang-and-marking", "§7.2.3.1: exactly one of lang and marking_ref", {"E-402"}, _rule("^granular marking with both$")),
    _validity("index-of-text", "§7.2.3: an index selects a member of a list; Python indexes text as well", {"E-404"}, _rule("^granular marking of an index of no list$")),
    _validity("defanged", "§3.2: defanged is a property of observables only", {"E-126"}, _rule("^defanged ")),
    _validity("counts-below-zero", "§6.12, §4.10: counts and distances are not negative", {"E-107"}, _rule("negative|precision far under")),
    _validity("whole-numbers", "§6.16.2: gid is an integer", {"E-106"}, _rule("^gid fraction$")),
    _validity("created-by", "§7.3: created_by_ref is required of an extension definition", {"E-125"}, _rule("^(created_by_ref missing|without creator)$", {"extension-definition"})),
    _validity("custom-in-markings", "§2, §3.1 hold for every object; the reference's schema of marking definitions leaves them out", {"E-108", "E-109"},
              _rule("^property x_raw_(hex|bin) = ", {"marking-definition"})),
    _validity("stream-list", "§6.7.3.2: each member is an object", {"E-101"}, _rule("^alternate_data_streams ", {"file"})),
    _validity("dictionary-values", "§6.13, §6.6: the values have a type of their own", {"E-121"}, _rule("^(environment with a number|header with text|additional_header_fields short key)$")),
    _validity("encoding-alone", "§6.7: name_enc says how name is encoded", {"E-612"}, _rule("^encoding without name$", {"file"})),
    _validity("extension-host", "§6: each predefined extension has one object type", {"E-706"}, _rule("^extension of another type$", {"file"})),
    _validity("address-zone", "§6.9: one or more IPv6 addresses in CIDR notation, which has no zone", {"E-607"}, _rule("fe80::1%", {"ipv6-addr"})),
    _validity("email-dots", "RFC 5322 §3.4.1: a dot-atom has no empty part, a domain label no leading hyphen", {"E-610"}, _rule(r"a\.\.b@|'\.a@|@-b", {"email-addr"})),
    _validity("url-host", "RFC 3986 §3.2.2, RFC 9110 §4.2.1: http has a host", {"E-611"}, _rule("'http://'|'http:///x'", {"url"})),
    _validity("url-defanged", "§3.2: a value made unclickable says so with defanged", {"E-611"}, _rule("hxxp", {"url"})),
    _validity("nested-bundle", "§8: a bundle is no STIX object", {"E-203", "E-204", "E-801"}, _rule("^bundle in a bundle$", {"bundle"})),
    # Ours accepts, the reference refuses.
    _validity("lang-alone", "§7.2.3.1: lang or marking_ref; the schema demands marking_ref", (), _says("'marking_ref' is a required property", "^granular marking with lang$")),
    _validity("uuid-versions", "RFC 9562 defines versions 6 to 8; accepted with a warning", (), _says("does not match the id format|must contain a valid statement", "^id of version 7$")),
    _validity("uuid-version-in-parts", "any version of RFC 4122 may be referred to", (), _says("mime-part-type", "^body_raw_ref reference version 1$")),
    _validity("language-tags", "§3.2: any tag of RFC 5646; the reference has a list", (), _says("is not a valid RFC 5646 language code", "^lang '(zh-Hans|x-private|de-DE-u-co-phonebk)'$")),
    _validity("definition-extensions", "§3.2: `extensions` does not apply to extension definitions, it is custom content there", (), _rule("^extensions ", {"extension-definition"})),
    _validity("legacy-extension-of-marking", "§11.3 allows it on observables only; a key from before extension definitions is kept and noted all the same", (), _rule("^extensions with a legacy key$", {"marking-definition"})),
    _validity("option-names", "§6.7.5, §6.12.4, §6.13.2: names are those of the format, and some are short; no list of them is kept", (), _says("regex|does not match", "^(exif_tags|startup_info) short key$|^socket option of another name$")),
    _validity("seconds-of-a-binary", "§6.7.6: precise to the second; a fraction is kept and warned of", (), _says("time_date_stamp", "fraction|time_date_stamp timestamp")),
    _validity("hash-names", "§2.7: a name SHOULD come from the vocabulary", (), _says(r"does not match '\^MD5\|SHA-1", "^hashes hash name")),
    _validity("objects-without-id", "§4.14: objects of the container carry no id in content of 2.0", (), _says("cyber-observable-core|under any of the given schemas", "^objects (only|with a reference)$")),
    _validity("one-header", "§6.6: a list of string; a list has one or more members", (), _says("'minItems': 2", "^header with one value$")),
    _validity("part-with-both", "§6.6.2: one of the two; both are kept and warned of", (), _says("mime-part-type", "^part with both$")),
    _validity("mapped-address", "RFC 4291 §2.2: an IPv4 address may end an IPv6 address", (), _rule("::ffff:192", {"ipv6-addr"})),
    _validity("underscore-names", "§6.4.1 asks for RFC 1034; names with underscores are in use all the same (RFC 8552)", (), _says("idn-hostname", "'(_dmarc|a_b)", {"domain-name"})),
    _validity("email-forms", "RFC 5322 §3.4.1 has quoted parts and bracketed addresses, RFC 6532 other scripts; one label is a domain", (), _says("is not a 'email'", "email|value", {"email-addr"})),
    _validity("url-other-scripts", "§6.15.1 asks for RFC 3986; an IRI is kept and warned of", (), _says("is not a 'uri'", "ü", {"url"})),
    _validity("media-types", "§6.1: the registry SHOULD be used where feasible, and a type may have parameters", (), _says("IANA registered MIME", "^mime_type ", {"artifact"})),
    _validity("trailing-hyphen", "§2.9, §3.1: the letter of the text allows one at the end of a type", (), _says("does not match the id format", "^type with a trailing hyphen$")),
    Difference("validate", "validator-fault", "the reference fails on an object that is wrong", lambda case, m, t: m[0] == "invalid" and t[0].startswith("crash ")),
]

ALL = SYNTAX + MATCHING + EQUIVALENCE + IDENTIFIERS + VALIDITY
