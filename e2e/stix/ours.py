"""The program under test, spoken to only through its batch contract: JSON lines in, one answer a line out, in order."""

import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from harness import COMMAND_SECONDS_MAX, binary  # noqa: E402


def batch(noun, verb, requests):
    """Sends all requests (without `n`) in one run and returns the answers in their order."""
    lines = "".join(json.dumps({"n": n, **request}) + "\n" for n, request in enumerate(requests))
    done = subprocess.run(
        [binary(), noun, verb, "--jsonl"],
        input=lines.encode("utf-8"),
        capture_output=True,
        timeout=COMMAND_SECONDS_MAX,
        check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(f"`entente {noun} {verb} --jsonl` ended with {done.returncode}: {done.stderr[-1500:]!r}")
    answers = [json.loads(line) for line in done.stdout.decode("utf-8").splitlines() if line.strip()]
    numbers = [answer.get("n") for answer in answers]
    if numbers != list(range(len(requests))):
        odd = next((at for at, n in enumerate(numbers) if n != at), len(numbers))
        raise RuntimeError(f"{noun} {verb}: {len(answers)} answers to {len(requests)} requests, out of step at {odd}: "
                           f"{answers[odd] if odd < len(answers) else 'nothing more'}")
    return answers


def check(cases):
    return [answer["result"] for answer in batch("pattern", "check", [
        {"pattern": case["pattern"], "stix_version": case.get("version", "2.1")} for case in cases])]


def match(cases):
    return [answer["result"] for answer in batch("pattern", "match", [
        {"pattern": case["pattern"], "observations": case["observations"], "stix_version": case.get("version", "2.1")}
        for case in cases])]


def equivalent(cases):
    return ["error" if "error" in answer else answer["result"] for answer in batch("pattern", "equivalent", [
        {"a": case["a"], "b": case["b"], "stix_version": case.get("version", "2.1")} for case in cases])]


def ids(cases):
    return [answer["result"] for answer in batch("stix", "id", [{"object": case["object"]} for case in cases])]


def validate(cases):
    """Returns (verdict, codes that are errors) for each object."""
    seen = []
    for answer in batch("stix", "validate", [{"object": case["object"]} for case in cases]):
        findings = answer.get("findings") or []
        errors = sorted({finding["code"].removeprefix("STIX-") for finding in findings if finding["severity"] == "error"})
        seen.append(("invalid" if answer["result"] == "invalid" else "valid", errors, answer["result"]))
    return seen
