"""Patterns: valid ones over the whole grammar, broken ones, and pairs that mean the same or nearly the same.

A pattern is a list of tokens. `GLUE` before a token says that it usually follows without white space.
"""

import base64

GLUE = "\x01"
SPACES = [" "] * 24 + ["  ", "\t", "\n", "\r\n", "\u00a0", "\u2003", "\u3000", "\u0085", " /* a comment ] ' */ ", " // to the end\n", "/**/"]
KEYWORDS = ["AND", "OR", "NOT", "FOLLOWEDBY", "LIKE", "MATCHES", "ISSUBSET", "ISSUPERSET", "EXISTS", "IN", "START", "STOP",
            "WITHIN", "SECONDS", "REPEATS", "TIMES", "LAST", "true", "false"]
TYPES = ["ipv4-addr", "file", "url", "network-traffic", "x-acme-thing", "windows-registry-key", "a", "Aa_9", "_x", "x--y",
         "email-message", "process", "x509-certificate", "a-"]
KEYS = ["value", "name", "size", "_", "x_y", "dst_port", "src_ref", "contains_refs", "payload_bin", "magic_number_hex",
        "A1", "extensions", "'x-y'", "'a b'", "'ü'", "''", "'IN'", "'it\\'s'", "'\\\\'", "'a.b'", "andy", "INside", "true_"]
STRINGS = ["'x'", "''", "'it\\'s'", "'\\\\'", "'C:\\\\Windows\\\\%'", "'192.0.2.0/24'", "'ü😀'", "'a\nb'", "'/* no comment */'",
           "'// nor this'", "'[a:b = 1]'", "'%_'", "'^a+$'", "'2020-01-01T00:00:00Z'", "'\x00'", "'\u202e'", "'e\u0301'"]
HASHES = {"MD5": 32, "'SHA-1'": 40, "SHA1": 40, "'SHA-256'": 64, "sha256": 64, "'SHA-512'": 128, "'SHA3-256'": 64, "SHA224": 56,
          "'SHA-384'": 96, "'SHA3-512'": 128, "RIPEMD160": 40, "WHIRLPOOL": 128, "TLSH": 70, "imphash": 32}


