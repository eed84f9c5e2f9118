"""Texts of the area: identifiers, words and patterns in decoded texts.

3951            a list that is too large
3953 to 3958    word lists
3960 to 3967    patterns
3959, 3969, 3973    what could not be searched, or not to its end
"""

from __future__ import annotations

from typing import Final

from gateway.messages.text import Text

_FILES: Final[dict[int, Text]] = {
    3951: Text(
        "{path} has {size_bytes} bytes, at most {most_bytes} are read",
        "{path} 为 {size_bytes} 字节,上限为 {most_bytes} 字节",
        "Split the file, or take out what is not needed.",
        "请拆分该文件,或删除不需要的内容。",
    ),
}

_WORDS: Final[dict[int, Text]] = {
    3953: Text(
        "{path}:{line}: the word has {characters} characters, at most {most} are searched for",
        "{path}:{line}:该词有 {characters} 个字符,上限为 {most} 个",
        "Write one word a line; for longer texts write a pattern.",
        "每行写一个词;较长的文本请使用正则表达式。",
    ),
    3954: Text(
        "{path}:{line}: the word has no visible character",
        "{path}:{line}:该词没有可见字符",
        "Take the line out, or write the word anew.",
        "请删除该行,或重新书写该词。",
    ),
    3955: Text(
        "{path}:{line}: {word} is a single letter or digit, it stands in every text",
        "{path}:{line}:{word} 只是一个字母或数字,任何文本中都会出现",
        "Write a word of two characters or more.",
        "请填写两个及以上字符的词。",
    ),
    3956: Text(
        "{path}:{line}: more than {most} words",
        "{path}:{line}:词数超过 {most} 个",
        "Split the list over channels, or take out what is not needed.",
        "请按通道拆分词表,或删除不需要的词。",
    ),
    3957: Text(
        "{path} holds no word",
        "{path} 中没有任何词",
        "Write one word a line, or take the list out of the policy.",
        "请每行写一个词,或在策略中去掉该词表。",
    ),
    3958: Text(
        "the search for {words} words cannot be built: {reason}",
        "无法为 {words} 个词建立检索:{reason}",
        "Give the host more memory, or shorten the word lists.",
        "请为主机增加内存,或缩短词表。",
    ),
}

_PATTERNS: Final[dict[int, Text]] = {
    3959: Text(
        "{where}: nobody here can read the text of a {type}, and the channel wants texts searched",
        "{where}:本通道要求检索文字,但无法读取 {type} 的文字",
        "Take the type out of the line type, or the lines words, patterns and identifiers.",
        "从 type 一行去掉该类型,或去掉 words、patterns、identifiers 各行。",
    ),
    3960: Text(
        "{path}:{line}: {text} is not `name = expression`",
        "{path}:{line}:{text} 不是“名称 = 表达式”的形式",
        "Write for example: sample-number = \\bLAB[0-9]{{8}}\\b",
        "例如:sample-number = \\bLAB[0-9]{{8}}\\b",
    ),
    3961: Text(
        "{path}:{line}: the pattern {name} stands twice",
        "{path}:{line}:正则表达式 {name} 重复定义",
        "Give one of them another name.",
        "请为其中一个另取名称。",
    ),
    3962: Text(
        "{path}:{line}: {name} has more than {most} characters, or matches single bytes (\\C)",
        "{path}:{line}:{name} 超过 {most} 个字符,或使用了单字节匹配(\\C)",
        "Split it into several patterns, and write . for any character.",
        "请拆分为多个表达式,并用 . 表示任意字符。",
    ),
    3963: Text(
        "{path}:{line}: {name} is not an expression of RE2: {reason}",
        "{path}:{line}:{name} 不是合法的 RE2 表达式:{reason}",
        "Write it without look-around and back-references; repeats go to 1000.",
        "请勿使用环视和反向引用;重复次数上限为 1000。",
    ),
    3964: Text(
        "{path}:{line}: {name} compiles to {instructions} instructions, at most {most} are run",
        "{path}:{line}:{name} 编译后有 {instructions} 条指令,上限为 {most} 条",
        "Write smaller repeats.",
        "请减小重复次数。",
    ),
    3965: Text(
        "{path}:{line}: {name} matches a text without a character, so it is found everywhere",
        "{path}:{line}:{name} 可以匹配空文本,因此处处命中",
        "Write + instead of *, or a character that must be there.",
        "请用 + 代替 *,或写出必须出现的字符。",
    ),
    3966: Text(
        "{path}:{line}: more than {most} patterns",
        "{path}:{line}:正则表达式超过 {most} 个",
        "Join patterns with |, or write a word list.",
        "请用 | 合并表达式,或改用词表。",
    ),
    3967: Text(
        "{path} holds no pattern",
        "{path} 中没有任何正则表达式",
        "Write `name = expression`, or take the file out of the policy.",
        "请写入“名称 = 表达式”,或在策略中去掉该文件。",
    ),
}

_FOUND: Final[dict[int, Text]] = {
    3969: Text(
        "{where}: more is found in it than is counted, so the rest was not looked at",
        "{where}:命中过多,其余部分未检索",
        "Let the sender split the file.",
        "请发送方拆分文件。",
    ),
    3973: Text(
        "{where} holds more hits than are kept; the rest was not looked at",
        "{where} 命中数量超过上限;其余内容未检查",
        "Let the sender split the file, or take frequent words out of the lists.",
        "请发送方拆分文件,或从词表中删除过于常见的词。",
    ),
}

TEXTS: Final[dict[int, Text]] = {**_FILES, **_WORDS, **_PATTERNS, **_FOUND}
