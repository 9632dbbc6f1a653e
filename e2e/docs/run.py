"""The pages of `docs` that can be followed line by line are followed line by line.

Each block of commands of a page runs in one shell, in an empty directory, with the program on the `PATH`; what it prints is held
against the block of text that follows it. There `…` stands for what differs from run to run: within a line for any part of it,
alone on a line for any number of lines. A page that goes on from another runs after it in the same shell.
"""

import os
import pathlib
import re
import socket
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from harness import Suite, binary, scratch  # noqa: E402

DOCS = pathlib.Path(__file__).resolve().parent.parent.parent / "docs"
# Pages that run in one shell, in this order.
TOURS = (("tutorial.md",),)
BLOCK = re.compile(r"^```(sh|text)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PORT = re.compile(r"\$\{([A-Z]+_PORT):-\d+\}")
TOUR_SECONDS_MAX = 300
# Stands before and after what a block prints.
MARK = "\x1e"

suite = Suite("docs")


def blocks(page):
    """Returns the blocks of a page: first line, commands, and the text expected, `None` where the page shows none."""
    text = (DOCS / page).read_text(encoding="utf-8")
    found = []
    for match in BLOCK.finditer(text):
        kind, body = match.groups()
        if kind == "sh":
            found.append([text.count("\n", 0, match.start()) + 2, body, None])
        elif found and found[-1][2] is None:
            found[-1][2] = body
    return found


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def pattern(expected):
    """Turns the text of a page into a pattern for what may be printed."""
    lines = []
    for line in expected.rstrip("\n").split("\n"):
        line = line.rstrip()
        if line == "…":
            lines.append(r"(?:.*\n)*?")
        else:
            lines.append("[^\n]*".join(re.escape(part) for part in line.split("…")) + "\n")
    return re.compile("".join(lines))


def first_difference(expected, seen):
    """Returns the first line of the page that is not printed, and what stands there."""
    lines = seen.rstrip("\n").split("\n")
    wanted = expected.rstrip("\n").split("\n")
    for upto in range(1, len(wanted) + 1):
        head = pattern("\n".join(wanted[:upto])).pattern
        if not re.match(head, seen):
            at = min(upto - 1, len(lines) - 1)
            return f"the page says {wanted[upto - 1]!r}, printed was {lines[at]!r}\n--- printed\n{seen}"
    return f"more is printed than the page says\n--- printed\n{seen}"


def follow(pages):
    """Runs the pages in one shell and compares block by block."""
    steps = [(page, *block) for page in pages for block in blocks(page)]
    suite.check(f"{' and '.join(pages)}: there is something to follow", len(steps) > 0)
    script = "".join(f"printf '{MARK}{at}\\n'\n{body}\n" for at, (_, _, body, _) in enumerate(steps))
    ends = "trap 'kill $(jobs -p) 2>/dev/null' EXIT\n"
    environment = dict(os.environ, PATH=f"{pathlib.Path(binary()).parent}{os.pathsep}{os.environ['PATH']}", LC_ALL="C.UTF-8")
    environment.update({name: str(free_port()) for page, *_ in [(page,) for page in pages]
                        for name in PORT.findall((DOCS / page).read_text(encoding="utf-8"))})
    done = subprocess.run(["bash", "-c", ends + script], cwd=scratch("-".join(pages)), env=environment,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          timeout=TOUR_SECONDS_MAX, check=False)
    printed = {}
    for part in done.stdout.decode("utf-8", "replace").split(MARK)[1:]:
        at, _, text = part.partition("\n")
        printed[int(at)] = text
    for at, (page, line, _, expected) in enumerate(steps):
        statement = f"{page}:{line}"
        if at not in printed:
            suite.check(f"{statement} is reached", False, f"exit {done.returncode}")
        elif expected is None:
            suite.check(f"{statement} runs without an error", "error[" not in printed[at], printed[at])
        else:
            seen = "".join(f"{text.rstrip()}\n" for text in printed[at].rstrip("\n").split("\n"))
            suite.check(f"{statement} prints what the page says", pattern(expected).fullmatch(seen) is not None,
                        first_difference(expected, seen))


def main():
    for pages in TOURS:
        suite.group(" and ".join(pages), follow, pages)
    suite.close()


main()
