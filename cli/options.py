"""Options that several commands have."""

from typing import Annotated

import typer

JsonOption = Annotated[bool, typer.Option("--json", help="以 JSON 输出 · answer in JSON")]
ActorOption = Annotated[
    str, typer.Option("--as", metavar="STAFF_ID", help="以何人身份办理 · who acts, a staff id")
]
