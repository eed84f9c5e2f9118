"""Texts of the area: tables of codes in lists/NAME.csv of a policy set.

2130        what a table says of itself
2131        its columns
2132 to 2139    its rows
"""

from __future__ import annotations

from typing import Final

from gateway.messages.text import Text

TEXTS: Final[dict[int, Text]] = {
    2130: Text(
        '"{form}" is no form of codes that is known here',
        "此处不识别编码形式“{form}”",
        "Write one of these, or take the line out: then codes are not held to a form.",
        "请写其中之一;如不限定编码形式,请删除该行。",
    ),
    2131: Text(
        "the columns are {seen}",
        "列名为 {seen}",
        "Write the first line with code and, of the others, what there is, each once; take other columns out.",
        "首行须含 code 列,其余列可选且不得重复;请删除其他列。",
    ),
    2132: Text(
        "the row does not have {columns} cells, or its quotes are wrong",
        "该行不是 {columns} 个单元格,或引号有误",
        'Keep each row in one line, and put names that hold a comma in quotes: "Cholera, classical"',
        '每行一条记录;含逗号的名称请加英文引号,例如 "Cholera, classical"',
    ),
    2133: Text(
        "{code} is not written as {form} writes its codes",
        "{code} 不符合 {form} 的编码形式",
        "Write it as its system does (I10.x00, 38.9300, 718-7); of LOINC the check digit counts.",
        "请按编码体系书写(I10.x00、38.9300、718-7);LOINC 的校验位必须正确。",
    ),
    2134: Text(
        "the code {code} stands in line {first} already",
        "代码 {code} 已在第 {first} 行出现",
        "Keep one line for each code.",
        "每个代码只保留一行。",
    ),
    2135: Text(
        "there are more than {most} codes",
        "代码超过 {most} 个",
        "Split the list.",
        "请拆分该列表。",
    ),
    2136: Text(
        "there is no code below the line of columns",
        "列名行之后没有任何代码",
        "Write one code a line, or remove the file.",
        "请每行写一个代码,或删除该文件。",
    ),
    2137: Text(
        "in the column {column} there is nothing, or more than {most} characters, or one that cannot be seen",
        "{column} 列为空、超过 {most} 个字符,或含不可见字符",
        "Write it anew; nothing but blanks may stand between what can be seen.",
        "请重新填写;可见字符之间只能有空格。",
    ),
    2138: Text(
        "{text} is not a day, or lies before valid_from",
        "{text} 不是有效日期,或早于 valid_from",
        "Write days as 2026-01-31; leave the cell empty where there is no limit.",
        "日期写作 2026-01-31;不限时请留空。",
    ),
    2139: Text(
        "the form of the codes stands below the line of the columns, where nothing reads it",
        "编码形式写在列名行之后,不起作用",
        "Move it above the line that names the columns.",
        "请移到列名行之前。",
    ),
}
