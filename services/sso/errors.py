"""What the school's own sign-on answers instead of a session."""

from services.errors import Forbidden, NotFound, ServiceError, Unavailable


class SsoRefused(ServiceError):
    """The provider refused, or what came back does not prove who the person is; why is in the log."""

    status = 401

    def __init__(self) -> None:
        super().__init__(
            "sso_refused",
            "统一身份认证没有通过，请重新登录；如果一再出现，请联系系统管理员。",
            "The university's sign-on did not succeed; sign on again. If it goes on, ask the administrator.",
        )


class StateLost(ServiceError):
    """The answer does not belong to a sign-on that this browser began, or it came too late."""

    def __init__(self) -> None:
        super().__init__(
            "sso_state_invalid",
            "这次登录不是由此浏览器发起的，或已超时；请回到登录页重新登录（浏览器须允许 Cookie）。",
            "This sign-on was not begun in this browser, or it took too long; begin again at the sign-on page "
            "(the browser must allow cookies).",
        )


def not_registered() -> Forbidden:
    """One answer for everybody whom the provider knows and Zhuhang does not, leavers and closed accounts
    among them."""
    return Forbidden(
        "not_registered",
        "您已通过统一身份认证，但尚未在助航登记，不能使用。教职工请联系本单位负责人或学校就业指导中心，"
        "毕业生请联系辅导员。",
        "The university's sign-on knows you, but you are not registered here. Staff ask their head of department "
        "or the career centre, graduates ask their counsellor.",
    )


def not_offered() -> NotFound:
    """This way to sign on is not set up."""
    return NotFound(
        "sso_not_offered",
        "本校没有启用这种登录方式；可用的方式见 GET /api/v1/auth/providers。",
        "This way to sign on is not set up here; GET /api/v1/auth/providers lists those that are.",
    )


def provider_away() -> Unavailable:
    """The provider does not answer, or with nothing that could be used."""
    return Unavailable(
        "identity_provider_unavailable",
        "学校统一身份认证暂时不可用，请稍后重试；有本地账号的可以用本地账号登录。",
        "The university's sign-on is not available for the moment; try again later, or use a local account.",
    )
