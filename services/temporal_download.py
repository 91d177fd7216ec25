"""`python -m services.temporal_download FOLDER VERSION`: the Temporal SDK downloads its development server.

A process of its own, because the SDK's download cannot be called off from within.
"""

import asyncio
import os
import sys

from temporalio.testing import WorkflowEnvironment


async def download(folder: str, version: str) -> None:
    """Leave the server binary as the only file in `folder`; it is started once, which proves it."""
    async with await WorkflowEnvironment.start_local(
        download_dest_dir=folder, dev_server_download_version=version
    ):
        pass


if __name__ == "__main__":
    try:
        asyncio.run(download(sys.argv[1], sys.argv[2]))
    except RuntimeError as error:
        sys.stderr.write(f"{error}\n")
        sys.stderr.flush()
        # The SDK can abort the interpreter while it is torn down, and its last words would hide these.
        os._exit(1)
