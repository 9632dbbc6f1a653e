"""kill -9 at any moment loses nothing acknowledged and repeats nothing visible.

Two stories. A contributor admits one file after another and is killed in each; then it admits them all in peace. A hub
fetches what a contributor adds and is killed again and again; then it fetches in peace. Every round has new rows, so that
there is work to be killed at. Afterwards each node is compared with one that was never killed. Only processes started here
are killed, by their own id.

What is read from the program:
  doctor --json          {"checks": [{"name", "state"}…], "counts": {"objects": N, "assertions": N, …}}
  release list --json    [{"agreement", "recipient", "seq", "object", "version"}…], the newest first, as many as `--limit`
  ledger verify --json   {"ok": true, "logs": [{"agreement", "leaves", "problems"}…]}
  admit FILE --jsonl     lines {"acknowledged": N} as batches become durable; the last line is {"summary": {…}}
"""

import json
import os
import pathlib
import random
import shutil
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from harness import Suite, answer, binary, run, scratch  # noqa: E402

ROUNDS = int(os.environ.get("ENTENTE_KILL_ROUNDS", "10"))
STEP = int(os.environ.get("ENTENTE_KILL_ROWS", "8000"))
SEED = int(os.environ.get("ENTENTE_KILL_SEED", str(time.time_ns() % 1_000_000)))
CONTRIBUTOR, HUB = "northtel", "fusion"
ADMIT = ("--tlp", "amber")
# Yesterday: what is too old for the agreement would not be released.
DAY = time.strftime("%Y-%m-%dT00:00:00Z", time.gmtime(time.time() - 86_400))

suite = Suite("kill")
chance = random.Random(SEED)


def main():
    print(f"       seed {SEED}, {ROUNDS} rounds of {STEP} rows")
    base = scratch("kill")
    run("demo", "--keep", base / "made")
    suite.group("admit", admit, base)
    suite.group("sync", sync, base)
    suite.close()


