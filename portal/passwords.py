"""What is asked of passwords: each rule is told before one types, and refuses in the same words."""

import unicodedata
from functools import cache
from pathlib import Path
from typing import Any

from django.contrib.auth.hashers import check_password
from django.contrib.auth.password_validation import CommonPasswordValidator as FrameworkCommonPasswordValidator
from django.contrib.auth.password_validation import (
    MinimumLengthValidator,
    NumericPasswordValidator,
    UserAttributeSimilarityValidator,
    get_default_password_validators,
)
from django.core.exceptions import ValidationError

from portal.models import FormerPassword

CHINESE = Path(__file__).parent / "common_passwords.txt"
# From this length on, a name or number inside the password is refused, not just one that fills most of it.
TELLING = 4


class LengthValidator(MinimumLengthValidator):
    """At least ``min_length`` characters."""

    def get_error_message(self) -> str:
        return f"密码太短，至少要 {self.min_length} 个字符。"

    def get_help_text(self) -> str:
        return f"至少 {self.min_length} 个字符，汉字、字母、数字和符号都可以用。"


class NotOnlyDigitsValidator(NumericPasswordValidator):
    """Not a number, however long."""

    def get_error_message(self) -> str:
        return "密码只包含数字，请加上汉字、字母或符号。"

    def get_help_text(self) -> str:
        return "不能全是数字。"


@cache
def chinese_common() -> frozenset[str]:
    """Lower case, without spaces."""
    return frozenset(CHINESE.read_text().split())


class CommonPasswordValidator(FrameworkCommonPasswordValidator):
    """Neither on the framework's list of 20,000 nor on the portal's list of what Chinese users choose."""

    def validate(self, password: str, user: Any = None) -> None:
        if "".join(password.lower().split()) in chinese_common():
            raise ValidationError(self.get_error_message(), code="password_too_common")
        super().validate(password, user)

    def get_error_message(self) -> str:
        return "这个密码太常见，很容易被猜到，请换一个。"

    def get_help_text(self) -> str:
        return "不能是常见的密码，如 woaini1314、不忘初心牢记使命。"


class PersonalDataValidator(UserAttributeSimilarityValidator):
    """Neither like the account's name or number nor with one of them inside."""

    WORDS = "密码不能与您的账号、姓名或党员编号相近，也不能包含它们。"

    def validate(self, password: str, user: Any = None) -> None:
        for name in self.user_attributes if user else ():
            value = str(getattr(user, name, "") or "").lower()
            if len(value) >= TELLING and value in password.lower():
                raise ValidationError(self.WORDS, code="password_too_similar")
        try:
            super().validate(password, user)
        except ValidationError:
            raise ValidationError(self.WORDS, code="password_too_similar") from None

    def get_help_text(self) -> str:
        return "不能与账号、姓名或党员编号相近，也不能包含它们。"


class CompositionValidator:
    """At least ``kinds`` of four kinds of characters: capitals, small letters, digits, others (汉字 and symbols)."""

    def __init__(self, kinds: int = 3) -> None:
        self.kinds = kinds

    def validate(self, password: str, user: Any = None) -> None:
        plain = unicodedata.normalize("NFKC", password)
        kinds = {
            "A" if c.isascii() and c.isupper() else "a" if c.isascii() and c.islower() else "0" if c.isdigit() else "*"
            for c in plain
        }
        if len(kinds) < self.kinds:
            raise ValidationError(f"密码的字符种类不够：{self.get_help_text()}", code="password_too_plain")

    def get_help_text(self) -> str:
        return f"大写字母、小写字母、数字、其他字符（符号或汉字）四种中至少有{'一二三四'[self.kinds - 1]}种。"


class NotRecentValidator:
    """Not one of the last ``number``, the present one included; they are kept as hashes."""

    def __init__(self, number: int = 5) -> None:
        self.number = number

    def validate(self, password: str, user: Any = None) -> None:
        if user is None or user.pk is None:
            return
        former = FormerPassword.objects.filter(user=user)[: self.number].values_list("password", flat=True)
        if any(check_password(password, each) for each in former):
            raise ValidationError(f"最近 {self.number} 次用过的密码不能再用，请换一个。", code="password_used_before")

    def password_changed(self, password: str, user: Any = None) -> None:
        """Keep the hash of the new one and forget what is older than the last ``number``."""
        FormerPassword.objects.create(user=user, password=user.password)
        kept = FormerPassword.objects.filter(user=user)[: self.number].values_list("pk", flat=True)
        FormerPassword.objects.filter(user=user).exclude(pk__in=list(kept)).delete()

    def get_help_text(self) -> str:
        return f"不能是最近 {self.number} 次用过的密码。"


def rules() -> list[str]:
    """What the installation asks of a password, one rule a line."""
    return [validator.get_help_text() for validator in get_default_password_validators()]
