"""Filing the implementation plan with the superior (备案): the unit files, the superior acknowledges or sends back."""

from typing import Any

from django.urls import reverse
from django.utils import timezone

from campaign.actions.refusal import Refused, unless_over
from campaign.models import Enrolment, PlanFiling
from campaign.progress.writing import recording
from portal.actions.log import audit
from portal.actions.notice import notify
from portal.notices import Draft

State = PlanFiling.State


def file(*, enrolment: Enrolment, title: str, text: str, by: Any) -> PlanFiling:
    """Put a plan before the superior; raises ``Refused`` while another one waits there. The same plan sent twice is one."""
    with recording([enrolment.pk]) as locked:
        row = locked[0]
        unless_over(row)
        if row.state not in {Enrolment.State.PREPARING, Enrolment.State.RUNNING}:
            raise Refused(f"本单位{row.get_state_display()}，现在不能报送方案。")
        waiting = row.filings.waiting().first()
        if waiting and (waiting.title, waiting.text) == (title, text):
            return waiting
        if waiting:
            raise Refused("已有一份方案正在等待备案。要改的请先撤回，再重新报送。")
        filing = PlanFiling.objects.create(enrolment=row, title=title, text=text, filed_by=by)
        audit(by=by, verb="报送方案备案", target=filing)
    return filing


def withdraw(*, filing: PlanFiling, by: Any) -> None:
    """Take it back before the superior has answered; raises ``Refused``."""
    with recording([filing.enrolment_id]):
        answer(filing, State.WITHDRAWN, "", by)
        audit(by=by, verb="撤回方案备案", target=filing)


def decide(*, filing: PlanFiling, acknowledge: bool, remarks: str, by: Any) -> None:
    """Acknowledge (已备案) or send back; once, and not one's own. Raises ``Refused``."""
    with recording([filing.enrolment_id]) as locked:
        if filing.filed_by_id == by.pk:
            raise Refused("这份方案是您本人报送的，须由上级其他同志备案。")
        answer(filing, State.ACKNOWLEDGED if acknowledge else State.RETURNED, remarks, by)
        if acknowledge:
            Enrolment.objects.filter(pk=locked[0].pk).update(
                plan_title=filing.title, plan_filed_on=timezone.localdate(filing.decided_at)
            )
        audit(by=by, verb="方案备案" if acknowledge else "退回方案", target=filing)
        tell(filing)


def answer(filing: PlanFiling, state: str, remarks: str, by: Any) -> None:
    """The one move out of waiting."""
    moved = PlanFiling.objects.filter(pk=filing.pk, state=State.FILED).update(
        state=state, remarks=remarks, decided_by=by, decided_at=timezone.now()
    )
    if not moved:
        raise Refused("这份方案已经处理过了，本次操作没有生效。")
    filing.refresh_from_db()


def tell(filing: PlanFiling) -> None:
    """A notice to whoever filed it."""
    if filing.filed_by_id is None:
        return
    text = f"《{filing.title}》{filing.get_state_display()}。{filing.remarks}"
    url = reverse("filing-detail", args=[filing.pk])
    notify([Draft(filing.filed_by_id, f"filing-{filing.pk}-decided", "方案备案", text, url)])
