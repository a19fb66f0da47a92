// The page's one script: gets in by the link's code, shows what the stream brings, sends what is pressed.
// It knows no rule: a refusal is an answer, and shown with its hint.
'use strict';
const $ = (id) => document.getElementById(id);
// What the page says, in its language, and a sentence of it with its braces filled in.
const texts = JSON.parse($('texts').textContent);
const say = (sentence, data) => sentence.replace(/\{(\w+)\}/g, (_, name) => data[name]);
const header = { 'portal-agent-api': '1' };
let device = null, name = '', devices = [], stream = null, place = null, retry = 0, timer = 0, pulse = 0, offline = false, key = null;
let view = 'one', beside = [], only = '';

const store = {
  get: (name) => { try { return localStorage.getItem(name); } catch { return null; } },
  set: (name, value) => { try { localStorage.setItem(name, value); } catch { /* private windows */ } },
};

function gate(title, text) {
  stop();
  $('board').hidden = $('when').hidden = $('several').hidden = true;
  $('gate').hidden = false;
  $('gate-title').textContent = title;
  $('gate-text').textContent = text;
}

function live(word, kind) {
  $('live').textContent = word;
  $('live').className = 'live push-right ' + kind;
}

const post = (path, body) => fetch(path, { method: 'POST', headers: { ...header, 'content-type': 'application/json' }, body: JSON.stringify(body) });
const hex = (buffer) => [...new Uint8Array(buffer)].map((byte) => byte.toString(16).padStart(2, '0')).join('');

async function begin() {
  const code = location.hash.slice(1);
  if (code) {
    // Out of the address bar and the history before anything else.
    history.replaceState(null, '', location.pathname + location.search);
    await post('session', { code }).catch(() => {});
  }
  await connect();
}

// This page's own key, by which a daemon that is started anew knows it again. It is in this tab alone: nothing that another
// program could take from the daemon's port, should it get it meanwhile.
async function introduce() {
  if (key || !crypto.subtle) return;
  const pair = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign']);
  const made = { sign: pair.privateKey, text: hex(await crypto.subtle.exportKey('raw', pair.publicKey)) };
  if ((await post('key', { key: made.text })).ok) key = made;
}

async function resumed() {
  if (!key) return false;
  const { challenge } = await (await post('challenge', {})).json();
  const text = new TextEncoder().encode('portal-agent page\n' + location.host + '\n' + challenge);
  const signature = hex(await crypto.subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, key.sign, text));
  return (await post('resume', { key: key.text, challenge, signature })).ok;
}

async function connect() {
  clearTimeout(timer);
  const ask = () => fetch('/v1/devices', { signal: AbortSignal.timeout(4000) });
  let answer;
  try {
    answer = await ask();
    if (answer.status === 401 && await resumed()) answer = await ask();
    if (answer.status === 401) return gate(texts.noAccess, texts.noAccessWhy);
    if (answer.status === 403) return gate(texts.anew, texts.anewWhy);
    if (!answer.ok) return lost();
    devices = (await answer.json()).hosted;
    introduce().catch(() => {});
  } catch { return lost(); }
  const asked = device || readAddress();
  const known = (id) => devices.find((one) => one.deviceId === id);
  const found = known(asked) || devices[0];
  if (!found) return gate(texts.noDevice, texts.noDeviceWhy);
  if (device && found.deviceId !== device) {
    notice(say(texts.gone, { name: isolated(name), other: isolated(found.deviceName) }));
  }
  $('gate').hidden = true;
  choose(found.deviceId);
}

function choose(id) {
  if (id !== device) place = null;
  device = id;
  name = devices.find((one) => one.deviceId === id).deviceName;
  showDevices();
  view === 'one' ? follow() : followSeveral();
}

function stop() {
  if (stream) stream.close();
  stream = null;
  clearTimeout(timer);
  clearTimeout(pulse);
}

// The daemon says something every two seconds; where it does not it is gone, or does not answer.
function alive() {
  clearTimeout(pulse);
  pulse = setTimeout(lost, 4500);
}

