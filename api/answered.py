"""What became of a request, for those that stand around the application."""

from starlette.types import Message, Send


class Answered:
    """Passes the answer on and keeps its `status`, which is None until it has begun."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.status: int | None = None

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        await self._send(message)
