"""What the Python suites share: counting checks, running the program, and a demonstration that keeps serving.

A suite prints one line a check and closes with `suite NAME: passed=N failed=N skipped=N`, which the runner reads.
Only processes started here are ever signalled. Everything a suite writes goes below `ENTENTE_OUT`.
"""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time

DEMO_READY_SECONDS_MAX = 240
COMMAND_SECONDS_MAX = 600


class Suite:
    """Counts checks; a check that raises has failed and does not stop the others."""

    def __init__(self, name):
        self.name = name
        self.passed = self.failed = self.skipped = 0

    def check(self, statement, holds, detail=""):
        """Records whether a statement holds, and says what was seen when it does not."""
        if holds:
            self.passed += 1
            print(f"ok     {statement}", flush=True)
        else:
            self.failed += 1
            print(f"FAILED {statement}" + (f"\n       {str(detail)[:2000]}" if detail != "" else ""), flush=True)
        return holds

    def equal(self, statement, seen, expected):
        return self.check(statement, seen == expected, f"seen {seen!r}, expected {expected!r}")

    def skip(self, statement, why):
        self.skipped += 1
        print(f"skipped {statement}: {why}", flush=True)

    def group(self, title, function, *arguments):
        """Runs one group of checks; whatever it raises is one failure with its reason."""
        try:
            function(*arguments)
        except Exception as error:  # noqa: BLE001 - any fault of a group is a finding
            self.check(f"{title} runs to its end", False, f"{type(error).__name__}: {error}")

    def close(self):
        """Prints the closing line and ends the process."""
        if self.passed + self.failed + self.skipped == 0:
            self.failed = 1
            print("FAILED nothing was checked")
        print(f"suite {self.name}: passed={self.passed} failed={self.failed} skipped={self.skipped}", flush=True)
        sys.exit(1 if self.failed else 0)


def binary():
    """Returns the program under test."""
    path = os.environ.get("ENTENTE_BIN")
    if not path or not os.path.isfile(path):
        sys.exit("ENTENTE_BIN must name the program under test")
    return os.path.abspath(path)


def scratch(name):
    """Returns a new empty directory for this suite."""
    base = pathlib.Path(os.environ.get("ENTENTE_OUT") or pathlib.Path(__file__).parent / "out")
    directory = base / name
    if directory.exists():
        shutil.rmtree(directory)
    directory.mkdir(parents=True)
    return directory.resolve()


def run(*arguments, expect=(0,), stdin=None):
    """Runs the program to its end and returns the finished process; an unexpected exit code is an error."""
    done = subprocess.run(
        [binary(), *map(str, arguments)],
        input=stdin,
        stdin=None if stdin is not None else subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=COMMAND_SECONDS_MAX,
        check=False,
    )
    if expect is not None and done.returncode not in expect:
        raise RuntimeError(f"`entente {' '.join(map(str, arguments))}` ended with {done.returncode}: {done.stderr[-1500:]}")
    return done


def answer(*arguments, expect=(0,)):
    """Runs the program with `--json` and returns the document it prints."""
    return json.loads(run(*arguments, "--json", expect=expect).stdout)


class Demo:
    """A demonstration that keeps serving until the block ends; `nodes` is what it says about itself."""

    def __init__(self, directory, *arguments):
        self.directory = pathlib.Path(directory)
        self.arguments = arguments
        self.process = None
        self.nodes = []

    def __enter__(self):
        ready = self.directory / "serve.json"
        log = open(self.directory.parent / f"{self.directory.name}.log", "wb")
        self.process = subprocess.Popen(
            [binary(), "demo", "--keep", str(self.directory), "--serve", *map(str, self.arguments)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        until = time.monotonic() + DEMO_READY_SECONDS_MAX
        while not ready.exists():
            if self.process.poll() is not None:
                raise RuntimeError(f"the demonstration ended with {self.process.returncode}: {self.tail(log.name)}")
            if time.monotonic() > until:
                self.__exit__()
                raise RuntimeError(f"the demonstration is not ready after {DEMO_READY_SECONDS_MAX} s: {self.tail(log.name)}")
            time.sleep(0.05)
        self.nodes = json.loads(ready.read_text())["nodes"]
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def home(self, party):
        """Returns the home of a party's node."""
        for node in self.nodes:
            if node["party"] == party:
                return pathlib.Path(node.get("home") or self.directory / party)
        raise KeyError(party)

    @staticmethod
    def tail(path):
        return pathlib.Path(path).read_text(errors="replace")[-1500:]
