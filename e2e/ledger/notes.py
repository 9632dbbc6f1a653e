"""Signed notes and Merkle trees for `verify.py`: RFC 8032, RFC 6962 and RFC 9162, and the c2sp.org formats over them.

Written from the specifications with the Python standard library only; shares no line with the program that makes the exports.
"""

import base64
import binascii
import datetime
import functools
import hashlib
import json
import re

# --- Ed25519, RFC 8032 section 5.1 ------------------------------------------------------------------------------------

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)
IDENTITY = (0, 1, 1, 0)


def point_add(a, b):
    """Adds two points in extended coordinates (section 5.1.4)."""
    x = (a[1] - a[0]) * (b[1] - b[0]) % P
    y = (a[1] + a[0]) * (b[1] + b[0]) % P
    t = 2 * a[3] * b[3] * D % P
    z = 2 * a[2] * b[2] % P
    e, f, g, h = y - x, z - t, z + t, y + x
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def point_double(a):
    x2, y2 = a[0] * a[0] % P, a[1] * a[1] % P
    h = x2 + y2
    e = h - (a[0] + a[1]) * (a[0] + a[1]) % P
    g = x2 - y2
    f = 2 * a[2] * a[2] % P + g
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def point_multiply(scalar, point):
    result = IDENTITY
    for bit in bin(scalar)[2:]:
        result = point_double(result)
        if bit == "1":
            result = point_add(result, point)
    return result