class Patterns:
    """Draws patterns from a generator of random numbers."""

    def __init__(self, random):
        self.random = random

    def chance(self, share):
        return self.random.random() < share

    def hex_digits(self, count):
        return "".join(self.random.choice("0123456789abcdefABCDEF") for _ in range(count))

    # Constants.

    def integer(self):
        return self.random.choice(["0", "1", "-1", "+1", "-0", "65535", "9007199254740993", "123456789012345678901234567890",
                                   str(self.random.randint(-99999, 99999))])

    def float(self):
        return self.random.choice(["0.0", ".5", "-.5", "+.5", "1.0", "1.50", "-12.25", ".0001", "00.5", "3.141592653589793238"])

    def timestamp(self):
        r = self.random
        fraction = r.choice(["", "", ".5", ".123", ".000000", ".123456789012"])
        second = r.choice(["00", "07", "59", "60"])
        return f"t'{r.choice(['2020', '0001', '9999', '2026'])}-{r.randint(1, 12):02}-{r.randint(1, 31):02}T{r.randint(0, 23):02}:{r.randint(0, 59):02}:{second}{fraction}Z'"

    def binary(self):
        data = bytes(self.random.randrange(256) for _ in range(self.random.randint(1, 7)))
        return f"b'{base64.b64encode(data).decode()}'"

    def orderable(self):
        return self.random.choice([
            lambda: self.random.choice(STRINGS), lambda: self.random.choice(STRINGS), self.integer, self.float, self.timestamp,
            self.binary, lambda: f"h'{self.hex_digits(2 * self.random.randint(0, 6))}'"])()

    def constant(self):
        return self.random.choice(["true", "false"]) if self.chance(0.15) else self.orderable()

    # Expressions.

    def path(self):
        tokens = [self.random.choice(TYPES), GLUE + ":", GLUE + self.random.choice(KEYS)]
        for _ in range(self.random.choice([0, 0, 0, 1, 1, 2, 4])):
            if self.chance(0.5):
                tokens += [GLUE + ".", GLUE + self.random.choice(KEYS)]
            else:
                tokens += [GLUE + "[", GLUE + self.random.choice(["*", "*", "0", "1", "+2", "17"]), GLUE + "]"]
        return tokens

    def hash_test(self):
        name = self.random.choice(list(HASHES))
        path = [self.random.choice(["file", "artifact", "x-acme"]), GLUE + ":", GLUE + "hashes", GLUE + ".", GLUE + name]
        length = HASHES[name] if self.chance(0.7) else self.random.choice([0, 31, 32, 40, 63, 64, 128])
        digits = self.hex_digits(length) if self.chance(0.95) else "g" * length
        return path + [self.random.choice(["=", "!=", "==", "<>"]), f"'{digits}'"]

    def test(self):
        roll = self.random.random()
        if roll < 0.12:
            return (["NOT"] if self.chance(0.4) else []) + ["EXISTS"] + self.path()
        if roll < 0.22:
            return self.hash_test()
        tokens = self.path() + (["NOT"] if self.chance(0.2) else [])
        kind = self.random.randrange(4)
        if kind == 0:
            return tokens + [self.random.choice(["=", "==", "!=", "<>"]), self.constant()]
        if kind == 1:
            return tokens + [self.random.choice(["<", "<=", ">", ">="]), self.orderable()]
        if kind == 2:
            constants = [self.constant() for _ in range(self.random.choice([0, 1, 1, 2, 3, 6]))]
            return tokens + ["IN", "("] + [part for at, each in enumerate(constants) for part in ([","] if at else []) + [each]] + [")"]
        return tokens + [self.random.choice(["LIKE", "MATCHES", "ISSUBSET", "ISSUPERSET"]), self.random.choice(STRINGS)]

    def tests(self, depth=0):
        tokens = []
        for at in range(self.random.choice([1, 1, 1, 2, 2, 3])):
            if at:
                tokens.append(self.random.choice(["AND", "OR"]))
            tokens += ["("] + self.tests(depth + 1) + [")"] if depth < 4 and self.chance(0.15) else self.test()
        return tokens

    def qualifiers(self, group):
        kinds = self.random.sample(["START", "WITHIN", "REPEATS"], self.random.choice([0, 0, 0, 1, 1, 2, 3]))
        if group and kinds and self.chance(0.2):
            kinds.append(kinds[0])
        tokens = []
        for kind in kinds:
            if kind == "START":
                tokens += ["START", self.timestamp(), "STOP", self.timestamp()]
            elif kind == "WITHIN":
                tokens += ["WITHIN", self.random.choice(["5", "0", "+5", "2.5", ".5", "600"]), "SECONDS"]
            else:
                tokens += ["REPEATS", self.random.choice(["1", "2", "0", "+3", "5000000"]), "TIMES"]
        return tokens

    def observation(self, depth=0):
        tokens = []
        for at in range(self.random.choice([1, 1, 1, 2, 2, 3])):
            if at:
                tokens.append(self.random.choice(["AND", "OR", "FOLLOWEDBY"]))
            if depth < 4 and self.chance(0.2):
                tokens += ["("] + self.observation(depth + 1) + [")"] + self.qualifiers(True)
            else:
                tokens += ["["] + self.tests() + ["]"] + self.qualifiers(False)
        return tokens

    def text(self, tokens):
        """Writes tokens with white space: usually the plain way, sometimes any way the grammar allows."""
        wild = self.chance(0.3)
        text = ""
        for token in tokens:
            glued = token.startswith(GLUE)
            token = token.removeprefix(GLUE)
            if text and token:
                tight = text[-1] in "[]()=,<>!:.*" or token[0] in "[](),:.="
                if glued:
                    text += self.random.choice(SPACES) if wild and self.chance(0.05) else ""
                elif tight and self.chance(0.4):
                    pass
                else:
                    text += self.random.choice(SPACES) if wild else " "
            text += token
        if wild and self.chance(0.3):
            text = self.random.choice(SPACES) + text + self.random.choice(SPACES)
        return text

    def valid(self):
        return self.text(self.observation())

    def broken(self):
        """One valid pattern with one to three faults; by luck it may still be valid."""
        tokens = self.observation()
        for _ in range(self.random.choice([1, 1, 1, 2, 3])):
            at = self.random.randrange(len(tokens))
            fault = self.random.randrange(6)
            if fault == 0 and len(tokens) > 1:
                del tokens[at]
            elif fault == 1:
                tokens.insert(at, tokens[at])
            elif fault == 2:
                other = self.random.randrange(len(tokens))
                tokens[at], tokens[other] = tokens[other], tokens[at]
            elif fault == 3:
                tokens[at] = self.random.choice(KEYWORDS + ["[", "]", "(", ")", ":", ".", ",", "*", "=", "!", "<", "-", "01", "5.", "1e3",
                                                           "''", "t'2020'", "h'0'", "b'A'", "'\\x'", "b'AAA'", "h'zz'", "a-b"])
            elif fault == 4:
                tokens.insert(at, self.random.choice(KEYWORDS))
            else:
                token = tokens[at]
                spot = self.random.randrange(len(token) + 1)
                new = self.random.choice(["", "'", "\\", "x", "0", "-", " ", ".", "[", "]", "Z", "ü", "=", "/"])
                tokens[at] = token[:spot] + new + token[spot + self.random.randrange(2):]
                if not tokens[at]:
                    del tokens[at]
            if not tokens:
                tokens = ["["]
        return self.text(tokens)


