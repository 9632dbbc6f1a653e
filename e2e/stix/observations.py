"""Observed data in small worlds, and patterns about them: few distinct values, so that both verdicts are common."""

import base64

NAMES = ["a", "b", "A", "ab", "a.b", "", "é", "e\u0301", "x%", "a_c", "10", "2020-01-01T00:00:00Z", "C:\\dir\\a"]
ADDRESSES = ["192.0.2.1", "192.0.2.129", "192.0.2.0/24", "192.0.2.128/25", "203.0.113.7", "10.0.0.0/8", "198.51.100.4/32"]
NETWORKS = ["192.0.2.0/24", "192.0.2.128/25", "192.0.2.1/32", "10.1.2.3/8", "203.0.113.0/30", "128.0.0.0/1", "192.0.2.77/24"]
TIMES = ["2020-01-01T00:00:00Z", "2020-01-01T00:00:00.000Z", "2020-01-01T00:00:00.5Z", "2020-01-01T00:00:01Z", "2019-12-31T23:59:59.999999Z",
         "2021-06-01T12:00:00Z"]
OCTETS = [b"", b"M", b"MZ", b"MZ\x90", b"\xff\x00", b"a", b"ab"]
NUMBERS = [0, 1, 5, 5.0, 5.5, -3, 1e3, 65535, 9007199254740993]
LIKES = ["a", "a%", "%b", "_", "%", "a_b", "a.b", "A", "", "x%", "%\\\\%", "é", "1_", "__"]
EXPRESSIONS = ["a", "^a$", "a.b", "^.$", "[ab]+", "^$", "\\\\d+", "(a|b)c?", "b$", "^A", "\\\\\\\\", "é", "a{2,}", "(?i)a", "\\\\bab?\\\\b", "x%", "[^a]"]


def text(value):
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


