"""A description of a service becomes a channel that the check takes, and nothing of it is passed over."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gateway.management.cli import main
from gateway.policy.load import load_set
from gateway.policy.model import Channel
from gateway.policy.request_judges import judge_request
from gateway.policy.routes import match
from gateway.unit.request import RequestBody

ORDER: dict[str, Any] = {
    "type": "object",
    "required": ["code", "at"],
    "properties": {
        "code": {"type": "string", "maxLength": 8, "pattern": "^[a-z]+$"},
        "at": {"type": "string", "format": "date-time"},
        "next": {"$ref": "#/components/schemas/Order"},
        "count": {"type": "integer", "minimum": 0, "exclusiveMinimum": True, "nullable": True},
    },
}


def described(paths: object, version: str = "3.1.0", **more: object) -> dict[str, Any]:
    return {
        "openapi": version,
        "info": {"title": "Orders: of a test", "version": "1"},
        "servers": [{"url": "https://orders.inner.example/v1"}],
        "components": {"schemas": {"Order": ORDER}},
        "paths": paths,
        **more,
    }


def json_of(schema: object) -> dict[str, Any]:
    return {"content": {"application/json": {"schema": schema}}}


IDENTIFIER = {
    "in": "path",
    "name": "orderId",
    "required": True,
    "schema": {"type": "string", "format": "uuid"},
}
REFERENCE = {"$ref": "#/components/schemas/Order"}
PATHS = {
    "/orders": {
        "get": {
            "operationId": "listOrders",
            "parameters": [
                {"in": "query", "name": "status", "schema": {"enum": ["open", "done"]}},
                {"in": "query", "name": "tag", "schema": {"type": "array", "items": {"type": "string"}}},
                {"in": "query", "name": "filter", "style": "deepObject", "schema": {"type": "object"}},
                {"in": "header", "name": "X-Trace", "schema": {"type": "string", "format": "uuid"}},
                {"in": "cookie", "name": "sid", "schema": {"type": "string"}},
            ],
            "responses": {
                "200": json_of({"type": "array", "items": REFERENCE}),
                "default": json_of({}),
            },
        },
        "post": {
            "operationId": "addOrder",
            "requestBody": {"required": True, **json_of(REFERENCE)},
            "responses": {"201": json_of(REFERENCE), "302": {}},
        },
    },
    "/orders/{orderId}": {
        "parameters": [IDENTIFIER],
        "get": {"responses": {"200": json_of(REFERENCE), "404": {}}},
        "delete": {"responses": {"204": {}}},
    },
    "/orders/{orderId}.pdf": {
        "get": {"operationId": "asPdf", "parameters": [IDENTIFIER], "responses": {"200": {}}}
    },
    "/orders/{any}": {
        "get": {
            "operationId": "again",
            "parameters": [{"in": "path", "name": "any", "required": True, "schema": {"type": "string"}}],
            "responses": {"200": {}},
        },
        "put": {
            "operationId": "upload",
            "parameters": [{"in": "path", "name": "any", "required": True, "schema": {"type": "string"}}],
            "requestBody": {"content": {"multipart/form-data": {}}},
            "responses": {"204": {}},
        },
    },
}  # fmt: skip


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, Any, str]:
    status = main(["policy", *map(str, arguments), "--json"])
    said = capsys.readouterr()
    return status, json.loads(said.out) if said.out else {}, said.err


def imported(
    folder: Path, capsys: pytest.CaptureFixture[str], description: object
) -> tuple[Channel, Any]:
    source = folder / "orders.json"
    source.write_text(json.dumps(description))
    (folder / "set").mkdir()
    status, data, err = run(capsys, "import-openapi", source, "--to", folder / "set")
    assert status == 0, err
    status, checked, err = run(capsys, "check", folder / "set")
    assert status == 0, checked or err
    return load_set(folder / "set").channels["orders"], data


def test_a_description_becomes_a_channel_that_the_check_takes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    channel, data = imported(tmp_path, capsys, described(PATHS))
    assert channel.requests is not None
    operations = channel.requests.operations
    assert set(operations) == set(data["operations"])
    assert set(operations) == {
        "list-orders", "add-order", "get-orders-order-id", "delete-orders-order-id"
    }  # fmt: skip
    listed = operations["list-orders"]
    assert {name: (rule.text, rule.many) for name, rule in listed.query.items()} == {
        "status": ("optional one of open, done", False),
        "tag": ("optional many text at most 256", True),
    }
    assert set(listed.headers) == {"x-trace", "cookie:sid"}
    assert set(operations["add-order"].answers) == {201}
    assert (channel.requests.sink.host, channel.requests.sink.base_path) == (
        "orders.inner.example",
        "/v1",
    )
    call = match(channel, "GET", "/orders/7d444840-9dc0-11d1-b245-5ffdce74fad2")
    assert call.operation.name == "get-orders-order-id"


def test_what_a_policy_file_cannot_say_is_told_and_stands_in_the_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, data = imported(tmp_path, capsys, described(PATHS, security=[{"key": []}]))
    said = {(note["number"], note["fields"].get("what", "")) for note in data["notes"]}
    assert said >= {
        (2372, "filter: object"),
        (2342, ""),
        (2373, "default"),
        (2373, "302"),
        (2370, "multipart/form-data"),
        (2376, "security"),
    }
    left_out = {n["fields"]["operation"] for n in data["notes"] if n["number"] == 2370}
    assert left_out == {"PUT /orders/{any}", "GET /orders/{orderId}.pdf", "GET /orders/{any}"}
    text = (tmp_path / "set/10-orders.yaml").read_text()
    assert [note["text"] for note in data["notes"] if note["text"] not in text] == []
    assert text.count("# REVIEW FG-") == len(data["notes"])


def test_schemas_keep_what_they_ask_and_refer_within_their_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    channel, data = imported(tmp_path, capsys, described(PATHS, "3.0.3"))
    order = json.loads((tmp_path / "set/schemas/orders-Order.json").read_text())
    assert order["$ref"] == "#/$defs/Order"
    properties = order["$defs"]["Order"]["properties"]
    assert properties["next"] == {"$ref": "#/$defs/Order"}
    assert properties["count"] == {"type": ["integer", "null"], "exclusiveMinimum": 0}
    assert properties["code"] == ORDER["properties"]["code"]
    assert properties["at"] == {"type": "string"}
    assert 2374 in {note["number"] for note in data["notes"]}
    assert channel.requests is not None
    head = RequestBody("add-order", (), (), (), "application/json", 70_000, 1_000)
    assert judge_request(channel, head).number == 2358


def test_where_every_operation_has_a_body_the_test_has_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    body = {
        "type": "object",
        "required": ["a"],
        "properties": {"a": {"type": "integer", "minimum": 3}},
    }
    paths = {"/a": {"post": {"requestBody": json_of(body), "responses": {"202": {}}}}}
    channel, _ = imported(tmp_path, capsys, described(paths))
    assert channel.requests is not None
    assert channel.requests.tests[0].json == '{"a": 3}'


def test_yaml_is_read_as_well(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = tmp_path / "Clinic Orders.yaml"
    source.write_text(
        "openapi: 3.0.3\ninfo: {title: t, version: '1'}\npaths:\n  /a/{n}:\n    get:\n"
        "      parameters:\n        - {in: path, name: n, required: true, schema: {type: integer}}\n"
        "      responses:\n        200: {description: d}\n"
    )
    (tmp_path / "set").mkdir()
    status, data, _ = run(capsys, "import-openapi", source, "--to", tmp_path / "set")
    assert (status, data["channel"], data["operations"]) == (0, "clinic-orders", ["get-a-n"])
    assert run(capsys, "check", tmp_path / "set")[0] == 0


@pytest.mark.parametrize(
    ("content", "number"),
    [
        ("{", "FG-2377"),
        ('{"swagger": "2.0", "paths": {}}', "FG-2377"),
        ('{"openapi": "3.1.0"}', "FG-2377"),
        ('{"openapi": "3.1.0", "paths": {}}', "FG-2381"),
        ('{"openapi": "3.1.0", "paths": {"/a": {"$ref": "http://x/y"}}}', "FG-2381"),
        ('{"openapi": "3.1.0", "paths": {"/a": {"$ref": "#/paths/~1a"}}}', "FG-2381"),
        ("openapi: &a 3.1.0\npaths: {}\n", "FG-2377"),
    ],
)
def test_what_is_no_description_is_refused_and_nothing_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str, number: str
) -> None:
    source = tmp_path / "a.json"
    source.write_text(content)
    (tmp_path / "set").mkdir()
    status, _, err = run(capsys, "import-openapi", source, "--to", tmp_path / "set")
    assert status == 78
    assert number in err
    assert list((tmp_path / "set").iterdir()) == []


def test_no_file_is_written_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    imported(tmp_path, capsys, described(PATHS))
    before = {path: path.read_bytes() for path in (tmp_path / "set").rglob("*") if path.is_file()}
    status, _, err = run(
        capsys, "import-openapi", tmp_path / "orders.json", "--to", tmp_path / "set"
    )
    assert status == 78
    assert "FG-2378" in err
    assert before == {
        path: path.read_bytes() for path in (tmp_path / "set").rglob("*") if path.is_file()
    }
