"""The object tables of the specification, read from `docs/stix-tables.md`: the same rows from which the program is tested.

Nothing here knows how the program validates; it knows what a property is called, whether it is required, and its type.
"""

import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


class Property:
    def __init__(self, name, flag, kind, rules):
        self.name, self.required, self.deprecated, self.kind, self.rules = name, flag == "R", flag == "D", kind, rules

    def __repr__(self):
        return f"{self.name}: {self.kind}"


class Tables:
    def __init__(self, path=ROOT / "docs" / "stix-tables.md"):
        self.sections, self.hosts, self.vocabularies = {}, {}, {}
        name, part = None, None
        joined = re.sub(r"\n  (?=\S)", " ", pathlib.Path(path).read_text(encoding="utf-8"))
        for line in joined.splitlines():
            if heading := re.match(r"#+ (?:[\d.]+ )?(.*)", line):
                part = heading[1] if not line.startswith("####") else part
                name = re.match(r"([a-z0-9-]+)(?: \(([a-z-]+)\))?$", heading[1]) if line.startswith("####") else None
                if name:
                    name, host = name[1], name[2]
                    self.sections[name] = []
                    if host:
                        self.hosts[name] = host
                continue
            if entry := re.match(r"- \*\*([a-z0-9-]+)\*\* \(\d+[^)]*\): (.*)", line):
                self.vocabularies[entry[1]] = re.findall(r"`([^`]+)`", entry[2])
            if name and line.startswith("|"):
                cells = [cell.strip().replace("\x00", "|") for cell in line.replace("\\|", "\x00").strip("|").split("|")]
                if len(cells) >= 3 and re.fullmatch(r"[a-z][a-z0-9_]*", cells[0]):
                    self.sections[name].append(Property(cells[0], cells[1], cells[2], cells[3] if len(cells) > 3 else ""))

    def properties(self, name):
        return self.sections[name]


SDO = ["attack-pattern", "campaign", "course-of-action", "grouping", "identity", "incident", "indicator", "infrastructure", "intrusion-set",
       "location", "malware", "malware-analysis", "note", "observed-data", "opinion", "report", "threat-actor", "tool", "vulnerability"]
SRO = ["relationship", "sighting"]
SCO = ["artifact", "autonomous-system", "directory", "domain-name", "email-addr", "email-message", "file", "ipv4-addr", "ipv6-addr", "mac-addr",
       "mutex", "network-traffic", "process", "software", "url", "user-account", "windows-registry-key", "x509-certificate"]
META = ["extension-definition", "language-content", "marking-definition"]
EXTENSIONS = ["archive-ext", "ntfs-ext", "pdf-ext", "raster-image-ext", "windows-pebinary-ext", "http-request-ext", "icmp-ext", "socket-ext",
              "tcp-ext", "windows-process-ext", "windows-service-ext", "unix-account-ext"]


def class_of(name):
    return "sdo" if name in SDO else "sro" if name in SRO else "sco" if name in SCO else "meta"
