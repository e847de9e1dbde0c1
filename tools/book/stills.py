"""Write the first frame of each explorable anew: python -m tools.book.stills

Chromium runs the script and this saves what it drew, twice:

    book/_ext/frames/NAME.html            figure and controls, for the page
    book/_static/explorables/NAME.svg     the picture alone, for the rest

A test says when a script has moved on.
"""

import re
from pathlib import Path

from lttutor import figures
from tools.browser import FLAGS, find_chromium

BOOK = Path(__file__).resolve().parents[2] / "book"
FRAMES = BOOK / "_ext" / "frames"
FOLDER = BOOK / "_static" / "explorables"

# Colors of the figures, on a page with nothing else.
PAGE = """<!doctype html><html lang="en"><meta charset="utf-8">
<title>{name}</title><style>:root {{ {colors} }}</style>
<link rel="stylesheet" href="{folder}/explorables.css">
<div class="explorable" data-explorable="{name}"><div class="explorable-body">
</div></div><script src="{folder}/common.js"></script>"""

# Style sheets do not travel with an image: say them as attributes.
ALONE = """() => {
  const KEPT = ["fill", "fill-opacity", "stroke", "stroke-width",
    "stroke-dasharray", "stroke-linejoin", "opacity", "font-size",
    "font-weight", "visibility"];
  const plain = {"fill-opacity": "1", stroke: "none", "stroke-width": "1px",
    "stroke-dasharray": "none", "stroke-linejoin": "miter", opacity: "1",
    "font-weight": "400", visibility: "visible"};
  const all = [...document.querySelectorAll(".panels > svg")];
  const columns = all.length > 2 ? 3 : all.length, gap = 16;
  let x = 0, y = 0, row = 0, width = 0;
  const placed = all.map((panel, i) => {
    const box = panel.viewBox.baseVal, copy = panel.cloneNode(true);
    if (i && i % columns === 0) { x = 0; y += row + gap; row = 0; }
    const from = panel.querySelectorAll("*"), to = copy.querySelectorAll("*");
    from.forEach((node, k) => {
      const style = getComputedStyle(node);
      for (const name of [...to[k].getAttributeNames()]) {
        if (/^(class|role|tabindex|aria-.*|data-.*|id)$/.test(name)) {
          to[k].removeAttribute(name);
        }
      }
      for (const name of KEPT) {
        if (name === "font-size" && node.tagName !== "text") continue;
        if (style[name] !== plain[name]) to[k].setAttribute(name, style[name]);
      }
    });
    for (const name of ["role", "aria-label", "class"]) copy.removeAttribute(name);
    Object.entries({x, y, width: box.width, height: box.height})
      .forEach(([key, value]) => copy.setAttribute(key, value));
    x += box.width + gap;
    row = Math.max(row, box.height);
    width = Math.max(width, x - gap);
    return copy.outerHTML.replace(' xmlns="http://www.w3.org/2000/svg"', "");
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} `
    + `${y + row}" width="${width}" height="${y + row}" `
    + `font-family="DejaVu Sans, sans-serif">${placed.join("")}</svg>\\n`;
}"""


def names():
    """Every explorable there is."""
    return sorted(p.stem for p in FOLDER.glob("*.js") if p.stem != "common")


def frames(browser, name, folder):
    """The first frame of an explorable: (NAME.html, NAME.svg)."""
    colors = {f"--lt-{k}": v for k, v in figures.PALETTE.items()}
    colors |= {"--lt-quiet": figures.INK, "--lt-page": "#ffffff"}
    page = folder / f"{name}.html"
    page.write_text(PAGE.format(
        name=name, folder=FOLDER.as_uri(),
        colors="; ".join(f"{k}: {v}" for k, v in colors.items())), "utf8")
    tab = browser.new_page(reduced_motion="reduce")
    tab.goto(page.as_uri())
    tab.wait_for_selector("[data-ready]")
    inside = tab.locator(".explorable-body").inner_html()
    alone = tab.evaluate(ALONE)
    tab.close()
    return re.sub(r"\n\s*", " ", inside.strip()) + "\n", alone


def main():
    import tempfile

    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as t:
        browser = playwright.chromium.launch(
            executable_path=find_chromium(playwright), args=FLAGS)
        for name in names():
            page, picture = frames(browser, name, Path(t))
            (FRAMES / f"{name}.html").write_text(page, "utf8")
            (FOLDER / f"{name}.svg").write_text(picture, "utf8")
            print(f"{name}: {len(page)} and {len(picture)} characters")
        browser.close()


if __name__ == "__main__":
    main()
