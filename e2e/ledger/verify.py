#!/usr/bin/env python3
"""Checks an export of evidence (`entente ledger export`) with the Python standard library only.

    python3 verify.py DIR [--policy FILE]... [--checkpoint FILE]... [--complete]

Written from the specifications, not from the program that makes the exports: RFC 8032 (Ed25519), RFC 6962 and RFC 9162
(Merkle trees), c2sp.org signed-note, tlog-checkpoint, tlog-tiles, tlog-cosignature, tlog-policy and tlog-proof; what is
inside leaves, receipts and agreements is Entente's own format. Each problem is one line: where, what, why. Exit code 0 when
there is none, 1 when there are some, 2 when nothing could be checked.
"""

import argparse
import datetime
import json
import pathlib
import re
import sys
import time
import tomllib

from notes import (
    Checkpoint,
    ED25519,
    Key,
    Note,
    Policy,
    Problem,
    included_root,
    instant,
    leaf_hash,
    need,
    sha256,
    strict_json,
    tree_hash,
    unbase64,
    undecimal,
    unhash,
    utf8,
)

# --- Agreements and notices -------------------------------------------------------------------------------------------


class Agreement:
    """An agreement that all its parties have signed."""

    def __init__(self, data):
        note = Note(data)
        self.hash = sha256(note.text.encode())
        try:
            terms = tomllib.loads(note.text)
        except tomllib.TOMLDecodeError as error:
            raise Problem(f"not TOML: {error}") from None
        need(terms.get("format") == "entente/agreement@1", "not an agreement of a known format")
        self.id, self.version = terms.get("id"), terms.get("version")
        self.supersedes = unhash(terms["supersedes"]) if "supersedes" in terms else None
        need((self.supersedes is not None) == (self.version != 1), "`supersedes` and `version` contradict each other")
        self.begin, self.end = (self.time(terms, key) for key in ("valid_from", "valid_to"))
        self.keys, self.logs = {}, {}
        for party in terms.get("party", []):
            name = party.get("id")
            need(isinstance(name, str) and name not in self.keys, "a party without an id of its own")
            self.keys[name] = Key(str(party.get("vkey")))
            if "log_vkey" in party:
                self.logs[name] = Key(party["log_vkey"])
        need(len(self.keys) >= 2, "fewer than two parties")
        for name, key in self.keys.items():
            need(key.type == ED25519 and note.signed_by(key) is not None, f"`{name}` has not signed")

    @staticmethod
    def time(terms, key):
        value = terms.get(key)
        need(isinstance(value, datetime.datetime) and value.tzinfo is not None, f"`{key}` is not an instant")
        return int(value.timestamp()) * 1_000_000 + value.microsecond


class Notice:
    """What a party declares about an agreement in one signed line."""

    def __init__(self, data):
        self.note = Note(data)
        self.hash = sha256(self.note.text.encode())
        line = self.note.text[:-1]
        words = line.split(" ")
        match = re.fullmatch(r"entente/([a-z-]+)@1", words[0])
        need(match is not None and "\n" not in line, "not a notice of one line")
        self.verb = match[1]
        pairs = [word.partition("=")[::2] for word in words[1:]]
        self.pairs = dict(pairs)
        need(len(self.pairs) == len(pairs), "a key twice")
        self.agreement = unhash(self.pairs.get("hash"))

    def signers(self, agreement):
        return {name for name, key in agreement.keys.items() if self.note.signed_by(key) is not None}


# --- Leaves -----------------------------------------------------------------------------------------------------------

WORD = re.compile(r"[A-Za-z0-9_./:+-]{1,64}", re.ASCII)
KINDS = {
    "agreement": "state text compare? simulate?",
    "amend": "text supersedes",
    **dict.fromkeys(("suspend", "resume", "terminate", "consent", "consent-withdraw"), "note"),
    "release": "party first last n inner obligations compiled engine",
    "delivery": "party purpose door first last n inner?",
    "delivery-ack": "party of n outcome",
    "use": "party purpose n inner",
    "recall": "party reason action n inner",
    "recall-ack": "of deleted sealed onward",
    "private-query": "party purpose batch epoch units refused?",
    "usefulness": "party period report",
    "key": "note",
    "erasure": "n basis",
    "restore": "previous",
}
HASHES = {"agreement", "text", "compare", "simulate", "supersedes", "note", "obligations", "compiled", "report"}
NUMBERS = {"v", "seq", "first", "last", "n", "of", "deleted", "sealed", "onward", "epoch", "units"}
WORDS_OF = {
    "state": {"countersigned", "in-force", "expired", "terminated", "closed"},
    "outcome": {"admitted", "partly", "refused"},
}


