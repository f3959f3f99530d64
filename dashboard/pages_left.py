"""Keeps what a page that was left still asks for away from the page that is shown.

An open page asks for itself again every few seconds, and so does a click in it. Such a request can be under way while
another page is opened. Streamlit (1.67) then begins a run "of the page that was left", at which the browser throws
away all that it shows: the page is empty until it is drawn anew, or for good ("Bad delta path index"). So requests of
parts of a page are passed on only from the page that is shown, and no run of a part tells the browser of another page.
"""

from __future__ import annotations

from google.protobuf.message import DecodeError  # type: ignore[import-untyped]  # its types are a package of their own
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

__all__ = ["PagesLeft", "Shown"]


class Shown:
    """Which page one browser shows, by what it was told over one connection."""

    def __init__(self) -> None:
        self._page = ""
        """Streamlit's hash of the page; empty until the browser was told of one."""

    def is_asked_by_another(self, frame: bytes) -> bool:
        """Whether a message from the browser asks for a part of a page that is no longer shown."""
        message = BackMsg()
        try:
            message.ParseFromString(frame)
        except DecodeError:
            return False  # Streamlit answers it as it does any
        asked = message.rerun_script
        return bool(asked.fragment_id and self._page and asked.page_script_hash != self._page)

    def told(self, frame: bytes) -> bytes:
        """Take note of a message to the browser; return it, with the page that is shown where a part of one is run."""
        message = ForwardMsg()
        message.ParseFromString(frame)
        told = message.WhichOneof("type")
        if told == "navigation":
            self._page = message.navigation.page_script_hash
        if told != "new_session":
            return frame
        if not message.metadata.run.fragment_ids:
            self._page = message.new_session.page_script_hash
        if message.new_session.page_script_hash == self._page:
            return frame
        message.new_session.page_script_hash = self._page
        return bytes(message.SerializeToString())


class PagesLeft:
    """Middleware that does so on every connection of a browser."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what goes to and fro, as far as it concerns the page that is shown."""
        if scope["type"] != "websocket":
            await self._app(scope, receive, send)
            return
        shown = Shown()

        async def asked() -> Message:
            message = await receive()
            while message.get("bytes") and shown.is_asked_by_another(message["bytes"]):
                message = await receive()
            return message

        async def told(message: Message) -> None:
            if message.get("bytes"):
                message["bytes"] = shown.told(message["bytes"])
            await send(message)

        await self._app(scope, asked, told)
