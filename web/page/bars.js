// Help that fades: the bars of the piece that is played, and what is known of them.
'use strict';

const STEPS = ['no help', 'a little help', 'much help', 'all help'];
let passes = ''; // what the bars on the page depend on
let learned = null; // how many bars were known before

function drawBars({ on, piece, bars }) {
  const played = bars.filter(bar => bar.errors !== null), known = bars.filter(bar => bar.right >= 3);
  say($('bars-text'), !on ? '' : !piece ? 'The bars are shown when a piece is recognised.'
    : `${piece}: ${known.length} of ${bars.length} bars known, ${played.length} played.`);
  $('bars').replaceChildren(...(on ? bars : []).map(bar => {
    const what = bar.errors === null ? 'not played yet' : bar.right >= 3 ? 'known'
      : `${STEPS[bar.help]}, ${Math.round(100 * bar.errors)} % wrong keys`;
    const item = element('li', undefined, bar.errors === null ? 'new' : bar.right >= 3 ? 'known' : `help${bar.help}`);
    const number = element('span', bar.bar);
    number.setAttribute('role', 'img');
    number.setAttribute('aria-label', `Bar ${bar.bar}: ${what}`);
    item.title = what;
    item.append(number);
    return item;
  }));
  $('forget-line').hidden = !on || !played.length;
}

async function drawFade(status) {
  const { fade, piece } = status;
  $('fade').setAttribute('aria-pressed', fade.on);
  const { known } = fade;
  if (known && learned !== null && known.count > learned)
    say($('learned'), `Bar ${known.bar} of ${known.piece}: right three times without help!`);
  learned = known ? known.count : 0;
  const now = JSON.stringify([fade.on, fade.passes, piece && piece.name]);
  if (now === passes) return;
  passes = now;
  try { drawBars(await ask('GET', '/api/progress')); } catch { passes = ''; }
}

$('fade').addEventListener('click', () => command('fade', 'toggle'));
$('forget').addEventListener('click', () => isDoubted(FORGET) || command('forget-progress'));
