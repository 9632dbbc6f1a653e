// Recomputes on the reader's machine what a page of the ledger claims: from the object to the signed root of the log.
//
// It reads what the page offers for download (object, .tlog-proof, policy), or the leaf as the page shows it, and trusts
// nothing else the page says. Formats: c2sp.org/tlog-proof, tlog-checkpoint, signed-note, tlog-cosignature; RFC 6962 trees.
// A signature that this browser cannot check is never shown as checked.

const encode = (text) => new TextEncoder().encode(text);
const join = (...parts) => {
  const out = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
};
const sha256 = async (...parts) => new Uint8Array(await crypto.subtle.digest("SHA-256", join(...parts)));
const base64 = (bytes) => btoa(String.fromCharCode(...bytes));
const unbase64 = (text) => {
  const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  // One spelling only: a second one would let two receipts claim to be the same.
  if (base64(bytes) !== text) throw new Error("base64 that is not canonical");
  return bytes;
};
const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
const same = (a, b) => a.length === b.length && a.every((byte, at) => byte === b[at]);
const unhash = (text) => {
  if (!/^sha256:[0-9a-f]{64}$/.test(text)) throw new Error("a hash that is malformed");
  return Uint8Array.from(text.slice(7).match(/../g), (pair) => parseInt(pair, 16));
};
const decimal = (text) => {
  if (!/^(0|[1-9][0-9]{0,18})$/.test(String(text))) throw new Error("a number that is malformed");
  return BigInt(text);
};

// The root to which a hash leads (RFC 9162 section 2.1.3.2); null if the path has another length than the tree asks for.
export const climb = async (hash, index, size, path) => {
  if (index >= size) return null;
  let [at, last] = [index, size - 1n];
  for (const sibling of path) {
    if (last === 0n) return null;
    if ((at & 1n) === 1n || at === last) {
      hash = await sha256([1], sibling, hash);
      while ((at & 1n) === 0n && at !== 0n) [at, last] = [at >> 1n, last >> 1n];
    } else {
      hash = await sha256([1], hash, sibling);
    }
    [at, last] = [at >> 1n, last >> 1n];
  }
  return last === 0n ? hash : null;
};

const parseProof = (text) => {
  const cut = text.indexOf("\n\n");
  if (cut < 0) throw new Error("the proof has no checkpoint");
  const lines = text.slice(0, cut).split("\n");
  if (lines.shift() !== "c2sp.org/tlog-proof@v1") throw new Error("the proof has another header");
  const extra = lines[0]?.startsWith("extra ") ? unbase64(lines.shift().slice(6)) : null;
  if (!lines[0]?.startsWith("index ")) throw new Error("the proof names no leaf");
  const index = decimal(lines.shift().slice(6));
  const evidence = extra ? JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(extra)) : null;
  return { evidence, index, path: lines.map(unbase64), checkpoint: text.slice(cut + 2) };
};

const parseCheckpoint = (note) => {
  const cut = note.indexOf("\n\n");
  if (cut < 0) throw new Error("the checkpoint is not signed");
  const text = note.slice(0, cut + 1);
  const [origin, size, root] = text.split("\n");
  const signatures = [];
  for (const line of note.slice(cut + 2).split("\n")) {
    const parts = /^— (\S+) (\S+)$/.exec(line);
    if (parts) signatures.push({ name: parts[1], bytes: unbase64(parts[2]) });
  }
  return { text, origin, size: decimal(size), root: unbase64(root), signatures };
};

// The keys a policy trusts: of the log, and of witnesses.
const parsePolicy = async (text) => {
  const keys = [];
  for (const line of text.split("\n")) {
    const words = line.trim().split(/\s+/);
    const role = words[0] === "log" ? "log" : words[0] === "witness" ? "witness" : null;
    const parts = /^(.+)\+([0-9a-f]{8})\+(\S+)$/.exec(role === "log" ? words[1] : role === "witness" ? words[2] : "");
    if (!parts) continue;
    const raw = unbase64(parts[3]);
    const id = (await sha256(encode(parts[1]), [10], raw)).slice(0, 4);
    if (hex(id) !== parts[2]) throw new Error("a key of the policy has another id than it says");
    keys.push({ role, name: parts[1], id, algorithm: raw[0], raw: raw.slice(1) });
  }
  return keys;
};

const importKey = async (raw) => {
  try {
    return await crypto.subtle.importKey("raw", raw, "Ed25519", false, ["verify"]);
  } catch {
    return null; // This browser does not know Ed25519.
  }
};

// Checks one signature line: true, false, or null if this browser cannot.
const verify = async (key, line, text) => {
  const imported = await importKey(key.raw);
  if (!imported) return null;
  let [message, signature] = [encode(text), line.bytes.slice(4)];
  if (key.algorithm === 4) {
    const time = signature.slice(0, 8).reduce((sum, byte) => sum * 256n + BigInt(byte), 0n);
    message = encode(`cosignature/v1\ntime ${time}\n${text}`);
    signature = signature.slice(8);
  } else if (key.algorithm !== 1) {
    return null;
  }
  return crypto.subtle.verify("Ed25519", imported, signature, message);
};

