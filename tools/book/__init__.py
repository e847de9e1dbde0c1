"""Building the book: `python -m tools.book`, with its parts beside it."""

import sys

# At its import jsonschema, which notebooks are validated with, would compile
# forty grammars of web addresses: a second in each process, for nothing.
sys.modules.setdefault("rfc3987_syntax", None)
