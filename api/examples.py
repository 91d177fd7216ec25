"""Examples of requests for the OpenAPI document."""

from fastapi.openapi.models import Example

BATCH_EXAMPLES: dict[str, Example] = {
    "policy_briefing": {
        "summary": "同一次政策宣讲，记入多份档案 One policy briefing for many",
        "value": {
            "command": {
                "type": "record_service",
                "service_type": "policy_briefing",
                "method": "face_to_face",
                "content": "百日冲刺政策宣讲会",
            },
            "case_ids": ["case-aaaaaaaaaaaaaaaaaaaaaaaa", "case-bbbbbbbbbbbbbbbbbbbbbbbb"],
        },
    },
}

COMMAND_EXAMPLES: dict[str, Example] = {
    "confirm_eligibility": {
        "summary": "确认困难类型 Confirm eligibility",
        "value": {
            "type": "confirm_eligibility",
            "decision": "open",
            "hardship_types": [
                {"type": "LIFTED_POVERTY", "proof": "乡村振兴部门证明", "issuer": "县乡村振兴局"}
            ],
        },
    },
    "propose_mentor": {"summary": "提议帮扶责任人 Propose a mentor", "value": {"type": "propose_mentor"}},
    "first_talk": {
        "summary": "摸底谈话：联系、评估一次提交 First talk as one list",
        "value": [
            {"type": "record_contact", "method": "face_to_face", "content": "第一次摸底谈话"},
            {
                "type": "record_assessment",
                "intention": "省内就业",
                "obstacles": ["缺少面试经验"],
                "risk_level": "A",
            },
        ],
    },
    "record_service": {
        "summary": "岗位推荐 Job recommendation",
        "value": {
            "type": "record_service",
            "service_type": "job_recommendation",
            "method": "phone",
            "content": "推荐两家企业的软件测试岗位",
        },
    },
    "register_destination": {
        "summary": "登记毕业去向 Register a destination",
        "value": {
            "type": "register_destination",
            "code": "11",
            "employer": "示例科技有限公司",
            "monthly_pay": 5200,
            "evidence": [{"type": "labor_contract"}],
        },
    },
}

CASE_EXAMPLES: dict[str, Example] = {
    "graduate": {
        "summary": "建档 Open a file",
        "value": {
            "student_no": "202301000001",
            "name": "张示例",
            "department_id": "computing",
            "cohort": 2027,
            "hardship_types": ["低保家庭"],
            "phone": "10000000001",
        },
    }
}
DEPARTMENT_EXAMPLES: dict[str, Example] = {
    "department": {"summary": "院系 A department", "value": {"id": "computing", "name": "计算机学院"}}
}
STAFF_EXAMPLES: dict[str, Example] = {
    "mentor": {
        "summary": "帮扶责任人 A mentor",
        "value": {"name": "李老师", "role": "mentor", "department_id": "computing", "capacity": 5},
    },
    "partner": {"summary": "用人单位 An employer", "value": {"name": "示例企业", "role": "partner"}},
}