// Who has signed the checkpoint, of those the policy trusts.
const signers = async (checkpoint, keys) => {
  const found = { log: false, witnesses: [], unchecked: false };
  for (const line of checkpoint.signatures) {
    const key = keys.find((key) => key.name === line.name && same(key.id, line.bytes.slice(0, 4)));
    if (!key) continue;
    if (key.role === "log" && key.name !== checkpoint.origin) continue;
    const valid = await verify(key, line, checkpoint.text);
    if (valid === null) found.unchecked = true;
    else if (!valid) throw new Error(`the signature of ${key.name} is wrong`);
    else if (key.role === "log") found.log = true;
    else found.witnesses.push(key.name);
  }
  return found;
};

const fetched = async (url) => {
  const answer = await fetch(url, { credentials: "same-origin", cache: "no-store" });
  if (!answer.ok) throw new Error(`${url} is not to be had (${answer.status})`);
  return new Uint8Array(await answer.arrayBuffer());
};

const run = async (list) => {
  const base = list.getAttribute("data-proof");
  const summary = document.getElementById("proof-summary");
  const mark = (step, good, words) => {
    const item = list.querySelector(`[data-step="${step}"]`);
    item.setAttribute("data-state", good === null ? "open" : good ? "good" : "bad");
    item.querySelector(".result").textContent = `${good === null ? "– " : good ? "✓ " : "✗ "}${words}`;
    if (good === false) throw new Error(words);
  };
  try {
    const text = new TextDecoder("utf-8", { fatal: true });
    const proof = parseProof(text.decode(await fetched(`${base}/proof`)));
    const { evidence } = proof;
    let leaf = encode(document.getElementById("leaf-entry")?.textContent ?? "");
    if (evidence) {
      const object = await fetched(`${base}/object`);
      const digest = await sha256(object);
      mark("bytes", same(digest, unhash(evidence.bytes)), `SHA-256 of the ${object.length} bytes of the object is ${hex(digest)}`);
      const named = JSON.parse(text.decode(object)).id === evidence.object;
      const salted = [unbase64(evidence.salt), digest, encode(evidence.object), unhash(evidence.decision)];
      const commitment = await sha256([0], ...salted);
      mark("commitment", named && evidence.salt.length === 24, `salt, bytes, id and decision give ${base64(commitment)}`);
      leaf = unbase64(evidence.leaf);
      const says = JSON.parse(text.decode(leaf));
      const size = decimal(evidence.inner_size);
      const inner = await climb(commitment, decimal(evidence.inner_index), size, evidence.inner_path.map(unbase64));
      const fits = inner !== null && BigInt(says.n) === size && base64(inner) === says.inner;
      mark("inner", fits, `object ${BigInt(evidence.inner_index) + 1n} of ${size} leads to the root that the leaf names`);
    }
    if (leaf.length === 0) throw new Error("the page shows no leaf");
    const numbered = BigInt(JSON.parse(text.decode(leaf)).seq) === proof.index;
    const leafHash = await sha256([0], leaf);
    mark("leaf", numbered, `the leaf has the hash ${base64(leafHash)} and calls itself number ${proof.index}`);
    const checkpoint = parseCheckpoint(proof.checkpoint);
    const root = await climb(leafHash, proof.index, checkpoint.size, proof.path);
    mark("root", root !== null && same(root, checkpoint.root), `${proof.path.length} hashes lead to the root of the checkpoint`);
    const found = await signers(checkpoint, await parsePolicy(text.decode(await fetched(`${base}/policy`))));
    if (found.log) {
      const cosigned = found.witnesses.length > 0 ? `; cosigned by ${found.witnesses.join(", ")}` : "; no cosignature that the policy knows";
      mark("signature", true, `${checkpoint.origin} has signed it${cosigned}`);
      summary.textContent = "Verified in this browser: inclusion and signature. The key is the one this page names; compare it with the agreement.";
    } else if (found.unchecked) {
      mark("signature", null, "not checked in this browser, which does not know Ed25519");
      summary.textContent = "Inclusion verified; signature not checked in this browser. The command below checks it.";
    } else {
      mark("signature", false, "no signature is by the key of the log");
    }
    summary.className = found.log ? "notice good" : "notice warn";
  } catch (error) {
    summary.textContent = `This does not hold together: ${error.message}`;
    summary.className = "notice bad";
  }
};

for (const list of document.querySelectorAll("[data-proof]")) {
  // Outside a secure context there is no WebCrypto; the page then stays as the server sent it: not checked.
  if (globalThis.crypto?.subtle) run(list);
}