def point_decode(data):
    """Decodes a point; None unless the encoding is the only one of a point of the curve."""
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & (2**255 - 1)
    if y >= P:
        return None
    u, v = (y * y - 1) % P, (D * y * y + 1) % P
    x = u * pow(v, 3, P) * pow(u * pow(v, 7, P), (P - 5) // 8, P) % P
    if v * x * x % P != u:
        x = x * ROOT_OF_MINUS_ONE % P
        if v * x * x % P != u:
            return None
    if x == 0 and sign:
        return None
    if x & 1 != sign:
        x = P - x
    return (x, y, 1, x * y % P)


def point_encode(point):
    inverse = pow(point[2], P - 2, P)
    x, y = point[0] * inverse % P, point[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def is_small_order(point):
    """Eight times the point is the neutral element: such a key or commitment binds nobody."""
    for _ in range(3):
        point = point_double(point)
    return point[0] == 0 and point[1] == point[2]


BASE = point_decode((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


@functools.lru_cache(maxsize=1024)
def public_point(key):
    """Returns the negated point of a public key; None when the key is not acceptable."""
    point = point_decode(key) if len(key) == 32 else None
    if point is None or is_small_order(point):
        return None
    return (P - point[0], point[1], 1, P - point[3])


@functools.lru_cache(maxsize=65536)
def ed25519_verify(key, message, signature):
    """Verifies strictly: canonical encodings, s below the order, neither key nor commitment of small order."""
    minus_a = public_point(key)
    if minus_a is None or len(signature) != 64:
        return False
    s = int.from_bytes(signature[32:], "little")
    if s >= L:
        return False
    r = point_decode(signature[:32])
    if r is None or is_small_order(r):
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % L
    # s·B - k·A, both scalars in one pass.
    both, result = point_add(BASE, minus_a), IDENTITY
    for bit in range(max(s.bit_length(), k.bit_length()) - 1, -1, -1):
        result = point_double(result)
        choice = (s >> bit & 1) | (k >> bit & 1) << 1
        if choice:
            result = point_add(result, (None, BASE, minus_a, both)[choice])
    return point_encode(result) == signature[:32]


# --- Encodings --------------------------------------------------------------------------------------------------------


class Problem(Exception):
    """Why something is not believed."""


def need(holds, why):
    if not holds:
        raise Problem(why)


def unbase64(text, size=None):
    """Decodes standard base64 in its one spelling."""
    try:
        data = base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        raise Problem(f"{text[:60]!r} is not base64") from None
    need(base64.b64encode(data).decode() == text, f"{text[:60]!r} is not canonical base64")
    need(size is None or len(data) == size, f"{text[:60]!r} is not {size} bytes")
    return data


def undecimal(text):
    need(re.fullmatch(r"0|[1-9][0-9]{0,18}", text, re.ASCII) is not None, f"{text[:60]!r} is not a decimal number")
    return int(text)


def utf8(data):
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Problem(f"not UTF-8 at byte {error.start}") from None


def unhash(text):
    need(isinstance(text, str) and re.fullmatch(r"sha256:[0-9a-f]{64}", text) is not None, f"{text!r} is not a hash")
    return bytes.fromhex(text[7:])


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def strict_json(data, where):
    """Reads one JSON object; a key twice is refused, because readers differ in which one they keep."""

    def pairs(items):
        found = dict(items)
        need(len(found) == len(items), f"{where} has a key twice")
        return found

    def never(text):
        raise Problem(f"{where} holds {text}")

    try:
        value = json.loads(utf8(data), object_pairs_hook=pairs, parse_constant=never)
    except (ValueError, RecursionError):
        raise Problem(f"{where} is not JSON") from None
    need(isinstance(value, dict), f"{where} is not a JSON object")
    return value


def instant(text):
    """Reads YYYY-MM-DDTHH:MM:SS[.fraction]Z as microseconds since 1970."""
    match = re.fullmatch(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?Z", text, re.ASCII)
    need(match is not None, f"{text!r} is not a time in UTC")
    try:
        whole = datetime.datetime.fromisoformat(match[1] + "+00:00")
    except ValueError:
        raise Problem(f"{text!r} is no date") from None
    return int(whole.timestamp()) * 1_000_000 + int((match[2] or "").ljust(6, "0"))


# --- Merkle trees: RFC 6962 section 2.1, RFC 9162 section 2.1.3 ---------------------------------------------------------


def leaf_hash(entry):
    return sha256(b"\x00", entry)


def node_hash(left, right):
    return sha256(b"\x01", left, right)


def tree_hash(leaves, start=0, end=None):
    """The tree hash over leaf hashes, by its definition: split at the largest power of two below the size."""
    end = len(leaves) if end is None else end
    if end - start == 0:
        return sha256()
    if end - start == 1:
        return leaves[start]
    middle = start + (1 << (end - start - 1).bit_length() - 1)
    return node_hash(tree_hash(leaves, start, middle), tree_hash(leaves, middle, end))


def included_root(leaf, index, size, path):
    """The root that an inclusion path leads to (RFC 9162 section 2.1.3.2); refuses a path too long or too short."""
    need(index < size, f"there is no leaf {index} in a tree of {size}")
    fn, sn, root = index, size - 1, leaf
    for node in path:
        need(sn != 0, "the path is too long")
        if fn & 1 or fn == sn:
            root = node_hash(node, root)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            root = node_hash(root, node)
        fn, sn = fn >> 1, sn >> 1
    need(sn == 0, "the path is too short")
    return root


# --- Signed notes, keys, policies -------------------------------------------------------------------------------------

ED25519, COSIGNATURE = 1, 4


class Key:
    """A verifier key, `name+key id+base64(type and key)`."""

    def __init__(self, text):
        parts = text.split("+", 2)
        need(len(parts) == 3, f"{text[:80]!r} is not a verifier key")
        self.text, (self.name, key_id, encoded) = text, parts
        check_name(self.name)
        data = unbase64(encoded)
        need(len(data) == 33 and data[0] in (ED25519, COSIGNATURE), f"the key `{self.name}` is of no known type")
        self.type, self.public = data[0], data[1:]
        self.id = sha256(self.name.encode(), b"\n", data)[:4]
        need(key_id == self.id.hex(), f"the id of the key `{self.name}` is not that of its bytes")
        need(public_point(self.public) is not None, f"the key `{self.name}` is not a point that can sign")

    def check(self, text, signature):
        """Verifies a signature without its key id; returns the time of a cosignature, else 0."""
        message, when = text.encode(), 0
        if self.type == COSIGNATURE:
            need(len(signature) == 72, f"the cosignature of `{self.name}` is not 72 bytes")
            when, signature = int.from_bytes(signature[:8], "big"), signature[8:]
            message = f"cosignature/v1\ntime {when}\n".encode() + message
        need(ed25519_verify(self.public, message, signature), f"the signature of `{self.name}` does not verify")
        return when


def check_name(name):
    need(name != "" and "+" not in name and not re.search(r"\s", name) and name.isprintable(), f"{name!r} names no key")


class Note:
    """A text and its signature lines."""

    def __init__(self, data):
        whole = utf8(data)
        need(all(c == "\n" or (c >= " " and not "\x7f" <= c <= "\x9f") for c in whole), "a control character")
        head, blank, lines = whole.rpartition("\n\n")
        need(blank and lines.endswith("\n"), "no signature lines at the end")
        self.text, self.signatures = head + "\n", []
        for line in lines[:-1].split("\n"):
            match = re.fullmatch("— ([^ ]+) ([^ ]+)", line)
            need(match is not None, f"{line[:60]!r} is not a signature line")
            check_name(match[1])
            blob = unbase64(match[2])
            need(len(blob) > 4, "a signature without bytes")
            self.signatures.append((match[1], blob[:4], blob[4:]))
        need(len(self.signatures) <= 64, "more than 64 signatures")

    def signed_by(self, key):
        """Returns None when the key has not signed, else the times its lines state; a line that fails spoils the note."""
        mine = [blob for name, key_id, blob in self.signatures if (name, key_id) == (key.name, key.id)]
        return [key.check(self.text, blob) for blob in mine] or None


class Policy:
    """Which logs and witnesses are believed."""

    def __init__(self, data):
        self.logs, self.witnesses, self.groups, self.quorum = {}, {}, {}, None
        text = utf8(data)
        need(all(c >= " " or c in "\n\t" for c in text), "a control character")
        for line in text.split("\n"):
            words = line.split()
            if not words or words[0].startswith("#"):
                continue
            if words[0] == "log" and len(words) in (2, 3):
                key = Key(words[1])
                need(key.type == ED25519 and key.name not in self.logs, f"the log key `{key.name}` is not acceptable")
                self.logs[key.name] = key
            elif words[0] == "witness" and len(words) in (3, 4):
                self.define(words[1])
                self.witnesses[words[1]] = Key(words[2])
            elif words[0] == "group" and len(words) > 3:
                self.define(words[1])
                members = words[3:]
                need(all(m in self.witnesses or m in self.groups for m in members), f"{line!r} names an unknown member")
                wanted = {"all": len(members), "any": 1}.get(words[2]) or undecimal(words[2])
                need(1 <= wanted <= len(members), f"{line!r} asks for more than there are")
                self.groups[words[1]] = (wanted, members)
            elif words[0] == "quorum" and len(words) == 2 and self.quorum is None:
                self.quorum = words[1]
                known = words[1] == "none" or words[1] in self.witnesses or words[1] in self.groups
                need(known, f"the quorum `{words[1]}` is not known")
            else:
                raise Problem(f"{line[:80]!r} is not a line of a policy")
        need(self.quorum is not None, "no quorum line")

    def define(self, name):
        free = name not in self.witnesses and name not in self.groups and name != "none"
        need(free, f"the name `{name}` is used twice")

    def accept(self, checkpoint, now):
        """Verifies log signature and quorum of a checkpoint."""
        key = self.logs.get(checkpoint.origin)
        need(key is not None, f"no policy names a key of the log `{checkpoint.origin}`")
        need(checkpoint.note.signed_by(key) is not None, f"the log `{checkpoint.origin}` has not signed")
        met = set()
        for name, witness in self.witnesses.items():
            times = checkpoint.note.signed_by(witness) or []
            if any(when <= now + 300 for when in times):
                met.add(name)
        for name, (wanted, members) in self.groups.items():
            if sum(member in met for member in members) >= wanted:
                met.add(name)
        need(self.quorum == "none" or self.quorum in met, "the quorum of cosignatures is not reached")


class Checkpoint:
    """The head of a log as its note claims it."""

    def __init__(self, data):
        self.note = Note(data)
        lines = self.note.text.split("\n")
        need(len(lines) >= 4 and all(lines[:-1]) and lines[0] != "", "the checkpoint has not three lines")
        self.origin, self.size, self.root = lines[0], undecimal(lines[1]), unbase64(lines[2], 32)
        need(self.size > 0 or self.root == sha256(), "the empty tree has another root")
