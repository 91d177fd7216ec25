"""What a use case may answer instead of a result. Each has a stable code and a sentence in both languages."""

from typing import Any


class ServiceError(Exception):
    """An answer that is not a result. `status` is the HTTP status that says the same."""

    status = 400
    # Seconds after which it is worth asking again; None: asking again changes nothing.
    retry_after: int | None = None

    def __init__(self, code: str, zh: str, en: str, /, **details: Any) -> None:
        super().__init__(f"{code}: {en}")
        self.code = code
        self.zh = zh
        self.en = en
        self.details = details


class BadVersion(ServiceError):
    def __init__(self) -> None:
        super().__init__(
            "if_match_invalid",
            'If-Match 应为档案版本号，例如 "7"。',
            'If-Match must be a version of the case, such as "7".',
        )


class UnknownActor(ServiceError):
    status = 401

    def __init__(self, actor_id: str) -> None:
        super().__init__(
            "actor_unknown",
            f"没有这个在岗人员：{actor_id}。编号见 GET /api/v1/staff。",
            f"There is no active member of staff {actor_id}; GET /api/v1/staff lists the ids.",
        )


class SignOnRequired(ServiceError):
    """No credential, or one that does not count (any more); which of the two is not told."""

    status = 401

    def __init__(self) -> None:
        super().__init__(
            "sign_on_required",
            "请先登录：没有有效的会话或令牌（可能已过期或被撤销）。",
            "Sign on first: there is no valid session or token, or it has expired or was revoked.",
        )


class NotAllowed(ServiceError):
    status = 403

    def __init__(self, permission: str | None = None) -> None:
        """`permission`: the one that is missing, where it is the role that lacks it."""
        super().__init__(
            "role_not_allowed",
            "您的角色不能办理此事项。",
            "Your role may not do this.",
            **({"permission": permission} if permission else {}),
        )


class FieldMasked(ServiceError):
    status = 403

    def __init__(self) -> None:
        super().__init__(
            "field_masked",
            "该信息对您是脱敏显示的，不能按它筛选或排序。",
            "This is masked for you, so lists cannot be filtered or ordered by it.",
        )


class Forbidden(ServiceError):
    status = 403


class NotFound(ServiceError):
    status = 404


class CaseErased(ServiceError):
    """The file is gone; its certificate tells when and why."""

    status = 410

    def __init__(self, number: str) -> None:
        super().__init__(
            "case_erased",
            f"该档案已按规定删除，删除证明编号 {number}。",
            f"The file was erased; the certificate is number {number}.",
            certificate=number,
        )


class Conflict(ServiceError):
    status = 409


class StaleVersion(ServiceError):
    status = 412


class Unprocessable(ServiceError):
    status = 422


class BadCursor(Unprocessable):
    def __init__(self) -> None:
        super().__init__(
            "cursor_invalid",
            "cursor 无效或与 sort 不符，请从第一页重新读取。",
            "The cursor is invalid or belongs to another sort order; start again from the first page.",
        )


class Unavailable(ServiceError):
    """A part is away for the moment; the same request with the same Idempotency-Key may be sent again."""

    status = 503
    retry_after = 2


class TooManyRequests(ServiceError):
    status = 429

    def __init__(self, seconds: int) -> None:
        super().__init__(
            "too_many_requests",
            f"请求过于频繁，请在 {seconds} 秒后重试。",
            f"Too many requests; try again in {seconds} seconds.",
        )
        self.retry_after = seconds


class HostNotAllowed(ServiceError):
    status = 421

    def __init__(self) -> None:
        super().__init__(
            "host_not_allowed",
            "不接受以此主机名访问；请把它写入 ZHUHANG_PUBLIC_URL 或 ZHUHANG_ALLOWED_HOSTS。",
            "This host name is not served; name it in ZHUHANG_PUBLIC_URL or ZHUHANG_ALLOWED_HOSTS.",
        )


def case_unknown() -> NotFound:
    """The same answer for a case that does not exist and for one that the actor may not see."""
    return NotFound("case_unknown", "没有找到该档案。", "There is no such case.")
