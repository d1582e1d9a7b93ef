// Plays a recording: reads the MIDI file, and sounds one of its tracks with the browser's own
// oscillators, for the page asks nobody for sounds.
'use strict';

const player = (() => {
  const AHEAD = 0.5; // seconds that are scheduled in advance
  let context = null, timer = 0, done = null, out = null;

  // The tracks with their names: events [tick, status, data...], and changes of tempo.
  function read(bytes) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const text = (at, length) => String.fromCharCode(...bytes.subarray(at, at + length));
    if (text(0, 4) !== 'MThd') throw new Error('This is no MIDI file');
    const division = view.getUint16(12), tracks = [], tempos = [];
    for (let at = 8 + view.getUint32(4); at + 8 <= bytes.length;) {
      const end = Math.min(bytes.length, at + 8 + view.getUint32(at + 4));
      if (text(at, 4) === 'MTrk') tracks.push(readTrack(at + 8, end));
      at = end;
    }
    function readTrack(at, end) {
      const track = { name: '', events: [] };
      let tick = 0, running = 0;
      const number = () => { let value = 0, byte; do { byte = bytes[at++]; value = value * 128 + (byte & 127); } while (byte & 128 && at < end); return value; };
      while (at < end) {
        tick += number();
        let status = bytes[at];
        if (status & 128) at++; else status = running;
        if (status === 0xff) {
          const kind = bytes[at++], length = number();
          if (kind === 3) track.name = text(at, length);
          if (kind === 0x51) tempos.push([tick, bytes[at] << 16 | bytes[at + 1] << 8 | bytes[at + 2]]);
          at += length;
        } else if (status >= 0xf0) {
          at += number();
        } else if (status >= 0x80) {
          running = status;
          track.events.push([tick, status, bytes[at], bytes[at + 1]]);
          at += (status & 0xe0) === 0xc0 ? 1 : 2;
        } else {
          break; // damaged
        }
      }
      return track;
    }
    return { division, tracks, tempos: tempos.sort((a, b) => a[0] - b[0]) };
  }

  function clockOf({ division, tempos }) {
    const points = [];
    let seconds = 0, tick = 0, tempo = 500000;
    for (const [at, next] of tempos) {
      seconds += (at - tick) * tempo / division / 1e6;
      tick = at;
      tempo = next;
      points.push([tick, seconds, tempo]);
    }
    return at => {
      let point = [0, 0, 500000];
      for (const each of points) if (each[0] <= at) point = each; else break;
      return point[1] + (at - point[0]) * point[2] / division / 1e6;
    };
  }

  // [begin, end, pitch, velocity], in seconds from the first note on.
  function notesOf(file, which) {
    const track = file.tracks.find(each => each.name === which) || file.tracks.find(each => each.events.length);
    const clock = clockOf(file), open = new Map(), notes = [];
    for (const [tick, status, pitch, velocity] of track ? track.events : []) {
      const kind = status & 0xf0, key = (status & 15) * 128 + pitch;
      if (kind === 0x90 && velocity > 0) {
        const note = [clock(tick), Infinity, pitch, velocity];
        notes.push(note);
        if (!open.has(key)) open.set(key, []);
        open.get(key).push(note);
      } else if (kind === 0x80 || kind === 0x90) {
        const note = (open.get(key) || []).shift();
        if (note) note[1] = clock(tick);
      }
    }
    const first = notes.length ? notes[0][0] : 0;
    return notes.map(([begin, end, pitch, velocity]) => [begin - first, Math.min(end - first, begin - first + 8), pitch, velocity]);
  }

  // A struck string, roughly: overtones that die away the sooner the higher they are.
  function sound(note, start) {
    const [begin, end, pitch, velocity] = note;
    const at = start + begin, frequency = 440 * 2 ** ((pitch - 69) / 12), gain = context.createGain();
    const long = Math.max(0.4, 4 - pitch / 32), loud = 0.25 * (velocity / 127) ** 1.5;
    gain.gain.setValueAtTime(0, at);
    gain.gain.linearRampToValueAtTime(loud, at + 0.005);
    gain.gain.setTargetAtTime(0, at + 0.005, long / 3);
    gain.gain.setTargetAtTime(0, start + end, 0.06);
    gain.connect(out);
    for (const [times, share] of [[1, 1], [2, 0.35], [3, 0.12]]) {
      const string = context.createOscillator(), part = context.createGain();
      string.frequency.value = frequency * times;
      part.gain.value = share;
      string.connect(part).connect(gain);
      string.start(at);
      string.stop(start + end + 0.4);
    }
  }

  function stop() {
    clearInterval(timer);
    if (context) context.close();
    context = null;
    const call = done;
    done = null;
    if (call) call();
  }

  // How long it is, in seconds. `ended` is called when it has ended or was stopped.
  function play(bytes, which, ended) {
    const notes = notesOf(read(bytes), which);
    stop();
    if (!notes.length) throw new Error('There is no note in it');
    context = new AudioContext();
    out = context.createDynamicsCompressor();
    out.connect(context.destination);
    done = ended;
    const start = context.currentTime + 0.1, length = Math.max(...notes.map(note => note[1]));
    let next = 0;
    const schedule = () => {
      while (next < notes.length && start + notes[next][0] < context.currentTime + AHEAD) sound(notes[next++], start);
      if (context.currentTime > start + length + 0.5) stop();
    };
    schedule();
    timer = setInterval(schedule, 100);
    return length;
  }

  return { play, stop, read, notesOf };
})();
