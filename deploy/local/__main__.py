"""`python -m deploy.local up`: the production form on this machine, in the foreground."""

import os
from pathlib import Path
from typing import Annotated

import typer

from cli.clean_exit import run_and_leave
from cli.terminal import Terminal
from deploy.local.cluster import run_cluster
from deploy.local.place import ClusterPlace
from services.settings import SetupError

app = typer.Typer(add_completion=False, pretty_exceptions_show_locals=False, no_args_is_help=True)


@app.callback()
def _group() -> None:
    """助航生产形态(单机) · the production form on one machine."""


@app.command()
def up(
    folder: Annotated[
        Path, typer.Option("--dir", envvar="ZHUHANG_CLUSTER_DIR", help="数据目录 · folder of everything kept")
    ] = Path(".zhuhang-cluster"),
    port: Annotated[
        int,
        typer.Option(
            envvar="ZHUHANG_HTTP_PORT",
            min=1,
            max=65000,
            help="反向代理的端口,其后 21 个端口也被占用 · port of the proxy; 21 more follow it",
        ),
    ] = 8000,
    servers: Annotated[
        bool,
        typer.Option(
            "--servers",
            help="仅 PostgreSQL 与 Temporal,供迁移与恢复 · only these, to move or restore into them",
        ),
    ] = False,
) -> None:
    """启动集群 · run PostgreSQL, Temporal, workers, APIs and proxy until Ctrl-C."""
    place = ClusterPlace(folder.expanduser().absolute(), port)
    raise typer.Exit(run_cluster(place, Terminal(), servers_only=servers))


def _main() -> int:
    os.umask(0o077)
    try:
        return app(standalone_mode=False) or 0
    except typer.Exit as end:
        return end.exit_code
    except SetupError as error:
        Terminal().fail(error)
        return 1
    except Exception as error:
        # A word that the command line does not know.
        if not hasattr(error, "show"):
            raise
        error.show()  # pyright: ignore
        return 2


if __name__ == "__main__":
    run_and_leave(_main)
