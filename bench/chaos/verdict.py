"""What the judge found."""

from models.base import Model


class Verdict(Model):
    """Each of the losses as a sentence. `mails_repeated`: mails that were sent again under the same delivery id, as
    SMTP cannot tell a mail that was taken from one whose answer was lost. `told_in_vain`: notices of what a worker had
    written, a digest told, and which never happened, as the worker died before it was durable."""

    sent: int
    attempts: int
    acknowledged: int
    refused: int
    unanswered: int
    cases: int
    lost: tuple[str, ...]
    doubled: tuple[str, ...]
    contradicted: tuple[str, ...]
    differing: tuple[str, ...]
    reminders_missed: tuple[str, ...]
    reminders_doubled: tuple[str, ...]
    mails_repeated: int
    told_in_vain: int
    latest_reminder_s: float
    longest_recovery_s: float

    @property
    def losses(self) -> dict[str, tuple[str, ...]]:
        """What must be empty."""
        return {
            "lost": self.lost,
            "doubled": self.doubled,
            "contradicted": self.contradicted,
            "differing": self.differing,
            "reminders_missed": self.reminders_missed,
            "reminders_doubled": self.reminders_doubled,
        }
