"""Parsing ``multipart/form-data`` with the standard library's mail parser, which keeps every byte."""

from __future__ import annotations

from dataclasses import dataclass, field
from email.parser import BytesParser
from email.policy import HTTP


@dataclass(frozen=True)
class FormFile:
    """One uploaded file."""

    name: str
    mime: str
    content: bytes


@dataclass
class Form:
    """Fields and files by name."""

    fields: dict[str, str] = field(default_factory=dict)
    files: dict[str, FormFile] = field(default_factory=dict)


def parse_form(content_type: str, body: bytes) -> Form:
    """Parse a form; the result is empty if the body is not a form."""
    form = Form()
    message = BytesParser(policy=HTTP).parsebytes(f"Content-Type: {content_type}\r\n\r\n".encode() + body)
    for part in message.iter_parts() if message.is_multipart() else ():
        name = str(part.get_param("name", "", header="content-disposition"))
        content = part.get_payload(decode=True)
        content = content if isinstance(content, bytes) else b""
        filename = part.get_filename()
        if filename is None:
            form.fields[name] = content.decode("utf-8", "replace")
        else:
            form.files[name] = FormFile(filename, part.get_content_type(), content)
    return form
