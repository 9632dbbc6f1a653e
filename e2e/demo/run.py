"""The main job on real data: counts as the data's own README states them, and nothing in the hub that it may not hold.

The figures and the names come from the data directory (`ENTENTE_DATA`), so none of them stands in this repository.
Without the data the suite says so and counts as skipped, or as failed where `CI` is set.
"""

import base64
import csv
import gzip
import os
import pathlib
import re
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from harness import Suite, answer, run, scratch  # noqa: E402

HUB = "fusion"
SECONDS_MAX = 10

suite = Suite("demo")


def main():
    data = pathlib.Path(os.environ.get("ENTENTE_DATA", "")) / "operation-asean"
    suite.group("synthetic corpus", synthetic)
    if not (data / "README.md").is_file():
        if os.environ.get("CI"):
            suite.check("the real corpus is there", False, "ENTENTE_DATA names no directory with operation-asean")
        else:
            suite.skip("the main job on real data", "ENTENTE_DATA names no directory with operation-asean")
        suite.close()
    suite.group("real corpus", real, data)
    suite.close()


def synthetic():
    """Without data the generator built into the program gives the same story each time."""
    first = run("demo").stdout
    suite.check("the demonstration says that its data are synthetic", "synthetic" in first.lower(), first[:500])
    suite.equal("it tells the same story twice", stable(run("demo").stdout), stable(first))


def stable(text):
    """Drops what may differ between two runs: times, durations, ports, keys, digests.

    The number of leaves differs, too: a release leaf covers what was admitted since the last one, and admission does not wait.
    """
    text = re.sub(r"(?<=recomputed from )[\d,]+ leaves", "# leaves", text)
    text = re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+Z|\b\d+([.,]\d+)? ?(s|ms|µs)\b|127\.0\.0\.1:\d+|\b\d[\d,.]* objects/s", "#", text)
    return re.sub(r"[A-Za-z0-9+/=]{24,}|[0-9a-f]{8,}", "#", text)


def real(data):
    keep = scratch("real") / "kept"
    begun = time.monotonic()
    done = run("demo", "--data", data, "--keep", keep)
    seconds = time.monotonic() - begun
    story = done.stdout
    print(f"       the demonstration took {seconds:.1f} s (goal: under {SECONDS_MAX} s)")

    readme = (data / "README.md").read_text()
    figures = re.search(r"By country: ([^.]*)\.", readme).group(1)
    expected = {country: int(count.replace(",", "")) for country, count in re.findall(r"\b([A-Z]{2}) ([\d,]*\d)", figures)}
    expected = {country: count for country, count in expected.items() if count}
    printed = {country: int(count.replace(",", "")) for country, count in re.findall(r"^\W*([A-Z]{2})\b[^\d\n]*([\d,]*\d)", story, re.M)}
    for country, count in sorted(expected.items()):
        suite.equal(f"command-and-control servers of {country}", printed.get(country), count)
    suite.check("receipts were verified", re.search(r"verified", story) is not None, story[-800:])

    hub = keep / HUB
    held = Held(hub)
    suite.check("the hub holds something", held.size > 0, str(hub))
    names, sources, addresses = victims(data), lists(data), c2(data)
    suite.check("the search would find what the hub does hold", any(held.has(address) for address in addresses[:200]))
    for kind, words in [("victim", names), ("source", sources)]:
        leaked = [word for word in words if held.has(word)]
        suite.equal(f"no {kind} name of {len(words)} is in what the hub received, in any spelling", leaked[:5], [])
    released = answer("--home", hub, "release", "list", expect=(0, 3))
    suite.check("what the hub lists of its releases is a list", isinstance(released, list))


def rows(path):
    opened = gzip.open(path, "rt", newline="") if path.suffix == ".gz" else open(path, newline="")
    with opened as file:
        yield from csv.DictReader(file)


def victims(data):
    """Names of the government hosts, from the list and from every party's own file."""
    names = {row["host"] for row in rows(data / "asean_gov_hosts.csv")}
    for party in (data / "parties").glob("*.csv.gz"):
        names |= {row["value"] for row in rows(party) if row["role"] == "compromised-government"}
    return sorted(name.lower() for name in names)


def lists(data):
    """Names of the lists each row came from: the sources a contributor keeps to itself."""
    names = set()
    for party in (data / "parties").glob("*.csv.gz"):
        for row in rows(party):
            for name in row["lists"].lower().split("|"):
                # A list is known by its whole name, and by each word of it that is no everyday word.
                names |= {name.strip()} | {word for word in name.split() if len(word) >= 8}
    return sorted(names - {""})


def c2(data):
    return [row["ip"] for row in rows(data / "asean_c2.csv")]


class Held:
    """Everything in the files of a node, searched for a word in the spellings a careless program would leave it in."""

    HOST = re.compile(rb"[a-z0-9_-]+(?:\.[a-z0-9_-]+)+")

    def __init__(self, home):
        files = [path for path in sorted(home.rglob("*")) if path.is_file()]
        self.bytes = b"\n".join(path.read_bytes() for path in files)
        self.size = len(self.bytes)
        self.lower = self.bytes.lower()
        # Host names are compared label by label, so that a name inside a longer label is no finding.
        self.hosts = set()
        for text in (self.lower, self.lower.replace(b"[.]", b".").replace(b"(.)", b"."), self.lower.replace(b"%2e", b".")):
            for host in set(self.HOST.findall(text)):
                labels = host.split(b".")
                self.hosts |= {b".".join(labels[at:]) for at in range(len(labels) - 1)}

    def has(self, word):
        plain = word.lower().encode()
        if b"." in plain and self.HOST.fullmatch(plain):
            if plain in self.hosts:
                return True
        elif re.search(rb"(?<![a-z0-9])" + re.escape(plain) + rb"(?![a-z0-9])", self.lower):
            return True
        if plain.hex().encode() in self.lower or plain.decode().encode("utf-16-le") in self.lower:
            return True
        # Base64 of the word at each of the three offsets, without the characters its neighbours decide.
        for offset in range(3):
            coded = base64.b64encode(b"\0" * offset + plain).rstrip(b"=")
            core = coded[{0: 0, 1: 2, 2: 3}[offset]:-1]
            spellings = {core, core.translate(bytes.maketrans(b"+/", b"-_"))}
            if len(core) >= 8 and any(spelling in self.bytes for spelling in spellings):
                return True
        return plain[::-1] in self.lower and len(plain) > 8


if __name__ == "__main__":
    main()
