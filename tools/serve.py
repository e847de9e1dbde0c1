"""`make serve`: serve the built book on this machine, as a host would.

Text is compressed when the browser takes it, and a file whose address carries
a fingerprint may be kept.
"""

import functools
import gzip
import os
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path

from tools.book.chapters import HTML

COMPRESSED = {".html", ".css", ".js", ".svg", ".json", ".ipynb", ".txt"}


@functools.lru_cache(256)
def compressed(path, changed):
    """The file's content, compressed; ``changed`` is its time."""
    return gzip.compress(Path(path).read_bytes(), compresslevel=6, mtime=0)


class Host(SimpleHTTPRequestHandler):
    """Static files like those of a web host; not a word in the terminal."""

    def send_head(self):
        path = Path(self.translate_path(self.path))
        if path.is_dir():
            path /= "index.html"
        accepts = "gzip" in self.headers.get("Accept-Encoding", "")
        if not (accepts and path.suffix in COMPRESSED and path.is_file()):
            return super().send_head()
        data = compressed(str(path), path.stat().st_mtime_ns)
        self.send_response(200)
        self.send_header("Content-Type", self.guess_type(path))
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        return BytesIO(data)

    def end_headers(self):
        kept = "public, max-age=31536000, immutable"
        self.send_header(
            "Cache-Control", kept if "?v=" in self.path else "no-cache"
        )
        super().end_headers()

    def guess_type(self, path):
        kind = super().guess_type(path)
        return f"{kind}; charset=utf-8" if kind.startswith("text/") else kind

    def log_message(self, *_):
        pass


def server(port=0):
    """A server of ``_build/html`` on this machine; port 0 takes a free one."""
    handler = functools.partial(Host, directory=str(HTML))
    return ThreadingHTTPServer(("127.0.0.1", port), handler)


def main():
    wanted = int(os.environ.get("PORT", "8000"))
    try:
        httpd = server(wanted)
    except OSError:
        httpd = server()
    print(f"The book is at http://localhost:{httpd.server_port}/ "
          "(stop with Ctrl-C)", flush=True)
    try:
        httpd.serve_forever()
    except KeyboardInterrupt:
        print()


if __name__ == "__main__":
    main()
