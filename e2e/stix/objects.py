"""Objects: for each type a smallest and a full valid one, and the same with one rule broken at a time."""

import copy

from tables import EXTENSIONS, META, SCO, SDO, SRO, class_of

CREATED = "2026-01-02T03:04:05.678Z"
LATER = "2026-01-02T03:04:06.678Z"
UUID = "7b1e9f5c-3d54-4a0e-9c1b-2f4d6a8c0e13"
HASHES = {"MD5": "a" * 32, "SHA-1": "b" * 40, "SHA-256": "c" * 64, "SHA-512": "d" * 128, "SHA3-256": "e" * 64, "SHA3-512": "f" * 128,
          "SSDEEP": "3:AXGBicFlgVNhBGcL6wCrFQEv:AXGHsNhxLsr2C", "TLSH": "a" * 70}
# Strings that are more than text: (type, property) or property alone.
TEXTS = {
    ("indicator", "pattern"): "[ipv4-addr:value = '192.0.2.44']", ("indicator", "pattern_type"): "stix", ("indicator", "pattern_version"): "2.1",
    ("relationship", "relationship_type"): "uses", ("malware-analysis", "product"): "some-scanner", ("location", "country"): "BE",
    ("location", "administrative_area"): "BE-VAN", ("artifact", "mime_type"): "application/zip", ("file", "mime_type"): "application/zip",
    ("artifact", "url"): "https://a.example/x", ("directory", "path_enc"): "UTF-8", ("file", "name_enc"): "UTF-8",
    ("domain-name", "value"): "a.example", ("email-addr", "value"): "a@b.example", ("ipv4-addr", "value"): "192.0.2.44",
    ("ipv6-addr", "value"): "2001:db8::44", ("mac-addr", "value"): "02:00:5e:10:00:ff", ("url", "value"): "https://a.example/x",
    ("software", "cpe"): "cpe:2.3:a:f5:nginx:1.27.1:*:*:*:*:*:*:*", ("software", "languages"): "en", ("network-traffic", "protocols"): "tcp",
    ("windows-registry-key", "key"): "HKEY_LOCAL_MACHINE\\System", ("extension-definition", "version"): "1.0.0",
    ("extension-definition", "extension_properties"): "x_rank", ("extension-definition", "schema"): "https://a.example/schema.json",
    ("external-reference", "url"): "https://a.example/x",
    ("windows-process-ext", "priority"): "HIGH_PRIORITY_CLASS", ("kill-chain-phase", "kill_chain_name"): "some-chain",
    ("kill-chain-phase", "phase_name"): "some-phase", ("email-message", "content_type"): "text/plain",
    ("email-mime-part-type", "content_type"): "text/plain", "id": None,
}
DICTIONARIES = {
    ("email-message", "additional_header_fields"): {"Reply-To": ["a@b.example", "c@d.example"]}, ("network-traffic", "ipfix"): {"minimumIpTotalLength": 32},
    ("process", "environment_variables"): {"PATH": "/bin"}, ("pdf-ext", "document_info_dict"): {"Title": "x"},
    ("raster-image-ext", "exif_tags"): {"Make": "x", "XResolution": 4928}, ("http-request-ext", "request_header"): {"User-Agent": ["x"]},
    ("socket-ext", "options"): {"SO_KEEPALIVE": 1}, ("windows-process-ext", "startup_info"): {"cb": 7},
    ("language-content", "contents"): {"de": {"name": "Name"}},
}
EXCLUDED = {  # what cannot stand beside the rest of a full object
    "artifact": {"url"}, "observed-data": {"objects"}, "email-message": {"body_multipart"}, "email-mime-part-type": {"body_raw_ref"},
    "network-traffic": {"end"}, "marking-definition": set(),
}
MINIMAL = {  # properties of which one is due though none is required
    "location": ["region"], "malware-analysis": ["result"], "observed-data": ["object_refs"], "artifact": ["payload_bin"], "file": ["name"],
    "network-traffic": ["src_ref"], "process": ["pid"], "user-account": ["account_login"], "windows-registry-key": ["key"],
    "x509-certificate": ["issuer"], "ntfs-ext": ["sid"], "pdf-ext": ["version"], "raster-image-ext": ["image_height"],
    "windows-pebinary-ext": ["imphash"], "windows-pe-optional-header-type": ["size_of_code"], "tcp-ext": ["src_flags_hex"],
    "windows-process-ext": ["owner_sid"], "windows-service-ext": ["service_name"], "unix-account-ext": ["gid"],
    "windows-registry-value-type": ["name"], "email-mime-part-type": ["body"], "x509-v3-extensions-type": ["key_usage"],
    "malware": ["name"], "indicator": ["name"], "marking-definition": ["definition_type", "definition"], "external-reference": ["external_id"],
}
LATEST = {"last_seen", "last_observed", "valid_until", "stop_time", "analysis_ended", "end"}


