"""How long the rows stay that an import refused: they hold what was typed of people, many without a file here, whom
no erasure would ever find."""

from datetime import datetime, timedelta

from sqlalchemy import Engine, update
from sqlmodel import Session, col, select

from models.tables import ImportJob, ImportRow
from services.database import writing
from services.scrub import overwrite_what_goes


def empty_old_rows(engine: Engine, days: int, now: datetime) -> int:
    """Empty the rows of imports that ended more than so many days ago; how many there were. Counts and outcomes
    stay."""
    ended = select(ImportJob.id).where(col(ImportJob.finished_at) < now - timedelta(days=days))
    full = col(ImportRow.cells).is_not(None) | col(ImportRow.problems).is_not(None)
    emptied = update(ImportRow).where(col(ImportRow.import_id).in_(ended), full)
    with Session(writing(engine)) as session:
        connection = session.connection()
        overwrite_what_goes(connection)
        count = connection.execute(emptied.values(cells=None, problems=None, id_number_key=None)).rowcount
        session.commit()
    return count
