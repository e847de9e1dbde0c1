"""`make serve`: serve the built book on this machine."""

import functools
import os
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

from tools.book.chapters import HTML


class Quiet(SimpleHTTPRequestHandler):
    """A handler that does not log every file."""

    def log_message(self, *_):
        pass


def server(port=0):
    """A server of ``_build/html`` on this machine; port 0 takes a free one."""
    handler = functools.partial(Quiet, directory=str(HTML))
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
