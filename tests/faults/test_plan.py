"""The plan of faults strikes every part in every way, and equal seeds strike alike."""

from bench.chaos.plan import Parts, plan_faults

PARTS = Parts(names=("postgres", "temporal-history", "worker-1", "worker-2", "api-1", "api-2", "proxy"))
LONG = 30.0


def test_every_part_but_the_proxy_is_killed_and_paused() -> None:
    plan = plan_faults(7, PARTS, LONG, disk=True)
    for kind in ("kill", "pause"):
        struck = {part for fault in plan if fault.kind == kind for part in fault.parts}
        assert struck == set(PARTS.names) - {"proxy"}
    assert {"away", "slow_mail", "full_disk"} <= {fault.kind for fault in plan}


def test_equal_seeds_give_equal_plans() -> None:
    assert plan_faults(7, PARTS, LONG, disk=True) == plan_faults(7, PARTS, LONG, disk=True)
    assert plan_faults(7, PARTS, LONG, disk=True) != plan_faults(8, PARTS, LONG, disk=True)
