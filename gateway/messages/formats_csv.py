"""Texts of the area: tables in text form (3740 to 3769)."""

from __future__ import annotations

from typing import Final

from gateway.messages.text import Text

_ANEW: Final = "Let the sender export the table anew, with the same columns in each row."
_ANEW_ZH: Final = "请发送方重新导出表格,各行列数一致。"

TEXTS: Final[dict[int, Text]] = {
    3740: Text(
        "{where}: the bytes at {offset} are neither UTF-8 nor GB 18030",
        "{where}:第 {offset} 字节起既不是 UTF-8 也不是 GB 18030",
        "Let the sender save the table in one of the two.",
        "请发送方以其中一种编码保存。",
    ),
    3741: Text(
        "{where}: the control character {character} in a table",
        "{where}:表格中有控制字符 {character}",
        _ANEW,
        _ANEW_ZH,
    ),
    3742: Text(
        "{where}: more columns, cells or characters than any table needs, in row {row}",
        "{where}:第 {row} 行的列数、单元格数或字符数超过上限",
        _ANEW,
        _ANEW_ZH,
    ),
    3743: Text(
        "{where}: row {row} has {cells} cells, the first has {expected}",
        "{where}:第 {row} 行有 {cells} 列,首行为 {expected} 列",
        _ANEW,
        _ANEW_ZH,
    ),
    3744: Text("{where}: a table without a row", "{where}:表格没有任何行", _ANEW, _ANEW_ZH),
    3745: Text(
        "{where}: the columns are {found}; the channel takes {expected}",
        "{where}:列为 {found};本通道接收 {expected}",
        "Let the sender export these columns, or change the line csv of the policy file.",
        "请发送方按此列导出,或修改策略文件的 csv 一行。",
    ),
    3746: Text(
        "{where}: row {row}, column {column} begins like a formula: {value}",
        "{where}:第 {row} 行第 {column} 列以公式开头:{value}",
        "Let the sender write the cell as text; a spreadsheet would run it.",
        "请发送方将该单元格写为文本;电子表格会执行它。",
    ),
    3747: Text(
        "{where}: what stands in row {row}, column {column} is no {kind}",
        "{where}:第 {row} 行第 {column} 列的内容不是 {kind}",
        "Let the sender correct the cell, or change the line csv of the policy file.",
        "请发送方更正该单元格,或修改策略文件的 csv 一行。",
    ),
    3748: Text(
        "{where}: quotes that do not close, or text behind them, in row {row}",
        "{where}:第 {row} 行引号未闭合,或引号后还有文字",
        _ANEW,
        _ANEW_ZH,
    ),
}
