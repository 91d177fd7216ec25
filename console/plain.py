"""Pages without script, for what comes before the console itself: a form, its answer, and nothing else that could see
a password."""

from functools import cache
from importlib import resources

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from jinja2 import Environment, PackageLoader

from api.problems import Problem
from console.texts import COOKIE, LANGUAGES, Bilingual, Language, language_of, other_than, text_in
from console.visit import ROOT, installation

_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = {"Content-Security-Policy": _POLICY, "Cache-Control": "no-store"}
_YEAR_SECONDS = 31_536_000


@cache
def _templates() -> Environment:
    return Environment(loader=PackageLoader("console", "templates"), autoescape=True)


@cache
def _style() -> str:
    return resources.files("console").joinpath("static/sign-on.css").read_text(encoding="utf-8")


def plain(
    request: Request, template: str, *, problem: Problem | None = None, status: int = 200, **given: object
) -> HTMLResponse:
    """The page of a template in the browser's language. `problem` is what was wrong with what was sent."""
    chosen = language_of(request.cookies)

    def translated(text: str, **values: object) -> str:
        return text_in(chosen, text, **values)

    def said(text: Bilingual) -> str:
        return text.zh if chosen == "zh" else text.en

    html = (
        _templates()
        .get_template(template)
        .render(
            _=translated,
            said=said,
            style=_style(),
            language=chosen,
            other=other_than(chosen),
            languages=LANGUAGES,
            school=installation()[1].school_name,
            problem=_told(problem, chosen) if problem else "",
            **given,
        )
    )
    return HTMLResponse(html, problem.status if problem else status, headers=_HEADERS)


def problem_of(status: int, code: str, zh: str, en: str) -> Problem:
    """What a page itself has to say against what was sent."""
    return Problem(type="about:blank", title=zh, status=status, detail=en, code=code, zh=zh, en=en)


def _told(problem: Problem, chosen: Language) -> str:
    if problem.code == "totp_required":
        # The API says it to programs.
        return text_in(
            chosen, "The password is right. Type it once more, with the code of your authenticator."
        )
    return problem.zh if chosen == "zh" else problem.en


def in_language(chosen: Language, path: str) -> Response:
    """The page at the path from now on in this language."""
    back = RedirectResponse(path, 303)
    back.set_cookie(COOKIE, chosen, path=ROOT, max_age=_YEAR_SECONDS, samesite="lax")
    return back


def go_on(request: Request, to: str) -> HTMLResponse:
    """A page that leads on by itself. Where a redirect would be taken for the other site's own, this is ours: the
    browser then sends its session along, and a form may end at the provider."""
    return plain(request, "go_on.html", to=to)