def read_leaf(entry):
    """Reads a leaf in its one spelling: ASCII, no spaces, keys in the order of the format."""
    need(len(entry) <= 1024, "longer than 1,024 bytes")
    need(entry.isascii(), "not ASCII")
    leaf = strict_json(entry, "the leaf")
    need(leaf.get("kind") in KINDS, f"kind {leaf.get('kind')!r} is not known")
    names = ["v", "seq", "time", "kind", "agreement", "actor"]
    for name in KINDS[leaf["kind"]].split() + ["skew?"]:
        if not name.endswith("?") or name[:-1] in leaf:
            names.append(name.rstrip("?"))
    need(list(leaf) == names, f"keys {list(leaf)} in place of {names}")
    need(json.dumps(leaf, separators=(",", ":")).encode() == entry, "not written in the one allowed way")
    for name, value in leaf.items():
        if name in HASHES:
            unhash(value)
        elif name in NUMBERS:
            need(type(value) is int and 0 <= value < 2**64, f"`{name}` is not a number")
        elif name == "inner":
            need(isinstance(value, str), "`inner` is not a text")
            unbase64(value, 32)
        elif name == "skew":
            need(value is True, "`skew` is not true")
        else:
            need(isinstance(value, str) and WORD.fullmatch(value) is not None, f"`{name}` is not a plain word")
            need(value in WORDS_OF.get(name, {value}), f"`{name}` is {value!r}")
    need(leaf["v"] == 1, "not of version 1")
    need(re.fullmatch(r".{19}\.\d{3}Z", leaf["time"]) is not None, "the time has not three decimals")
    return leaf


class History:
    """What the leaves of one log say about its agreement, leaf by leaf."""

    def __init__(self, agreements, notices, key):
        self.agreements, self.notices, self.key = agreements, notices, key
        self.texts, self.suspended, self.ends, self.heard = {}, {}, {}, set()
        self.released, self.before = {}, -1

    def add(self, index, entry):
        """Checks the next leaf and returns it."""
        leaf = read_leaf(entry)
        need(leaf["seq"] == index, f"it calls itself {leaf['seq']}")
        when = instant(leaf["time"])
        need(when >= self.before, "it is older than the leaf before it")
        self.before = when
        hash_, kind = unhash(leaf["agreement"]), leaf["kind"]
        agreement = self.agreements.get(hash_)
        need(agreement is not None, f"no agreement here has the hash {leaf['agreement']}")
        if kind in ("agreement", "amend"):
            self.text(leaf, agreement, hash_)
        need(hash_ in self.texts, "the log has not recorded this agreement yet")
        known = {self.key.id} | {key.id for key in agreement.keys.values()}
        need(leaf["actor"].startswith("u:") or bytes.fromhex(self.hex(leaf["actor"])) in known, "an unknown actor")
        if "party" in leaf:
            need(leaf["party"] in agreement.keys, f"`{leaf['party']}` is no party of the agreement")
        if "note" in leaf and kind != "key":
            self.notice(leaf, agreement, hash_)
        if kind in ("release", "delivery"):
            self.in_force(agreement, when)
            self.positions(leaf)
        return leaf

    @staticmethod
    def hex(text):
        need(re.fullmatch(r"[0-9a-f]{8}", text) is not None, f"actor {text!r} is not a key id")
        return text

    def text(self, leaf, agreement, hash_):
        need(unhash(leaf["text"]) == hash_, "`text` is not the agreement of the leaf")
        if leaf["kind"] == "amend":
            need(unhash(leaf["supersedes"]) in self.texts, "it replaces a text that the log does not know")
            need(agreement.supersedes == unhash(leaf["supersedes"]), "it replaces another text than the agreement says")
        else:
            need(leaf["state"] != "countersigned" or not self.texts, "a second first text")
        self.texts[hash_] = agreement

    def notice(self, leaf, agreement, hash_):
        notice = self.notices.get(unhash(leaf["note"]))
        need(notice is not None, f"no notice here has the hash {leaf['note']}")
        need(notice.verb == leaf["kind"], f"the notice says `{notice.verb}`")
        need(notice.agreement == hash_, "the notice is about another agreement")
        party, signers = notice.pairs.get("party"), notice.signers(agreement)
        self.heard.add(notice.hash)
        if notice.verb in ("suspend", "resume", "terminate"):
            need(party in signers, f"`{party}` has not signed the notice")
        suspended = self.suspended.setdefault(hash_, set())
        if notice.verb == "suspend":
            suspended.add(party)
        elif notice.verb == "resume":
            suspended.difference_update(signers)
        elif notice.verb == "terminate":
            end = instant(notice.pairs.get("effective", ""))
            self.ends[hash_] = min(end, self.ends.get(hash_, end))

    def in_force(self, agreement, when):
        need(agreement.begin <= when < agreement.end, "the agreement is not valid at this time")
        need(not self.suspended.get(agreement.hash), "the agreement is suspended")
        need(when < self.ends.get(agreement.hash, when + 1), "the agreement has been terminated")
        later = [other for other in self.texts.values() if other.version > agreement.version and other.begin <= when]
        need(not later, "a later version of the agreement rules at this time")

    def positions(self, leaf):
        party, first, last, n = leaf["party"], leaf["first"], leaf["last"], leaf["n"]
        need(1 <= first <= last and 1 <= n <= last - first + 1, "`first`, `last` and `n` contradict each other")
        end = self.released.get(party, 0)
        if leaf["kind"] == "release":
            need(n == last - first + 1, "a release with a gap in it")
            need(first == end + 1, f"releases {end + 1} to {first - 1} are missing")
            self.released[party] = last
        else:
            need(last <= end, f"positions up to {last} were delivered, {end} released")


