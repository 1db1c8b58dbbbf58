"""Why access refuses (权限提示): stable codes, each with what to do, in both languages.

One refusal is deliberately vague: whoever cannot log in is not told whether the name, the password
or a waiting time was the reason. The log tells it to those who may read it.
"""

from __future__ import annotations

from yibao.base.errors import YibaoError
from yibao.base.texts import Language, Text

ACCESS_CODES = (
    "login_needed",
    "session_file_unsafe",
    "login_refused",
    "session_invalid",
    "key_invalid",
    "password_change_needed",
    "permission_missing",
    "second_person_needed",
    "password_weak",
    "login_name_invalid",
    "name_missing",
    "person_exists",
    "person_unknown",
    "role_unknown",
    "role_not_for_people",
    "role_held_already",
    "role_not_held",
    "institution_invalid",
    "scope_unknown",
    "key_unknown",
    "key_not_live",
    "key_replaced",
    "validity_empty",
    "administrator_exists",
)
"""Why something is refused, in order of precedence."""


class AccessRefused(YibaoError):
    """Access refuses: ``code`` of :data:`ACCESS_CODES`, message, remedy. Exit code 4.

    Made as ``AccessRefused(code, message, remedy)``.
    """

    def __init__(self, code: str, *told: Text) -> None:
        message, remedy = told
        super().__init__(message, remedy)
        self.code = code

    def told(self, language: Language) -> str:
        """The refusal as prose in one language, with its code."""
        return f"[{self.code}] {super().told(language)}"


def login_refused() -> AccessRefused:
    """Whatever the reason was, these are the words."""
    return AccessRefused(
        "login_refused",
        Text(
            "登录未成功: 登录名或密码不正确，或账号停用，或因多次失败须等待",
            "no login: the name or the password is not right, or the account is suspended,"
            " or it waits after failures",
        ),
        Text(
            "请核对后稍候再试；忘记密码请找管理员重设",
            "check both and try again after a while; an administrator can set a new password",
        ),
    )


def session_invalid() -> AccessRefused:
    """The session is unknown, expired or was ended."""
    return AccessRefused(
        "session_invalid",
        Text("会话无效或已过期", "the session is unknown, has expired or was ended"),
        Text("请重新登录: yibao access login", "log in again: yibao access login"),
    )


def key_invalid() -> AccessRefused:
    """The key is unknown, wrong, revoked, or not valid now."""
    return AccessRefused(
        "key_invalid",
        Text(
            "接口密钥无效、已吊销或不在有效期内",
            "the key is not right, was revoked or is not valid now",
        ),
        Text(
            "请核对密钥及其有效期，必要时向经办机构申请新密钥",
            "check the key and its dates; the bureau makes a new one where needed",
        ),
    )


def permission_missing(who: str, permission: str) -> AccessRefused:
    """The actor may not do this."""
    return AccessRefused(
        "permission_missing",
        Text(f"{who} 没有权限 {permission}", f"{who} does not have the permission {permission}"),
        Text(
            "请由有此权限的人员办理，或请管理员授予含该权限的角色 (yibao access role list)",
            "let somebody act who has it, or ask an administrator for a role with it"
            " (yibao access role list)",
        ),
    )


def password_change_needed(who: str) -> AccessRefused:
    """The password was given by somebody else and must be changed first."""
    return AccessRefused(
        "password_change_needed",
        Text(f"{who} 须先修改初始密码", f"{who} must change the given password first"),
        Text(
            f"请运行 yibao access person password {who}",
            f"run yibao access person password {who}",
        ),
    )


def second_person_needed(who: str) -> AccessRefused:
    """One person cannot be both the first and the second."""
    return AccessRefused(
        "second_person_needed",
        Text(
            f"此事须由另一人办理，{who} 不能自己复核自己",
            f"this needs a second person, and {who} is the first",
        ),
        Text("请由另一位有权限的人员办理", "let another person with the permission do it"),
    )


def unknown(code: str, name: str) -> AccessRefused:
    """A name that access does not know: code ``person_unknown``, ``role_unknown`` and so on."""
    kind = _KINDS[code]
    return AccessRefused(
        code,
        Text(f"没有{kind.zh} {name}", f"there is no {kind.en} {name}"),
        Text(f"请核对名称: {_LISTS[code]}", f"check the name: {_LISTS[code]}"),
    )


_KINDS = {
    "person_unknown": Text("人员", "person"),
    "role_unknown": Text("角色", "role"),
    "key_unknown": Text("密钥", "key"),
    "scope_unknown": Text("可授予密钥的权限", "permission that a key may have,"),
}
_LISTS = {
    "person_unknown": "yibao access person list",
    "role_unknown": "yibao access role list",
    "key_unknown": "yibao access key list",
    "scope_unknown": "yibao access role list",
}
