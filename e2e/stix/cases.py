"""Cases written by hand: each deliberate difference, each slip of a peer, and the values nearest to them.

`ours` is what the words of the specification give, `peer` what the reference is known to answer; both are checked.
A case without them is compared like a drawn one.
"""

import base64

from tables import SCO

START = "t'2020-01-01T00:00:00Z'"
STOP = "t'2021-01-01T00:00:00Z'"


def _check(rule, pattern, ours=None, peer=None, version="2.1"):
    case = {"rule": rule, "pattern": pattern, "version": version}
    if ours:
        case["ours"] = ours
    if peer:
        case["peer"] = peer
    return case


CHECK = [
    _check("an empty set", "[a:b IN ()]", "valid", "valid"),
    _check("a fraction without a whole", "[a:b = .0001]", "valid", "valid"),
    _check("a double equals sign before a timestamp", "[a:b == t'2020-01-01T00:00:00Z']", "valid", "valid"),
    _check("a line feed in a string", "[a:b = 'x\ny']", "valid", "valid"),
    _check("a qualifier twice", f"[a:b = 1] START {START} STOP {STOP} START {START} STOP {STOP}", "invalid", "invalid"),
    _check("a qualifier twice, of other values", "[a:b = 1] WITHIN 5 SECONDS WITHIN 6 SECONDS", "invalid", "invalid"),
    _check("a qualifier twice with another between", "[a:b = 1] REPEATS 2 TIMES WITHIN 5 SECONDS REPEATS 3 TIMES", "invalid", "invalid"),
    _check("a qualifier on a group and in it", "([a:b = 1] WITHIN 5 SECONDS) WITHIN 9 SECONDS", "valid", "valid"),
    _check("a qualifier twice on a group", "([a:b = 1]) WITHIN 5 SECONDS WITHIN 9 SECONDS", "valid", "valid"),
    _check("a qualifier twice in STIX 2.0", "[a:b = 1] WITHIN 5 SECONDS WITHIN 6 SECONDS", "valid", "valid", "2.0"),
    _check("NOT before a group", "[NOT (a:b = 1)]", "invalid", "invalid"),
    _check("NOT twice", "[a:b NOT NOT = 1]", "invalid", "invalid"),
    _check("order on a boolean", "[a:b > true]", "invalid", "invalid"),
    _check("LIKE on hexadecimal", "[a:b LIKE h'00']", "invalid", "invalid"),
    _check("an exponent", "[a:b = 1e3]", "invalid", "invalid"),
    _check("a leading zero", "[a:b = 01]", "invalid", "invalid"),
    _check("a fraction without digits", "[a:b = 5.]", "invalid", "invalid"),
    _check("an unknown escape", "[a:b = '\\x']", "invalid", "invalid"),
    _check("a hyphen in a property", "[a:b-c = 1]", "invalid", "invalid"),
    _check("a hyphen in a quoted property", "[a:'b-c' = 1]", "valid", "valid"),
    _check("a keyword as property", "[a:LIKE = 1]", "invalid", "invalid"),
    _check("a keyword as quoted property", "[a:'LIKE' = 1]", "valid", "valid"),
    _check("LAST as type", "[LAST:b = 1]", "invalid", "invalid"),
    _check("a keyword in lower case", "[and:or = 1]", "valid", "valid"),
    _check("a number of repeats with a minus sign", "[a:b = 1] REPEATS -2 TIMES", "invalid", "invalid"),
    _check("a number of repeats with a plus sign", "[a:b = 1] REPEATS +2 TIMES", "valid", "valid"),
    _check("a comment that does not end", "[a:b = 1] /* x", "invalid", "invalid"),
    _check("a comment after the pattern", "[a:b = 1] // x", "valid", "valid"),
    _check("white space that is none", "[a:b = 1]\u180e", "invalid", "invalid"),
    _check("something after the pattern", "[a:b = 1] x", "invalid", "invalid"),
    _check("a month 13", "[a:b = t'2020-13-01T00:00:00Z']", "invalid", "invalid"),
    _check("a day that does not exist", "[a:b = t'2026-02-31T00:00:00Z']", "valid", "valid"),
    _check("a second 60", "[a:b = t'2026-02-21T00:00:60Z']", "valid", "valid"),
    _check("an hour 24", "[a:b = t'2026-02-21T24:00:00Z']", "invalid", "invalid"),
    _check("binary without padding", "[a:b = b'AAA']", "invalid", "invalid"),
    _check("empty binary", "[a:b = b'']", "invalid", "invalid"),
    _check("empty hexadecimal", "[a:b = h'']", "valid", "valid"),
    _check("half an octet", "[a:b = h'123']", "invalid", "invalid"),
    _check("a hash of the wrong length", "[file:hashes.MD5 = 'ab']", "invalid", "invalid"),
    _check("a hash that is none, unequal", "[file:hashes.'SHA-256' != 'zz']", "invalid", "invalid"),
    _check("a hash under an unknown name", "[file:hashes.x = 'zz']", "valid", "valid"),
    _check("any hash", "[file:hashes[*] = 'zz']", "valid", "valid"),
    _check("EXISTS", "[EXISTS a:b]", "valid", "valid"),
    _check("EXISTS in STIX 2.0", "[EXISTS a:b]", "invalid", "invalid", "2.0"),
    _check("NOT EXISTS", "[NOT EXISTS a:b]", "valid", "valid"),
    # Deliberate differences.
    _check("a line feed in binary", "[a:b = b'AAAA\nAAAA']", "valid", "invalid"),
    _check("a comment before the pattern", "/* x */ [a:b = 1]", "valid", "invalid"),
    _check("an index below zero", "[a:b[-1] = 1]", "valid", "crash AttributeError"),
    _check("an index on hashes", "[file:hashes[0] = 'x']", "valid", "crash AttributeError"),
    _check("LIKE on a hash", "[file:hashes.MD5 LIKE 'ab%']", "valid", "invalid"),
    _check("MATCHES on a hash", "[file:hashes.'SHA-256' MATCHES '^ab']", "valid", "invalid"),
    _check("a set of hashes", f"[file:hashes.MD5 IN ('{'a' * 32}', '{'b' * 32}')]", "valid", "invalid"),
    _check("an SSDEEP hash of another form", "[file:hashes.SSDEEP = 'not ssdeep']", "valid", "invalid"),
    _check("nothing", "", "invalid", "crash UnboundLocalError"),
    _check("plain strings in STIX 2.0", "[a:b = 1] START '2020-01-01T00:00:00Z' STOP '2021-01-01T00:00:00Z'", "valid", "invalid", "2.0"),
]


