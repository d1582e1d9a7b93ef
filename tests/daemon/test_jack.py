"""backend = jack, with a JACK server that has no sound card.

77: jackd is not installed."""

import os
import shutil
import signal
import subprocess
import sys
import time
import unittest

from service import Service, audiogenrl, off, on

PLAYER = os.environ["JACK_PLAYER"]
PERIOD = 256


class Jackd:
    """A server of its own name. JACK asks for no rights to run in real time."""

    def __enter__(self):
        self.environment = {
            **os.environ,
            "JACK_DEFAULT_SERVER": f"audiogenrl{os.getpid()}",
            "JACK_NO_AUDIO_RESERVATION": "1",
        }
        self.process = subprocess.Popen(
            ["jackd", "--no-realtime", "--name", self.environment["JACK_DEFAULT_SERVER"], "-d",
             "dummy", "-r", "48000", "-p", str(PERIOD)],
            env=self.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
        self.process.wait(timeout=20)


class Player:
    """tests/midi/jack_player.c"""

    def __init__(self, server):
        until = time.monotonic() + 20
        while True:
            self.process = subprocess.Popen(
                [PLAYER], env=server.environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL, encoding="utf-8",
            )  # fmt: skip
            if self.process.stdout.readline() == "ready\n":
                return
            self.close()
            assert time.monotonic() < until, "jackd did not come"
            time.sleep(0.1)

    def close(self):
        self.process.stdin.close()
        self.process.wait(timeout=20)
        self.process.stdout.close()

    def play(self, *events):
        for data in events:
            self.process.stdin.write(data.hex(" ") + "\n")
        self.process.stdin.flush()

    def come(self):
        """(frames later, bytes) of what came since the last time."""
        found = []
        self.play_line("wait")
        while (line := self.process.stdout.readline()) != "end\n":
            frames, *data = line.split()
            found.append((None if frames == "-" else int(frames), bytes.fromhex("".join(data))))
        return found

    def play_line(self, word):
        self.process.stdin.write(word + "\n")
        self.process.stdin.flush()


class Jack(audiogenrl.Case):
    def start(self, server, **sections):
        settings = {
            "input": {"backend": "jack", "connect": "player:keys"},
            "output": {"connect": "listener:synth"},
            "correct": {"mode": "off"},
        }
        for section, keys in sections.items():
            settings.setdefault(section, {}).update(keys)
        return Service(
            self.folder, backend="jack", environment=server.environment, reads=False, **settings
        )

    def connected(self, service):
        service.connect().close()
        service.wait_for(lambda: service.logged("output: connected listener:synth"), "the synth")
        service.wait_for(lambda: service.logged("input: connected player:keys"), "the keyboard")

    def test_later_by_one_period(self):
        with Jackd() as server:
            player = Player(server)
            with self.start(server) as service:
                self.connected(service)
                time.sleep(0.1)
                player.come()
                events = []
                for pitch in range(40, 90):
                    events += [on(pitch), off(pitch, 30)]
                events += [bytes([0xF0, 0x7E, 0x7F, 0x09, 0x01, 0xF7]), bytes([0xC3, 5])]
                # Without rights to run in real time a thread may miss its period, on a busy machine
                # many.
                late = events
                for _ in range(6):
                    if len(late) < 10:
                        break
                    player.play(*events)
                    came = player.come()
                    self.assertEqual([data for _, data in came], events)
                    late = [frames for frames, _ in came if abs(frames - PERIOD) > 1]
                self.assertLess(len(late), 10, late)
                ports = service.ask("ports")["ports"]
                names = {(port["client"], port["port"]) for port in ports}
                self.assertLessEqual({("player", "keys"), ("listener", "synth")}, names)
                player.play(on(60))
                player.come()
                service.process.send_signal(signal.SIGTERM)
                service.process.wait(timeout=20)
                released = [data for _, data in player.come()]
                self.assertIn(off(60), released)
            player.close()

    def test_keyboard_goes(self):
        with Jackd() as server:
            player = Player(server)
            synth = Player(server)
            with self.start(server, output={"connect": "listener-01:synth"}) as service:
                service.wait_for(
                    lambda: service.logged("output: connected listener-01:synth"), "the synth"
                )
                service.wait_for(
                    lambda: service.logged("input: connected player:keys"), "the keyboard"
                )
                time.sleep(0.1)
                synth.come()
                player.play(on(64))
                player.come()
                self.assertIn(on(64), [data for _, data in synth.come()])
                player.close()
                service.wait_for(lambda: service.logged("input: lost"), "the loss")
                self.assertIn(off(64), [data for _, data in synth.come()])
                player = Player(server)
                service.wait_for(
                    lambda: sum("input: connected player:keys" in line for line in service.log) > 1,
                    "the keyboard again",
                )
            player.close()
            synth.close()

    def test_server_goes_and_comes(self):
        environment = {**os.environ, "JACK_DEFAULT_SERVER": f"audiogenrl{os.getpid()}"}

        class NoServer:
            pass

        none = NoServer()
        none.environment = environment
        with self.start(none) as service:
            service.wait_for(lambda: service.logged("JACK: no server is running"), "the complaint")
            with Jackd() as server:
                player = Player(server)
                self.connected(service)
                server.stop()
                service.wait_for(lambda: service.logged("JACK: the server has ended"), "the end")
                player.process.kill()
                player.close()
            self.assertEqual(service.ask("status")["ok"], True)
            service.process.send_signal(signal.SIGTERM)
            self.assertEqual(service.process.wait(timeout=20), 0, "\n".join(service.log))

    def test_beside_another_kind(self):
        """Events of a file go to a file, and to JACK for as long as there is a server."""
        environment = {"JACK_DEFAULT_SERVER": f"audiogenrl{os.getpid()}"}
        with Service(
            self.folder, environment=environment, options=["--foreground"],
            **{"output synth": {"backend": "jack", "connect": "listener:synth", "map": "1:5"},
               "correct": {"mode": "off"}},
        ) as service:  # fmt: skip
            service.wait_for(lambda: service.logged("AudioGenRL synth: JACK: no server"), "why")
            service.send((0, on(60)))
            self.assertEqual([data for _, data in service.receive(1)], [on(60)])
            with Jackd() as server:
                player = Player(server)
                service.wait_for(lambda: service.logged("connected listener:synth"), "the synth")
                time.sleep(0.1)
                player.come()
                service.send((1, on(62)), (1, off(60)))
                self.assertEqual([data for _, data in service.receive(2)], [on(62), off(60)])
                sent = [data for _, data in player.come()]
                self.assertEqual(sent, [on(62, channel=4), off(60, channel=4)])
                ports = service.ask("status")["ports"]["outputs"]
                self.assertEqual(set(ports), {"file:output", "listener:synth"})
                server.stop()
                service.wait_for(lambda: service.logged("JACK: the server has ended"), "the end")
                player.process.kill()
                player.close()
            service.wait_for(lambda: service.logged("output: lost"), "the loss")
            service.send((2, on(64)), (3, off(64)))
            rest = []
            while off(64) not in rest:
                rest += [data for _, data in service.receive(1)]
            service.stop()
        self.assertIn(off(62), rest)
        self.assertIn(on(64), rest)


if __name__ == "__main__":
    if not shutil.which("jackd"):
        print("jackd is not installed")
        sys.exit(77)
    unittest.main()
