"""The built book in a real browser: Chromium, driven by Playwright."""

import os
import threading

import pytest

from tools import serve
from tools.browser import FLAGS, find_chromium


@pytest.fixture(scope="session")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = find_chromium(playwright)
        if path is None:
            words = ("no Chromium: install your system's package `chromium`, "
                     "or say `playwright install chromium`")
            if os.environ.get("CI"):
                pytest.fail(words)
            pytest.skip(words)
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def site(built):
    """The address of the built book, served on this machine."""
    server = serve.server()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


class Visit:
    """An open page, and what it complained about while it was open."""

    def __init__(self, browser, site, page, width, scheme):
        self.context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme,
            reduced_motion="reduce",
        )
        self.tab = self.context.new_page()
        self.complaints = []
        self.tab.on("console", self._console)
        self.tab.on("pageerror", lambda e: self.complaints.append(str(e)))
        self.tab.on("requestfailed", lambda r: self.complaints.append(
            f"request failed: {r.url}"))
        self.tab.on("response", lambda r: r.status >= 400
                    and self.complaints.append(f"{r.status}: {r.url}"))
        self.tab.on("request", lambda r: self._request(r, site))
        self.tab.goto(f"{site}/{page}.html", wait_until="load")
        self.tab.wait_for_timeout(100)

    def _console(self, message):
        if message.type in {"error", "warning"}:
            self.complaints.append(message.text)

    def _request(self, request, site):
        if not request.url.startswith((site, "data:", "blob:")):
            self.complaints.append(f"another host: {request.url}")

    def scheme(self, scheme):
        self.tab.emulate_media(color_scheme=scheme)
        self.tab.wait_for_function(
            "s => document.documentElement.dataset.theme === s", arg=scheme
        )


@pytest.fixture(scope="module")
def visit(browser, site):
    """Open a page of the book: ``visit(page, width, scheme)``."""
    opened = []

    def open_page(page, width=1440, scheme="light"):
        while opened:
            opened.pop().context.close()
        opened.append(Visit(browser, site, page, width, scheme))
        return opened[-1]

    yield open_page
    while opened:
        opened.pop().context.close()