def admit(base):
    calm, wild = base / "calm", base / "wild"
    shutil.copytree(base / "made" / CONTRIBUTOR, calm)
    shutil.copytree(base / "made" / CONTRIBUTOR, wild)
    files = [write_rows(base / f"rows-{number}.csv", number * STEP) for number in range(ROUNDS)]
    spans = []
    for file in files:
        begun = time.monotonic()
        run("--home", calm, "admit", file, *ADMIT)
        spans.append(time.monotonic() - begun)

    held = inspect("admit, before the first kill", wild)["counts"]["objects"]
    landed = part = 0
    for number, file in enumerate(files):
        when = f"admit, after kill {number + 1}"
        delay = chance.uniform(0.1, 1.0) * min(spans)
        acknowledged, killed = interrupted(["--home", wild, "admit", file, *ADMIT, "--jsonl"], delay)
        landed += killed
        part += killed and 0 < acknowledged
        before, held = held, inspect(when, wild)["counts"]["objects"]
        suite.check(f"{when}: nothing acknowledged is lost", held >= before + acknowledged,
                    f"{before} before, {acknowledged} acknowledged, {held} held")
    print(f"       admit: {landed} of {ROUNDS} kills landed, {part} after something was acknowledged")
    suite.check("admit: kills met the program at work", landed >= ROUNDS // 3, f"{landed} of {ROUNDS}, spans {spans}")
    suite.check("admit: something was acknowledged before a kill", part > 0, f"spans {spans}")
    for file in files:
        run("--home", wild, "admit", file, *ADMIT)
    compare("admit", wild, calm)


def sync(base):
    """The contributor serves all the time; only the hub's command is killed."""
    contributor, wild, calm = base / "made" / CONTRIBUTOR, base / "hub-wild", base / "hub-calm"
    shutil.copytree(base / "made" / HUB, wild)
    shutil.copytree(base / "made" / HUB, calm)
    with Serving(contributor):
        begun = time.monotonic()
        run("--home", calm, "sync", CONTRIBUTOR)
        idle = time.monotonic() - begun
        held = inspect("sync, before the first kill", wild)["counts"]["objects"]
        landed = arrived = 0
        for number in range(ROUNDS):
            when = f"sync, after kill {number + 1}"
            run("--home", contributor, "admit", write_rows(base / f"more-{number}.csv", (ROUNDS + number) * STEP), *ADMIT)
            begun = time.monotonic()
            run("--home", calm, "sync", CONTRIBUTOR)
            span = time.monotonic() - begun
            _, killed = interrupted(["--home", wild, "sync", CONTRIBUTOR, "--jsonl"], idle / 2 + chance.random() * span)
            landed += killed
            before, held = held, inspect(when, wild)["counts"]["objects"]
            arrived += killed and held > before
            suite.check(f"{when}: nothing is lost", held >= before, f"{before} before, {held} after")
        print(f"       sync: {landed} of {ROUNDS} kills landed, {arrived} after a page had arrived")
        suite.check("sync: kills met the program at work", landed >= ROUNDS // 3, f"{landed} of {ROUNDS}")
        run("--home", wild, "sync", CONTRIBUTOR)
        first = inspect("sync, in the end", wild)["counts"]
        suite.check("sync: what the contributor added arrived", first["objects"] >= ROUNDS * STEP, first)
        run("--home", wild, "sync", CONTRIBUTOR)
        suite.equal("sync: fetching once more brings nothing", inspect("sync, once more", wild)["counts"]["objects"], first["objects"])
        compare("sync", wild, calm)
        inspect("sync, the contributor", contributor)


class Serving:
    """A node that serves until the block ends and exchanges only when it is asked."""

    def __init__(self, home):
        self.home = home
        self.process = None

    def __enter__(self):
        environment = os.environ | {"ENTENTE_SERVE__SYNC_EVERY_S": "0"}
        command = [binary(), "--home", str(self.home), "serve", "--json"]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, env=environment)
        # The line comes once the address is bound; when the process ends before, there is none.
        if '"ready":true' not in self.process.stdout.readline():
            self.__exit__()
            raise RuntimeError(f"the node in {self.home} does not serve")
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


def write_rows(path, start):
    """Writes documentation addresses and names, each row another value, and returns the file."""
    with open(path, "w") as file:
        file.write("value,role,country,first_seen,last_seen,confidence\n")
        for number in range(start, start + STEP):
            value = f"h{number}.example" if number % 2 else f"2001:db8::{number >> 16:x}:{number & 65535:x}"
            file.write(f"{value},c2,SG,{DAY},{DAY},80\n")
    return path


def interrupted(arguments, delay):
    """Starts a command, kills it after a delay, and returns what it had acknowledged and whether the kill met it alive."""
    process = subprocess.Popen([binary(), *map(str, arguments)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    acknowledged = 0

    def listen():
        nonlocal acknowledged
        for line in process.stdout:
            try:
                acknowledged = max(acknowledged, int(json.loads(line).get("acknowledged", 0)))
            except (ValueError, AttributeError):
                pass  # The last line may be cut by the kill.

    listener = threading.Thread(target=listen)
    listener.start()
    try:
        process.wait(timeout=delay)
        killed = False
    except subprocess.TimeoutExpired:
        process.kill()
        killed = True
    process.wait()
    listener.join()
    return acknowledged, killed


def releases(home):
    """Returns every row of every manifest of a node."""
    return answer("--home", home, "release", "list", "--limit", 1_000_000)


def inspect(when, home):
    """Holds a node against its own invariants and returns what the doctor says."""
    state = answer("--home", home, "doctor", expect=(0, 1, 6))
    errors = [check for check in state["checks"] if check["state"] == "error"]
    suite.equal(f"{when}: the doctor finds no error", errors, [])
    verified = answer("--home", home, "ledger", "verify", expect=(0, 7, 8))
    suite.check(f"{when}: the ledger verifies", verified.get("ok") is True, verified)
    rows = releases(home)
    heads, objects = {}, set()
    for row in rows:
        heads.setdefault((row["agreement"], row["recipient"]), []).append(row["seq"])
        objects.add((row["agreement"], row["recipient"], row["object"], row["version"]))
    suite.equal(f"{when}: nothing was released twice", len(objects), len(rows))
    gaps = [head for head, found in heads.items() if sorted(found) != list(range(min(found), min(found) + len(found)))]
    suite.equal(f"{when}: positions are dense", gaps, [])
    return state


def compare(story, wild, calm):
    """The node that was killed and the one that was not hold and release the same."""
    left, right = inspect(f"{story}, in the end", wild), inspect(f"{story}, never killed", calm)
    for count in ("objects", "assertions"):
        suite.equal(f"{story}: as many {count} as without any kill", left["counts"][count], right["counts"][count])
    rows = [releases(home) for home in (wild, calm)]
    suite.equal(f"{story}: as many releases as without any kill", len(rows[0]), len(rows[1]))


if __name__ == "__main__":
    main()