def _seen(*scos, first="2020-01-01T00:00:00Z", last=None, number=1, at=0):
    """One observed-data with its objects."""
    ids = []
    made = []
    for index, sco in enumerate(scos):
        key = sco.get("id") or f"{sco['type']}--00000000-0000-4000-8000-{at:06}{index:06}"
        ids.append(key)
        made.append({"id": key, **sco})
    made.append({"type": "observed-data", "spec_version": "2.1", "id": f"observed-data--00000000-0000-4000-8000-{at:012}",
                 "created": "2020-01-01T00:00:00.000Z", "modified": "2020-01-01T00:00:00.000Z", "first_observed": first, "last_observed": last or first,
                 "number_observed": number, "object_refs": ids})
    return made


def _bundle(*groups):
    return [{"type": "bundle", "id": "bundle--00000000-0000-4000-8000-000000000000", "objects": [each for group in groups for each in group]}]


def _match(rule, pattern, observations, ours=None, peer=None):
    case = {"rule": rule, "pattern": pattern, "observations": observations}
    if ours:
        case["ours"] = ours
    if peer:
        case["peer"] = peer
    return case


def _one(rule, pattern, sco, ours=None, peer=None):
    return _match(rule, pattern, _bundle(_seen(sco)), ours, peer)


def _second(second):
    return f"2020-01-01T00:00:{second:02}Z"


