"""What the page costs and how fast it is, for docs/phone.md. Not run by ctest: it measures the
machine as well. Prints a line for each figure.

    tests/web/measure.py, with the environment of the tests (web_browser in tests/web/CMakeLists.txt)
"""

import os
import shutil
import statistics
import tempfile
import time

import audiogenrl
from service import Service, off, on
from test_browser import PHONE, Page
from web import TOKEN, Events, Web

ROUNDS, NOTES = 20, 200


def first_drawn(page, web):
    """From the request until something is drawn, nothing kept in the browser; milliseconds."""
    times = []
    for _ in range(ROUNDS):
        page.ask("Network.clearBrowserCache")
        page.load(f"{web.origin}/?token={TOKEN}", *PHONE)
        page.wait_for("performance.getEntriesByName('first-contentful-paint').length", "a picture")
        times.append(page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime"))
        size = page.evaluate("[...performance.getEntriesByType('resource'), ...performance.getEntriesByType('navigation')]"
                             ".filter(e => !e.name.includes('/api/')).reduce((sum, e) => sum + e.transferSize, 0)")  # fmt: skip
    return times, size


def to_the_screen(page, service):
    """From a key's event at the service's input until the next picture with the key in it."""
    page.evaluate("""window.drawn = [];
      new MutationObserver(() => requestAnimationFrame(() => drawn.push(performance.timeOrigin + performance.now())))
        .observe(document.getElementById('keys'), {subtree: true, attributes: true}), 0""")
    times = []
    for i in range(ROUNDS * 3):
        page.evaluate("drawn.length = 0")
        time.sleep(0.05 + i % 7 / 100)
        begin = time.time()
        service.send((0, on(60 + i % 20)))
        page.wait_for("drawn.length", "the key")
        times.append(page.evaluate("drawn[0]") - 1000 * begin)
        service.send((0, off(60 + i % 20)))
        time.sleep(0.05)
    return times


def play(service):
    """The service's own latency, microseconds, over some notes."""
    for i in range(NOTES):
        service.send((0, on(60 + i % 12)))
        time.sleep(0.005)
        service.send((0, off(60 + i % 12)))
        time.sleep(0.005)
    status = service.ask("status")
    return status["latency_us"], status["realtime"]["scheduled"]


def say(what, times):
    print(f"{what}: median {statistics.median(times):.0f}, largest {max(times):.0f} ms")


def service_in(folder):
    os.makedirs(f"{folder}/repertoire", exist_ok=True)
    shutil.copy("piece.mid", f"{folder}/repertoire")
    service = Service(folder, options=["-q"], realtime={"priority": 20})
    service.wait_for(lambda: service.ask("status")["repertoire"]["pieces"] == 1, "the piece")
    return service


def main():
    folder = tempfile.mkdtemp(prefix="audiogenrl-")
    os.chdir(folder)
    audiogenrl.piece("piece.mid")
    with service_in(folder) as service, Web(folder, service) as web, Page() as page:
        times, size = first_drawn(page, web)
        say("first drawn", times)
        print(f"all of the page: {size / 1024:.0f} KiB with its headers")
        page.load(f"{web.origin}/?token={TOKEN}", *PHONE)
        page.wait_for_text("state", "Ready")
        say("event to screen", to_the_screen(page, service))
    for phones in (0, 20):
        with service_in(f"{folder}/{phones}") as service, Web(f"{folder}/{phones}", service) as web:
            looking = [Events(web) for _ in range(phones)]
            for phone in looking:
                phone.wait_for(lambda name, told: name == "status" and told["ok"], "a status")
            latency, scheduled = play(service)
            print(f"{phones} phones{'' if scheduled else ', not scheduled as it should be'}: service p50 {latency['p50']:.0f}, p99 {latency['p99']:.0f}, largest "
                  f"{latency['max']:.0f} us; memory of the page's process {web.memory() / 1024:.1f} MiB")  # fmt: skip
            for phone in looking:
                phone.close()
    os.chdir("/")
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