class Objects:
    """Builds objects from the tables; `random` only chooses among equals."""

    def __init__(self, tables, random):
        self.tables, self.random = tables, random

    # Values.

    def reference(self, to):
        to = to.split(",")[0].strip()
        to = {"any": "identity", "any but language-content": "identity", "domain object": "malware", "observable": "ipv4-addr"}.get(to, to)
        return f"{to}--{UUID}"

    def scalar(self, owner, name, kind):
        if kind.startswith(("ov ", "enum ")):
            word = kind.split(" ", 1)[1]
            if (owner, name) in TEXTS:
                return TEXTS[owner, name]
            if word == "marking-type":
                return "statement"
            return self.tables.vocabularies[word][0]
        if kind.startswith("ref("):
            return self.reference(kind[4:-1])
        if kind.startswith("integer"):
            return 7
        if kind.startswith("float"):
            return 7.5
        if kind.startswith("list "):
            return [self.scalar(owner, name, kind[5:])]
        if kind.startswith("refs("):
            return [self.reference(kind[5:-1])]
        if kind.startswith("string"):
            return TEXTS.get((owner, name), "some text")
        if kind == "timestamp":
            if name == "time_date_stamp":
                return "2026-01-02T03:04:05Z"
            return LATER if name in LATEST else CREATED
        if kind == "boolean":
            return False
        if kind == "hex":
            return "4d5a"
        if kind == "binary":
            return "TVqQAAM="
        if kind == "hashes":
            return {"SHA-256": HASHES["SHA-256"]}
        if kind.startswith(("dictionary", "translations")):
            return copy.deepcopy(DICTIONARIES.get((owner, name), {"key": "value"}))
        if kind == "marking":
            return {"statement": "some text"}
        if kind == "observable container":
            return {"0": {"type": "url", "value": "https://a.example/x"}}
        if kind in self.tables.sections:
            return self.minimal_part(kind)
        raise KeyError(f"no value for {owner}.{name}: {kind}")

    def minimal_part(self, name):
        wanted = MINIMAL.get(name, [])
        return {each.name: self.scalar(name, each.name, each.kind) for each in self.tables.properties(name)
                if each.required or each.name in wanted}

    def full_part(self, name):
        left_out = EXCLUDED.get(name, set())
        return {each.name: self.scalar(name, each.name, each.kind) for each in self.tables.properties(name)
                if each.name not in left_out and not each.deprecated and each.name != "extensions"}

    def head(self, name):
        head = {"type": name, "spec_version": "2.1", "id": f"{name}--{UUID}"}
        if class_of(name) != "sco":
            head["created"] = CREATED
            if name != "marking-definition":
                head["modified"] = CREATED
        if name == "extension-definition":
            head["created_by_ref"] = f"identity--{UUID}"
        return head

    def minimal(self, name):
        return {**self.head(name), **self.minimal_part(name)}

    def full(self, name):
        made = {**self.head(name), **self.full_part(name)}
        if name == "marking-definition":
            made |= self.minimal_part(name)
        if name == "extension-definition":
            made["extension_types"] = ["toplevel-property-extension"]
        if name == "email-message":
            made["is_multipart"] = False
        extensions = {each: self.full_part(each) for each in EXTENSIONS if self.tables.hosts.get(each) == name}
        if extensions:
            made["extensions"] = extensions
        made["object_marking_refs"] = [f"marking-definition--{UUID[:-1]}4"]
        made["granular_markings"] = [{"marking_ref": f"marking-definition--{UUID[:-1]}4", "selectors": ["type"]}]
        if class_of(name) == "sco":
            made["defanged"] = False
        else:
            made["created_by_ref"] = f"identity--{UUID}"
            made["external_references"] = [{"source_name": "some source", "description": "some text"}]
        if name in SDO + SRO:
            made |= {"revoked": False, "labels": ["x"], "confidence": 50, "lang": "en"}
        return made

    # Faults.

    def cases(self):
        """Yields {rule, object}; the rule says what was changed, `none` when nothing was."""
        for name in SDO + SRO + SCO + META:
            yield {"rule": "none", "object": self.minimal(name)}
            yield {"rule": "none", "object": self.full(name)}
            yield from self.common_faults(name)
            yield from self.property_faults(name, lambda part, name=name: {**self.head(name), **part}, self.full(name), name)
        for name in EXTENSIONS:
            host = self.tables.hosts[name]
            def wrap(part, name=name, host=host):
                return {**self.minimal(host), "extensions": {name: part}}
            yield {"rule": "none", "object": wrap(self.minimal_part(name))}
            yield from self.property_faults(name, wrap, None, name)
        for name, host, place in PARTS:
            def wrap(part, host=host, place=place):
                return place(self.minimal(host), part)
            yield {"rule": "none", "object": wrap(self.minimal_part(name))}
            yield {"rule": "none", "object": wrap(self.full_part(name))}
            yield from self.property_faults(name, wrap, None, name)

    def rules(self):
        """Yields {rule, object} for the rules between properties and the forms of values, each beside its nearest neighbour."""
        for name, rows in RULES.items():
            for rule, changes in rows:
                made = self.minimal(name)
                for key, value in changes.items():
                    if value is ABSENT:
                        made.pop(key, None)
                    else:
                        made[key] = value
                yield {"rule": rule, "object": made}
        for name, values in FORMS.items():
            name, key = name
            for value in values:
                made = self.minimal(name)
                if name == "artifact" and key == "url":
                    del made["payload_bin"]
                    made["hashes"] = {"MD5": "a" * 32}
                made[key] = value
                yield {"rule": f"{key} {value!r}"[:70], "object": made}
        for source, kind, target in RELATIONS:
            yield {"rule": f"{source} {kind} {target}", "object": {
                **self.minimal("relationship"), "source_ref": f"{source}--{UUID}", "relationship_type": kind, "target_ref": f"{target}--{UUID}"}}
        custom = {"type": "x-thing", "spec_version": "2.1", "id": f"x-thing--{UUID}"}
        dated = {**custom, "created": CREATED, "modified": CREATED}
        for rule, made in (
            ("custom type with dates", dated), ("custom type without dates", custom), ("custom type with a property", {**dated, "x_thing": 5}),
            ("custom type without prefix", {**dated, "type": "thing", "id": f"thing--{UUID}"}), ("type of two letters", {**dated, "type": "xy", "id": f"xy--{UUID}"}),
            ("type in upper case", {**dated, "type": "X-thing", "id": f"X-thing--{UUID}"}), ("type with underscore", {**dated, "type": "x_thing", "id": f"x_thing--{UUID}"}),
            ("type action", {**dated, "type": "action", "id": f"action--{UUID}"}), ("type with digits", {**dated, "type": "x-7-y9", "id": f"x-7-y9--{UUID}"}),
            ("type with a double hyphen", {**dated, "type": "x--y", "id": f"x--y--{UUID}"}), ("type starting with a digit", {**dated, "type": "7x-thing", "id": f"7x-thing--{UUID}"}),
            ("type with a trailing hyphen", {**dated, "type": "x-thing-", "id": f"x-thing---{UUID}"}), ("custom type with created only", {**custom, "created": CREATED}),
            ("empty bundle", {"type": "bundle", "id": f"bundle--{UUID}"}), ("bundle with no objects", {"type": "bundle", "id": f"bundle--{UUID}", "objects": []}),
            ("bundle", {"type": "bundle", "id": f"bundle--{UUID}", "objects": [self.minimal("identity"), self.minimal("url")]}),
            ("bundle with a bad member", {"type": "bundle", "id": f"bundle--{UUID}", "objects": [self.minimal("identity"), {**self.minimal("url"), "value": 5}]}),
            ("bundle with a wrong id", {"type": "bundle", "id": f"report--{UUID}", "objects": [self.minimal("identity")]}),
            ("bundle in a bundle", {"type": "bundle", "id": f"bundle--{UUID}", "objects": [{"type": "bundle", "id": f"bundle--{UUID}"}]}),
            ("bundle with spec_version", {"type": "bundle", "id": f"bundle--{UUID}", "spec_version": "2.1", "objects": [self.minimal("identity")]}),
        ):
            yield {"rule": rule, "object": made}

    def property_faults(self, name, wrap, whole, owner):
        """One fault in each property: in the whole object where there is one, in the smallest with that property else."""
        for each in self.tables.properties(name):
            if each.name in ("id", "extensions"):
                continue
            base = {key: value for key, value in whole.items() if key not in self.head(name)} if whole else self.minimal_part(name)
            if each.name not in base:
                base = {**base, each.name: self.scalar(owner, each.name, each.kind)}
                for other in EXCLUDED.get(name, ()):
                    if other == each.name:
                        base = {**self.minimal_part(name), each.name: self.scalar(owner, each.name, each.kind)}
                if whole is not None and each.name not in EXCLUDED.get(name, ()):
                    yield {"rule": "none", "object": wrap(base)}
            for rule, value in self.wrong(each.kind, base[each.name]):
                broken = copy.deepcopy(base)
                broken[each.name] = value
                yield {"rule": f"{each.name} {rule}", "object": wrap(broken)}
            if each.required:
                yield {"rule": f"{each.name} missing", "object": wrap({key: value for key, value in base.items() if key != each.name})}

    def wrong(self, kind, value):
        """Yields (what, value): values of the wrong kind, and values at the edges of the right kind."""
        yield "null", None
        others = {"text": "some text", "number": 5, "truth": True, "list": ["some text"], "object": {"key": "value"}}
        fits = {"str": ["text"], "int": ["number"], "float": ["number"], "bool": ["truth"], "list": ["list"], "dict": ["object"]}[type(value).__name__]
        for what, other in others.items():
            if what not in fits:
                yield f"as {what}", other
        if isinstance(value, list):
            yield "empty list", []
            yield "list with null", [None]
            yield "list of lists", [value]
            for rule, inner in self.wrong(kind[5:] if kind.startswith("list ") else kind.replace("refs(", "ref("), value[0]):
                yield f"member {rule}", [inner]
            return
        if isinstance(value, dict):
            yield "empty object", {}
            yield "null inside", {**value, "key": None}
            yield "empty list inside", {**value, "key": []}
            if kind.startswith(("dictionary", "translations")):
                yield "bad key", {"a b": "x"}
                yield "long key", {"k" * 251: "x"}
                yield "short key", {"k": "x"}
        if kind.startswith("integer"):
            yield "fraction", 5.5
            yield "negative", -1
            yield "huge", 9007199254740993
            yield "large", 70000
            yield "zero", 0
            yield "as numeral", "5"
        if kind.startswith("float"):
            yield "far out", 1000.0
            yield "far under", -1000.0
            yield "whole", 5
        if kind.startswith("enum "):
            yield "not in the enumeration", "something-else"
            yield "upper case", value.swapcase()
        if kind.startswith("ov "):
            yield "not in the vocabulary", "something-else"
        if kind == "timestamp":
            for bad in ("2026-01-02T03:04:05", "2026-01-02t03:04:05z", "2026-01-02T03:04:05+00:00", "2026-13-02T03:04:05Z", "2026-02-30T03:04:05Z",
                        "2026-01-02T24:00:00Z", "2026-01-02T03:04:05.Z", "2026-01-02 03:04:05Z", "2026-01-02T03:04:05.1234567890Z", "yesterday", ""):
                yield f"timestamp {bad}", bad
        if kind == "hex":
            for bad in ("4d5", "4g", "", "0x4d", "4D5A"):
                yield f"hex {bad}", bad
        if kind == "binary":
            for bad in ("TVqQAAM", "TV=q", "", "TVqQ AAM=", "TVq_"):
                yield f"binary {bad}", bad
        if kind == "hashes":
            for key, digest in HASHES.items():
                yield f"hash {key}", {key: digest}
                yield f"hash {key} too short", {key: digest[:-1]} if key not in ("SSDEEP",) else {key: ""}
                yield f"hash {key} not hexadecimal", {key: "!" + digest[1:]}
            yield "hash upper case", {"SHA-256": HASHES["SHA-256"].upper()}
            yield "hash name unknown", {"x-hash": "x"}
            yield "hash name in another spelling", {"sha256": HASHES["SHA-256"]}
            yield "hash name short", {"xx": "x"}
            yield "hash name form", {"a hash": "x"}
            yield "hash not text", {"MD5": 5}
        if kind.startswith("ref("):
            allowed = [word.strip() for word in kind[4:-1].split(",")]
            for other in ("malware", "ipv4-addr", "identity", "bundle", "relationship", "marking-definition", "x-custom"):
                if other not in allowed:
                    yield f"to {other}", f"{other}--{UUID}"
            prefix = value.split("--")[0]
            for what, bad in (("no identifier", "some text"), ("short", f"{prefix}--7b1e9f5c"), ("variant", f"{prefix}--{UUID[:19]}cc1b{UUID[23:]}"),
                              ("version 0", f"{prefix}--{UUID[:14]}0{UUID[15:]}"), ("no type", f"--{UUID}"), ("upper type", f"{prefix.upper()}--{UUID}")):
                yield f"reference {what}", bad
            yield "reference version 1", f"{prefix}--{UUID[:14]}1{UUID[15:]}"

    def common_faults(self, name):
        whole = self.full(name)

        def with_(rule, **changes):
            made = copy.deepcopy(whole)
            for key, value in changes.items():
                made[key] = value
            return {"rule": rule, "object": made}

        def without(key):
            return {"rule": f"{key} missing", "object": {each: value for each, value in whole.items() if each != key}}

        for key in ("id", "spec_version"):
            yield without(key)
        if class_of(name) != "sco":
            for key in ("created", "modified", "created_by_ref"):
                if key in whole:
                    yield without(key)
            yield with_("created without milliseconds", created="2026-01-02T03:04:05Z")
            yield with_("created with two digits", created="2026-01-02T03:04:05.67Z")
            yield with_("created that does not exist", created="2026-02-30T03:04:05.678Z", modified="2026-03-30T03:04:05.678Z")
            if name != "marking-definition":
                yield with_("modified before created", modified="2025-01-02T03:04:05.678Z")
                yield with_("modified one digit later", modified="2026-01-02T03:04:05.6781Z")
            for rule, value in self.wrong("ref(identity)", f"identity--{UUID}"):
                yield with_(f"created_by_ref {rule}", created_by_ref=value)
            for what, reference in EXTERNAL.items():
                yield with_(f"external reference {what}", external_references=[reference])
            yield with_("external references empty", external_references=[])
        if name in SDO + SRO:
            for confidence in (0, 100, 101, -1, 5.5, "5", True):
                yield with_(f"confidence {confidence!r}", confidence=confidence)
            for lang in ("fr", "pt-BR", "zh-Hans", "xx-invalid", "", "english", "x-private", "de-DE-u-co-phonebk"):
                yield with_(f"lang {lang!r}", lang=lang)
            for labels in ([], [5], "x", [None], ["x", "x"]):
                yield with_(f"labels {labels!r}", labels=labels)
            for revoked in ("false", 0, None):
                yield with_(f"revoked {revoked!r}", revoked=revoked)
            yield with_("defanged on a domain object", defanged=True)
        else:
            yield with_("defanged as text", defanged="false")
        for version in ("2.0", "2.2", "", 2.1):
            yield with_(f"spec_version {version!r}", spec_version=version)
        for what, changed in (("of another type", f"x-other--{UUID}"), ("not a UUID", f"{name}--1"), ("of variant c", f"{name}--{UUID[:19]}cc1b{UUID[23:]}"),
                              ("of version 1", f"{name}--{UUID[:14]}1{UUID[15:]}"), ("of version 7", f"{name}--{UUID[:14]}7{UUID[15:]}"),
                              ("in upper case", f"{name}--{UUID.upper()}"), ("as number", 5)):
            yield with_(f"id {what}", id=changed)
        for reserved in ("severity", "username", "phone_numbers", "phone_number", "action"):
            yield with_(f"reserved {reserved}", **{reserved: "some text"})
        for custom, value in (("x_thing", "x"), ("thing", "x"), ("x_null", None), ("x_list", []), ("x_object", {}), ("x_deep", {"a": {"b": None}}),
                              ("x_raw_hex", "zz"), ("x_raw_bin", "?"), ("Thing", "x"), ("th", "x"), ("x-thing", "x"), ("1thing", "x"), ("thing.x", "x"),
                              ("x_" + "y" * 249, "x"), ("x_true", True)):
            yield with_(f"property {custom[:20]} = {value!r}", **{custom: value})
        for what, marking in MARKINGS.items():
            yield with_(f"granular marking {what}", granular_markings=[marking])
        yield with_("granular markings empty", granular_markings=[])
        for rule, value in self.wrong("refs(marking-definition)", [f"marking-definition--{UUID}"]):
            yield with_(f"object_marking_refs {rule}", object_marking_refs=value)
        for what, extensions in EXTENSION_VALUES.items():
            yield with_(f"extensions {what}", extensions=extensions)