# --- The export -------------------------------------------------------------------------------------------------------


def tile_index(number):
    groups = [f"{number % 1000:03}"]
    while number >= 1000:
        number //= 1000
        groups.insert(0, f"x{number % 1000:03}")
    return "/".join(groups)


def tile_path(level, number, width):
    return f"tile/{level}/{tile_index(number)}" + (f".p/{width}" if width < 256 else "")


class Log:
    """One log of an export, recomputed from its entries."""

    def __init__(self, export, name):
        self.export, self.name, self.prefix = export, name, f"logs/agr/{name}"
        self.leaves, self.hashes, self.roots, self.problems = {}, [], {}, 0
        self.checkpoint = None

    def check(self):
        with self.export.at(f"{self.prefix}/checkpoint"):
            self.checkpoint = self.export.checkpoint(self.export.take(f"{self.prefix}/checkpoint"))
            key = self.export.key(self.checkpoint.origin)
            need(self.checkpoint.origin.endswith(f"/agr/{self.name}"), f"the log calls itself `{self.checkpoint.origin}`")
            named = [log.text for a in self.export.agreements.values() if a.id == self.name for log in a.logs.values()]
            need(not named or key.text in named, f"the agreement names no log with the key {key.text}")
            history = History(self.export.agreements, self.export.notices, key)
            self.read(history)
            with self.export.at(f"{self.prefix}/checkpoint"):
                need(self.root(self.checkpoint.size) == self.checkpoint.root, "its root is not that of the leaves")
            for hash_, notice in self.export.notices.items():
                with self.export.at(notice.path):
                    about = self.export.agreements.get(notice.agreement)
                    need(about is not None, "it is about an agreement that is not here")
                    need(about.id != self.name or hash_ in history.heard, f"the log `{self.name}` does not record it")
        return self

    def read(self, history):
        """Reads all tiles that a log of this size has, entries first, each level from the one below."""
        size, export = self.checkpoint.size, self.export
        for number in range((size + 255) // 256):
            width = min(256, size - number * 256)
            path = f"{self.prefix}/{tile_path('entries', number, width)}"
            with export.at(path):
                data, at = export.take(path), 0
                for index in range(number * 256, number * 256 + width):
                    length = int.from_bytes(data[at : at + 2], "big")
                    entry = data[at + 2 : at + 2 + length]
                    need(len(entry) == length and at + 2 <= len(data), f"it ends inside entry {index}")
                    at += 2 + length
                    self.hashes.append(leaf_hash(entry))
                    with export.at(f"{path}, leaf {index}"):
                        leaf = history.add(index, entry)
                        export.count["leaves"] += 1
                        if leaf["kind"] in ("release", "delivery") and "inner" in leaf:
                            self.leaves[index] = (entry, leaf)
                need(at == len(data), "something follows its last entry")
        level, below = 0, self.hashes
        while below:
            for number in range((len(below) + 255) // 256):
                mine = below[number * 256 : number * 256 + 256]
                path = f"{self.prefix}/{tile_path(level, number, len(mine))}"
                with export.at(path):
                    need(export.take(path) == b"".join(mine), "its hashes are not those of the level below")
            below = [tree_hash(below, at, at + 256) for at in range(0, len(below) // 256 * 256, 256)]
            level += 1

    def root(self, size):
        """The root over the first leaves."""
        need(size <= len(self.hashes), f"the log has {len(self.hashes)} leaves, not {size}")
        if size not in self.roots:
            self.roots[size] = tree_hash(self.hashes, 0, size)
        return self.roots[size]


class Where:
    """Turns a problem raised inside into a line of the report."""

    def __init__(self, export, place):
        self.export, self.place = export, place

    def __enter__(self):
        return self

    def __exit__(self, kind, error, _):
        if kind is not None and issubclass(kind, Problem):
            self.export.problems.append(f"{self.place}: {error}")
            return True
        return False


class Export:
    """An export as files by name; `files` is a mapping, so that tests need no disk."""

    def __init__(self, files, policies=(), now=None):
        self.files, self.unread = files, set(files)
        self.now = int(time.time()) if now is None else now
        self.problems, self.count = [], dict.fromkeys(("agreements", "notices", "logs", "leaves", "released", "receipts"), 0)
        self.agreements, self.notices, self.policies, self.logs = {}, {}, [], {}
        self.outside = policies

    def at(self, place):
        return Where(self, place)

    def take(self, path):
        self.unread.discard(path)
        try:
            return self.files[path]
        except KeyError:
            raise Problem("the file is missing") from None

    def under(self, start, end):
        return sorted(path for path in self.files if path.startswith(start) and path.endswith(end))

    def checkpoint(self, data):
        """Reads a checkpoint and believes it as far as the policies do."""
        checkpoint = Checkpoint(data)
        self.policy(checkpoint.origin).accept(checkpoint, self.now)
        return checkpoint

    def policy(self, origin):
        found = [policy for policy in self.policies if origin in policy.logs]
        need(found, f"no policy names a key of the log `{origin}`")
        return found[0]

    def key(self, origin):
        return self.policy(origin).logs[origin]

    def verify(self, complete=False, checkpoints=()):
        """Checks everything; what is wrong is in `problems`, what was seen in `count`."""
        for path in self.under("policies/", ".policy"):
            data = b""
            with self.at(path):
                data = self.take(path)
                policy = Policy(data)
                if not self.outside:
                    self.policies.append(policy)
        for name, data in self.outside:
            with self.at(name):
                self.policies.append(Policy(data))
        for path in self.under("agreements/", ".agreement"):
            with self.at(path):
                agreement = Agreement(self.take(path))
                expected = f"agreements/{agreement.id}.v{agreement.version}.agreement"
                need(path == expected, f"it is {agreement.id} version {agreement.version}")
                self.agreements[agreement.hash] = agreement
                self.count["agreements"] += 1
        for path in self.under("agreements/", ".notice"):
            with self.at(path):
                notice = Notice(self.take(path))
                notice.path = path
                self.notices[notice.hash] = notice
                self.count["notices"] += 1
        names = {path.split("/")[2] for path in self.files if re.fullmatch(r"logs/agr/[^/]+/.+", path)}
        names |= {origin.rpartition("/agr/")[2] for policy in self.policies for origin in policy.logs}
        for name in sorted(names):
            log = Log(self, name).check()
            if log.checkpoint is not None:
                self.logs[log.checkpoint.origin] = log
                self.count["logs"] += 1
        for name, data in checkpoints:
            with self.at(name):
                self.same_log(self.checkpoint(data))
        self.receipts(complete)
        for path in sorted(self.unread):
            if path.split("/")[0] in ("agreements", "logs", "policies", "receipts"):
                self.problems.append(f"{path}: nothing says what this file is for")
        return self

    def same_log(self, checkpoint):
        """Holds a checkpoint against the log of the same origin."""
        log = self.logs.get(checkpoint.origin)
        need(log is not None, f"there is no log `{checkpoint.origin}` here")
        need(log.root(checkpoint.size) == checkpoint.root, "the log does not begin with what this checkpoint covers: a fork")
        return log

    def receipts(self, complete):
        seen = set()
        for path in self.under("receipts/", ".tlog-proof"):
            with self.at(path):
                proved = self.receipt(self.take(path), self.take(path.removesuffix("tlog-proof") + "json"))
                need(proved not in seen, "the same release has another receipt here")
                seen.add(proved)
                self.count["receipts"] += 1
        for origin, log in self.logs.items():
            for index, (_, leaf) in sorted(log.leaves.items()):
                if leaf["kind"] == "release":
                    self.count["released"] += leaf["n"]
                    missing = [at for at in range(leaf["n"]) if (origin, index, at) not in seen] if complete else []
                    if missing:
                        self.problems.append(f"{log.prefix}, leaf {index}: {len(missing)} of {leaf['n']} receipts are missing")

    def receipt(self, data, body):
        """Verifies a receipt for the bytes of an object; returns log, leaf and place of the release."""
        head, blank, note = utf8(data).partition("\n\n")
        need(blank != "", "no blank line before the checkpoint")
        lines = head.split("\n")
        need(len(lines) >= 3 and lines[0] == "c2sp.org/tlog-proof@v1", "not a tlog-proof")
        need(lines[1].startswith("extra ") and lines[2].startswith("index "), "no `extra` and `index` lines")
        index, path = undecimal(lines[2][6:]), [unbase64(line, 32) for line in lines[3:]]
        raw = unbase64(lines[1][6:])
        extra = strict_json(raw, "`extra`")
        names = ["v", "leaf", "object", "bytes", "salt", "decision", "inner_index", "inner_size", "inner_path"]
        need(list(extra) == names and extra["v"] == 1, f"`extra` has the keys {list(extra)}")
        spelled = json.dumps(extra, separators=(",", ":"), ensure_ascii=False).encode()
        need(spelled == raw, "`extra` is not written in the one allowed way")
        texts = [extra[name] for name in ("leaf", "object", "salt")] + [extra["inner_path"]]
        need([type(text) for text in texts] == [str, str, str, list], "`extra` holds values of the wrong type")
        need(all(type(extra[name]) is int and extra[name] >= 0 for name in ("inner_index", "inner_size")), "no numbers")
        # 1: the bytes in hand are those of the receipt.
        need(sha256(body) == unhash(extra["bytes"]), "it is for other bytes than those of the object")
        need(strict_json(body, "the object").get("id") == extra["object"], "the object has another id")
        # 2: the object is in the batch.
        salt, decision = unbase64(extra["salt"], 16), unhash(extra["decision"])
        sealed = sha256(b"\x00", salt, sha256(body), extra["object"].encode(), decision)
        entry = unbase64(extra["leaf"])
        leaf = read_leaf(entry)
        need(leaf["kind"] in ("release", "delivery") and "inner" in leaf, "its leaf covers no objects")
        need(leaf["n"] == extra["inner_size"], "the size of the batch is not that of the leaf")
        need(all(isinstance(text, str) for text in extra["inner_path"]), "a hash of the batch is not a text")
        inner = [unbase64(text, 32) for text in extra["inner_path"]]
        reached = included_root(sealed, extra["inner_index"], extra["inner_size"], inner)
        need(reached == unbase64(leaf["inner"], 32), "the object is not in the batch of the leaf")
        # 3: the leaf is in the tree of the checkpoint.
        need(leaf["seq"] == index, "the leaf has another number than the receipt")
        claimed = Checkpoint(note.encode())
        need(included_root(leaf_hash(entry), index, claimed.size, path) == claimed.root, "the leaf is not in the log")
        # 4: the checkpoint is signed, and its tree is the one recomputed here.
        log = self.same_log(self.checkpoint(note.encode()))
        # 5: the leaf was checked with its log: agreement signed by all parties, in force at its time.
        need(log.leaves.get(index, (None,))[0] == entry, "its leaf is not one that was found good in the log")
        return (claimed.origin, index, extra["inner_index"])


class Directory:
    """The files below a directory, read when they are asked for."""

    def __init__(self, root):
        self.root = pathlib.Path(root)
        self.names = [path.relative_to(self.root).as_posix() for path in self.root.rglob("*") if path.is_file()]

    def __iter__(self):
        return iter(self.names)

    def __getitem__(self, path):
        try:
            return (self.root / path).read_bytes()
        except FileNotFoundError:
            raise KeyError(path) from None


def main():
    sys.setrecursionlimit(10_000)
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("directory")
    parser.add_argument("--policy", action="append", default=[], help="keys you trust, in place of those in the export")
    parser.add_argument("--checkpoint", action="append", default=[], help="an earlier checkpoint that each log must extend")
    parser.add_argument("--complete", action="store_true", help="each released object must have a receipt")
    arguments = parser.parse_args()

    def outside(paths):
        return [(path, pathlib.Path(path).read_bytes()) for path in paths]

    export = Export(Directory(arguments.directory), outside(arguments.policy))
    export.verify(arguments.complete, outside(arguments.checkpoint))
    for problem in export.problems:
        print(f"PROBLEM {problem}")
    for agreement in export.agreements.values():
        print(f"agreement {agreement.id} v{agreement.version} sha256:{agreement.hash.hex()}")
        for name, key in agreement.keys.items():
            print(f"  signed by {name}: {key.text}")
    for origin, log in export.logs.items():
        print(f"log {export.key(origin).text}: {log.checkpoint.size} leaves")
    print(", ".join(f"{n} {name}" for name, n in export.count.items()) + f": {len(export.problems)} problems")
    if export.problems:
        return 1
    if not export.count["leaves"]:
        print("nothing was checked")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
