"""A headless Chromium for tests, spoken to in the WebDriver protocol: `chromium` and `chromedriver` are all it needs."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")
FLAGS = """
    --headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking
    --disable-component-update --disable-sync --hide-scrollbars --window-size=1280,1000
""".split()  # noqa: SIM905


class Browser:
    """One session. What a script returns comes back as JSON values."""

    def __init__(self, address: str, profile: Path) -> None:
        self.address = address
        options = {"binary": CHROMIUM, "args": [*FLAGS, f"--user-data-dir={profile}"]}
        asked = {"browserName": "chrome", "goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}}
        self.session = self._post("/session", {"capabilities": {"alwaysMatch": asked}})["sessionId"]

    def open(self, page: Path) -> None:
        self._ask("url", {"url": page.resolve().as_uri()})

    def run(self, script: str, *args: Any) -> Any:
        """What a script returns after the next frames are drawn; ``args`` is what it is given."""
        drawn = "const done = arguments[arguments.length - 1]; const args = [...arguments].slice(0, -1);"
        waits = "requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(() => done((() => { %s })()), 0)))"
        return self._ask("execute/async", {"script": f"{drawn} {waits % script}", "args": list(args)})

    def messages(self) -> list[str]:
        """What was written to the console since the last call."""
        return [entry["message"] for entry in self._ask("se/log", {"type": "browser"})]

    def emulate(self, **features: str) -> None:
        """``prefers_color_scheme="dark"`` and other media features."""
        listed = [{"name": name.replace("_", "-"), "value": value} for name, value in features.items()]
        self._devtools("Emulation.setEmulatedMedia", {"features": listed})

    def print_media(self, on: bool) -> None:
        self._devtools("Emulation.setEmulatedMedia", {"media": "print" if on else ""})

    def resize(self, width: int, height: int) -> None:
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self._devtools("Emulation.setDeviceMetricsOverride", metrics)

    def screenshot(self, path: Path) -> None:
        path.write_bytes(b64decode(self._get("screenshot")))

    def close(self) -> None:
        request = urllib.request.Request(f"{self.address}/session/{self.session}", method="DELETE")
        urllib.request.urlopen(request, timeout=30).read()

    def press(self, key: str) -> None:
        """One key, held by what has the focus: ``"\\ue007"`` is Enter, ``"\\ue014"`` the right arrow."""
        keys = [{"type": "keyDown", "value": key}, {"type": "keyUp", "value": key}]
        self._ask("actions", {"actions": [{"type": "key", "id": "keyboard", "actions": keys}]})

    def _devtools(self, command: str, parameters: dict[str, Any]) -> None:
        self._ask("goog/cdp/execute", {"cmd": command, "params": parameters})

    def _ask(self, what: str, body: dict[str, Any]) -> Any:
        return self._post(f"/session/{self.session}/{what}", body)

    def _get(self, what: str) -> Any:
        return self._read(urllib.request.Request(f"{self.address}/session/{self.session}/{what}"))

    def _post(self, where: str, body: dict[str, Any]) -> Any:
        data = json.dumps(body).encode()
        return self._read(urllib.request.Request(self.address + where, data, {"Content-Type": "application/json"}))

    def _read(self, request: urllib.request.Request) -> Any:
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise AssertionError(json.load(error)["value"]["message"]) from None


@contextmanager
def browser(profile: Path) -> Iterator[Browser]:
    assert DRIVER
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    driver = subprocess.Popen([DRIVER, f"--port={port}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        session = Browser(_listening(f"http://127.0.0.1:{port}"), profile)
        try:
            yield session
        finally:
            session.close()
    finally:
        driver.terminate()
        driver.wait(30)


def _listening(address: str) -> str:
    for _ in range(200):
        try:
            urllib.request.urlopen(f"{address}/status", timeout=5).read()
            return address
        except OSError:
            time.sleep(0.05)
    raise AssertionError("chromedriver does not answer")
