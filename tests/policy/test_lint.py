"""Job leads that must not be pushed, and those that only look like it."""

import pytest

from models.lint import job_lead_problems

UNLAWFUL = [
    ("仅限985/211高校毕业生", "limited_to_elite_schools"),
    ("要求211院校以上", "limited_to_elite_schools"),
    ("985、211毕业生优先", "limited_to_elite_schools"),
    ("双一流高校背景,薪资面议", "limited_to_elite_schools"),
    ("985/211 only", "limited_to_elite_schools"),
    ("限９８５高校", "limited_to_elite_schools"),
    ("招聘文员,限女性,25岁以下", "sex_discrimination"),
    ("仅招男生", "sex_discrimination"),
    ("男士优先", "sex_discrimination"),
    ("性别:男", "sex_discrimination"),
    ("性别要求:女", "sex_discrimination"),
    ("已婚已育优先", "sex_discrimination"),
    ("入职三年内不得怀孕", "sex_discrimination"),
    ("Sales clerk, female preferred", "sex_discrimination"),
    ("限本市户籍", "household_discrimination"),
    ("本地户口优先", "household_discrimination"),
    ("外地户口勿扰", "household_discrimination"),
    ("要求第一学历为本科", "education_discrimination"),
    ("仅限全日制本科", "education_discrimination"),
    ("专升本勿扰", "education_discrimination"),
    ("入职需缴纳服装费300元", "fees"),
    ("上岗前先交培训费", "fees"),
    ("体检费自理", "fees"),
    ("You pay a registration fee first", "fees"),
    ("入职须交押金500元", "deposit"),
    ("收 取 保 证 金", "deposit"),
    ("A deposit of 200 yuan is required", "deposit"),
    ("公司统一保管毕业证原件", "held_papers"),
    ("需抵押身份证", "held_papers"),
    ("可办理贷款参加岗前培训", "training_loan"),
    ("学费可分期,学完包就业", "training_loan"),
    ("发展下线可得提成", "pyramid_selling"),
    ("缴纳会员费即可代理", "pyramid_selling"),
    ("兼职刷单,日结", "fraud"),
    ("轻松日入过千", "fraud"),
    ("缅甸高薪客服", "fraud"),
]

LAWFUL = [
    "软件开发工程师,月薪8000元,本科及以上,五险一金,双休",
    "不限性别,不收取任何费用",
    "男女不限,户籍不限,不限985/211",
    "性别不限,不要求985、211院校",
    "性别:不限;户口:不限",
    "性别:男/女",
    "公司为员工缴纳社会保险费用和住房公积金",
    "入职体检费由公司承担",
    "无需缴纳押金,不扣押证件",
    "严禁以任何理由收取押金、保证金",
    "报到时携带身份证原件、毕业证和学位证",
    "提交身份证复印件",
    "符合条件者享受学费补偿和国家助学贷款代偿",
    "谨防传销、刷单和培训贷",
    "公司可解决北京户口",
    "全日制与非全日制均可",
    "Engineer; men and women equally welcome; no fees, no deposit",
    "We charge no fees and hold no papers",
    "客户经理,底薪5000元加提成,需求3人",
    "需女装设计经验,负责男装与女装两条产品线",
    "月薪12000-15000元,年底双薪",
    "地址:人民路211号,电话联系王经理",
    "要求熟悉985工程政策研究",
    "企业内推成功有奖金",
]


@pytest.mark.parametrize(("text", "rule"), UNLAWFUL)
def test_an_unlawful_lead_is_found_with_its_rule(text: str, rule: str):
    assert [problem.id for problem in job_lead_problems(text)] == [rule]


@pytest.mark.parametrize("text", LAWFUL)
def test_a_lawful_lead_raises_no_alarm(text: str):
    assert job_lead_problems(text) == []


def test_a_lead_that_breaks_several_rules_names_each_once():
    problems = job_lead_problems("仅限男性,只招男生,入职须交押金,985优先")

    assert [problem.id for problem in problems] == [
        "limited_to_elite_schools",
        "sex_discrimination",
        "deposit",
    ]
    assert problems[0].found == "985优先"
    assert all(problem.zh and problem.en for problem in problems)
