"""An export of evidence is checked by a second verifier, which finds every change of it.

Two nodes of a demonstration export their ledgers and `verify.py`, which shares no line with the program, checks them. Then one
byte at a time is changed: each byte of a small export, and bytes drawn at random from a large one. Last come exports made here,
with their own keys: tree and signatures hold, and only what the leaves say is wrong.

What is read from the program:
  ledger export --json   {"directory", "count": {"agreements", "notices", "logs", "leaves", "released", "receipts"}}
  ledger status --json   [{"agreement", "size", "checkpoint"…}…]
"""

import base64
import hashlib
import json
import os
import pathlib
import random
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import notes  # noqa: E402
import verify  # noqa: E402
from harness import Suite, answer, run, scratch  # noqa: E402

VERIFIER = pathlib.Path(__file__).resolve().parent / "verify.py"
# What an export holds beside the evidence.
OURS = ("verify.py", "notes.py")
SEED = int(os.environ.get("ENTENTE_LEDGER_SEED", str(time.time_ns() % 1_000_000)))
CHANGES = int(os.environ.get("ENTENTE_LEDGER_CHANGES", "2000"))
CONTRIBUTOR, HUB = "northtel", "fusion"
VERIFIER_SECONDS_MAX = 300

suite = Suite("ledger")
chance = random.Random(SEED)


def main():
    print(f"       seed {SEED}, {CHANGES} changes at random")
    suite.group("signatures", signatures)
    suite.group("what leaves say", meaning)
    base = scratch("ledger")
    run("demo", "--keep", base / "made")
    suite.group("whole exports", whole, base)
    suite.group("each byte of a small export", exhaustive, base)
    suite.group("bytes of a large export", at_random, base)
    suite.close()


def problems(files, **options):
    return verify.Export(files).verify(**options).problems


def load(directory):
    found = verify.Directory(directory)
    return {path: found[path] for path in found}


def changed(files, path, at, mask=1):
    data = files[path]
    return {**files, path: data[:at] + bytes([data[at] ^ mask]) + data[at + 1 :]}


# --- Exports of the program -------------------------------------------------------------------------------------------


def whole(base):
    hub = base / "made" / HUB
    for party in (HUB, CONTRIBUTOR):
        home, to = base / "made" / party, base / f"{party}-all"
        told = answer("--home", home, "ledger", "export", "--to", to)
        sizes = [log["size"] for log in answer("--home", home, "ledger", "status")]
        done = check(to, "--complete")
        suite.equal(f"the verifier passes the export of {party}", done.returncode, 0)
        line = next(line for line in done.stdout.splitlines() if line.endswith(" problems"))
        seen = {name: int(number) for number, name in (item.split() for item in line.rpartition(":")[0].split(", "))}
        print(f"       {party}: {line}")
        suite.equal(f"it has seen in that of {party} what the program says it wrote", seen, told["count"])
        suite.equal(f"it has seen every leaf of {party}", (seen["logs"], seen["leaves"]), (len(sizes), sum(sizes)))
        for name in ("agreements", "logs", "leaves", "released", "receipts"):
            suite.check(f"{party} shows {name}", seen[name] > 0, seen)
        suite.equal(f"every release of {party} has its receipt", seen["receipts"], seen["released"])
    for file in OURS:
        theirs = (base / f"{HUB}-all" / file).read_bytes()
        suite.check(f"{file} goes with the export", theirs == VERIFIER.with_name(file).read_bytes())
    receipt = base / f"{HUB}-all" / "receipts" / "1.tlog-proof"
    logs = notes.Checkpoint(receipt.read_bytes().partition(b"\n\n")[2]).origin.rpartition("/")[2]
    policy = base / f"{HUB}-all" / "policies" / f"{logs}.policy"
    suite.equal("the program itself verifies a receipt of it", run("verify", receipt, "--policy", policy).returncode, 0)

    before = sorted((base / f"{HUB}-all").rglob("*"))
    done = run("--home", hub, "ledger", "export", "--to", base / f"{HUB}-all", expect=None)
    suite.equal("a directory that is not empty is refused", done.returncode, 2)
    suite.equal("and left as it is", sorted((base / f"{HUB}-all").rglob("*")), before)
    done = run("--home", hub, "ledger", "export", "--to", base / "none", "agr-unknown", expect=None)
    suite.equal("an agreement without a log is refused", done.returncode, 3)
    suite.equal("and leaves nothing behind", [path.name for path in base.iterdir() if path.name.startswith(("none", ".none"))], [])