// Text of others as the daemon writes it into its HTML: what could turn the direction of other text is written out.
const shown = (text) => text.replaceAll(/[\0-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufffe\uffff]/gu, (c) => '\\u{' + c.codePointAt(0).toString(16) + '}');
// Within a sentence, whose direction stays its own.
const isolated = (text) => '\u2068' + shown(text) + '\u2069';

function bdi(text) {
  const one = document.createElement('bdi');
  one.textContent = text;
  return one;
}

function notice(text) {
  $('notice').replaceChildren(...text.split(/[\u2068\u2069]/).map((part, at) => at % 2 ? bdi(part) : part));
  $('notice').hidden = !text;
}

function follow() {
  const query = new URLSearchParams({ device });
  if (place) { query.set('event', place.event); if (place.sequence) query.set('sequence', place.sequence); }
  document.body.classList.toggle('bygone', !!place);
  $('do').inert = !!place;
  listen('live?' + query);
}

function listen(url) {
  stop();
  stream = new EventSource(url);
  alive();
  stream.addEventListener('beat', alive);
  stream.addEventListener('regions', (event) => {
    alive();
    retry = 0;
    $('lost').hidden = true;
    const regions = JSON.parse(event.data);
    for (const [name, part] of Object.entries(regions)) {
      if (typeof part === 'string') patch($(name), part);
      else if (part.set) patchList($(name), part);
    }
    if (regions.state) show(regions.state);
    if (regions.running) runs(regions.running);
    if (regions.grid) sift();
    place ? live(texts.was, 'was') : live(texts.live, '');
  });
  stream.addEventListener('gone', (event) => { place = null; notice(JSON.parse(event.data)); connect(); });
  stream.onerror = () => lost();
}

function lost() {
  stop();
  live(texts.lost, 'no');
  $('lost').hidden = false;
  $('lost-long').hidden = ++retry < 8;
  timer = setTimeout(connect, 300 * Math.min(retry, 5));
}

// Replaces what is inside, and keeps what the reader has opened or stands on.
function patch(region, html) {
  const open = new Set([...region.querySelectorAll('details[open]')].map((one) => one.id));
  const shut = new Set([...region.querySelectorAll('details:not([open])')].map((one) => one.id));
  const focus = document.activeElement && region.contains(document.activeElement) ? document.activeElement.id : '';
  const drafts = new Map([...region.querySelectorAll('input,textarea')].filter((one) => one.id).map((one) => [one.id, one.type === 'checkbox' ? one.checked : one.value]));
  region.innerHTML = html;
  for (const one of region.querySelectorAll('details')) {
    if (open.has(one.id)) one.open = true;
    if (shut.has(one.id)) one.open = false;
  }
  for (const [id, value] of drafts) { const field = $(id); if (field) field.type === 'checkbox' ? field.checked = value : field.value = value; }
  const again = focus && $(focus);
  if (again) again.focus({ preventScroll: true });
}

// A list's children, each known by its key: only what is new or changed is made.
function patchList(list, { order, set }) {
  const focus = document.activeElement && list.contains(document.activeElement) ? document.activeElement.id : '';
  const items = new Map([...list.children].map((one) => [one.dataset.key, one]));
  for (const [key, html] of Object.entries(set)) {
    const made = document.createElement('template');
    made.innerHTML = html;
    const item = made.content.firstElementChild;
    item.dataset.key = key;
    items.get(key)?.replaceWith(item);
    items.set(key, item);
  }
  if (!order) return;
  const kept = new Set(order);
  for (const [key, item] of items) if (!kept.has(key)) item.remove();
  order.forEach((key, at) => { if (list.children[at] !== items.get(key)) list.insertBefore(items.get(key), list.children[at] || null); });
  if (focus && document.activeElement.id !== focus) $(focus)?.focus({ preventScroll: true });
  const current = list.querySelector('[aria-current=true]');
  if (current) list.scrollLeft = current.offsetLeft + current.offsetWidth - list.clientWidth / 2;
}

