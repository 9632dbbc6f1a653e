"""The program beside the OASIS reference implementations: the same patterns, observations and objects, both verdicts.

Everything is drawn from a seeded generator, so that two runs compare the same cases; `ENTENTE_STIX_SEED` draws others.
A disagreement is a failed check, unless an entry of `differences.py` names it; an entry that nothing exercises fails
too. No expectation comes from the program itself.
"""

import json
import os
import pathlib
import random
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import cases  # noqa: E402
import differences  # noqa: E402
import objects  # noqa: E402
import observations  # noqa: E402
import ours  # noqa: E402
import patterns  # noqa: E402
import peers  # noqa: E402
import scos  # noqa: E402
import tables  # noqa: E402
from harness import Suite  # noqa: E402

SEED = int(os.environ.get("ENTENTE_STIX_SEED", "20250402"))
# LIMIT: cases drawn. The references parse one to five thousand patterns and validate three hundred objects a second.
SHARE = float(os.environ.get("ENTENTE_STIX_SHARE", "1"))
COUNTS = {"check": 10_000, "match": 14_000, "equivalent": 4_000, "id": 6_000}
SHOWN_MAX = 12

suite = Suite("stix")


def main():
    suite.group("patterns: syntax", syntax)
    suite.group("patterns: matching", matching)
    suite.group("patterns: equivalence", equivalence)
    suite.group("deterministic ids", identifiers)
    suite.group("objects: validity", validity)
    suite.group("the allow list", exercised)
    suite.close()


def count(kind):
    return max(1, int(COUNTS[kind] * SHARE))


def generator(kind):
    return random.Random(f"{SEED} {kind}")


def exercised():
    decided = (tables.ROOT / "docs" / "adr" / "0008-differences-from-the-references.md").read_text(encoding="utf-8")
    missing = [entry.name for entry in differences.ALL if f"| {entry.name} |" not in decided]
    suite.check("each difference is decided in ADR 0008", not missing, missing)
    for entry in differences.ALL:
        suite.check(f"difference `{entry.name}` was met ({entry.met} times)", entry.met > 0,
                    "nothing exercises this entry of differences.py; it would hide a fault")


def compare(kind, title, drawn, hand, ask_ours, ask_peer, show):
    """Compares all verdicts of one kind: drawn cases and those written by hand.

    A hand-written case may carry `ours` and `peer`: the verdicts that the words of the specification give, and that
    the reference is known to give. Neither is ever taken from a run of the program.
    """
    everything = hand + drawn
    begun = time.monotonic()
    seen_ours = ask_ours(everything)
    middle = time.monotonic()
    seen_peer = [ask_peer(case) for case in everything]
    end = time.monotonic()
    agreed = listed = 0
    faults = []
    tally = {}
    for case, mine, theirs in zip(everything, seen_ours, seen_peer, strict=True):
        verdict, theirs_verdict = first(mine), first(theirs)
        word = kind_of(theirs_verdict)
        tally[word] = tally.get(word, 0) + 1
        for side, seen in (("ours", verdict), ("peer", theirs_verdict)):
            if side in case:
                suite.check(f"{title}: {case['rule']}: {'Entente' if side == 'ours' else 'the reference'} says {case[side]}",
                            seen == case[side], f"it says {seen}: {show(case)} {theirs if side == 'peer' else mine}")
        if verdict == theirs_verdict:
            agreed += 1
            continue
        entry = differences.find(kind, case, mine, theirs)
        if entry is None:
            faults.append((case, mine, theirs))
        else:
            entry.met += 1
            listed += 1
    speed = f"ours {rate(len(everything), middle - begun)}, the reference {rate(len(everything), end - middle)}"
    print(f"{title}: {len(everything)} cases, {agreed} agree, {listed} listed differences, {len(faults)} disagreements; "
          f"the reference says {', '.join(f'{name} {number}' for name, number in sorted(tally.items()))}; {speed}", flush=True)
    grouped = {}
    for fault in faults:
        grouped.setdefault(signature(kind, fault), []).append(fault)
    for at, (what, group) in enumerate(sorted(grouped.items(), key=lambda item: -len(item[1]))):
        if at >= SHOWN_MAX:
            print(f"       … {len(grouped) - at} more groups of disagreements")
            break
        case, mine, theirs = min(group, key=lambda fault: len(json.dumps(fault[0], default=str)))
        print(f"DISAGREEMENT {what} ({len(group)} times)\n       {show(case)}\n       ours {mine}\n       peer {theirs}"[:3000], flush=True)
    if faults and (out := os.environ.get("ENTENTE_OUT")):
        path = pathlib.Path(out) / f"{kind}.jsonl"
        path.write_text("".join(json.dumps({"case": case, "ours": mine, "peer": theirs}, default=str) + "\n" for case, mine, theirs in faults))
    suite.check(f"{title}: all {len(everything)} verdicts agree or are listed", not faults, f"{len(faults)} disagree")
    suite.check(f"{title}: the cases draw more than one verdict from the reference", len(tally) > 1, tally)


