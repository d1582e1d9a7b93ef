"""Hours of playing through the real service at virtual time: soak.py HOURS

Pieces of the repertoire are played over and over with wrong notes, pedal and
pauses, while commands come in. Every note must be answered, every release find
its note, and memory must not grow after the first tenth.
"""

import os
import random
import shutil
import sys
import tempfile

import mido
from service import Service, audiogenrl, is_off, is_on


def performances(paths, seconds, draw):
    """Batches of events of one piece each, one after the other, until time is up."""
    at = 0.0
    while at < seconds:
        tempo = draw.uniform(0.6, 1.5)
        held, batch, now = {}, [], at
        for message in mido.MidiFile(draw.choice(paths)):
            now += message.time * tempo
            if message.type not in ("note_on", "note_off"):
                continue
            key = (message.channel, message.note)
            if message.type == "note_on" and message.velocity > 0:
                wrong = draw.choice([-2, -1, 1, 2]) if draw.random() < 0.2 else 0
                if key in held or message.note + wrong in {k for _, k in held.values()}:
                    continue  # ten fingers do not strike a key twice
                held[key] = (message.channel, message.note + wrong)
                batch.append((now, bytes([0x90, message.note + wrong, message.velocity])))
            elif key in held:
                batch.append((now, bytes([0x80, held.pop(key)[1], 64])))
            if draw.random() < 0.02:
                batch.append((now, bytes([0xB0, 64, draw.choice([0, 40, 127])])))
        batch += [(now, bytes([0x80, k, 64])) for _, k in held.values()]
        yield batch
        at = now + draw.expovariate(0.2)


def memory(process):
    with open(f"/proc/{process.pid}/status", encoding="ascii") as file:
        for line in file:
            if line.startswith("VmRSS"):
                return int(line.split()[1])
    return 0


def check(sent, held):
    for _, data in sent:
        if is_on(data) or is_off(data):
            held[data[1]] = held.get(data[1], 0) + (1 if is_on(data) else -1)
            assert held[data[1]] >= 0, "a release without a note"


def main():
    hours = float(sys.argv[1])
    seconds = hours * 3600
    draw = random.Random(1)
    folder = tempfile.mkdtemp(prefix="audiogenrl-soak-")
    paths = [
        audiogenrl.piece(os.path.join(folder, f"{i}.mid"), bars=32, seed=i) for i in range(5)
    ]
    os.makedirs(os.path.join(folder, "repertoire"))
    for path in paths:
        shutil.copy(path, os.path.join(folder, "repertoire"))
    commands = [
        ("mode", "generate"),
        ("mode", "correct"),
        ("bypass", "toggle"),
        ("bypass", "off"),
        ("follow", 1),
        ("reload", None),
        ("status", None),
    ]
    early = None
    with Service(folder, clock={"source": "auto"}) as service:
        played, held = 0, {}
        for number, batch in enumerate(performances(paths, seconds, draw)):
            service.send(*batch)
            check(service.receive(len(batch)), held)
            played += sum(is_on(data) for _, data in batch)
            assert not any(held.values()), "a note hangs"
            if number % 4 == 0:
                assert service.ask(*draw.choice(commands))["ok"]
            if early is None and batch[-1][0] > seconds / 10:
                early = memory(service.process)
        late = memory(service.process)
        status = service.ask("status")
        service.stop()
    shutil.rmtree(folder)
    latency = status["latency_us"]
    print(
        f"{hours:g} h, {played} notes, {status['corrected']} corrected; memory {early} kB after a "
        f"tenth, {late} kB at the end; latency p50 {latency['p50']:.1f}, p99 {latency['p99']:.1f}, "
        f"p99.9 {latency['p99.9']:.1f} us"
    )
    assert status["notes"] == played
    assert late <= early * 1.02 + 256, "memory grows"


if __name__ == "__main__":
    main()