def _inside(key):
    return lambda host, part: {**host, key: part}


def _listed(key):
    return lambda host, part: {**host, key: [part]}


def _extension(extension, key, listed, rest=None):
    def place(host, part):
        return {**host, "extensions": {extension: {**(rest or {}), key: [part] if listed else part}}}
    return place


def _multipart(host, part):
    return {**host, "is_multipart": True, "body_multipart": [part]}


PARTS = [
    ("alternate-data-stream-type", "file", _extension("ntfs-ext", "alternate_data_streams", True)),
    ("windows-pe-optional-header-type", "file", _extension("windows-pebinary-ext", "optional_header", False, {"pe_type": "exe"})),
    ("windows-pe-section-type", "file", _extension("windows-pebinary-ext", "sections", True, {"pe_type": "exe"})),
    ("email-mime-part-type", "email-message", _multipart),
    ("windows-registry-value-type", "windows-registry-key", _listed("values")),
    ("x509-v3-extensions-type", "x509-certificate", _inside("x509_v3_extensions")),
    ("external-reference", "identity", _listed("external_references")),
    ("kill-chain-phase", "malware", _listed("kill_chain_phases")),
]
EXTERNAL = {
    "with url": {"source_name": "x", "url": "https://a.example/x"}, "with id": {"source_name": "x", "external_id": "7"},
    "without content": {"source_name": "x"}, "without source": {"external_id": "7"}, "empty": {}, "cve": {"source_name": "cve", "external_id": "CVE-2026-1234"},
    "cve of the wrong form": {"source_name": "cve", "external_id": "CVE-26-1"}, "cve without id": {"source_name": "cve", "description": "x"},
    "cve under another name": {"source_name": "nvd", "external_id": "CVE-2026-1234"}, "capec": {"source_name": "capec", "external_id": "CAPEC-7"},
    "capec of the wrong form": {"source_name": "capec", "external_id": "7"}, "capec under another name": {"source_name": "mitre", "external_id": "CAPEC-7"},
    "with a bad url": {"source_name": "x", "url": "not a url"}, "with a hash": {"source_name": "x", "url": "https://a.example/x", "hashes": {"MD5": "a" * 32}},
    "with a bad hash": {"source_name": "x", "url": "https://a.example/x", "hashes": {"MD5": "a"}}, "with a null": {"source_name": "x", "description": None},
    "as text": "x",
}
MARKINGS = {
    "with lang": {"lang": "fr", "selectors": ["type"]}, "with both": {"lang": "fr", "marking_ref": f"marking-definition--{UUID}", "selectors": ["type"]},
    "with neither": {"selectors": ["type"]}, "with a bad lang": {"lang": "xx-invalid", "selectors": ["type"]},
    "without selectors": {"marking_ref": f"marking-definition--{UUID}"}, "with no selector": {"marking_ref": f"marking-definition--{UUID}", "selectors": []},
    "of an absent property": {"marking_ref": f"marking-definition--{UUID}", "selectors": ["x_absent"]},
    "of an index out of range": {"marking_ref": f"marking-definition--{UUID}", "selectors": ["object_marking_refs.[5]"]},
    "of an index": {"marking_ref": f"marking-definition--{UUID}", "selectors": ["object_marking_refs.[0]"]},
    "of an index of no list": {"marking_ref": f"marking-definition--{UUID}", "selectors": ["type.[0]"]},
    "of a member of text": {"marking_ref": f"marking-definition--{UUID}", "selectors": ["type.name"]},
    "of a nested member": {"marking_ref": f"marking-definition--{UUID}", "selectors": ["granular_markings.[0].selectors"]},
    "in a wrong form": {"marking_ref": f"marking-definition--{UUID}", "selectors": ["object_marking_refs[0]"]},
    "with an empty selector": {"marking_ref": f"marking-definition--{UUID}", "selectors": [""]},
    "to an identity": {"marking_ref": f"identity--{UUID}", "selectors": ["type"]}, "to no identifier": {"marking_ref": "x", "selectors": ["type"]},
}
_DEFINITION = f"extension-definition--{UUID}"
EXTENSION_VALUES = {
    "with a property extension": {_DEFINITION: {"extension_type": "property-extension", "rank": 5}},
    "with a top-level extension": {_DEFINITION: {"extension_type": "toplevel-property-extension"}},
    "without a type": {_DEFINITION: {"rank": 5}}, "with an unknown type": {_DEFINITION: {"extension_type": "other"}},
    "with a legacy key": {"x-thing-ext": {"rank": 5}}, "with a bad key": {"thing": {"rank": 5}}, "with a bad definition id": {"extension-definition--7": {"rank": 5}},
    "with an empty legacy value": {"x-thing-ext": {}}, "empty": {}, "as text": "x", "with a null inside": {_DEFINITION: {"extension_type": "property-extension", "rank": None}},
    "with text as value": {_DEFINITION: "x"}, "with a bad property name": {_DEFINITION: {"extension_type": "property-extension", "Rank!": 5}},
}

