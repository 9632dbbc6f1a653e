"""TAXII 2.1 with the client most programs use (taxii2-client), and on a bare socket where it is too polite.

Expectations come from the TAXII 2.1 specification and from the design note's table of answers, never from the server.
"""

import base64
import datetime
import http.client
import json
import pathlib
import sys
import urllib.parse
import uuid

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

import requests  # noqa: E402
from taxii2client.v21 import Server, as_pages  # noqa: E402

from harness import Demo, Suite, scratch  # noqa: E402

MEDIA_TYPE = "application/taxii+json;version=2.1"
GREEN = "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb"  # TLP 2.0 for STIX 2.1
PAGES_MAX = 200

suite = Suite("taxii")


def main():
    suite.group("the suite", story)
    suite.close()


def story():
    with Demo(scratch("demo") / "kept") as demo:
        doors = [node for node in demo.nodes if node.get("taxii")]
        suite.check("at least one node has a TAXII door", bool(doors), demo.nodes)
        for node in doors:
            party, door = node["party"], node["taxii"]
            suite.group(f"{party}: discovery", discovery, party, door)
            if door.get("read_collection"):
                suite.group(f"{party}: reading", reading, party, door)
            if door.get("write_collection"):
                suite.group(f"{party}: writing", writing, party, door)
            suite.group(f"{party}: refusals", refusals, party, door)
        suite.group("unmarked objects", nothing_unmarked, doors)


def server(door, password=None):
    return Server(door["discovery"], user=door["user"], password=password or door["password"])


def collection(door, alias):
    """Finds a collection by alias the way a client does: through discovery, root and list."""
    found = [c for root in server(door).api_roots for c in root.collections if alias in (c.alias, c.id)]
    if len(found) != 1:
        raise RuntimeError(f"{len(found)} collections have the alias {alias}")
    return found[0]


def discovery(party, door):
    node = server(door)
    suite.check(f"{party}: discovery has a title and a default root", bool(node.title) and node.default is not None)
    for root in node.api_roots:
        suite.check(f"{party}: the root speaks 2.1 only", MEDIA_TYPE in root.versions, root.versions)
        suite.check(f"{party}: the root states max_content_length", root.max_content_length > 0)
        for each in root.collections:
            suite.check(f"{party}: collection {each.alias} has a UUID", str(uuid.UUID(each.id)) == each.id, each.id)
    try:
        server(door, "wrong").title
        suite.check(f"{party}: a wrong password is refused", False, "it was accepted")
    except requests.exceptions.HTTPError as error:
        suite.equal(f"{party}: a wrong password is refused with 401", error.response.status_code, 401)


def whole(function, per_request, **filters):
    """Reads all pages and returns the items in order."""
    items = []
    for number, page in enumerate(as_pages(function, per_request=per_request, **filters)):
        items += page.get("objects", [])
        if number > PAGES_MAX:
            raise RuntimeError(f"more than {PAGES_MAX} pages")
    return items


def version(item):
    return item.get("version") or item.get("modified") or item.get("created") or ""