def _apart(seconds):
    return _bundle(_seen({"type": "file", "name": "a"}, first=_second(0), at=0), _seen({"type": "file", "name": "b"}, first=_second(seconds), at=1))


_FILE = {"type": "file", "name": "a"}
_ADDRESS = {"type": "ipv4-addr", "value": "192.0.2.7"}
_SIXTH = {"type": "ipv6-addr", "value": "2001:db8::7"}
_OCTETS = {"type": "artifact", "payload_bin": base64.b64encode(b"ab\xff").decode()}
_MARKS = {"type": "x-thing", "value": {"a": 1, "b": 2}}
_RED = {"type": "x-thing", "value": None}

MATCH = [
    _one("equal", "[file:name = 'a']", _FILE, "match", "match"),
    _one("unequal on an absent path", "[file:nothing != 'a']", _FILE, "no-match", "no-match"),
    _one("NOT on an absent path", "[file:nothing NOT = 'a']", _FILE, "no-match", "no-match"),
    _one("unequal on another kind", "[file:name != 5]", _FILE, "match", "match"),
    _one("order on another kind", "[file:name < 5]", _FILE, "no-match", "no-match"),
    _one("null is unequal", "[x-thing:value != 'a']", _RED, "match", "match"),
    _one("no normalisation in equality", "[file:name = 'e\u0301']", {"type": "file", "name": "\u00e9"}, "no-match", "no-match"),
    _one("normalisation in LIKE", "[file:name LIKE 'e\u0301']", {"type": "file", "name": "\u00e9"}, "match", "match"),
    _one("normalisation in MATCHES", "[file:name MATCHES '^e\u0301$']", {"type": "file", "name": "\u00e9"}, "match", "match"),
    _one("hexadecimal equals octets", "[artifact:payload_bin = h'6162ff']", _OCTETS, "match", "match"),
    _one("text equals octets", "[artifact:payload_bin = 'ab\u00ff']", _OCTETS, "match", "match"),
    _one("text beyond Latin-1 is unlike octets", "[artifact:payload_bin = 'ab\u0100']", _OCTETS, "no-match", "no-match"),
    _one("a fraction of a timestamp", "[file:ctime = t'2020-01-01T00:00:00.5Z']", {"type": "file", "name": "a", "ctime": "2020-01-01T00:00:00.500Z"}, "match", "match"),
    _one("a timestamp against other text", "[file:name = t'2020-01-01T00:00:00Z']", _FILE, "error", "error"),
    _one("a mixed set", "[file:name IN ('a', 5)]", _FILE, "error", "error"),
    _one("an impossible date", "[file:ctime = t'2026-02-31T00:00:00Z']", _FILE, "error", "error"),
    _one("no repeats", "[file:name = 'a'] REPEATS 0 TIMES", _FILE, "error", "error"),
    _one("no seconds", "[file:name = 'a'] WITHIN 0 SECONDS", _FILE, "error", "error"),
    _one("a network", "[ipv4-addr:value ISSUBSET '192.0.2.0/24']", _ADDRESS, "match", "match"),
    _one("another network", "[ipv4-addr:value ISSUBSET '198.51.100.0/24']", _ADDRESS, "no-match", "no-match"),
    _one("EXISTS", "[EXISTS file:name]", _FILE, "match", "match"),
    _match("AND needs one object", "[file:name = 'a' AND file:size = 5]", _bundle(_seen({"type": "file", "name": "a"}, {"type": "file", "size": 5, "name": "b"})), "no-match", "no-match"),
    _match("twice the same needs two", "[file:name = 'a'] AND [file:name = 'a']", _bundle(_seen(_FILE)), "no-match", "no-match"),
    _match("two in one observation", "[file:name = 'a'] AND [file:name = 'a']", _bundle(_seen(_FILE, number=2)), "match", "match"),
    _match("a reference beyond the observation", "[directory:contains_refs[*].name = 'a']",
           _bundle(_seen(_FILE, at=0), _seen({"type": "directory", "path": "/", "contains_refs": ["file--00000000-0000-4000-8000-000000000000"]}, at=1)), "no-match", "no-match"),
    _match("a reference within the observation", "[directory:contains_refs[*].name = 'a']",
           _bundle(_seen(_FILE, {"type": "directory", "path": "/", "contains_refs": ["file--00000000-0000-4000-8000-000000000000"]})), "match", "match"),
    _match("WITHIN at its boundary is inclusive", "([file:name = 'a'] AND [file:name = 'b']) WITHIN 5 SECONDS", _apart(5), "match", "match"),
    _match("WITHIN beyond its boundary", "([file:name = 'a'] AND [file:name = 'b']) WITHIN 4.999 SECONDS", _apart(5), "no-match", "no-match"),
    _match("FOLLOWEDBY at one instant", "[file:name = 'a'] FOLLOWEDBY [file:name = 'b']", _apart(0), "match", "match"),
    _match("FOLLOWEDBY the wrong way", "[file:name = 'b'] FOLLOWEDBY [file:name = 'a']", _apart(1), "no-match", "no-match"),
    _match("STOP is exclusive", f"[file:name = 'a'] START t'2019-01-01T00:00:00Z' STOP {START}", _apart(0), "no-match", "no-match"),
    _match("START is inclusive", f"[file:name = 'a'] START {START} STOP {STOP}", _apart(0), "match", "match"),
    # Deliberate differences.
    _one("NOT of an order on another kind", "[file:name NOT < 5]", _FILE, "match", "no-match"),
    _one("NOT EXISTS of what is not there", "[NOT EXISTS file:nothing]", _FILE, "match", "no-match"),
    _one("NOT EXISTS of what is there", "[NOT EXISTS file:name]", _FILE, "no-match", "match"),
    _one("EXISTS beside a test", "[EXISTS file:name AND file:name = 'a']", _FILE, "match", "crash TypeError"),
    _one("an IPv6 network", "[ipv6-addr:value ISSUBSET '2001:db8::/32']", _SIXTH, "match", "error"),
    _one("every IPv4 address", "[ipv4-addr:value ISSUBSET '0.0.0.0/0']", _ADDRESS, "match", "error"),
    _one("a bare address as network", "[ipv4-addr:value ISSUBSET '192.0.2.7']", _ADDRESS, "match", "error"),
    _one("a superset of a bare address", "[ipv4-addr:value ISSUPERSET '192.0.2.7/32']", _ADDRESS, "match", "error"),
    _one("a network against text", "[file:name ISSUBSET '192.0.2.0/24']", _FILE, "no-match", "error"),
    _one("a network that is none, not reached", "[ipv4-addr:nothing ISSUBSET 'x']", _ADDRESS, "error", "no-match"),
    _one("a short address", "[ipv4-addr:value ISSUBSET '192.0.2.0/24']", {"type": "ipv4-addr", "value": "192.0.519"}, "no-match", "match"),
    _one("a line feed and LIKE", "[file:name LIKE 'a%']", {"type": "file", "name": "a\nb"}, "match", "no-match"),
    _one("a line feed at the end and LIKE", "[file:name LIKE 'a']", {"type": "file", "name": "a\n"}, "no-match", "match"),
    _one("a line feed and MATCHES", "[file:name MATCHES '^a.b$']", {"type": "file", "name": "a\nb"}, "match", "no-match"),
    _one("a boolean in a set of numbers", "[x-thing:value IN (1, 2)]", {"type": "x-thing", "value": True}, "no-match", "match"),
    _one("octets in a set of texts", "[artifact:payload_bin IN ('ab\u00ff')]", _OCTETS, "match", "no-match"),
    _one("octets and LIKE", "[artifact:payload_bin LIKE 'ab_']", _OCTETS, "match", "crash UnicodeDecodeError"),
    _one("an expression that does not compile", "[file:name MATCHES '(']", _FILE, "error", "crash error"),
    _one("an expression that looks around", "[file:name MATCHES '(?=a)a']", _FILE, "error", "match"),
    _one("a whole number beyond doubles", "[file:size = 9007199254740993.0]", {"type": "file", "name": "a", "size": 9007199254740993}, "match", "no-match"),
    _one("the seventh digit of a fraction", "[file:ctime = t'2020-01-01T00:00:00.1234567Z']", {"type": "file", "name": "a", "ctime": "2020-01-01T00:00:00.1234568Z"}, "no-match", "match"),
    _one("a hash that is none", "[file:hashes.MD5 = 'a']", _FILE, "error", "no-match"),
    _one("[*] on a dictionary", "[x-thing:value[*] = 1]", _MARKS, "no-match", "no-match"),
]


