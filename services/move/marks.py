"""The marks of a move, in the data folders of both sides: two that go on at the same time would be two truths."""

import os
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pydantic import ValidationError

from models.base import Model
from models.case.kernel import Moment
from services.settings import SetupError

SOURCE_MARK = "moved.json"
_TARGET_MARK = "moved-from.json"


class Mark(Model):
    """One move, known by the same id on both sides. `other` is the other side's data folder."""

    move_id: str
    other: str
    begun_at: Moment
    finished_at: Moment | None = None


@dataclass(frozen=True)
class Marks:
    """Both marks of one move."""

    source: Path
    target: Path

    def begun(self) -> bool:
        """Whether an earlier try of this move was broken off.

        Raises SetupError (`data_moved`, `move_other_target`, `move_other_source`).
        """
        source, target = _read(self.source / SOURCE_MARK), _read(self.target / _TARGET_MARK)
        if source is not None and source.other != str(self.target):
            raise SetupError(
                "move_other_target",
                f"数据目录 {self.source} 正在迁往(或已迁往){source.other},不能再迁往 {self.target}。",
                f"The data folder {self.source} moves or has moved to {source.other}, not to {self.target}.",
            )
        if target is not None and (source is None or source.move_id != target.move_id):
            raise SetupError(
                "move_other_source",
                f"{self.target} 中有另一次迁移的数据:请换用空的数据目录、数据库和命名空间。",
                f"{self.target} holds what another move brought: take an empty data folder, databases and "
                "namespace.",
            )
        if source is not None and target is not None and target.finished_at is not None:
            raise _moved(self.source, source)
        return target is not None

    def begin(self) -> None:
        """Mark both sides, so that neither starts until the move has ended."""
        if _read(self.source / SOURCE_MARK) is None:
            now = datetime.now(UTC)
            _write(
                self.source / SOURCE_MARK,
                Mark(move_id=secrets.token_hex(8), other=str(self.target), begun_at=now),
            )
        mark = _read(self.source / SOURCE_MARK)
        assert mark is not None  # noqa: S101  (just written)
        if _read(self.target / _TARGET_MARK) is None:
            _write(self.target / _TARGET_MARK, mark.model_copy(update={"other": str(self.source)}))

    def give_up(self) -> None:
        """Let the source go on. What was brought to the target stays there, as a move that never ended.

        Raises SetupError (`move_finished`, `move_unknown`).
        """
        mark = _read(self.source / SOURCE_MARK)
        if mark is None:
            raise SetupError(
                "move_unknown",
                f"数据目录 {self.source} 没有进行中的迁移。",
                f"No move of the data folder {self.source} is under way.",
            )
        if mark.finished_at is not None:
            raise _moved(self.source, mark)
        (self.source / SOURCE_MARK).unlink()

    def finish(self) -> None:
        """From here on the target lives and the source does not, whichever of the two writes is the last."""
        now = datetime.now(UTC)
        for path in (self.source / SOURCE_MARK, self.target / _TARGET_MARK):
            mark = _read(path)
            assert mark is not None  # noqa: S101  (written by `begin`)
            if mark.finished_at is None:
                _write(path, mark.model_copy(update={"finished_at": now}))


def refuse_moving(data_dir: Path) -> None:
    """Raises SetupError (`data_moved`, `move_unfinished`) where this data folder must not be served."""
    mark = _read(data_dir / SOURCE_MARK)
    if mark is not None and mark.finished_at is not None:
        raise _moved(data_dir, mark)
    target = _read(data_dir / _TARGET_MARK)
    mark = mark or (target if target is not None and target.finished_at is None else None)
    if mark is not None:
        raise SetupError(
            "move_unfinished",
            f"数据目录 {data_dir} 正在迁移(另一端 {mark.other}),尚未完成:请再次执行 zhuhang move 继续,"
            "或用 zhuhang move --give-up 放弃。",
            f"A move of the data folder {data_dir} (the other side: {mark.other}) has not ended: run zhuhang move "
            "again, which goes on with it, or zhuhang move --give-up.",
        )


def _moved(data_dir: Path, mark: Mark) -> SetupError:
    return SetupError(
        "data_moved",
        f"数据目录 {data_dir} 已迁至 {mark.other},不再从此处启动。",
        f"The data folder {data_dir} has moved to {mark.other} and is not started from here any more.",
    )


def _read(path: Path) -> Mark | None:
    try:
        return Mark.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except ValidationError:
        raise SetupError(
            "move_mark_broken",
            f"迁移标记 {path} 已损坏:请先核实两端情况再处理。",
            f"The mark of a move {path} is damaged: find out how far the move came before you go on.",
        ) from None


def _write(path: Path, mark: Mark) -> None:
    fresh = path.with_suffix(".new")
    with fresh.open("w", encoding="utf-8") as file:
        file.write(mark.model_dump_json())
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
