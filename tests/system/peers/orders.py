"""A JSON service with its OpenAPI document, written as frameworks write one from the code of a service."""

from __future__ import annotations

import json
import re
from typing import Any, Final

from aiohttp import web

_TEXT: Final = {"type": "string", "maxLength": 80}
_ITEM: Final = {
    "type": "object",
    "title": "Item",
    "additionalProperties": False,
    "required": ["code", "count"],
    "properties": {
        "code": {"type": "string", "maxLength": 16, "pattern": "^[A-Za-z0-9-]+$"},
        "count": {"type": "integer", "minimum": 1, "maximum": 99},
        "urgent": {"type": "boolean", "default": False},
    },
}
_ORDER: Final = {
    "type": "object",
    "title": "Order",
    "additionalProperties": False,
    "required": ["patient", "items"],
    "properties": {
        "id": {"anyOf": [{"type": "string", "maxLength": 36}, {"type": "null"}]},
        "patient": _TEXT,
        "items": {"type": "array", "maxItems": 50, "items": {"$ref": "#/components/schemas/Item"}},
        "price": {"type": "number"},
    },
}
_PROBLEM: Final = {
    "type": "object",
    "title": "Problem",
    "additionalProperties": False,
    "properties": {
        "type": _TEXT,
        "title": _TEXT,
        "status": {"type": "integer"},
        "detail": {"type": "string", "maxLength": 400},
    },
}


def _json(name: str) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}}}


def _says(text: str, content: object = None, **headers: object) -> dict[str, Any]:
    said: dict[str, Any] = {"description": text}
    if content is not None:
        said["content"] = content
    if headers:
        named = {name.replace("_", "-"): {"schema": rule} for name, rule in headers.items()}
        said["headers"] = named
    return said


def description(address: str) -> dict[str, Any]:
    """The document of the service at this address (`https://localhost:PORT/v1`)."""
    one = {"name": "order", "in": "path", "required": True, "schema": {"type": "string",
           "pattern": "^[a-z0-9-]+$", "maxLength": 36}}  # fmt: skip
    problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    missing = {"404": _says("no such order", problem)}
    etag = {"type": "string", "maxLength": 80}
    query = [
        {"name": "patient", "in": "query", "required": False, "schema": _TEXT},
        {"name": "state", "in": "query", "schema": {"enum": ["open", "done"]}},
        {"name": "tag", "in": "query", "schema": {"type": "array", "items": _TEXT}},
    ]
    listed = {"application/json": {"schema": {"type": "array", "maxItems": 100,
              "items": {"$ref": "#/components/schemas/Order"}}}}  # fmt: skip
    body = {"required": True, "content": _json("Order")}
    match = {"name": "If-None-Match", "in": "header", "schema": etag}
    session = {"name": "tenant", "in": "cookie", "schema": {"type": "string", "maxLength": 32}}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Orders", "version": "2.4.0"},
        "servers": [{"url": address}],
        "paths": {
            "/orders": {
                "get": {"operationId": "list_orders", "parameters": [*query, session],
                        "responses": {"200": _says("all", listed)}},
                "post": {"operationId": "add_order", "requestBody": body,
                         "responses": {"201": _says("made", _json("Order"), ETag=etag),
                                       "422": _says("not so", problem)}},
            },
            "/orders/{order}": {
                "parameters": [one],
                "get": {"operationId": "read_order", "parameters": [match],
                        "responses": {"200": _says("it", _json("Order"), ETag=etag),
                                      "304": _says("the same", ETag=etag), **missing}},
                "head": {"operationId": "look_at_order",
                         "responses": {"200": _says("there", ETag=etag), "404": _says("not there")}},
                "put": {"operationId": "change_order", "requestBody": body,
                        "responses": {"200": _says("changed", _json("Order"), ETag=etag), **missing}},
                "delete": {"operationId": "drop_order",
                           "responses": {"204": _says("gone"), **missing}},
            },
            "/orders/{order}/send": {
                "post": {"operationId": "send_order", "parameters": [one],
                         "responses": {"202": _says("sent", {"application/json": {"schema": True}})}},
            },
        },
        "components": {"schemas": {"Order": _ORDER, "Item": _ITEM, "Problem": _PROBLEM}},
    }  # fmt: skip


class Orders:
    """The service below /v1: keeps orders, answers compressed where the caller takes that."""

    def __init__(self) -> None:
        self.kept: dict[str, dict[str, Any]] = {}
        self.clear()

    def clear(self) -> None:
        """The same state for whoever asks next."""
        items = [{"code": "718-7", "count": 2}]
        self.kept = {
            "o-1": {"id": "o-1", "patient": "张三 Wang/Li", "items": items, "price": 12.50}
        }

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        answer = await self._answered(request)
        if request.method != "HEAD" and answer.body is not None:
            answer.enable_compression()
        answer.set_cookie("track", "inside-1")
        return answer

    async def _answered(self, request: web.Request) -> web.Response:
        path = re.fullmatch(r"/v1/orders(?:/([a-z0-9-]+))?(/send)?", request.path)
        if path is None:
            return self._problem(404, request.path)
        name = path[1]
        if name is None and request.method == "GET":
            return self._found(request)
        if name is None:
            return await self._made(request, f"o-{len(self.kept) + 1}", 201)
        if path[2]:
            return web.json_response({"sent": name}, status=202)
        if name not in self.kept:
            return self._problem(404, f"no order {name}")
        if request.method == "PUT":
            return await self._made(request, name, 200)
        if request.method == "DELETE":
            del self.kept[name]
            return web.Response(status=204)
        etag = f'"{name}-1"'
        if request.headers.get("If-None-Match") == etag:
            return web.Response(status=304, headers={"ETag": etag})
        return self._order(name, 200)

    def _found(self, request: web.Request) -> web.Response:
        """Orders whose patient is the one that is named; the question is said back as an order."""
        asked = [*request.query.getall("patient", []), *request.query.getall("tag", [])]
        asked += [request.cookies.get("tenant", "")]
        orders = [one for one in self.kept.values() if one["patient"] in asked]
        return web.json_response([*orders, {"patient": "|".join(asked), "items": []}])

    async def _made(self, request: web.Request, name: str, status: int) -> web.Response:
        order = json.loads(await request.read())
        if order["patient"] == "nobody":
            return self._problem(422, "no such patient")
        self.kept[name] = {**order, "id": name}
        return self._order(name, status)

    def _order(self, name: str, status: int) -> web.Response:
        headers = {"ETag": f'"{name}-1"', "X-Served-By": "orders-7.inner"}
        return web.json_response(self.kept[name], status=status, headers=headers)

    def _problem(self, status: int, detail: str) -> web.Response:
        said = {"type": "about:blank", "title": "Not so", "status": status, "detail": detail}
        return web.json_response(said, status=status, content_type="application/problem+json")
