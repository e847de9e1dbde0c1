"""Copy the landing page's picture, as the last build drew it, for README.md.

Run it after `make book`:  .venv/bin/python -m tools.readme_picture
"""

import base64

import nbformat

from tools.book import chapters

PICTURE = chapters.ROOT / "book" / "_static" / "loop.png"


def main():
    home = nbformat.read(chapters.download(chapters.pages()[0]), as_version=4)
    pictures = [
        output.data["image/png"]
        for cell in home.cells
        for output in cell.get("outputs", [])
        if "image/png" in output.get("data", {})
    ]
    PICTURE.write_bytes(base64.b64decode(pictures[0]))
    print(f"wrote {PICTURE.relative_to(chapters.ROOT)}")


if __name__ == "__main__":
    main()