def reading(party, door):
    source = collection(door, door["read_collection"])
    suite.check(f"{party}: the collection may be read", source.can_read)
    manifest = whole(source.get_manifest, 1000)
    objects = whole(source.get_objects, 1000)
    suite.check(f"{party}: something was released", len(manifest) > 0)
    suite.equal(f"{party}: as many objects as manifest records", len(objects), len(manifest))
    suite.equal(f"{party}: objects and manifest name the same ids in the same order",
                [o["id"] for o in objects] == [m["id"] for m in manifest], True)
    suite.equal(f"{party}: no object twice", len({(o["id"], version(o)) for o in objects}), len(objects))
    added = [m["date_added"] for m in manifest]
    suite.check(f"{party}: date_added rises strictly, in microseconds",
                added == sorted(set(added)) and all(len(a) == 27 and a.endswith("Z") for a in added), added[:3])
    odd = max(7, len(manifest) // 13)
    suite.check(f"{party}: pages of {odd} give the same whole", whole(source.get_manifest, odd) == manifest)

    middle = len(manifest) // 2
    rest = whole(source.get_manifest, 1000, added_after=added[middle])
    suite.check(f"{party}: added_after resumes with the next record", rest == manifest[middle + 1:],
                f"{len(rest)} records after {added[middle]}, expected {len(manifest) - middle - 1}")
    suite.equal(f"{party}: nothing is after the last record", whole(source.get_objects, 1000, added_after=added[-1]), [])

    types = sorted({m["id"].split("--")[0] for m in manifest})
    for kind in types:
        ids = [o["id"] for o in whole(source.get_objects, 1000, type=kind)]
        suite.equal(f"{party}: match[type]={kind} gives exactly those", ids, [m["id"] for m in manifest if m["id"].split("--")[0] == kind])
    two = [manifest[0]["id"], manifest[-1]["id"]]
    suite.equal(f"{party}: match[id] with two ids", {o["id"] for o in whole(source.get_objects, 1000, id=two)}, set(two))
    one = source.get_object(two[0])["objects"]
    suite.equal(f"{party}: one object by its id", [o["id"] for o in one], two[:1])
    versions = source.object_versions(two[0])["versions"]
    suite.check(f"{party}: its versions hold that of the manifest", manifest[0]["version"] in versions, versions)
    unmarked = [o["id"] for o in objects if not o.get("object_marking_refs") and o["type"] not in ("marking-definition", "identity", "extension-definition")]
    suite.equal(f"{party}: no released object is unmarked", unmarked, [])
    known = {o["id"] for o in objects}
    dangling = [o["id"] for o in objects if o["type"] in ("relationship", "sighting") and not {o.get("source_ref"), o.get("target_ref"), o.get("sighting_of_ref")} - {None} <= known]
    suite.equal(f"{party}: no relationship names an object that is withheld", dangling, [])


def indicator(**members):
    now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    return {
        "type": "indicator",
        "spec_version": "2.1",
        "id": f"indicator--{uuid.uuid4()}",
        "created": now,
        "modified": now,
        "pattern": f"[ipv4-addr:value = '198.51.100.{uuid.uuid4().int % 254 + 1}']",
        "pattern_type": "stix",
        "valid_from": now,
        "indicator_types": ["malicious-activity"],
    } | members


unmarked_ids = set()


def writing(party, door):
    target = collection(door, door["write_collection"])
    suite.check(f"{party}: the collection may be written", target.can_write)
    marked, unmarked = indicator(object_marking_refs=[GREEN]), indicator()
    unmarked_ids.add(unmarked["id"])
    status = target.add_objects({"objects": [marked, unmarked]})
    suite.equal(f"{party}: the post is complete", (status.status, status.total_count, status.failure_count), ("complete", 2, 0))
    suite.equal(f"{party}: an unmarked object is accepted inbound", status.success_count, 2)
    again = target.add_objects({"objects": [marked]})
    suite.equal(f"{party}: posting the same again is no error", (again.success_count, again.failure_count), (1, 0))
    broken = target.add_objects({"objects": [indicator(object_marking_refs=[GREEN]), indicator(object_marking_refs=[GREEN], modified="yesterday")]})
    suite.equal(f"{party}: one bad object does not spoil its neighbour", (broken.success_count, broken.failure_count), (1, 1))

    url = target.objects_url
    doubled = '{"objects":[' + json.dumps(indicator())[:-1] + f',"object_marking_refs":["{GREEN}"],"object_marking_refs":["{GREEN}"]}}]}}'
    refused(f"{party}: abuse A10, a duplicate key in the body", door, url, 400, "taxii.body_json", doubled)
    refused(f"{party}: abuse A09, a body of 100,000 brackets", door, url, 400, None, '{"objects":' + "[" * 100_000)
    refused(f"{party}: a truncated body", door, url, 400, "taxii.body_json", '{"objects":[{')
    refused(f"{party}: a body that is no envelope", door, url, 422, "taxii.body_envelope", "[]")
    refused(f"{party}: a body of another media type", door, url, 415, "taxii.content_type", "{}", {"Content-Type": "application/json"})
    if door.get("read_collection") != door["write_collection"] and not target.can_read:
        refused(f"{party}: reading where one may only write", door, url, 403, None)


def ask(door, url, method="GET", body=None, headers=None, password=None, anonymous=False):
    """Sends one request with exactly these headers and returns status, headers and body."""
    parts = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=30)
    credentials = base64.b64encode(f"{door['user']}:{password or door['password']}".encode()).decode()
    sent = {} if anonymous else {"Authorization": f"Basic {credentials}"}
    if body is not None:
        sent["Content-Type"] = MEDIA_TYPE
    sent.update(headers or {})
    connection.putrequest(method, parts.path + ("?" + parts.query if parts.query else ""), skip_accept_encoding=True)
    for name, value in sent.items():
        connection.putheader(name, value)
    data = None if body is None else body.encode()
    if data is not None:
        connection.putheader("Content-Length", str(len(data)))
    connection.endheaders(data)
    response = connection.getresponse()
    result = response.status, response.headers, response.read()
    connection.close()
    return result


