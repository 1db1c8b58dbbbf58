"""Why the system refuses a file (系统原因), in our two languages.

The system tells its reasons in its own words; the common ones are said here, the others are passed
on as they are.
"""

from __future__ import annotations

import errno
import re

from yibao.base.texts import Text

_REASONS = {
    errno.ENOENT: Text("文件或目录不存在", "there is no such file or folder"),
    errno.EACCES: Text("没有权限", "permission denied"),
    errno.EPERM: Text("没有权限", "permission denied"),
    errno.EISDIR: Text("这是目录，不是文件", "it is a folder and not a file"),
    errno.ENOTDIR: Text("路径的一部分不是目录", "a part of the path is no folder"),
    errno.EEXIST: Text("已经存在", "it exists already"),
    errno.ENOSPC: Text("磁盘已满", "the disk is full"),
    errno.EDQUOT: Text("超出磁盘配额", "the disk quota is used up"),
    errno.EROFS: Text("磁盘只读", "the disk is read-only"),
    errno.ELOOP: Text("符号链接循环", "the symbolic links go in a circle"),
    errno.ENAMETOOLONG: Text("文件名过长", "the name is too long"),
    errno.EIO: Text("读写设备出错", "the device failed"),
}


def system_reason(error: OSError) -> Text:
    """What the system says, in both languages where we know it."""
    told = str(error.strerror or error)
    number = error.errno or _number_told(told)
    return _REASONS.get(number) or Text(told, told)


def _number_told(told: str) -> int:
    """The system's number where a library tells it in words alone: ``… (os error 28)``."""
    found = re.search(r"\(os error (\d+)\)", told)
    return int(found[1]) if found else 0
