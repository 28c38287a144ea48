"""The content type of a form: its boundary is the client's to choose, the codec of its text is not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from python_multipart.multipart import parse_options_header

from proteus.service.forms import with_boundary_only


@pytest.mark.parametrize(
    "content_type",
    [
        b"multipart/form-data; boundary=----WebKitFormBoundaryAbC123",
        b'multipart/form-data; boundary="a:b"',
        b"multipart/form-data;boundary=x",
        b"application/json; charset=utf-16",
        b"image/png",
        b"",
    ],
)
def test_a_plain_content_type_is_left_as_it_is(content_type: bytes) -> None:
    assert with_boundary_only(content_type) == content_type


@pytest.mark.parametrize(
    "content_type",
    [
        b"multipart/form-data; charset=punycode; boundary=x",
        b'multipart/form-data; boundary=x; CharSet="undefined"',
        b"multipart/form-data; boundary=x; charset*=utf-8''utf-7",
        b"multipart/form-data; boundary=x; charset*0=utf; charset*1=-7",
        b" Multipart/Form-Data ; boundary = x ; charset = idna",
    ],
)
def test_the_codec_that_a_client_names_is_left_out(content_type: bytes) -> None:
    assert with_boundary_only(content_type) == b'multipart/form-data; boundary="x"'


@given(
    parameters=st.lists(st.tuples(st.sampled_from(["boundary", "charset", "a"]), st.text(max_size=80)), max_size=4),
    spaces=st.sampled_from(["", " ", "\t"]),
)
def test_whatever_a_client_writes_no_codec_reaches_the_parser(parameters, spaces) -> None:
    text = "multipart/form-data" + "".join(f";{spaces}{name}={value}" for name, value in parameters)
    found, kept = parse_options_header(with_boundary_only(text.encode("utf-8")))
    assert found == b"multipart/form-data"
    assert kept.keys() <= {b"boundary"}
