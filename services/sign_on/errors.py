"""What sign-on answers instead of a session."""

from models.views.sign_on import Must
from services.errors import Forbidden, ServiceError, Unprocessable


class SignOnFailed(ServiceError):
    """One answer for an unknown account, a wrong password or code, a disabled and a locked account."""

    status = 401

    def __init__(self) -> None:
        super().__init__(
            "sign_on_failed",
            "登录失败：账号、口令或验证码不正确，或账号暂时不能登录；多次失败后请稍候再试，或联系系统管理员。",
            "Sign-on failed: account, password or code is wrong, or the account may not sign on for the moment; "
            "after several failures wait a while, or ask the administrator.",
        )


class TotpRequired(ServiceError):
    """The password is right; the second factor is missing."""

    status = 401

    def __init__(self) -> None:
        super().__init__(
            "totp_required",
            "口令正确，请再提供 totp：验证器中的六位验证码，或一个恢复码。",
            "The password is right; send totp as well: the six digits of the authenticator, or a recovery code.",
        )


_FIRST: dict[Must, tuple[str, str, str]] = {
    "change_password": (
        "password_change_required",
        "请先修改初始口令（POST /api/v1/auth/password），然后才能办理其他事项。",
        "Change the first password (POST /api/v1/auth/password) before anything else.",
    ),
    "enrol_totp": (
        "totp_enrolment_required",
        "您的角色须启用二次验证（POST /api/v1/auth/totp），然后才能办理其他事项。",
        "Your role needs a second factor: set it up (POST /api/v1/auth/totp) before anything else.",
    ),
    "confirm_totp": (
        "totp_confirmation_required",
        "请先提供验证码（POST /api/v1/auth/totp/confirm），然后才能办理其他事项。",
        "Give the code of your second factor (POST /api/v1/auth/totp/confirm) before anything else.",
    ),
}


def first(must: Must) -> Forbidden:
    """The session may only do what it must do first."""
    return Forbidden(*_FIRST[must])


def password_refused(code: str, zh: str, en: str) -> Unprocessable:
    """A new password that breaks a rule."""
    return Unprocessable(code, zh, en)
