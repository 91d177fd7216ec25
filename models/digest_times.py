"""When the digest goes out: once a day at its time, or at the beat of a trial, and never in the quiet hours."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from models.base import Model
from models.policy import Digest


class DigestTimes(Model):
    """The times of a school's digest, on the school's own clock."""

    digest: Digest
    timezone: str

    def first(self, now: datetime) -> datetime:
        """The first digest of a school that begins now."""
        if self._beat is not None:
            return self._start_of_beat(now) + self._beat
        today = self._at(now)
        return today if today > now else self._at(now + timedelta(days=1))

    def after(self, last: datetime) -> datetime:
        """The digest after the one that went out at `last`: on a later date, or in a later beat. It may have
        passed; then it is due at once, and stands for all those that were missed."""
        if self._beat is not None:
            return self._start_of_beat(last) + self._beat
        return self._at(last + timedelta(days=1))

    def period(self, moment: datetime) -> str:
        """The name of the period of a digest that goes out now: its local date, or the start of its beat."""
        if self._beat is not None:
            return self._start_of_beat(moment).strftime("%Y-%m-%dT%H:%M:%SZ")
        return self._local(moment).date().isoformat()

    def allowed(self, moment: datetime) -> datetime:
        """That moment, or the end of the quiet hours where it falls into them."""
        local = self._local(moment)
        if not self.digest.is_quiet(local.time()):
            return moment
        end = local.replace(
            hour=self.digest.quiet_to.hour, minute=self.digest.quiet_to.minute, second=0, microsecond=0
        )
        return end if end > local else end + timedelta(days=1)

    @property
    def _beat(self) -> timedelta | None:
        every = self.digest.every
        if every is None:
            return None
        return timedelta(days=every.amount) if every.by_the_day else every.exact

    def _start_of_beat(self, moment: datetime) -> datetime:
        assert self._beat is not None  # noqa: S101  (asked only where there is a beat)
        seconds = self._beat.total_seconds()
        return datetime.fromtimestamp(moment.timestamp() // seconds * seconds, UTC)

    def _local(self, moment: datetime) -> datetime:
        return moment.astimezone(ZoneInfo(self.timezone))

    def _at(self, moment: datetime) -> datetime:
        local = self._local(moment)
        at = self.digest.at
        return local.replace(hour=at.hour, minute=at.minute, second=at.second, microsecond=0)
