"""Measures the OASIS packages on the files that our benchmarks wrote, and prints `bench: {…}` lines with `peer_of`.

They are slow, so each reads a part that is long enough for its clock; a rate is that of the fastest of a few passes.
"""

import json
import os
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import peers  # noqa: E402
from stix2 import parse as stix2_parse  # noqa: E402
from stix2matcher.matcher import Pattern as MatcherPattern  # noqa: E402
from stix2patterns.validator import run_validator  # noqa: E402

QUICK = os.environ.get("ENTENTE_BENCH_QUICK") == "1"
FILES = pathlib.Path(os.environ["ENTENTE_BENCH_FILES"])
SPAN = 1.0 if QUICK else 3.0


def rate(items, work):
    """Runs `work` for a while and returns the items per second of its fastest pass."""
    until, best = time.monotonic() + SPAN, float("inf")
    while True:
        begun = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - begun)
        if time.monotonic() > until:
            return items / best


def report(name, peer, value):
    print("bench: " + json.dumps({"peer_of": name, "peer": peer, "value": value}), flush=True)


def accepted(objects, work):
    """The objects that a package takes without a fault, so that it is measured on what it can do."""
    taken = []
    for each in objects:
        try:
            work(each)
            taken.append(each)
        except Exception:  # noqa: BLE001 - whatever it cannot take is left out, and counted
            continue
    if len(taken) < len(objects):
        print(f"{len(objects) - len(taken)} of {len(objects)} objects are refused and left out", flush=True)
    return taken


def stix():
    for name, kept in (("indicators", "indicators.json"), ("files of STIX 2.1", "wild.json"), ("ATT&CK, upgraded", "attack.json")):
        path = FILES / kept
        if not path.exists():
            continue
        objects = json.loads(path.read_text(encoding="utf-8"))["objects"]
        step = max(1, len(objects) // 400)
        part = accepted(objects[::step], lambda each: stix2_parse(each, allow_custom=True, version="2.1"))
        report(f"parse: {name}", "stix2 3.0.2", rate(len(part), lambda part=part: [stix2_parse(each, allow_custom=True, version="2.1") for each in part]))
        part = objects[::step][:200]
        report(f"validate, patterns left out: {name}", "stix2-validator 3.3.2 (with patterns)", rate(len(part), lambda part=part: [peers.validate({"object": each}) for each in part]))
    path = FILES / "observables.json"
    if path.exists():
        part = [{key: value for key, value in each.items() if key != "id"} for each in json.loads(path.read_text(encoding="utf-8"))["objects"][:1_000]]
        report("deterministic ids", "stix2 3.0.2 (object with id)", rate(len(part), lambda: [stix2_parse(each, version="2.1") for each in part]))


def pattern():
    kept = json.loads((FILES / "patterns.json").read_text(encoding="utf-8"))
    for name, times in (("simple", 500), ("complex", 100)):
        assert not run_validator(kept[name], "2.1"), kept[name]
        report(f"parse a {name} pattern", "stix2-patterns 2.1.2", rate(times, lambda name=name, times=times: [run_validator(kept[name], "2.1") for _ in range(times)]))
    simple, complex_ = MatcherPattern(kept["simple"], "2.1"), MatcherPattern(kept["complex"], "2.1")
    for name, key, compiled, count in (("match a simple pattern with one observation", "one", simple, 1), ("match a simple pattern with 200 observations", "many", simple, 200),
                                       ("match a complex pattern with 200 observations", "many", complex_, 200)):
        times = max(1, 200 // count)
        report(name, "stix2-matcher 3.0.0", rate(times * count, lambda key=key, compiled=compiled, times=times: [compiled.match([kept[key]]) for _ in range(times)]))
    if (FILES / "indicators.json").exists():
        part = json.loads((FILES / "indicators.json").read_text(encoding="utf-8"))["objects"][:200]
        report("validate: indicators", "stix2-validator 3.3.2", rate(len(part), lambda: [peers.validate({"object": each}) for each in part]))


if __name__ == "__main__":
    {"stix": stix, "pattern": pattern}[sys.argv[1]]()
