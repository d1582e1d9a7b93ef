// Devices: which were found, which are connected, and which one is to be used.
'use strict';

let looked = null; // the list that is drawn

const nameOf = port => `${port.client}:${port.port}`;

async function choose(side, name) {
  say($('device-answer'), '');
  try {
    await ask('POST', '/api/command', JSON.stringify({ command: side, value: name }));
    setTimeout(drawDevices, 300);
  } catch (error) {
    say($('device-answer'), error.message);
  }
}

function drawSide(list, ports, side, flag, chosen) {
  const as = side === 'input' ? 'as the keyboard' : 'for the sound';
  const items = ports.map(port => {
    const item = element('li'), name = port.client === port.port ? port.client : `${port.client}: ${port.port}`;
    const only = chosen === nameOf(port);
    described(item, name, port[flag] ? 'connected' : 'found, not connected');
    const use = button('Only this', () => choose(side, only ? 'auto' : nameOf(port)), `Use only ${name} ${as}`);
    use.setAttribute('aria-pressed', only);
    item.append(use);
    return item;
  });
  if (chosen && !ports.some(port => nameOf(port) === chosen)) {
    const item = element('li');
    described(item, chosen, 'is to be used, but was not found');
    item.append(button('Use what is there', () => choose(side, 'auto'), `No longer wait for ${chosen} ${as}`));
    items.push(item);
  }
  replace(list, items, 'None found');
}

function drawPorts({ ports, chosen }) {
  drawSide($('sources'), ports.filter(port => port.source), 'input', 'feeds_input', chosen.input);
  drawSide($('sinks'), ports.filter(port => port.sink), 'output', 'hears_output', chosen.output);
}

async function drawDevices() {
  let answer;
  try { answer = await ask('GET', '/api/ports'); } catch { return; }
  const now = JSON.stringify(answer);
  if (now !== looked) drawPorts(answer);
  looked = now;
}

$('look').addEventListener('click', drawDevices);
const looking = setInterval(() => { if (latest && !document.hidden) drawDevices(); }, 3000); // for what is plugged in