def check(directory, *arguments):
    return subprocess.run(
        [sys.executable, VERIFIER, directory, *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=VERIFIER_SECONDS_MAX,
        check=False,
    )


def exhaustive(base):
    """Every byte of everything a small export holds, and what no change of one byte does."""
    home, agreement = base / "made" / CONTRIBUTOR, f"agr-{CONTRIBUTOR}"
    old = base / "old.checkpoint"
    old.write_text(run("--home", home, "ledger", "checkpoint", agreement).stdout)
    for command in (("suspend", agreement, "--reason", "a test", "--yes"), ("resume", agreement)):
        run("--home", home, "agreement", *command)
    to = base / "small"
    run("--home", home, "ledger", "export", "--to", to, "--receipts", 1, agreement)
    files = {path: data for path, data in load(to).items() if path not in ("README", *OURS)}
    suite.equal("the small export is sound", problems(files), [])
    kinds = {
        "receipt": r"receipts/1.tlog-proof",
        "object": "receipts/1.json",
        "leaves": f"logs/agr/{agreement}/tile/entries/",
        "tree": f"logs/agr/{agreement}/tile/0/",
        "checkpoint": f"logs/agr/{agreement}/checkpoint",
        "agreement": f"agreements/{agreement}.v1.agreement",
        "notices": f"agreements/{agreement}.n",
        "policy": f"policies/{agreement}.policy",
    }
    counted = 0
    for kind, start in kinds.items():
        paths = [path for path in files if path.startswith(start)]
        tried, missed = 0, []
        for path in paths:
            for at in range(len(files[path])):
                tried += 1
                if not problems(changed(files, path, at)):
                    missed.append((path, at))
        counted += tried
        suite.check(f"{kind}: each of {tried} bytes changed is found", tried > 0 and not missed, missed[:10])
    suite.equal("no byte of the small export was left out", counted, sum(map(len, files.values())))

    for path in sorted(files):
        left = {name: data for name, data in files.items() if name != path}
        suite.check(f"without {path} the export is not sound", problems(left) != [])
    # A receipt and its object gone together are a smaller export, and a finding only for who asks for all.
    left = {name: data for name, data in files.items() if not name.startswith("receipts/")}
    suite.check("that receipts are missing is found when asked for", problems(left, complete=True) != [])
    suite.check("a file that nothing names is found", problems({**files, "logs/agr/x/tile/0/000.p/1": b""}) != [])
    suite.equal("the log extends its earlier checkpoint", check(to, "--checkpoint", old).returncode, 0)
    new = base / "new.checkpoint"
    new.write_text(run("--home", home, "ledger", "checkpoint", agreement).stdout)
    shorter = base / f"{CONTRIBUTOR}-all"
    done = check(shorter, "--checkpoint", new)
    suite.check("an export from before a checkpoint is found", done.returncode == 1 and "leaves, not" in done.stdout, done.stdout[-500:])
    done = check(shorter, "--policy", to / "policies" / f"{agreement}.policy")
    suite.equal("a policy from outside takes the place of those in the export", done.returncode, 0)
    other = base / f"{HUB}-all" / "policies" / f"{agreement}.policy"
    suite.equal("and one that names another log believes nothing", check(shorter, "--policy", other).returncode, 1)


def at_random(base):
    """One bit or several of one byte, drawn at random from all files of the hub's export.

    Receipts are checked one by one against the logs, so a changed one is tried with all logs and without the other receipts.
    """
    files = {path: data for path, data in load(base / f"{HUB}-all").items() if path not in ("README", *OURS)}
    common = {path: data for path, data in files.items() if not path.startswith("receipts/")}
    receipts = sorted(path for path in files if path.endswith(".tlog-proof"))
    suite.equal("the large export is sound without receipts", problems(common), [])
    tried, same, missed = {"logs, agreements, policies": 0, "receipts, objects": 0}, 0, []
    for number in range(CHANGES):
        mask = chance.choice([1 << chance.randrange(8), chance.randrange(1, 256)])
        if number % 2:
            kind, some, path = "logs, agreements, policies", common, chance.choice(sorted(common))
        else:
            proof = chance.choice(receipts)
            body = proof.removesuffix("tlog-proof") + "json"
            some = {**common, proof: files[proof], body: files[body]}
            kind, path = "receipts, objects", chance.choice([proof, proof, body])
            if number % 64 == 0:
                suite.equal(f"{proof} is sound as it is", problems(some), [])
        at = chance.randrange(len(some[path]))
        tried[kind] += 1
        if path.startswith("policies/") and {some[path][at], some[path][at] ^ mask} == set(b" \t"):
            # The one change without a consequence: c2sp.org/tlog-policy separates words by either.
            same += 1
            continue
        if not problems(changed(some, path, at, mask)):
            missed.append((path, at, mask))
    for kind, number in tried.items():
        print(f"       {number} changes of {kind}")
    print(f"       {same} of them put a tab for a blank between two words of a policy, which is the same policy")
    suite.check(f"each of the other {sum(tried.values()) - same} changes at random is found", all(tried.values()) and not missed, missed[:10])


# --- Ed25519 ----------------------------------------------------------------------------------------------------------

VECTORS = [  # RFC 8032 section 7.1, tests 1 to 3: secret key, public key, message, signature
    (
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
]


def sign(seed, message):
    """Signs as RFC 8032 section 5.1.6 says; slow, for tests."""
    digest = hashlib.sha512(seed).digest()
    a = int.from_bytes(digest[:32], "little") & ((1 << 254) - 8) | 1 << 254
    public = notes.point_encode(notes.point_multiply(a, notes.BASE))
    r = int.from_bytes(hashlib.sha512(digest[32:] + message).digest(), "little") % notes.L
    commitment = notes.point_encode(notes.point_multiply(r, notes.BASE))
    k = int.from_bytes(hashlib.sha512(commitment + public + message).digest(), "little") % notes.L
    return public, commitment + ((r + k * a) % notes.L).to_bytes(32, "little")


def signatures():
    for number, (secret, public, message, signature) in enumerate(VECTORS, 1):
        secret, public, message, signature = map(bytes.fromhex, (secret, public, message, signature))
        suite.equal(f"vector {number} is what signing gives", sign(secret, message), (public, signature))
        suite.check(f"vector {number} verifies", notes.ed25519_verify(public, message, signature))
        for at in (0, 31, 32, 63):
            bad = signature[:at] + bytes([signature[at] ^ 1]) + signature[at + 1 :]
            suite.check(f"vector {number} with byte {at} changed does not", not notes.ed25519_verify(public, message, bad))
        more = int.from_bytes(signature[32:], "little") + notes.L
        again = signature[:32] + more.to_bytes(32, "little")
        suite.check(f"vector {number} with s above the order does not", not notes.ed25519_verify(public, message, again))
    neutral = (1).to_bytes(32, "little")
    suite.check("a key of small order signs nothing", not notes.ed25519_verify(neutral, b"", neutral + bytes(32)))
    suite.check("a point written in a second way is none", notes.point_decode((notes.P + 1).to_bytes(32, "little")) is None)


# --- Exports made here ------------------------------------------------------------------------------------------------


class Signer:
    def __init__(self, name, kind=notes.ED25519):
        self.name, self.seed = name, hashlib.sha256(f"test {name}".encode()).digest()
        data = bytes([kind]) + sign(self.seed, b"")[0]
        self.id = notes.sha256(name.encode(), b"\n", data)[:4]
        self.vkey = f"{name}+{self.id.hex()}+{base64.b64encode(data).decode()}"

    def line(self, text, when=None):
        message, stamp = text.encode(), b""
        if when is not None:
            message, stamp = f"cosignature/v1\ntime {when}\n".encode() + message, when.to_bytes(8, "big")
        blob = self.id + stamp + sign(self.seed, message)[1]
        return f"— {self.name} {base64.b64encode(blob).decode()}\n"


def note(text, *signers):
    return (text + "\n" + "".join(signer.line(text) for signer in signers)).encode()


A, B, LOG = Signer("a.example/agreements"), Signer("b.example/agreements"), Signer("a.example/agr/agr-t")
WITNESS = Signer("w.example/witness", notes.COSIGNATURE)


def agreement(version=1, begin="2026-01-01T00:00:00Z", supersedes=None, signers=(A, B)):
    more = f'supersedes = "sha256:{supersedes.hex()}"\n' if supersedes else ""
    text = (
        f'format = "entente/agreement@1"\nid = "agr-t"\nversion = {version}\n{more}'
        f"valid_from = {begin}\nvalid_to = 2027-01-01T00:00:00Z\n"
        f'[[party]]\nid = "a"\nvkey = "{A.vkey}"\nlog_vkey = "{LOG.vkey}"\n[[party]]\nid = "b"\nvkey = "{B.vkey}"\n'
    )
    return hashlib.sha256(text.encode()).digest(), note(text, *signers)


def notice(verb, hash_, rest, signer=A):
    text = f"entente/{verb}@1 agreement=agr-t hash=sha256:{hash_.hex()} {rest}\n"
    return hashlib.sha256(text.encode()).digest(), note(text, signer)


def leaf(seq, kind, hash_, minute=None, **keys):
    when = f"2026-06-01T{(minute or seq) // 60 % 24:02}:{(minute or seq) % 60:02}:00.000Z"
    head = {"v": 1, "seq": seq, "time": when, "kind": kind, "agreement": f"sha256:{hash_.hex()}", "actor": LOG.id.hex()}
    return {**head, **keys}


def release(seq, hash_, first=1, n=1, **more):
    zero = f"sha256:{'0' * 64}"
    inner = base64.b64encode(notes.sha256(b"x")).decode()
    keys = {"party": "b", "first": first, "last": first + n - 1, "n": n, "inner": inner}
    return leaf(seq, "release", hash_, **{**keys, "obligations": zero, "compiled": zero, "engine": "test/1", **more})


def make(leaves, texts, policy=None, cosign=None):
    """An export whose tree and signatures hold, whatever its leaves say."""
    entries = [entry if isinstance(entry, bytes) else json.dumps(entry, separators=(",", ":")).encode() for entry in leaves]
    files, level, below = dict(texts), 0, [notes.leaf_hash(entry) for entry in entries]
    prefix = "logs/agr/agr-t"
    text = f"{LOG.name}\n{len(entries)}\n{base64.b64encode(notes.tree_hash(below)).decode()}\n"
    files[f"{prefix}/checkpoint"] = note(text, LOG) + (WITNESS.line(text, cosign).encode() if cosign else b"")
    files["policies/agr-t.policy"] = (policy or f"log {LOG.vkey}\nquorum none\n").encode()
    for at in range(0, len(entries), 256):
        part = entries[at : at + 256]
        data = b"".join(len(entry).to_bytes(2, "big") + entry for entry in part)
        files[f"{prefix}/{verify.tile_path('entries', at // 256, len(part))}"] = data
    while below:
        for at in range(0, len(below), 256):
            files[f"{prefix}/{verify.tile_path(level, at // 256, len(below[at : at + 256]))}"] = b"".join(below[at : at + 256])
        below = [notes.tree_hash(below, at, at + 256) for at in range(0, len(below) // 256 * 256, 256)]
        level += 1
    return files


def meaning():
    one, text = agreement()
    two, text_two = agreement(2, "2026-06-01T00:10:00Z", one)
    first = leaf(0, "agreement", one, state="countersigned", text=f"sha256:{one.hex()}")
    amend = {"text": f"sha256:{two.hex()}", "supersedes": f"sha256:{one.hex()}"}
    texts = {"agreements/agr-t.v1.agreement": text}
    both = {**texts, "agreements/agr-t.v2.agreement": text_two}
    stop, stopped = notice("suspend", one, "party=a at=2026-06-01T00:00:30Z reason=x")
    go, gone = notice("resume", one, "party=a at=2026-06-01T00:01:30Z")
    end, ended = notice("terminate", one, "party=b at=2026-06-01T00:00:00Z effective=2026-06-01T00:05:00Z reason=x", B)
    forged, forgery = notice("suspend", one, "party=a at=2026-06-01T00:00:30Z reason=x", B)
    told = lambda hash_: {"note": f"sha256:{hash_.hex()}"}  # noqa: E731
    paused = {**texts, "agreements/agr-t.n1.notice": stopped}
    resumed = {**paused, "agreements/agr-t.n2.notice": gone}
    over = {**texts, "agreements/agr-t.n1.notice": ended}

    def sound(what, files):
        suite.equal(f"sound: {what}", problems(files), [])

    def found(what, files, word):
        seen = problems(files)
        suite.check(f"found: {what}", any(word in problem for problem in seen), seen)

    pause, resume = leaf(1, "suspend", one, **told(stop)), leaf(2, "resume", one, **told(go))
    sound("a release", make([first, release(1, one)], texts))
    sound("a release after a suspension was lifted", make([first, pause, resume, release(3, one)], resumed))
    found("a release while suspended", make([first, pause, release(2, one)], paused), "is suspended")
    found("a suspension that another party signed", make([first, leaf(1, "suspend", one, **told(forged))],
          {**texts, "agreements/agr-t.n1.notice": forgery}), "has not signed")
    found("a suspension whose notice is not here", make([first, pause], texts), "no notice here")
    found("a notice that the log does not record", make([first], paused), "does not record it")
    terminate = leaf(1, "terminate", one, **told(end))
    sound("a release before a termination takes effect", make([first, terminate, release(2, one)], over))
    found("a release after it", make([first, terminate, release(6, one) | {"seq": 2}], over), "terminated")
    late = release(1, one) | {"time": "2027-01-01T00:00:00.000Z"}
    found("a release after the validity", make([first, late], texts), "not valid at this time")
    sound("a release under an amended text", make([first, leaf(1, "amend", two, **amend), release(11, two) | {"seq": 2}], both))
    found("a release under the text before", make([first, leaf(1, "amend", two, **amend), release(11, one) | {"seq": 2}], both), "later version")
    found("a release under a text the log has not recorded", make([first, release(1, two)], both), "not recorded")
    found("an agreement that is not here", make([first, release(1, b"\x00" * 32)], texts), "no agreement here")
    unsigned = {"agreements/agr-t.v1.agreement": agreement(signers=(A,))[1]}
    found("an agreement that one party has not signed", make([first], unsigned), "`b` has not signed")
    found("a hole in the numbers", make([first, release(2, one)], texts), "calls itself 2")
    found("a leaf older than the one before", make([first | {"time": "2026-06-02T00:00:00.000Z"}, release(1, one)], texts), "older")
    found("a release that leaves positions out", make([first, release(1, one, first=2)], texts), "are missing")
    found("a release with fewer objects than positions", make([first, release(1, one, n=2) | {"n": 1}], texts), "gap")
    deliver = {"purpose": "x", "door": "sync", "first": 1, "last": 2, "n": 2}
    found("a delivery of what was not released", make([first, release(1, one), leaf(2, "delivery", one, party="b", **deliver)], texts), "1 released")
    found("a release to a stranger", make([first, release(1, one, party="c")], texts), "no party")
    found("an unknown actor", make([first, release(1, one) | {"actor": "00000000"}], texts), "actor")
    found("keys in another order", make([first, dict(sorted(release(1, one).items()))], texts), "keys")
    found("a key that is not in the format", make([first, release(1, one, note="x")], texts), "keys")
    spaced = json.dumps(release(1, one)).encode()
    found("spaces", make([first, spaced], texts), "one allowed way")
    twice = json.dumps(release(1, one), separators=(",", ":")).encode().replace(b'"v":1', b'"v":1,"v":1')
    found("a key twice", make([first, twice], texts), "twice")
    found("a log that the agreement does not name", make([first], {"agreements/agr-t.v1.agreement": text}, f"log {A.vkey}\nquorum none\n"), "no policy")
    many = make([first, *(release(seq, one, first=seq) for seq in range(1, 600))], texts)
    sound("a log of more than two tiles", many)
    found("a hash of a higher level changed", changed(many, "logs/agr/agr-t/tile/1/000.p/2", 40), "level below")
    asked = f"log {LOG.vkey}\nwitness w {WITNESS.vkey}\ngroup g any w\nquorum g\n"
    now = int(time.time())
    sound("a quorum that is reached", make([first], texts, asked, now))
    found("a quorum that is not", make([first], texts, asked), "quorum")
    found("a cosignature from the future", make([first], texts, asked, now + 3600), "quorum")
    cosigned = make([first], texts, asked, now)
    path = "logs/agr/agr-t/checkpoint"
    start = cosigned[path].rindex("— w.example".encode())
    missed = [at for at in range(start, len(cosigned[path])) if not problems(changed(cosigned, path, at))]
    suite.equal(f"each of {len(cosigned[path]) - start} bytes of a cosignature changed is found", missed, [])
    # The one change that may stay: a line of a key that no policy names is ignored, as c2sp.org/signed-note demands.
    sound("a cosignature that no policy asks for", make([first], texts, None, now))
    ignored = make([first], texts, None, now)
    text_of = notes.Note(ignored[path]).text
    stranger = WITNESS.line(text_of, now + 1).encode()
    sound("another such line in its place", {**ignored, path: ignored[path][:start] + stranger})


if __name__ == "__main__":
    main()
