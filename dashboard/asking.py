"""Lets a page ask for its parts only when that cannot spoil what is being drawn.

An open page asks for itself again every few seconds, and so does a click in it. Two of Streamlit's ways (1.67) then
spoil the page, until it is drawn anew or for good ("Bad delta path index"):

- A request of a part that comes after its page was left begins a run "of the page that was left", at which the browser
  throws away all that it shows.
- A request of a part that comes when a script has just ended drops what that script has drawn and not sent yet, as on a
  busy machine: half a page stands there.

So requests of parts are passed on only from the page that is shown. While a page is drawn as a whole, what it asks for
by itself is left out, as it will ask again, and a click draws the whole anew with what was clicked. While a click is
answered, nothing that a page asks for by itself comes in between.
"""

from __future__ import annotations

import time

from google.protobuf.message import DecodeError  # type: ignore[import-untyped]  # its types are a package of their own
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

__all__ = ["Asking", "InTurn"]

CLICK_S = 10.0
"""How long a click may go unanswered: Streamlit says nothing to one in a part that is there no more."""


class Asking:
    """What one browser has asked for, and what it was told, over one connection."""

    def __init__(self) -> None:
        self._page = ""
        """Streamlit's hash of the page that is shown or was asked for last; empty until there is one."""
        self._whole = False
        """Whether a page is being drawn as a whole."""
        self._clicked_at: float | None = None
        """When there was a click in a part that is not answered yet, by the monotonic clock."""

    def asked(self, frame: bytes) -> bytes | None:
        """Return what Streamlit is to be asked for what the browser asks; None for nothing."""
        message = BackMsg()
        try:
            message.ParseFromString(frame)
        except DecodeError:
            return frame  # Streamlit answers it as it does any
        asked = message.rerun_script
        if message.WhichOneof("type") != "rerun_script":
            return frame
        if not asked.fragment_id:
            self._page, self._whole = asked.page_script_hash or self._page, True
            return frame
        if self._page and asked.page_script_hash != self._page:
            return None
        if asked.is_auto_rerun:
            return None if self._whole or self._is_answering() else frame
        if self._whole:
            asked.fragment_id = ""
            return bytes(message.SerializeToString())
        self._clicked_at = time.monotonic()
        return frame

    def told(self, frame: bytes) -> bytes:
        """Take note of a message to the browser; return it, with the page that is shown where a part of one is run."""
        message = ForwardMsg()
        message.ParseFromString(frame)
        told, is_part = message.WhichOneof("type"), bool(message.metadata.run.fragment_ids)
        if told == "navigation":
            self._page = message.navigation.page_script_hash
        elif told == "script_finished" and message.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN:
            self._whole, self._clicked_at = self._whole and is_part, None
        elif told == "new_session" and not is_part:
            self._page, self._whole = message.new_session.page_script_hash, True
        elif told == "new_session" and self._page not in ("", message.new_session.page_script_hash):
            message.new_session.page_script_hash = self._page
            return bytes(message.SerializeToString())
        return frame

    def _is_answering(self) -> bool:
        return self._clicked_at is not None and time.monotonic() < self._clicked_at + CLICK_S


class InTurn:
    """Middleware that does so on every connection of a browser."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what goes to and fro."""
        if scope["type"] != "websocket":
            await self._app(scope, receive, send)
            return
        asking = Asking()

        async def asked() -> Message:
            while True:
                message = await receive()
                if not message.get("bytes"):
                    return message
                passed = asking.asked(message["bytes"])
                if passed is not None:
                    return {**message, "bytes": passed}

        async def told(message: Message) -> None:
            if message.get("bytes"):
                message["bytes"] = asking.told(message["bytes"])
            await send(message)

        await self._app(scope, asked, told)
