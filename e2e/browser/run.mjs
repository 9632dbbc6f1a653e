// The console in a real Chromium: every page is visited, and the page itself must not break its own rules.
//
// Allowed on any page: no event of the Content-Security-Policy, no error in the console, no uncaught error, no dialog,
// no request to another origin, no finding of axe-core. The list of policy events is kept by a script that runs before
// the page's own, and is read before axe runs, since evaluating code from outside lifts the policy's ban on eval.
// The test is tested first: planted faults must be found, or the run fails.

import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const here = path.dirname(fileURLToPath(import.meta.url));
const modules = process.env.ENTENTE_NODE_MODULES ?? path.join(here, 'node_modules');
const load = createRequire(path.join(modules, 'resolve.js'));
const { chromium } = load('playwright-core');
const axeSource = readFileSync(load.resolve('axe-core/axe.min.js'), 'utf8');

const PAGES_MAX = 120; // LIMIT: pages of one node; about two seconds each.
const PAGES_OF_ONE_SHAPE_MAX = 4; // Object pages differ by their id only.
const READY_MS_MAX = 240_000;
const SEEDS = ['/', '/search?q=198.51.100', '/check', '/agreements', '/ledger', '/parties', '/help'];
const HOSTILE = '"><svg onload=alert(1)><img src=x onerror=alert(2)>{{7*7}}\u202Etxt.exe';
const SHOWN = { '/': 'home', '/check': 'check', '/objects/*': 'object', '/agreements/*': 'agreement', '/ledger': 'ledger' };

const out = path.resolve(process.env.ENTENTE_OUT ?? path.join(here, '..', 'out', 'browser'));
const documents = path.join(here, '..', '..', 'docs', 'screenshots');
const updateScreenshots = process.argv.includes('--update-screenshots');

const tally = { passed: 0, failed: 0, skipped: 0 };

function check(statement, holds, detail = '') {
  tally[holds ? 'passed' : 'failed'] += 1;
  console.log(`${holds ? 'ok    ' : 'FAILED'} ${statement}`);
  if (!holds && detail !== '') {
    console.log(`       ${typeof detail === 'string' ? detail : JSON.stringify(detail)}`.slice(0, 2000));
  }
}

const none = (statement, found) => check(statement, found.length === 0, found.slice(0, 5));

// A page of the console is named by its shape: ids and numbers are starred, queries keep their names only.
function shape(url) {
  const parts = url.pathname.split('/').map((part) => (/--|\d|^agr-|%/.test(part) && part !== '' ? '*' : part));
  const query = [...new Set(url.searchParams.keys())].sort().join(',');
  const known = parts.length > 2 && ['objects', 'agreements', 'parties'].includes(parts[1]);
  return (known ? `/${parts[1]}/*${parts.slice(3).map((part) => `/${part}`).join('')}` : parts.join('/')) + (query ? `?${query}` : '');
}

