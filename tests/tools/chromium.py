"""A headless Chromium, driven over its DevTools pipe: no driver has to be installed."""

from __future__ import annotations

import base64
import itertools
import json
import os
import select
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

DEADLINE_S = 60.0
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--disable-dev-shm-usage", "--hide-scrollbars", "--remote-debugging-pipe"),
)
# Chromium reads commands from descriptor 3 and writes what happens to descriptor 4.
START = 'exec 3<&"$1" 4>&"$2"; shift 2; exec "$@"'


class Browser:
    """One Chromium with one page; every wait has a deadline."""

    def __init__(self, program: str, profile: Path) -> None:
        commands_out, self._commands = os.pipe()
        self._events, events_in = os.pipe()
        self._buffer = b""
        self._numbers = itertools.count(1)
        self.problems: list[str] = []
        self.requests: list[str] = []
        self._process = subprocess.Popen(
            [
                *("bash", "-c", START, "bash", str(commands_out), str(events_in), program),
                *(*FLAGS, f"--user-data-dir={profile}", "about:blank"),
            ],
            pass_fds=(commands_out, events_in),
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        os.close(commands_out)
        os.close(events_in)
        self._session: str | None = None
        targets = self.call("Target.getTargets")["targetInfos"]
        page = next(target for target in targets if target["type"] == "page")
        attached = self.call("Target.attachToTarget", targetId=page["targetId"], flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        number = next(self._numbers)
        message: dict[str, Any] = {"id": number, "method": method, "params": parameters}
        if self._session is not None:
            message["sessionId"] = self._session
        os.write(self._commands, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._read(time.monotonic() + DEADLINE_S)
            if answer.get("id") == number:
                assert "error" not in answer, answer
                result: dict[str, Any] = answer["result"]
                return result

    def open(self, page: Path, *, width: int = 1280, height: int = 900, dark: bool = False) -> None:
        """Load a file, and wait until its script says that it is ready."""
        self.call("Page.navigate", url="about:blank")
        self.wait_for("location.href === 'about:blank'")
        self.problems.clear()
        self.requests.clear()
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 600,
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])
        url = page.absolute().as_uri()
        self.call("Page.navigate", url=url)
        here = f"location.href === {json.dumps(url)}"
        self.wait_for(f"{here} && document.documentElement?.dataset.ready === 'true'")

    def wait_for(self, expression: str) -> None:
        end = time.monotonic() + DEADLINE_S
        while not self.value(expression):
            assert time.monotonic() < end, f"never true: {expression}; {self.problems}"
            time.sleep(0.05)

    def value(self, expression: str) -> Any:
        """What an expression of the page gives; a promise is waited for."""
        done = self.call(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in done, done["exceptionDetails"]
        return done["result"].get("value")

    def press(self, key: str, code: str, text: str = "", modifiers: int = 0) -> None:
        """Press and release a key, as a keyboard would."""
        common = {"key": key, "code": code, "modifiers": modifiers}
        common["windowsVirtualKeyCode"] = {" ": 32, "ArrowLeft": 37, "ArrowRight": 39}.get(key, 0)
        self.call("Input.dispatchKeyEvent", type="keyDown", text=text, **common)
        self.call("Input.dispatchKeyEvent", type="keyUp", **common)

    def click(self, selector: str, across: float = 0.5) -> None:
        """Press the mouse on an element, at a share of its width."""
        box = self.value(
            f"(() => {{ const e = document.querySelector({json.dumps(selector)}); "
            "e.scrollIntoView({block: 'center'}); const b = e.getBoundingClientRect(); "
            "return [b.left, b.top, b.width, b.height]; })()"
        )
        place = {"x": box[0] + box[2] * across, "y": box[1] + box[3] / 2}
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, button="left", clickCount=1, **place)

    def screenshot(self, path: Path, *, first: str, last: str) -> None:
        """The page from one element to another, both included, as PNG."""
        left, top, width, bottom = self.value(
            "(([a, b]) => [a.left + scrollX, a.top + scrollY, a.width, b.bottom + scrollY])"
            f"([{json.dumps(first)}, {json.dumps(last)}].map("
            "s => document.querySelector(s).getBoundingClientRect()))"
        )
        clip = {"x": left - 8, "y": top - 8, "width": width + 16, "height": bottom - top + 16}
        shot = self.call(
            "Page.captureScreenshot", captureBeyondViewport=True, clip={**clip, "scale": 1}
        )
        path.write_bytes(base64.b64decode(shot["data"]))

    def close(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        os.close(self._commands)
        os.close(self._events)

    def _read(self, end: float) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            ready, _, _ = select.select([self._events], [], [], max(0.0, end - time.monotonic()))
            assert ready, "Chromium did not answer in time"
            part = os.read(self._events, 1 << 20)
            assert part, f"Chromium ended with {self._process.wait()}"
            self._buffer += part
        line, self._buffer = self._buffer.split(b"\0", 1)
        message: dict[str, Any] = json.loads(line)
        self._note(message.get("method", ""), message.get("params", {}))
        return message

    def _note(self, method: str, parameters: dict[str, Any]) -> None:
        if method == "Runtime.exceptionThrown":
            details = parameters["exceptionDetails"]
            self.problems.append(details.get("exception", {}).get("description", details["text"]))
        elif method == "Log.entryAdded":
            self.problems.append(parameters["entry"]["text"])
        elif method == "Network.requestWillBeSent":
            self.requests.append(parameters["request"]["url"])


def find_chromium() -> str | None:
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
