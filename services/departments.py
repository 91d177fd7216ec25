"""The departments of a school, as other use cases ask for them."""

from sqlmodel import Session

from models.tables import Department
from services.errors import ServiceError


def require_department(
    session: Session, school_id: str, department_id: str, otherwise: type[ServiceError]
) -> Department:
    """The department of the school; where there is none, `otherwise` (`department_unknown`) is raised."""
    department = session.get(Department, department_id)
    if department is None or department.school_id != school_id:
        raise otherwise(
            "department_unknown",
            f"没有找到院系 {department_id}。",
            f"There is no department {department_id}.",
        )
    return department