def _pair(rule, a, b, ours=None, peer=None):
    case = {"rule": rule, "a": a, "b": b}
    if ours is not None:
        case["ours"] = ours
    if peer is not None:
        case["peer"] = peer
    return case


EQUIVALENT = [
    _pair("order of OR", "[file:name = 'a' OR file:name = 'b']", "[file:name = 'b' OR file:name = 'a']", True, True),
    _pair("doubles under OR", "[file:name = 'a' OR file:name = 'a']", "[file:name = 'a']", True, True),
    _pair("doubles between brackets need two", "[file:name = 'a'] AND [file:name = 'a']", "[file:name = 'a']", False, False),
    _pair("doubles under OR between brackets", "[file:name = 'a'] OR [file:name = 'a']", "[file:name = 'a']", True, True),
    _pair("absorption", "[file:name = 'a'] OR ([file:name = 'a'] AND [file:name = 'b'])", "[file:name = 'a']", True, True),
    _pair("distribution", "[file:name = 'a'] AND ([file:name = 'b'] OR [file:name = 'c'])",
          "([file:name = 'a'] AND [file:name = 'b']) OR ([file:name = 'a'] AND [file:name = 'c'])", True, True),
    _pair("FOLLOWEDBY has an order", "[file:name = 'a'] FOLLOWEDBY [file:name = 'b']", "[file:name = 'b'] FOLLOWEDBY [file:name = 'a']", False, False),
    _pair("qualifiers count", "[file:name = 'a'] WITHIN 5 SECONDS", "[file:name = 'a']", False, False),
    _pair("a network by its bits", "[ipv4-addr:value = '203.0.113.9/24']", "[ipv4-addr:value = '203.0.113.0/24']", True, True),
    _pair("an address by /32", "[ipv4-addr:value = '203.0.113.9/32']", "[ipv4-addr:value = '203.0.113.9']", True, True),
    _pair("an IPv6 address by its value", "[ipv6-addr:value = '2001:0DB8:0::1']", "[ipv6-addr:value = '2001:db8::1']", True, True),
    _pair("a registry key without case", "[windows-registry-key:key = 'HKEY_USERS\\\\Run']", "[windows-registry-key:key = 'hkey_users\\\\run']", True, True),
    _pair("a file name with case", "[file:name = 'A']", "[file:name = 'a']", False, False),
    _pair("numbers by value", "[file:size = 5]", "[file:size = 5.0]", True, True),
    _pair("hexadecimal and binary of the same octets stay apart", "[file:magic_number_hex = h'4d5a']", "[file:magic_number_hex = b'TVo=']", False, False),
    _pair("NOT = and !=", "[file:name NOT = 'a']", "[file:name != 'a']", True, True),
    _pair("one bracket or two", "[file:name = 'a' OR file:name = 'b']", "[file:name = 'a'] OR [file:name = 'b']", False, False),
    _pair("a pattern that does not parse", "[file:name = 'a'", "[file:name = 'a']", "error", "error"),
    # Deliberate differences.
    _pair("NOT != and !=", "[process:pid NOT != 1]", "[process:pid != 1]", False, True),
    _pair("NOT != and =", "[file:name NOT != 'a']", "[file:name = 'a']", True, False),
    _pair("a set of one", "[file:name IN ('a')]", "[file:name = 'a']", True, False),
    _pair("a set and OR", "[file:name IN ('a', 'b')]", "[file:name = 'a' OR file:name = 'b']", True, False),
    _pair("a set with doubles", "[file:name IN ('a', 'b', 'a')]", "[file:name IN ('b', 'a')]", True, False),
    _pair("a set on an address", "[ipv4-addr:value IN ('192.0.2.1', '192.0.2.2')]", "[ipv4-addr:value IN ('192.0.2.2', '192.0.2.1')]", True, "crash AttributeError"),
    _pair("AND across types", "[file:name = 'a' AND url:value = 'b']", "[url:value = 'b' AND file:name = 'a']", True, "crash ValueError"),
    _pair("NOT IN and IN of one set", "[file:name NOT IN ('a', 'b') OR file:size = 1]", "[file:name NOT IN ('a', 'b') OR file:name IN ('a', 'b') OR file:size = 1]", False, True),
    _pair("a fraction of a second", "[file:name = 'a'] WITHIN 5.0 SECONDS", "[file:name = 'a'] WITHIN 5 SECONDS", True, "crash ValueError"),
    _pair("plain and NOT of one test", "[file:size NOT < 5 OR file:size < 5]", "[file:size < 5 OR file:size NOT < 5]", True, "crash TypeError"),
]


