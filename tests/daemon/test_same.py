"""What the service sends is what `correct --live` writes, event for event.

A file has as many events as it had, so there releases that the service holds back, or
sends more than once, stand where nothing sounds: such ones are left out on both sides."""

import os
import random
import shutil
import unittest

import mido
from service import Service, audiogenrl, is_off, is_on, off, on


def heard(events):
    """All events but note-offs of pitches that do not sound."""
    sounding, kept = set(), []
    for seconds, data in events:
        key = (data[0] & 15, data[1] if len(data) > 1 else 0)
        if is_on(data):
            sounding.add(key)
        elif is_off(data):
            if key not in sounding:
                continue
            sounding.remove(key)
            data = off(key[1], 0, key[0])
        kept.append((round(seconds, 6), data))
    return kept


def timed(path):
    """The channel messages of a file with their seconds."""
    seconds, events = 0.0, []
    for message in mido.MidiFile(path):
        seconds += message.time
        if not message.is_meta:
            events.append((seconds, bytes(message.bytes())))
    return events


def tangle(path, seed):
    """Keys that overlap, with aftertouch, pedals, and a drum kit on channel 2."""
    draw = random.Random(seed)
    file = mido.MidiFile(ticks_per_beat=480)
    track = mido.MidiTrack()
    held = {}
    events = [(0, 0, bytes([0xB1, 0, 127])), (0, 0, bytes([0xC1, 0]))]
    for i in range(300):
        tick = i * 120 + draw.randrange(30)
        key = draw.choice([60, 62, 64, 65, 67, 69, 71, 72]) + draw.choice([0, 0, 0, 1])
        channel = draw.choice([0, 0, 0, 2])
        if held.get((channel, key), -1) < tick:
            held[channel, key] = tick + draw.choice([60, 110, 400, 900])
            events.append((tick, 2, on(key, 80, channel)))
            events.append((held[channel, key], 1, off(key, 20, channel)))
        if i % 7 == 0:
            events.append((tick + 30, 3, bytes([0xA0 | channel, key, 50])))
            events.append((tick + 31, 3, bytes([0xB0 | channel, 64, draw.randrange(128)])))
        if i % 5 == 0:
            events.append((tick, 2, on(36 + i % 9, 90, 1)))
            events.append((tick + 40, 1, off(36 + i % 9, 0, 1)))
    last = 0
    for tick, _, data in sorted(events, key=lambda event: event[:2]):
        track.append(mido.Message.from_bytes(data, time=tick - last))
        last = tick
    file.tracks.append(track)
    file.save(path)


class Same(audiogenrl.Case):
    def test_as_the_service(self):
        audiogenrl.piece("piece.mid", bars=24)
        self.succeeds("train", "-q", "-o", "piece.model", "piece.mid")
        for seed, mode in enumerate(["correct", "scale", "generate", "off"]):
            tangle("tangle.mid", seed)
            self.succeeds(
                "correct", "-q", "--alone", "--live", "-m", "piece.model", "--mode", mode,
                "tangle.mid", "-o", "live.mid",
            )  # fmt: skip
            played, written = timed("tangle.mid"), timed("live.mid")
            sections = {"clock": {"source": "auto", "tempo": 100}, "correct": {"mode": mode}}
            with Service(self.folder, **sections) as service:
                shutil.copy("piece.model", service.repertoire)
            with Service(self.folder, **sections) as service:
                service.send(*played)
                sent = service.finish()
            last = played[-1][0] + 1e-5
            self.assertEqual(
                heard([event for event in sent if event[0] <= last])[: len(heard(written))],
                heard(written),
            )
            drums = [event for event in written if event[1][0] == 0x91]
            self.assertEqual(drums, [event for event in played if event[1][0] == 0x91])
            changed = sum(a != b for a, b in zip(played, written))
            if mode == "off":
                self.assertEqual(changed, 0)
                self.assertEqual(sent[: len(played)], [(round(s, 6), d) for s, d in played])
            elif mode != "correct":
                self.assertGreater(changed, 1)
            self.assertEqual(
                [(s, d[0], d[2:]) for s, d in played], [(s, d[0], d[2:]) for s, d in written]
            )
            os.remove("tangle.mid")
            os.remove("live.mid")


if __name__ == "__main__":
    unittest.main()
