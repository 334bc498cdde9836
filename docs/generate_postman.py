"""Write the Postman collection that follows from the OpenAPI document.

Run as `python docs/generate_postman.py CONVERTER [FILE]`, where CONVERTER is the program
`openapi2postmanv2`. `make docs.postman` installs it and calls this.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # `docs` is no package

from service.http.openapi_document import build_document  # noqa: E402
from tests.support.openapi import create_finalized_app  # noqa: E402

COLLECTION = ROOT / "docs/movies.postman_collection.json"
OPTIONS = "folderStrategy=Tags,parametersResolution=Example,enableOptionalParameters=false"
BASE_URL = "http://127.0.0.1:8000"


def main() -> None:
    """Write the collection to FILE, by default to its place in the documentation."""
    converter, *paths = sys.argv[1:]
    document = json.loads(json.dumps(build_document(create_finalized_app(), "0")))
    collection = _convert(converter, _name_single_examples(document))
    _remove_generated_parts(collection)
    collection["variable"] = [
        {"key": "baseUrl", "value": BASE_URL},
        {"key": "bearerToken", "value": ""},
    ]
    text = json.dumps(collection, indent=1, ensure_ascii=False) + "\n"
    Path(paths[0] if paths else COLLECTION).write_text(text, "utf-8")


def _convert(converter: str, document: Any) -> Any:
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "openapi.json"), Path(folder, "collection.json")
        source.write_text(json.dumps(document), "utf-8")
        command = [converter, "-s", str(source), "-o", str(target), "-O", OPTIONS]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        return json.loads(target.read_text("utf-8"))


def _name_single_examples(node: Any) -> Any:
    """Return the document with `example` beside `examples`, and without alternatives to it.

    The converter invents values otherwise, different ones in each run.
    """
    if isinstance(node, list):
        return [_name_single_examples(child) for child in node]
    if not isinstance(node, dict):
        return node
    named = {name: _name_single_examples(child) for name, child in node.items()}
    examples = named.get("examples")
    if isinstance(examples, list) and examples:
        named["example"] = examples[0]
        for alternative in named.pop("anyOf", []):
            if alternative != {"type": "null"}:
                return {**alternative, **named}
    return named


def _remove_generated_parts(item: dict[str, Any]) -> None:
    """Remove random ids, and sample responses, which are most of the file."""
    for name in ("id", "_postman_id", "response"):
        item.pop(name, None)
    for child in (item.get("info"), *item.get("item", ())):
        if child is not None:
            _remove_generated_parts(child)


if __name__ == "__main__":
    main()
