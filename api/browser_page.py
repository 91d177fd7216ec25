"""Routes to which a person's browser is sent: where they fail, the person reads a page, not a document of JSON."""

from collections.abc import Callable, Coroutine
from html import escape
from typing import Any

from fastapi import Request, Response
from fastapi.responses import HTMLResponse

from api import problems
from api.audited import Audited
from services.errors import ServiceError

_PAGE = """<!doctype html>
<html lang="zh">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>助航 Zhuhang</title></head>
<body>
<h1>登录未完成 Not signed on</h1>
<p>{zh}</p>
<p lang="en">{en}</p>
<p><a href="/">返回 Back</a></p>
<p><small>{code}</small></p>
</body>
</html>
"""


class BrowserRoute(Audited):
    """Answers errors of the use cases as a page where the browser asks for one."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handle_for_person(request: Request) -> Response:
            try:
                return await handle(request)
            except ServiceError as error:
                if "text/html" not in request.headers.get("accept", ""):
                    raise
                answer = problems.of(error)
                page = _PAGE.format(zh=escape(error.zh), en=escape(error.en), code=escape(error.code))
                kept = {name: answer.headers[name] for name in ("retry-after",) if name in answer.headers}
                return HTMLResponse(page, answer.status_code, headers=kept)

        return handle_for_person
