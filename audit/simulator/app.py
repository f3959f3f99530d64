"""The simulator as an ASGI application: any provider's paths, and `/__sim` to look behind the scenes.

GET    /__sim/health            {"status": "ok"}
GET    /__sim/served?after=N    the ledger's rows with a sequence above N, oldest first (see served.py)
DELETE /__sim/served            forgets them
PUT    /__sim/forced            {"gpt-4o": "server_error", "*": "slow=20"}: scenarios played until `{}` is put
GET    /__sim/forced            what is forced now
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from audit.simulator.ask import Ask, Pace
from audit.simulator.coding import decoded
from audit.simulator.delivery import Delivery
from audit.simulator.failures import failure, misunderstood, named_failure
from audit.simulator.formats import FORMATS
from audit.simulator.headers import reply_headers
from audit.simulator.memory import Memory
from audit.simulator.openai_others import form_fields
from audit.simulator.paths import Target, target
from audit.simulator.prose import dice
from audit.simulator.reply import Frame, Reply, Tells, staged
from audit.simulator.scenarios import ScenarioError, Script, script
from audit.simulator.served import Ledger, Served

__all__ = ["create_app"]


def create_app(*, latency: float = 0.0) -> Starlette:
    """Return the application; `latency` scales plausible delays (150-900 ms, then 20-80 tokens a second), 0 is none."""
    stage = _Stage(latency)
    return Starlette(
        routes=[
            Route("/__sim/health", stage.health, methods=["GET"]),
            Route("/__sim/served", stage.served, methods=["GET", "DELETE"]),
            Route("/__sim/forced", stage.forced, methods=["GET", "PUT"]),
            Route("/{path:path}", stage),
        ]
    )


@dataclass(frozen=True, slots=True)
class _Scene:
    """A request understood, and the reply to it."""

    ask: Ask
    reply: Reply
    asked: Script = field(default_factory=Script)


class _Stage:
    def __init__(self, latency: float) -> None:
        self._latency = latency
        self._ledger = Ledger()
        self._memory = Memory()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            body = await request.body()
        except ClientDisconnect:
            return
        row = self._ledger.open(request.method, _masked_path(scope), request.headers.items(), body)
        scene = self._scene(request, body)
        self._enter(row, scene)
        delivery = Delivery(
            scene.reply,
            row,
            script=scene.ask.script,
            pace=scene.ask.pace,
            accept_encoding=request.headers.get("accept-encoding", ""),
        )
        await delivery.run(receive, send)

    def _scene(self, request: Request, body: bytes) -> _Scene:
        meant = _target(request)
        nobody = Ask(provider=meant.provider, format=meant.format, model=meant.model)
        if "upgrade" in request.headers:
            return _Scene(nobody, Reply(status=426, frames=(Frame(data=b"", tells=Tells(error="426")),)))
        if meant.format == "stored_response":
            return _Scene(nobody, self._memory.kept(meant.item) or named_failure("not_found", nobody))
        if meant.format not in FORMATS or request.method not in _METHODS.get(meant.format, ("POST",)):
            return _Scene(nobody, named_failure("not_found", nobody))
        try:
            fields = _fields(body, request.headers)
            return self._played(FORMATS[meant.format].read(meant, fields), request.headers)
        except ScenarioError as exc:
            return _Scene(nobody, misunderstood(nobody, str(exc)))
        except ValueError as exc:
            return _Scene(nobody, misunderstood(nobody, f"We could not read the body of your request: {exc}"))

    def _played(self, draft: Ask, headers: Mapping[str, str]) -> _Scene:
        others = (headers.get("x-sim-scenario", ""), self._memory.forced_on(draft))
        asked = script(draft.model, draft.said.prompt, *others)
        played = self._memory.cast(draft, asked)
        ask = replace(draft, script=played, pace=_pace(draft, played, self._latency))
        reply = failure(ask) or FORMATS[ask.format].respond(ask)
        self._memory.keep(reply.kept)
        return _Scene(ask, _with_headers(ask, staged(reply, played)), asked)

    def _enter(self, row: Served, scene: _Scene) -> None:
        row.provider, row.format = scene.ask.provider, scene.ask.format
        row.model_requested = scene.ask.model or None
        row.scenario = str(scene.asked)

    async def health(self, _request: Request) -> Response:
        return JSONResponse({"status": "ok", "served": self._ledger.last})

    async def served(self, request: Request) -> Response:
        if request.method == "DELETE":
            self._ledger.clear()
            return Response(status_code=204)
        return JSONResponse(self._ledger.rows(after=int(request.query_params.get("after", "0"))))

    async def forced(self, request: Request) -> Response:
        try:
            if request.method == "PUT":
                self._memory.force({str(name): str(scenes) for name, scenes in (await request.json()).items()})
        except ScenarioError as exc:
            return JSONResponse({"error": str(exc)}, status_code=400)
        return JSONResponse(dict(self._memory.forced))


def _target(request: Request) -> Target:
    meant = target(request.scope["path"], request.query_params)
    if meant.provider == "openai" and meant.format == "models":
        asking = next((owner for header, owner in _ASKING.items() if header in request.headers), "openai")
        return replace(meant, provider=asking)
    return meant


def _fields(body: bytes, headers: Mapping[str, str]) -> Mapping[str, Any]:
    content_type = headers.get("content-type", "")
    if content_type.startswith("multipart/form-data"):
        return form_fields(body, content_type)
    plain = decoded(body, headers.get("content-encoding", ""))
    fields = json.loads(plain) if plain.strip() else {}
    if not isinstance(fields, dict):
        raise ValueError("it is no JSON object")
    return fields


def _pace(ask: Ask, played: Script, latency: float) -> Pace:
    thrown = dice("pace", ask.model, ask.said.text)
    first_ms, token_ms = latency * thrown.uniform(150, 900), latency * 1000 / thrown.uniform(20, 80)
    return Pace(
        first_ms=played.number("slow", 1500) if "slow" in played else first_ms,
        token_ms=played.number("drip", 50) if "drip" in played else token_ms,
    )


def _with_headers(ask: Ask, reply: Reply) -> Reply:
    model = next((frame.tells.model for frame in reply.frames if frame.tells.model), None)
    tokens = sum(frame.tokens for frame in reply.frames)
    return replace(reply, headers={**reply_headers(ask, model, tokens), **reply.headers})


def _masked_path(scope: Scope) -> str:
    path = scope["raw_path"].decode("latin-1")
    query = re.sub(r"(?<![^&])key=[^&]*", "key=MASKED", scope["query_string"].decode("latin-1"))
    return f"{path}?{query}" if query else path


_ASKING = {"anthropic-version": "anthropic", "x-goog-api-key": "gemini"}
"""`/v1/models` is three providers' path; who asks tells which."""
_METHODS = {"models": ("GET",), "hello": ("GET", "HEAD", "POST"), "ollama": ("GET", "POST")}
"""The methods of operations that are not for POST alone."""
