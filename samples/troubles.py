"""A roster of troubles: one row for each, its remark saying what is wrong and which verdict to expect."""

from collections.abc import Iterator
from datetime import date

from samples.graduates import generate_rows, test_id_number, vocabulary

_BORN = date(2005, 2, 3)

# What each row changes in an otherwise sound graduate, and the code to expect ("" for an accepted row).
_TROUBLES: tuple[tuple[str, dict[str, str]], ...] = (
    ("", {"remark": "没有问题"}),
    ("", {"student_no": "'202301090000２", "remark": "撇号和全角数字，可以识别"}),
    ("", {"id_number": " 000000 20020101 0018 ", "sex": "男", "remark": "身份证号夹空格，可以识别"}),
    ("", {"graduates_on": "2027年6月", "remark": "只写年月，按月末"}),
    ("", {"graduates_on": "46568", "enrolled_on": "2023.09", "remark": "日期变成序列号，可以识别"}),
    ("", {"hardship": "", "remark": "困难类别待确认"}),
    ("student_no_missing", {"student_no": "", "remark": "缺少学号"}),
    ("name_missing", {"name": "", "remark": "缺少姓名"}),
    ("number_spoiled", {"student_no": "2.02301E+11", "remark": "学号变成科学计数"}),
    ("id_number_check_digit", {"id_number": "000000200201010019", "remark": "校验码不对"}),
    ("id_number_spoiled", {"id_number": "1.1E+17", "remark": "身份证号变成科学计数"}),
    ("id_number_spoiled", {"id_number": "000000200201010000", "remark": "身份证号末尾变成 0"}),
    ("id_number_length", {"id_number": "00000020020101001", "remark": "身份证号少一位"}),
    ("unknown_hardship_type", {"hardship": "低宝户", "remark": "困难类别有错字"}),
    ("unknown_hardship_type", {"hardship": "脱贫家庭、贫苦", "remark": "两种类别中有一种不认识"}),
    ("impossible_date", {"graduates_on": "2027-06-31", "remark": "日期不存在"}),
    ("impossible_date", {"enrolled_on": "去年九月", "remark": "日期无法识别"}),
    ("graduates_before_enrolled", {"graduates_on": "2022-06-30", "remark": "毕业早于入学"}),
    ("formula_in_name", {"name": '=HYPERLINK("http://example.com","张三")', "remark": "姓名是公式"}),
    ("formula_in_name", {"name": "@SUM(1)", "remark": "姓名以 @ 开头"}),
    ("name_too_long", {"name": "张" * 60, "remark": "姓名过长"}),
    ("invalid_phone", {"phone": "1380013", "remark": "电话号码不完整"}),
    ("invalid_email", {"email": "someone at example.com", "remark": "邮箱不完整"}),
    ("unknown_department", {"department": "航天学院", "remark": "没有这个学院"}),
    ("student_no_clash", {"student_no": "2023010900001", "remark": "与第一行学号相同，身份证号不同"}),
)


def trouble_rows(seed: int) -> Iterator[dict[str, str]]:
    """The rows of the troubles, with a blank row before the last sound one and a sum at the end."""
    graduates = generate_rows(len(_TROUBLES), seed + 1, vocabulary().colleges[0])
    for index, (graduate, (_, change)) in enumerate(zip(graduates, _TROUBLES, strict=True), start=1):
        sound = {
            "student_no": f"20230109{index:05}",
            "id_number": test_id_number(_BORN, 2 * index + (graduate["sex"] == "男")),
            "email": f"20230109{index:05}@graduates.example",
        }
        yield graduate | sound | change
        if index == len(_TROUBLES) // 2:
            yield {}
    yield {"student_no": "合计", "name": f"{len(_TROUBLES)}人"}


def expected_codes() -> list[str]:
    """The code to expect for each graduate of `trouble_rows`, in order; empty for an accepted one."""
    return [code for code, _ in _TROUBLES]