def _id(rule, sco, ours=None, peer=None):
    case = {"rule": rule, "object": {"id": f"{sco['type']}--00000000-0000-4000-8000-000000000000", **sco}}
    if ours:
        case["ours"] = ours
    if peer:
        case["peer"] = peer
    return case


_H256 = "5b8c3f0f5c9be0d1a7b2f0a1e5a9f1f37d2c62b1d0a79f4ea4c1f2b3d4e5f607"
_H1 = "0a4d55a8d778e5022fab701977c5d840bbc486d0"
IDS = [
    # Ids published with the specification's own examples or computed by the reference, here to fix the choices of the ADR.
    _id("an address", {"type": "ipv4-addr", "value": "192.0.2.44"}, "ipv4-addr--59bca7b5-de05-591d-9d1c-266072549107", "ipv4-addr--59bca7b5-de05-591d-9d1c-266072549107"),
    _id("a name beyond ASCII", {"type": "domain-name", "value": "münchen.example"}, "domain-name--ec84ab45-ecbb-5f68-840c-b4b7d70cb21d"),
    _id("the preferred hash", {"type": "file", "hashes": {"SHA-256": _H256, "SHA-1": _H1}}, "file--b62dd157-d253-54cc-ab6b-b48a201688c3"),
    _id("a hash name in another spelling", {"type": "file", "hashes": {"sha256": _H256}}),
    _id("a hash name in another spelling, preferred", {"type": "file", "hashes": {"md5": "a" * 32, "SHA-256": _H256}}),
    _id("a fraction of zeros", {"type": "network-traffic", "protocols": ["tcp"], "dst_ref": "ipv4-addr--5853f6a4-638f-5b4e-9b0f-ded361ae3812", "start": "2026-11-01T00:00:00.000Z"}),
    _id("a fraction that ends in zeros", {"type": "network-traffic", "protocols": ["tcp"], "dst_ref": "ipv4-addr--5853f6a4-638f-5b4e-9b0f-ded361ae3812",
                                          "start": "2026-11-01T00:00:00.500Z"}, "network-traffic--9787e04b-66f2-5083-8753-0f8fb90e47d7"),
    _id("a whole number written as fraction", {"type": "file", "name": "a.exe", "extensions": {"windows-pebinary-ext": {"pe_type": "exe", "sections": [{"name": ".text", "entropy": 7.0}]}}},
        "file--d983db26-2cd5-579d-be2f-2ad171bf4284"),
    _id("beyond the basic plane", {"type": "software", "name": "A😀B"}, "software--35198ae8-901e-5a80-aaa9-010931a8095a"),
    # Deliberate difference: the smallest name, and not the first as it happened to be written.
    _id("no preferred hash, first written is not the smallest", {"type": "file", "hashes": {"SHA3-512": "a" * 128, "SHA3-256": "b" * 64}}),
    _id("no preferred hash, first written is the smallest", {"type": "file", "hashes": {"SHA3-256": "b" * 64, "SHA3-512": "a" * 128}}),
]

