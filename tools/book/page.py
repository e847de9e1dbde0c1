"""Run single pages while writing them, and keep nothing.

    python -m tools.book.page notebooks/41-faster-loops [more pages]
"""

import sys

from tools.book import execute


def main(pages):
    execute.prepare_kernels()
    failed = 0
    for page in pages:
        try:
            _, seconds = execute.run(page.removesuffix(".md"))
            print(f"{page}  {seconds:.1f} s")
        except execute.PageFailed as error:
            print(error)
            failed = 1
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
