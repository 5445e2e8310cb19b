"""What the roll can tell about a person or an organisation that takes part."""

from django.db.models import Exists, OuterRef

from members.models import Appointment, Mobility
from members.permissions import Role
from portal.indicators import Condition, Indicator, Params, Subject, indicators


def in_contact(params: Params) -> Condition:
    """Nobody who is on the register of the lost (S2 三2: 积极查找长期未与党组织联系的党员)."""
    return ~Exists(Mobility.objects.filter(member=OuterRef("member"), kind=Mobility.Kind.LOST, until=None))


def has_secretary(params: Params) -> Condition:
    """A secretary is appointed to the branch today (S2 三4: 尤其要选好配强党支部书记)."""
    return Exists(Appointment.objects.current().filter(organization=OuterRef("organization"), role=Role.SECRETARY))


indicators.register(Indicator("member-in-contact", "已与党组织取得联系", Subject.PERSON, in_contact))
indicators.register(Indicator("secretary-appointed", "支部书记已配备", Subject.ORGANIZATION, has_secretary))
