// The page: what the service tells, drawn; what is pressed, told to the service.
'use strict';

const $ = id => document.getElementById(id);

const NAMES = ['C', 'C♯', 'D', 'E♭', 'E', 'F', 'F♯', 'G', 'A♭', 'A', 'B♭', 'B'];
const pitchName = pitch => NAMES[pitch % 12] + (Math.floor(pitch / 12) - 1);

// From all help to none: what a beginner reads, and the commands it stands for.
const HELP = [
  ['It plays for me', 'Any key sounds the right note. Only your rhythm counts.', 'generate'],
  ['Much help', 'The piece counts more than your keys. Most wrong keys are repaired.', 'correct', 0.5],
  ['Normal help', 'Wrong keys are repaired where it is clear what you meant.', 'correct', 1],
  ['A little help', 'Only the plainest wrong keys are repaired.', 'correct', 2],
  ['No help', 'You hear exactly what you play.', 'off'],
];

function element(tag, text, className) {
  const made = document.createElement(tag);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
}

// Texts that have not changed are left alone, so that a screen reader is not told again.
function say(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

// --- Asking ---

async function ask(method, path, body) {
  let answer;
  try {
    answer = await fetch(path, { method, body, credentials: 'same-origin', cache: 'no-store' });
  } catch {
    throw new Error('The box cannot be reached');
  }
  if (answer.status === 401) throw new Error('This phone is not let in any more: open the address again');
  const text = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(text.error || `The box refuses (${answer.status})`);
  return text;
}

async function command(name, value) {
  say($('answer'), '');
  try {
    return await ask('POST', '/api/command', JSON.stringify(value === undefined ? { command: name } : { command: name, value }));
  } catch (error) {
    say($('answer'), error.message);
    return null;
  }
}

// --- The keyboard ---

const SVG = 'http://www.w3.org/2000/svg';
const isBlack = pitch => [1, 3, 6, 8, 10].includes(pitch % 12);
const keyboard = { low: 48, high: 84, keys: new Map() };

function shape(tag, attributes) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

function drawKeyboard() {
  const svg = $('keys'), black = [], whites = [];
  let x = 0;
  keyboard.keys.clear();
  for (let pitch = keyboard.low; pitch <= keyboard.high; pitch++) {
    const narrow = isBlack(pitch);
    const group = shape('g', {});
    const key = shape('rect', narrow
      ? { class: 'black', x: x - 0.3, y: 0, width: 0.6, height: 3.6 }
      : { class: 'white', x, y: 0, width: 1, height: 6 });
    group.append(key);
    (narrow ? black : whites).push(group);
    keyboard.keys.set(pitch, { group, key, narrow, at: narrow ? x : x + 0.5, below: narrow ? 2.8 : 5 });
    if (!narrow) x++;
  }
  svg.setAttribute('viewBox', `0 0 ${x} 6`);
  svg.replaceChildren(...whites, ...black);
}

// The range grows by octaves; it never shrinks while the page is open.
function makeRoom(pitch) {
  if (pitch >= keyboard.low && pitch <= keyboard.high) return;
  while (pitch < keyboard.low) keyboard.low -= 12;
  while (pitch > keyboard.high) keyboard.high += 12;
  drawKeyboard();
  for (const each of new Set([...held.keys(), ...sounding.keys()])) paint(each);
}

const held = new Map(); // key -> the pitch that it sounds, or null
const sounding = new Map(); // pitch -> how often

function paint(pitch) {
  const drawn = keyboard.keys.get(pitch);
  if (!drawn) return;
  const sounds = held.get(pitch);
  const what = held.has(pitch)
    ? (sounds === pitch || sounds === null ? 'right' : 'wrong')
    : sounding.get(pitch) ? 'instead' : '';
  drawn.key.setAttribute('class', `${drawn.narrow ? 'black' : 'white'} ${what}`);
  while (drawn.group.childNodes.length > 1) drawn.group.lastChild.remove();
  const { at, below } = drawn;
  if (what === 'wrong') drawn.group.append(shape('path', { class: 'mark', d: `M${at - 0.2} ${below - 0.35}L${at + 0.2} ${below + 0.35}M${at + 0.2} ${below - 0.35}L${at - 0.2} ${below + 0.35}` }));
  if (what === 'instead') drawn.group.append(shape('ellipse', { class: 'dot', cx: at, cy: below, rx: 0.17, ry: 0.3 }));
}

function letGo() {
  const all = [...held.keys(), ...sounding.keys()];
  held.clear();
  sounding.clear();
  all.forEach(paint);
}

// --- What is played and sent ---

let pending = null; // the key that the next note sent answers
let corrections = [];
let latest = null; // status

function correct(played, sent) {
  const piece = latest && latest.piece;
  corrections.unshift(`You struck ${pitchName(played)}, ${pitchName(sent)} sounded${piece ? ` (bar ${piece.bar})` : ''}`);
  corrections = corrections.slice(0, 5);
  $('corrections').replaceChildren(...corrections.map(text => element('li', text)));
}

function take(event) {
  const [, what, status, pitch, velocity] = event;
  if (what === 'let go') { for (const key of [...held.keys()]) { held.delete(key); paint(key); } return; }
  const kind = status & 0xf0;
  if ((kind !== 0x80 && kind !== 0x90) || (status & 15) === 9) return;
  const on = kind === 0x90 && velocity > 0;
  if (on) makeRoom(pitch);
  if (what === 'played') {
    if (on) { held.set(pitch, null); pending = pitch; } else { held.delete(pitch); pending = null; }
  } else if (on) {
    sounding.set(pitch, (sounding.get(pitch) || 0) + 1);
    if (pending !== null) {
      held.set(pending, pitch);
      paint(pending);
      if (pending !== pitch) correct(pending, pitch);
      pending = null;
    }
  } else {
    const left = (sounding.get(pitch) || 0) - 1;
    if (left > 0) sounding.set(pitch, left); else sounding.delete(pitch);
  }
  paint(pitch);
}

// --- The status ---

function sureness(piece) {
  const share = Math.round(100 * piece.confidence);
  const words = share >= 90 ? 'Sure' : share >= 60 ? 'Fairly sure' : 'Only a guess';
  return `${words} (${share} %)`;
}

function drawWhere(status) {
  const piece = status.piece;
  const at = piece || status.clock;
  const beats = parseInt(at.meter, 10) || 4;
  const beat = Math.floor(at.beat_of_bar);
  const known = piece || status.clock.locked;
  say($('piece'), piece ? piece.name : status.repertoire.pieces ? 'No piece recognised yet' : 'There are no pieces yet: add one below');
  say($('sure'), piece ? sureness(piece) : '');
  say($('bar-text'), known ? `Bar ${Math.round(at.bar)} · ${beat}` : '–');
  const dots = $('beats');
  if (dots.childNodes.length !== Math.min(beats, 12)) dots.replaceChildren(...Array.from({ length: Math.min(beats, 12) }, () => element('i')));
  dots.childNodes.forEach((dot, i) => { dot.className = known && i === beat - 1 ? 'now' : ''; });
  say($('count'), `${status.notes} notes, ${status.corrected} corrected`);
}

let touched = 0; // when what the knob says was told: for a moment it counts, and not the status

function helpOf(status) {
  if (status.mode === 'generate') return 0;
  if (status.mode === 'off') return 4;
  return status.follow < 0.75 ? 1 : status.follow < 1.5 ? 2 : 3;
}

function drawHelp(position, scale) {
  const [title, words] = HELP[position];
  const knob = $('help-knob');
  knob.value = position;
  const text = scale ? 'In the mode “Scale” there is one strength of help. Move the knob to leave it.' : `${title}. ${words}`;
  say($('help-text'), text);
  if (knob.getAttribute('aria-valuetext') !== title) knob.setAttribute('aria-valuetext', title);
}

function drawControls(status) {
  $('bypass').setAttribute('aria-pressed', status.bypass);
  const checked = document.querySelector(`input[name=mode][value=${status.mode}]`);
  if (checked && !checked.checked) checked.checked = true;
  if (performance.now() - touched > 1500) drawHelp(helpOf(status), status.mode === 'scale');
}

function troublesOf(status) {
  const found = [];
  const { ports, recording } = status;
  if (!ports.open) found.push(`The box has no way to its devices: ${ports.trouble || 'it is starting'}`);
  else if (ports.backend !== 'virtual') {
    if (!ports.inputs.length) found.push('No keyboard is connected');
    if (!ports.outputs.length) found.push('Nothing that sounds is connected');
  }
  if (!status.repertoire.complete) found.push('Pieces are still being learned');
  else if (!status.repertoire.pieces) found.push('There are no pieces to correct by: add one');
  if (status.bypass) found.push('“Hear me as I play” is on: nothing is corrected');
  else if (status.mode === 'off') found.push('The mode is off: nothing is corrected');
  if (status.clock.missing) found.push('The MIDI clock that the settings ask for does not come in');
  if (recording && recording.trouble) found.push(`Nothing is recorded: ${recording.trouble}`);
  if (status.events && status.events.dropped) found.push(`${status.events.dropped} events could not be delivered to the synth`);
  return found;
}

function state(text, bad) {
  say($('state'), text);
  $('state').classList.toggle('bad', bad);
}

function drawTroubles(found, good) {
  state(found.length ? found[0] : good, found.length > 0);
  const texts = found.length ? found : ['Nothing: keyboard, pieces and sound are there'];
  const list = $('troubles');
  if ([...list.children].map(item => item.textContent).join() !== texts.join())
    list.replaceChildren(...texts.map(text => element('li', text)));
}

let shape0 = ''; // what lists depend on: they are asked for again when it changes

function onStatus(status) {
  if (!status.ok) { onLost(status.error); return; }
  if (!status.ports) return;
  latest = status;
  drawWhere(status);
  drawControls(status);
  drawFade(status);
  drawTroubles(troublesOf(status), 'Ready');
  const now = JSON.stringify([status.repertoire, status.ports, status.recording && status.recording.file, status.uptime < 5]);
  if (now !== shape0) {
    shape0 = now;
    drawPieces();
    drawDevices();
    drawRecordings();
  }
}

function onLost(why) {
  latest = null;
  shape0 = '';
  letGo();
  drawTroubles([why], '');
}

// --- Lists ---

function button(text, deed, label) {
  const made = element('button', text, 'plain');
  made.type = 'button';
  made.setAttribute('aria-label', label);
  made.addEventListener('click', deed);
  return made;
}

// The button that had the focus has it again after the list was drawn anew.
function replace(list, items, none) {
  const focus = list.contains(document.activeElement) ? document.activeElement.getAttribute('aria-label') : null;
  list.replaceChildren(...(items.length ? items : [element('li', none, 'none')]));
  if (focus) [...list.querySelectorAll('[aria-label]')].find(each => each.getAttribute('aria-label') === focus)?.focus();
}

function described(item, title, below) {
  const name = element('span', title, 'name');
  if (below) name.append(element('small', below));
  item.append(name);
}

// Removing takes two presses: the first asks. Lists drawn anew meanwhile keep the question.
let doubted = null; // the file that is asked about
let doubtTimer = 0;
const FORGET = '/'; // no file is called so

function isDoubted(what) {
  const again = doubted === what;
  clearTimeout(doubtTimer);
  doubted = again ? null : what;
  if (!again) doubtTimer = setTimeout(() => { doubted = null; drawQuestions(); }, 4000);
  drawQuestions();
  return !again;
}

function removing(file) {
  const made = button('', async () => {
    if (isDoubted(file)) return;
    try {
      await ask('DELETE', `/api/pieces/${encodeURIComponent(file)}`);
      say($('add-answer'), `${file} is removed`);
    } catch (error) {
      say($('add-answer'), error.message);
    }
    setTimeout(drawPieces, 700);
  }, '');
  made.dataset.removes = file;
  drawQuestion(made);
  return made;
}

function drawQuestion(made) {
  const file = made.dataset.removes, asks = doubted === file;
  say(made, asks ? 'Really?' : 'Remove');
  made.setAttribute('aria-label', asks ? `Really remove ${file}? Press again` : `Remove ${file}`);
}

function drawQuestions() {
  document.querySelectorAll('[data-removes]').forEach(drawQuestion);
  say($('forget'), doubted === FORGET ? 'Really? Press again' : 'Begin anew with full help');
}

let learning = 0;

async function drawPieces() {
  let answer;
  clearTimeout(learning);
  try { answer = await ask('GET', '/api/pieces'); } catch { return; }
  const items = answer.pieces.map(piece => {
    const item = element('li'), deeds = element('span', undefined, 'deeds');
    const names = piece.names && piece.names.length ? piece.names.join(', ') : piece.file;
    described(item, names, piece.state === 'unusable' ? `Cannot be used: ${piece.why}` : piece.state === 'learning' ? 'is being learned…' : piece.file !== names ? piece.file : '');
    if (piece.state === 'ready') {
      const only = answer.locked === piece.file;
      const lock = button('Only this', () => command(only ? 'unlock' : 'lock', only ? undefined : piece.file).then(drawPieces), `Follow only ${names}`);
      lock.setAttribute('aria-pressed', only);
      deeds.append(lock);
    }
    if (/\.(midi?|kar|rmi|mxl|musicxml|xml)$/i.test(piece.file)) deeds.append(removing(piece.file));
    item.append(deeds);
    return item;
  });
  replace($('piece-list'), items, 'No pieces yet');
  say($('pieces-note'), answer.locked ? 'Only one piece is followed. Press “Only this” again to follow all.' : items.length > 1 ? 'All of them are followed; it listens which one you play.' : '');
  if (answer.pieces.some(piece => piece.state === 'learning')) learning = setTimeout(drawPieces, 1000);
}

function dateOf(name, time) {
  const [, year, month, day, hour, minute] = name.match(/^(\d{4})-(\d\d)-(\d\d)_(\d\d)-(\d\d)/) || [];
  const when = year ? new Date(year, month - 1, day, hour, minute) : new Date(1000 * time);
  return when.toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' });
}

async function listen(name, which) {
  say($('playing'), 'Loading…');
  try {
    const answer = await fetch(`/api/recordings/${encodeURIComponent(name)}`, { credentials: 'same-origin' });
    if (!answer.ok) throw new Error('The recording is not there any more');
    const seconds = player.play(new Uint8Array(await answer.arrayBuffer()), which, () => { say($('playing'), ''); });
    say($('playing'), `Playing ${which === 'played' ? 'what you played' : 'what was heard'}, ${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, '0')} `);
    $('playing').append(button('Stop', () => player.stop(), 'Stop playing'));
  } catch (error) {
    say($('playing'), error.message);
  }
}

async function drawRecordings() {
  let list;
  try { list = await ask('GET', '/api/recordings'); } catch { return; }
  const items = list.map(({ name, bytes, time }) => {
    const item = element('li'), deeds = element('span', undefined, 'deeds');
    const when = dateOf(name, time), path = encodeURIComponent(name);
    const report = element('a', 'Report', 'button plain'), save = element('a', 'Save', 'button plain');
    described(item, when, `${Math.ceil(bytes / 1024)} KiB`);
    report.href = `/api/reports/${path}`;
    report.target = '_blank';
    report.rel = 'noopener';
    report.setAttribute('aria-label', `Practice report of ${when}, in a new window`);
    save.href = `/api/recordings/${path}`;
    save.setAttribute('aria-label', `Save the recording of ${when}`);
    deeds.append(button('As played', () => listen(name, 'played'), `Listen to ${when} as played`),
      button('As heard', () => listen(name, 'sent'), `Listen to ${when} as heard`), report, save);
    item.append(deeds);
    return item;
  });
  replace($('recording-list'), items, latest && latest.recording ? 'No recordings yet' : 'No recordings. The settings switch recording on: [record] folder');
}

async function add(files) {
  const said = [];
  for (const file of files) {
    say($('add-answer'), `Adding ${file.name}…`);
    try {
      if (file.size > 8 << 20) throw new Error('it is larger than 8 MiB');
      await ask('PUT', `/api/pieces/${encodeURIComponent(file.name)}`, file);
      said.push(`${file.name} is added`);
    } catch (error) {
      said.push(`${file.name}: ${error.message}`);
    }
  }
  say($('add-answer'), said.join('. '));
  $('add').value = '';
  setTimeout(drawPieces, 500);
}

// --- Begin ---

let knobTimer = 0;
let told = Promise.resolve(); // one position is told to the service after the other

function moveKnob() {
  const position = Number($('help-knob').value);
  touched = Infinity; // until it is told
  drawHelp(position, false);
  clearTimeout(knobTimer);
  knobTimer = setTimeout(() => { told = told.then(() => tellHelp(position)); }, 150);
}

async function tellHelp(position) {
  const [, , mode, follow] = HELP[position];
  touched = Infinity;
  if (await command('mode', mode) && follow !== undefined) await command('follow', follow);
  touched = performance.now();
}

function connect() {
  const events = new EventSource('/api/events');
  events.addEventListener('status', event => onStatus(JSON.parse(event.data)));
  events.addEventListener('lost', event => onLost(JSON.parse(event.data)));
  events.addEventListener('missed', letGo);
  events.addEventListener('message', event => {
    let told;
    try { told = JSON.parse(event.data); } catch { return; }
    if (told.watch === 'events') told.events.forEach(take);
    else letGo();
  });
  events.addEventListener('error', () => {
    onLost('The box cannot be reached; trying again');
    if (events.readyState === EventSource.CLOSED) setTimeout(connect, 3000);
  });
}

history.replaceState(null, '', '/' + location.hash); // the token is in a cookie now
drawKeyboard();
drawHelp(2, false);
$('bypass').addEventListener('click', () => command('bypass', 'toggle'));
$('panic').addEventListener('click', () => command('panic'));
$('help-knob').addEventListener('input', moveKnob);
$('mode').addEventListener('change', event => command('mode', event.target.value));
$('add').addEventListener('change', event => add([...event.target.files]));
document.addEventListener('DOMContentLoaded', connect); // when all scripts are there
