"""Bare Temporal: workflows that wait for a moment and then write a row by a local activity."""

import sys
from datetime import datetime, timedelta

import uvloop
from temporalio import workflow

from cli.clean_exit import run_and_leave

with workflow.unsafe.imports_passed_through():
    from bench.peers.bare_life import serve

QUEUE = "bare-timer"
TYPE = "bare-timer"


@workflow.defn(name=TYPE)
class BareTimer:
    """Waits once."""

    @workflow.run
    async def run(self, until: str) -> None:
        await workflow.sleep(max(datetime.fromisoformat(until) - workflow.now(), timedelta()))
        await workflow.execute_local_activity(
            "project",
            args=[workflow.info().workflow_id, 1, "due"],
            schedule_to_close_timeout=timedelta(seconds=10),
        )


def main() -> int:
    """`python -m bench.peers.bare_timer HOST:PORT URL`"""
    address, url = sys.argv[1:]
    uvloop.run(serve(address, url, kind=BareTimer, queue=QUEUE))
    return 0


if __name__ == "__main__":
    run_and_leave(main)