ABSENT = object()
_HASH = {"SHA-256": HASHES["SHA-256"]}
RULES = {
    "location": [
        ("nothing that places it", {"region": ABSENT}), ("name only", {"region": ABSENT, "name": "x"}), ("country only", {"region": ABSENT, "country": "BE"}),
        ("coordinates only", {"region": ABSENT, "latitude": 50.8, "longitude": 4.3}), ("latitude alone", {"latitude": 50.8}), ("longitude alone", {"longitude": 4.3}),
        ("precision alone", {"precision": 10.0}), ("precision with coordinates", {"latitude": 50.8, "longitude": 4.3, "precision": 10.0}),
        ("negative precision", {"latitude": 50.8, "longitude": 4.3, "precision": -1.0}), ("city only", {"region": ABSENT, "city": "Brussels"}),
        ("latitude at the pole", {"latitude": 90.0, "longitude": 180.0}), ("latitude beyond the pole", {"latitude": 90.1, "longitude": 4.3}),
        ("longitude beyond", {"latitude": 50.8, "longitude": -180.5}), ("unknown country", {"country": "XX"}), ("country in lower case", {"country": "be"}),
    ],
    "malware": [
        ("family without name", {"is_family": True, "name": ABSENT}), ("family with name", {"is_family": True}), ("sample without name", {"is_family": False, "name": ABSENT}),
        ("seen backwards", {"first_seen": LATER, "last_seen": CREATED}), ("seen at once", {"first_seen": CREATED, "last_seen": CREATED}),
    ],
    "malware-analysis": [
        ("without result", {"result": ABSENT}), ("with objects only", {"result": ABSENT, "analysis_sco_refs": [f"url--{UUID}"]}),
        ("analysis backwards", {"analysis_started": LATER, "analysis_ended": CREATED}), ("product with spaces", {"product": "Some Scanner"}),
    ],
    "indicator": [
        ("valid backwards", {"valid_from": LATER, "valid_until": CREATED}), ("valid for no time", {"valid_from": CREATED, "valid_until": CREATED}),
        ("valid by microseconds", {"valid_from": "2026-01-01T00:00:00.000001Z", "valid_until": "2026-01-01T00:00:00.000002Z"}),
        ("valid by equal instants", {"valid_from": "2026-01-01T00:00:00Z", "valid_until": "2026-01-01T00:00:00.000Z"}),
        ("without name", {"name": ABSENT}), ("with a bad pattern", {"pattern": "[a"}), ("with another language", {"pattern": "alert tcp", "pattern_type": "snort"}),
        ("with a pattern of 2.0", {"pattern": "[a1b:bcd = 1]", "pattern_version": "2.0"}), ("with a pattern on an unknown type", {"pattern": "[thing:name = 'a']"}),
        ("with a pattern on a short type", {"pattern": "[a:name = 'a']"}), ("with a pattern on a short property", {"pattern": "[file:na = 'a']"}),
        ("with a pattern on an unknown property", {"pattern": "[file:thing = 'a']"}), ("with a pattern of upper case", {"pattern": "[File:name = 'a']"}),
        ("with an empty pattern", {"pattern": ""}), ("with a bad hash in the pattern", {"pattern": "[file:hashes.MD5 = 'a']"}),
        ("with an unknown pattern language", {"pattern_type": "x-mine"}),
    ],
    "relationship": [
        ("time backwards", {"start_time": LATER, "stop_time": CREATED}), ("no time", {"start_time": CREATED, "stop_time": CREATED}),
        ("type in upper case", {"relationship_type": "Uses"}), ("type with underscore", {"relationship_type": "related_to"}), ("type with space", {"relationship_type": "related to"}),
        ("type empty", {"relationship_type": ""}), ("custom type", {"relationship_type": "x-thinks-of"}), ("type with digit", {"relationship_type": "uses2"}),
        ("source is a sighting", {"source_ref": f"sighting--{UUID}"}), ("target is a bundle", {"target_ref": f"bundle--{UUID}"}),
        ("target is a marking", {"target_ref": f"marking-definition--{UUID}"}), ("source is a translation", {"source_ref": f"language-content--{UUID}"}),
        ("target is an address", {"target_ref": f"ipv4-addr--{UUID}"}), ("target is custom", {"target_ref": f"x-thing--{UUID}"}),
    ],
    "sighting": [
        ("seen backwards", {"first_seen": LATER, "last_seen": CREATED}), ("count 0", {"count": 0}), ("count at its limit", {"count": 999999999}), ("count beyond", {"count": 1000000000}),
        ("of an address", {"sighting_of_ref": f"ipv4-addr--{UUID}"}), ("of a relationship", {"sighting_of_ref": f"relationship--{UUID}"}), ("summary as text", {"summary": "yes"}),
        ("where a malware", {"where_sighted_refs": [f"malware--{UUID}"]}), ("where a location", {"where_sighted_refs": [f"location--{UUID}"]}),
    ],
    "observed-data": [
        ("observed backwards", {"first_observed": LATER, "last_observed": CREATED}), ("number 0", {"number_observed": 0}), ("number at its limit", {"number_observed": 999999999}),
        ("number beyond", {"number_observed": 1000000000}), ("neither objects nor references", {"object_refs": ABSENT}),
        ("both", {"objects": {"0": {"type": "url", "value": "https://a.example/"}}}), ("objects only", {"object_refs": ABSENT, "objects": {"0": {"type": "url", "value": "https://a.example/"}}}),
        ("objects with a reference", {"object_refs": ABSENT, "objects": {"0": {"type": "email-addr", "value": "a@b.example", "belongs_to_ref": "1"}, "1": {"type": "user-account", "user_id": "x"}}}),
        ("objects with a lost reference", {"object_refs": ABSENT, "objects": {"0": {"type": "email-addr", "value": "a@b.example", "belongs_to_ref": "7"}}}),
        ("references to domain objects only", {"object_refs": [f"malware--{UUID}"]}), ("references to a relationship only", {"object_refs": [f"relationship--{UUID}"]}),
        ("references to both", {"object_refs": [f"url--{UUID}", f"relationship--{UUID}"]}),
    ],
    "artifact": [
        ("neither payload nor url", {"payload_bin": ABSENT}), ("both", {"url": "https://a.example/", "hashes": _HASH}), ("url with hashes", {"payload_bin": ABSENT, "url": "https://a.example/", "hashes": _HASH}),
        ("url without hashes", {"payload_bin": ABSENT, "url": "https://a.example/"}), ("key without algorithm", {"decryption_key": "x"}),
        ("key with algorithm", {"decryption_key": "x", "encryption_algorithm": "mime-type-indicated"}),
    ],
    "email-message": [
        ("multipart with body", {"is_multipart": True, "body": "x"}), ("multipart with parts", {"is_multipart": True, "body_multipart": [{"body": "x", "content_type": "text/plain"}]}),
        ("single with parts", {"is_multipart": False, "body_multipart": [{"body": "x", "content_type": "text/plain"}]}), ("single with body", {"is_multipart": False, "body": "x"}),
        ("header with one value", {"additional_header_fields": {"Reply-To": ["a@b.example"]}}), ("header with text", {"additional_header_fields": {"Reply-To": "a@b.example"}}),
        ("header with a number", {"additional_header_fields": {"Reply-To": 5}}), ("part with both", {"is_multipart": True, "body_multipart": [{"body": "x", "body_raw_ref": f"file--{UUID}"}]}),
        ("part with neither", {"is_multipart": True, "body_multipart": [{"content_type": "text/plain"}]}),
    ],
    "file": [
        ("neither name nor hashes", {"name": ABSENT, "size": 5}), ("hashes only", {"name": ABSENT, "hashes": _HASH}), ("encoding without name", {"name": ABSENT, "hashes": _HASH, "name_enc": "UTF-8"}),
        ("unregistered media type", {"mime_type": "application/x-nobody-knows"}), ("media type without slash", {"mime_type": "zip"}),
        ("extension of another type", {"extensions": {"tcp-ext": {"src_flags_hex": "00"}}}),
        ("time stamp with a fraction", {"extensions": {"windows-pebinary-ext": {"pe_type": "exe", "time_date_stamp": "2026-01-02T03:04:05.5Z"}}}),
        ("only pe_type", {"extensions": {"windows-pebinary-ext": {"pe_type": "exe"}}}), ("empty extension", {"extensions": {"ntfs-ext": {}}}),
        ("custom in an extension", {"extensions": {"ntfs-ext": {"sid": "x", "x_thing": "x"}}}),
    ],
    "network-traffic": [
        ("no endpoint", {"src_ref": ABSENT}), ("end while active", {"is_active": True, "start": CREATED, "end": LATER}), ("end", {"is_active": False, "start": CREATED, "end": LATER}),
        ("end without is_active", {"start": CREATED, "end": LATER}), ("time backwards", {"is_active": False, "start": LATER, "end": CREATED}), ("no protocol", {"protocols": []}),
        ("protocol in upper case", {"protocols": ["TCP"]}), ("protocol nobody knows", {"protocols": ["some-protocol"]}), ("port beyond", {"dst_port": 65536}), ("port at its limit", {"dst_port": 65535}),
        ("ipfix with a list", {"ipfix": {"minimumIpTotalLength": [32]}}), ("ipfix with text", {"ipfix": {"minimumIpTotalLength": "32"}}),
        ("socket option as text", {"extensions": {"socket-ext": {"address_family": "AF_INET", "options": {"SO_KEEPALIVE": "1"}}}}),
        ("socket option of another name", {"extensions": {"socket-ext": {"address_family": "AF_INET", "options": {"KEEPALIVE": 1}}}}),
        ("header with text", {"extensions": {"http-request-ext": {"request_method": "get", "request_value": "/", "request_header": {"User-Agent": "x"}}}}),
        ("header nobody knows", {"extensions": {"http-request-ext": {"request_method": "get", "request_value": "/", "request_header": {"X-Mine": ["x"]}}}}),
    ],
    "process": [("nothing of its own", {"pid": ABSENT}), ("extension only", {"pid": ABSENT, "extensions": {"windows-process-ext": {"aslr_enabled": True}}}),
                ("environment with a number", {"environment_variables": {"PATH": 5}}), ("priority of another form", {"extensions": {"windows-process-ext": {"priority": "high"}}}),
                ("id of version 5", {"id": f"process--{UUID[:14]}5{UUID[15:]}"})],
    "user-account": [("nothing of its own", {"account_login": ABSENT}), ("extension only", {"account_login": ABSENT, "extensions": {"unix-account-ext": {"gid": 5}}}),
                     ("version 5 without contributing properties", {"account_login": ABSENT, "display_name": "x", "id": f"user-account--{UUID[:14]}5{UUID[15:]}"}),
                     ("version 4 without contributing properties", {"account_login": ABSENT, "display_name": "x"})],
    "windows-registry-key": [("nothing of its own", {"key": ABSENT}), ("hive abbreviated", {"key": "HKLM\\System"}), ("empty value", {"values": [{}]}), ("value with an empty name", {"values": [{"name": ""}]}),
                             ("hive in lower case", {"key": "hkey_local_machine\\System"}), ("hive alone abbreviated", {"key": "HKCU"})],
    "x509-certificate": [("nothing of its own", {"issuer": ABSENT}), ("hashes only", {"issuer": ABSENT, "hashes": _HASH}), ("serial number only", {"issuer": ABSENT, "serial_number": "02"})],
    "directory": [("encoding nobody knows", {"path_enc": "latin-99"}), ("encoding in lower case", {"path_enc": "utf-8"}), ("encoding by another name", {"path_enc": "ISO-8859-1"}), ("refers to a url", {"contains_refs": [f"url--{UUID}"]})],
    "campaign": [("seen backwards", {"first_seen": LATER, "last_seen": CREATED})], "infrastructure": [("seen backwards", {"first_seen": LATER, "last_seen": CREATED})],
    "intrusion-set": [("seen backwards", {"first_seen": LATER, "last_seen": CREATED})], "threat-actor": [("seen backwards", {"first_seen": LATER, "last_seen": CREATED})],
    "grouping": [("without name", {"name": ABSENT})],
    "marking-definition": [
        ("without definition", {"definition": ABSENT}), ("without definition type", {"definition_type": ABSENT}), ("without either", {"definition": ABSENT, "definition_type": ABSENT}),
        ("with an extension instead", {"definition": ABSENT, "definition_type": ABSENT, "extensions": {f"extension-definition--{UUID}": {"extension_type": "property-extension", "x": 1}}}),
        ("tlp of its own", {"definition_type": "tlp", "definition": {"tlp": "green"}}), ("tlp green", {"id": "marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da", "created": "2017-01-20T00:00:00.000Z",
            "name": "TLP:GREEN", "definition_type": "tlp", "definition": {"tlp": "green"}}),
        ("tlp green with another colour", {"id": "marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da", "created": "2017-01-20T00:00:00.000Z",
            "name": "TLP:GREEN", "definition_type": "tlp", "definition": {"tlp": "red"}}), ("statement without text", {"definition": {"x": "x"}}), ("statement as number", {"definition": {"statement": 5}}),
        ("of another type", {"definition_type": "x-mine", "definition": {"x": "x"}}), ("marking itself", {"object_marking_refs": [f"marking-definition--{UUID}"]}),
    ],
    "language-content": [
        ("unknown language", {"contents": {"xx-invalid": {"name": "x"}}}), ("a string as translation", {"contents": {"de": "x"}}), ("an empty translation", {"contents": {"de": {}}}),
        ("a bad property name", {"contents": {"de": {"Na-me": "x"}}}), ("a list of texts", {"contents": {"de": {"aliases": ["x", ""]}}}), ("of a bundle", {"object_ref": f"bundle--{UUID}"}),
        ("of a translation", {"object_ref": f"language-content--{UUID}"}), ("of an address", {"object_ref": f"ipv4-addr--{UUID}"}),
    ],
    "extension-definition": [
        ("top level without properties", {"extension_types": ["toplevel-property-extension"]}), ("properties without top level", {"extension_types": ["property-extension"], "extension_properties": ["x_a"]}),
        ("version of another form", {"version": "1"}), ("several types", {"extension_types": ["new-sdo", "property-extension"]}), ("type nobody knows", {"extension_types": ["new-thing"]}),
        ("without creator", {"created_by_ref": ABSENT}), ("short property", {"extension_types": ["toplevel-property-extension"], "extension_properties": ["xy"]}),
    ],
    "software": [("language nobody knows", {"languages": ["xx-invalid"]}), ("language of three letters", {"languages": ["eng"]}), ("language tag", {"languages": ["pt-BR"]})],
}
FORMS = {
    ("ipv4-addr", "value"): ["192.0.2.1", "192.0.2.0/24", "192.0.2.1/24", "192.0.2.1/33", "192.0.2.01", "192.0.2", "192.0.2.256", "0.0.0.0/0", "192.0.2.1/", "192.0.2.1/00", "a", "", " 192.0.2.1", "192[.]0.2.1"],
    ("ipv6-addr", "value"): ["2001:db8::1", "2001:DB8::1", "2001:db8::/32", "2001:db8::1/129", "::", "::1", "::ffff:192.0.2.1", "2001:db8:::1", "2001:db8::1::", "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7", "g::", "fe80::1%eth0", "192.0.2.1", "", "1:2:3:4:5:6:7::", "12345::"],
    ("mac-addr", "value"): ["02:00:5e:10:00:ff", "02:00:5E:10:00:FF", "02-00-5e-10-00-ff", "02:00:5e:10:00", "2:0:5e:10:0:ff", "02:00:5e:10:00:ff:11", ""],
    ("domain-name", "value"): ["a.example", "a", "A.Example", "a.example.", "-a.example", "a-.example", "a..example", "_dmarc.a.example", "ü.example", "xn--mnchen-3ya.example", "a" * 63 + ".example", "a" * 64 + ".example",
                               "a b.example", "192.0.2.1", "a.example/", "", ".", "*.a.example", "a[.]example", "a_b.example", ("a" * 49 + ".") * 6 + "ab"],
    ("email-addr", "value"): ["a@b.example", "a", "a@", "@b.example", "A <a@b.example>", "a@b@c", "a b@c.example", '"a b"@c.example', "a@[192.0.2.1]", "ü@b.example", "a..b@c.example", ".a@b.example", "a@b", "a@-b.example", "a+b@c.example", ""],
    ("url", "value"): ["https://a.example/x", "http://a.example", "a.example/x", "/x", "mailto:a@b.example", "urn:x:y", "http://", "http:///x", "http://a.example:port/", "http://a.example:80/", "ftp://a.example/", "http://a b/", "http://a.example/%zz", "http://a.example/ü",
                       "http://a.example/<x>", "hxxp://a.example/", "http://[2001:db8::1]/", "http://[2001:db8::1/", "", "http://a.example/a|b", "http://ü.example/", "file:///etc/passwd", "javascript:alert(1)", "http://user:pw@a.example/", "http://a.example/#x#y"],
    ("artifact", "url"): ["https://a.example/x", "a.example/x", "", "http://a b/"],
    ("artifact", "mime_type"): ["application/zip", "application/x-nobody-knows", "zip", "application/", "thing/zip", "APPLICATION/ZIP", "text/plain; charset=utf-8", ""],
    ("software", "cpe"): ["cpe:2.3:a:f5:nginx:1.27.1:*:*:*:*:*:*:*", "cpe:/a:f5:nginx", "cpe:2.3:a:f5:nginx", "cpe:2.3:x:f5:nginx:1:*:*:*:*:*:*:*", "cpe:2.3:a:f5:ng inx:1:*:*:*:*:*:*:*", "cpe:2.3:a:f5:nginx\\-x:1:*:*:*:*:*:*:*", "cpe:2.3:*:*:*:*:*:*:*:*:*:*:*", "CPE:2.3:a:f5:nginx:1:*:*:*:*:*:*:*", "nginx", ""],
    ("autonomous-system", "number"): [0, 64511, 4294967295, 4294967296, -1, 1.5],
    ("directory", "path_enc"): ["UTF-8", "US-ASCII", "windows-1252", "Shift_JIS", "ISO_8859-1:1987", "ISO-8859-1", "latin1", "UTF8", "utf-8", "Big5", ""],
}
RELATIONS = [("malware", "uses", "tool"), ("tool", "uses", "malware"), ("indicator", "indicates", "malware"), ("malware", "indicates", "indicator"), ("domain-name", "resolves-to", "ipv4-addr"),
             ("malware-analysis", "av-analysis-of", "malware"), ("malware-analysis", "analysis-of", "malware"), ("x-thing", "uses", "malware"), ("url", "related-to", "url"), ("identity", "duplicate-of", "identity")]