_UUID = "7b1e9f5c-3d54-4a0e-9c1b-2f4d6a8c0e13"
_DATES = {"created": "2026-01-02T03:04:05.678Z", "modified": "2026-01-02T03:04:05.678Z"}


def _object(rule, kind, ours=None, peer=None, **properties):
    dates = {} if kind in SCO else dict(_DATES)
    if kind == "marking-definition":
        del dates["modified"]
    thing = {"type": kind, "spec_version": "2.1", "id": f"{kind}--{_UUID}", **dates, **properties}
    case = {"rule": rule, "object": thing}
    if ours:
        case["ours"] = ours
    if peer:
        case["peer"] = peer
    return case


_SAMPLE = {"name": "x", "is_family": False}
_REFERRED = {"object_refs": [f"malware--{_UUID}"]}
_LINK = {"source_ref": f"malware-analysis--{_UUID}", "target_ref": f"malware--{_UUID}"}
_GREEN = {"id": "marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da", "created": "2017-01-20T00:00:00.000Z", "name": "TLP:GREEN", "definition_type": "tlp"}

# One for each row of "deliberate choices" that concerns objects.
VALIDATE = [
    _object("a grouping without name", "grouping", "valid", "valid", context="unspecified", **_REFERRED),
    _object("malware without is_family", "malware", "invalid", "invalid", name="x"),
    _object("summary as boolean", "sighting", "valid", "valid", sighting_of_ref=f"malware--{_UUID}", summary=True),
    _object("summary as text", "sighting", "invalid", "invalid", sighting_of_ref=f"malware--{_UUID}", summary="true"),
    _object("window_title", "process", "valid", "valid", extensions={"windows-process-ext": {"window_title": "x"}}),
    _object("window_title as number", "process", "invalid", "invalid", extensions={"windows-process-ext": {"window_title": 5}}),
    _object("windows_title is custom", "process", "valid", extensions={"windows-process-ext": {"windows_title": "x", "owner_sid": "x"}}),
    _object("av-analysis-of", "relationship", "valid", "valid", relationship_type="av-analysis-of", **_LINK),
    _object("analysis-of", "relationship", "valid", "valid", relationship_type="analysis-of", **_LINK),
    _object("a hash outside the vocabulary", "file", "valid", "valid", hashes={"x-hash": "x"}),
    _object("hexadecimal in upper case", "file", "valid", "valid", name="x", magic_number_hex="4D5A"),
    _object("a created_by_ref to a source", "malware", "valid", "valid", created_by_ref=f"x-source--{_UUID}", **_SAMPLE),
    _object("a TLP id with other content", "marking-definition", "invalid", **{**_GREEN, "definition": {"tlp": "white"}}),
    _object("a TLP level as it is", "marking-definition", "valid", "valid", **{**_GREEN, "definition": {"tlp": "green"}}),
    _object("fractions of different length in order", "campaign", "valid", "valid", name="x", first_seen="2026-01-01T00:00:00.1Z", last_seen="2026-01-01T00:00:00.10Z"),
    _object("fractions out of order by a tenth digit", "campaign", "invalid", name="x", first_seen="2026-01-01T00:00:00.1000000002Z", last_seen="2026-01-01T00:00:00.1000000001Z"),
]
