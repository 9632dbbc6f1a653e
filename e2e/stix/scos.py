"""Objects for deterministic ids: every type, every choice of hashes, extensions, numbers and all kinds of text."""

TEXTS = ["a", "", "ü", "e\u0301", "\u00e9", "😀", "a\"b\\c/d", "tab\tline\nfeed\r\b\f", "\x00\x1f\x7f", "\u2028\u2029", "</script>", "C:\\x", "＜", "a" * 300, " a ",
         "\ufeff", "\u202e", "A😀B"]
TIMES = ["2026-11-01T00:00:00Z", "2026-11-01T00:00:00.500Z", "2026-11-01T00:00:00.000Z", "2026-11-01T00:00:00.123456Z", "2026-11-01T00:00:00.5Z",
         "2026-11-01T00:00:00.120Z"]
LENGTHS = {"MD5": 32, "SHA-1": 40, "SHA-256": 64, "SHA-512": 128, "SHA3-256": 64, "SHA3-512": 128}
NUMBERS = [0, 1, -1, 7.0, 0.1, 1e21, 1e-7, 123456789.5, 4200000000, 9007199254740991, 1.5, 100.0, 5e-324, 1e20, 0.000001, 333333333.33333329, 1e300]


class Observables:
    """Draws one SCO at a time."""

    def __init__(self, random):
        self.random = random

    def text(self):
        return self.random.choice(TEXTS)

    def maybe(self, share=0.5):
        return self.random.random() < share

    def hashes(self):
        names = self.random.sample(list(LENGTHS), self.random.choice([1, 1, 2, 3, 6]))
        hashes = {name: self.random.choice("0123456789abcdef") * LENGTHS[name] for name in names}
        if self.maybe(0.15):
            hashes["SSDEEP"] = "3:AXGBicFlgVNhBGcL6wCrFQEv:AXGHsNhxLsr2C"
        return hashes

    def sco(self):
        r = self.random
        kind = r.choice(["artifact", "autonomous-system", "directory", "domain-name", "email-addr", "email-message", "file", "file", "file", "ipv4-addr",
                         "ipv6-addr", "mac-addr", "mutex", "network-traffic", "network-traffic", "process", "software", "url", "user-account",
                         "windows-registry-key", "x509-certificate"])
        sco = {"type": kind, "id": f"{kind}--00000000-0000-4000-8000-000000000000"}
        getattr(self, kind.replace("-", "_"))(sco)
        items = list(sco.items())
        r.shuffle(items)
        return dict(items)

    def artifact(self, sco):
        if self.maybe():
            sco |= {"url": "https://a.example/x", "hashes": self.hashes()}
        else:
            sco["payload_bin"] = self.random.choice(["TVqQAAM=", "AA==", "/+8="])
        if self.maybe(0.3):
            sco["mime_type"] = "application/zip"

    def autonomous_system(self, sco):
        sco["number"] = self.random.choice([0, 1, 64511, 4200000000])
        if self.maybe():
            sco["name"] = self.text()

    def directory(self, sco):
        sco["path"] = self.text()
        if self.maybe(0.3):
            sco["ctime"] = self.random.choice(TIMES)

    def domain_name(self, sco):
        sco["value"] = self.random.choice(["c2.monsoon.example", "xn--mnchen-3ya.example", "münchen.example", "A.Example."])

    def email_addr(self, sco):
        sco["value"] = self.random.choice(["abuse@isp.example", "ABUSE@isp.example", "ü@isp.example"])
        if self.maybe():
            sco["display_name"] = self.text()

    def email_message(self, sco):
        sco["is_multipart"] = False
        if self.maybe():
            sco["from_ref"] = "email-addr--36fc1d5c-7c6b-5b3b-8e1c-0f2d3c4b5a69"
        if self.maybe():
            sco["subject"] = self.text()
        if self.maybe(0.3):
            sco["body"] = self.text()
        if self.maybe(0.3):
            sco["date"] = self.random.choice(TIMES)

    def extension(self):
        r = self.random
        return r.choice([
            lambda: {"windows-pebinary-ext": {"pe_type": "exe", "number_of_sections": 2, "time_date_stamp": r.choice(["2016-01-01T00:00:00Z"]),
                                              "sections": [{"name": self.text(), "entropy": r.choice(NUMBERS), "hashes": {"SHA-256": "a" * 64, "MD5": "b" * 32}}]}},
            lambda: {"ntfs-ext": {"sid": self.text(), "alternate_data_streams": [{"name": self.text(), "size": 7, "hashes": {"MD5": "a" * 32}}]}},
            lambda: {"raster-image-ext": {"image_height": 7, "exif_tags": {"Make": self.text(), "b": 2, "a": 1}}},
            lambda: {"pdf-ext": {"version": "1.7", "document_info_dict": {"Title": self.text()}}},
            lambda: {"extension-definition--7b1e9f5c-3d54-4a0e-9c1b-2f4d6a8c0e13": {
                "extension_type": "property-extension", "rank": r.choice(NUMBERS), "nested": {"z": [self.text(), True, False, {"k": 1}], "a": r.choice(NUMBERS), "é": 1, "\U0001f600": 2, "\ufb33": 3}}},
        ])()

    def file(self, sco):
        if self.maybe(0.6):
            sco["name"] = self.text()
        if self.maybe(0.5) or "name" not in sco:
            sco["hashes"] = self.hashes()
        if self.maybe(0.2):
            sco["parent_directory_ref"] = "directory--b4d3d1b7-6b63-5b9e-a3c7-0a7d9a6c1f00"
        if self.maybe(0.3):
            sco["extensions"] = self.extension()
        if self.maybe(0.3):
            sco |= {"size": 7, "mime_type": "application/zip", "ctime": self.random.choice(TIMES)}

    def ipv4_addr(self, sco):
        sco["value"] = self.random.choice(["192.0.2.44", "192.0.2.128/25", "192.0.2.44/32"])

    def ipv6_addr(self, sco):
        sco["value"] = self.random.choice(["2001:db8::44", "2001:DB8::44", "2001:db8::/32"])

    def mac_addr(self, sco):
        sco["value"] = "02:00:5e:10:00:" + self.random.choice(["ff", "0a", "00"])

    def mutex(self, sco):
        sco["name"] = self.text()

    def network_traffic(self, sco):
        r = self.random
        sco["is_active"] = False  # python-stix2 wants it said where there is an `end`
        sco["protocols"] = r.choice([["tcp"], ["ipv4", "tcp", "http"], ["udp", "dns"]])
        sco["dst_ref"] = "ipv4-addr--5853f6a4-638f-5b4e-9b0f-ded361ae3812"
        for key, value in (("src_ref", "ipv6-addr--94c2521c-cd47-5fb8-9197-b5d89591c8ab"), ("src_port", 65535), ("dst_port", 0), ("start", r.choice(TIMES)),
                           ("end", "2026-12-01T00:00:00.250Z"), ("src_byte_count", 7)):
            if self.maybe(0.4):
                sco[key] = value
        if self.maybe(0.2):
            sco["extensions"] = r.choice([{"tcp-ext": {"src_flags_hex": "00000002"}}, {"icmp-ext": {"icmp_type_hex": "08", "icmp_code_hex": "00"}},
                                          {"http-request-ext": {"request_method": "get", "request_value": self.text() or "/", "request_header": {"User-Agent": [self.text()]}}},
                                          {"socket-ext": {"address_family": "AF_INET", "is_blocking": False, "options": {"SO_KEEPALIVE": 1}}}])

    def process(self, sco):
        sco["pid"] = 7

    def software(self, sco):
        sco["name"] = self.text()
        for key, value in (("vendor", self.text()), ("version", self.text()), ("swid", self.text()), ("cpe", "cpe:2.3:a:f5:nginx:1.27.1:*:*:*:*:*:*:*")):
            if self.maybe(0.4):
                sco[key] = value

    def url(self, sco):
        sco["value"] = self.random.choice(["http://c2.monsoon.example/gate.php?id=7", "https://a.example/<>&'\""])

    def user_account(self, sco):
        for key in ("user_id", "account_login", "display_name"):
            if self.maybe(0.6):
                sco[key] = self.text()
        if self.maybe(0.5):
            sco["account_type"] = "unix"
        if len(sco) == 2:
            sco["is_disabled"] = True

    def windows_registry_key(self, sco):
        if self.maybe(0.8):
            sco["key"] = "HKEY_CURRENT_USER\\" + self.text()
        if self.maybe(0.4):
            sco["values"] = [{"name": self.text(), "data": self.text(), "data_type": "REG_SZ"} for _ in range(self.random.randint(1, 3))]
        if len(sco) == 2:
            sco["number_of_subkeys"] = 7

    def x509_certificate(self, sco):
        if self.maybe(0.5):
            sco["serial_number"] = self.text()
        if self.maybe(0.5):
            sco["hashes"] = self.hashes()
        if len(sco) == 2 or self.maybe(0.3):
            sco["issuer"] = "CN=x"
