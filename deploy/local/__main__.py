"""`python -m deploy.local up`: the production form on this machine, in the foreground."""

import os
from pathlib import Path
from typing import Annotated

import typer

from cli.clean_exit import run_and_leave
from cli.terminal import Terminal
from deploy.local.backup import back_up, place_of, restore
from deploy.local.cluster import run_cluster
from deploy.local.place import HIGHEST_PORT, ClusterPlace
from services.settings import SetupError

app = typer.Typer(add_completion=False, pretty_exceptions_show_locals=False, no_args_is_help=True)


@app.callback()
def _group() -> None:
    """助航生产形态(单机) · the production form on one machine."""


_Folder = Annotated[
    Path, typer.Option("--dir", envvar="ZHUHANG_CLUSTER_DIR", help="数据目录 · folder of everything kept")
]
_Port = Annotated[
    int,
    typer.Option(
        envvar="ZHUHANG_HTTP_PORT",
        min=1,
        max=HIGHEST_PORT,
        help="反向代理的端口,其后 21 个端口也被占用 · port of the proxy; 21 more follow it",
    ),
]
_FOLDER, _PORT = Path(".zhuhang-cluster"), 8000


@app.command()
def up(
    folder: _Folder = _FOLDER,
    port: _Port = _PORT,
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


@app.command()
def backup(
    into: Annotated[Path, typer.Argument(help="新目录 · a new folder")],
    folder: _Folder = _FOLDER,
) -> None:
    """备份运行中的集群(主密钥除外) · copy the running cluster, but for the master keys."""
    back_up(place_of(folder.expanduser().absolute()), into.absolute())
    Terminal().say(f"已备份到 {into}", f"backed up into {into}")


@app.command("restore")
def restore_(
    source: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="备份 · the backup")],
    master_keys: Annotated[
        Path, typer.Option(exists=True, dir_okay=False, help="主密钥文件 · the file of master keys")
    ],
    folder: _Folder = _FOLDER,
    port: _Port = _PORT,
) -> None:
    """由备份恢复到新目录,再用 up 启动 · make of a backup a cluster in a new folder, to be started by `up`."""
    place = ClusterPlace(folder.expanduser().absolute(), port)
    restore(source.absolute(), master_keys, place)
    Terminal().say(f"已恢复到 {place.folder}", f"restored into {place.folder}; start it by `up`")


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