async function startDemo(binary) {
  const directory = path.join(out, 'demo');
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
  const child = spawn(binary, ['demo', '--keep', directory, '--serve'], { stdio: ['ignore', 'pipe', 'pipe'] });
  let log = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (bytes) => (log = (log + bytes).slice(-4000)));
  }
  let ended = false;
  child.on('exit', () => (ended = true));
  child.on('error', (error) => ((ended = true), (log += error.message)));
  const ready = path.join(directory, 'serve.json');
  for (const until = Date.now() + READY_MS_MAX; !existsSync(ready); ) {
    if (ended || Date.now() > until) {
      child.kill('SIGTERM');
      throw new Error(`the demonstration is not serving: ${log.slice(-1500)}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return { child, nodes: JSON.parse(readFileSync(ready, 'utf8')).nodes };
}

// Opens a context whose pages report everything they are not allowed to do.
async function watched(browser, origin, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  await context.addInitScript(() => {
    window.policyEvents = [];
    document.addEventListener('securitypolicyviolation', (event) => {
      window.policyEvents.push(`${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`);
    });
  });
  const page = await context.newPage();
  const faults = { console: [], errors: [], foreign: [], dialogs: [] };
  page.on('console', (message) => message.type() === 'error' && faults.console.push(message.text()));
  page.on('pageerror', (error) => faults.errors.push(String(error)));
  page.on('dialog', (dialog) => (faults.dialogs.push(dialog.message()), dialog.dismiss()));
  page.on('request', (request) => {
    const url = new URL(request.url());
    if (url.protocol !== 'data:' && url.origin !== origin) faults.foreign.push(request.url());
  });
  return { context, page, faults };
}

// Evaluates axe in the page; `policyEvents` must have been read before.
async function axe(page) {
  await page.evaluate(axeSource);
  const { violations } = await page.evaluate(() =>
    window.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }),
  );
  return violations.map(({ id, impact, nodes }) => `${id} (${impact}): ${nodes.slice(0, 3).map((node) => node.html).join(' ')}`);
}

async function plantedFaults(browser) {
  const { context, page, faults } = await watched(browser, 'null');
  const policy = `<meta http-equiv="Content-Security-Policy" content="script-src 'none'">`;
  const body = `<html lang="en"><title>planted</title>${policy}<main><h1>planted</h1><button></button><img src="data:,"><script>1</script></main>`;
  await page.goto(`data:text/html,${encodeURIComponent(body)}`);
  const events = await page.evaluate(() => window.policyEvents);
  check('test of the test: a planted inline script is seen', events.some((event) => event.startsWith('script-src')), events);
  check('test of the test: a planted console error is seen', faults.console.length > 0);
  const found = await axe(page);
  check('test of the test: a planted button without a name is seen', found.some((one) => one.startsWith('button-name')), found);
  check('test of the test: a planted image without a text is seen', found.some((one) => one.startsWith('image-alt')), found);
  await context.close();
}

async function visit(browser, node, pagesMax, saved) {
  const origin = new URL(node.url).origin;
  const { context, page, faults } = await watched(browser, origin);
  await page.goto(node.console_link, { waitUntil: 'load' });
  // A link alone changes nothing, so that a preview cannot use it up.
  await leaving(page, () => page.getByRole('button', { name: 'Open the console' }).click());
  check(`${node.party}: the one-time link opens the console`, new URL(page.url()).pathname !== '/enter', page.url());
  const pending = SEEDS.map((seed) => new URL(seed, origin).href);
  const seen = new Set(pending);
  const shapes = new Map();
  let visited = 0;
  while (pending.length > 0 && visited < pagesMax) {
    const url = new URL(pending.shift());
    const kind = shape(url);
    const already = shapes.get(kind) ?? 0;
    if (already >= PAGES_OF_ONE_SHAPE_MAX) continue;
    let response;
    try {
      response = await page.goto(url.href, { waitUntil: 'load', timeout: 20_000 });
    } catch (error) {
      // A link may be a file to keep; a browser reports that as a failed navigation.
      if (/Download is starting|ERR_ABORTED/.test(String(error))) continue;
      check(`${node.party} ${url.pathname}: opens`, false, String(error));
      continue;
    }
    const head = response?.headers() ?? {};
    if (!(head['content-type'] ?? '').startsWith('text/html')) continue;
    shapes.set(kind, already + 1);
    visited += 1;
    const title = `${node.party} ${url.pathname}${url.search}`;
    await page.waitForLoadState('networkidle', { timeout: 3_000 }).catch(() => {});
    check(`${title}: is answered with 200`, response.status() === 200, response.status());
    const policy = head['content-security-policy'] ?? '';
    check(`${title}: carries the strict policy`, policy.includes("default-src 'none'") && !/unsafe|https?:|\*/.test(policy), policy);
    none(`${title}: no event of the policy`, await page.evaluate(() => window.policyEvents));
    check(`${title}: has one h1 and a language`, await page.evaluate(() => document.querySelectorAll('h1').length === 1 && document.documentElement.lang !== ''));
    const links = await page.$$eval('a[href]:not([download])', (anchors) => anchors.map((anchor) => anchor.href));
    if (already === 0) {
      const name = (SHOWN[kind] ?? kind.replace(/[^a-z]+/g, '-').replace(/^-|-$/g, '')) || 'page';
      if (node === saved) {
        await page.screenshot({ path: path.join(out, `${name}.png`) });
        if (updateScreenshots && SHOWN[kind]) await page.screenshot({ path: path.join(documents, `${name}.png`) });
      }
      none(`${title}: axe finds nothing`, await axe(page));
      await page.emulateMedia({ colorScheme: 'dark' });
      none(`${title}: axe finds nothing in the dark`, await axe(page));
      await page.emulateMedia({ colorScheme: 'light' });
    }
    for (const link of links) {
      const next = new URL(link);
      next.hash = '';
      if (!/^https?:$/.test(next.protocol)) continue;
      if (next.origin !== origin) {
        check(`${title}: links to its own origin only`, false, link);
      } else if (!seen.has(next.href) && !/^\/(leave|logout|enter|taxii2)\b/.test(next.pathname)) {
        seen.add(next.href);
        pending.push(next.href);
      }
    }
  }
  check(`${node.party}: pages were visited`, visited >= SEEDS.length, visited);
  console.log(`       ${node.party}: ${visited} pages of ${shapes.size} shapes`);

  await page.goto(`${origin}/search?q=${encodeURIComponent(HOSTILE)}`, { waitUntil: 'load' });
  check(`${node.party}: hostile text in the search makes no element`, (await page.locator('svg[onload], img[onerror]').count()) === 0);
  none(`${node.party}: hostile text in the search makes no event of the policy`, await page.evaluate(() => window.policyEvents));
  none(`${node.party}: no error in the console`, faults.console);
  none(`${node.party}: no uncaught error`, faults.errors);
  none(`${node.party}: no dialog`, faults.dialogs);
  none(`${node.party}: no request to another origin`, faults.foreign);
  const state = await context.storageState();
  await context.close();
  return state;
}

// The key jobs once without any script: search, and checking a list.
async function withoutScript(browser, node, state) {
  const origin = new URL(node.url).origin;
  const { context, page } = await watched(browser, origin, { javaScriptEnabled: false, storageState: state });
  for (const seed of SEEDS) {
    const response = await page.goto(new URL(seed, origin).href, { waitUntil: 'load' });
    check(`${node.party} ${seed}: works without script`, response.status() === 200 && (await page.locator('h1').count()) === 1);
  }
  await page.goto(`${origin}/check`);
  const text = page.locator('main textarea').first();
  await text.fill('198.51.100[.]25\nhxxp://login-gov[.]example/x\nfoo bar');
  const send = text.locator('xpath=ancestor::form').locator('button, input[type=submit]').first();
  await leaving(page, () => send.click());
  const answer = await page.locator('main').innerText();
  check(`${node.party}: a pasted list is checked without script`, /198\.51\.100/.test(answer.replaceAll('[.]', '.')), answer.slice(0, 400));
  await context.close();
}

// The page itself is opened, and nothing it is not allowed to do happens, in the light and in the dark.
async function sound(page, title) {
  none(`${title}: no event of the policy`, await page.evaluate(() => window.policyEvents));
  for (const colorScheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme });
    none(`${title}: axe finds nothing in the ${colorScheme}`, await axe(page));
  }
  await page.emulateMedia({ colorScheme: 'light' });
}

// Left-to-right parts of a right-to-left text: the characters of each stand in their logical order (console.md 9.3).
const turned = (page) =>
  page.evaluate(() => {
    const wrong = [];
    for (const part of document.querySelectorAll('[dir=rtl] bdi[dir=ltr], .t, [data-planted]')) {
      const text = part.firstChild;
      // One that runs over a line's end is left out; one that is turned round may consist of several boxes on its line.
      const boxes = [...part.getClientRects()];
      if (!(text instanceof Text) || boxes.some((box) => Math.abs(box.top - boxes[0].top) > 1)) continue;
      let last = -Infinity;
      for (let at = 0; at < text.length; at += 1) {
        const range = document.createRange();
        range.setStart(text, at);
        range.setEnd(text, at + 1);
        const box = range.getBoundingClientRect();
        if (box.width > 0 && box.left < last - 0.5) {
          wrong.push(part.textContent);
          break;
        }
        if (box.width > 0) last = box.left;
      }
    }
    return wrong;
  });

// Plain words in Arabic: from right to left, with dates and codes that stay as they are.
async function arabic(page, origin, agreement) {
  await page.goto(`${origin}/agreements/${agreement}?lang=ar`);
  const words = page.locator('ul.sentences[dir=rtl][lang=ar]');
  check('Arabic: the plain words run from right to left', (await words.count()) === 1);
  check('Arabic: the rest of the page stays as it is', (await page.getAttribute('html', 'dir')) === 'ltr');
  none('Arabic: no date and no code is turned round', await turned(page));
  await sound(page, 'Arabic');
  await page.evaluate(() => {
    const part = document.createElement('span');
    part.setAttribute('data-planted', '');
    part.textContent = '2026-11-01';
    const line = document.createElement('p');
    line.dir = 'rtl';
    line.append('\u0645\u0646 ', part);
    document.querySelector('main').append(line);
  });
  const found = await turned(page);
  check('test of the test: a date that is turned round is seen', found.includes('2026-11-01'), found);
}

// Does what leads to another page, and waits for that page: the present one is loaded already.
async function leaving(page, act) {
  const navigated = page.waitForEvent('framenavigated', (frame) => frame === page.mainFrame());
  await act();
  await navigated;
  await page.waitForLoadState('load');
}

// A text that permits more is compared and simulated by keyboard alone; without script; and with hostile text in it.
async function drafts(browser, page, origin, agreement, state) {
  const note = await (await page.request.get(`${origin}/agreements/${agreement}/versions/1`)).text();
  const text = note.slice(0, note.indexOf('\n\n\u2014 ') + 1);
  const hidden = text.replace('confidence_min = 30', 'confidence_min = 1');
  check('compare: the test has a text that permits more', hidden !== text);
  await page.goto(`${origin}/agreements/${agreement}/compare`);
  await page.locator('#text').focus();
  await page.locator('#text').fill(hidden);
  await page.keyboard.press('Tab');
  for (let stops = 0; stops < 6 && !(await page.evaluate(() => document.activeElement.matches('button.primary'))); stops += 1) {
    await page.keyboard.press('Tab');
  }
  await leaving(page, () => page.keyboard.press('Enter'));
  const answer = await page.locator('main').innerText();
  check('compare: a hidden broader amendment is found by keyboard alone (A22)', /broader/i.test(answer) && /asks for a confidence/.test(answer), answer.slice(0, 400));
  check('compare: the counterexample is in sight', await page.locator('.regions .added pre').first().isVisible());
  await sound(page, 'compare');
  await page.goto(`${origin}/agreements/${agreement}/compare`);
  await page.locator('#text').fill(`${text}\nx = "</textarea>${HOSTILE}"\n`);
  await leaving(page, () => page.locator('main button.primary').click());
  check('compare: hostile text makes no element', (await page.locator('svg[onload], img[onerror]').count()) === 0);
  check('compare: the fault is marked in its line', (await page.locator('.source mark').count()) > 0);
  await sound(page, 'compare, refused');
  await page.goto(`${origin}/agreements/${agreement}/simulate`);
  await page.locator('#text').fill(hidden);
  await leaving(page, () => page.locator('main button.primary').click());
  check('simulate: the sentence says what would be released', /would release/.test(await page.locator('main').innerText()));
  await sound(page, 'simulate');
  const plain = await watched(browser, origin, { javaScriptEnabled: false, storageState: state });
  for (const screen of ['compare', 'simulate']) {
    await plain.page.goto(`${origin}/agreements/${agreement}/${screen}`);
    await plain.page.locator('#text').fill(hidden);
    await leaving(plain.page, () => plain.page.locator('main button.primary').click());
    check(`${screen}: works without script`, /broader|would release/i.test(await plain.page.locator('main').innerText()));
  }
  await plain.context.close();
}

// A receipt is recomputed in the browser; what does not hold, and what the browser cannot check, is not shown as checked.
async function proofs(browser, page, origin, agreement, recipient, state) {
  const path = `${origin}/receipts/${agreement}/${recipient}/1`;
  const summary = (on) => on.locator('#proof-summary').innerText();
  const settled = (on) => on.locator('#proof-summary.good, #proof-summary.bad, [data-step=signature][data-state]').first().waitFor({ timeout: 10_000 });
  await page.goto(path);
  await settled(page);
  check('receipt: inclusion and signature are verified in the browser', /^Verified in this browser/.test(await summary(page)), await summary(page));
  check('receipt: every step is good', (await page.locator('.proof [data-state=good]').count()) === 6);
  await sound(page, 'receipt');
  await page.goto(`${origin}/ledger/${agreement}/1`);
  await settled(page);
  check('leaf: inclusion and signature are verified in the browser', /^Verified in this browser/.test(await summary(page)), await summary(page));
  await sound(page, 'leaf');
  const wrong = {
    object: (body) => body.replace('"type"', '"Type"'),
    proof: (body) => body.replace(/\nindex (\d+)\n/, (_, index) => `\nindex ${Number(index) + 1}\n`),
    policy: (body) => body.replace(/\+A[A-Za-z0-9+/=]{43}/, `+AQ${'B'.repeat(42)}`),
  };
  for (const [part, change] of Object.entries(wrong)) {
    const other = await watched(browser, origin, { storageState: state });
    await other.page.route(`**/receipts/**/${part}`, async (route) => {
      const answer = await route.fetch();
      await route.fulfill({ response: answer, body: change(await answer.text()) });
    });
    await other.page.goto(path);
    await other.page.locator('#proof-summary.bad').waitFor({ timeout: 10_000 }).catch(() => {});
    check(`receipt: another ${part} is found out`, /does not hold together/.test(await summary(other.page)), await summary(other.page));
    await other.context.close();
  }
  const old = await watched(browser, origin, { storageState: state });
  await old.page.addInitScript(() => {
    crypto.subtle.importKey = () => Promise.reject(new Error('unknown algorithm'));
  });
  await old.page.goto(path);
  await settled(old.page);
  const said = await summary(old.page);
  check('receipt: a browser without Ed25519 says so and shows no full tick', /signature not checked in this browser/.test(said) && (await old.page.locator('[data-step=signature][data-state=good]').count()) === 0, said);
  await old.context.close();
  const plain = await watched(browser, origin, { javaScriptEnabled: false, storageState: state });
  await plain.page.goto(path);
  check('receipt: without script nothing is claimed', /^Not checked in this browser/.test(await summary(plain.page)));
  await plain.context.close();
}

async function screens(browser, node, state) {
  const origin = new URL(node.url).origin;
  const { context, page, faults } = await watched(browser, origin, { storageState: state });
  await page.goto(`${origin}/agreements`);
  const link = await page.locator('main table a[href^="/agreements/"]').first().getAttribute('href');
  const agreement = link.split('/')[2];
  await page.goto(`${origin}${link}`);
  const recipient = (await page.locator('main a[href^="/receipts/"]').first().getAttribute('href')).split('/')[3];
  await arabic(page, origin, agreement);
  await drafts(browser, page, origin, agreement, state);
  await proofs(browser, page, origin, agreement, recipient, state);
  // A refused form is answered with 422, which the browser reports.
  none(`${node.party}, screens: no error in the console`, faults.console.filter((text) => !/status of 422/.test(text)));
  none(`${node.party}, screens: no uncaught error`, faults.errors);
  none(`${node.party}, screens: no dialog`, faults.dialogs);
  none(`${node.party}, screens: no request to another origin`, faults.foreign);
  await context.close();
}

async function main() {
  const binary = process.env.ENTENTE_BIN;
  const executablePath = process.env.ENTENTE_CHROMIUM;
  if (!binary || !executablePath) throw new Error('ENTENTE_BIN and ENTENTE_CHROMIUM must be set');
  mkdirSync(out, { recursive: true });
  if (updateScreenshots) mkdirSync(documents, { recursive: true });
  const nowhere = `unix:path=${path.join(tmpdir(), 'no-such-bus')}`;
  const browser = await chromium.launch({
    executablePath,
    headless: true,
    args: [
      ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
      '--disable-background-networking', '--disable-component-update', '--disable-dev-shm-usage', '--disable-gpu',
      '--disable-quic', '--disable-sync', '--no-first-run',
    ],
    env: { ...process.env, DBUS_SESSION_BUS_ADDRESS: nowhere, DBUS_SYSTEM_BUS_ADDRESS: nowhere },
  });
  let demo;
  try {
    await plantedFaults(browser);
    demo = await startDemo(binary);
    const hub = demo.nodes.find((node) => node.party === 'fusion') ?? demo.nodes[0];
    for (const node of demo.nodes) {
      const state = await visit(browser, node, node === hub ? PAGES_MAX : 15, hub);
      if (node === hub) {
        await withoutScript(browser, node, state);
        await screens(browser, node, state);
      }
    }
  } finally {
    demo?.child.kill('SIGTERM');
    await browser.close();
  }
}

try {
  await main();
} catch (error) {
  check('the suite runs to its end', false, String(error?.stack ?? error));
}
console.log(`suite browser: passed=${tally.passed} failed=${tally.failed} skipped=${tally.skipped}`);
process.exitCode = tally.failed > 0 ? 1 : 0;
