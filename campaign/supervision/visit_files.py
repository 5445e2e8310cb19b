"""Files of visits: photographs, minutes. Seen with the visit, added and removed by whoever writes it down."""

from django.urls import reverse

from campaign.models import Visit
from portal.attachments import AttachmentOwner, attachment_owners

attachment_owners.register(
    AttachmentOwner(
        "visit",
        "走访记录",
        Visit,
        lambda user: Visit.objects.visible_to(user).with_people(),
        lambda user, visit: visit.can_be_recorded(user),
        lambda visit: reverse("visit-detail", args=[visit.pk]),
    )
)
