"""Why attachments are refused."""

from models.attachment_types import attachment_types
from models.codes import evidence_types
from services.errors import Conflict, Forbidden, NotFound, ServiceError, Unavailable, Unprocessable


class AttachmentRefused(ServiceError):  # noqa: N818  (it names an answer, as HTTP does)
    """A file is refused as it is; nothing of it is kept."""

    def __init__(self, status: int, code: str, zh: str, en: str) -> None:
        super().__init__(code, zh, en)
        self.status = status


def too_large(max_mb: int) -> AttachmentRefused:
    return AttachmentRefused(
        413,
        "attachment_too_large",
        f"附件不能超过 {max_mb} MB，请压缩或分开上传。",
        f"An attachment has {max_mb} MB at most; compress it or send it in parts.",
    )


def type_refused() -> AttachmentRefused:
    taken = [item.extension.upper() for item in attachment_types()]
    return AttachmentRefused(
        415,
        "attachment_type_refused",
        f"不支持该文件内容，可上传：{'、'.join(taken)}（不含宏，未加密）。",
        f"The content of the file is none of {', '.join(taken)}, or it is encrypted or has macros.",
    )


def kind_unknown() -> Unprocessable:
    return Unprocessable(
        "attachment_kind_unknown",
        "没有这种佐证材料，可用：" + "、".join(item.zh for item in evidence_types()) + "。",
        "There is no such kind of evidence; known: " + ", ".join(item.id for item in evidence_types()) + ".",
    )


def key_reused() -> Unprocessable:
    return Unprocessable(
        "idempotency_key_reused",
        "该 Idempotency-Key 已用于另一个附件，请换一个新的。",
        "This Idempotency-Key belongs to another attachment; use a new one.",
    )


def full(most: int) -> Conflict:
    return Conflict(
        "attachments_full",
        f"该档案已有 {most} 个附件，请先删除不需要的。",
        f"The case has {most} attachments already; delete what is not needed.",
    )


def storage_away() -> Unavailable:
    return Unavailable(
        "storage_unavailable",
        "附件暂时无法保存，请联系管理员检查磁盘。",
        "The attachment cannot be kept for the moment; ask the administrator to check the disk.",
    )


def unknown() -> NotFound:
    return NotFound("attachment_unknown", "没有找到该附件。", "There is no such attachment.")


def lost() -> Conflict:
    return Conflict(
        "attachment_lost",
        "附件文件缺失，请联系管理员核对（zhuhang verify）。",
        "The file of the attachment is missing; have the administrator run zhuhang verify.",
    )


def hidden() -> Forbidden:
    return Forbidden(
        "attachments_hidden",
        "您可以查看该档案，但不能查看或上传附件。",
        "You may read this case, but neither see nor add its attachments.",
    )


def not_yours() -> Forbidden:
    return Forbidden(
        "attachment_not_yours",
        "只能由上传人或负责人删除该附件。",
        "Only who uploaded the attachment, or a supervisor, may delete it.",
    )


def named() -> Conflict:
    return Conflict(
        "attachment_named",
        "该附件已作为佐证材料登记，不能删除。",
        "The attachment is evidence of a registration and stays.",
    )
