"""The console on the API's own application, in the same process."""

from fastapi.responses import RedirectResponse
from nicegui import app as pages
from nicegui import ui

from api.app import Api
from console import first_steps, first_visit, sign_on
from console.live import live
from console.pages import load
from console.visit import ROOT
from services.settings import Settings

# Vue compiles its templates in the browser, and NiceGUI starts a page from a script within it.
CONTENT_POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline' 'unsafe-eval'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self'",
        "frame-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
# Seconds for which a page whose browser has gone, as on a train, is kept as it was.
_RECONNECT_SECONDS = 60.0


def mount(app: Api, settings: Settings) -> None:
    """Serve the console beside the API."""
    pages.state.installation = (app, settings)
    app.pages = {ROOT: CONTENT_POLICY}
    load()
    app.include_router(sign_on.router)
    app.include_router(first_steps.router)
    app.include_router(first_visit.router)

    async def home() -> RedirectResponse:
        return RedirectResponse(ROOT)

    app.add_api_route("/", home, include_in_schema=False)
    pages.add_exception_handler(404, sign_on.nowhere)
    pages.on_startup(live.start)
    pages.on_shutdown(live.stop)
    ui.run_with(
        app,
        title="助航 Zhuhang",
        favicon="🧭",
        language="zh-CN",
        dark=None,
        mount_path=ROOT,
        tailwind=False,
        reconnect_timeout=_RECONNECT_SECONDS,
        binding_refresh_interval=None,
        show_welcome_message=False,
    )