class Pairs:
    """Draws pairs of patterns for equivalence: small trees, written twice after steps that keep or change the meaning."""

    ATOMS = [("file:name", "'a'"), ("file:name", "'b'"), ("file:size", "5"), ("file:size", "5.0"), ("file:size", "7"),
             ("url:value", "'http://a.example/'"), ("domain-name:value", "'a.example'"), ("ipv4-addr:value", "'192.0.2.9'"),
             ("ipv4-addr:value", "'192.0.2.9/32'"), ("ipv4-addr:value", "'192.0.2.0/24'"), ("ipv4-addr:value", "'192.0.2.77/24'"),
             ("ipv6-addr:value", "'2001:db8::1'"), ("ipv6-addr:value", "'2001:0DB8:0::1'"), ("ipv6-addr:value", "'2001:db8::/32'"),
             ("windows-registry-key:key", "'HKEY_USERS\\\\Run'"), ("windows-registry-key:key", "'hkey_users\\\\run'"),
             ("process:is_hidden", "true"), ("process:pid", "1"), ("process:pid", "+1"), ("file:ctime", "t'2020-01-01T00:00:00Z'"),
             ("file:ctime", "t'2020-01-01T00:00:00.000Z'"), ("file:magic_number_hex", "h'4d5a'"), ("file:magic_number_hex", "h'4D5A'"),
             ("file:magic_number_hex", "b'TVo='")]

    def __init__(self, random):
        self.random = random

    def atom(self, only=None):
        path, constant = self.random.choice([atom for atom in self.ATOMS if only in (None, atom[0].split(":")[0])])
        roll = self.random.random()
        negated = self.random.random() < 0.05
        # The reference fails on a set for a path whose values it rewrites (addresses, registry keys).
        special = path.startswith(("ipv", "windows-registry-key"))
        if roll < 0.15 and constant not in ("true", "false") and (not special or self.random.random() < 0.03):
            others = [c for p, c in self.ATOMS if p == path and c[0] == constant[0]]
            values = [constant] + self.random.sample(others, min(len(others), self.random.choice([0, 1, 2])))
            return ("test", path, negated, "IN", tuple(values))
        if roll < 0.3 and constant not in ("true", "false"):
            return ("test", path, negated, self.random.choice(["<", ">=", ">", "<="]), (constant,))
        if roll < 0.36 and path.startswith("ipv"):
            return ("test", path, negated, self.random.choice(["ISSUBSET", "ISSUPERSET"]), (constant,))
        if roll < 0.42 and constant.startswith("'"):
            return ("test", path, negated, self.random.choice(["LIKE", "MATCHES"]), (constant,))
        return ("test", path, negated, self.random.choice(["=", "=", "!="]), (constant,))

    def inner(self, depth=0, only=None):
        if depth >= 2 or self.random.random() < 0.55:
            return self.atom(only)
        kind = self.random.choice(["and", "or"])
        # An AND across object types can never be true, and the reference fails on most of them: one in fifty is kept.
        if kind == "and" and only is None and self.random.random() > 0.02:
            only = self.random.choice(["file", "file", "ipv4-addr", "ipv6-addr", "process", "windows-registry-key"])
        return (kind, tuple(self.inner(depth + 1, only) for _ in range(self.random.choice([2, 2, 3]))))

    def outer(self, depth=0):
        if depth >= 2 or self.random.random() < 0.5:
            return ("obs", self.inner())
        if self.random.random() < 0.2:
            qualifier = self.random.choice(["WITHIN 5 SECONDS", "WITHIN 5.0 SECONDS", "REPEATS 2 TIMES", "WITHIN 7 SECONDS",
                                            "START t'2020-01-01T00:00:00Z' STOP t'2021-01-01T00:00:00Z'"])
            return ("qualified", self.outer(depth + 1), qualifier)
        kind = self.random.choice(["AND", "OR", "FOLLOWEDBY"])
        return (kind, tuple(self.outer(depth + 1) for _ in range(self.random.choice([2, 2, 3]))))

    # Steps that keep the meaning.

    def same(self, node):
        kind = node[0]
        r = self.random
        if kind == "test":
            _, path, negated, operator, values = node
            if operator == "=" and r.random() < 0.3:
                return ("test", path, negated, "==", values)
            if operator == "!=" and r.random() < 0.3:
                return ("test", path, negated, "<>", values)
            if operator == "IN":
                values = list(values)
                r.shuffle(values)
                if r.random() < 0.3:
                    values.append(values[0])
                return ("test", path, negated, operator, tuple(values))
            return node
        if kind in ("and", "or", "AND", "OR"):
            children = [self.same(child) for child in node[1]]
            r.shuffle(children)
            if kind in ("and", "or", "OR") and r.random() < 0.3:
                children.append(children[0])
            if len(children) > 2 and r.random() < 0.4:
                children = [children[0], (kind, tuple(children[1:]))]
            if kind == "and" and r.random() < 0.5:
                for at, child in enumerate(children):
                    if child[0] == "or":
                        rest = tuple(children[:at] + children[at + 1:])
                        return ("or", tuple(("and", rest + (each,)) for each in child[1]))
            if kind == "AND" and r.random() < 0.5:
                for at, child in enumerate(children):
                    if child[0] == "OR":
                        rest = tuple(children[:at] + children[at + 1:])
                        return ("OR", tuple(("AND", rest + (each,)) for each in child[1]))
            if kind == "OR" and r.random() < 0.2:
                children.append(("AND", (children[0], children[-1])))
            if kind == "or" and r.random() < 0.2 and len(types(node)) == 1:
                children.append(("and", (children[0], children[-1])))
            return (kind, tuple(children))
        if kind == "FOLLOWEDBY":
            return (kind, tuple(self.same(child) for child in node[1]))
        if kind == "qualified":
            return (kind, self.same(node[1]), node[2])
        return ("obs", self.same(node[1]))

    def different(self, node):
        """One change somewhere that usually changes the meaning."""
        kind = node[0]
        r = self.random
        if kind == "test":
            return self.atom(node[1].split(":")[0])
        if kind == "obs":
            return ("obs", self.different(node[1]))
        if kind == "qualified":
            return node[1] if r.random() < 0.5 else ("qualified", node[1], "WITHIN 6 SECONDS")
        if r.random() < 0.3 and (kind != "or" or len(types(node)) == 1):
            swapped = {"and": "or", "or": "and", "AND": "OR", "OR": "FOLLOWEDBY", "FOLLOWEDBY": "AND"}[kind]
            return (swapped, node[1])
        children = list(node[1])
        at = r.randrange(len(children))
        if kind == "FOLLOWEDBY" and r.random() < 0.4:
            children.reverse()
        else:
            children[at] = self.different(children[at])
        return (kind, tuple(children))

    def pair(self):
        tree = self.outer()
        other = self.same(tree)
        if self.random.random() < 0.4:
            other = self.different(other)
        return {"a": write(tree), "b": write(other)}


def types(node):
    """The object types that a tree of tests speaks of."""
    if node[0] == "test":
        return {node[1].split(":")[0]}
    return set().union(*(types(child) for child in node[1]))


def write(node):
    kind = node[0]
    if kind == "test":
        _, path, negated, operator, values = node
        constant = f"({', '.join(values)})" if operator == "IN" else values[0]
        return f"{path} {'NOT ' if negated else ''}{operator} {constant}"
    if kind == "obs":
        return f"[{write(node[1])}]"
    if kind == "qualified":
        return f"({write(node[1])}) {node[2]}"
    joined = f" {kind.upper()} ".join(f"({write(child)})" if child[0] not in ("test", "obs") else write(child) for child in node[1])
    return joined
