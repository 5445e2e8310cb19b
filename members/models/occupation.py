"""What members do for a living."""

from django.db import models


class Occupation(models.TextChoices):
    """As the yearly statistics of members divide them, in the order in which these are published."""

    WORKER = "worker", "工人"
    FARMER = "farmer", "农牧渔民"
    SPECIALIST = "specialist", "专业技术人员"
    MANAGER = "manager", "企事业单位管理人员"
    OFFICIAL = "official", "党政机关工作人员"
    SOLDIER = "soldier", "军人和武警"
    SELF_EMPLOYED = "self-employed", "个体和自由职业人员"
    STUDENT = "student", "学生"
    OTHER = "other", "其他职业人员"
    RETIRED = "retired", "离退休人员"