// What waits at the broker while the device is away nobody tells the daemon of: known is only what this page sent.
function wait(title) {
  const [card, kind, name] = ['div', 'p', 'p'].map((tag) => document.createElement(tag));
  card.className = 'ghost wait sent small';
  kind.className = 'k';
  kind.textContent = texts.sentAway;
  name.className = 'gt';
  name.dir = 'auto';
  name.textContent = shown(title);
  card.append(kind, name);
  $('sent').prepend(card);
}

function show(state) {
  offline = state.offline;
  if (!offline) $('sent').replaceChildren();
  for (const one of document.querySelectorAll('[data-switch]')) {
    const on = !!state[one.dataset.switch];
    one.setAttribute('aria-checked', String(on));
    Object.assign(one.dataset, JSON.parse(on ? one.dataset.off : one.dataset.on));
  }
}

function looks() {
  const look = document.body.dataset.look;
  for (const tab of document.querySelectorAll('[data-look-at]')) tab.setAttribute('aria-pressed', String(tab.dataset.lookAt === look));
}

function tell(text, refused) {
  const echo = $('echo');
  echo.hidden = false;
  echo.classList.toggle('refused', !!refused);
  // Documents are cited by title here: numbers of sections are the command line's.
  $('echo-answer').textContent = text.replace(/ \(facts [\d., ]+\)/g, '').replace(/\(facts [\d., ]+: /g, '(');
}

const refuse = ({ message, hint }) => tell(say(hint ? texts.refusedHint : texts.refused, { message, hint }), true);

const quoted = (text) => /^[\w@%+=:,./-]+$/.test(text) ? text : "'" + text.replaceAll("'", "'\\''") + "'";

// The line that does the same: with several devices it names the one that is meant.
const typed = (line, path) => {
  const meant = !line.startsWith('device remove') && devices.find((one) => path.includes(one.deviceId));
  return 'portal-agent ' + (devices.length > 1 && meant && !line.includes(' --group ') ? '--device ' + quoted(meant.deviceName) + ' ' : '') + line;
};

async function send(method, path, body, line, before) {
  $('echo-line').textContent = (before || '') + typed(line, path);
  return ask(method, path, body);
}

async function ask(method, path, body) {
  tell('…');
  try {
    const sent = () => fetch(path, { method, headers: { ...header, 'content-type': 'application/json' }, body });
    let answer = await sent();
    // The cookie is gone: by its key the page may get another, else it says how.
    if (answer.status === 401 && await resumed()) answer = await sent();
    if (answer.status === 401) { tell(texts.refusedAccess, true); connect(); return false; }
    const json = await answer.json();
    if (json.error) { refuse(json.error); return false; }
    // Which devices there are has changed.
    if (json.hosted || path === '/v1/devices') connect();
    tell(json.note ? say(texts.noted, json) : json.ids ? say(texts.sent, { number: json.ids.length }) : texts.done);
    if (path.endsWith('/push') && offline) wait(JSON.parse(body).notificationTitle);
    return true;
  } catch { tell(texts.noAnswer, true); return false; }
}

// Several commands in their order, up to the first that is refused.
async function sendAll(requests) {
  $('echo-line').textContent = requests.map((one) => typed(one.line, one.path)).join('\n');
  $('echo').ariaBusy = 'true';
  for (const one of requests) if (!await ask(one.method, one.path, one.body)) break;
  $('echo').ariaBusy = 'false';
}

// What a form says, as a body and as a line: the same names that the command line has.
function submit(form) {
  const body = {}, words = [form.dataset.line];
  let piped = '';
  for (const field of form.elements) {
    const { member, kind, long } = field.dataset;
    if (!member) continue;
    const text = field.value;
    if (kind === 'flag') {
      if (field.checked) { body[member] = JSON.parse(field.dataset.value); words.push('--' + long); }
    } else if (text === '') {
      continue;
    } else if (kind === 'choice') {
      body[member] = JSON.parse(text);
      words.push('--' + long, field.selectedOptions[0].textContent);
    } else if (kind === 'pair') {
      const at = text.indexOf('=');
      Object.assign(body, { name: text.slice(0, at), value: text.slice(at + 1) });
      words.push(quoted(text));
    } else if (kind === 'piped') {
      body[member] = text;
      piped = "printf '%s' " + quoted(text) + ' | ';
    } else if (kind === 'many') {
      body[member] = text.split(/[\s,]+/).filter(Boolean);
      for (const one of body[member]) words.push('--' + long, quoted(one));
    } else {
      body[member] = kind === 'number' ? Number(text) : text;
      long ? words.push('--' + long, quoted(text)) : words.push(quoted(text));
    }
  }
  // What names its device where others would only be meant for it.
  if (form.dataset.named !== undefined) words.push(quoted(name));
  // A group is an address of its own.
  const line = words.join(' ');
  send(form.dataset.method, form.dataset.path, JSON.stringify(body), body.group ? line.replace(' --here', '') : line, piped);
}

document.addEventListener('submit', (event) => { event.preventDefault(); event.target.id === 'together' ? sendTogether() : submit(event.target); });
document.addEventListener('input', (event) => {
  if (event.target.id === 'grid-find') sift();
  if (event.target.dataset.beside) toggle(event.target.dataset.beside);
});

document.addEventListener('click', (event) => {
  const hit = event.target.closest('button');
  if (!hit) return;
  notice('');
  const data = hit.dataset;
  if (data.path && !data.line) order(JSON.parse(data.body).order);
  else if (data.path) {
    const returns = hit.classList.contains('back');
    if (place && !returns) return tell(texts.refusedPast, true);
    send(data.method, data.path, data.body, data.line).then(() => { if (returns) { place = null; follow(); } });
  }
  else if (data.lines) sendAll(JSON.parse(data.lines));
  else if (data.device) { view = 'one'; choose(data.device); }
  else if (data.view) chooseView(data.view);
  else if (data.toggle) toggle(data.toggle);
  else if (data.only !== undefined) { only = data.only; sift(); }
  else if (data.event) { place = { event: data.event, sequence: data.sequence }; follow(); }
  else if (data.lookAt) { document.body.dataset.look = data.lookAt; looks(); }
  else if (data.step) step(Number(data.step));
  else if (hit.id === 'now') { place = null; follow(); }
  else if (hit.id === 'stage') stage(!document.documentElement.classList.contains('stage'));
  else if (hit.id === 'theme') theme();
  else if (hit.id === 'copy') navigator.clipboard.writeText($('echo-line').textContent).then(() => { hit.textContent = texts.copied; });
});

// One entry back or on; behind the newest is now.
function step(by) {
  const entries = [...document.querySelectorAll('#line [data-event]')];
  const at = entries.findIndex((one) => one.getAttribute('aria-current') === 'true');
  const next = entries[at + by];
  if (next) { place = { event: next.dataset.event, sequence: next.dataset.sequence }; follow(); }
  else if (by > 0 && place) { place = null; follow(); }
}

function stage(on) {
  // What has the focus there is hidden on the stage, and a key would still be its own until the next frame.
  if (on && document.activeElement && document.activeElement.closest('.do')) document.activeElement.blur();
  document.documentElement.classList.toggle('stage', on);
  $('stage').setAttribute('aria-pressed', String(on));
}

// Keys work on the stage alone, and never in a field (WCAG 2.1.4).
document.addEventListener('keydown', (event) => {
  if (!document.documentElement.classList.contains('stage') || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest('input,textarea,select')) return;
  const actions = { ArrowLeft: () => step(-1), PageUp: () => step(-1), ArrowRight: () => step(1), PageDown: () => step(1), Escape: () => stage(false) };
  const act = actions[event.key];
  if (act) { event.preventDefault(); act(); }
});

function theme() {
  const dark = matchMedia('(prefers-color-scheme: dark)').matches;
  const now = document.documentElement.dataset.theme || (dark ? 'dark' : 'light');
  document.documentElement.dataset.theme = now === 'dark' ? 'light' : 'dark';
  store.set('theme', document.documentElement.dataset.theme);
}

// A browser opens six connections to a host: a tab that nobody sees gives its own back.
document.addEventListener('visibilitychange', () => {
  if (document.hidden) stop(); else if (device) connect();
});

if (store.get('theme')) document.documentElement.dataset.theme = store.get('theme');
begin();
