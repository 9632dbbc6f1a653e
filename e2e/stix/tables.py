"""The object tables of the specification, read from `docs/stix-tables.md`: the same rows from which the program is tested.

Nothing here knows how the program validates; it knows what a property is called, whether it is required, and its type.
"""

import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


class Property:
    def __init__(self, name, flag, kind, rules):
        self.name, self.required, self.deprecated, self.kind, self.rules = name, flag == "required", flag == "deprecated", kind, rules

    def __repr__(self):
        return f"{self.name}: {self.kind}"


class Tables:
    def __init__(self, path=ROOT / "docs" / "stix-tables.md"):
        self.sections, self.hosts, self.vocabularies = {}, {}, {}
        name = None
        for line in pathlib.Path(path).read_text(encoding="utf-8").splitlines():
            if line.startswith("#"):
                heading = re.fullmatch(r"### ([a-z0-9-]+) \((?:of `([a-z-]+)`, )?§.*\)", line)
                name = heading[1] if heading else None
                if name:
                    self.sections[name] = []
                    if heading[2]:
                        self.hosts[name] = heading[2]
            elif line.startswith("|"):
                cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip("|"))]
                if re.fullmatch(r"[a-z0-9-]+-(ov|enum|type)", cells[0]) and len(cells) == 4 and cells[1].isdigit():
                    self.vocabularies[cells[0]] = re.findall(r"`([^`]+)`", cells[3])
                elif name and (named := re.fullmatch(r"`([a-z][a-z0-9_]*)`", cells[0])):
                    kind = cells[2].replace("list of ", "list ").replace("dictionary of ", "dictionary ")
                    self.sections[name].append(Property(named[1], cells[1], kind, cells[3]))

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