def refused(statement, door, url, status, code, body=None, headers=None, **more):
    """Checks status, media type and error body of a refusal."""
    seen, head, text = ask(door, url, "GET" if body is None else "POST", body, headers, **more)
    suite.equal(f"{statement}: {status}", seen, status)
    try:
        error = json.loads(text)
    except ValueError:
        error = {}
    suite.check(f"{statement}: the answer is a TAXII error message",
                head.get("Content-Type", "").replace(" ", "") == MEDIA_TYPE and error.get("title") and error.get("http_status") == str(status),
                f"{head.get('Content-Type')} {text[:300]}")
    if code:
        suite.equal(f"{statement}: its code", error.get("error_code"), code)
    return head


def refusals(party, door):
    root = server(door).default.url
    for accept in [None, "", "*/*", "application/*", "application/taxii+json", MEDIA_TYPE,
                   'application/taxii+json; version="2.1"', "Application/TAXII+JSON;Version=2.1", "text/html, */*;q=0.1",
                   "application/json", "application/stix+json;version=2.1"]:
        status, head, _ = ask(door, root, headers={} if accept is None else {"Accept": accept})
        suite.equal(f"{party}: Accept {accept!r} is answered", (status, head.get("Content-Type", "").replace(" ", "")), (200, MEDIA_TYPE))
    for accept in ["application/taxii+json;version=2.0", "application/vnd.oasis.taxii+json", "text/html"]:
        refused(f"{party}: Accept {accept!r}", door, root, 406, "taxii.not_acceptable", headers={"Accept": accept})

    head = refused(f"{party}: no credentials", door, root, 401, "auth.required", anonymous=True)
    challenges = " ".join(head.get_all("WWW-Authenticate") or [])
    suite.check(f"{party}: the challenge offers Basic and Bearer", "Basic" in challenges and "Bearer" in challenges, challenges)
    refused(f"{party}: a wrong password", door, root, 401, "auth.invalid", password="wrong")
    for broken in ["Basic", "Basic !!!", "Basic " + base64.b64encode(b"nocolon").decode(), "Digest x", "Bearer"]:
        refused(f"{party}: Authorization {broken!r}", door, root, 401, None, headers={"Authorization": broken})

    unknown = f"{root}collections/{uuid.uuid4()}/objects/"
    refused(f"{party}: an unknown collection", door, unknown, 404, "taxii.not_found")
    refused(f"{party}: no collection at all", door, f"{root}collections/..%2f..%2f/objects/", 404, None)
    if door.get("read_collection"):
        objects = collection(door, door["read_collection"]).objects_url
        refused(f"{party}: limit 0", door, f"{objects}?limit=0", 400, "taxii.parameter")
        refused(f"{party}: a cursor that was never given", door, f"{objects}?next=abc", 400, "taxii.cursor_invalid")
        refused(f"{party}: a parameter twice", door, f"{objects}?limit=1&limit=2", 400, "taxii.duplicate_parameter")
        refused(f"{party}: an unknown match", door, f"{objects}?match[colour]=red", 400, "taxii.unknown_match")
        refused(f"{party}: an unknown object", door, f"{objects}indicator--{uuid.uuid4()}/", 404, "taxii.not_found")
        status, head, _ = ask(door, f"{objects}?limit=5")
        suite.check(f"{party}: a page states its first and last date_added",
                    status == 200 and head.get("X-TAXII-Date-Added-First") and head.get("X-TAXII-Date-Added-Last"), dict(head))
        status, _, _ = ask(door, objects.rstrip("/") + "?limit=5")
        suite.equal(f"{party}: a URL without its last slash is served, not redirected", status, 200)


def nothing_unmarked(doors):
    for node in doors:
        if node["taxii"].get("read_collection"):
            source = collection(node["taxii"], node["taxii"]["read_collection"])
            seen = {m["id"] for m in whole(source.get_manifest, 1000)}
            suite.equal(f"{node['party']}: no unmarked object was ever released", seen & unmarked_ids, set())


if __name__ == "__main__":
    main()
