"""Run as a module: takes a job as JSON on its input and leaves the PDF on its output."""

import json
import sys
from importlib.resources import as_file, files
from typing import Any

import typst


def typeset(job: dict[str, Any]) -> bytes:
    """The job's content in the form. Raises typst.TypstError."""
    fonts = typst.Fonts(
        include_system_fonts=False, include_embedded_fonts=False, font_paths=job["font_paths"]
    )
    with as_file(files("services.paper").joinpath("form.typ")) as form:
        return typst.compile(
            form,
            font_paths=fonts,
            sys_inputs={"data": json.dumps(job["content"])},
            # Tags for screen readers make many files four times as slow and ten times as large.
            pdf_tags=len(job["content"]["papers"]) == 1,
        )


if __name__ == "__main__":
    sys.stdout.buffer.write(typeset(json.load(sys.stdin.buffer)))
