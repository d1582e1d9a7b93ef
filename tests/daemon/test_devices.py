"""Devices chosen by command: used alone, remembered, and given up again. With a JACK server that has
no sound card; 77: jackd is not installed."""

import os
import shutil
import sys
import unittest
import unittest.mock

from service import Service, audiogenrl
from test_jack import Jackd, Player


class Devices(audiogenrl.Case):
    def start(self, server):
        return Service(
            self.folder, backend="jack", environment=server.environment, reads=False,
            input={"backend": "jack", "connect": "player"}, output={"connect": "listener:synth"},
            correct={"mode": "off"},
        )  # fmt: skip

    def wait_for_inputs(self, service, *names):
        service.wait_for(lambda: sorted(service.ask("status")["ports"]["inputs"]) == sorted(names), f"inputs {names}")

    def test_one_of_two_keyboards(self):
        patch = unittest.mock.patch.dict(os.environ, AUDIOGENRL_SOCKET=os.path.join(self.folder, "control"))
        self.addCleanup(patch.stop)
        patch.start()
        with Jackd() as server:
            for player in (Player(server), Player(server)):
                self.addCleanup(player.close)
            one, other = "player:keys", "player-01:keys"
            with self.start(server) as service:
                self.wait_for_inputs(service, one, other)
                self.assertEqual(service.ask("ports")["chosen"], {"input": None, "output": None})
                self.succeeds("input", other)
                self.wait_for_inputs(service, other)
                self.assertEqual(service.ask("ports")["chosen"], {"input": other, "output": None})
                self.assertTrue(service.ask("output", "listener-01:synth")["ok"])
                service.wait_for(lambda: service.ask("status")["ports"]["outputs"] == ["listener-01:synth"], "the synth")
                service.process.terminate()
                self.assertEqual(service.process.wait(timeout=20), 0)
            with self.start(server) as service:
                self.wait_for_inputs(service, other)
                self.assertTrue(service.ask("reload")["ok"])
                self.wait_for_inputs(service, other)
                # Not a part of a name, and no pattern.
                self.succeeds("input", "playe")
                self.wait_for_inputs(service)
                self.succeeds("input", "player*")
                self.wait_for_inputs(service)
                self.assertIn("name of a port", service.ask("input", "x" * 300)["error"])
                self.succeeds("input", "auto")
                self.wait_for_inputs(service, one, other)

    def test_files_are_no_devices(self):
        with Service(self.folder) as service:
            answer = service.ask("input", "/etc/passwd")
            self.assertIn("no device", answer["error"])
            self.assertEqual(service.ask("ports")["chosen"], {"input": None, "output": None})


if __name__ == "__main__":
    if not shutil.which("jackd"):
        print("jackd is not installed")
        sys.exit(77)
    unittest.main()
