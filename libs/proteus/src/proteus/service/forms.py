"""The content type of a form, reduced to its boundary.

The text of a form is UTF-8: RFC 7578 knows no `charset` of a whole form. The form parser would decode each name and
field by whatever codec of Python the client names; `punycode` takes half a minute of the event loop for one field of a
megabyte, `undefined` always fails, `utf-7` yields lone surrogates. Only services that depend on python-multipart import
this module.
"""

from __future__ import annotations

import re
from typing import Final

from python_multipart.multipart import parse_options_header

FORM: Final = b"multipart/form-data"

_BOUNDARY: Final = rb"[0-9A-Za-z'()+_,./:=?-]{1,70}"
_PLAIN: Final = re.compile(FORM + rb'; ?boundary=("?)' + _BOUNDARY + rb"\1", re.IGNORECASE)


def with_boundary_only(content_type: bytes) -> bytes:
    """Return a content type without any parameter of a form but its boundary; another type as it is."""
    if not content_type.lstrip().lower().startswith(b"multipart/") or _PLAIN.fullmatch(content_type):
        return content_type
    _, parameters = parse_options_header(content_type)
    boundary = parameters.get(b"boundary", b"")
    # Without a boundary that RFC 2046 allows the parser refuses the form.
    return FORM + b'; boundary="' + boundary + b'"' if re.fullmatch(_BOUNDARY, boundary) else FORM