class Observations:
    """Draws (pattern, bundles) cases."""

    def __init__(self, random):
        self.random = random
        # The reference takes ISSUPERSET only where every address is written as a network.
        self.networks = False

    # Data.

    def sco(self, number):
        r = self.random
        addresses = [each for each in ADDRESSES if "/" in each] if self.networks else ADDRESSES
        kind = r.choice(["file", "file", "ipv4-addr", "url", "network-traffic", "process", "artifact", "x-thing", "directory"])
        sco = {"type": kind, "id": f"{kind}--00000000-0000-4000-8000-{number:012}"}
        if kind == "file":
            sco["name"] = r.choice(NAMES)
            if r.random() < 0.5:
                sco["size"] = r.choice(NUMBERS)
            if r.random() < 0.4:
                sco["ctime"] = r.choice(TIMES)
            if r.random() < 0.4:
                sco["magic_number_hex"] = r.choice(OCTETS).hex()
            if r.random() < 0.3:
                sco["hashes"] = {"MD5": r.choice("ab") * 32, "SHA-256": r.choice("ab") * 64}
            if r.random() < 0.3:
                sco["extensions"] = {"x-ext": {"list": [r.choice(NUMBERS) for _ in range(r.randrange(1, 4))],
                                               "nested": [{"k": r.choice(NAMES)}, {"k": r.choice(NAMES), "n": r.choice(NUMBERS)}]}}
        elif kind in ("ipv4-addr",):
            sco["value"] = r.choice(addresses)
        elif kind == "url":
            sco["value"] = r.choice(NAMES)
        elif kind == "process":
            sco["pid"] = r.choice([1, 5, 77])
            sco["is_hidden"] = r.choice([True, False])
            if r.random() < 0.5:
                sco["command_line"] = r.choice(NAMES)
        elif kind == "artifact":
            sco["payload_bin"] = base64.b64encode(r.choice(OCTETS[1:])).decode()
        elif kind == "x-thing":
            sco["value"] = r.choice([*NAMES, *NUMBERS, True, False, None, ["a", "b"], {"k": "a"}, [1, "a", True, None]])
        elif kind == "directory":
            sco["path"] = r.choice(NAMES)
        else:
            sco["protocols"] = r.sample(["tcp", "http", "ipv4"], r.randint(1, 3))
            sco["dst_port"] = r.choice([80, 443, 5])
        return sco

    def link(self, scos):
        """Adds references, some of which lead nowhere."""
        r = self.random
        missing = "file--00000000-0000-4000-8000-999999999999"
        for sco in scos:
            if sco["type"] == "network-traffic":
                sco["src_ref"] = r.choice([other["id"] for other in scos] + [missing])
            if sco["type"] == "directory" and r.random() < 0.7:
                sco["contains_refs"] = [r.choice([other["id"] for other in scos] + [missing]) for _ in range(r.randint(1, 3))]
            if sco["type"] == "process" and r.random() < 0.5:
                sco["image_ref"] = r.choice([other["id"] for other in scos])

    def second(self, at):
        return f"2020-01-01T00:00:{at:02}Z"

    def bundles(self):
        r = self.random
        number = 0
        everything = []
        pool = []
        for at in range(r.choice([1, 1, 2, 2, 3, 4, 5])):
            scos = []
            for _ in range(r.randint(1, 3)):
                scos.append(self.sco(number))
                number += 1
            self.link(scos)
            pool += scos
            refs = [sco["id"] for sco in scos]
            if r.random() < 0.2:
                refs.append(r.choice(pool)["id"])
            first = r.randint(0, 20)
            last = first + r.choice([0, 0, 0, 1, 5, 20])
            everything += scos + [{
                "type": "observed-data", "spec_version": "2.1", "id": f"observed-data--00000000-0000-4000-8000-{at:012}",
                "created": "2020-01-01T00:00:00.000Z", "modified": "2020-01-01T00:00:00.000Z", "first_observed": self.second(first),
                "last_observed": self.second(last), "number_observed": r.choice([1, 1, 1, 2, 3]), "object_refs": list(dict.fromkeys(refs))}]
        # One bundle: the reference merges several, and what it does with two `id`s is no business of patterns.
        return [{"type": "bundle", "id": "bundle--00000000-0000-4000-8000-000000000000", "objects": everything}]

    # Patterns about such data.

    def test(self):
        r = self.random
        negated = "NOT " if r.random() < 0.12 else ""
        roll = r.random()
        if roll < 0.05:
            return f"EXISTS {self.any_path()}"
        if roll < 0.17:
            path = r.choice(["ipv4-addr:value", "network-traffic:src_ref.value" if r.random() < 0.1 else "ipv4-addr:value"])
            if path == "ipv4-addr:value" and r.random() < 0.7:
                return f"{path} {negated}{r.choice(['ISSUBSET', 'ISSUPERSET']) if self.networks else 'ISSUBSET'} '{r.choice(NETWORKS)}'"
            return f"{path} {negated}{r.choice(['=', '!=', 'LIKE'])} '{r.choice(ADDRESSES + ['192.0.2.%'])}'"
        if roll < 0.3:
            return f"{self.text_path()} {negated}LIKE '{r.choice(LIKES)}'"
        if roll < 0.42:
            return f"{self.text_path()} {negated}MATCHES '{r.choice(EXPRESSIONS)}'"
        if roll < 0.52:
            constants = r.choice([lambda: text(r.choice(NAMES)), lambda: self.number()])
            return f"{self.any_path()} {negated}IN ({', '.join(constants() for _ in range(r.choice([0, 1, 2, 3])))})"
        if roll < 0.7:
            if r.random() < 0.1:
                return f"file:hashes.'SHA-256' {negated}{r.choice(['=', '!='])} '{r.choice('abA') * 64}'"
            return f"{self.text_path()} {negated}{r.choice(['=', '!=', '=', '<', '>='])} {text(r.choice(NAMES))}"
        if roll < 0.8:
            path = r.choice(["file:magic_number_hex", "artifact:payload_bin", "file:name", "file:magic_number_hex"])
            octets = r.choice(OCTETS)
            constant = f"h'{octets.hex()}'" if r.random() < 0.6 or not octets else f"b'{base64.b64encode(octets).decode()}'"
            if r.random() < 0.2:
                constant = text(r.choice(["MZ", "a", "Ma", "é"]))
            # A negated order operator on incomparable values is one of the deliberate differences, with a case of its own.
            negated = "" if path == "file:name" else negated
            operator = r.choice(["=", "!=", "<", "<=", ">", ">="])
            return f"{path} {negated}{operator} {constant}"
        if roll < 0.86:
            return f"file:ctime {negated}{r.choice(['=', '!=', '<', '<=', '>', '>='])} t'{r.choice(TIMES)}'"
        if roll < 0.92:
            return f"{r.choice(['process:is_hidden', 'x-thing:value'])} {negated}{r.choice(['=', '!='])} {r.choice(['true', 'false'])}"
        path = r.choice(["file:size", "process:pid", "network-traffic:dst_port", "x-thing:value", "file:extensions.'x-ext'.list[*]",
                         "file:extensions.'x-ext'.nested[*].n", "file:extensions.'x-ext'.list[0]"])
        operator = r.choice(["=", "!=", "<", "<=", ">", ">="])
        if path == "x-thing:value" and operator in "<=>=":
            negated = ""
        return f"{path} {negated}{operator} {self.number()}"

    def number(self):
        return self.random.choice(["0", "1", "5", "5.0", "5.5", "-3", "1000", "80", "65535", "9007199254740993", "0.0", "+1", "77"])

    def text_path(self):
        return self.random.choice(["file:name", "file:name", "url:value", "directory:path", "process:command_line", "x-thing:value",
                                   "file:extensions.'x-ext'.nested[*].k", "file:extensions.'x-ext'.nested[1].k", "directory:contains_refs[*].name",
                                   "network-traffic:src_ref.name", "network-traffic:protocols[*]", "process:image_ref.name", "x-thing:value[*]",
                                   "x-thing:value.k", "directory:contains_refs[0].name", "file:type"])

    def any_path(self):
        return self.random.choice([self.text_path(), "file:size", "process:pid", "network-traffic:dst_port", "file:nothing", "x-thing:value[0]"])

    def tests(self):
        r = self.random
        if r.random() < 0.6:
            return self.test()
        parts = [self.test() for _ in range(r.choice([2, 2, 3]))]
        joined = parts[0]
        for part in parts[1:]:
            joined += f" {r.choice(['AND', 'OR'])} {part}"
        return joined

    def leaf(self):
        """Mostly a test of something common, so that several of them can be bound at once."""
        if self.random.random() < 0.5:
            return self.random.choice(["[file:name LIKE '%']", "[file:size >= 0]", "[process:pid > 0]", "[ipv4-addr:value LIKE '1%']",
                                       "[url:value LIKE '%']", "[file:name = 'a' OR file:name = 'b']", "[network-traffic:dst_port > 79]"])
        return f"[{self.tests()}]"

    def qualifier(self):
        r = self.random
        kind = r.randrange(3)
        if kind == 0:
            return f" WITHIN {r.choice(['1', '5', '20', '0.5', '4', '60'])} SECONDS"
        if kind == 1:
            return f" REPEATS {r.choice([1, 2, 2, 3, 5])} TIMES"
        first = r.randint(0, 20)
        return f" START t'{self.second(first)}' STOP t'{self.second(min(59, max(0, first + r.choice([-1, 0, 1, 5, 20, 30]))))}'"

    def observation(self, depth=0):
        r = self.random
        parts = []
        for at in range(r.choice([1, 2, 2, 3]) if depth == 0 else r.choice([1, 2])):
            if at:
                parts.append(r.choice(["AND", "OR", "FOLLOWEDBY"]))
            if depth < 2 and r.random() < 0.25:
                parts.append(f"({self.observation(depth + 1)})" + (self.qualifier() if r.random() < 0.5 else ""))
            else:
                parts.append(self.leaf() + (self.qualifier() if r.random() < 0.2 else ""))
        return " ".join(parts)

    def case(self):
        self.networks = self.random.random() < 0.3
        pattern = f"[{self.tests()}]" if self.random.random() < 0.5 else self.observation()
        return {"pattern": pattern, "observations": self.bundles()}

    def old_case(self):
        """The same in STIX 2.0: observed data that hold their objects; without what its references parse in another way."""
        case = self.case()
        while "EXISTS" in case["pattern"] or "START" in case["pattern"]:
            case = self.case()
        objects = {each["id"]: each for each in case["observations"][0]["objects"]}
        seen = []
        for each in objects.values():
            if each["type"] == "observed-data":
                inside = {key: {name: value for name, value in objects[key].items() if name != "id"} for key in each["object_refs"]}
                seen.append({name: value for name, value in each.items() if name not in ("object_refs", "spec_version")} | {"objects": inside})
        return {"pattern": case["pattern"], "observations": seen, "version": "2.0"}