def first(verdict):
    return verdict[0] if isinstance(verdict, tuple) else verdict


def kind_of(verdict):
    """Names a verdict for counting; an id counts by its type."""
    word = str(verdict).split(" ")[0]
    return word.split("--")[0]


def rate(number, seconds):
    return f"{number / max(seconds, 1e-9):,.0f}/s"


def signature(kind, fault):
    """Groups disagreements that look alike, so that one fault is shown once."""
    case, mine, theirs = fault
    if kind == "validate":
        return f"{first(mine)} {','.join(mine[1])} against {first(theirs)}: {case['rule'][:60]}"
    return f"{first(mine) if kind != 'id' else 'id'} against {str(first(theirs)).split(' ')[0] if kind != 'id' else 'id'} {case.get('rule', '')[:40]}"


def syntax():
    draw = patterns.Patterns(generator("check"))
    half = count("check") // 2
    drawn = [{"pattern": draw.valid()} for _ in range(half)] + [{"pattern": draw.broken()} for _ in range(half)]
    drawn += [{"pattern": draw.valid(), "version": "2.0"} for _ in range(half // 8)]
    compare("check", "pattern syntax", drawn, cases.CHECK, ours.check, peers.check, lambda case: f"{case.get('version', '2.1')} {case['pattern']!r}")


def matching():
    draw = observations.Observations(generator("match"))
    drawn = [draw.case() for _ in range(count("match"))] + [draw.old_case() for _ in range(count("match") // 7)]
    compare("match", "pattern match", drawn, cases.MATCH, ours.match, peers.match,
            lambda case: f"{case['pattern']!r}\n       {json.dumps(case['observations'])}")


def equivalence():
    draw = patterns.Pairs(generator("equivalent"))
    drawn = [draw.pair() for _ in range(count("equivalent"))]
    compare("equivalent", "pattern equivalence", drawn, cases.EQUIVALENT, ours.equivalent, peers.equivalent,
            lambda case: f"{case['a']!r}\n       {case['b']!r}")


def identifiers():
    draw = scos.Observables(generator("id"))
    drawn = [{"object": draw.sco()} for _ in range(count("id"))]
    compare("id", "deterministic id", drawn, cases.IDS, ours.ids, peers.identifier, lambda case: json.dumps(case["object"]))


def validity():
    draw = objects.Objects(tables.Tables(), generator("validate"))
    drawn = list(draw.cases()) + list(draw.rules())
    if SHARE < 1:
        drawn = drawn[:: round(1 / SHARE)]
    compare("validate", "object validity", drawn, cases.VALIDATE, ours.validate, peers.validate,
            lambda case: f"{case['rule']}: {json.dumps(case['object'])}")


if __name__ == "__main__":
    main()
