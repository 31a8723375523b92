"""The page at /docs: a service's OpenAPI document to be read by people. Without script, and with nothing from outside."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader

from services.chassis.http.described import operations
from services.chassis.http.samples import REF

HERE = Path(__file__).parent
STYLE = (HERE / "docs_page.css").read_text(encoding="utf-8")
CONTENT_SECURITY_POLICY = (
    f"default-src 'none'; style-src 'sha256-{base64.b64encode(sha256(STYLE.encode()).digest()).decode()}'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def page(document: Mapping[str, Any]) -> str:
    """The page as HTML."""
    environment = Environment(loader=FileSystemLoader(HERE), autoescape=True)
    environment.filters["name_of"] = name_of
    environment.filters["shown"] = lambda example: json.dumps(example, indent=2, ensure_ascii=False)
    by_tag: dict[str, list[tuple[str, str, dict[str, Any]]]] = {tag["name"]: [] for tag in document["tags"]}
    for method, path, operation in operations(dict(document)):
        by_tag.setdefault(operation["tags"][0], []).append((method, path, operation))
    schemas = document["components"]["schemas"]
    shapes = {name: told for name, told in schemas.items() if not name.startswith("Problem")}
    codes = {name: told["properties"]["code"]["enum"] for name, told in schemas.items() if name not in shapes}
    said = {tag["name"]: tag["description"] for tag in document["tags"]}
    return environment.get_template("docs_page.html").render(
        info=document["info"], tags=by_tag, said=said, shapes=shapes, codes=codes, style=STYLE
    )


def name_of(schema: Mapping[str, Any]) -> str:
    """What a value is, in a word or two: the name of its shape where it has one."""
    if "$ref" in schema:
        return str(schema["$ref"]).removeprefix(REF)
    if "const" in schema:
        return json.dumps(schema["const"], ensure_ascii=False)
    if "enum" in schema:
        return " | ".join(json.dumps(each, ensure_ascii=False) for each in schema["enum"])
    for variants in ("anyOf", "oneOf"):
        if variants in schema:
            return " | ".join(name_of(each) for each in schema[variants])
    if schema.get("type") == "array":
        return f"list of {name_of(schema.get('items', {}))}"
    return f"{schema.get('type', 'anything')}{' ' + schema['format'] if 'format' in schema else ''}"
