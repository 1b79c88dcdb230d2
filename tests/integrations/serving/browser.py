"""A browser without a window, where one is installed: the page that it shows once all is quiet."""

import shutil
import subprocess
from html.parser import HTMLParser

PROGRAM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None)


class Shown(HTMLParser):
    """What a page shows: rows of tables, and the text of elements with an id that are not hidden."""

    VOID = ("meta", "input", "link", "img", "br", "hr")

    def __init__(self, html: str) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.texts: dict[str, str] = {}
        self.values: dict[str, str | None] = {}  # of inputs, by name
        self.invalid: list[str | None] = []
        self._open: list[tuple[str, str | None, bool]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag == "input":
            self.values[found["name"] or ""] = found.get("value")
            if found.get("aria-invalid") == "true":
                self.invalid.append(found["name"])
        if tag in self.VOID:
            return
        hidden = "hidden" in found or tag in ("script", "style") or any(h for _, _, h in self._open)
        self._open.append((tag, found.get("id"), hidden))
        if tag == "tr" and not hidden:
            self.rows.append([])
        if tag in ("td", "th") and not hidden:
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if not self._open or self._open[-1][2]:
            return
        if self._open[-1][0] in ("td", "th"):
            self.rows[-1][-1] += data
        for _, name, _ in self._open:
            if name is not None:
                self.texts[name] = self.texts.get(name, "") + data


def show(url: str) -> Shown:
    """Open a page and let it run until it waits for nothing."""
    assert PROGRAM is not None
    command = [PROGRAM, "--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=30000", "--dump-dom", url]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    return Shown(done.stdout)
